import { type DeviceDma, PAGE_BYTES } from '@phasebit/pcie';

const BYTE_OFFSET = 0;
const BYTES = 1;

/** Page number of a piece that is not there: what is read goes nowhere. */
export const NO_PAGE = -1;

/**
 * One transfer between a medium and host memory: which bytes of the medium, and the pieces of host memory they go to or come from,
 * in order. A piece lies inside one page. Made once and used again for every command.
 *
 * Invariants of a transfer that a medium is given:
 * - T1 Every piece has `offset + length <= 4096`, and its page number came from `DeviceDma.pageAt`.
 * - T2 Offsets and lengths are multiples of 4.
 * - T3 With `count > 0` the lengths add up to `bytes`.
 *
 * A scatter gather list can describe pieces of any length at any offset, and pieces that are not there (page `NO_PAGE`, of any length).
 * {@link Transfer.isDirect} says that there are none of these; {@link Transfer.gather} takes all of them.
 *
 * Hot path: allocates only in the constructor.
 */
export class Transfer {
  /** where the pages are; see `DeviceDma.bytesOf` and `DeviceDma.wordsOf` */
  readonly dma: DeviceDma;
  /** device page number of each piece */
  pages: Int32Array;
  /** first byte of each piece inside its page */
  offsets: Int32Array;
  /** bytes of each piece */
  lengths: Int32Array;
  /** pieces in use; 0 for commands that move no data */
  count = 0;
  /** whether T1 and T2 hold, so that a medium may have it; kept by whoever walks scatter gather lists */
  isDirect = true;
  // Numbers past 2^31 in a plain field or argument are boxed by V8, one garbage object per store; a Float64Array is not.
  private readonly extent = new Float64Array(2);

  /**
   * @param dma - the memory that the pieces lie in
   * @param bytesMax - size of the largest transfer; with an unaligned start it takes one page more
   */
  constructor(dma: DeviceDma, bytesMax: number) {
    const pieces = Math.ceil(bytesMax / PAGE_BYTES) + 1;
    this.dma = dma;
    this.pages = new Int32Array(pieces);
    this.offsets = new Int32Array(pieces);
    this.lengths = new Int32Array(pieces);
  }

  /** First byte on the medium. */
  get byteOffset(): number {
    return this.extent[BYTE_OFFSET];
  }

  /** Sets the first byte on the medium. */
  set byteOffset(value: number) {
    this.extent[BYTE_OFFSET] = value;
  }

  /** Bytes on the medium. */
  get bytes(): number {
    return this.extent[BYTES];
  }

  /** Sets the bytes on the medium. */
  set bytes(value: number) {
    this.extent[BYTES] = value;
  }

  /** Adds a piece behind the others; there is room for as many as it takes. */
  add(page: number, offset: number, length: number): void {
    const at = this.count;
    if (at === this.pages.length) this.grow();
    this.pages[at] = page;
    this.offsets[at] = offset;
    this.lengths[at] = length;
    this.count = at + 1;
    if (page < 0 || ((offset | length) & 3) !== 0) this.isDirect = false;
  }

  /** Leaves out whatever is past the first `bytes`. */
  limit(bytes: number): void {
    let left = bytes;
    for (let i = 0; i < this.count; i++) {
      if (left === 0) {
        this.count = i;
        return;
      }
      this.lengths[i] = Math.min(this.lengths[i], left);
      left -= this.lengths[i];
    }
  }

  /** Copies `source` from byte `from` on into the pieces, as far as they reach; the rest of the pieces is filled with zeros. */
  scatter(source: Uint8Array, from: number): void {
    let at = from;
    for (let i = 0; i < this.count; i++) {
      const start = this.offsets[i];
      const length = this.lengths[i];
      const piece = this.dma.bytesOf(this.pages[i]).subarray(start, start + length);
      const part = source.subarray(Math.min(at, source.length), Math.min(at + length, source.length));
      piece.set(part);
      piece.fill(0, part.length);
      at += length;
    }
  }

  /** Copies the data of the pieces from byte `from` on into `target`, as far as it reaches. */
  gather(target: Uint8Array, from: number): void {
    let begin = 0;
    for (let i = 0; i < this.count; i++) {
      const length = this.lengths[i];
      const skipped = Math.max(0, from - begin);
      const at = Math.max(0, begin - from);
      if (at >= target.length) return;
      if (skipped < length) {
        const start = this.offsets[i] + skipped;
        const bytes = Math.min(length - skipped, target.length - at);
        target.set(this.dma.bytesOf(this.pages[i]).subarray(start, start + bytes), at);
      }
      begin += length;
    }
  }

  private grow(): void {
    const pieces = this.pages.length * 2;
    this.pages = longer(this.pages, pieces);
    this.offsets = longer(this.offsets, pieces);
    this.lengths = longer(this.lengths, pieces);
  }
}

function longer(old: Int32Array, length: number): Int32Array {
  // eslint-disable-next-line no-restricted-syntax -- at a list with more pieces than any before it only
  const copy = new Int32Array(length);
  copy.set(old);
  return copy;
}
