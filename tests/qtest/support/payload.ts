import type { Prng } from '@phasebit/core';
import { IoVector } from '@phasebit/nvme';
import { type DmaSpace, PAGE_BYTES } from '@phasebit/pcie';

/**
 * How a payload lies in memory.
 *
 * - `contiguous`: in one piece, from any dword on.
 * - `pages`: in whole pages in any order; the first begins inside of its page, the last ends inside.
 * - `bytes`: in pieces of any length, anywhere.
 */
export type PayloadShape = 'contiguous' | 'pages' | 'bytes';

/** What memory holds where no payload is. */
const CANARY = 0xc5;
const PIECES_MAX = 12;
const ELEMENTS_MAX = 512;

/** Bytes of memory in which a payload is laid out. */
export function slotBytesOf(payloadBytes: number): number {
  return 2 * PAGE_BYTES * Math.ceil(payloadBytes / PAGE_BYTES) + 2 * PAGE_BYTES;
}

/** A payload in a slot of DMA memory, and canaries around its pieces. */
export class Payload {
  /** the pieces in order; one of them where it is contiguous */
  readonly pieces = new IoVector(ELEMENTS_MAX);
  private readonly slotMemory: Uint8Array;
  private readonly slotCanaries: Uint8Array;
  private memory: Uint8Array;

  /**
   * @param slot - host address of the slot, page-aligned
   * @param slotBytes - its bytes: {@link slotBytesOf} the largest payload
   */
  constructor(
    dma: DmaSpace,
    private readonly slot: number,
    slotBytes: number,
  ) {
    this.slotMemory = dma.bytes(slot, slotBytes);
    this.slotCanaries = new Uint8Array(slotBytes).fill(CANARY);
    this.memory = this.slotMemory;
  }

  /** Lays out a payload anew, with canaries everywhere. */
  place(shape: PayloadShape, bytes: number, prng: Prng): void {
    this.memory = this.slotMemory.subarray(0, slotBytesOf(bytes));
    this.memory.fill(CANARY);
    this.pieces.clear();
    if (shape === 'contiguous') this.pieces.add(this.slot + 4 * prng.below(PAGE_BYTES / 4), bytes);
    else if (shape === 'pages') this.placePages(bytes, prng);
    else this.placeBytes(bytes, prng);
  }

  /** Puts bytes into the payload. */
  fill(bytes: Uint8Array): void {
    this.each((part, at) => part.set(bytes.subarray(at, at + part.length)));
  }

  /** Takes the bytes of the payload out of memory. @throws Error when a byte beside it was changed */
  take(bytes: number): Uint8Array {
    const found = new Uint8Array(bytes);
    this.each((part, at) => {
      found.set(part, at);
      part.fill(CANARY);
    });
    if (Buffer.compare(this.memory, this.slotCanaries.subarray(0, this.memory.length)) !== 0) {
      const spoilt = this.memory.findIndex((byte) => byte !== CANARY);
      throw new Error(`memory: byte ${spoilt} of the slot is none of the payload's and was changed`);
    }
    return found;
  }

  private placePages(bytes: number, prng: Prng): void {
    const pages = shuffled(this.memory.length / PAGE_BYTES, prng);
    let offset = 4 * prng.below(PAGE_BYTES / 4);
    for (let i = 0, left = bytes; left > 0; i++, offset = 0) {
      const length = Math.min(left, PAGE_BYTES - offset);
      this.pieces.add(this.slot + pages[i] * PAGE_BYTES + offset, length);
      left -= length;
    }
  }

  private placeBytes(bytes: number, prng: Prng): void {
    const count = Math.min(bytes, 1 + prng.below(PIECES_MAX));
    const cuts = Array.from({ length: count - 1 }, () => 1 + prng.below(bytes - 1));
    const ends = [...new Set([...cuts, bytes])].sort((a, b) => a - b);
    const lengths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
    const gap = Math.floor((this.memory.length - bytes) / lengths.length);
    const places: number[] = [];
    let free = 0;
    for (const piece of shuffled(lengths.length, prng)) {
      places[piece] = free + prng.below(gap + 1);
      free += gap + lengths[piece];
    }
    lengths.forEach((length, piece) => this.pieces.add(this.slot + places[piece], length));
  }

  private each(visit: (part: Uint8Array, at: number) => void): void {
    const { addresses, lengths, count } = this.pieces;
    for (let i = 0, at = 0; i < count; at += lengths[i++]) {
      const begin = addresses[i] - this.slot;
      visit(this.memory.subarray(begin, begin + lengths[i]), at);
    }
  }
}

/** The numbers below `count` in any order. */
function shuffled(count: number, prng: Prng): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = prng.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
