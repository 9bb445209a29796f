import type { AbortSignalLike, Clock, WaitOptions } from '@phasebit/core';
import { BdevError } from './bdev-error.js';

/** Until when a slow call waits. */
export class WaitLimit {
  private readonly signal: AbortSignalLike | null;
  private readonly clock: Clock | null;
  private readonly deadlineNs: number;

  /** @throws RangeError when there is a deadline and no clock, or the deadline is not a number */
  constructor(options: WaitOptions, clock: Clock | null) {
    const { signal = null, deadlineMs = Infinity } = options;
    if (!(deadlineMs >= 0)) throw new RangeError(`deadlineMs: expected 0 or more, got ${deadlineMs}`);
    if (deadlineMs !== Infinity && clock === null) {
      throw new RangeError(`deadlineMs: expected a device with a clock, got ${deadlineMs} without one`);
    }
    this.signal = signal;
    this.clock = clock;
    this.deadlineNs = clock === null ? Infinity : clock.nowNs() + deadlineMs * 1e6;
  }

  /** @throws the signal's reason, or BdevError `ABORTED` or `DEADLINE`, when the wait is over */
  check(): void {
    if (this.signal !== null && this.signal.aborted) throw errorOf(this.signal.reason);
    if (this.clock !== null && this.clock.nowNs() >= this.deadlineNs) throw new BdevError('DEADLINE');
  }
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new BdevError('ABORTED', {}, { cause: reason });
}
