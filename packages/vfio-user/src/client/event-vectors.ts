import { type Clock, throwIfAborted } from '@phasebit/core';
import { closeDescriptor, createEventFd, readEventFd, waitReadable } from '@phasebit/linux';
import { type InterruptVectors, type InterruptWaitOptions, WAIT_SLICE_MS } from '@phasebit/pcie';

/** What {@link EventVectors} needs of its surroundings. */
export interface EventVectorsOptions {
  readonly count: number;
  readonly clock: Clock;
  /** lets a moment pass */
  readonly pause: () => Promise<void>;
  /** whether nothing will come any more */
  readonly isLost: () => boolean;
}

/**
 * MSI-X vectors as eventfds, which the server signals. Messages that came between two looks are told apart by their number; while a vector
 * is masked its eventfd is not looked at, and what it has gathered counts as one message when the mask goes.
 */
export class EventVectors implements InterruptVectors {
  /** @inheritDoc */
  readonly count: number;
  /** the eventfd of each vector */
  readonly eventFds: readonly number[];
  private readonly messages: Uint32Array;
  private readonly isMasked: Uint8Array;
  private waits = 0;
  private isClosed = false;

  constructor(private readonly options: EventVectorsOptions) {
    this.count = options.count;
    this.eventFds = Array.from({ length: options.count }, createEventFd);
    this.messages = new Uint32Array(options.count);
    this.isMasked = new Uint8Array(options.count);
  }

  /** @inheritDoc */
  received(vector: number): number {
    this.check(vector);
    if (this.isMasked[vector] === 0 && !this.isClosed) this.messages[vector] += readEventFd(this.eventFds[vector]);
    return this.messages[vector];
  }

  /** @inheritDoc */
  setMasked(vector: number, masked: boolean): void {
    const seen = this.received(vector);
    const wasMasked = this.isMasked[vector] !== 0;
    this.isMasked[vector] = masked ? 1 : 0;
    if (wasMasked && this.received(vector) !== seen) this.messages[vector] = seen + 1;
  }

  /** @inheritDoc */
  async wait(vector: number, seen: number, options: InterruptWaitOptions = {}): Promise<number> {
    this.waits++;
    try {
      return await this.waitOpen(vector, seen, options);
    } finally {
      if (--this.waits === 0 && this.isClosed) this.closeEventFds();
    }
  }

  private async waitOpen(vector: number, seen: number, options: InterruptWaitOptions): Promise<number> {
    const { clock, isLost, pause } = this.options;
    const { signal, timeoutMs = Infinity } = options;
    const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
    for (;;) {
      throwIfAborted(signal);
      const now = this.received(vector);
      const leftMs = (deadlineNs - clock.nowNs()) / 1e6;
      if (now !== seen >>> 0 || leftMs <= 0 || this.isClosed || isLost()) return now;
      if (this.isMasked[vector] !== 0) await pause();
      else if (!(await waitReadable(this.eventFds[vector], Math.min(leftMs, WAIT_SLICE_MS)))) await pause();
    }
  }

  /** Nothing comes any more; the eventfds are closed once nobody waits for them. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.waits === 0) this.closeEventFds();
  }

  private closeEventFds(): void {
    for (const fd of this.eventFds) closeDescriptor(fd);
  }

  private check(vector: number): void {
    if (!(vector >= 0 && vector < this.count)) {
      throw new RangeError(`vector: expected 0 to ${this.count - 1}, got ${vector}`);
    }
  }
}
