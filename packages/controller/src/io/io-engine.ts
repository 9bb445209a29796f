import {
  NVM_READ,
  NVM_WRITE,
  SCT_MEDIA,
  SCT_PATH,
  SQE_CDW0_CID_SHIFT,
  SQE_CDW0_FUSE_MASK,
  SQE_CDW0_FUSE_SHIFT,
  SQE_CDW0_OPC_MASK,
  SQE_CDW0_PSDT_MASK,
  SQE_CDW0_PSDT_SHIFT,
  STATUS_COMPARE_FAILURE,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_OPCODE,
  STATUS_MORE,
  statusCode,
  statusSct,
} from '@phasebit/nvme-spec';
import { Command } from '../command.js';
import type { ErrorLog } from '../error-log.js';
import type { SubmissionQueue } from '../submission-queue.js';
import { createIoHandlers } from './io-commands.js';
import type { IoContext, IoHandler } from './io-context.js';
import { readOrWrite } from './read-write.js';

// V8 folds constants of its own module only (Node 20), so the imported ones are bound here once.
const READ = NVM_READ;
const WRITE = NVM_WRITE;
const CID_SHIFT = SQE_CDW0_CID_SHIFT;
const OPCODE_MASK = SQE_CDW0_OPC_MASK;
/** Opcode, FUSE and PSDT: equal to the opcode alone when the command is neither fused nor has SGLs. */
const KIND_MASK =
  SQE_CDW0_OPC_MASK | (SQE_CDW0_FUSE_MASK << SQE_CDW0_FUSE_SHIFT) | (SQE_CDW0_PSDT_MASK << SQE_CDW0_PSDT_SHIFT);

/**
 * Takes commands from I/O submission queues, executes them at once and completes them.
 * Hot path: allocates only in the constructor.
 */
export class IoEngine {
  private readonly command = new Command();
  private readonly handlers: readonly (IoHandler | undefined)[] = createIoHandlers();

  constructor(
    private readonly io: IoContext,
    private readonly errors: ErrorLog,
  ) {}

  /**
   * One turn of a queue: up to `budget` commands, as many as it has and its completion queue has slots for.
   * The slots are reserved first, so a command that was fetched can always be completed.
   *
   * @returns commands taken
   */
  run(queue: SubmissionQueue, budget: number): number {
    const waiting = queue.waiting();
    if (waiting === 0) return 0;
    const completions = queue.completionQueue;
    const count = completions.room(waiting < budget ? waiting : budget);
    const io = this.io;
    const pages = queue.pages;
    const last = queue.entries - 1;
    const dw2 = queue.id << 16;
    let head = queue.head;
    for (let i = 0; i < count; i++) {
      const page = pages[head >>> 6];
      const at = (head & 63) << 4;
      head = head === last ? 0 : head + 1;
      const cdw0 = page[at];
      const kind = cdw0 & KIND_MASK;
      let result = 0;
      let status: number;
      if (kind === READ || kind === WRITE) {
        status = readOrWrite(io, page, at, kind);
      } else {
        status = this.execute(page, at, cdw0, queue.id);
        result = this.command.result;
      }
      if (status !== 0) status = this.logged(queue.id, cdw0, status);
      completions.post(result, dw2 | head, cdw0 >>> CID_SHIFT, status);
    }
    queue.head = head;
    completions.publish();
    io.countBatch();
    return count;
  }

  private execute(page: Int32Array, at: number, cdw0: number, queueId: number): number {
    const { command } = this;
    command.load(page, at, cdw0, queueId);
    const handler = this.handlers[cdw0 & OPCODE_MASK];
    if (handler === undefined) return this.io.refuse(STATUS_INVALID_OPCODE | STATUS_DNR, command.nsid, 0, 0, 0);
    // [Base] 3.4.1, 4.1: fused operations and SGLs are not supported.
    if (command.fuse !== 0 || command.psdt !== 0) {
      return this.io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, command.nsid, 1, 0, 0);
    }
    return handler(this.io, command);
  }

  /** Puts a failure into the Error Information log, unless it is about the path, and gives the status with More set. */
  private logged(queueId: number, cdw0: number, status: number): number {
    const sct = statusSct(status);
    if (sct === SCT_PATH) return status;
    if (sct === SCT_MEDIA && statusCode(status) !== STATUS_COMPARE_FAILURE) this.io.health.mediaErrors++;
    const { report } = this.io;
    const withMore = status | STATUS_MORE;
    report.queueId = queueId;
    report.cid = cdw0 >>> CID_SHIFT;
    report.opcode = cdw0 & OPCODE_MASK;
    report.status = withMore;
    this.errors.add(report);
    return withMore;
  }
}
