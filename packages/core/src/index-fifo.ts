import { assert } from './assert.js';

/**
 * A bounded first-in first-out queue of indexes: a ring of the next power of two, so that wrapping is a mask.
 *
 * Invariant: `length <= capacity`; pushing onto a full queue is a defect, since whoever owns it sized it for all there can be.
 * Hot path: allocates only in the constructor.
 */
export class IndexFifo {
  /** How many indexes it can hold. */
  readonly capacity: number;
  private readonly ring: Int32Array;
  private readonly mask: number;
  private head = 0;
  private count = 0;

  /** @param capacity - most indexes queued at once, 1 to 2^30 */
  constructor(capacity: number) {
    assert(capacity >= 1 && capacity <= 0x4000_0000, 'a queue holds 1 to 2^30 indexes');
    let size = 1;
    while (size < capacity) size *= 2;
    this.capacity = capacity;
    this.ring = new Int32Array(size);
    this.mask = size - 1;
  }

  /** How many indexes wait. */
  get length(): number {
    return this.count;
  }

  /** Appends an index. */
  push(index: number): void {
    assert(this.count < this.capacity, 'pushed onto a full queue');
    this.ring[(this.head + this.count) & this.mask] = index;
    this.count++;
  }

  /** The index that `position` others are to be taken before, which stays; 0 for the oldest. -1 when there is none. */
  at(position: number): number {
    return position < this.count ? this.ring[(this.head + position) & this.mask] : -1;
  }

  /** Removes and gives the oldest index, or -1 when the queue is empty. */
  shift(): number {
    if (this.count === 0) return -1;
    const index = this.ring[this.head];
    this.head = (this.head + 1) & this.mask;
    this.count--;
    return index;
  }
}
