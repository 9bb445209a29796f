/**
 * Asymmetric Namespace Access log (0Ch): in which state each group of namespaces is, seen from this controller.
 * [Base] 5.1.12.1.13, 8.1.1
 *
 *   header (16)   group descriptor (32)   NSIDs (4 each)   group descriptor (32)   NSIDs ...
 */
import { readUint16, readUint32, readUint64 } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the log's header. */
export const ANA_HEADER_BYTES = 16;
/** 0x00  8  Change count: it grows with every change of the log. */
export const ANA_HEADER_CHGCNT = 0x00;
/** 0x08  2  Number of group descriptors that follow. */
export const ANA_HEADER_NAGD = 0x08;

/** Layout of the log's header. */
export const AnaHeaderLayout: Layout = layout('ANA_HEADER', ANA_HEADER_BYTES, [
  [ANA_HEADER_CHGCNT, 8, 'chgcnt'],
  [ANA_HEADER_NAGD, 2, 'nagd'],
  [10, 6, 'reserved10', 'reserved'],
]);

/** Bytes of a group descriptor before its NSIDs. */
export const ANA_GROUP_BYTES = 32;
/** 0x00  4  ANA group identifier, not 0. */
export const ANA_GROUP_AGID = 0x00;
/** 0x04  4  Number of NSIDs that follow; 0 when only groups were asked for. */
export const ANA_GROUP_NNV = 0x04;
/** 0x08  8  Change count of the group. */
export const ANA_GROUP_CHGCNT = 0x08;
/** 0x10  1  State in bits 3:0, ANA_STATE_*. */
export const ANA_GROUP_ANAS = 0x10;
/** Group descriptor byte 10h bits 3:0, the state. */
export const ANA_GROUP_ANAS_MASK = 0x0f;

/** Layout of a group descriptor without its NSIDs. */
export const AnaGroupLayout: Layout = layout('ANA_GROUP', ANA_GROUP_BYTES, [
  [ANA_GROUP_AGID, 4, 'agid'],
  [ANA_GROUP_NNV, 4, 'nnv'],
  [ANA_GROUP_CHGCNT, 8, 'chgcnt'],
  [ANA_GROUP_ANAS, 1, 'anas'],
  [17, 15, 'reserved17', 'reserved'],
]);

/** ANA Optimized: use this path. */
export const ANA_STATE_OPTIMIZED = 0x01;
/** ANA Non-Optimized: usable, another path is better. */
export const ANA_STATE_NON_OPTIMIZED = 0x02;
/** ANA Inaccessible: commands fail with Asymmetric Access Inaccessible, for now. */
export const ANA_STATE_INACCESSIBLE = 0x03;
/** ANA Persistent Loss: as Inaccessible, and for good. */
export const ANA_STATE_PERSISTENT_LOSS = 0x04;
/** ANA Change: between states, for at most ANATT seconds. */
export const ANA_STATE_CHANGE = 0x0f;

/** Name of an ANA state for people, such as `optimized`; unknown ones read as reserved. Never throws. */
export function describeAnaState(state: number): string {
  if (state === ANA_STATE_OPTIMIZED) return 'optimized';
  if (state === ANA_STATE_NON_OPTIMIZED) return 'non-optimized';
  if (state === ANA_STATE_INACCESSIBLE) return 'inaccessible';
  if (state === ANA_STATE_PERSISTENT_LOSS) return 'persistent loss';
  if (state === ANA_STATE_CHANGE) return 'change';
  return `reserved (${state.toString(16).toUpperCase()}h)`;
}

/** One ANA group. */
export interface AnaGroup {
  /** ANA group identifier. */
  readonly agid: number;
  /** Change count of the group. */
  readonly chgcnt: number;
  /** State, ANA_STATE_*. */
  readonly state: number;
  /** Namespaces of the group; empty when only groups were asked for. */
  readonly nsids: readonly number[];
}

/** A decoded Asymmetric Namespace Access log. */
export interface AnaLog {
  /** Change count of the log. */
  readonly chgcnt: number;
  /** The groups in the order of the log. */
  readonly groups: readonly AnaGroup[];
}

/**
 * Decodes an Asymmetric Namespace Access log.
 * @throws RangeError when a group or its NSIDs run past the end of `data`, or a change count is 2^53 or more.
 */
export function decodeAnaLog(data: Uint8Array): AnaLog {
  const chgcnt = readUint64(data, ANA_HEADER_CHGCNT, 'ANA.chgcnt');
  const groupCount = readUint16(data, ANA_HEADER_NAGD);
  const groups: AnaGroup[] = [];
  let at = ANA_HEADER_BYTES;
  for (let index = 0; index < groupCount; index++) {
    if (at + ANA_GROUP_BYTES > data.length)
      throw new RangeError(`ANA group ${index} of ${groupCount} runs past the end`);
    const nsidCount = readUint32(data, at + ANA_GROUP_NNV);
    const end = at + ANA_GROUP_BYTES + 4 * nsidCount;
    if (end > data.length) throw new RangeError(`ANA group ${index}: ${nsidCount} NSIDs run past the end`);
    const nsids: number[] = [];
    for (let nsidAt = at + ANA_GROUP_BYTES; nsidAt < end; nsidAt += 4) nsids.push(readUint32(data, nsidAt));
    groups.push({
      agid: readUint32(data, at + ANA_GROUP_AGID),
      chgcnt: readUint64(data, at + ANA_GROUP_CHGCNT, `ANA group ${index} chgcnt`),
      state: data[at + ANA_GROUP_ANAS] & ANA_GROUP_ANAS_MASK,
      nsids,
    });
    at = end;
  }
  return { chgcnt, groups };
}
