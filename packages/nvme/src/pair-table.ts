import type { Clock, Log, WaitOptions } from '@phasebit/core';
import type { PcieFunction } from '@phasebit/pcie';
import type { BroughtUp } from './bring-up/bring-up.js';
import { DELAY_AFTER_QUEUE_CREATION_MS, LARGE_IO_QUEUE_ENTRIES } from './bring-up/quirks.js';
import { limitsExcludeMetadata } from './command-limits.js';
import { DriverError } from './errors.js';
import { HeldPairs } from './held-pairs.js';
import { TRANSFER_BYTES_MAX } from './limits.js';
import type { Rings } from './io-queues.js';
import { makePair } from './pair-making.js';
import { QueueCommands } from './queue-commands.js';
import type { QueuePair } from './queue-pair.js';
import { type QueuePairOptions, type QueuePairSettings, settleQueuePairOptions } from './queue-pair-options.js';
import { RETRY_DELAY_UNIT_MS } from './retry-policy.js';

interface Entry {
  readonly pair: QueuePair;
  readonly rings: Rings;
  readonly queues: QueueCommands;
  /** its owner is deleting it */
  isLeaving: boolean;
}

/** The I/O queue pairs of a controller, by queue identifier. */
export class PairTable {
  private readonly entries: (Entry | undefined)[] = [];
  private readonly held: HeldPairs;
  private isHeldBack = false;

  constructor(
    private readonly fn: PcieFunction,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.held = new HeldPairs(log);
  }

  /** Queue pairs that exist, by ascending queue identifier. */
  get pairs(): readonly QueuePair[] {
    return this.present().map(({ pair }) => pair);
  }

  /** Commands in flight on the pairs of this thread. */
  get inFlight(): number {
    return this.present().reduce((sum, { pair }) => sum + (pair.isReleased ? 0 : pair.inFlight), 0);
  }

  /** How many pairs other threads have. */
  get released(): number {
    return this.present().filter(({ pair }) => pair.isReleased).length;
  }

  /** Whether what is submitted on the pairs of this thread, also on new ones, waits. */
  holdBack(isHeld: boolean): void {
    this.isHeldBack = isHeld;
    for (const { pair } of this.present()) pair.holdBack(isHeld);
  }

  /** Stamps the time on what is submitted from now on. To be called often: it makes nothing. */
  setTick(tick: number): void {
    for (let qid = 1; qid < this.entries.length; qid++) this.entries[qid]?.pair.setTick(tick);
  }

  /**
   * Creates a queue pair, at the controller too.
   *
   * @throws RangeError for an option out of range; DriverError QUEUE_REFUSED, or as the admin queue does
   */
  async create(of: BroughtUp, options: QueuePairOptions, wait: WaitOptions): Promise<QueuePair> {
    const settings = settleFor(of, options);
    const qid = this.freeQid(of.ioQueuePairsMax);
    const { crdt1, crdt2, crdt3, sgls } = of.identity;
    const unit = RETRY_DELAY_UNIT_MS;
    const excludesMetadata = of.quirks.has('MDTS_EXCLUDES_METADATA') || limitsExcludeMetadata(of.identity);
    const place = {
      qid,
      function: this.fn,
      // Where MDTS does not count metadata, lists have to describe it all the same.
      transferBytesMax: excludesMetadata ? TRANSFER_BYTES_MAX : of.transferBytesMax,
      sgls,
      retryDelaysTicks: [crdt1 * unit, crdt2 * unit, crdt3 * unit] as const,
    };
    const { pair, rings } = makePair(place, settings);
    const queues = new QueueCommands(of.admin, qid);
    const entry = { pair, rings, queues, isLeaving: false };
    pair.holdBack(this.isHeldBack);
    this.entries[qid] = entry;
    of.doorbellBuffer?.doorbells?.clear(qid);
    try {
      await queues.create(settings, rings, wait);
    } catch (error) {
      this.drop(entry);
      throw error instanceof DriverError ? error.with({ qid }) : error;
    }
    this.connectDoorbells(of, pair);
    if (of.quirks.has('DELAY_AFTER_QUEUE_CREATION')) await this.delay(DELAY_AFTER_QUEUE_CREATION_MS);
    return pair;
  }

  /** Deletes a queue pair, at the controller first. What is in flight or waits on it completes as aborted. */
  async delete(pair: QueuePair, wait: WaitOptions): Promise<void> {
    const entry = this.entries[pair.qid];
    if (entry?.pair !== pair) return;
    entry.isLeaving = true;
    // Nobody may ring its doorbells while it goes: they are the next pair's of this identifier.
    pair.retire();
    await entry.queues.delete(wait);
    if (this.entries[pair.qid] !== entry) return;
    pair.collect();
    this.drop(entry);
  }

  /** Forgets a queue pair of a controller that knows no queues any more. @param isQuiet - whether the device is known to leave its memory alone */
  forget(pair: QueuePair, isQuiet: boolean): void {
    if (this.entries[pair.qid]?.pair !== pair) return;
    this.entries[pair.qid] = undefined;
    if (isQuiet) pair.free();
  }

  /** Queue pairs that were disconnected by something else than their deletion, and not handed to another thread. */
  lost(): readonly QueuePair[] {
    return this.present()
      .filter(({ pair, isLeaving }) => !isLeaving && !pair.connected && !pair.isReleased)
      .map(({ pair }) => pair);
  }

  /** All stand still: the controller is about to be reset. */
  suspend(): void {
    for (const { pair } of this.present()) pair.suspend();
  }

  /** The controller is disabled: what was in flight is not any more. */
  abandon(): void {
    this.forgetQueues();
    for (const { pair } of this.present()) if (pair.isSuspended) pair.abandon();
  }

  /** The controller is disabled: it knows no queue any more. */
  forgetQueues(): void {
    for (const { pair, queues } of this.present()) {
      queues.forget();
      if (pair.isReleased) pair.markLost();
    }
    this.held.release();
  }

  /**
   * After a reset: creates all queues again, on the memory they had and under the identifiers they had, and has the pairs go on. One that
   * the controller does not grant any more is disconnected.
   *
   * @returns those that are not there any more
   * @throws DriverError when the controller cannot be asked
   */
  async recreate(of: BroughtUp, wait: WaitOptions = {}): Promise<readonly QueuePair[]> {
    const gone: QueuePair[] = [];
    for (const entry of this.present()) {
      const { pair, isLeaving } = entry;
      if (pair.isReleased) {
        this.log.warn(`queue pair ${pair.qid} is not created again: delete it once the thread that has it has let go`);
        continue;
      }
      const isGranted = pair.connected && pair.qid <= of.ioQueuePairsMax;
      if (isGranted && (await this.recreateOne(entry, wait))) continue;
      // Its deletion has found its queues gone already.
      if (!isLeaving) gone.push(pair);
      this.drop(entry);
    }
    for (const { pair } of this.present()) {
      if (pair.isReleased) continue;
      pair.useDoorbells(of.doorbellBuffer?.doorbells ?? this.fn.doorbells, of.doorbellBuffer?.pages);
      of.doorbellBuffer?.doorbells?.start(pair.qid, 0, 0);
      pair.resume();
    }
    return gone;
  }

  /** Ends all of them: everything accepted completes as aborted by the host. */
  disconnect(): void {
    for (const { pair } of this.present()) {
      if (pair.isReleased) pair.markLost();
      pair.disconnect();
    }
  }

  /** Gives the memory of all of them back: the controller is disabled. */
  free(): void {
    this.held.release();
    for (const { pair } of this.present()) pair.free();
  }

  private async recreateOne({ pair, queues, rings }: Entry, wait: WaitOptions): Promise<boolean> {
    try {
      await queues.create(pair.settings, rings, wait);
      return true;
    } catch (error) {
      if (error instanceof DriverError && error.code === 'QUEUE_REFUSED') return false;
      throw error;
    }
  }

  private connectDoorbells(of: BroughtUp, pair: QueuePair): void {
    const shadows = of.doorbellBuffer?.doorbells;
    if (shadows === undefined) return;
    shadows.start(pair.qid, 0, 0);
    pair.useDoorbells(shadows, of.doorbellBuffer?.pages);
  }

  private freeQid(pairsMax: number): number {
    const { entries, held } = this;
    for (let qid = 1; qid <= pairsMax; qid++) if (entries[qid] === undefined && !held.has(qid)) return qid;
    throw new DriverError('QUEUE_REFUSED', {
      expected: `at most ${pairsMax} queue pairs, as granted`,
      ...(held.size === 0 ? {} : { setAside: held.size }),
    });
  }

  /** Ends a pair. Its memory and its identifier are free again as soon as the controller cannot have its queues any more. */
  private drop({ pair, queues }: Entry): void {
    this.entries[pair.qid] = undefined;
    pair.disconnect();
    if (queues.mayExist) this.held.hold(pair, queues);
    else pair.free();
  }

  private present(): Entry[] {
    return this.entries.filter((entry) => entry !== undefined);
  }

  private async delay(delayMs: number): Promise<void> {
    for (const untilNs = this.clock.nowNs() + delayMs * 1e6; this.clock.nowNs() < untilNs;) await this.fn.pause();
  }
}

/** The choices of a queue pair on this controller. */
function settleFor(of: BroughtUp, options: QueuePairOptions): QueuePairSettings {
  const { queueEntriesMax } = of.capabilities;
  const wantsLarge = options.entries === undefined && of.quirks.has('LARGE_IO_QUEUES');
  const large = wantsLarge ? { entries: Math.min(LARGE_IO_QUEUE_ENTRIES, queueEntriesMax) } : {};
  const settings = settleQueuePairOptions({ ...options, ...large }, queueEntriesMax);
  if (settings.priority !== 'urgent' && !of.isWeighted) {
    throw new RangeError(
      `priority: expected urgent, the controller was brought up without weights, got ${settings.priority}`,
    );
  }
  return settings;
}
