/**
 * Hot path: allocates only in the constructor.
 */
import { assert } from '@phasebit/core';
import {
  CQE_DW2_SQHD_MASK,
  CQE_DW3_CID_MASK,
  CQE_DW3_PHASE_SHIFT,
  CQE_DW3_STATUS_SHIFT,
  SQE_CDW0_FUSE_MASK,
  SQE_CDW0_FUSE_SHIFT,
} from '@phasebit/nvme-spec';
import type { DmaSpace, Doorbells } from '@phasebit/pcie';
import type { CompletionCallback } from './completion.js';
import { type QueuePairPlace, type QueuePairSettings, trackersOf } from './queue-pair-options.js';
import { KIND_WIDE, REQUEST_KIND, REQUEST_SHIFT, type RequestPool } from './request-pool.js';
import { inFlightInOrder } from './in-flight-order.js';
import { type RingState, saveGenerations } from './ring-state.js';
import { SilentDoorbells } from './silent-doorbells.js';
import { SlowPath } from './slow-path.js';
import { TRACKER_ORDER, TRACKER_REQUEST, TRACKER_SHIFT, TRACKER_TICK, TrackerTable } from './tracker-table.js';

// Imported bindings are not folded into the code by V8, constants of this module are.
const PHASE_SHIFT = CQE_DW3_PHASE_SHIFT;
const STATUS_SHIFT = CQE_DW3_STATUS_SHIFT;
const REQUEST = REQUEST_SHIFT;
const KIND = REQUEST_KIND;
const TRACKER = TRACKER_SHIFT;
const TRACKED_REQUEST = TRACKER_REQUEST;
const TICK = TRACKER_TICK;
const ORDER = TRACKER_ORDER;
const CID_MASK = CQE_DW3_CID_MASK;
const WITHOUT_PHASE = ~(1 << PHASE_SHIFT);
const FUSED_MASK = SQE_CDW0_FUSE_MASK << SQE_CDW0_FUSE_SHIFT;
const SQHD_MASK = CQE_DW2_SQHD_MASK;

/**
 * The PCIe half of a queue pair: one submission and one completion ring in DMA memory, their doorbells, and a tracker for each command
 * in flight. It moves requests; what they mean is nothing to it.
 *
 * ```text
 *   submit(request) --tracker free?--yes--> copy into SQ[tail], tail++ --> doorbell (now, or at the poll)
 *                         no                       ^
 *                         +--> software queue -----+  FIFO, no overtaking
 *   poll() --> CQ[head] has the awaited phase? --> tracker by CID, checked --> free both --> callback --> head doorbell (held back)
 * ```
 *
 * What a plain transfer that succeeds does not need is in {@link SlowPath}. Three checks that are made anyway lead there: no tracker is
 * available (they are all held while every submission is looked at), a completion does not equal the identifier awaited (an error, an
 * identifier that is not in flight, a tracker that is marked), and the pair is not plain when it is polled.
 *
 * R1. At most entries - 1 commands are in flight, so neither ring can overflow.
 * R2. While the software queue holds a request, no later one is put into the ring.
 * R3. A completion is believed only if its CID, generation included, is in flight; nothing else the device writes is used as an index.
 * R4. `head` and `phase` are stored before a callback runs: if it throws, the ring still says what was consumed.
 * R5. Completion entries not yet given back are fewer than half of the ring after each poll, so a device that stopped for want of an
 *     entry has filled more than that, and the poll that consumes them gives them back.
 */
export class RingPair {
  /** commands put into the ring */
  submitted = 0;
  /** entries taken from the completion ring */
  reaped = 0;
  /** requests that had to wait for a tracker */
  queued = 0;
  /** times that the submission tail was told to the device */
  sqRings = 0;
  /** times that the completion head was told to the device */
  cqRings = 0;
  /** submission queue heads outside of the ring, among those looked at: one for each head told to the device, and those of failures */
  badSqHeads = 0;
  /** whether {@link RingPair.poll} does all there is to do; otherwise it is {@link SlowPath.poll} that has to be called */
  isPlain = true;
  /** most entries that one poll takes */
  pollMax: number;
  /** whether each command is told to the device at once */
  ringsEachCommand: boolean;

  readonly place: QueuePairPlace;
  readonly entries: number;
  readonly pool: RequestPool;
  readonly trackers: TrackerTable;
  /** when each request began to wait for a tracker, in ticks */
  readonly waitingSince: Int32Array;
  /** all that is not plain */
  readonly slow: SlowPath;
  /** what is rung while nothing may be */
  readonly silent: SilentDoorbells = new SilentDoorbells();
  private readonly qid: number;
  private ownDoorbells: Doorbells;
  /** the same, or {@link RingPair.silent} */
  private doorbells: Doorbells;
  private readonly requests: Int32Array;

  private readonly sq: Int32Array;
  /** 1 where the ring holds a wide command, so that the next one there has to overwrite all of it */
  private readonly wideEntries: Uint8Array;
  private sqTail = 0;
  /** the tail that the device knows */
  sqRung = 0;

  private readonly cq: Int32Array;
  private cqHead = 0;
  private cqPhase = 1;
  /** the head that the device knows */
  cqRung = 0;
  /** the head up to which submission queue heads were looked at last */
  private sqHeadSeen = 0;
  private readonly cqHeldMax: number;
  private readonly lookAhead: boolean;
  /** see `MemoryOrder` of `@phasebit/pcie` */
  private readonly firstLoadIsAtomic: boolean;
  private readonly loadsAreAtomic: boolean;
  private readonly callbackInTracker: boolean;
  private isOpen = true;
  /** the coarse time, see {@link RingPair.setTick} */
  tickNow = 0;

  constructor(place: QueuePairPlace, settings: QueuePairSettings, pool: RequestPool) {
    const { dma, doorbells, memoryOrder } = place.function;
    const { entries } = settings;
    const trackers = trackersOf(settings);
    this.place = place;
    this.qid = place.qid;
    this.ownDoorbells = doorbells;
    this.doorbells = doorbells;
    this.pool = pool;
    this.requests = pool.records;
    this.trackers = new TrackerTable(trackers);
    this.entries = entries;
    this.sq = signedWords(dma.words(place.sqAddress, entries * 16));
    this.wideEntries = new Uint8Array(entries);
    this.ringsEachCommand = settings.sqDoorbell === 'command';
    this.cq = signedWords(dma.words(place.cqAddress, entries * 4));
    this.cqHeldMax = settings.cqDoorbell === 'half' ? Math.max(1, entries >>> 1) : 1;
    this.pollMax = settings.completionsPerPollMax;
    this.lookAhead = settings.lookAhead;
    this.firstLoadIsAtomic = memoryOrder !== 'same-thread';
    this.loadsAreAtomic = memoryOrder === 'weak';
    this.callbackInTracker = settings.callbackIn === 'tracker';
    this.waitingSince = new Int32Array(settings.requests);
    this.slow = new SlowPath(this, settings);
  }

  /** Commands in the ring that have not completed. */
  get inFlight(): number {
    return this.trackers.count - this.trackers.free;
  }

  /** Sends a request whose command is built, or queues it behind those that wait. */
  submit(request: number, callback: CompletionCallback, context: unknown): void {
    if (this.trackers.available <= 0 || this.pool.waiting.length !== 0) {
      if (this.trackers.isHeld) this.slow.submit(request, callback, context);
      else this.queue(request, callback, context);
    } else {
      this.start(request, callback, context);
    }
  }

  /** Sends both halves of a fused pair, built, side by side; see {@link RingPair.canFuse}. */
  submitFused(
    first: number,
    firstCallback: CompletionCallback,
    firstContext: unknown,
    second: number,
    secondCallback: CompletionCallback,
    secondContext: unknown,
  ): void {
    this.slow.submitFused(first, firstCallback, firstContext, second, secondCallback, secondContext);
  }

  /** Whether two commands can be in the ring at once. */
  get canFuse(): boolean {
    return this.trackers.count >= 2;
  }

  /** Takes what has completed, gives entries back, and tells the device what was submitted since the last poll. Returns the entries taken. */
  poll(): number {
    if (this.sqTail !== this.sqRung) this.ringSq();
    const found = this.reap();
    this.giveBack();
    if (this.sqTail !== this.sqRung) this.ringSq();
    return found;
  }

  /** Whether {@link RingPair.close} is still to come. */
  get open(): boolean {
    return this.isOpen;
  }

  /** Takes what has completed and rings nothing: the device knows the rings no more. What waits is not started any more either. */
  collect(): void {
    this.slow.stop();
    this.reap();
  }

  /** Rings through other doorbells from now on, or once it rings again. */
  useDoorbells(doorbells: Doorbells): void {
    this.ownDoorbells = doorbells;
    if (this.doorbells !== this.silent) this.doorbells = doorbells;
  }

  /** Whether doorbells are only said to be rung: the device does not want them at the moment, or they are somebody else's by now. */
  silence(isSilent: boolean): void {
    this.doorbells = isSilent ? this.silent : this.ownDoorbells;
  }

  /** Stamps the coarse time on what is submitted from now on: any unit, 32 bits. */
  setTick(tick: number): void {
    this.tickNow = tick | 0;
  }

  /** Completes everything with `status`, in order of submission: what is in flight, then what waits. */
  close(status: number): void {
    this.isOpen = false;
    this.slow.close(inFlightInOrder(this.trackers), status);
  }

  /** Lets go of the rings, which another thread goes on with. Nothing is in flight. Gives all that it needs to know. */
  giveAway(): RingState {
    assert(this.inFlight === 0 && this.sqTail === this.sqRung, 'rings are given away idle');
    const { cqHead, cqPhase, cqRung, sqTail, tickNow } = this;
    this.isOpen = false;
    this.slow.stop();
    const cids = saveGenerations(this.trackers);
    return { sqTail, cqHead, cqPhase, cqRung, tickNow, cids, wideEntries: this.wideEntries };
  }

  /** Goes on where rings of the same size stood on another thread. Nothing has been submitted here yet. */
  takeOver(state: RingState): void {
    assert(
      this.submitted === 0 && state.wideEntries.length === this.entries,
      'rings are taken over fresh and of the same size',
    );
    this.sqTail = state.sqTail;
    this.sqRung = state.sqTail;
    this.cqHead = state.cqHead;
    this.cqPhase = state.cqPhase;
    this.cqRung = state.cqRung;
    this.sqHeadSeen = state.cqHead;
    this.tickNow = state.tickNow;
    this.wideEntries.set(state.wideEntries);
    this.trackers.restoreGenerations(state.cids);
  }

  /** Gives up what is in flight, in order of submission: see {@link SlowPath.abandon}. */
  abandon(alsoWaiting: boolean): void {
    this.slow.abandon(inFlightInOrder(this.trackers), alsoWaiting);
  }

  /** Starts again at entry 0 with empty rings, as the device does with queues that were created again on the same memory. Nothing is in flight. */
  restart(): void {
    assert(this.inFlight === 0, 'rings start again with nothing in flight');
    this.sq.fill(0);
    this.cq.fill(0);
    this.wideEntries.fill(0);
    this.sqTail = 0;
    this.sqRung = 0;
    this.cqHead = 0;
    this.cqPhase = 1;
    this.cqRung = 0;
  }

  /** Gives the DMA memory back, once the device knows the rings no more. */
  free(dma: DmaSpace): void {
    assert(!this.isOpen, 'rings are closed before their memory is freed');
    if (!this.place.ringsAreGiven) {
      dma.free(this.place.sqAddress);
      dma.free(this.place.cqAddress);
    }
  }

  // ---- submission

  /** Puts a request into the ring and gives its command identifier. There is a tracker. R1 */
  start(request: number, callback: CompletionCallback, context: unknown): number {
    const trackers = this.trackers;
    const cid = trackers.take();
    const slot = cid & trackers.slotMask;
    const at = slot << TRACKER;
    trackers.records[at | TRACKED_REQUEST] = request;
    trackers.records[at | TICK] = this.tickNow;
    trackers.records[at | ORDER] = this.submitted;
    if (this.callbackInTracker) {
      // Mostly the same one again: comparing is cheaper than telling the garbage collector of a store.
      if (trackers.callbacks[slot] !== callback) trackers.callbacks[slot] = callback;
      trackers.contexts[slot] = context;
    } else {
      this.pool.callbacks[request] = callback;
      this.pool.contexts[request] = context;
    }
    const tail = this.sqTail;
    const requests = this.requests;
    const from = request << REQUEST;
    if ((requests[from | KIND] | this.wideEntries[tail]) === 0) copyTransfer(this.sq, tail << 4, requests, from, cid);
    else this.startSpecial(tail, from, cid);
    this.sqTail = tail + 1 === this.entries ? 0 : tail + 1;
    this.submitted++;
    if (this.ringsEachCommand) this.ringSq();
    return cid;
  }

  /** Lets a request wait for a tracker. */
  queue(request: number, callback: CompletionCallback, context: unknown): void {
    this.pool.callbacks[request] = callback;
    this.pool.contexts[request] = context;
    this.pool.waiting.push(request); // R2
    this.waitingSince[request] = this.tickNow;
    this.queued++;
  }

  /** A command that fills all of its dwords, or one that takes the place of such a one. */
  private startSpecial(tail: number, from: number, cid: number): void {
    const { requests, sq } = this;
    const to = tail << 4;
    for (let i = 0; i < 16; i++) sq[to + i] = requests[from + i]!;
    sq[to] = (requests[from] & 0xffff) | (cid << 16);
    this.wideEntries[tail] = requests[from | KIND] & KIND_WIDE;
  }

  /** Tells the device the tail, if it does not know it. */
  ringIfMoved(): void {
    if (this.sqTail !== this.sqRung) this.ringSq();
  }

  private ringSq(): void {
    this.sqRung = this.sqTail;
    this.sqRings++;
    this.doorbells.ringSq(this.qid, this.sqTail);
  }

  // ---- completion

  /** Takes what has completed. Gives how many entries were taken. */
  reap(): number {
    const cq = this.cq;
    const lookAhead = this.lookAhead;
    const isWeak = this.loadsAreAtomic;
    const max = this.pollMax;
    let head = this.cqHead;
    let phase = this.cqPhase;
    let found = 0;
    let dw3 = this.firstLoadIsAtomic ? Atomics.load(cq, (head << 2) | 3) : cq[(head << 2) | 3];
    while (found < max && ((dw3 >>> PHASE_SHIFT) & 1) === phase) {
      const done = dw3 & WITHOUT_PHASE;
      const dw0 = cq[head << 2];
      if (++head === this.entries) {
        head = 0;
        phase ^= 1;
      }
      this.cqHead = head; // R4
      this.cqPhase = phase;
      found++;
      if (lookAhead) dw3 = isWeak ? Atomics.load(cq, (head << 2) | 3) : cq[(head << 2) | 3];
      if (this.trackers.isPlainSuccess(done))
        this.complete(done, 0, dw0); // R3
      else this.slow.complete(done & CID_MASK, done >>> STATUS_SHIFT, dw0);
      if (!lookAhead) dw3 = isWeak ? Atomics.load(cq, (head << 2) | 3) : cq[(head << 2) | 3];
    }
    this.reaped += found;
    return found;
  }

  /** Frees tracker and request, then calls back: what the callback submits can have both at once, still warm. */
  complete(cid: number, status: number, dw0: number): void {
    const trackers = this.trackers;
    const pool = this.pool;
    const slot = cid & trackers.slotMask;
    const request = trackers.records[(slot << TRACKER) | TRACKED_REQUEST];
    const inTracker = this.callbackInTracker;
    const callback = inTracker ? trackers.callbacks[slot] : pool.callbacks[request];
    const context = inTracker ? trackers.contexts[slot] : pool.contexts[request];
    trackers.give(cid);
    pool.give(request);
    if (pool.waiting.length !== 0) this.startWaiting();
    callback(context, status, dw0);
  }

  /** The request of a command in flight. */
  requestOf(cid: number): number {
    return this.trackers.records[((cid & this.trackers.slotMask) << TRACKER) | TRACKED_REQUEST];
  }

  /** Frees the tracker of a command in flight and keeps its request, with callback and context beside it. Gives the request. */
  takeBack(cid: number): number {
    const { pool, trackers } = this;
    const request = this.requestOf(cid);
    if (this.callbackInTracker) {
      const slot = cid & trackers.slotMask;
      pool.callbacks[request] = trackers.callbacks[slot]!;
      pool.contexts[request] = trackers.contexts[slot];
    }
    trackers.give(cid);
    return request;
  }

  /** The callback of a command in flight. */
  callbackOf(cid: number): CompletionCallback {
    return this.callbackInTracker
      ? this.trackers.callbacks[cid & this.trackers.slotMask]
      : this.pool.callbacks[this.requestOf(cid)];
  }

  /** The context of a command in flight. */
  contextOf(cid: number): unknown {
    return this.callbackInTracker
      ? this.trackers.contexts[cid & this.trackers.slotMask]
      : this.pool.contexts[this.requestOf(cid)];
  }

  /** Starts the request that has waited longest, if there is a tracker for it. */
  startWaiting(): void {
    const { pool, trackers } = this;
    if (trackers.available <= 0) return this.slow.startWaiting();
    const request = pool.waiting.at(0);
    if ((this.requests[request << REQUEST] & FUSED_MASK) !== 0) return this.slow.startWaiting();
    pool.waiting.shift();
    const cid = this.start(request, pool.callbacks[request], pool.contexts[request]);
    trackers.records[((cid & trackers.slotMask) << TRACKER) | TICK] = this.waitingSince[request]!;
  }

  /** Tells the device which entries it may use again, unless they are too few. */
  giveBack(): void {
    const head = this.cqHead;
    const held = head - this.cqRung;
    if ((held >= 0 ? held : held + this.entries) < this.cqHeldMax) return;
    this.lookAtSqHead();
    this.cqRung = head;
    this.cqRings++;
    this.doorbells.ringCq(this.qid, head); // R5
  }

  /** Looks at the submission queue head in the entry that was taken last. It is counted when it cannot be, and never used. */
  lookAtSqHead(): void {
    const head = this.cqHead;
    if (head === this.sqHeadSeen) return;
    this.sqHeadSeen = head;
    const last = (head === 0 ? this.entries : head) - 1;
    if ((this.cq[(last << 2) | 2] & SQHD_MASK) >= this.entries) this.badSqHeads++;
  }
}

/**
 * Copies a read or write from the request into the ring, with its identifier. Its other seven dwords are zero in both: left alone they
 * save a third of the time (8 of 24 ns, Node 20). `|` instead of `+`, since entries are 16 dwords and it spares V8 the overflow check.
 * C would use non-temporal stores here; JavaScript has none.
 */
function copyTransfer(sq: Int32Array, to: number, commands: Int32Array, from: number, cid: number): void {
  sq[to] = (commands[from] & 0xffff) | (cid << 16);
  sq[to | 1] = commands[from | 1]!;
  sq[to | 6] = commands[from | 6]!;
  sq[to | 7] = commands[from | 7]!;
  sq[to | 8] = commands[from | 8]!;
  sq[to | 9] = commands[from | 9]!;
  sq[to | 10] = commands[from | 10]!;
  sq[to | 11] = commands[from | 11]!;
  sq[to | 12] = commands[from | 12]!;
}

/** The same memory as signed words. */
function signedWords(words: Uint32Array): Int32Array {
  // eslint-disable-next-line no-restricted-syntax -- called by the constructor
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}
