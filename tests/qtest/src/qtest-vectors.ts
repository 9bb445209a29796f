import { type Clock, throwIfAborted } from '@phasebit/core';
import type { InterruptVectors, InterruptWaitOptions } from '@phasebit/pcie';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MachineBus } from './machine-bus.js';

const ENTRY_BYTES = 16;
const VECTOR_CONTROL = 12;
/** What a message stores. Nobody else stores there, so it only has to differ from 0. */
const MESSAGE = 1;
/** Turns of the event loop that a wait takes before it naps. */
const TURNS_MAX = 100;
const NAP_MS = 1;

/** Where the vectors of a function are. */
export interface VectorPlaces {
  /** machine address of the MSI-X table */
  readonly table: number;
  /** machine address of the words that messages are stored to, one for each vector */
  readonly messages: number;
  /** the same words, as this process sees them: their number is the number of vectors */
  readonly words: Int32Array;
}

/**
 * MSI-X vectors whose messages are stored to a word of RAM each. A message that is seen is counted and its word cleared, so several between
 * two looks count as one, as messages do that find a pending bit set.
 */
export class QtestVectors implements InterruptVectors {
  readonly count: number;
  private readonly words: Int32Array;
  private readonly seen: Uint32Array;

  constructor(
    private readonly bus: MachineBus,
    private readonly places: VectorPlaces,
    private readonly clock: Clock,
  ) {
    this.words = places.words;
    this.count = places.words.length;
    this.seen = new Uint32Array(this.count);
    for (let vector = 0; vector < this.count; vector++) {
      const entry = this.entry(vector);
      bus.write64(entry, places.messages + vector * 4, 0);
      bus.write64(entry + 8, MESSAGE, 0);
    }
  }

  received(vector: number): number {
    this.check(vector);
    if (Atomics.exchange(this.words, vector, 0) !== 0) this.seen[vector]++;
    return this.seen[vector];
  }

  setMasked(vector: number, masked: boolean): void {
    this.check(vector);
    this.bus.write32(this.entry(vector) + VECTOR_CONTROL, masked ? 1 : 0);
  }

  async wait(vector: number, seen: number, options: InterruptWaitOptions = {}): Promise<number> {
    const { signal, timeoutMs = Infinity } = options;
    const deadlineNs = this.clock.nowNs() + timeoutMs * 1e6;
    for (let turns = 0; ; turns++) {
      throwIfAborted(signal);
      const now = this.received(vector);
      if (now !== seen >>> 0 || this.clock.nowNs() >= deadlineNs) return now;
      if (turns < TURNS_MAX) await nextTurn();
      else await nap();
    }
  }

  private entry(vector: number): number {
    return this.places.table + vector * ENTRY_BYTES;
  }

  private check(vector: number): void {
    if (!(vector >= 0 && vector < this.count)) {
      throw new RangeError(`vector: expected 0 to ${this.count - 1}, got ${vector}`);
    }
  }
}

/** A moment that does not by itself keep the process alive. */
function nap(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, NAP_MS).unref());
}
