import {
  ADMIN_FORMAT_NVM,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  decodeIdentifyNamespace,
  encodeControllerList,
  FORMAT_NVM_CDW10,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_NAMESPACE,
  type IdentifyNamespace,
  lbaFormatIndex,
  NAMESPACE_ATTACHMENT_ATTACH,
  NAMESPACE_ATTACHMENT_DETACH,
  NAMESPACE_MANAGEMENT_CREATE,
  NAMESPACE_MANAGEMENT_DELETE,
  NSMGMT_DPS,
  NSMGMT_FLBAS,
  NSMGMT_NCAP,
  NSMGMT_NMIC,
  NSMGMT_NSZE,
  OACS_NAMESPACE_MANAGEMENT,
} from '@phasebit/nvme-spec';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts, NamespaceFacts } from '../controller-facts.js';
import { demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { identifyData } from './commands.js';

/** Logical blocks of a namespace that a case creates. */
export const CREATED_BLOCKS = 1024;
const LIST_ENTRIES = 1024;

/** What a creation may have different from a namespace of 1,024 blocks in the format of the plain one. */
export interface CreationChanges extends Partial<RawCommand> {
  /** namespace size, blocks */
  readonly nsze?: number;
  /** namespace capacity, blocks; default the size */
  readonly ncap?: number;
  /** formatted LBA size byte; default that of the plain namespace */
  readonly flbas?: number;
  /** data protection settings byte; default none */
  readonly dps?: number;
  /** sharing byte; default private */
  readonly nmic?: number;
}

/** Namespace Management: create, good but for what is given. Whoever succeeds has to delete the namespace again. */
export function createNamespace(host: ConformanceHost, changes: CreationChanges = {}): Promise<RawCompletion> {
  const { nsze = CREATED_BLOCKS, ncap = nsze, dps = 0, nmic = 0, ...rest } = changes;
  const { flbas = host.facts.plain.identify.flbas, ...command } = rest;
  const page = host.memory.page();
  const view = host.memory.view(page, 4096);
  view.setBigUint64(NSMGMT_NSZE, BigInt(nsze), true);
  view.setBigUint64(NSMGMT_NCAP, BigInt(ncap), true);
  view.setUint8(NSMGMT_FLBAS, flbas);
  view.setUint8(NSMGMT_DPS, dps);
  view.setUint8(NSMGMT_NMIC, nmic);
  const prp1 = host.memory.iova(page);
  return host.run({ opcode: ADMIN_NAMESPACE_MANAGEMENT, cdw10: NAMESPACE_MANAGEMENT_CREATE, prp1, ...command });
}

/** Namespace Management: delete. */
export function deleteNamespace(host: ConformanceHost, nsid: number): Promise<RawCompletion> {
  return host.run({ opcode: ADMIN_NAMESPACE_MANAGEMENT, cdw10: NAMESPACE_MANAGEMENT_DELETE, nsid });
}

/** Runs something with a namespace that exists for that long, attached nowhere at first. */
export async function withNamespace(
  host: ConformanceHost,
  run: (nsid: number) => Promise<void>,
  changes: CreationChanges = {},
): Promise<void> {
  const completion = await createNamespace(host, changes);
  demandSuccess(completion);
  try {
    await run(completion.result);
  } finally {
    await deleteNamespace(host, completion.result);
  }
}

/** Namespace Attachment with a list of controllers; default the one under test. */
export function attach(
  host: ConformanceHost,
  nsid: number,
  cntlids: readonly number[] = [host.facts.identify.cntlid],
  changes: Partial<RawCommand> = {},
): Promise<RawCompletion> {
  const page = host.memory.page();
  host.memory.bytes(page, 4096).set(encodeControllerList(cntlids));
  const prp1 = host.memory.iova(page);
  return host.run({ opcode: ADMIN_NAMESPACE_ATTACHMENT, cdw10: NAMESPACE_ATTACHMENT_ATTACH, nsid, prp1, ...changes });
}

/** Namespace Attachment: detach, from a list of controllers; default the one under test. */
export function detach(host: ConformanceHost, nsid: number, cntlids?: readonly number[]): Promise<RawCompletion> {
  return attach(host, nsid, cntlids, { cdw10: NAMESPACE_ATTACHMENT_DETACH });
}

/** The identifiers of a list of namespaces that Identify gives. */
export async function namespaceList(host: ConformanceHost, isAllocated: boolean): Promise<number[]> {
  const cns = isAllocated ? IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST : IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST;
  const { completion, data } = await identifyData(host, cns);
  demandSuccess(completion);
  const nsids = Array.from({ length: LIST_ENTRIES }, (_, i) => data.getUint32(i * 4, true));
  return nsids.slice(0, nsids.indexOf(0) < 0 ? LIST_ENTRIES : nsids.indexOf(0));
}

/** Identify Namespace of an active namespace, decoded. */
export async function identifyNamespace(host: ConformanceHost, nsid: number): Promise<IdentifyNamespace> {
  const { completion, data } = await identifyData(host, IDENTIFY_CNS_NAMESPACE, { nsid });
  demandSuccess(completion);
  return decodeIdentifyNamespace(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Number of the LBA format that a namespace has. */
export function formatOf({ identify }: NamespaceFacts): number {
  return lbaFormatIndex(identify.flbas, identify.nlbaf + 1);
}

/** What Format NVM may have different from a format that changes nothing. */
export interface FormatChanges extends Partial<RawCommand> {
  /** number of the LBA format */
  readonly lbaf?: number;
  /** protection information type; default none */
  readonly pi?: number;
  /** secure erase settings; default none */
  readonly ses?: number;
  /** 1 for metadata behind the data of each block; default 0 */
  readonly mset?: number;
}

/** Format NVM of a namespace, to its own format but for what is given. */
export function formatNamespace(
  host: ConformanceHost,
  namespace: NamespaceFacts,
  changes: FormatChanges = {},
): Promise<RawCompletion> {
  const { lbaf = formatOf(namespace), pi = 0, ses = 0, mset = 0, ...rest } = changes;
  const { LBAFL, LBAFU, PI, SES, MSET } = FORMAT_NVM_CDW10;
  const format = LBAFU.set(LBAFL.set(0, lbaf & 0xf), lbaf >>> 4);
  const cdw10 = MSET.set(SES.set(PI.set(format, pi), ses), mset);
  return host.run({ opcode: ADMIN_FORMAT_NVM, nsid: namespace.nsid, cdw10, ...rest });
}

/** Why cases of namespace management do not apply. */
export function skipWithoutManagement({ identify, adminOpcodes }: ControllerFacts): string | undefined {
  if ((identify.oacs & OACS_NAMESPACE_MANAGEMENT) === 0) return 'no namespace management';
  // Whether the log and OACS agree is a case of its own.
  const isListed = adminOpcodes.size === 0 || adminOpcodes.has(ADMIN_NAMESPACE_MANAGEMENT);
  return isListed ? undefined : 'the effects log lists no Namespace Management command';
}

/** Why cases that create a namespace do not apply: there must be capacity and an identifier to spare. */
export function skipWithoutSpare(facts: ControllerFacts): string | undefined {
  const { identify, plain, namespaces } = facts;
  if (Number(identify.unvmcap) < 2 * CREATED_BLOCKS * plain.blockBytes) return 'no capacity to spare';
  if (namespaces.length >= identify.nn) return 'no namespace identifier to spare';
  return skipWithoutManagement(facts);
}
