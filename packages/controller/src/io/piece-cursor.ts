import { PAGE_BYTES, PAGE_MASK, PAGE_SHIFT } from '@phasebit/pcie';
import type { StagedRange } from './staged-range.js';
import { NO_PAGE, type Transfer } from '../transfer.js';

/**
 * A place in the pieces of a transfer: bytes are copied run after run between staged memory and the pieces, each run where the one before
 * it has ended. It makes no view of either.
 *
 * Hot path: allocates only in the constructor.
 */
export class PieceCursor {
  private piece = 0;
  /** bytes of that piece that were copied already */
  private done = 0;

  /** Goes to the first piece. */
  rewind(): void {
    this.piece = 0;
    this.done = 0;
  }

  /** Copies bytes of staged memory from `from` on into the pieces, as far as they reach. What falls on a missing piece is dropped. */
  put(pieces: Transfer, staged: StagedRange, from: number, bytes: number): void {
    this.copy(pieces, staged, from, bytes, true);
  }

  /** Copies bytes of the pieces, as far as they reach, into staged memory from `to` on; it has room. */
  fetch(pieces: Transfer, staged: StagedRange, to: number, bytes: number): void {
    this.copy(pieces, staged, to, bytes, false);
  }

  private copy(pieces: Transfer, staged: StagedRange, begin: number, bytes: number, isPut: boolean): void {
    const end = begin + bytes;
    let at = begin;
    while (at < end && this.piece < pieces.count) {
      const left = pieces.lengths[this.piece] - this.done;
      const part = left < end - at ? left : end - at;
      const page = pieces.pages[this.piece];
      if (page !== NO_PAGE) copyRun(pieces, page, pieces.offsets[this.piece] + this.done, staged, at, part, isPut);
      at += part;
      this.done += part;
      if (part < left) continue;
      this.piece++;
      this.done = 0;
    }
  }
}

/** Copies bytes of one page of the host's. */
function copyRun(
  { dma }: Transfer,
  page: number,
  offset: number,
  staged: StagedRange,
  at: number,
  bytes: number,
  isPut: boolean,
): void {
  if (bytes === PAGE_BYTES && (at & PAGE_MASK) === 0) {
    const whole = staged.pageOf(at >>> PAGE_SHIFT);
    if (isPut) dma.bytesOf(page).set(whole);
    else whole.set(dma.bytesOf(page));
  } else if (((offset | at | bytes) & 3) === 0) {
    const words = dma.wordsOf(page);
    if (isPut) copyItems(words, offset >>> 2, staged.words, at >>> 2, bytes >>> 2);
    else copyItems(staged.words, at >>> 2, words, offset >>> 2, bytes >>> 2);
  } else if (isPut) {
    copyBytes(dma.bytesOf(page), offset, staged.bytes, at, bytes);
  } else {
    copyBytes(staged.bytes, at, dma.bytesOf(page), offset, bytes);
  }
}

// Two functions, so that each sees arrays of one kind.

function copyItems(target: Uint32Array, to: number, source: Uint32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
}

function copyBytes(target: Uint8Array, to: number, source: Uint8Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) target[to + i] = source[from + i]!;
}
