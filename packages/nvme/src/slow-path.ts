/**
 * Hot path: allocates only in the constructor.
 */
import { assert, IndexFifo } from '@phasebit/core';
import {
  FUSE_FIRST,
  SQE_CDW0_FUSE_MASK,
  SQE_CDW0_FUSE_SHIFT,
  SQE_CDW0_OPC_MASK,
  STATUS_COMMAND_ABORTED_BY_HOST,
} from '@phasebit/nvme-spec';
import type { CompletionCallback } from './completion.js';
import { ErrorInjection } from './error-injection.js';
import { ParkedRequests, SEND_AGAIN } from './parked-requests.js';
import type { QueuePairSettings } from './queue-pair-options.js';
import { REQUEST_SHIFT } from './request-pool.js';
import { isFused, isRepeatable, isRetryStatus, NO_RETRY_DELAYS, retryDelayTicks } from './retry-policy.js';
import type { RingPair } from './ring-pair.js';
import type { Trace } from './trace.js';
import {
  TRACE_COMPLETION,
  TRACE_CQ_DOORBELL,
  TRACE_QUEUE,
  TRACE_RESET,
  TRACE_RETRY,
  TRACE_SQ_DOORBELL,
  TRACE_SUBMIT,
} from './trace-event.js';
import { TRACKER_SHIFT, TRACKER_TICK } from './tracker-table.js';

const REQUEST = REQUEST_SHIFT;
const TRACKER = TRACKER_SHIFT;
const OPC_MASK = SQE_CDW0_OPC_MASK;
const FIRST = FUSE_FIRST << SQE_CDW0_FUSE_SHIFT;
const FUSED_MASK = SQE_CDW0_FUSE_MASK << SQE_CDW0_FUSE_SHIFT;

/**
 * What a queue pair does besides the plain path of {@link RingPair}: failures and the retries that follow from them, identifiers that cannot
 * be, requests that wait for a tick, injected errors, tracing, standing still for a reset, fused pairs, the end.
 *
 * ```text
 *   submission ---> ring ---> completion ---> callback
 *        |            ^  \         |              ^
 *        |      again |   \reset   | retry        |
 *        |            |    \       v              |
 *        +--inject--> parked requests, until a tick
 * ```
 *
 * S1. Every submission comes here while all trackers are held: see `looksAtSubmissions`.
 * S2. A tracker whose completion has to come here whatever its status is marked.
 * S3. A request that is sent again goes ahead of those in the software queue, in the order in which it became due.
 */
export class SlowPath {
  /** commands that were sent again */
  retried = 0;
  /** commands that were given up on request while they waited */
  aborted = 0;
  /** completions that named the command that was in their slot before: late, or repeated */
  late = 0;
  /** completions that named nothing there ever was: dropped too */
  unknownCids = 0;
  /** errors to be injected */
  readonly errors: ErrorInjection = new ErrorInjection();
  /** requests that wait for a tick */
  readonly parked: ParkedRequests;
  /** requests to be sent again as soon as there is a tracker */
  readonly again: IndexFifo;
  private readonly rings: RingPair;
  private readonly attempts: Uint8Array;
  private readonly retriesMax: number;
  private readonly ringsEachCommand: boolean;
  private trace: Trace | undefined;
  private isStopped = false;
  private isHalted = false;
  private isHeld = false;

  constructor(rings: RingPair, settings: QueuePairSettings) {
    this.rings = rings;
    this.parked = new ParkedRequests(settings.requests);
    this.again = new IndexFifo(settings.requests);
    this.attempts = new Uint8Array(settings.requests);
    this.retriesMax = settings.retriesMax;
    this.ringsEachCommand = settings.sqDoorbell === 'command';
  }

  /** Whether the pair stands still, between {@link SlowPath.suspend} and {@link SlowPath.resume}. */
  get isSuspended(): boolean {
    return this.isHalted;
  }

  /** Whether nothing is started, between two calls of {@link SlowPath.holdBack}. */
  get isHeldBack(): boolean {
    return this.isHeld;
  }

  /** Starts nothing any more, or goes on: what is submitted meanwhile waits, and is counted as waiting from its end on. */
  holdBack(isHeld: boolean): void {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    this.update();
    if (isHeld || this.isHalted || this.isStopped) return;
    this.waitFromNow();
    this.startAll();
  }

  /** Nothing is started, rung or sent again any more. What has completed can still be collected. */
  stop(): void {
    this.isStopped = true;
    this.update();
  }

  /** Has tracepoints remembered from now on, or no longer. */
  setTrace(trace: Trace | undefined): void {
    this.trace = trace;
    this.update();
  }

  /** Remembers a tracepoint about a request, if any are. */
  traceRequest(point: number, cid: number, request: number, value: number): void {
    const { rings, trace } = this;
    if (trace !== undefined) {
      trace.recordCommand(point, rings.place.qid, cid, request, rings.pool.records, request << REQUEST, value);
    }
  }

  // ---- submission

  /** Submits while all trackers are held: S1. */
  submit(request: number, callback: CompletionCallback, context: unknown): void {
    const error = this.errors.isActive ? this.errors.hitSubmission(this.opcodeOf(request)) : undefined;
    if (error !== undefined) {
      this.keepCallback(request, callback, context);
      this.park(request, error.delayTicks, error.status, 0);
    } else if (this.mayStart(1)) {
      this.start(request, callback, context);
      this.ringEach();
    } else {
      this.queue(request, callback, context);
    }
    this.update();
  }

  /** Submits both halves of a fused pair: side by side in the ring, and told to the device together. There are two trackers in all. */
  submitFused(
    first: number,
    firstCallback: CompletionCallback,
    firstContext: unknown,
    second: number,
    secondCallback: CompletionCallback,
    secondContext: unknown,
  ): void {
    if (this.mayStart(2)) {
      this.rings.ringsEachCommand = false;
      this.start(first, firstCallback, firstContext);
      this.start(second, secondCallback, secondContext);
      this.ringEach();
    } else {
      this.queue(first, firstCallback, firstContext);
      this.queue(second, secondCallback, secondContext);
    }
    this.update();
  }

  /** Starts what is first in line, a fused pair whole, if there are trackers for it. Nothing happens while the pair stands still. */
  startWaiting(): void {
    const { again, rings } = this;
    const { waiting } = rings.pool;
    if (!this.hasTrackers(1)) return;
    rings.ringsEachCommand = false;
    if (again.length !== 0) {
      this.startAgain(again.shift());
    } else if (waiting.length !== 0) {
      const isFirst = (rings.pool.records[waiting.at(0) << REQUEST] & FUSED_MASK) === FIRST;
      if (this.hasTrackers(isFirst ? 2 : 1)) {
        this.startAgain(waiting.shift());
        if (isFirst) this.startAgain(waiting.shift());
      }
    }
    this.ringEach();
    this.update();
  }

  // ---- completion

  /** Polls while the pair is not plain. Gives how many commands completed, by the device or otherwise. */
  poll(): number {
    const { rings } = this;
    const { cqRings } = rings;
    let found = 0;
    if (!this.isHalted) {
      this.sendDue();
      this.ring();
      found = rings.reap();
      rings.giveBack();
      if (this.trace !== undefined && rings.cqRings !== cqRings) this.tracePair(TRACE_CQ_DOORBELL, rings.cqRung);
    }
    found += this.completeDue();
    this.startAll();
    if (!this.isHalted) this.ring();
    this.update();
    return found;
  }

  /** Takes a completion that is not the plain success of an unmarked command. Any identifier may come. */
  complete(cid: number, status: number, dw0: number): void {
    const { rings } = this;
    const { trackers } = rings;
    rings.lookAtSqHead();
    if (!trackers.isInFlight(cid)) {
      if (trackers.isLate(cid)) this.late++;
      else this.unknownCids++;
      return;
    }
    const request = rings.requestOf(cid);
    const error = this.errors.isActive ? this.errors.hitCompletion(this.opcodeOf(request)) : undefined;
    const outcome = error === undefined ? status : error.status;
    if (error !== undefined && error.delayTicks !== 0) {
      rings.takeBack(cid);
      this.park(request, error.delayTicks, outcome, dw0);
      rings.startWaiting();
    } else if (this.isToBeSentAgain(request, outcome)) {
      this.retry(cid, rings.takeBack(cid), outcome);
    } else {
      this.finishInFlight(cid, request, outcome, dw0);
    }
  }

  /** Has a request complete with `status` at the next poll, and never before. It is neither in the ring nor in a queue any more. */
  completeLater(request: number, status: number): void {
    this.park(request, 0, status, 0);
    this.update();
  }

  // ---- standing still, and the end

  /** Stops polling, ringing and starting. What is submitted waits. */
  suspend(): void {
    if (this.isHalted) return;
    this.isHalted = true;
    this.tracePair(TRACE_RESET, 0);
    this.update();
  }

  /**
   * Gives up what is in flight, by the rule of `retry-policy.ts`: it is sent again, or completes as aborted by the host at the next poll. The
   * device no longer writes to its payloads.
   *
   * @param cids - identifiers in flight, in order of submission
   * @param alsoWaiting - whether what waits is given up too, as aborted by the host
   */
  abandon(cids: readonly number[], alsoWaiting: boolean): void {
    assert(this.isHalted, 'a pair is suspended before what is in flight is given up');
    const { rings } = this;
    for (let i = 0; i < cids.length; i++) {
      const cid = cids[i];
      const request = rings.takeBack(cid);
      const mayRepeat = isRepeatable(rings.place.qid, rings.pool.records[request << REQUEST]);
      if (mayRepeat && this.hasRetriesLeft(request)) {
        this.countRetry(cid, request, STATUS_COMMAND_ABORTED_BY_HOST);
        this.pushAgain(request);
      } else {
        this.park(request, 0, STATUS_COMMAND_ABORTED_BY_HOST, 0);
      }
    }
    if (alsoWaiting) this.abandonWaiting();
    this.update();
  }

  /** Gives up what is not in the ring, as aborted by the host. */
  abandonWaiting(): void {
    assert(this.isHalted, 'a pair is suspended before what waits is given up');
    const { waiting } = this.rings.pool;
    this.settleParked(STATUS_COMMAND_ABORTED_BY_HOST);
    while (this.again.length !== 0) this.park(this.again.shift(), 0, STATUS_COMMAND_ABORTED_BY_HOST, 0);
    while (waiting.length !== 0) this.park(waiting.shift(), 0, STATUS_COMMAND_ABORTED_BY_HOST, 0);
    this.update();
  }

  /** Goes on with rings that were created again on the same memory. What waits is counted as waiting from now on. */
  resume(): void {
    const { rings } = this;
    rings.restart();
    this.waitFromNow();
    this.isHalted = false;
    this.tracePair(TRACE_RESET, 1);
    this.update();
    this.startAll();
  }

  /**
   * Completes everything: what is in flight, in the order given, then what is parked, then what waits.
   *
   * @param cids - identifiers in flight, in order of submission
   * @param status - for all that has no outcome yet
   */
  close(cids: readonly number[], status: number): void {
    const { again, parked, rings } = this;
    const { waiting } = rings.pool;
    this.stop();
    for (let i = 0; i < cids.length; i++) {
      const cid = cids[i];
      this.finishInFlight(cid, rings.requestOf(cid), status, 0);
    }
    for (let request = parked.takeAny(); request >= 0; request = parked.takeAny()) {
      const outcome = parked.outcomeOf(request);
      this.finish(request, outcome === SEND_AGAIN ? status : outcome, parked.resultOf(request));
    }
    for (let request = again.shift(); request >= 0; request = again.shift()) this.finish(request, status, 0);
    for (let request = waiting.shift(); request >= 0; request = waiting.shift()) this.finish(request, status, 0);
  }

  /** Chooses the way of each submission and poll anew, after anything that they depend on has changed. */
  update(): void {
    const { rings } = this;
    const isTraced = this.trace !== undefined;
    const isBusy = this.parked.length !== 0 || this.again.length !== 0;
    const looksAtSubmissions =
      this.isHalted || this.isStopped || this.isHeld || isTraced || this.errors.isActive || this.again.length !== 0;
    rings.trackers.hold(looksAtSubmissions);
    rings.silence(this.isHalted || this.isStopped);
    rings.ringsEachCommand = this.ringsEachCommand && !isTraced;
    rings.isPlain = !(this.isHalted || this.isStopped || isTraced || isBusy);
  }

  // ---- pieces of the above

  private hasTrackers(count: number): boolean {
    return !this.isHalted && !this.isStopped && !this.isHeld && this.rings.trackers.free >= count;
  }

  /** Whether what is submitted now may go into the ring at once: there are trackers, and nothing is ahead of it. */
  private mayStart(trackers: number): boolean {
    return this.hasTrackers(trackers) && this.again.length === 0 && this.rings.pool.waiting.length === 0;
  }

  private waitFromNow(): void {
    const { again, rings } = this;
    const { waiting } = rings.pool;
    for (let i = 0; i < waiting.length; i++) rings.waitingSince[waiting.at(i)] = rings.tickNow;
    for (let i = 0; i < again.length; i++) rings.waitingSince[again.at(i)] = rings.tickNow;
  }

  private queue(request: number, callback: CompletionCallback, context: unknown): void {
    this.rings.queue(request, callback, context);
    this.traceRequest(TRACE_QUEUE, -1, request, 0);
  }

  private start(request: number, callback: CompletionCallback, context: unknown): number {
    const { rings } = this;
    const cid = rings.start(request, callback, context);
    const isLookedAt = this.trace !== undefined || this.errors.isActive || this.attempts[request] !== 0;
    if (isLookedAt) rings.trackers.mark(cid); // S2
    this.traceRequest(TRACE_SUBMIT, cid, request, 0);
    return cid;
  }

  /** Starts a request that has waited: its age counts from when it began to. */
  private startAgain(request: number): void {
    const { pool, trackers, waitingSince } = this.rings;
    const cid = this.start(request, pool.callbacks[request], pool.contexts[request]);
    trackers.records[((cid & trackers.slotMask) << TRACKER) | TRACKER_TICK] = waitingSince[request]!;
  }

  private startAll(): void {
    const { again, rings } = this;
    const { waiting } = rings.pool;
    for (let before = -1; before !== again.length + waiting.length;) {
      before = again.length + waiting.length;
      this.startWaiting();
    }
    this.update();
  }

  private isToBeSentAgain(request: number, status: number): boolean {
    return status !== 0 && !this.isStopped && isRetryStatus(status) && this.hasRetriesLeft(request);
  }

  private hasRetriesLeft(request: number): boolean {
    return this.attempts[request] < this.retriesMax && !isFused(this.rings.pool.records[request << REQUEST]);
  }

  /** A request whose tracker is free again is sent again: now, or once the delay has passed. */
  private retry(cid: number, request: number, status: number): void {
    const { rings } = this;
    const delayTicks = retryDelayTicks(status, rings.place.retryDelaysTicks ?? NO_RETRY_DELAYS);
    this.countRetry(cid, request, status);
    if (delayTicks === 0) this.pushAgain(request);
    else this.park(request, delayTicks, SEND_AGAIN, 0);
    this.startWaiting();
    this.update();
  }

  private countRetry(cid: number, request: number, status: number): void {
    this.attempts[request]++;
    this.retried++;
    this.traceRequest(TRACE_RETRY, cid, request, status);
  }

  private pushAgain(request: number): void {
    this.rings.waitingSince[request] = this.rings.tickNow;
    this.again.push(request);
    this.rings.trackers.hold(true);
  }

  private park(request: number, delayTicks: number, outcome: number, dw0: number): void {
    const { rings } = this;
    rings.waitingSince[request] = rings.tickNow;
    this.parked.park(request, (rings.tickNow + delayTicks) | 0, outcome, dw0);
    rings.isPlain = false;
  }

  private settleParked(status: number): void {
    const { parked, rings } = this;
    for (let i = 0; i < parked.length; i++) {
      const request = parked.at(i);
      if (parked.outcomeOf(request) === SEND_AGAIN) parked.settle(request, status, rings.tickNow);
    }
  }

  private sendDue(): void {
    const { parked, rings } = this;
    if (parked.length === 0 || this.isStopped) return;
    for (let request = parked.takeToSend(rings.tickNow); request >= 0; request = parked.takeToSend(rings.tickNow)) {
      this.pushAgain(request);
    }
    this.startAll();
  }

  /** Completes what is parked and due; no more than was there, so that a callback which submits cannot keep a poll going. */
  private completeDue(): number {
    const { parked, rings } = this;
    let completed = 0;
    for (let left = parked.length; left > 0; left--) {
      const request = parked.takeToComplete(rings.tickNow);
      if (request < 0) break;
      const outcome = parked.outcomeOf(request);
      if (this.isToBeSentAgain(request, outcome)) {
        this.retry(-1, request, outcome);
      } else {
        completed++;
        this.finish(request, outcome, parked.resultOf(request));
      }
    }
    return completed;
  }

  private finishInFlight(cid: number, request: number, status: number, dw0: number): void {
    this.attempts[request] = 0;
    this.traceRequest(TRACE_COMPLETION, cid, request, status);
    this.rings.complete(cid, status, dw0);
  }

  /** Frees a request that has no tracker, then calls back. */
  private finish(request: number, status: number, dw0: number): void {
    const { pool } = this.rings;
    const callback = pool.callbacks[request];
    const context = pool.contexts[request];
    this.attempts[request] = 0;
    this.traceRequest(TRACE_COMPLETION, -1, request, status);
    pool.give(request);
    callback(context, status, dw0);
  }

  private keepCallback(request: number, callback: CompletionCallback, context: unknown): void {
    this.rings.pool.callbacks[request] = callback;
    this.rings.pool.contexts[request] = context;
  }

  private opcodeOf(request: number): number {
    return this.rings.pool.records[request << REQUEST] & OPC_MASK;
  }

  private ringEach(): void {
    if (this.ringsEachCommand) this.ring();
  }

  private ring(): void {
    const { rings } = this;
    const { sqRings } = rings;
    rings.ringIfMoved();
    if (this.trace !== undefined && rings.sqRings !== sqRings) this.tracePair(TRACE_SQ_DOORBELL, rings.sqRung);
  }

  private tracePair(point: number, value: number): void {
    if (this.trace !== undefined) this.trace.recordPair(point, this.rings.place.qid, value);
  }
}
