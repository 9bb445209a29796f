import { CQE_BYTES, SQE_BYTES } from '@phasebit/nvme-spec';
import { type DmaSpace, PAGE_BYTES } from '@phasebit/pcie';
import type { QueuePairSettings, RingMemory } from './queue-pair-options.js';

/** Host addresses of the two rings of a queue pair. */
export interface Rings extends RingMemory {
  /** whether they are the caller's, who frees them */
  readonly ringsAreGiven: boolean;
}

/**
 * Memory for the two rings of a queue pair, all zeroes so that no phase bit is set: what the caller gave, or set aside, contiguous on the bus.
 *
 * @throws RangeError when there is not enough memory, or what was given is not as rings have to be
 */
export function allocateRings(dma: DmaSpace, settings: Pick<QueuePairSettings, 'entries' | 'ringMemory'>): Rings {
  const { entries, ringMemory } = settings;
  if (ringMemory !== undefined) {
    demandContiguous(dma, 'ringMemory.sqAddress', ringMemory.sqAddress, entries * SQE_BYTES);
    demandContiguous(dma, 'ringMemory.cqAddress', ringMemory.cqAddress, entries * CQE_BYTES);
  }
  const rings = ringMemory ?? setAside(dma, entries);
  dma.bytes(rings.sqAddress, entries * SQE_BYTES).fill(0);
  dma.bytes(rings.cqAddress, entries * CQE_BYTES).fill(0);
  return { sqAddress: rings.sqAddress, cqAddress: rings.cqAddress, ringsAreGiven: ringMemory !== undefined };
}

/** Gives the rings back, unless they are the caller's. */
export function freeRings(dma: DmaSpace, rings: RingMemory & { readonly ringsAreGiven?: boolean }): void {
  if (rings.ringsAreGiven === true) return;
  dma.free(rings.sqAddress);
  dma.free(rings.cqAddress);
}

function setAside(dma: DmaSpace, entries: number): RingMemory {
  const sqAddress = dma.allocate(entries * SQE_BYTES, { contiguous: true });
  let cqAddress: number;
  try {
    cqAddress = dma.allocate(entries * CQE_BYTES, { contiguous: true });
  } catch (error) {
    dma.free(sqAddress);
    throw error;
  }
  return { sqAddress, cqAddress };
}

/** PC is 1, so a queue is one run of pages on the bus. [Base] 5.2.1, 5.2.2 */
function demandContiguous(dma: DmaSpace, name: string, address: number, bytes: number): void {
  if (!dma.contains(address, bytes))
    throw new RangeError(`${name}: expected ${bytes} bytes of DMA memory, got ${address}`);
  dma.bytes(address, bytes); // of one arena, or this throws
  const first = address / PAGE_BYTES;
  for (let page = first; page * PAGE_BYTES < address + bytes; page++) {
    const isNext = iovaOf(dma, page) === iovaOf(dma, first) + (page - first) * PAGE_BYTES;
    if (!isNext)
      throw new RangeError(
        `${name}: expected ${bytes} bytes contiguous on the bus, got a gap before ${page * PAGE_BYTES}`,
      );
  }
}

function iovaOf(dma: DmaSpace, page: number): number {
  return dma.iovaHigh[page] * 2 ** 32 + dma.iovaLow[page];
}
