import { high32, joinU64, low32 } from '@phasebit/core';
import { type DeviceDma, type LinkDevice, PAGE_BYTES, PAGE_MASK } from '@phasebit/pcie';

/** Where a queue lies. */
export interface Ring {
  /** word view of each 4 KiB page */
  readonly pages: Int32Array[];
  /** the memory of the controller's own that it lies in, undefined for host memory */
  readonly memory: ArrayBufferLike | undefined;
  /** whether it begins in one memory and ends in another */
  readonly isMixed: boolean;
}

/**
 * Finds a physically contiguous ring, or gives undefined when some page of it is not mapped.
 *
 * @param low - bits 31:0 of the ring's address, page aligned
 * @param high - bits 63:32
 * @param bytes - size of the ring
 */
export function resolveRing(dma: DeviceDma, low: number, high: number, bytes: number): Ring | undefined {
  const base = joinU64(low, high);
  if (base < 0 || (base & PAGE_MASK) !== 0) return undefined;
  const pages: Int32Array[] = [];
  const memories = new Set<ArrayBufferLike | undefined>();
  for (let offset = 0; offset < bytes; offset += PAGE_BYTES) {
    const address = base + offset;
    if (!Number.isSafeInteger(address)) return undefined;
    const page = dma.pageAt(low32(address), high32(address));
    if (page < 0) return undefined;
    pages.push(dma.keptWordsOf(page));
    memories.add(dma.overlayOf(page));
  }
  return { pages, memory: [...memories][0], isMixed: memories.size > 1 };
}

/** Whether a submission queue may lie there: in host memory or in the Controller Memory Buffer, all of it. [Base] 8.2.1 */
export function takesSubmissions(ring: Ring, link: LinkDevice): boolean {
  return !ring.isMixed && (ring.memory === undefined || ring.memory === link.cmb);
}
