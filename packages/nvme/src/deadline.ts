import type { AbortSignalLike, Clock, WaitOptions } from '@phasebit/core';
import { DriverError } from './errors.js';

/** One wait of the control plane: it ends when its time is over or its caller gives it up. Made when the wait begins. */
export class Deadline {
  private readonly endNs: number;

  constructor(
    private readonly clock: Clock,
    /** milliseconds that the wait may take */
    readonly deadlineMs: number,
    private readonly signal: AbortSignalLike | undefined = undefined,
  ) {
    this.endNs = clock.nowNs() + deadlineMs * 1e6;
  }

  /**
   * To be called before each pause.
   *
   * @param late - makes the error for a wait that took too long
   * @throws DriverError as {@link checkSignal}, or what `late` gives
   */
  check(late: () => DriverError): void {
    checkSignal(this.signal);
    if (this.clock.nowNs() > this.endNs) throw late();
  }

  /** For a wait inside this one: the same signal, and the time that is left. */
  rest(): WaitOptions {
    const deadlineMs = Math.max(0, (this.endNs - this.clock.nowNs()) / 1e6);
    return this.signal === undefined ? { deadlineMs } : { deadlineMs, signal: this.signal };
  }
}

/**
 * A signal for a work of many waits, each with a deadline of its own, that is to end as a whole after a time or when its caller gives it up.
 */
export class ExpiringSignal implements AbortSignalLike {
  private readonly endNs: number;

  /** @param operation - what the error calls it */
  constructor(
    private readonly clock: Clock,
    private readonly operation: string,
    private readonly wait: WaitOptions,
  ) {
    this.endNs = clock.nowNs() + (wait.deadlineMs ?? Number.POSITIVE_INFINITY) * 1e6;
  }

  /** @inheritDoc */
  get aborted(): boolean {
    return this.wait.signal?.aborted === true || this.clock.nowNs() > this.endNs;
  }

  /** @inheritDoc */
  get reason(): unknown {
    if (this.wait.signal?.aborted === true) return this.wait.signal.reason;
    return new DriverError('OPERATION_TIMEOUT', {
      operation: this.operation,
      deadlineMs: this.wait.deadlineMs ?? Number.POSITIVE_INFINITY,
    });
  }
}

/** @throws DriverError the signal's own reason if it is one, else ABORTED with the reason as its cause */
export function checkSignal(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted !== true) return;
  const { reason } = signal;
  throw reason instanceof DriverError ? reason : new DriverError('ABORTED', {}, { cause: reason });
}

/** Wait options with a signal alone, for waits whose deadline is not the caller's. */
export function onlySignal({ signal }: WaitOptions): WaitOptions {
  return signal === undefined ? {} : { signal };
}
