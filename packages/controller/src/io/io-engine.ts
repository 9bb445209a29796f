import {
  NVM_READ,
  NVM_WRITE,
  SQE_CDW0_CID_SHIFT,
  SQE_CDW0_FUSE_MASK,
  SQE_CDW0_FUSE_SHIFT,
  SQE_CDW0_OPC_MASK,
  SQE_CDW0_PSDT_MASK,
  SQE_CDW0_PSDT_SHIFT,
} from '@phasebit/nvme-spec';
import { PARKED } from '../command.js';
import type { ErrorLog } from '../error-log.js';
import type { FailMode } from '../faults/fail-mode.js';
import type { FaultPlan } from '../faults/fault-plan.js';
import type { InFlight } from '../in-flight.js';
import type { SubmissionQueue } from '../submission-queue.js';
import { CommandRunner } from './command-runner.js';
import type { IoContext } from './io-context.js';
import { readOrWrite } from './read-write.js';

// V8 folds constants of its own module only (Node 20), so the imported ones are bound here once.
const READ = NVM_READ;
const WRITE = NVM_WRITE;
const CID_SHIFT = SQE_CDW0_CID_SHIFT;
const PARKED_STATUS = PARKED;
/** Opcode, FUSE and PSDT: equal to the opcode alone when the command is neither fused nor has SGLs. */
const KIND_MASK =
  SQE_CDW0_OPC_MASK | (SQE_CDW0_FUSE_MASK << SQE_CDW0_FUSE_SHIFT) | (SQE_CDW0_PSDT_MASK << SQE_CDW0_PSDT_SHIFT);

/**
 * Takes commands from I/O submission queues, executes them at once and completes them, at once or later.
 * Hot path: allocates only in the constructor.
 */
export class IoEngine {
  private readonly runner: CommandRunner;
  private readonly inFlight: InFlight;

  /** @param fail - breaks the controller, as a fault asks for it */
  constructor(
    private readonly io: IoContext,
    errors: ErrorLog,
    private readonly faults: FaultPlan,
    private readonly fail: (mode: FailMode) => void,
  ) {
    this.runner = new CommandRunner(io, errors, faults);
    this.inFlight = io.inFlight;
  }

  /**
   * One turn of a queue: up to `budget` commands, as many as it has and its completion queue has slots for; one more to make a fused
   * pair whole. The slots are granted first, so a command that was fetched can always be completed.
   *
   * @returns commands taken
   */
  run(queue: SubmissionQueue, budget: number): number {
    const waiting = queue.waiting();
    if (waiting === 0) return 0;
    if (this.faults.isActive) return this.runFaulty(queue, budget, waiting);
    const completions = queue.completionQueue;
    const free = this.inFlight.free;
    const wanted = waiting < budget ? waiting : budget;
    const count = completions.room(wanted < free ? wanted : free);
    const io = this.io;
    const pages = queue.pages;
    const last = queue.entries - 1;
    const dw2 = queue.id << 16;
    let head = queue.head;
    let done = 0;
    while (done < count) {
      const page = pages[head >>> 6];
      const at = (head & 63) << 4;
      const cdw0 = page[at];
      const kind = cdw0 & KIND_MASK;
      if (kind === READ || kind === WRITE) {
        head = head === last ? 0 : head + 1;
        done++;
        let status = readOrWrite(io, page, at, kind);
        if (status !== 0) {
          status = this.settle(queue, cdw0, status);
          if (status === PARKED_STATUS) continue;
          completions.hurry();
        }
        completions.post(0, dw2 | head, cdw0 >>> CID_SHIFT, status);
      } else {
        queue.head = head;
        const taken = this.runner.take(queue, page, at, cdw0, waiting - done);
        if (taken === 0) break;
        head = queue.head;
        done += taken;
      }
    }
    queue.head = head;
    completions.publish();
    io.countBatch();
    return done;
  }

  /** A Read or Write that did not just succeed: gives the status to complete it with, or PARKED when it completes later. */
  private settle(queue: SubmissionQueue, cdw0: number, outcome: number): number {
    const { inFlight } = this;
    const status = this.runner.judge(queue.id, cdw0, outcome);
    if (inFlight.dueNs === 0) return status;
    // Only a command that has left the shortest path has a due time, and it was copied there.
    inFlight.park(queue, cdw0, this.io.command.nsid, status, 0);
    inFlight.begin(0);
    return PARKED_STATUS;
  }

  /** A turn of a queue while there are faults: every command goes the long way, and one at a time is granted a slot. */
  private runFaulty(queue: SubmissionQueue, budget: number, waiting: number): number {
    const { completionQueue } = queue;
    const { runner, inFlight } = this;
    // A command of another queue may just have begun that.
    if (this.faults.areDoorbellsLost()) return 0;
    let done = 0;
    while (done < waiting && done < budget && runner.failMode === undefined) {
      if (inFlight.free === 0 || completionQueue.room(1) === 0) break;
      const page = queue.pages[queue.head >>> 6];
      const at = (queue.head & 63) << 4;
      const taken = runner.take(queue, page, at, page[at], waiting - done);
      if (taken === 0) break;
      done += taken;
    }
    completionQueue.publish();
    this.io.countBatch();
    if (runner.failMode !== undefined) {
      const mode = runner.failMode;
      runner.failMode = undefined;
      this.fail(mode);
    }
    return done;
  }
}
