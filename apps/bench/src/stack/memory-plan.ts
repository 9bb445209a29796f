import { createDmaArena, type DmaArena, DMA_SPACE_BYTES_MAX, PAGE_BYTES } from '@phasebit/pcie';
import type { StackOptions } from '../cli/bench-options.js';

/** Bytes per queue pair beside what follows from its entries: page roundings of four allocations. */
const PAIR_SLACK_BYTES = 8 * PAGE_BYTES;
/** PRP list of one request: 128 pages, the transfer limit of the modelled controllers. */
const LIST_BYTES = 1024;
/** Bytes per controller for its admin queue and what is identified through it. */
const ADMIN_BYTES = 64 * PAGE_BYTES;
/** Where the data arena begins on the bus: far above the rings. */
const DATA_IOVA_BASE = 0x40_0000_0000;

/**
 * The DMA memory of a run: an arena for rings, contiguous on the bus, and one for data, scattered when asked for.
 *
 * @param pairs - queue pairs in all
 * @param dataBytes - what the jobs' buffers take
 * @throws RangeError when it is more than one host can address
 */
export function planMemory(stack: StackOptions, pairs: number, dataBytes: number): { rings: DmaArena; data: DmaArena } {
  const shared = stack.device === 'thread';
  const requests = stack.requests ?? stack.ringEntries * 2;
  const pairBytes = stack.ringEntries * (64 + 16) + requests * LIST_BYTES + PAIR_SLACK_BYTES;
  const ringBytes = roundUp(pairs * pairBytes + stack.controllers * ADMIN_BYTES);
  const bytes = roundUp(dataBytes + 16 * PAGE_BYTES);
  if (ringBytes + bytes + PAGE_BYTES > DMA_SPACE_BYTES_MAX) {
    throw new RangeError(
      `iodepth x bs x jobs: expected at most ${DMA_SPACE_BYTES_MAX} bytes of DMA memory, got ${ringBytes + bytes}`,
    );
  }
  const scatter = stack.scatterSeed === undefined ? {} : { scatterSeed: stack.scatterSeed };
  return {
    rings: createDmaArena({ bytes: ringBytes, shared }),
    data: createDmaArena({ bytes, shared, iovaBase: DATA_IOVA_BASE, ...scatter }),
  };
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}
