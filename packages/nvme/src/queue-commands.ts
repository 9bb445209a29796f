import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  CREATE_IO_CQ_CDW11,
  CREATE_IO_QUEUE_CDW10,
  CREATE_IO_SQ_CDW11,
  DELETE_IO_QUEUE_CDW10,
  describeStatus,
  STATUS_INVALID_QUEUE_IDENTIFIER,
  statusCode,
} from '@phasebit/nvme-spec';
import type { AdminCommand, CommandCompletion } from './admin-command.js';
import { type AdminQueue, demandSuccess } from './admin-queue.js';
import { DriverError } from './errors.js';
import { QUEUE_PRIORITIES, type QueuePairSettings, type RingMemory } from './queue-pair-options.js';

/** Stands for the status of a command that was never sent. */
const NEVER_SENT = -1;

/**
 * Creates and deletes the two queues of one identifier at the controller, and knows which of them may be there. A command that nobody waits
 * for any more may still be carried out: until it is answered, its queue may be there and may not.
 *
 * K1. `mayExist` is false only when the controller has neither queue and no command that would create one.
 */
export class QueueCommands {
  private hasCq = false;
  private hasSq = false;
  /** somebody has stopped waiting for a command about these queues, so that what is known here may be behind */
  private isUnsure = false;
  private unanswered = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly admin: AdminQueue,
    private readonly qid: number,
  ) {}

  /** Whether the controller has either queue, or may come to have it. */
  get mayExist(): boolean {
    return this.hasCq || this.hasSq || this.unanswered !== 0;
  }

  /** Whether the controller has answered every command, or has lost it in a reset. */
  get isAnswered(): boolean {
    return this.unanswered === 0;
  }

  /** Resolves once the controller has answered every command. One may wait. */
  async answered(): Promise<void> {
    while (!this.isAnswered) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  /** The controller was disabled: it knows no I/O queue any more. */
  forget(): void {
    this.hasCq = false;
    this.hasSq = false;
    this.isUnsure = false;
  }

  /**
   * Makes the two queues known to the controller, the completion queue first. Without an interrupt vector completions are polled for.
   * [PCIe] and [Base] 5.2.1, 5.2.2
   *
   * @throws DriverError QUEUE_REFUSED with the controller's status, or as `AdminQueue.execute`; what is left behind then, `mayExist` says
   */
  async create(
    settings: Pick<QueuePairSettings, 'entries' | 'interruptVector' | 'priority'>,
    rings: RingMemory,
    wait: WaitOptions = {},
  ): Promise<void> {
    const { qid } = this;
    const { entries, interruptVector, priority } = settings;
    const cdw10 = CREATE_IO_QUEUE_CDW10.QSIZE0.set(CREATE_IO_QUEUE_CDW10.QID.set(0, qid), entries - 1);
    let cqCdw11 = CREATE_IO_CQ_CDW11.PC.set(0, 1);
    if (interruptVector !== undefined) {
      cqCdw11 = CREATE_IO_CQ_CDW11.IV.set(CREATE_IO_CQ_CDW11.IEN.set(cqCdw11, 1), interruptVector);
    }
    this.hasCq = true;
    const cq = { opcode: ADMIN_CREATE_IO_CQ, cdw10, cdw11: cqCdw11 };
    const cqStatus = await this.send(cq, rings.cqAddress, wait, (status) => void (this.hasCq &&= status === 0));
    refuseUnlessSuccess('completion', qid, cqStatus);
    let cdw11 = CREATE_IO_SQ_CDW11.CQID.set(CREATE_IO_SQ_CDW11.PC.set(0, 1), qid);
    cdw11 = CREATE_IO_SQ_CDW11.QPRIO.set(cdw11, QUEUE_PRIORITIES[priority]);
    this.hasSq = true;
    const sq = { opcode: ADMIN_CREATE_IO_SQ, cdw10, cdw11 };
    const sqStatus = await this.send(sq, rings.sqAddress, wait, (status) => void (this.hasSq &&= status === 0));
    if (sqStatus !== 0) await this.delete().catch(() => undefined); // the refusal says more
    refuseUnlessSuccess('submission', qid, sqStatus);
  }

  /**
   * Makes the controller forget what it has of both queues, the submission queue first. What is in flight on them is completed as aborted
   * before. [Base] 5.2.3, 5.2.4
   *
   * @throws DriverError as `AdminQueue.demand`; it can be tried again
   */
  async delete(wait: WaitOptions = {}): Promise<void> {
    const cdw10 = DELETE_IO_QUEUE_CDW10.QID.set(0, this.qid);
    if (this.hasSq) {
      const command = { opcode: ADMIN_DELETE_IO_SQ, cdw10 };
      const status = await this.send(command, 0, wait, (got) => void (this.hasSq &&= !this.isGone(got)));
      if (this.hasSq) demandSuccess(command, { status, dw0: 0 });
    }
    if (this.hasCq) {
      const command = { opcode: ADMIN_DELETE_IO_CQ, cdw10 };
      const status = await this.send(command, 0, wait, (got) => void (this.hasCq &&= !this.isGone(got)));
      if (this.hasCq) demandSuccess(command, { status, dw0: 0 });
    }
  }

  /** Whether a deletion that was answered so leaves no queue: one that was given up before may have been carried out meanwhile. */
  private isGone(status: number): boolean {
    return status === 0 || (this.isUnsure && statusCode(status) === STATUS_INVALID_QUEUE_IDENTIFIER);
  }

  /** @param onAnswered - told the status, also when nobody waits any more; NEVER_SENT for a command that found no place */
  private async send(
    command: AdminCommand,
    address: number,
    wait: WaitOptions,
    onAnswered: (status: number) => void,
  ): Promise<number> {
    const { admin } = this;
    this.unanswered++;
    let isAnswered = false;
    const onDone = (completion: CommandCompletion | undefined): void => {
      if (isAnswered) return;
      isAnswered = true;
      this.unanswered--;
      onAnswered(completion?.status ?? NEVER_SENT);
      if (this.isAnswered) this.wake();
    };
    try {
      const completion =
        address === 0
          ? await admin.execute(command, wait, onDone)
          : await admin.executeAt(command, address, wait, onDone);
      onDone(completion);
      return completion.status;
    } catch (error) {
      this.isUnsure ||= !isAnswered;
      throw error;
    }
  }
}

function refuseUnlessSuccess(queue: string, qid: number, status: number): void {
  if (status !== 0) throw new DriverError('QUEUE_REFUSED', { queue, qid, status: describeStatus(status) });
}
