import { ADMIN_ASYNC_EVENT_REQUEST, SQE_CDW0_OPC_MASK, STATUS_ABORT_REQUESTED } from '@phasebit/nvme-spec';
import type { IndexFifo } from '@phasebit/core';
import type { CompletionCallback } from './completion.js';
import { inFlightInOrder } from './in-flight-order.js';
import { SEND_AGAIN } from './parked-requests.js';
import { REQUEST_SHIFT } from './request-pool.js';
import type { RingPair } from './ring-pair.js';
import { TRACE_ABORT, TRACE_TIMEOUT } from './trace-event.js';
import { TRACKER_SHIFT, TRACKER_TICK } from './tracker-table.js';

/** What the caller gave as context of a command, when all that is known is the callback and context of a piece of it. */
export type ContextResolver = (callback: CompletionCallback, context: unknown) => unknown;

/** Called for a command that takes too long. `cid` is -1 for one that waits in the software queue. */
export type TimeoutReport = (cid: number, context: unknown, ageTicks: number) => void;

/**
 * Finds commands of one queue pair by what their callers know of them: their context, or their age. Nothing here is on the I/O path, and
 * everything walks all there is.
 */
export class CommandSearch {
  /** commands that were reported as taking too long */
  timedOut = 0;
  private readonly rings: RingPair;
  private readonly resolve: ContextResolver;
  /** the tick from which the age of each request counted when it was reported */
  private readonly reportedSince: Float64Array;

  constructor(rings: RingPair, resolve: ContextResolver) {
    this.rings = rings;
    this.resolve = resolve;
    this.reportedSince = new Float64Array(rings.pool.capacity).fill(NaN);
  }

  /** Identifiers of the commands in flight that have a context, the pieces of a split one each, in order of submission. */
  cidsOf(context: unknown): number[] {
    const { rings } = this;
    return inFlightInOrder(rings.trackers).filter(
      (cid) => this.resolve(rings.callbackOf(cid), rings.contextOf(cid)) === context,
    );
  }

  /**
   * Gives up the commands that have a context and are not in the ring: they complete as Command Abort Requested at the next poll.
   *
   * @returns how many, the pieces of a split one counting one each
   */
  abortQueued(context: unknown): number {
    const { pool, slow, tickNow } = this.rings;
    const { parked } = slow;
    const before = slow.aborted;
    this.abortIn(pool.waiting, context);
    this.abortIn(slow.again, context);
    for (let i = 0; i < parked.length; i++) {
      const request = parked.at(i);
      if (!this.isOf(request, context) || parked.outcomeOf(request) === STATUS_ABORT_REQUESTED) continue;
      parked.settle(request, STATUS_ABORT_REQUESTED, tickNow);
      this.countAbort(request);
    }
    return slow.aborted - before;
  }

  /**
   * How many ticks the oldest command has waited for its completion, the time in the software queue counted; 0 without any. A command that
   * is sent again later because the device asked for that does not count; one that an injected error holds back does.
   */
  oldestTicks(): number {
    const { pool, slow, tickNow, trackers, waitingSince } = this.rings;
    let oldest = 0;
    for (let slot = 0; slot < trackers.count; slot++) {
      if (trackers.cidIn(slot) < 0) continue;
      oldest = Math.max(oldest, (tickNow - trackers.records[(slot << TRACKER_SHIFT) | TRACKER_TICK]) | 0);
    }
    for (const request of this.heldBack()) oldest = Math.max(oldest, (tickNow - waitingSince[request]) | 0);
    // What waits for another command to complete does not get older.
    if (slow.isHeldBack) return oldest;
    // Each of the two is in order of age.
    if (pool.waiting.length !== 0) oldest = Math.max(oldest, (tickNow - waitingSince[pool.waiting.at(0)]) | 0);
    if (slow.again.length !== 0) oldest = Math.max(oldest, (tickNow - waitingSince[slow.again.at(0)]) | 0);
    return oldest;
  }

  /**
   * Reports each command that is older than `afterTicks`, once for each time that it is sent: those in flight in order of submission, then
   * those that wait. Parked event requests are never too old.
   *
   * @returns how many were reported
   */
  reportOlder(afterTicks: number, report: TimeoutReport): number {
    if (this.oldestTicks() <= afterTicks) return 0;
    const { rings } = this;
    const { pool, slow, tickNow, trackers, waitingSince } = rings;
    const found: (() => void)[] = [];
    const look = (cid: number, request: number, since: number, context: unknown): void => {
      const age = (tickNow - since) | 0;
      if (age <= afterTicks || this.reportedSince[request] === since || this.isEventRequest(request)) return;
      this.reportedSince[request] = since;
      this.timedOut++;
      found.push(() => {
        slow.traceRequest(TRACE_TIMEOUT, cid, request, age);
        report(cid, context, age);
      });
    };
    for (const cid of inFlightInOrder(trackers)) {
      const since = trackers.records[((cid & trackers.slotMask) << TRACKER_SHIFT) | TRACKER_TICK];
      look(cid, rings.requestOf(cid), since, this.resolve(rings.callbackOf(cid), rings.contextOf(cid)));
    }
    for (const queue of slow.isHeldBack ? [] : [slow.again, pool.waiting]) {
      for (let i = 0; i < queue.length; i++) {
        const request = queue.at(i);
        look(-1, request, waitingSince[request], this.contextOf(request));
      }
    }
    for (const request of this.heldBack()) look(-1, request, waitingSince[request], this.contextOf(request));
    // Reported only now: a report may abort, or end the pair.
    for (const each of found) if (rings.open) each();
    return found.length;
  }

  /** Requests whose completion an injected error holds back. */
  private heldBack(): number[] {
    const { slow, tickNow } = this.rings;
    const { parked } = slow;
    const all = Array.from({ length: parked.length }, (_, i) => parked.at(i));
    return all.filter((request) => parked.outcomeOf(request) !== SEND_AGAIN && !parked.isDue(request, tickNow));
  }

  private abortIn(queue: IndexFifo, context: unknown): void {
    for (let left = queue.length; left > 0; left--) {
      const request = queue.shift();
      if (this.isOf(request, context)) {
        this.countAbort(request);
        this.rings.slow.completeLater(request, STATUS_ABORT_REQUESTED);
      } else {
        queue.push(request);
      }
    }
  }

  private countAbort(request: number): void {
    this.rings.slow.aborted++;
    this.rings.slow.traceRequest(TRACE_ABORT, -1, request, 0);
  }

  private isOf(request: number, context: unknown): boolean {
    return this.contextOf(request) === context;
  }

  private contextOf(request: number): unknown {
    const { callbacks, contexts } = this.rings.pool;
    return this.resolve(callbacks[request], contexts[request]);
  }

  private isEventRequest(request: number): boolean {
    const { place, pool } = this.rings;
    const opcode = pool.records[request << REQUEST_SHIFT] & SQE_CDW0_OPC_MASK;
    return place.qid === 0 && opcode === ADMIN_ASYNC_EVENT_REQUEST;
  }
}
