import { U32_RANGE } from '@phasebit/core';
import {
  FUSE_FIRST,
  FUSE_RESERVED,
  FUSE_SECOND,
  NVM_COMPARE,
  NVM_READ,
  PSDT_RESERVED,
  RW_CDW12_NLB0_MASK,
  SCT_MEDIA,
  SCT_PATH,
  SQE_CDW0_CID_SHIFT,
  SQE_CDW0_OPC_MASK,
  STATUS_ABORTED_FAILED_FUSED,
  STATUS_ABORTED_MISSING_FUSED,
  STATUS_ACCESS_DENIED,
  STATUS_COMPARE_FAILURE,
  STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_OPCODE,
  STATUS_MORE,
  STATUS_WRITE_FAULT,
  statusCode,
  statusSct,
} from '@phasebit/nvme-spec';
import { Command, PARKED } from '../command.js';
import type { ErrorLog } from '../error-log.js';
import { Corrupter } from '../faults/corrupter.js';
import type { FailMode } from '../faults/fail-mode.js';
import type { FaultPlan } from '../faults/fault-plan.js';
import type { Strike } from '../faults/strike.js';
import { completeStruck } from '../faults/struck-completion.js';
import type { SubmissionQueue } from '../submission-queue.js';
import { refusePair } from './fused-pair.js';
import { createIoHandlers } from './io-commands.js';
import type { IoContext, IoHandler } from './io-context.js';

const INVALID_FIELD = STATUS_INVALID_FIELD | STATUS_DNR;
const INVALID_OPCODE = STATUS_INVALID_OPCODE | STATUS_DNR;
const MISSING_FUSED = STATUS_ABORTED_MISSING_FUSED | STATUS_DNR;
const FAILED_FUSED = STATUS_ABORTED_FAILED_FUSED;
/** A fused pair needs two free slots, and one of a completion queue's always stays empty. */
const PAIR_ENTRIES_MIN = 3;

/**
 * Takes I/O commands off the shortest path, one or a fused pair at a time: copies them, executes them, and completes them now or later.
 * Hot path: allocates only in the constructor.
 */
export class CommandRunner {
  /** how the command that was taken last breaks the controller, until somebody takes it away */
  failMode: FailMode | undefined = undefined;
  private readonly first = new Command();
  private readonly second = new Command();
  private readonly handlers: readonly (IoHandler | undefined)[] = createIoHandlers();
  private readonly corrupter: Corrupter;

  constructor(
    private readonly io: IoContext,
    private readonly errors: ErrorLog,
    private readonly faults: FaultPlan,
  ) {
    this.corrupter = new Corrupter(faults.seed);
  }

  /**
   * Takes the command at the head of a queue, or the fused pair that begins there. The completion queue has a free slot, and the table
   * of commands in flight too.
   *
   * @param page - page of the ring where the entry lies
   * @param at - its first word there
   * @param cdw0 - that word, which was read already
   * @param waiting - how many commands the queue has, this one included
   * @returns commands taken; 0 when a pair is not whole yet or needs more room, so that the queue has to wait
   */
  take(queue: SubmissionQueue, page: Int32Array, at: number, cdw0: number, waiting: number): number {
    const { first } = this;
    const { inFlight } = this.io;
    first.load(page, at, cdw0, queue.id);
    inFlight.begin(0);
    let taken = 1;
    if (first.fuse === FUSE_FIRST) {
      taken = this.takePair(queue, waiting);
    } else {
      advance(queue);
      this.perform(queue, first, first.fuse === FUSE_SECOND ? MISSING_FUSED : 0);
    }
    inFlight.begin(0);
    return taken;
  }

  /**
   * Makes what came of a command into the status of its completion. A failure is put into the Error Information log, unless it is about
   * the path, and More is set. Whoever executed the command has filled `IoContext.report`.
   *
   * @param status - what a handler gave
   */
  judge(queueId: number, cdw0: number, status: number): number {
    if (status <= 0) {
      if (status === PARKED) this.io.completeAt(Infinity);
      return 0;
    }
    const sct = statusSct(status);
    if (sct === SCT_PATH) return status;
    if (sct === SCT_MEDIA && isIntegrityError(statusCode(status))) this.io.health.mediaErrors++;
    // A medium that has just become read only is a warning.
    if (statusCode(status) === STATUS_WRITE_FAULT) this.io.health.judge();
    const { report } = this.io;
    const withMore = status | STATUS_MORE;
    report.queueId = queueId;
    report.cid = cdw0 >>> SQE_CDW0_CID_SHIFT;
    report.opcode = cdw0 & SQE_CDW0_OPC_MASK;
    report.status = withMore;
    this.errors.add(report);
    return withMore;
  }

  /**
   * The entry at the head says that it is the first of a fused pair. The host has to make both visible by one doorbell write; where it
   * did not, a Compare waits for its Write. Both are executed in one go: nothing comes between them, and they complete in order.
   * [Base] 3.4.2
   */
  private takePair(queue: SubmissionQueue, waiting: number): number {
    const { first, second } = this;
    const { completionQueue } = queue;
    const isWhole = waiting > 1 && loadNext(queue, second);
    if (!isWhole && waiting === 1 && first.opcode === NVM_COMPARE) return 0;
    if (!isWhole || completionQueue.entries < PAIR_ENTRIES_MIN) {
      advance(queue);
      const isMissing = !isWhole && first.opcode === NVM_COMPARE;
      this.perform(queue, first, isMissing ? MISSING_FUSED : INVALID_FIELD);
      return 1;
    }
    if (completionQueue.room(2) < 2 || this.io.inFlight.free < 2) return 0;
    const refusal = refusePair(first, second);
    advance(queue);
    const status = this.perform(queue, first, refusal);
    advance(queue);
    // A second command is as worth retrying as the first, and with it.
    const failed = status === 0 ? 0 : FAILED_FUSED | (status & STATUS_DNR);
    this.perform(queue, second, refusal !== 0 ? refusal : failed);
    return 2;
  }

  /**
   * Executes a command unless it is refused already, and completes it.
   *
   * @param refusal - status that refuses it, or 0
   * @returns its status, 0 for a command that completes later and has not failed
   */
  private perform(queue: SubmissionQueue, command: Command, refusal: number): number {
    if (this.faults.isActive) return this.performStruck(queue, command, refusal);
    const { inFlight } = this.io;
    const status = this.judge(queue.id, command.cdw0, this.execute(command, refusal));
    if (inFlight.dueNs !== 0) inFlight.park(queue, command.cdw0, command.nsid, status, command.result);
    else queue.completionQueue.post(command.result, (queue.id << 16) | queue.head, command.cid, status);
    if (status !== 0) queue.completionQueue.hurry();
    return status;
  }

  private performStruck(queue: SubmissionQueue, command: Command, refusal: number): number {
    const { inFlight } = this.io;
    const strike = this.faults.strike(command);
    const outcome = this.execute(command, refusal !== 0 ? refusal : strike.status);
    const status = this.judge(queue.id, command.cdw0, outcome);
    if (status === 0 && strike.bits > 0) this.corrupt(command, strike);
    completeStruck(inFlight, queue, command, status, strike);
    if (strike.doorbellsLostNs > 0) this.faults.loseDoorbells(strike.doorbellsLostNs);
    if (strike.failMode !== undefined) this.failMode = strike.failMode;
    return status;
  }

  private execute(command: Command, refusal: number): number {
    const { io } = this;
    const handler = this.handlers[command.opcode];
    if (handler === undefined) return io.refuse(INVALID_OPCODE, command.nsid, 0, 0, 0);
    if (refusal !== 0) return io.refuse(refusal, command.nsid, -1, 0, 0);
    // [Base] 4.1.1
    if (command.fuse === FUSE_RESERVED || command.psdt === PSDT_RESERVED) {
      return io.refuse(INVALID_FIELD, command.nsid, 1, 0, 0);
    }
    return handler(io, command);
  }

  /** A Read or Write has just succeeded: the pieces of the transfer are still its own. */
  private corrupt(command: Command, strike: Strike): void {
    const { transfer, namespaces } = this.io;
    if (command.opcode === NVM_READ) {
      this.corrupter.corruptPieces(transfer, strike.bits);
      return;
    }
    const { medium, blockBytes } = namespaces.get(command.nsid)!;
    const lba = command.cdw(11) * U32_RANGE + command.cdw(10);
    const blocks = (command.cdw(12) & RW_CDW12_NLB0_MASK) + 1;
    this.corrupter.corruptMedium(medium, lba * blockBytes, blocks * blockBytes, strike.bits);
  }
}

/** Media statuses that say nothing about the data's integrity are not counted as such. [Base] 5.1.12.1.3 */
function isIntegrityError(code: number): boolean {
  return (
    code !== STATUS_COMPARE_FAILURE && code !== STATUS_ACCESS_DENIED && code !== STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK
  );
}

function advance(queue: SubmissionQueue): void {
  queue.head = queue.head + 1 === queue.entries ? 0 : queue.head + 1;
}

/** Copies the entry behind the head, which the host has submitted; whether it is the second of a fused pair. */
function loadNext(queue: SubmissionQueue, command: Command): boolean {
  const next = queue.head + 1 === queue.entries ? 0 : queue.head + 1;
  const page = queue.pages[next >>> 6];
  const at = (next & 63) << 4;
  command.load(page, at, page[at], queue.id);
  return command.fuse === FUSE_SECOND;
}
