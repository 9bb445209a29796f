import { assert } from '@phasebit/core';
import { type DmaArena, wrapDmaArena } from './dma-arena.js';
import { PAGE_BYTES } from './limits.js';

/** 2^20 pages of 4 KiB make 2^32 bytes: one step of an address's upper half. */
const PAGES_PER_HIGH = 0x10_0000;

/** A window of I/O virtual pages: `table[iovaPage - firstIovaPage]` is the device's number of that page, or -1 for a hole. */
class Window {
  constructor(
    readonly firstIovaPage: number,
    readonly table: Int32Array,
  ) {}
}

/** A page of a window that is hidden by memory of the device's own. */
interface Hidden {
  readonly table: Int32Array;
  readonly at: number;
  readonly page: number;
}

/** Memory of the device's own, and where it can be addressed. */
interface Overlay {
  readonly buffer: ArrayBufferLike;
  readonly window: Window;
  readonly hidden: readonly Hidden[];
  readonly firstPage: number;
  readonly pages: number;
}

/**
 * The device's view of host memory, as an IOMMU gives it: I/O virtual addresses only, looked up page by page, never beyond what
 * was mapped. A page has a small number of its own, with a byte view and a word view made at its first use and kept.
 */
export class DeviceDma {
  private readonly windows: Window[] = [];
  private current: Window | undefined;
  private readonly buffers: { buffer: ArrayBufferLike; firstPage: number; pages: number }[] = [];
  private readonly byteViews: (Uint8Array | undefined)[] = [];
  private readonly wordViews: (Uint32Array | undefined)[] = [];
  private readonly overlays: Overlay[] = [];
  private pageCount = 0;
  /** Whether memory of the device's own can be addressed. A field, so that it can be asked for on the way to something else. */
  hasOverlays = false;

  /** Maps all arenas given. */
  constructor(arenas: readonly DmaArena[] = []) {
    for (const arena of arenas) this.map(arena);
  }

  /** Makes an arena reachable. Its addresses must not overlap with what is mapped. */
  map(arena: DmaArena): void {
    const { iovaPages, buffer } = arena;
    assert(iovaPages.length * PAGE_BYTES === buffer.byteLength, 'an arena has an address for each of its pages');
    const window = windowOf(iovaPages, this.addBuffer(buffer));
    this.windows.push(window);
    this.current ??= window;
  }

  /**
   * Makes memory of the device's own reachable from `iovaBase` on, a multiple of 4096; if it was already, it moves. It hides what is
   * mapped there, since the device decodes such addresses before they reach the bus.
   */
  overlay(buffer: ArrayBufferLike, iovaBase: number): void {
    this.removeOverlay(buffer);
    const known = this.buffers.find((each) => each.buffer === buffer);
    const firstPage = known === undefined ? this.addBuffer(buffer) : known.firstPage;
    const window = windowOf(wrapDmaArena(buffer, iovaBase).iovaPages, firstPage);
    const hidden = this.windows.flatMap((each) => hide(each, window));
    this.windows.push(window);
    this.overlays.push({ buffer, window, hidden, firstPage, pages: window.table.length });
    this.hasOverlays = true;
  }

  /** Takes back what {@link DeviceDma.overlay} did; what was hidden is reachable again. */
  removeOverlay(buffer: ArrayBufferLike): void {
    const overlay = this.overlays.find((each) => each.buffer === buffer);
    if (overlay === undefined) return;
    this.overlays.splice(this.overlays.indexOf(overlay), 1);
    this.windows.splice(this.windows.indexOf(overlay.window), 1);
    if (this.current === overlay.window) this.current = this.windows[0];
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

  /** Gives the pages of a buffer numbers, and gives the first. */
  private addBuffer(buffer: ArrayBufferLike): number {
    const firstPage = this.pageCount;
    const pages = buffer.byteLength / PAGE_BYTES;
    this.buffers.push({ buffer, firstPage, pages });
    for (let i = 0; i < pages; i++) {
      this.byteViews.push(undefined);
      this.wordViews.push(undefined);
    }
    this.pageCount += pages;
    return firstPage;
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
    for (const { buffer, firstPage, pages } of this.buffers) {
      if (page < firstPage || page >= firstPage + pages) continue;
      const offset = (page - firstPage) * PAGE_BYTES;
      const bytes = (this.byteViews[page] = new Uint8Array(buffer, offset, PAGE_BYTES));
      const words = (this.wordViews[page] = new Uint32Array(buffer, offset, PAGE_BYTES / 4));
      return { bytes, words };
    }
    throw new RangeError(`page: expected 0 to ${this.pageCount - 1}, got ${page}`);
  }
}

/** The window that covers all of `iovaPages`, the first of which is the device's page `firstPage`. */
function windowOf(iovaPages: Float64Array, firstPage: number): Window {
  let first = Infinity;
  let last = 0;
  for (let i = 0; i < iovaPages.length; i++) {
    first = Math.min(first, iovaPages[i]);
    last = Math.max(last, iovaPages[i]);
  }
  const table = new Int32Array(last - first + 1).fill(-1);
  for (let i = 0; i < iovaPages.length; i++) table[iovaPages[i] - first] = firstPage + i;
  return new Window(first, table);
}

/** Makes holes in `window` where `over` lies, and gives what was there. */
function hide(window: Window, over: Window): Hidden[] {
  const hidden: Hidden[] = [];
  for (let i = 0; i < over.table.length; i++) {
    const at = over.firstIovaPage + i - window.firstIovaPage;
    if (at < 0 || at >= window.table.length || window.table[at] < 0) continue;
    hidden.push({ table: window.table, at, page: window.table[at] });
    window.table[at] = -1;
  }
  return hidden;
}
