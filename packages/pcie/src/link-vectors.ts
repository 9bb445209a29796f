import { type Clock, throwIfAborted } from '@phasebit/core';
import type { InterruptVectors, InterruptWaitOptions } from './function.js';
import { WAIT_SLICE_MS } from './limits.js';
import { type LinkMemory, VECTOR_MESSAGES, VECTOR_WAITING } from './link-memory.js';
import { setVectorMask, vectorAt } from './link-port.js';

/** What `Atomics.waitAsync` gives. */
interface AsyncWait {
  readonly async: boolean;
  readonly value: unknown;
}

/** The part of `Atomics` that the language's library of 2022 does not declare. */
interface AtomicsThatWait {
  readonly waitAsync?: (words: Int32Array, index: number, value: number, timeoutMs: number) => AsyncWait;
}

/** The host's end of a link's vectors. */
export class LinkVectors implements InterruptVectors {
  readonly count: number;
  private readonly words: Int32Array;
  private readonly canSleep: boolean;

  constructor(
    memory: LinkMemory,
    private readonly clock: Clock,
    private readonly pause: () => Promise<void>,
  ) {
    this.count = memory.vectors;
    this.words = memory.words;
    const isShared = typeof SharedArrayBuffer !== 'undefined' && memory.words.buffer instanceof SharedArrayBuffer;
    this.canSleep = isShared && (Atomics as AtomicsThatWait).waitAsync !== undefined;
  }

  received(vector: number): number {
    return Atomics.load(this.words, this.at(vector)) >>> 0;
  }

  setMasked(vector: number, masked: boolean): void {
    const at = this.at(vector);
    if (!setVectorMask(this.words, at, masked)) return;
    if (Atomics.load(this.words, at + VECTOR_WAITING) !== 0) Atomics.notify(this.words, at + VECTOR_MESSAGES);
  }

  async wait(vector: number, seen: number, options: InterruptWaitOptions = {}): Promise<number> {
    const { signal, timeoutMs = Infinity } = options;
    const at = this.at(vector);
    const deadlineNs = this.clock.nowNs() + timeoutMs * 1e6;
    if (this.canSleep) Atomics.add(this.words, at + VECTOR_WAITING, 1);
    try {
      for (;;) {
        throwIfAborted(signal);
        const now = this.received(vector);
        const leftMs = (deadlineNs - this.clock.nowNs()) / 1e6;
        if (now !== seen >>> 0 || leftMs <= 0) return now;
        if (!this.canSleep) await this.pause();
        else await this.sleep(at, seen | 0, signal === undefined ? leftMs : Math.min(leftMs, WAIT_SLICE_MS));
      }
    } finally {
      if (this.canSleep) Atomics.sub(this.words, at + VECTOR_WAITING, 1);
    }
  }

  private async sleep(at: number, seen: number, timeoutMs: number): Promise<void> {
    const { value } = (Atomics as AtomicsThatWait).waitAsync!(this.words, at + VECTOR_MESSAGES, seen, timeoutMs);
    await value;
  }

  private at(vector: number): number {
    if (!(vector >= 0 && vector < this.count)) {
      throw new RangeError(`vector: expected 0 to ${this.count - 1}, got ${vector}`);
    }
    return vectorAt(vector);
  }
}
