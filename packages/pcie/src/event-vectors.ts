import { type Clock, throwIfAborted } from '@phasebit/core';
import type { InterruptVectors, InterruptWaitOptions } from './function.js';
import { WAIT_SLICE_MS } from './limits.js';

/** Eventfds as {@link EventVectors} uses them: counters outside of this thread that the device, or whoever speaks for it, adds messages to. */
export interface EventSource {
  /** What was added since the last look; it does not wait. */
  takeEvents(fd: number): number;
  /** Waits in the event loop until something was added or the time is over; Infinity for never. It keeps no process alive. */
  waitReadable(fd: number, timeoutMs: number): Promise<unknown>;
  /** Ends the waits for an eventfd at once, as if their time were over. */
  endWaits(fd: number): void;
  /** Closes an eventfd, for which nobody waits. */
  close(fd: number): void;
  /** Keeps the process alive until what it gives is called. */
  keepAlive(): () => void;
}

/**
 * MSI-X vectors whose messages are counted by eventfds, one for each. Messages are taken from them whenever somebody looks.
 *
 * What comes while a vector is masked is counted as one message when the mask goes, and until then nobody looks. The device does not know of
 * the mask: its messages still happen.
 */
export class EventVectors implements InterruptVectors {
  readonly count: number;
  private readonly messages: Uint32Array;
  private readonly isMasked: Uint8Array;
  private readonly isPending: Uint8Array;
  /** why no message comes any more */
  private ending: string | undefined = undefined;
  private isClosed = false;

  /** @param fds - the eventfd of each vector, this object's from now on: {@link EventVectors.close} closes them */
  constructor(
    private readonly fds: readonly number[],
    private readonly source: EventSource,
    private readonly clock: Clock,
  ) {
    this.count = fds.length;
    this.messages = new Uint32Array(fds.length);
    this.isMasked = new Uint8Array(fds.length);
    this.isPending = new Uint8Array(fds.length);
  }

  received(vector: number): number {
    this.check(vector);
    if (this.isMasked[vector] === 0) this.take(vector);
    return this.messages[vector];
  }

  setMasked(vector: number, masked: boolean): void {
    this.check(vector);
    this.take(vector);
    this.isMasked[vector] = masked ? 1 : 0;
    if (masked || this.isPending[vector] === 0) return;
    this.isPending[vector] = 0;
    this.messages[vector]++;
    if (!this.isClosed) this.source.endWaits(this.fds[vector]);
  }

  async wait(vector: number, seen: number, options: InterruptWaitOptions = {}): Promise<number> {
    const { signal, timeoutMs = Infinity } = options;
    this.check(vector);
    const deadlineNs = this.clock.nowNs() + timeoutMs * 1e6;
    for (;;) {
      throwIfAborted(signal);
      this.take(vector);
      const now = this.messages[vector];
      if (now !== seen >>> 0) return now;
      if (this.ending !== undefined) throw new Error(this.ending);
      const leftMs = (deadlineNs - this.clock.nowNs()) / 1e6;
      if (leftMs <= 0) return now;
      const sliceMs = signal === undefined ? leftMs : Math.min(leftMs, WAIT_SLICE_MS);
      await this.source.waitReadable(this.fds[vector], sliceMs);
    }
  }

  keepAlive(): () => void {
    return this.source.keepAlive();
  }

  /** No message comes any more: waits reject from now on, and those that are open at once. @param why - the text of the error */
  end(why: string): void {
    this.ending ??= why;
    if (this.isClosed) return;
    for (const fd of this.fds) this.source.endWaits(fd);
  }

  /** Ends it, and closes the eventfds: the device must not use them any more. Once is enough. */
  close(): void {
    if (this.isClosed) return;
    this.end('the function was closed');
    this.isClosed = true;
    for (const fd of this.fds) this.source.close(fd);
  }

  /** Takes what the eventfd has counted. */
  private take(vector: number): void {
    if (this.isClosed) return;
    const messages = this.source.takeEvents(this.fds[vector]);
    if (messages === 0) return;
    if (this.isMasked[vector] === 0) this.messages[vector] += messages;
    else this.isPending[vector] = 1;
  }

  private check(vector: number): void {
    if (!(vector >= 0 && vector < this.count)) {
      throw new RangeError(`vector: expected 0 to ${this.count - 1}, got ${vector}`);
    }
  }
}
