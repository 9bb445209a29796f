import { assert } from './assert.js';

/**
 * The free indexes of a fixed pool, last freed first taken: the most recently used entry is the one still in the cache.
 *
 * Invariants: `available` indexes lie in `stack[0..available)`, each once. Taking from an empty list is an answer (-1), not an error;
 * giving back more than the pool holds is a defect.
 * Hot path: allocates only in the constructor.
 */
export class FreeList {
  /** How many indexes the pool has in all. */
  readonly capacity: number;
  private readonly stack: Int32Array;
  private count: number;

  /** @param capacity - number of indexes, 1 to 2^30; they are 0 to `capacity - 1` and all free at first, 0 on top */
  constructor(capacity: number) {
    assert(capacity >= 1 && capacity <= 0x4000_0000, 'a free list holds 1 to 2^30 indexes');
    this.capacity = capacity;
    this.stack = new Int32Array(capacity);
    this.count = capacity;
    for (let i = 0; i < capacity; i++) this.stack[i] = capacity - 1 - i;
  }

  /** How many indexes are free. */
  get available(): number {
    return this.count;
  }

  /** Takes a free index, or -1 when there is none. */
  take(): number {
    const count = this.count;
    if (count === 0) return -1;
    this.count = count - 1;
    return this.stack[count - 1];
  }

  /** Gives back an index that was taken. */
  give(index: number): void {
    const count = this.count;
    assert(count < this.capacity, 'more indexes given back than taken');
    this.stack[count] = index;
    this.count = count + 1;
  }
}
