import { assert, FreeList } from '@phasebit/core';
import { BACKEND_ACCEPTED, type Bdev, type BdevBackend } from './bdev.js';
import { type BdevCallback, BdevIo, type BdevIoOwner } from './bdev-io.js';
import { ChannelStatistics } from './channel-statistics.js';
import { CutRule } from './cut-rule.js';
import { finishPiece } from './io-split.js';
import { BDEV_IO_TYPES } from './io-type.js';
import type { SplitPool } from './split-pool.js';
import { BDEV_STATUS_SUCCESS } from './status.js';
import { WaitLine } from './wait-line.js';

/**
 * The I/Os of one channel, their way to the backend and their way back.
 *
 * ```text
 *   take ──> dispatch ──> backend.submit ──> (in flight) ──> finish ──> callback
 *               │  BACKEND_NO_MEMORY   ▲
 *               └──> waiting, FIFO ────┘ after each poll
 * ```
 *
 * Invariants:
 * I1. `ios[i].index === i`, and an index is either free or its I/O is held by exactly one submission.
 * I2. While anything waits, everything new goes behind it: nothing overtakes.
 * I3. Nothing is finished while the backend is inside `submit`, and nothing twice.
 *
 * Hot path: allocates only in the constructor.
 */
export class IoPool implements BdevIoOwner, SplitPool {
  /** all I/Os */
  readonly ios: readonly BdevIo[];
  /** for each kind of I/O where it must be cut */
  readonly cutRules: readonly CutRule[];
  /** what has passed through */
  readonly statistics: ChannelStatistics;
  /** NVMe status of the completion whose callback runs, 0 for none */
  lastNvmeStatus = 0;
  private readonly backend: BdevBackend;
  private readonly free: FreeList;
  private readonly waiting: WaitLine;
  private submitting = false;

  /** @param ioCount - number of I/Os */
  constructor(bdev: Bdev, ioCount: number) {
    this.ios = Array.from({ length: ioCount }, (_, index) => new BdevIo(this, index));
    this.free = new FreeList(ioCount);
    this.waiting = new WaitLine(ioCount);
    this.cutRules = Array.from({ length: BDEV_IO_TYPES }, (_, type) => new CutRule(bdev, type));
    this.statistics = new ChannelStatistics(bdev.blockBytes);
    this.backend = bdev.openBackend(this.ios);
  }

  /** I/Os that nobody holds. */
  get available(): number {
    return this.free.available;
  }

  /** I/Os that somebody holds: in flight, waiting, parents and their pieces. */
  get held(): number {
    return this.ios.length - this.free.available;
  }

  /** I/Os that wait for the device to have room. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Takes a free I/O and fills it in; REQUIRES `available > 0`. */
  take(type: number, address: number, lba: number, blocks: number, callback: BdevCallback, context: unknown): BdevIo {
    const index = this.free.take();
    assert(index >= 0, 'an I/O is taken only while one is available');
    const io = this.ios[index];
    assert(!io.inFlight, 'a free I/O is not in flight');
    io.type = type;
    io.address = address;
    io.lba = lba;
    io.blocks = blocks;
    io.callback = callback;
    io.context = context;
    io.inFlight = true;
    return io;
  }

  /** Gives an I/O back. */
  give(io: BdevIo): void {
    io.inFlight = false;
    this.free.give(io.index);
  }

  /** Hands an I/O to the backend, or lets it wait behind those that wait already. */
  dispatch(io: BdevIo): void {
    if (this.waiting.oldest >= 0 || !this.offer(io)) {
      this.statistics.waits++;
      this.waiting.push(io.index);
    }
  }

  /** Ends an I/O: called by the backend through `io.complete`. */
  finish(io: BdevIo, status: number, nvmeStatus: number): void {
    assert(io.inFlight, 'an I/O is completed once'); // I3
    assert(!this.submitting, 'a backend never completes inside submit'); // I3
    if (io.parent !== null) finishPiece(this, io, io.parent, status, nvmeStatus);
    else this.deliver(io, io.blocks, status, nvmeStatus);
  }

  /** Frees an I/O, counts it and calls its callback, in this order: the callback may take it at once. */
  deliver(io: BdevIo, blocks: number, status: number, nvmeStatus: number): void {
    const callback = io.callback;
    const context = io.context;
    if (status === BDEV_STATUS_SUCCESS) this.statistics.countSuccess(io.type, blocks);
    else this.statistics.countError(io.type);
    this.give(io);
    this.lastNvmeStatus = nvmeStatus;
    callback(context, status);
  }

  /** Lets the backend complete, then offers it again what waits, oldest first. Gives the backend's count. */
  poll(): number {
    const completed = this.backend.poll();
    if (this.waiting.oldest >= 0) this.retryWaiting();
    return completed;
  }

  /** Passes the time on to a backend that wants it. */
  tick(nowNs: number): void {
    if (this.backend.tick !== undefined) this.backend.tick(nowNs);
    if (this.waiting.oldest >= 0) this.retryWaiting();
  }

  /** Closes the backend; REQUIRES that nothing is held. */
  close(): void {
    assert(this.held === 0, 'a backend is closed only when nothing is in flight');
    this.backend.close();
  }

  private offer(io: BdevIo): boolean {
    this.submitting = true;
    const answer = this.backend.submit(io);
    this.submitting = false;
    return answer === BACKEND_ACCEPTED;
  }

  private retryWaiting(): void {
    const waiting = this.waiting;
    while (waiting.oldest >= 0 && this.offer(this.ios[waiting.oldest])) waiting.advance(); // I2
  }
}
