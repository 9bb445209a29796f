import {
  FEATURE_HOST_BEHAVIOR,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_LBAFEE,
  PRINFO_PRACT,
  RW_CDW12_PRINFO_SHIFT,
} from '@phasebit/nvme-spec';
import type { ConformanceHost } from '../conformance-host.js';
import type { NamespaceFacts } from '../controller-facts.js';
import { demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { setFeature } from './commands.js';
import { blockRange, fillPattern } from './transfers.js';

/** First block of what the cases write. */
export const LBA = 24;
/** How many blocks. */
export const BLOCKS = 4;

/** Buffers for {@link BLOCKS} blocks of a namespace, as its format wants them. */
export interface WideBuffers {
  /** host address of the data, with the metadata of each block behind it where blocks are extended */
  readonly address: number;
  /** bytes of that */
  readonly bytes: number;
  /** host address of the metadata where it is separate; page aligned */
  readonly metadata: number;
}

/** Bytes of the protection information of a block. [NVM] 5.3.1 */
export function tupleBytes({ guardBits }: NamespaceFacts): number {
  return guardBits === 16 ? 8 : 16;
}

/** Whether the controller strips all the metadata when PRACT is set: it is protection information and nothing else. */
function isStripped(namespace: NamespaceFacts, prinfo: number): boolean {
  return namespace.piType !== 0 && (prinfo & PRINFO_PRACT) !== 0 && namespace.metadataBytes === tupleBytes(namespace);
}

/** Makes the controller take formats that a host has to know, where the namespace has one. [NVM] 4.1.3.6 */
export async function knowFormat(host: ConformanceHost, { guardBits }: NamespaceFacts): Promise<void> {
  if (guardBits === 16) return;
  const page = host.memory.page();
  host.memory.bytes(page, HOST_BEHAVIOR_BYTES)[HOST_BEHAVIOR_LBAFEE] = 1;
  demandSuccess(await setFeature(host, FEATURE_HOST_BEHAVIOR, 0, { prp1: host.memory.iova(page) }));
}

/** Fresh buffers, filled with a pattern of a seed. */
export function wideBuffers(host: ConformanceHost, namespace: NamespaceFacts, seed: number, prinfo = 0): WideBuffers {
  const { blockBytes, metadataBytes, isExtended } = namespace;
  const perBlock = blockBytes + (isExtended && !isStripped(namespace, prinfo) ? metadataBytes : 0);
  const bytes = BLOCKS * perBlock;
  const address = host.memory.data(bytes);
  const metadata = host.memory.page();
  fillPattern(host, address, bytes, seed);
  fillPattern(host, metadata, BLOCKS * metadataBytes, seed + 1);
  return { address, bytes, metadata };
}

/** The metadata of one block in buffers that hold all of it. */
export function metadataOf(
  host: ConformanceHost,
  namespace: NamespaceFacts,
  buffers: WideBuffers,
  block: number,
): Uint8Array {
  const { blockBytes, metadataBytes, isExtended } = namespace;
  const at = isExtended
    ? buffers.address + block * (blockBytes + metadataBytes) + blockBytes
    : buffers.metadata + block * metadataBytes;
  return host.memory.bytes(at, metadataBytes);
}

/** The data of one block in buffers that hold all metadata. */
export function dataOf(
  host: ConformanceHost,
  namespace: NamespaceFacts,
  buffers: WideBuffers,
  block: number,
): Uint8Array {
  const { blockBytes, metadataBytes, isExtended } = namespace;
  return host.memory.bytes(buffers.address + block * (blockBytes + (isExtended ? metadataBytes : 0)), blockBytes);
}

/** The protection information of one block in buffers that hold all metadata. */
export function tupleOf(
  host: ConformanceHost,
  namespace: NamespaceFacts,
  buffers: WideBuffers,
  block: number,
): Uint8Array {
  const bytes = tupleBytes(namespace);
  const metadata = metadataOf(host, namespace, buffers, block);
  return namespace.piIsFirst ? metadata.subarray(0, bytes) : metadata.subarray(metadata.length - bytes);
}

/** A Read, Write, Compare or Verify of {@link BLOCKS} blocks from {@link LBA} on, with the first reference tag that type 1 wants. */
export async function wideCommand(
  host: ConformanceHost,
  namespace: NamespaceFacts,
  opcode: number,
  buffers: WideBuffers,
  changes: Partial<RawCommand> & { readonly prinfo?: number } = {},
): Promise<RawCompletion> {
  const { prinfo = 0, ...rest } = changes;
  const place = host.memory.prps(buffers.address, buffers.bytes);
  const mptr = namespace.isExtended ? 0 : host.memory.iova(buffers.metadata);
  const range = blockRange(LBA, BLOCKS);
  const cdw12 = (range.cdw12 | (prinfo << RW_CDW12_PRINFO_SHIFT)) >>> 0;
  const command = { opcode, nsid: namespace.nsid, ...place, mptr, ...range, cdw12, cdw14: LBA };
  return host.execute(await host.io(), { ...command, ...rest });
}
