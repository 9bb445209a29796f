import { assert } from '@phasebit/core';
import { type DmaArena, wrapDmaArena } from './dma-arena.js';
import { type HiddenPage, hideUnder, IovaWindow } from './iova-window.js';
import { PAGE_BYTES } from './limits.js';
import { PageAllocator } from './page-allocator.js';

/** 2^20 pages of 4 KiB make 2^32 bytes: one step of an address's upper half. */
const PAGES_PER_HIGH = 0x10_0000;

/** Memory of the device's own, and where it can be addressed. */
interface Overlay {
  readonly buffer: ArrayBufferLike;
  readonly window: IovaWindow;
  readonly hidden: HiddenPage[];
  readonly firstPage: number;
  readonly pages: number;
}

/** A buffer whose pages have numbers. */
interface Numbered {
  readonly buffer: ArrayBufferLike;
  readonly firstPage: number;
  readonly pages: number;
  readonly copies: PageCopies | undefined;
}

/**
 * Host memory that cannot be shared with the device: the buffer that is mapped in its place holds copies, which somebody makes fresh and
 * takes back. Pages are counted from the start of the buffer.
 */
export interface PageCopies {
  /** A page is going to be used: its copy is made fresh. Asked again only after {@link DeviceDma.expire}. */
  fetch(page: number): void;
  /** A view of a page is kept from now on, and looked at without asking. It was fetched before. */
  hold(page: number): void;
}

/**
 * The device's view of host memory, as an IOMMU gives it: I/O virtual addresses only, looked up page by page, never beyond what
 * was mapped. A page has a small number of its own, with a byte view and a word view made at its first use and kept.
 */
export class DeviceDma {
  private readonly windows: IovaWindow[] = [];
  private current: IovaWindow | undefined;
  private readonly mapped = new Map<DmaArena, IovaWindow>();
  private readonly buffers: Numbered[] = [];
  private readonly byteViews: (Uint8Array | undefined)[] = [];
  private readonly wordViews: (Uint32Array | undefined)[] = [];
  private readonly numbers = new PageAllocator();
  private readonly overlays: Overlay[] = [];
  /** Whether memory of the device's own can be addressed. A field, so that it can be asked for on the way to something else. */
  hasOverlays = false;

  /** Maps all arenas given. */
  constructor(arenas: readonly DmaArena[] = []) {
    for (const arena of arenas) this.map(arena);
  }

  /**
   * Makes an arena reachable. Its addresses must not overlap with what is mapped. Its pages keep the numbers that they had if the same
   * buffer was mapped before.
   *
   * @param copies - who keeps the buffer like the memory that it stands for; default nobody, it is the memory itself
   */
  map(arena: DmaArena, copies?: PageCopies): void {
    const { iovaPages, buffer } = arena;
    assert(iovaPages.length * PAGE_BYTES === buffer.byteLength, 'an arena has an address for each of its pages');
    assert(!this.mapped.has(arena), 'an arena is mapped once');
    const window = IovaWindow.over(iovaPages, this.number(buffer, copies).firstPage);
    for (const overlay of this.overlays) overlay.hidden.push(...hideUnder(window, overlay.window));
    this.windows.push(window);
    this.mapped.set(arena, window);
    this.current ??= window;
  }

  /**
   * Makes an arena unreachable. The numbers of its pages stay good for those who have them, as transfers and rings do, until
   * {@link DeviceDma.release}.
   *
   * @returns false when it is not mapped
   */
  unmap(arena: DmaArena): boolean {
    const window = this.mapped.get(arena);
    if (window === undefined) return false;
    this.mapped.delete(arena);
    this.removeWindow(window);
    for (const { hidden } of this.overlays) {
      for (let i = hidden.length - 1; i >= 0; i--) if (hidden[i].table === window.table) hidden.splice(i, 1);
    }
    return true;
  }

  /**
   * Takes the numbers and views of a buffer's pages back, which then belong to what is mapped next. REQUIRES that nobody has one any more:
   * no command and no queue of the controller's, as after a reset.
   *
   * @throws InvariantError when the buffer is still reachable
   */
  release(buffer: ArrayBufferLike): void {
    const at = this.buffers.findIndex((each) => each.buffer === buffer);
    if (at < 0) return;
    for (const arena of this.mapped.keys()) assert(arena.buffer !== buffer, 'memory that is released is not mapped');
    assert(!this.overlays.some((each) => each.buffer === buffer), 'memory that is released is not mapped');
    const { firstPage, pages } = this.buffers[at];
    this.buffers.splice(at, 1);
    for (let i = 0; i < pages; i++) this.expire(firstPage + i);
    this.numbers.give(firstPage);
  }

  /** Forgets the views of a page, so that its next use fetches it: see {@link PageCopies}. Views that somebody keeps stay good. */
  expire(page: number): void {
    this.byteViews[page] = undefined;
    this.wordViews[page] = undefined;
  }

  /** Number of the first page of a buffer that is mapped, or was and has not been released; -1 for any other. */
  firstPageOf(buffer: ArrayBufferLike): number {
    return this.buffers.find((each) => each.buffer === buffer)?.firstPage ?? -1;
  }

  /**
   * Makes memory of the device's own reachable from `iovaBase` on, a multiple of 4096; if it was already, it moves. It hides what is
   * mapped there, since the device decodes such addresses before they reach the bus.
   */
  overlay(buffer: ArrayBufferLike, iovaBase: number): void {
    this.removeOverlay(buffer);
    const { firstPage } = this.number(buffer, undefined);
    const window = IovaWindow.over(wrapDmaArena(buffer, iovaBase).iovaPages, firstPage);
    const hidden = this.windows.flatMap((each) => hideUnder(each, window));
    this.windows.push(window);
    this.overlays.push({ buffer, window, hidden, firstPage, pages: window.table.length });
    this.hasOverlays = true;
  }

  /** Takes back what {@link DeviceDma.overlay} did; what was hidden is reachable again. */
  removeOverlay(buffer: ArrayBufferLike): void {
    const overlay = this.overlays.find((each) => each.buffer === buffer);
    if (overlay === undefined) return;
    this.overlays.splice(this.overlays.indexOf(overlay), 1);
    this.removeWindow(overlay.window);
    for (const { table, at, page } of overlay.hidden) table[at] = page;
    this.hasOverlays = this.overlays.length > 0;
  }

  /** The device's own memory that a page lies in whose number {@link DeviceDma.pageAt} gave, or undefined for host memory. */
  overlayOf(page: number): ArrayBufferLike | undefined {
    for (let i = 0; i < this.overlays.length; i++) {
      const { buffer, firstPage, pages } = this.overlays[i];
      if (page >= firstPage && page < firstPage + pages) return buffer;
    }
    return undefined;
  }

  /** The device's number of the page at an I/O virtual address given as halves (bits 11:0 do not count), or -1 when nothing is mapped there. */
  pageAt(iovaLow: number, iovaHigh: number): number {
    const current = this.current;
    const iovaPage = iovaHigh * PAGES_PER_HIGH + (iovaLow >>> 12);
    if (current !== undefined) {
      const at = iovaPage - current.firstIovaPage;
      const page = at >= 0 && at < current.table.length ? current.table[at] : -1;
      if (page >= 0) return page; // a hole of this window may be another's page
    }
    return this.searchPage(iovaPage);
  }

  /** Byte view (4096) of a page number that {@link DeviceDma.pageAt} gave. */
  bytesOf(page: number): Uint8Array {
    const view = this.byteViews[page];
    return view !== undefined ? view : this.makeViews(page).bytes;
  }

  /** Word view (1024 words of 32 bits) of a page number that {@link DeviceDma.pageAt} gave. */
  wordsOf(page: number): Uint32Array {
    const view = this.wordViews[page];
    return view !== undefined ? view : this.makeViews(page).words;
  }

  /**
   * Word view of a page for somebody who keeps it and looks at it whenever it likes, as rings are looked at. The words are signed, since
   * V8 keeps signed words as small integers and unsigned ones, where they are large, as doubles.
   */
  keptWordsOf(page: number): Int32Array {
    const words = this.wordsOf(page);
    const { copies, firstPage } = this.numbered(page);
    if (copies !== undefined) copies.hold(page - firstPage);
    return new Int32Array(words.buffer, words.byteOffset, words.length);
  }

  /** Whether a page is a copy, made fresh at its use: what the host writes while somebody looks is not seen. */
  isCopy(page: number): boolean {
    return this.numbered(page).copies !== undefined;
  }

  /** Gives the pages of a buffer numbers, unless they have some. */
  private number(buffer: ArrayBufferLike, copies: PageCopies | undefined): Numbered {
    const known = this.buffers.find((each) => each.buffer === buffer);
    if (known !== undefined) return known;
    const pages = buffer.byteLength / PAGE_BYTES;
    let firstPage = this.numbers.take(pages, always);
    if (firstPage < 0) {
      this.numbers.add(this.byteViews.length, pages);
      for (let i = 0; i < pages; i++) {
        this.byteViews.push(undefined);
        this.wordViews.push(undefined);
      }
      firstPage = this.numbers.take(pages, always);
    }
    const made = { buffer, firstPage, pages, copies };
    this.buffers.push(made);
    return made;
  }

  private removeWindow(window: IovaWindow): void {
    this.windows.splice(this.windows.indexOf(window), 1);
    if (this.current === window) this.current = this.windows[0];
  }

  private searchPage(iovaPage: number): number {
    for (let i = 0; i < this.windows.length; i++) {
      const window = this.windows[i];
      const at = iovaPage - window.firstIovaPage;
      if (at >= 0 && at < window.table.length && window.table[at] >= 0) {
        this.current = window;
        return window.table[at];
      }
    }
    return -1;
  }

  private makeViews(page: number): { bytes: Uint8Array; words: Uint32Array } {
    const { buffer, firstPage, copies } = this.numbered(page);
    if (copies !== undefined) copies.fetch(page - firstPage);
    const offset = (page - firstPage) * PAGE_BYTES;
    const bytes = (this.byteViews[page] = new Uint8Array(buffer, offset, PAGE_BYTES));
    const words = (this.wordViews[page] = new Uint32Array(buffer, offset, PAGE_BYTES / 4));
    return { bytes, words };
  }

  private numbered(page: number): Numbered {
    for (const each of this.buffers) if (page >= each.firstPage && page < each.firstPage + each.pages) return each;
    throw new RangeError(`page: expected 0 to ${this.byteViews.length - 1}, got ${page}`);
  }
}

/** Numbers have no neighbours that could not follow each other. */
function always(): boolean {
  return true;
}
