import { IndexFifo } from '@phasebit/core';

/**
 * Indexes of the I/Os that wait for the device to have room, oldest first. The oldest is kept apart, so that it can be offered again
 * and again without losing its place, and so that "does anything wait?" is one comparison on the hot path.
 *
 * Invariant: the queue is empty while `oldest` is -1.
 * Hot path: allocates only in the constructor.
 */
export class WaitLine {
  /** the index that waits longest, -1 when nothing waits */
  oldest = -1;
  private readonly younger: IndexFifo;

  /** @param capacity - most indexes that can wait */
  constructor(capacity: number) {
    this.younger = new IndexFifo(capacity);
  }

  /** How many wait. */
  get length(): number {
    return this.oldest < 0 ? 0 : 1 + this.younger.length;
  }

  /** Goes to the end of the line. */
  push(index: number): void {
    if (this.oldest < 0) this.oldest = index;
    else this.younger.push(index);
  }

  /** The oldest has gone: the next is the oldest now. */
  advance(): void {
    this.oldest = this.younger.shift();
  }
}
