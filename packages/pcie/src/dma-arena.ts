import { assert, Prng } from '@phasebit/core';
import { PAGE_BYTES, PAGE_SHIFT } from './limits.js';

/** Where arenas begin in I/O virtual address space unless told otherwise: above 4 GiB, so that upper halves are never zero by luck. */
export const IOVA_BASE_DEFAULT = 0x1_0000_0000;

/** How {@link createDmaArena} makes an arena. */
export interface DmaArenaOptions {
  /** size in bytes, a multiple of 4096 */
  readonly bytes: number;
  /** first I/O virtual address, a multiple of 4096 below 2^52; default 2^32 */
  readonly iovaBase?: number;
  /** permute the pages by this seed: neighbours in the buffer are then strangers on the bus. Without it the arena is contiguous */
  readonly scatterSeed?: number;
  /** whether a device on another thread shall see it */
  readonly shared?: boolean;
}

/**
 * Memory that a device can reach: a buffer, and where each of its 4 KiB pages lies in I/O virtual address space.
 * Plain data, so that it can be posted to another thread; a shared buffer stays shared.
 */
export interface DmaArena {
  /** the memory, a whole number of pages */
  readonly buffer: ArrayBufferLike;
  /** I/O virtual page number (address / 4096) of each page of the buffer, all different */
  readonly iovaPages: Float64Array;
}

/**
 * Makes an arena over fresh zeroed memory.
 *
 * @throws RangeError when size or base is not a whole number of pages or out of range
 */
export function createDmaArena(options: DmaArenaOptions): DmaArena {
  const { bytes, iovaBase = IOVA_BASE_DEFAULT, scatterSeed, shared = false } = options;
  if (!Number.isSafeInteger(bytes) || bytes <= 0 || bytes % PAGE_BYTES !== 0) {
    throw new RangeError(`bytes: expected a positive multiple of ${PAGE_BYTES}, got ${bytes}`);
  }
  return wrapDmaArena(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes), iovaBase, scatterSeed);
}

/**
 * Makes an arena over memory that is there already, contiguous from `iovaBase` or permuted by a seed.
 *
 * @throws RangeError when size or base is not a whole number of pages or out of range
 */
export function wrapDmaArena(buffer: ArrayBufferLike, iovaBase: number, scatterSeed?: number): DmaArena {
  if (buffer.byteLength === 0 || buffer.byteLength % PAGE_BYTES !== 0) {
    throw new RangeError(`buffer: expected a positive multiple of ${PAGE_BYTES} bytes, got ${buffer.byteLength}`);
  }
  if (!Number.isSafeInteger(iovaBase) || iovaBase < 0 || iovaBase % PAGE_BYTES !== 0 || iovaBase >= 2 ** 52) {
    throw new RangeError(`iovaBase: expected a multiple of ${PAGE_BYTES} below 2^52, got ${iovaBase}`);
  }
  const pages = buffer.byteLength >>> PAGE_SHIFT;
  const iovaPages = new Float64Array(pages);
  for (let page = 0; page < pages; page++) iovaPages[page] = iovaBase / PAGE_BYTES + page;
  if (scatterSeed !== undefined) shuffle(iovaPages, new Prng(scatterSeed));
  return { buffer, iovaPages };
}

function shuffle(values: Float64Array, prng: Prng): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    assert(j <= i, 'a shuffle swaps with an earlier element');
    const kept = values[i];
    values[i] = values[j]!;
    values[j] = kept;
  }
}
