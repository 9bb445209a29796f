/**
 * Hot path: allocates only in the constructor.
 */
import { assert } from '@phasebit/core';
import { STATUS_COMMAND_ABORTED_BY_HOST } from '@phasebit/nvme-spec';
import type { Doorbells, PcieFunction } from '@phasebit/pcie';
import { CommandSearch, type TimeoutReport } from './command-search.js';
import type { CompletionCallback } from './completion.js';
import type { InjectedError } from './error-injection.js';
import { DriverError, type DriverErrorFacts } from './errors.js';
import { ListMemory } from './list-memory.js';
import { LossMark } from './loss-mark.js';
import type { QueuePairPlace, QueuePairSettings } from './queue-pair-options.js';
import { countRings, type QueuePairStatistics } from './queue-pair-statistics.js';
import { RequestPool } from './request-pool.js';
import { type QueuePairDescription, describePair } from './queue-pair-description.js';
import { RingPair } from './ring-pair.js';
import type { RingState } from './ring-state.js';
import { CountedShadows, type ShadowPages } from './shadow-use.js';
import type { Trace } from './trace.js';

const PAGE_SHIFT = 12;

/** Called once for a command that takes too long, from inside {@link PolledPair.checkTimeouts}: it may abort, reset, or do nothing. */
export interface TimeoutWatch {
  /** age in ticks that a command may have, 1 and up; the time in the software queue counts */
  readonly afterTicks: number;
  /**
   * Told of a command that is older, once for each.
   *
   * @param cid - command identifier; -1 for a command that is not in the ring
   * @param context - what was given at submission
   */
  readonly report: (pair: PolledPair, cid: number, context: unknown, ageTicks: number) => void;
}

/**
 * A queue pair without the commands that can be submitted to it: polling, time, statistics, what is done about commands that take too long,
 * and the way through a reset, a deletion, a hand-over. It belongs to one thread and acts only when called.
 *
 * Q1. An accepted command is called back exactly once, from inside a poll or a disconnect.
 * Q2. Requests are free again before their callback runs, so a callback can always submit one command for the one that completed.
 */
export abstract class PolledPair {
  /** queue identifier, the same for both rings; 0 is the admin queue */
  readonly qid: number;
  /** the choices this queue pair was made with */
  readonly settings: QueuePairSettings;
  /** who is told of commands that take too long; undefined for nobody */
  onTimeout: TimeoutWatch | undefined;
  protected readonly place: QueuePairPlace;
  protected readonly pool: RequestPool;
  protected readonly rings: RingPair;
  protected readonly lists: ListMemory;
  protected isConnected = true;
  /** whether plain transfers take the plain path: the pair is connected, and describes them by PRPs */
  protected sendsPlain = true;
  /** submissions refused for want of a request */
  protected refused = 0;
  private readonly search: CommandSearch;
  private readonly reportTimeout: TimeoutReport;
  private readonly counted: CountedShadows;
  private readonly loss: LossMark;
  private isShadowed = false;
  private shadowPages: ShadowPages | undefined;
  private isPolling = false;
  private isGivenAway = false;
  private polls = 0;
  private idlePolls = 0;

  protected constructor(place: QueuePairPlace, settings: QueuePairSettings) {
    this.qid = place.qid;
    this.settings = settings;
    this.place = place;
    this.onTimeout = undefined;
    this.pool = new RequestPool(settings.requests);
    this.lists = new ListMemory(
      place.function.dma,
      settings.requests,
      place.transferBytesMax >>> PAGE_SHIFT,
      place.listAddress,
    );
    this.rings = new RingPair(place, settings, this.pool);
    this.counted = new CountedShadows(place.function.doorbells, place.function.counters);
    this.loss = new LossMark(place.function.dma, place.lossAddress);
    this.shadowPages = undefined;
    this.search = new CommandSearch(this.rings, (callback, context) => this.contextOf(callback, context));
    this.reportTimeout = (cid, context, ageTicks) => {
      if (this.onTimeout !== undefined) this.onTimeout.report(this, cid, context, ageTicks);
    };
  }

  /** Commands in the ring that have not completed. */
  get inFlight(): number {
    return this.rings.inFlight;
  }

  /** Requests held: in flight, waiting, and wholes whose pieces are. */
  get outstanding(): number {
    return this.pool.capacity - this.pool.available;
  }

  /** The function whose queues these are. */
  get function(): PcieFunction {
    return this.place.function;
  }

  /** Whether commands can be submitted. */
  get connected(): boolean {
    return this.isConnected;
  }

  /** The counters as they stand. */
  get statistics(): QueuePairStatistics {
    const { idlePolls, polls, refused, splitCount } = this;
    return countRings(this.rings, this.counted, {
      idlePolls,
      polls,
      refused,
      split: splitCount,
      timedOut: this.search.timedOut,
    });
  }

  /**
   * Takes what has completed, calls the callbacks, gives the ring back, and tells the device what was submitted since the last poll.
   *
   * @returns the number of completions taken
   * @throws DriverError QUEUE_RELEASED when the pair was handed over to another thread
   */
  poll(): number {
    assert(!this.isPolling, 'a callback must not poll its own queue pair');
    if (!this.rings.isPlain) return this.pollSlowly();
    this.isPolling = true;
    this.polls++;
    // eslint-disable-next-line no-restricted-syntax -- costs nothing measurable, and a callback may throw
    try {
      const found = this.rings.poll();
      if (found === 0) this.idlePolls++;
      return found;
    } finally {
      this.isPolling = false; // a callback that throws ends this poll, not the queue pair
    }
  }

  /** As {@link PolledPair.poll}, taking at most `max` completions, 1 and up. */
  pollAtMost(max: number): number {
    const { rings } = this;
    const { pollMax } = rings;
    rings.pollMax = max;
    // eslint-disable-next-line no-restricted-syntax -- a callback may throw
    try {
      return this.poll();
    } finally {
      rings.pollMax = pollMax;
    }
  }

  /** Tells the coarse time, which is stamped on what is submitted from now on: any unit, 32 bits, growing. */
  setTick(tick: number): void {
    this.rings.setTick(tick);
  }

  /** How many ticks the oldest command has waited, in the ring or for its place there; 0 without any. Walks all of them: not for each poll. */
  oldestTicks(): number {
    return this.search.oldestTicks();
  }

  /**
   * Tells the time, as {@link PolledPair.setTick} does, and reports the commands that are too old to {@link PolledPair.onTimeout}.
   *
   * @returns how many were reported
   */
  checkTimeouts(tick: number): number {
    this.rings.setTick(tick);
    return this.onTimeout === undefined ? 0 : this.search.reportOlder(this.onTimeout.afterTicks, this.reportTimeout);
  }

  /** Command identifiers in flight of what was submitted with `context`, in order of submission; a split command has several. */
  cidsOf(context: unknown): number[] {
    return this.search.cidsOf(context);
  }

  /**
   * Gives up what was submitted with `context` and is not in the ring: it completes as Command Abort Requested at the next poll. Nothing is
   * called inside this call.
   *
   * @returns how many commands that were, the pieces of a split one counting one each
   */
  abortQueued(context: unknown): number {
    return this.search.abortQueued(context);
  }

  /** Has `trace` remember what this queue pair does from now on; undefined for nobody. */
  setTrace(trace: Trace | undefined): void {
    this.rings.slow.setTrace(trace);
  }

  /** Lets commands that are submitted from now on fail. @throws RangeError naming the field that is out of range */
  injectError(error: InjectedError): void {
    this.rings.slow.errors.add(error);
    this.rings.slow.update();
  }

  /** Ends what {@link PolledPair.injectError} began for an opcode. Gives whether there was anything left of it. */
  removeInjectedError(opcode: number): boolean {
    const hadAny = this.rings.slow.errors.remove(opcode);
    this.rings.slow.update();
    return hadAny;
  }

  // ---- reset, deletion, hand-over: for the controller

  /** Whether what is submitted waits, while what is in flight completes. @internal */
  holdBack(isHeld: boolean): void {
    this.rings.slow.holdBack(isHeld);
  }

  /** Whether the pair stands still for a reset of its controller. */
  get isSuspended(): boolean {
    return this.rings.slow.isSuspended;
  }

  /**
   * For the controller, which resets: nothing is put into the ring, rung or believed until {@link PolledPair.resume}. What is submitted
   * meanwhile waits.
   *
   * @internal
   */
  suspend(): void {
    if (this.isConnected) this.rings.slow.suspend();
  }

  /**
   * Gives up what was in flight when the pair was suspended, by the rule of `retry-policy.ts`: it is sent again after the reset, ahead of what
   * waits, or it completes as Command Aborted By Host at the next poll. The device no longer writes to its payloads.
   *
   * @param alsoWaiting - whether what waits completes likewise, and nothing is sent again; default false
   * @internal
   */
  abandon(alsoWaiting = false): void {
    if (this.isConnected) this.rings.abandon(alsoWaiting);
  }

  /**
   * Gives up what is not in the ring of a pair that stands still: it completes as Command Aborted By Host at the next poll. For whoever has
   * another way to the namespace and need not wait for the end of the reset.
   */
  abandonWaiting(): void {
    if (this.isConnected && this.isSuspended) this.rings.slow.abandonWaiting();
  }

  /**
   * Goes on after a reset: both queues were created again at the controller, on the same memory. Does what {@link PolledPair.abandon} does
   * first.
   *
   * @internal
   */
  resume(): void {
    assert(!this.isPolling, 'a callback must not resume its own queue pair');
    if (!this.isConnected || !this.isSuspended) return;
    this.rings.abandon(false);
    this.rings.slow.resume();
  }

  /**
   * Ends the connection: nothing is submitted or believed any more, and everything accepted completes with `status`. The caller has made
   * sure that the device no longer writes to the payloads.
   *
   * @param status - 15 bits; default is the host's own "aborted by host", a path error that may be retried elsewhere
   */
  disconnect(status: number = STATUS_COMMAND_ABORTED_BY_HOST): void {
    if (!this.rings.open) return;
    this.endSubmission();
    this.rings.close(status);
  }

  /** For the controller, which is about to delete the rings: nothing is submitted, believed or rung any more. @internal */
  retire(): void {
    this.endSubmission();
    this.rings.slow.stop();
  }

  /** For the controller, which has deleted the rings: takes what the device completed before it let go. @internal */
  collect(): void {
    if (!this.isGivenAway) this.rings.collect();
  }

  /**
   * Rings through other doorbells from now on: shadow doorbells that have been told where the pair stands, or the function's own again,
   * since after a reset the controller knows no shadow pages any more.
   *
   * @param pages - where shadow doorbells lie; without it the pair cannot be handed over to another thread
   * @internal
   */
  useDoorbells(doorbells: Doorbells, pages?: ShadowPages): void {
    const isShadow = doorbells !== this.place.function.doorbells;
    this.isShadowed = isShadow;
    this.shadowPages = isShadow ? pages : undefined;
    if (isShadow) this.counted.shadows = doorbells;
    this.rings.useDoorbells(isShadow ? this.counted : doorbells);
  }

  /**
   * Hands an idle pair over: this thread lets go of it, and another goes on with what is returned, by `adoptQueuePair`. Nothing can be
   * submitted to or polled from this object any more; the controller can still delete the queues, once the other thread has stopped.
   *
   * @throws DriverError QUEUE_BUSY when a command is in flight or waits, or the pair is not connected; QUEUE_RELEASED for a second time
   */
  release(): QueuePairDescription {
    if (this.isGivenAway) failReleased(this.qid);
    const { inFlight, isConnected, isPolling, isSuspended, outstanding } = this;
    const lacksPages = this.isShadowed && this.shadowPages === undefined;
    if (!isConnected || isPolling || isSuspended || outstanding !== 0 || lacksPages) {
      failBusy({
        qid: this.qid,
        connected: isConnected,
        polling: isPolling,
        suspended: isSuspended,
        inFlight,
        outstanding,
        lacksShadowPages: lacksPages,
      });
    }
    const lossAddress = this.loss.share();
    this.endSubmission();
    this.isGivenAway = true;
    const addresses = { listAddress: this.lists.address, lossAddress };
    return describePair(this.place, addresses, this.settings, this.rings.giveAway(), this.shadowPages);
  }

  /** Goes on where the pair stood on the thread that released it. @internal */
  takeOver(state: RingState): void {
    this.rings.takeOver(state);
  }

  /** Whether the pair was handed over to another thread: nothing but deleting it is left to do here. */
  get isReleased(): boolean {
    return this.isGivenAway;
  }

  /**
   * Whether the queues of a pair that was handed over are gone: its controller was reset, shut down or given up. Both threads see it, not before
   * the controller is disabled. The owner goes on with {@link PolledPair.checkLost}; where it was created, it can be deleted after that.
   */
  get isLost(): boolean {
    return this.loss.isSet;
  }

  /**
   * For the owner of a pair that was handed over, to be called about every millisecond: when its queues are gone, everything accepted completes as
   * Command Aborted By Host, and nothing can be submitted any more. Payloads are the caller's again: the controller is disabled.
   *
   * @returns whether they are gone
   */
  checkLost(): boolean {
    if (this.isGivenAway || !this.isLost) return false;
    this.disconnect();
    return true;
  }

  /** For the controller, which is disabled: tells the thread that owns the pair, if it was handed over. @internal */
  markLost(): void {
    this.loss.set();
  }

  /** For the controller: gives the DMA memory back, after {@link PolledPair.disconnect}, when the device knows the rings no more. @internal */
  free(): void {
    const { dma } = this.place.function;
    this.rings.free(dma);
    this.loss.free();
    if (this.place.listAddress === undefined) dma.free(this.lists.address);
  }

  /** Nothing can be submitted any more. */
  protected endSubmission(): void {
    this.isConnected = false;
    this.sendsPlain = false;
  }

  /** Transfers that were cut into pieces. */
  protected abstract get splitCount(): number;

  /** What the caller gave as context of a command, by the callback and context that are kept with it. */
  protected abstract contextOf(callback: CompletionCallback, context: unknown): unknown;

  /** Polls a pair of which something out of the ordinary is asked. */
  private pollSlowly(): number {
    if (this.isGivenAway) failReleased(this.qid);
    // Its queue identifier, and so its doorbells, may be another's by now.
    if (!this.isConnected) return 0;
    this.isPolling = true;
    this.polls++;
    // eslint-disable-next-line no-restricted-syntax -- a callback may throw
    try {
      const found = this.rings.slow.poll();
      if (found === 0) this.idlePolls++;
      return found;
    } finally {
      this.isPolling = false;
    }
  }
}

function failBusy(facts: DriverErrorFacts): never {
  throw new DriverError('QUEUE_BUSY', facts);
}

function failReleased(qid: number): never {
  throw new DriverError('QUEUE_RELEASED', { qid });
}
