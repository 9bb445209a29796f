import type { Clock, Log, WaitOptions } from '@phasebit/core';
import { Deadline } from '../deadline.js';
import { DriverError } from '../errors.js';
import type { PairTable } from '../pair-table.js';

/** What a hold works with. */
export interface HeldController {
  readonly pairs: PairTable;
  readonly clock: Clock;
  readonly log: Log;
  /** lets a moment pass */
  pause(): Promise<void>;
}

/**
 * Runs commands that do not bear others beside them: one at a time, and with I/O held back. What is in flight completes first; what is submitted
 * meanwhile waits in its queue pair, in order, and does not get older. All namespaces are held back alike. Queue pairs of other threads are out of
 * reach. [Base] 5.1.12.1.6, CSE and CSER
 */
export class IoHold {
  private isTaken = false;

  constructor(private readonly of: HeldController) {}

  /**
   * Runs `command` alone.
   *
   * @param bearsIo - whether I/O may go on beside it, so that only others of its kind may not
   * @param wait - its deadline is for the commands that have to end first
   * @throws DriverError OPERATION_TIMEOUT when they do not: queue pairs are polled by their owners, not from here; ABORTED; what `command` throws
   */
  async run<T>(bearsIo: boolean, wait: WaitOptions & { deadlineMs: number }, command: () => Promise<T>): Promise<T> {
    const { clock, pairs, log } = this.of;
    const deadline = new Deadline(clock, wait.deadlineMs, wait.signal);
    while (this.isTaken) await this.pause(deadline, 'wait for another command');
    this.isTaken = true;
    try {
      if (bearsIo) return await command();
      pairs.holdBack(true);
      if (pairs.released > 0) log.warn(`I/O of ${pairs.released} queue pairs of other threads is not held back`);
      while (pairs.inFlight !== 0) await this.pause(deadline, 'wait for I/O in flight');
      return await command();
    } finally {
      if (!bearsIo) pairs.holdBack(false);
      this.isTaken = false;
    }
  }

  private async pause(deadline: Deadline, operation: string): Promise<void> {
    deadline.check(() => {
      const { inFlight } = this.of.pairs;
      return new DriverError('OPERATION_TIMEOUT', { operation, deadlineMs: deadline.deadlineMs, inFlight });
    });
    await this.of.pause();
  }
}
