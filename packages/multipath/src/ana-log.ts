/**
 * The ANA log as it comes from a device, which may be old, short, or wrong: every number in it is checked before it is used, and a log
 * with anything wrong in it is ignored as a whole, since acting on half of it would be worse than keeping what was known.
 * [Base] 5.1.12.1.13, 8.1.1
 */
import {
  ANA_GROUP_AGID,
  ANA_GROUP_ANAS,
  ANA_GROUP_BYTES,
  ANA_GROUP_CHGCNT,
  ANA_GROUP_NNV,
  ANA_HEADER_BYTES,
  ANA_HEADER_CHGCNT,
  ANA_HEADER_NAGD,
  type AnaLog,
  decodeAnaLog,
  readUint16,
  readUint32,
} from '@phasebit/nvme-spec';
import { ANA_STATE_UNKNOWN } from './path-state.js';

/** What the controller's Identify says about its ANA log. */
export interface AnaLogLimits {
  /** ANAGRPMAX: largest group identifier */
  readonly groupIdMax: number;
  /** NANAGRPID: number of groups */
  readonly groupCountMax: number;
  /** NN: largest namespace identifier */
  readonly nsidMax: number;
}

/** What may be wrong with a log. Only the first thing that is found is said. */
export type AnaLogProblem =
  | 'TRUNCATED'
  | 'CHANGE_COUNT'
  | 'TOO_MANY_GROUPS'
  | 'GROUP_ID'
  | 'GROUP_TWICE'
  | 'STATE'
  | 'TOO_MANY_NSIDS'
  | 'NSID'
  | 'NSID_TWICE';

const MESSAGES: Record<AnaLogProblem, string> = {
  TRUNCATED: 'the log goes on behind the bytes that were read',
  CHANGE_COUNT: 'a change count is 2^53 or more',
  TOO_MANY_GROUPS: 'there are more groups than the controller says it has',
  GROUP_ID: 'a group identifier is 0 or larger than the controller says',
  GROUP_TWICE: 'a group is listed twice',
  STATE: 'a state is 0 or does not fit four bits',
  TOO_MANY_NSIDS: 'a group lists more namespaces than the controller can have',
  NSID: 'a namespace identifier is 0 or larger than the controller says',
  NSID_TWICE: 'a namespace is listed twice',
};

/** A log that was accepted, or what was wrong with it. */
export type AnaLogResult =
  | {
      /** the log was accepted */
      readonly isValid: true;
      /** what it says */
      readonly log: AnaLog;
    }
  | {
      /** the log is to be ignored */
      readonly isValid: false;
      /** what was wrong */
      readonly problem: AnaLogProblem;
      /** the same for people */
      readonly message: string;
      /** where in the log, bytes */
      readonly offset: number;
      /** for `TRUNCATED`: at least so many bytes have to be read; else 0 */
      readonly bytesNeeded: number;
    };

/** Largest upper half of a 64-bit count that is an exact number. */
const HIGH_MAX = 0x1f_ffff;

/** Most bytes that a log of this controller has, with every namespace in one of its groups: how much to read. */
export function anaLogBytesMax(groupCountMax: number, namespaceCountMax: number): number {
  return ANA_HEADER_BYTES + groupCountMax * ANA_GROUP_BYTES + namespaceCountMax * 4;
}

/** Checks and decodes an ANA log. Never throws, whatever the bytes are. */
export function parseAnaLog(bytes: Uint8Array, limits: AnaLogLimits): AnaLogResult {
  if (bytes.length < ANA_HEADER_BYTES) return refuse('TRUNCATED', 0, ANA_HEADER_BYTES);
  if (readUint32(bytes, ANA_HEADER_CHGCNT + 4) > HIGH_MAX) return refuse('CHANGE_COUNT', ANA_HEADER_CHGCNT);
  const groupCount = readUint16(bytes, ANA_HEADER_NAGD);
  if (groupCount > limits.groupCountMax) return refuse('TOO_MANY_GROUPS', ANA_HEADER_NAGD);
  const seen: Seen = { groups: new Set(), nsids: new Set() };
  let at = ANA_HEADER_BYTES;
  for (let index = 0; index < groupCount; index++) {
    const wrong = checkGroup(bytes, at, limits, seen);
    if (wrong !== null) return wrong;
    at += ANA_GROUP_BYTES + 4 * readUint32(bytes, at + ANA_GROUP_NNV);
  }
  return { isValid: true, log: decodeAnaLog(bytes) };
}

/**
 * The state of a namespace in a log; {@link ANA_STATE_UNKNOWN} when the log does not list it. Such a namespace is not usable over this
 * path, and its log has to be read again: hand the answer to `PathGroup.setAnaState` all the same.
 */
export function anaStateOfNamespace(log: AnaLog, nsid: number): number {
  return log.groups.find((group) => group.nsids.includes(nsid))?.state ?? ANA_STATE_UNKNOWN;
}

/** The state of a group in a log, for logs that were asked for groups only; {@link ANA_STATE_UNKNOWN} when the log does not list it. */
export function anaStateOfGroup(log: AnaLog, groupId: number): number {
  return log.groups.find((group) => group.agid === groupId)?.state ?? ANA_STATE_UNKNOWN;
}

interface Seen {
  readonly groups: Set<number>;
  readonly nsids: Set<number>;
}

/** What is wrong with the group descriptor at `at` and its namespaces, or null. */
function checkGroup(bytes: Uint8Array, at: number, limits: AnaLogLimits, seen: Seen): AnaLogResult | null {
  const nsidsAt = at + ANA_GROUP_BYTES;
  if (nsidsAt > bytes.length) return refuse('TRUNCATED', at, nsidsAt);
  const groupId = readUint32(bytes, at + ANA_GROUP_AGID);
  if (groupId === 0 || groupId > limits.groupIdMax) return refuse('GROUP_ID', at + ANA_GROUP_AGID);
  if (seen.groups.has(groupId)) return refuse('GROUP_TWICE', at + ANA_GROUP_AGID);
  seen.groups.add(groupId);
  if (readUint32(bytes, at + ANA_GROUP_CHGCNT + 4) > HIGH_MAX) return refuse('CHANGE_COUNT', at + ANA_GROUP_CHGCNT);
  const state = bytes[at + ANA_GROUP_ANAS];
  if (state === 0 || state > 0xf) return refuse('STATE', at + ANA_GROUP_ANAS);
  const nsidCount = readUint32(bytes, at + ANA_GROUP_NNV);
  if (nsidCount > limits.nsidMax) return refuse('TOO_MANY_NSIDS', at + ANA_GROUP_NNV);
  const end = nsidsAt + 4 * nsidCount;
  if (end > bytes.length) return refuse('TRUNCATED', at + ANA_GROUP_NNV, end);
  return checkNsids(bytes, nsidsAt, end, limits, seen);
}

function checkNsids(
  bytes: Uint8Array,
  from: number,
  end: number,
  limits: AnaLogLimits,
  seen: Seen,
): AnaLogResult | null {
  for (let at = from; at < end; at += 4) {
    const nsid = readUint32(bytes, at);
    if (nsid === 0 || nsid > limits.nsidMax) return refuse('NSID', at);
    if (seen.nsids.has(nsid)) return refuse('NSID_TWICE', at);
    seen.nsids.add(nsid);
  }
  return null;
}

function refuse(problem: AnaLogProblem, offset: number, bytesNeeded = 0): AnaLogResult {
  return { isValid: false, problem, message: MESSAGES[problem], offset, bytesNeeded };
}
