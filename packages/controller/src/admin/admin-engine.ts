import {
  SCT_PATH,
  STATUS_CID_CONFLICT,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_OPCODE,
  STATUS_MORE,
  statusSct,
} from '@phasebit/nvme-spec';
import { Command, PARKED } from '../command.js';
import { ErrorReport } from '../error-log.js';
import type { Internals } from '../internals.js';
import { ADMIN_BUDGET } from '../limits.js';
import type { SubmissionQueue } from '../submission-queue.js';
import { ADMIN_COMMANDS } from './admin-commands.js';
import { type AdminHandler, refuse } from './admin-handler.js';

/** Takes commands from the admin submission queue, executes them and completes them; delivers asynchronous events. */
export class AdminEngine {
  private readonly command = new Command();
  private readonly report = new ErrorReport();
  private readonly handlers = new Array<AdminHandler | undefined>(256).fill(undefined);

  constructor(private readonly inside: Internals) {
    for (const { opcode, handler } of ADMIN_COMMANDS) this.handlers[opcode] = handler;
  }

  /** One turn of the admin queue. @returns commands taken and events delivered */
  run(queue: SubmissionQueue): number {
    const waiting = queue.waiting();
    const { events } = this.inside;
    if (waiting === 0 && !events.isDue) return 0;
    const completions = queue.completionQueue;
    let taken = 0;
    while (taken < waiting && taken < ADMIN_BUDGET && completions.room(1) === 1) {
      this.take(queue);
      taken++;
    }
    const delivered = events.isDue ? events.deliver(queue, completions) : 0;
    completions.publish();
    return taken + delivered;
  }

  private take(queue: SubmissionQueue): void {
    const { command } = this;
    const page = queue.pages[queue.head >>> 6];
    const at = (queue.head & 63) << 4;
    command.load(page, at, page[at], queue.id);
    queue.head = queue.head + 1 === queue.entries ? 0 : queue.head + 1;
    const status = this.execute();
    if (status === PARKED) return;
    const final = status === 0 ? 0 : this.logged(status);
    queue.completionQueue.post(command.result, (queue.id << 16) | queue.head, command.cid, final);
  }

  private execute(): number {
    const { command } = this;
    const handler = this.handlers[command.opcode];
    if (handler === undefined) return refuse(command, STATUS_INVALID_OPCODE, 0);
    // [Base] 4.1.1: admin commands over PCIe have PRPs, and none of them is fused.
    if (command.fuse !== 0 || command.psdt !== 0) return refuse(command, STATUS_INVALID_FIELD, 1);
    if (this.inside.events.holds(command.cid)) return refuse(command, STATUS_CID_CONFLICT, 2);
    return handler(this.inside, command);
  }

  /** Puts a failure into the Error Information log, unless it is about the path, and gives the status with More set. */
  private logged(status: number): number {
    if (statusSct(status) === SCT_PATH) return status;
    const { command, report } = this;
    report.clear();
    report.queueId = command.queueId;
    report.cid = command.cid;
    report.opcode = command.opcode;
    report.nsid = command.nsid;
    report.errorByte = command.errorByte;
    report.status = status | STATUS_MORE;
    this.inside.errors.add(report);
    return report.status;
  }
}
