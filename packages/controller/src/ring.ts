import { high32, joinU64, low32 } from '@phasebit/core';
import { type DeviceDma, PAGE_BYTES, PAGE_MASK } from '@phasebit/pcie';

/**
 * The word views of a physically contiguous ring, one per 4 KiB page, or undefined when some page of it is not mapped. They are signed,
 * since V8 keeps signed words as small integers and unsigned ones, where they are large, as doubles.
 *
 * @param low - bits 31:0 of the ring's address, page aligned
 * @param high - bits 63:32
 * @param bytes - size of the ring
 */
export function resolveRing(dma: DeviceDma, low: number, high: number, bytes: number): Int32Array[] | undefined {
  const base = joinU64(low, high);
  if (base < 0 || (base & PAGE_MASK) !== 0) return undefined;
  const pages: Int32Array[] = [];
  for (let offset = 0; offset < bytes; offset += PAGE_BYTES) {
    const address = base + offset;
    if (!Number.isSafeInteger(address)) return undefined;
    const page = dma.pageAt(low32(address), high32(address));
    if (page < 0) return undefined;
    const words = dma.wordsOf(page);
    pages.push(new Int32Array(words.buffer, words.byteOffset, words.length));
  }
  return pages;
}
