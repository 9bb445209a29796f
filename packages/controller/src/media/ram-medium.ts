import { PAGE_BYTES } from '@phasebit/pcie';
import type { Transfer } from '../transfer.js';
import type { Medium } from './medium.js';

/** Pages of one chunk: 16 MiB, large enough that the table of chunks stays small and for the system to use large pages. */
const CHUNK_SHIFT = 12;
const CHUNK_PAGES = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_PAGES - 1;
const PAGE_MASK = PAGE_BYTES - 1;
/** 2^31 pages of 4 KiB: page numbers stay small integers. */
const RAM_BYTES_MAX = 2 ** 43;

/** What a {@link RamMedium} is made of. */
export interface RamMediumOptions {
  /** size, a positive multiple of 4096 up to 2^43; memory is taken as it is written, 16 MiB at a time */
  readonly bytes: number;
  /** memory that is there already, `bytes` long, and shows through with what it holds; default memory of its own, all zeros */
  readonly buffer?: ArrayBufferLike;
  /**
   * copies one whole page of 4096 bytes; default `target.set(source)`. V8 copies shared memory at half the speed of unshared (290
   * against 130 ns per page, Node 20), and WebAssembly's `memory.copy` does not care: who has both in one memory can use that here
   */
  readonly copyPage?: (target: Uint8Array, source: Uint8Array) => void;
}

/** 16 MiB of a medium: views of its pages, made at their first use and kept. */
class Chunk {
  /** 1 for each page that has data, 0 for one that reads as zeros whatever its memory holds */
  readonly present = new Uint8Array(CHUNK_PAGES);
  private readonly byteViews = new Array<Uint8Array | undefined>(CHUNK_PAGES).fill(undefined);
  private readonly wordViews = new Array<Uint32Array | undefined>(CHUNK_PAGES).fill(undefined);

  constructor(
    private readonly buffer: ArrayBufferLike,
    private readonly offset: number,
  ) {}

  bytesOf(page: number): Uint8Array {
    const view = this.byteViews[page];
    if (view !== undefined) return view;
    // eslint-disable-next-line no-restricted-syntax -- at the first use of a page only
    return (this.byteViews[page] = new Uint8Array(this.buffer, this.offset + page * PAGE_BYTES, PAGE_BYTES));
  }

  wordsOf(page: number): Uint32Array {
    const view = this.wordViews[page];
    if (view !== undefined) return view;
    // eslint-disable-next-line no-restricted-syntax -- at the first use of a page only
    return (this.wordViews[page] = new Uint32Array(this.buffer, this.offset + page * PAGE_BYTES, PAGE_BYTES / 4));
  }
}

/**
 * A medium in memory. Pages of 4 KiB, so that an aligned page is copied by one call between two views that exist already, and nothing
 * is allocated for an I/O once its pages have been touched. What was never written, or was deallocated, reads as zeros.
 */
export class RamMedium implements Medium {
  /** @inheritDoc */
  readonly bytes: number;
  private readonly chunks: (Chunk | undefined)[];
  private readonly copyPage: (target: Uint8Array, source: Uint8Array) => void;

  /** @throws RangeError naming the option that is out of range */
  constructor(options: RamMediumOptions) {
    const { bytes, buffer, copyPage = setPage } = options;
    if (!(Number.isSafeInteger(bytes) && bytes > 0 && bytes % PAGE_BYTES === 0 && bytes <= RAM_BYTES_MAX)) {
      throw new RangeError(`bytes: expected a positive multiple of ${PAGE_BYTES} up to 2^43, got ${bytes}`);
    }
    if (buffer !== undefined && buffer.byteLength !== bytes) {
      throw new RangeError(`buffer: expected ${bytes} bytes, got ${buffer.byteLength}`);
    }
    this.bytes = bytes;
    this.copyPage = copyPage;
    const count = Math.ceil(bytes / (CHUNK_PAGES * PAGE_BYTES));
    this.chunks = new Array<Chunk | undefined>(count).fill(undefined);
    if (buffer === undefined) return;
    for (let i = 0; i < count; i++) {
      const chunk = new Chunk(buffer, i * CHUNK_PAGES * PAGE_BYTES);
      chunk.present.fill(1);
      this.chunks[i] = chunk;
    }
  }

  /** @inheritDoc */
  read(transfer: Transfer): number {
    const { dma } = transfer;
    const byteOffset = transfer.byteOffset;
    let page = Math.floor(byteOffset / PAGE_BYTES);
    let at = byteOffset % PAGE_BYTES;
    for (let i = 0; i < transfer.count; i++) {
      const hostPage = transfer.pages[i];
      let hostAt = transfer.offsets[i];
      let left = transfer.lengths[i];
      while (left > 0) {
        const room = PAGE_BYTES - at;
        const part = left < room ? left : room;
        if (part === PAGE_BYTES) this.readPage(page, dma.bytesOf(hostPage));
        else this.readPart(page, at, dma.wordsOf(hostPage), hostAt, part);
        left -= part;
        hostAt += part;
        at = (at + part) & PAGE_MASK;
        if (at === 0) page++;
      }
    }
    return 0;
  }

  /** @inheritDoc */
  write(transfer: Transfer): number {
    const { dma } = transfer;
    const byteOffset = transfer.byteOffset;
    let page = Math.floor(byteOffset / PAGE_BYTES);
    let at = byteOffset % PAGE_BYTES;
    for (let i = 0; i < transfer.count; i++) {
      const hostPage = transfer.pages[i];
      let hostAt = transfer.offsets[i];
      let left = transfer.lengths[i];
      while (left > 0) {
        const room = PAGE_BYTES - at;
        const part = left < room ? left : room;
        if (part === PAGE_BYTES) this.writePage(page, dma.bytesOf(hostPage));
        else this.writePart(page, at, dma.wordsOf(hostPage), hostAt, part);
        left -= part;
        hostAt += part;
        at = (at + part) & PAGE_MASK;
        if (at === 0) page++;
      }
    }
    return 0;
  }

  /** @inheritDoc */
  zero(transfer: Transfer): number {
    const end = transfer.byteOffset + transfer.bytes;
    let position = transfer.byteOffset;
    while (position < end) {
      const page = Math.floor(position / PAGE_BYTES);
      const at = position % PAGE_BYTES;
      const part = Math.min(PAGE_BYTES - at, end - position);
      const chunk = this.chunks[page >>> CHUNK_SHIFT];
      if (chunk === undefined) {
        position = Math.min(end, ((page | CHUNK_MASK) + 1) * PAGE_BYTES);
        continue;
      }
      const index = page & CHUNK_MASK;
      if (part === PAGE_BYTES) chunk.present[index] = 0;
      else if (chunk.present[index] === 1) chunk.wordsOf(index).fill(0, at >>> 2, (at + part) >>> 2);
      position += part;
    }
    return 0;
  }

  /** @inheritDoc */
  deallocate(transfer: Transfer): number {
    return this.zero(transfer);
  }

  /** @inheritDoc */
  flush(): number {
    return 0;
  }

  private readPage(page: number, host: Uint8Array): void {
    const chunk = this.chunks[page >>> CHUNK_SHIFT];
    const index = page & CHUNK_MASK;
    if (chunk === undefined || chunk.present[index] === 0) host.fill(0);
    else this.copyPage(host, chunk.bytesOf(index));
  }

  private writePage(page: number, host: Uint8Array): void {
    const chunk = this.chunkOf(page);
    const index = page & CHUNK_MASK;
    this.copyPage(chunk.bytesOf(index), host);
    chunk.present[index] = 1;
  }

  private readPart(page: number, at: number, host: Uint32Array, hostAt: number, bytes: number): void {
    const chunk = this.chunks[page >>> CHUNK_SHIFT];
    const index = page & CHUNK_MASK;
    if (chunk === undefined || chunk.present[index] === 0) host.fill(0, hostAt >>> 2, (hostAt + bytes) >>> 2);
    else copyWords(host, hostAt >>> 2, chunk.wordsOf(index), at >>> 2, bytes >>> 2);
  }

  private writePart(page: number, at: number, host: Uint32Array, hostAt: number, bytes: number): void {
    const chunk = this.chunkOf(page);
    const index = page & CHUNK_MASK;
    const words = chunk.wordsOf(index);
    if (chunk.present[index] === 0) {
      words.fill(0);
      chunk.present[index] = 1;
    }
    copyWords(words, at >>> 2, host, hostAt >>> 2, bytes >>> 2);
  }

  private chunkOf(page: number): Chunk {
    const chunk = this.chunks[page >>> CHUNK_SHIFT];
    return chunk !== undefined ? chunk : this.addChunk(page >>> CHUNK_SHIFT);
  }

  private addChunk(index: number): Chunk {
    // eslint-disable-next-line no-restricted-syntax -- at the first write to 16 MiB only
    const chunk = new Chunk(new ArrayBuffer(CHUNK_PAGES * PAGE_BYTES), 0);
    this.chunks[index] = chunk;
    return chunk;
  }
}

function setPage(target: Uint8Array, source: Uint8Array): void {
  target.set(source);
}

function copyWords(target: Uint32Array, at: number, source: Uint32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) target[at + i] = source[from + i]!;
}
