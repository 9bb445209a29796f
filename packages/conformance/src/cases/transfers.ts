import { high32, low32 } from '@phasebit/core';
import { STATUS_DATA_TRANSFER_ERROR } from '@phasebit/nvme-spec';
import type { CaseDetails } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demandEqual, demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';

/**
 * What a command may complete with whose data is to be delivered where no memory is. On PCI Express such writes are posted: a controller
 * that is not told of their fate cannot tell the host.
 */
export const UNDELIVERED: readonly number[] = [0, STATUS_DATA_TRANSFER_ERROR];

/** Fills memory with bytes that tell a block and its generation. */
export function fillPattern(host: ConformanceHost, address: number, bytes: number, seed: number): Uint8Array {
  const data = host.memory.bytes(address, bytes);
  for (let i = 0; i < bytes; i++) data[i] = (i * 7 + seed * 31 + (i >>> 9)) & 0xff;
  return data;
}

/** The dwords 10 to 12 that name a range of blocks. */
export function blockRange(lba: number, blocks: number): { cdw10: number; cdw11: number; cdw12: number } {
  return { cdw10: low32(lba), cdw11: high32(lba), cdw12: blocks - 1 };
}

/** A command on queue 1 that names blocks of the plain namespace and has a payload; `changes` go last. */
export async function blockCommand(
  host: ConformanceHost,
  opcode: number,
  place: { readonly lba: number; readonly blocks: number; readonly address?: number },
  changes: Partial<RawCommand> = {},
): Promise<RawCompletion> {
  const { nsid, blockBytes } = host.facts.plain;
  const prps = place.address === undefined ? {} : host.memory.prps(place.address, place.blocks * blockBytes);
  const range = blockRange(place.lba, place.blocks);
  return host.execute(await host.io(), { opcode, nsid, ...prps, ...range, ...changes });
}

/** Writes a pattern to blocks of the plain namespace, and gives the pattern. */
export async function seedBlocks(
  host: ConformanceHost,
  lba: number,
  blocks: number,
  seed: number,
): Promise<Uint8Array> {
  const bytes = blocks * host.facts.plain.blockBytes;
  const address = host.memory.data(bytes);
  const pattern = fillPattern(host, address, bytes, seed).slice();
  demandSuccess(await host.writeBlocks(lba, blocks, address));
  return pattern;
}

/** Reads blocks of the plain namespace into memory that held something else before. */
export async function readBack(host: ConformanceHost, lba: number, blocks: number): Promise<Uint8Array> {
  const bytes = blocks * host.facts.plain.blockBytes;
  const address = host.memory.data(bytes);
  host.memory.bytes(address, bytes).fill(0x5a);
  demandSuccess(await host.readBlocks(lba, blocks, address));
  return host.memory.bytes(address, bytes).slice();
}

/** Fails the case unless every byte is the same as the one given. */
export function demandFilled(bytes: Uint8Array, value: number, what: string): void {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== value) demandEqual(bytes[i], value, `${what}, byte ${i}`);
}

/** Details of a case that is skipped where the controller's effects log does not list the I/O opcode. */
export function skipWithout(opcode: number, name: string): Required<Pick<CaseDetails, 'skip'>> {
  return { skip: ({ ioOpcodes }) => (ioOpcodes.has(opcode) ? undefined : `no ${name} command`) };
}
