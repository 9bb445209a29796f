import { ASYNC_EVENT_RESULT, STATUS_ABORT_REQUESTED, STATUS_ASYNC_EVENT_LIMIT_EXCEEDED } from '@phasebit/nvme-spec';
import { PARKED } from './command.js';
import type { CompletionQueue } from './completion-queue.js';
import { ASYNC_EVENT_REQUESTS_MAX, ASYNC_EVENTS_QUEUED_MAX } from './limits.js';
import type { SubmissionQueue } from './submission-queue.js';

interface Event {
  /** dword 0 of the completion */
  readonly result: number;
  /** event type and log page: what is masked together and cleared together */
  readonly kind: number;
}

/** What a fault makes of a request. */
export interface RequestFault {
  /** an event takes the request, and nobody hears of it; Abort does not find the request */
  readonly isLost: boolean;
  /**
   * completes the request, whenever and however often that may be. There is a free slot in the completion queue
   *
   * @param result - dword 0 of the completion, the event
   */
  readonly complete: (result: number) => void;
}

interface Request {
  readonly cid: number;
  readonly isAborted: boolean;
  readonly fault: RequestFault | undefined;
}

/**
 * Asynchronous events, and the requests that wait for them. [Base] 5.1.2
 *
 * Reporting an event masks its kind (event type and log page) until that log page is read without RAE; the read also drops the
 * events of the kind that still wait. Requests hold no slot of the completion queue while they wait: an event is delivered when
 * there is a slot, so a small admin completion queue cannot be blocked by requests.
 */
export class AsyncEvents {
  /** Whether {@link AsyncEvents.deliver} has something to do, as soon as there is a slot. A field, since every turn looks at it. */
  isDue = false;
  private requests: Request[] = [];
  private waiting: Event[] = [];
  private readonly masked = new Set<number>();

  /** Parks a request, or gives the status that refuses it. */
  request(cid: number): number {
    if (this.requests.length >= ASYNC_EVENT_REQUESTS_MAX) return STATUS_ASYNC_EVENT_LIMIT_EXCEEDED;
    this.requests.push({ cid, isAborted: false, fault: undefined });
    this.judge();
    return PARKED;
  }

  /** A fault strikes the request that was parked last. */
  strikeLast(fault: RequestFault): void {
    const last = this.requests.length - 1;
    this.requests[last] = { ...this.requests[last], fault };
  }

  /** Whether a request with that identifier waits. */
  holds(cid: number): boolean {
    return this.requests.some((each) => each.cid === cid && !isLost(each));
  }

  /** Aborts the request with that identifier, if it waits; its completion follows. */
  abort(cid: number): boolean {
    const at = this.requests.findIndex((each) => each.cid === cid && !each.isAborted && !isLost(each));
    if (at < 0) return false;
    // Whatever a fault has in store for its completion does not matter any more.
    this.requests[at] = { cid, isAborted: true, fault: undefined };
    this.judge();
    return true;
  }

  /**
   * Something happened that the host wants to hear of.
   *
   * @param type - ASYNC_EVENT_TYPE_*
   * @param information - ASYNC_EVENT_*, in the range of the type
   * @param logPage - log page whose reading clears the event
   */
  raise(type: number, information: number, logPage: number): void {
    let result = ASYNC_EVENT_RESULT.AET.set(0, type);
    result = ASYNC_EVENT_RESULT.AEI.set(result, information);
    result = ASYNC_EVENT_RESULT.LID.set(result, logPage);
    if (this.waiting.some((each) => each.result === result)) return;
    if (this.masked.has(kindOf(type, logPage))) return;
    if (this.waiting.length >= ASYNC_EVENTS_QUEUED_MAX) return;
    this.waiting.push({ result, kind: kindOf(type, logPage) });
    this.judge();
  }

  /** A log page was read without RAE: its events are cleared and may be reported again. */
  clear(logPage: number): void {
    this.waiting = this.waiting.filter((each) => pageOf(each.kind) !== logPage);
    for (const kind of [...this.masked]) if (pageOf(kind) === logPage) this.masked.delete(kind);
    this.judge();
  }

  /** A controller reset drops events, requests and masks. */
  reset(): void {
    this.requests = [];
    this.waiting = [];
    this.masked.clear();
    this.judge();
  }

  /** Completes requests: the aborted ones, then as many as there are events. @returns completions written */
  deliver(queue: SubmissionQueue, completions: CompletionQueue): number {
    let done = 0;
    for (const request of this.requests.filter((each) => each.isAborted)) {
      if (completions.room(1) === 0) return done;
      this.complete(request, 0, STATUS_ABORT_REQUESTED, queue, completions);
      done++;
    }
    for (const event of [...this.waiting]) {
      const request = this.requests[0];
      if (request === undefined) break;
      if (this.masked.has(event.kind)) continue;
      if (completions.room(1) === 0) break;
      this.waiting.splice(this.waiting.indexOf(event), 1);
      this.masked.add(event.kind);
      this.complete(request, event.result, 0, queue, completions);
      done++;
    }
    return done;
  }

  private judge(): void {
    const isReportable = this.waiting.some((each) => !this.masked.has(each.kind));
    this.isDue = this.requests.some((each) => each.isAborted || isReportable);
  }

  private complete(
    request: Request,
    result: number,
    status: number,
    queue: SubmissionQueue,
    completions: CompletionQueue,
  ): void {
    this.requests.splice(this.requests.indexOf(request), 1);
    if (request.fault === undefined) completions.post(result, (queue.id << 16) | queue.head, request.cid, status);
    else request.fault.complete(result);
    this.judge();
  }
}

function isLost({ fault }: Request): boolean {
  return fault !== undefined && fault.isLost;
}

function kindOf(type: number, logPage: number): number {
  return (type << 8) | logPage;
}

function pageOf(kind: number): number {
  return kind & 0xff;
}
