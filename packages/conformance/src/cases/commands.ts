import {
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_SET_FEATURES,
} from '@phasebit/nvme-spec';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';

/** Identify with a page of memory, unless the command says otherwise. */
export async function identify(
  host: ConformanceHost,
  options: Partial<RawCommand> & { readonly cns: number },
): Promise<RawCompletion> {
  const { cns, ...rest } = options;
  const prp1 = rest.prp1 ?? host.memory.iova(host.memory.page());
  return host.run({ opcode: ADMIN_IDENTIFY, cdw10: cns, ...rest, prp1 });
}

/** The data of Identify that succeeds, or what failed. */
export async function identifyData(
  host: ConformanceHost,
  cns: number,
  options: Partial<RawCommand> = {},
): Promise<{ readonly completion: RawCompletion; readonly data: DataView }> {
  const page = host.memory.page();
  const completion = await identify(host, { cns, ...options, prp1: host.memory.iova(page) });
  return { completion, data: host.memory.view(page, 4096) };
}

/** Get Log Page of `bytes` bytes into memory of its own. */
export async function logData(
  host: ConformanceHost,
  logPage: number,
  bytes: number,
  options: Partial<RawCommand> = {},
): Promise<{ readonly completion: RawCompletion; readonly data: DataView }> {
  const address = host.memory.data(bytes);
  const dwords0 = bytes / 4 - 1;
  const cdw10 = (((dwords0 & 0xffff) << 16) | logPage) >>> 0;
  const place = host.memory.prps(address, bytes);
  const command = { opcode: ADMIN_GET_LOG_PAGE, nsid: 0xffff_ffff, ...place, cdw10, cdw11: dwords0 >>> 16, ...options };
  const completion = await host.run(command);
  return { completion, data: host.memory.view(address, bytes) };
}

/** Get Features; a page of memory is there for features that are structures. */
export function getFeature(
  host: ConformanceHost,
  feature: number,
  options: Partial<RawCommand> & { readonly select?: number } = {},
): Promise<RawCompletion> {
  const { select = 0, ...rest } = options;
  const prp1 = rest.prp1 ?? host.memory.iova(host.memory.page());
  return host.run({ opcode: ADMIN_GET_FEATURES, cdw10: (select << 8) | feature, ...rest, prp1 });
}

/** Set Features of one dword; a page of memory is there for features that are structures. */
export function setFeature(
  host: ConformanceHost,
  feature: number,
  value: number,
  options: Partial<RawCommand> & { readonly save?: boolean } = {},
): Promise<RawCompletion> {
  const { save = false, ...rest } = options;
  const prp1 = rest.prp1 ?? host.memory.iova(host.memory.page());
  const cdw10 = ((save ? 0x8000_0000 : 0) | feature) >>> 0;
  return host.run({ opcode: ADMIN_SET_FEATURES, cdw10, cdw11: value, ...rest, prp1 });
}

/** What a queue creation may have different from a good one of identifier 1 and 16 entries. */
export interface QueueChanges extends Partial<RawCommand> {
  /** queue identifier; default 1 */
  readonly id?: number;
  /** slots; default 16 */
  readonly entries?: number;
  /** whether the ring is said to be contiguous; default true */
  readonly contiguous?: boolean;
  /** completion queue of a submission queue; default 1 */
  readonly completionId?: number;
  /** priority of a submission queue; default 0 */
  readonly priority?: number;
  /** interrupt vector of a completion queue, which then has interrupts */
  readonly vector?: number;
}

/** Create I/O Completion Queue, good but for what is given. */
export function createCq(host: ConformanceHost, changes: QueueChanges = {}): Promise<RawCompletion> {
  const { id = 1, entries = 16, contiguous = true, vector, ...rest } = changes;
  const interrupt = vector === undefined ? 0 : (vector << 16) | 2;
  return host.run({
    opcode: ADMIN_CREATE_IO_CQ,
    prp1: rest.prp1 ?? host.memory.iova(host.memory.ring(Math.max(entries, 1) * 16)),
    cdw10: ((((entries - 1) & 0xffff) << 16) | id) >>> 0,
    cdw11: (interrupt | (contiguous ? 1 : 0)) >>> 0,
    ...rest,
  });
}

/** Create I/O Submission Queue, good but for what is given. */
export function createSq(host: ConformanceHost, changes: QueueChanges = {}): Promise<RawCompletion> {
  const { id = 1, entries = 16, contiguous = true, completionId = 1, priority = 0, ...rest } = changes;
  return host.run({
    opcode: ADMIN_CREATE_IO_SQ,
    prp1: rest.prp1 ?? host.memory.iova(host.memory.ring(Math.max(entries, 1) * 64)),
    cdw10: ((((entries - 1) & 0xffff) << 16) | id) >>> 0,
    cdw11: ((completionId << 16) | (priority << 1) | (contiguous ? 1 : 0)) >>> 0,
    ...rest,
  });
}

/** Why cases that set a feature do not apply: a controller need not let it be changed. [Base] 5.1.25 */
export function skipWhereFixed({ fixedFeatures }: ControllerFacts, feature: number, name: string): string | undefined {
  return fixedFeatures.has(feature) ? `${name} is not changeable` : undefined;
}
