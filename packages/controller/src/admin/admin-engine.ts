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
import type { FailMode } from '../faults/fail-mode.js';
import { Strike } from '../faults/strike.js';
import { completeStruck } from '../faults/struck-completion.js';
import type { Internals } from '../internals.js';
import { ADMIN_BUDGET } from '../limits.js';
import type { SubmissionQueue } from '../submission-queue.js';
import { ADMIN_COMMANDS, isOffered } from './admin-commands.js';
import { type AdminHandler, refuse } from './admin-handler.js';

/** Takes commands from the admin submission queue, executes them and completes them, at once or later; delivers asynchronous events. */
export class AdminEngine {
  private readonly command = new Command();
  private readonly report = new ErrorReport();
  private readonly handlers = new Array<AdminHandler | undefined>(256).fill(undefined);
  private failMode: FailMode | undefined = undefined;

  /** @param fail - breaks the controller, as a fault asks for it */
  constructor(
    private readonly inside: Internals,
    private readonly fail: (mode: FailMode) => void,
  ) {
    for (const each of ADMIN_COMMANDS) if (isOffered(each, inside.settings)) this.handlers[each.opcode] = each.handler;
  }

  /** One turn of the admin queue. @returns commands taken and events delivered */
  run(queue: SubmissionQueue): number {
    const waiting = queue.waiting();
    const { events, inFlight } = this.inside;
    if (waiting === 0 && !events.isDue) return 0;
    const completions = queue.completionQueue;
    let taken = 0;
    while (taken < waiting && taken < ADMIN_BUDGET && this.failMode === undefined) {
      if (!inFlight.hasAdminRoom || completions.room(1) === 0) break;
      this.take(queue);
      taken++;
    }
    const delivered = events.isDue && this.failMode === undefined ? events.deliver(queue, completions) : 0;
    completions.publish();
    this.breakDown();
    return taken + delivered;
  }

  private take(queue: SubmissionQueue): void {
    const { command } = this;
    const { inFlight, faults, events } = this.inside;
    const { completionQueue } = queue;
    const page = queue.pages[queue.head >>> 6];
    const at = (queue.head & 63) << 4;
    command.load(page, at, page[at], queue.id);
    queue.head = queue.head + 1 === queue.entries ? 0 : queue.head + 1;
    const strike = faults.isActive ? faults.strike(command) : undefined;
    inFlight.begin(0);
    // What the command completes besides itself must not take its slot.
    completionQueue.reserve();
    const status = this.execute(queue, strike);
    completionQueue.release();
    if (status !== PARKED) this.complete(queue, status === 0 ? 0 : this.logged(status), strike);
    else if (strike?.changesCompletion === true && events.holds(command.cid)) this.strikeRequest(queue, strike);
    inFlight.begin(0);
    if (strike === undefined) return;
    if (strike.doorbellsLostNs > 0) faults.loseDoorbells(strike.doorbellsLostNs);
    this.failMode = strike.failMode;
  }

  private execute(queue: SubmissionQueue, strike: Strike | undefined): number {
    const { command } = this;
    const { events, inFlight } = this.inside;
    const handler = this.handlers[command.opcode];
    if (handler === undefined) return refuse(command, STATUS_INVALID_OPCODE, 0);
    // [Base] 4.1.1: admin commands over PCIe have PRPs, and none of them is fused.
    if (command.fuse !== 0 || command.psdt !== 0) return refuse(command, STATUS_INVALID_FIELD, 1);
    if (events.holds(command.cid) || inFlight.holds(queue, command.cid)) return refuse(command, STATUS_CID_CONFLICT, 2);
    if (strike !== undefined && strike.status !== 0) return strike.status;
    return handler(this.inside, command);
  }

  private complete(queue: SubmissionQueue, status: number, strike: Strike | undefined): void {
    const { command } = this;
    const { inFlight } = this.inside;
    if (strike !== undefined) {
      completeStruck(inFlight, queue, command, status, strike);
    } else if (inFlight.dueNs !== 0) {
      inFlight.park(queue, command.cdw0, command.nsid, status, command.result);
    } else {
      queue.completionQueue.post(command.result, (queue.id << 16) | queue.head, command.cid, status);
    }
  }

  /** An Asynchronous Event Request was struck: its completion, which an event may bring at any time, is what the fault acts on. */
  private strikeRequest(queue: SubmissionQueue, strike: Strike): void {
    const { inFlight } = this.inside;
    const { cdw0, cid, nsid } = this.command;
    // Both are used again for the next command.
    const kept = Object.assign(new Strike(), strike);
    this.inside.events.strikeLast({
      isLost: kept.isLost,
      complete: (result) => {
        // Without a place in the table nothing can be kept back.
        if (!inFlight.hasAdminRoom) queue.completionQueue.post(result, (queue.id << 16) | queue.head, cid, 0);
        else completeStruck(inFlight, queue, { cdw0, cid, nsid, result }, 0, kept);
        inFlight.begin(0);
      },
    });
  }

  private breakDown(): void {
    if (this.failMode === undefined) return;
    const mode = this.failMode;
    this.failMode = undefined;
    this.fail(mode);
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
