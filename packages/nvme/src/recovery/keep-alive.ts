import { type Log } from '@phasebit/core';
import { ADMIN_KEEP_ALIVE, describeStatus } from '@phasebit/nvme-spec';
import { encodeCommand } from '../admin-command.js';
import type { QueuePair } from '../queue-pair.js';
import { SUBMIT_ACCEPTED } from '../submit-result.js';

/** Tells a controller now and then that its host lives, twice in the time that it granted, and notices when it does not answer. [Base] 3.9 */
export class KeepAlive {
  /** keep alives that were answered */
  answered = 0;
  private readonly command = encodeCommand({ opcode: ADMIN_KEEP_ALIVE });
  private queuePair: QueuePair | undefined;
  private grantedNs = 0;
  private dueNs = 0;
  private sentNs = 0;
  private isOutstanding = false;

  constructor(private readonly log: Log) {}

  /** Milliseconds granted, 0 while there is no keep alive. */
  get grantedMs(): number {
    return this.grantedNs / 1e6;
  }

  /** Begins, with a controller that has just been brought up. @param grantedMs - 0 for no keep alive */
  start(queuePair: QueuePair, grantedMs: number, nowNs: number): void {
    this.queuePair = queuePair;
    this.grantedNs = grantedMs * 1e6;
    this.dueNs = nowNs + this.grantedNs / 2;
    this.isOutstanding = false;
  }

  /** Ends: the controller is reset, shut down or gone. */
  stop(): void {
    this.grantedNs = 0;
    this.queuePair = undefined;
  }

  /**
   * Sends one if it is time to. Completions have been taken just before.
   *
   * @returns milliseconds that the controller has owed an answer for, if that is longer than it granted; else 0
   */
  tick(nowNs: number): number {
    const { queuePair } = this;
    if (this.grantedNs === 0 || queuePair === undefined) return 0;
    if (this.isOutstanding) {
      const waitedNs = nowNs - this.sentNs;
      return waitedNs > this.grantedNs ? waitedNs / 1e6 : 0;
    }
    if (nowNs < this.dueNs) return 0;
    // Without a free request the admin queue is busy; the next tick tries again.
    if (queuePair.submitCommand(this.command, 0, 0, this.onAnswer, queuePair) !== SUBMIT_ACCEPTED) return 0;
    this.isOutstanding = true;
    this.sentNs = nowNs;
    this.dueNs = nowNs + this.grantedNs / 2;
    return 0;
  }

  private readonly onAnswer = (context: unknown, status: number): void => {
    if (context !== this.queuePair) return;
    this.isOutstanding = false;
    this.answered++;
    if (status !== 0) this.log.warn(`keep alive was not taken: ${describeStatus(status)}`);
  };
}
