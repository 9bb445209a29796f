import { assert, high32, low32 } from '@phasebit/core';
import type { DmaArena } from './dma-arena.js';
import { DMA_SPACE_BYTES_MAX, PAGE_BYTES, PAGE_MASK, PAGE_SHIFT } from './limits.js';
import { PageAllocator } from './page-allocator.js';

/** What {@link DmaSpace.allocate} is to look for. */
export interface DmaAllocateOptions {
  /** the memory must be contiguous on the bus too, as rings must be; default false */
  readonly contiguous?: boolean;
  /** a reserved arena to take it from; default any arena that is not reserved */
  readonly from?: DmaArena;
}

/** How {@link DmaSpace.attach} takes an arena. */
export interface DmaAttachOptions {
  /**
   * whether memory is taken from it only by those who name it: memory of a controller's own, which only that controller reaches.
   * Default false
   */
  readonly reserved?: boolean;
}

/** A space as another thread needs it to see the same memory at the same addresses. Plain data, to be posted; the buffers are shared. */
export interface DmaDescription {
  /** most bytes that can be attached */
  readonly capacityBytes: number;
  /** all arenas, in order of their addresses */
  readonly arenas: readonly {
    /** the memory, shared between threads */
    readonly arena: DmaArena;
    /** see {@link DmaAttachOptions} */
    readonly reserved: boolean;
    /** its first host address */
    readonly address: number;
  }[];
}

/** Pages of a space, as {@link DmaSpace.allocate} set them aside. */
export interface DmaRange {
  /** first host address, a multiple of 4096 */
  readonly address: number;
  /** bytes, rounded up to whole pages */
  readonly bytes: number;
}

interface Placed {
  readonly firstPage: number;
  readonly arena: DmaArena;
  readonly allocator: PageAllocator;
}

/**
 * The host's view of DMA memory: all its arenas laid one behind the other in one space of host addresses, from 4096 up
 * (0 is nobody's address) to below 2 GiB, with one flat page table to the bus.
 *
 * A host address is a plain small number; the driver turns it into an I/O virtual address with two array loads.
 *
 * ```text
 *   host address  31            12 11       0        iovaLow[page]  | offset  -> PRP bits 31:0
 *                 [     page     ][ offset  ]   ->   iovaHigh[page]           -> PRP bits 63:32
 * ```
 */
export class DmaSpace {
  /** Lower half of the I/O virtual address of each host page. Read-only to everybody else. */
  readonly iovaLow: Uint32Array;
  /** Upper half of the I/O virtual address of each host page. Read-only to everybody else. */
  readonly iovaHigh: Uint32Array;
  private readonly placed: Placed[] = [];
  private readonly allocator = new PageAllocator();
  private readonly pageViews: (Uint8Array | undefined)[] = [];
  private pagesEnd = 1;
  private endAddress = PAGE_BYTES;

  /** @param capacityBytes - most bytes that can ever be attached, a multiple of 4096 up to 2 GiB; sizes the page table */
  constructor(capacityBytes: number = DMA_SPACE_BYTES_MAX) {
    if (!(capacityBytes > 0 && capacityBytes <= DMA_SPACE_BYTES_MAX && capacityBytes % PAGE_BYTES === 0)) {
      throw new RangeError(
        `capacityBytes: expected a multiple of 4096 up to ${DMA_SPACE_BYTES_MAX}, got ${capacityBytes}`,
      );
    }
    this.iovaLow = new Uint32Array(capacityBytes >>> PAGE_SHIFT);
    this.iovaHigh = new Uint32Array(capacityBytes >>> PAGE_SHIFT);
  }

  /** The arenas that are not reserved, in order of their addresses: what a device has to be given to reach this memory. */
  get arenas(): readonly DmaArena[] {
    return this.placed.filter((each) => each.allocator === this.allocator).map((each) => each.arena);
  }

  /**
   * Adds an arena and gives its first host address. Its pages can be allocated from then on.
   *
   * @throws RangeError when the space has no room for it
   */
  attach(arena: DmaArena, options: DmaAttachOptions = {}): number {
    const allocator = options.reserved === true ? new PageAllocator() : this.allocator;
    const firstPage = this.place(arena, allocator);
    allocator.add(firstPage, arena.iovaPages.length);
    return firstPage * PAGE_BYTES;
  }

  /** Gives an arena its addresses. None of its pages is free yet. */
  private place(arena: DmaArena, allocator: PageAllocator, at?: number): number {
    const pages = arena.iovaPages.length;
    assert(pages * PAGE_BYTES === arena.buffer.byteLength, 'an arena has an address for each of its pages');
    const firstPage = at ?? this.findGap(pages);
    if (firstPage + pages > this.iovaLow.length) {
      const left = (this.iovaLow.length - this.pagesEnd) * PAGE_BYTES;
      throw new RangeError(
        `arena: expected at most ${left} bytes, which are left of the space, got ${pages * PAGE_BYTES}`,
      );
    }
    for (let i = 0; i < pages; i++) {
      const iova = arena.iovaPages[i] * PAGE_BYTES;
      this.iovaLow[firstPage + i] = low32(iova);
      this.iovaHigh[firstPage + i] = high32(iova);
    }
    this.placed.push({ firstPage, arena, allocator });
    this.placed.sort((a, b) => a.firstPage - b.firstPage);
    this.setEnd();
    return firstPage;
  }

  /** The first page from which on `pages` pages have no arena: what a detached one left, or the end. */
  private findGap(pages: number): number {
    let firstPage = 1;
    for (const each of this.placed) {
      if (each.firstPage - firstPage >= pages) return firstPage;
      firstPage = each.firstPage + each.arena.iovaPages.length;
    }
    return firstPage;
  }

  private setEnd(): void {
    const last = this.placed[this.placed.length - 1];
    this.pagesEnd = last === undefined ? 1 : last.firstPage + last.arena.iovaPages.length;
    this.endAddress = this.pagesEnd * PAGE_BYTES;
  }

  /**
   * Takes a reserved arena out again; a later one may get its addresses. No command may be in flight that knows them. Until then they
   * lead a device to the last page of the bus, which nobody maps.
   *
   * @throws RangeError when the arena is not attached, or was not reserved: what was allocated from it could be anywhere
   */
  detach(arena: DmaArena): void {
    const at = this.placed.findIndex((each) => each.arena === arena && each.allocator !== this.allocator);
    if (at < 0) throw new RangeError('arena: expected one that is attached and reserved');
    const { firstPage } = this.placed[at];
    this.placed.splice(at, 1);
    this.setEnd();
    for (let i = 0; i < arena.iovaPages.length; i++) {
      this.iovaLow[firstPage + i] = 0xffff_f000;
      this.iovaHigh[firstPage + i] = 0xffff_ffff;
      this.pageViews[firstPage + i] = undefined;
    }
  }

  /**
   * What another thread needs to see this memory: see {@link DmaSpace.adopt}. Arenas attached later are not part of it.
   *
   * @throws RangeError when an arena is not shared memory
   */
  describe(): DmaDescription {
    for (const { arena, firstPage } of this.placed) {
      const isShared = typeof SharedArrayBuffer !== 'undefined' && arena.buffer instanceof SharedArrayBuffer;
      if (!isShared) throw new RangeError(`arena at ${firstPage * PAGE_BYTES}: expected memory shared between threads`);
    }
    const arenas = this.placed.map(({ arena, allocator, firstPage }) => {
      return { arena, reserved: allocator !== this.allocator, address: firstPage * PAGE_BYTES };
    });
    return { capacityBytes: this.iovaLow.length * PAGE_BYTES, arenas };
  }

  /**
   * The same memory at the same addresses, on another thread. It gives out nothing but what is in `ranges`: pages that the thread which has
   * the first space has set aside there for this one.
   *
   * @throws RangeError when a range is not whole pages of one arena
   */
  static adopt(description: DmaDescription, ranges: readonly DmaRange[] = []): DmaSpace {
    const space = new DmaSpace(description.capacityBytes);
    for (const { arena, reserved, address } of description.arenas) {
      space.place(arena, reserved ? new PageAllocator() : space.allocator, address / PAGE_BYTES);
    }
    for (const { address, bytes } of ranges) {
      if (address % PAGE_BYTES !== 0)
        throw new RangeError(`address: expected a multiple of ${PAGE_BYTES}, got ${address}`);
      space.locate(address, bytes);
      space.allocator.add(address / PAGE_BYTES, Math.ceil(bytes / PAGE_BYTES));
    }
    return space;
  }

  /**
   * Sets aside at least `bytes` bytes, page-aligned, inside one arena, and gives the host address. The content is what was left there.
   *
   * @throws RangeError when no run of pages is free that fits, or `from` is not attached
   */
  allocate(bytes: number, options: DmaAllocateOptions = {}): number {
    if (!(Number.isSafeInteger(bytes) && bytes > 0)) throw new RangeError(`bytes: expected 1 or more, got ${bytes}`);
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const joined = options.contiguous === true ? this.isFollowedOnBus : this.isFollowedInBuffer;
    const firstPage = this.allocatorOf(options.from).take(pages, joined);
    if (firstPage < 0) {
      const kind = options.contiguous === true ? 'bus-contiguous ' : '';
      throw new RangeError(`bytes: expected a free ${kind}run of DMA pages, found none of ${bytes} bytes`);
    }
    return firstPage * PAGE_BYTES;
  }

  /** Gives back what {@link DmaSpace.allocate} gave. */
  free(address: number): void {
    const page = address >>> PAGE_SHIFT;
    const placed = this.placed.find((each) => page - each.firstPage < each.arena.iovaPages.length);
    (placed?.allocator ?? this.allocator).give(page);
  }

  /** A fresh view of `bytes` bytes from `address` on. @throws RangeError when they are not all inside one arena */
  bytes(address: number, bytes: number): Uint8Array {
    const { arena, offset } = this.locate(address, bytes);
    return new Uint8Array(arena.buffer, offset, bytes);
  }

  /** A fresh view of `count` 32-bit words from a 4-byte-aligned `address` on. @throws RangeError as {@link DmaSpace.bytes} */
  words(address: number, count: number): Uint32Array {
    const { arena, offset } = this.locate(address, count * 4);
    return new Uint32Array(arena.buffer, offset, count);
  }

  /** The view of one host page (`address >>> 12`), made once and kept: for copying without making garbage. */
  page(page: number): Uint8Array {
    const view = this.pageViews[page];
    if (view !== undefined) return view;
    const made = this.bytes(page * PAGE_BYTES, PAGE_BYTES);
    this.pageViews[page] = made;
    return made;
  }

  /** Whether all of `[address, address + bytes)` is attached memory. */
  contains(address: number, bytes: number): boolean {
    return address >= PAGE_BYTES && bytes >= 0 && address + bytes <= this.endAddress;
  }

  private readonly isFollowedInBuffer = (page: number): boolean => {
    return !this.placed.some((each) => each.firstPage === page + 1);
  };

  private readonly isFollowedOnBus = (page: number): boolean => {
    if (!this.isFollowedInBuffer(page) || page + 1 >= this.pagesEnd) return false;
    const here = this.iovaHigh[page] * 2 ** 32 + this.iovaLow[page];
    return this.iovaHigh[page + 1] * 2 ** 32 + this.iovaLow[page + 1] === here + PAGE_BYTES;
  };

  private allocatorOf(arena: DmaArena | undefined): PageAllocator {
    if (arena === undefined) return this.allocator;
    const placed = this.placed.find((each) => each.arena === arena);
    if (placed === undefined) throw new RangeError('from: expected an arena that is attached');
    return placed.allocator;
  }

  private locate(address: number, bytes: number): { arena: DmaArena; offset: number } {
    for (const { firstPage, arena } of this.placed) {
      const offset = address - firstPage * PAGE_BYTES;
      if (offset >= 0 && offset + bytes <= arena.buffer.byteLength) return { arena, offset };
    }
    throw new RangeError(
      `address: expected ${bytes} bytes inside one arena, got ${address} (page offset ${address & PAGE_MASK})`,
    );
  }
}
