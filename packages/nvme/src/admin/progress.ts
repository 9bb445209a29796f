import type { WaitOptions } from '@phasebit/core';
import type { AdminQueue } from '../admin-queue.js';
import { Deadline, onlySignal } from '../deadline.js';
import { DriverError } from '../errors.js';

/** How an operation in the background of the controller is watched. */
export interface WatchOptions extends WaitOptions {
  /** milliseconds between two looks at its log; default 500 */
  readonly lookMs?: number;
}

/** Milliseconds between two looks at the log of an operation, unless the caller says otherwise. */
const LOOK_MS_DEFAULT = 500;

/**
 * Looks at an operation in the background of the controller now and then, until it has ended.
 *
 * @param look - reads the log and gives what it says of the operation
 * @param hasEnded - whether that is the end
 * @returns what was seen last
 * @throws DriverError OPERATION_TIMEOUT after `deadlineMs`, ABORTED, and whatever `look` throws
 */
export async function* watch<T>(
  admin: AdminQueue,
  operation: string,
  options: WatchOptions,
  deadlineMsDefault: number,
  look: (wait: WaitOptions) => Promise<T>,
  hasEnded: (seen: T) => boolean,
): AsyncGenerator<T, T, void> {
  const { clock } = admin;
  const lookMs = options.lookMs ?? LOOK_MS_DEFAULT;
  const deadline = new Deadline(clock, options.deadlineMs ?? deadlineMsDefault, options.signal);
  const late = (): DriverError => new DriverError('OPERATION_TIMEOUT', { operation, deadlineMs: deadline.deadlineMs });
  for (;;) {
    const seen = await look(onlySignal(options));
    if (hasEnded(seen)) return seen;
    yield seen;
    const nextNs = clock.nowNs() + lookMs * 1e6;
    do {
      deadline.check(late);
      await admin.pause();
    } while (clock.nowNs() < nextNs);
  }
}
