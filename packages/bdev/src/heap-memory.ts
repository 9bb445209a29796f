import type { BounceMemory } from './bounce.js';
import { HOST_PAGE_BYTES, HOST_PAGE_SHIFT, type HostMemory } from './host-memory.js';
import { HEAP_MEMORY_BYTES_MAX } from './limits.js';

/**
 * Host memory that no bus reaches: one buffer, handed out in runs of 4 KiB pages. For RAM disks, tests, and whoever has no DMA.
 * Address 0 is nobody's: the first page is at 4,096.
 */
export class HeapMemory implements HostMemory, BounceMemory {
  private readonly buffer: ArrayBuffer;
  private readonly views: Uint8Array[] = [];
  /** for each page 0 when it is free, the pages of the run when it is the first of one, else -1 */
  private readonly runs: Int32Array;
  private lent = 0;

  /**
   * @param bytes - size, a multiple of 4,096 up to 1 GiB
   * @throws RangeError for any other size
   */
  constructor(bytes: number) {
    if (!(bytes > 0 && bytes <= HEAP_MEMORY_BYTES_MAX && bytes % HOST_PAGE_BYTES === 0)) {
      throw new RangeError(`bytes: expected a multiple of 4096 up to ${HEAP_MEMORY_BYTES_MAX}, got ${bytes}`);
    }
    this.buffer = new ArrayBuffer(bytes);
    this.runs = new Int32Array(bytes >>> HOST_PAGE_SHIFT);
    for (let at = 0; at < bytes; at += HOST_PAGE_BYTES)
      this.views.push(new Uint8Array(this.buffer, at, HOST_PAGE_BYTES));
  }

  /** Pages that were allocated and not freed. */
  get pagesInUse(): number {
    return this.lent;
  }

  /** @inheritDoc */
  allocate(bytes: number): number {
    const pages = Math.ceil(bytes / HOST_PAGE_BYTES);
    const first = pages > 0 ? this.findRun(pages) : -1;
    if (first < 0) throw new RangeError(`bytes: expected a free run of pages, found none of ${bytes} bytes`);
    this.runs.fill(-1, first, first + pages);
    this.runs[first] = pages;
    this.lent += pages;
    return (first + 1) * HOST_PAGE_BYTES;
  }

  /** @inheritDoc */
  free(address: number): void {
    const first = address / HOST_PAGE_BYTES - 1;
    const pages = this.runs[first] ?? 0;
    if (pages <= 0) throw new RangeError(`address: expected the start of an allocation, got ${address}`);
    this.runs.fill(0, first, first + pages);
    this.lent -= pages;
  }

  /** A view of `length` bytes from `address` on. @throws RangeError when they are not all memory */
  bytes(address: number, length: number): Uint8Array {
    if (!this.contains(address, length))
      throw new RangeError(`address: expected ${length} bytes of memory, got ${address}`);
    return new Uint8Array(this.buffer, address - HOST_PAGE_BYTES, length);
  }

  /** @inheritDoc */
  contains(address: number, bytes: number): boolean {
    return address >= HOST_PAGE_BYTES && bytes >= 0 && address + bytes <= this.buffer.byteLength + HOST_PAGE_BYTES;
  }

  /** @inheritDoc */
  page(pageIndex: number): Uint8Array {
    return this.views[pageIndex - 1];
  }

  private findRun(pages: number): number {
    let first = 0;
    for (let page = 0; page < this.runs.length; page++) {
      if (this.runs[page] !== 0) first = page + 1;
      else if (page - first + 1 === pages) return first;
    }
    return -1;
  }
}
