import { HOST_PAGE_BYTES, type HostMemory } from './host-memory.js';

/** Bytes of one allocation behind the pages: far below what any engine refuses. */
const SLAB_BYTES = 0x1000_0000;

const PAGE_BYTES = HOST_PAGE_BYTES;
const PAGE_MASK = PAGE_BYTES - 1;

/**
 * The storage of a RAM disk: zeroed pages of 4 KiB, each with a view made once. Copying between two whole pages allocates nothing;
 * a part of a page costs two short-lived views, which is still several times faster than a loop over bytes.
 */
export class RamPages {
  private readonly pages: Uint8Array[] = [];

  /** @param bytes - size, rounded up to whole pages */
  constructor(bytes: number) {
    let left = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    while (left > 0) {
      const slab = new ArrayBuffer(Math.min(left, SLAB_BYTES));
      for (let at = 0; at < slab.byteLength; at += PAGE_BYTES) this.pages.push(new Uint8Array(slab, at, PAGE_BYTES));
      left -= slab.byteLength;
    }
  }

  /** Copies storage from `offset` on into host memory from `address` on; REQUIRES that both ranges are there. */
  copyOut(offset: number, memory: HostMemory, address: number, bytes: number): void {
    while (bytes > 0) {
      const run = runBytes(offset, address, bytes);
      copy(
        memory.page(Math.floor(address / PAGE_BYTES)),
        address & PAGE_MASK,
        this.pageOf(offset),
        offset & PAGE_MASK,
        run,
      );
      offset += run;
      address += run;
      bytes -= run;
    }
  }

  /** Copies host memory from `address` on into storage from `offset` on; REQUIRES that both ranges are there. */
  copyIn(offset: number, memory: HostMemory, address: number, bytes: number): void {
    while (bytes > 0) {
      const run = runBytes(offset, address, bytes);
      copy(
        this.pageOf(offset),
        offset & PAGE_MASK,
        memory.page(Math.floor(address / PAGE_BYTES)),
        address & PAGE_MASK,
        run,
      );
      offset += run;
      address += run;
      bytes -= run;
    }
  }

  /** Whether storage from `offset` on and host memory from `address` on are the same; REQUIRES that both ranges are there. */
  equals(offset: number, memory: HostMemory, address: number, bytes: number): boolean {
    while (bytes > 0) {
      const run = runBytes(offset, address, bytes);
      const host = memory.page(Math.floor(address / PAGE_BYTES));
      if (!same(this.pageOf(offset), offset & PAGE_MASK, host, address & PAGE_MASK, run)) return false;
      offset += run;
      address += run;
      bytes -= run;
    }
    return true;
  }

  /** Zeroes storage from `offset` on. */
  zero(offset: number, bytes: number): void {
    while (bytes > 0) {
      const start = offset & PAGE_MASK;
      const run = Math.min(bytes, PAGE_BYTES - start);
      this.pageOf(offset).fill(0, start, start + run);
      offset += run;
      bytes -= run;
    }
  }

  private pageOf(offset: number): Uint8Array {
    return this.pages[Math.floor(offset / PAGE_BYTES)];
  }
}

/** Bytes from two places on until the first of them reaches the end of its page. */
function runBytes(offset: number, address: number, bytes: number): number {
  return Math.min(bytes, PAGE_BYTES - (offset & PAGE_MASK), PAGE_BYTES - (address & PAGE_MASK));
}

function copy(target: Uint8Array, targetAt: number, source: Uint8Array, sourceAt: number, bytes: number): void {
  if (bytes === PAGE_BYTES) target.set(source);
  else target.set(source.subarray(sourceAt, sourceAt + bytes), targetAt);
}

function same(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}
