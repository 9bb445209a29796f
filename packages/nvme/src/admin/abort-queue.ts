import type { WaitOptions } from '@phasebit/core';
import { ABORT_CDW10, ABORT_RESULT, ADMIN_ABORT } from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { Deadline } from '../deadline.js';
import { DriverError } from '../errors.js';
import { ABORTS_MAX } from '../limits.js';
import type { QueuePair } from '../queue-pair.js';

/** What became of the commands that had one context. */
export interface ContextAborts {
  /** commands that had not been sent: they complete as aborted, from the next poll of their queue pair */
  readonly queued: number;
  /** commands that the controller says it has aborted */
  readonly aborted: number;
  /** commands that it has not: they complete, or have completed, as if nobody had asked */
  readonly notAborted: number;
}

/**
 * Sends Abort commands, no more at a time than the controller takes (ACL); the others wait for their turn, first come, first served.
 * [Base] 5.1.1
 */
export class AbortQueue {
  private readonly tickets: object[] = [];

  /** @param limit - how many Abort commands the controller takes at a time, ACL + 1; asked anew each time */
  constructor(
    private readonly admin: AdminQueue,
    private readonly limit: () => number,
    private readonly deadlineMsDefault: number,
  ) {}

  /** Aborts that are at the controller or wait for their turn. */
  get outstanding(): number {
    return this.tickets.length;
  }

  /**
   * Asks the controller to abort one command. The command completes through its own callback in any case.
   *
   * @returns whether it was aborted at once; false when it was not found, has completed, or cannot be stopped
   * @throws DriverError COMMAND_FAILED, COMMAND_TIMEOUT, ABORTED or NOT_READY
   */
  async abort(qid: number, cid: number, options: WaitOptions = {}): Promise<boolean> {
    const ticket = {};
    this.tickets.push(ticket);
    try {
      const deadline = new Deadline(this.admin.clock, options.deadlineMs ?? this.deadlineMsDefault, options.signal);
      while (this.tickets.indexOf(ticket) >= Math.min(ABORTS_MAX, this.limit())) {
        deadline.check(
          () => new DriverError('COMMAND_TIMEOUT', { opcode: 'Abort', qid, cid, deadlineMs: deadline.deadlineMs }),
        );
        await this.admin.pause();
      }
      const cdw10 = ABORT_CDW10.CID.set(ABORT_CDW10.SQID.set(0, qid), cid);
      const command = { opcode: ADMIN_ABORT, cdw10 };
      const { dw0 } = await this.admin.demand(command, deadline.rest());
      return ABORT_RESULT.IANP.get(dw0) === 0;
    } finally {
      this.tickets.splice(this.tickets.indexOf(ticket), 1);
    }
  }

  /**
   * Aborts everything on a queue pair that was submitted with `context`: what waits is ended here, what is in flight is asked for.
   *
   * @throws DriverError as {@link AbortQueue.abort}
   */
  async abortContext(pair: QueuePair, context: unknown, options: WaitOptions = {}): Promise<ContextAborts> {
    const queued = pair.abortQueued(context);
    const asked = pair.cidsOf(context).map((cid) => this.abort(pair.qid, cid, options));
    const answers = await Promise.all(asked);
    const aborted = answers.filter((isAborted) => isAborted).length;
    return { queued, aborted, notAborted: answers.length - aborted };
  }
}
