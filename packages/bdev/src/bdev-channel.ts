import type { Bdev } from './bdev.js';
import type { BdevCallback } from './bdev-io.js';
import type { ChannelStatistics } from './channel-statistics.js';
import { failBusyClose, failIoCount, failNestedPoll } from './channel-errors.js';
import { checkGeometry } from './geometry.js';
import { IoPool } from './io-pool.js';
import { startSplit } from './io-split.js';
import {
  BDEV_IO_COMPARE,
  BDEV_IO_FLUSH,
  BDEV_IO_READ,
  BDEV_IO_TYPES,
  BDEV_IO_UNMAP,
  BDEV_IO_WRITE,
  BDEV_IO_WRITE_ZEROES,
} from './io-type.js';
import { CHANNEL_IO_COUNT_DEFAULT, CHANNEL_IO_COUNT_MAX, IO_BLOCKS_MAX } from './limits.js';
import { BDEV_ACCEPTED, BDEV_AGAIN, BDEV_NEVER, type SubmitResult } from './status.js';

/** How a channel is opened. */
export interface BdevChannelOptions {
  /** I/Os that can be under way at once, 1 to 65,536; default 1,024. A split I/O takes two or more */
  readonly ioCount?: number;
}

/**
 * One thread's way into a block device: submit, poll, be called back.
 *
 * A submit answers with a number. {@link BDEV_ACCEPTED}: the callback will be called, once, from inside a later `poll` or `tick`.
 * {@link BDEV_AGAIN}: out of I/Os, submit again after a completion. {@link BDEV_NEVER}: this I/O cannot be, as it stands.
 * After the last two the callback is never called.
 *
 * Invariants:
 * C1. The device sees only I/Os of a supported kind, in range, aligned, and no larger than it takes.
 * C2. I/Os that had to wait reach the device in the order in which they were accepted, and nothing overtakes them.
 * C3. After `close` every submit answers `BDEV_NEVER`.
 *
 * Hot path: allocates only in the constructor.
 */
export class BdevChannel {
  /** the device */
  readonly bdev: Bdev;
  /** what has passed through since the channel was opened */
  readonly statistics: ChannelStatistics;
  private readonly pool: IoPool;
  private readonly blockCount: number;
  private readonly alignmentMask: number;
  private readonly transferBlocksMax: number;
  private readonly boundaryMask: number;
  private readonly boundarySpan: number;
  private supported = 0;
  private inCallbacks = false;
  private closed = false;

  /**
   * Opens the device for this thread.
   *
   * @throws RangeError when the device's numbers or the options are out of range
   */
  constructor(bdev: Bdev, options: BdevChannelOptions = {}) {
    const { ioCount = CHANNEL_IO_COUNT_DEFAULT } = options;
    checkGeometry(bdev);
    if (!(Number.isInteger(ioCount) && ioCount >= 1 && ioCount <= CHANNEL_IO_COUNT_MAX)) failIoCount(ioCount);
    const pool = new IoPool(bdev, ioCount);
    const rule = pool.cutRules[BDEV_IO_READ];
    const boundary = rule.boundaryBlocks;
    const isMask = boundary > 0 && boundary <= IO_BLOCKS_MAX && (boundary & (boundary - 1)) === 0;
    this.bdev = bdev;
    this.pool = pool;
    this.statistics = pool.statistics;
    this.blockCount = bdev.blockCount;
    this.alignmentMask = bdev.requiredAlignmentBytes - 1;
    this.transferBlocksMax = rule.blocksMax;
    // An I/O with (lba & boundaryMask) + blocks <= boundarySpan crosses no boundary. Without a boundary that always holds; with one
    // that is not a power of two it never does, and the split decides by division whether there is anything to cut.
    this.boundaryMask = isMask ? boundary - 1 : 0;
    this.boundarySpan = boundary === 0 ? IO_BLOCKS_MAX : isMask ? boundary : 0;
    for (let type = 0; type < BDEV_IO_TYPES; type++) if (bdev.supports(type)) this.supported |= 1 << type;
  }

  /** NVMe status (15 bits) of the I/O whose callback runs, 0 for none. Valid during the callback. */
  get lastNvmeStatus(): number {
    return this.pool.lastNvmeStatus;
  }

  /** I/Os of the pool that are in use: accepted and not called back, and the pieces of those that were split. */
  get inFlight(): number {
    return this.pool.held;
  }

  /** I/Os among them that wait for the device to have room. */
  get waiting(): number {
    return this.pool.waitingCount;
  }

  /**
   * Reads `blocks` blocks from `lba` into memory from `address` on.
   *
   * @param address - host address, a multiple of `requiredAlignmentBytes`
   */
  read(address: number, lba: number, blocks: number, callback: BdevCallback, context: unknown): SubmitResult {
    return this.transfer(BDEV_IO_READ, address, lba, blocks, callback, context);
  }

  /** Writes `blocks` blocks from memory at `address` to `lba`. The memory must stay as it is until the callback. */
  write(address: number, lba: number, blocks: number, callback: BdevCallback, context: unknown): SubmitResult {
    return this.transfer(BDEV_IO_WRITE, address, lba, blocks, callback, context);
  }

  /** Compares `blocks` blocks from `lba` with memory at `address`. */
  compare(address: number, lba: number, blocks: number, callback: BdevCallback, context: unknown): SubmitResult {
    return this.transfer(BDEV_IO_COMPARE, address, lba, blocks, callback, context);
  }

  /** Makes `blocks` blocks from `lba` read as zeroes. */
  writeZeroes(lba: number, blocks: number, callback: BdevCallback, context: unknown): SubmitResult {
    return this.change(BDEV_IO_WRITE_ZEROES, lba, blocks, callback, context);
  }

  /** Tells the device that `blocks` blocks from `lba` are not needed any more. */
  unmap(lba: number, blocks: number, callback: BdevCallback, context: unknown): SubmitResult {
    return this.change(BDEV_IO_UNMAP, lba, blocks, callback, context);
  }

  /** Makes every write that has completed durable. */
  flush(callback: BdevCallback, context: unknown): SubmitResult {
    if (((this.supported >>> BDEV_IO_FLUSH) & 1) === 0) return BDEV_NEVER;
    return this.send(BDEV_IO_FLUSH, 0, 0, 0, callback, context);
  }

  /** Runs the callbacks of what has completed, and gives how many I/Os the device completed: pieces of split ones count each. */
  poll(): number {
    if (this.inCallbacks) failNestedPoll();
    this.inCallbacks = true;
    // eslint-disable-next-line no-restricted-syntax -- once per poll and not per I/O; no cost could be measured
    try {
      return this.pool.poll();
    } finally {
      this.inCallbacks = false; // a callback that throws ends this poll, not the channel
    }
  }

  /** Tells the device the time, now and then, in nanoseconds of the owner's clock. Callbacks may run. */
  tick(nowNs: number): void {
    if (this.inCallbacks) failNestedPoll();
    this.inCallbacks = true;
    // eslint-disable-next-line no-restricted-syntax -- once per poll and not per I/O; no cost could be measured
    try {
      this.pool.tick(nowNs);
    } finally {
      this.inCallbacks = false;
    }
  }

  /**
   * Closes the channel. Closing twice is allowed.
   *
   * @throws BdevError `BUSY` inside a callback, and while I/Os are in flight: poll until {@link BdevChannel.inFlight} is 0
   */
  close(): void {
    if (this.closed) return;
    if (this.inCallbacks || this.pool.held > 0) failBusyClose(this.bdev.name, this.pool.held);
    this.closed = true;
    this.supported = 0; // C3
    this.pool.close();
  }

  private transfer(
    type: number,
    address: number,
    lba: number,
    blocks: number,
    callback: BdevCallback,
    context: unknown,
  ): number {
    if (!this.fits(type, lba, blocks) || (address & this.alignmentMask) !== 0 || address < 0) return BDEV_NEVER; // C1
    if (blocks > this.transferBlocksMax || (lba & this.boundaryMask) + blocks > this.boundarySpan) {
      return this.sendLarge(type, address, lba, blocks, callback, context);
    }
    return this.send(type, address, lba, blocks, callback, context);
  }

  private change(type: number, lba: number, blocks: number, callback: BdevCallback, context: unknown): number {
    return this.fits(type, lba, blocks) ? this.sendLarge(type, 0, lba, blocks, callback, context) : BDEV_NEVER; // C1
  }

  private fits(type: number, lba: number, blocks: number): boolean {
    return (
      ((this.supported >>> type) & 1) !== 0 &&
      blocks > 0 &&
      blocks <= IO_BLOCKS_MAX &&
      Number.isInteger(blocks) &&
      lba >= 0 &&
      lba <= this.blockCount - blocks &&
      Number.isInteger(lba)
    );
  }

  /** For what may have to be cut. */
  private sendLarge(
    type: number,
    address: number,
    lba: number,
    blocks: number,
    callback: BdevCallback,
    context: unknown,
  ): number {
    const pool = this.pool;
    if (pool.cutRules[type].pieceBlocks(lba, blocks) === blocks)
      return this.send(type, address, lba, blocks, callback, context);
    const result = startSplit(pool, type, address, lba, blocks, callback, context);
    if (result === BDEV_AGAIN) this.statistics.refusals++;
    return result;
  }

  private send(
    type: number,
    address: number,
    lba: number,
    blocks: number,
    callback: BdevCallback,
    context: unknown,
  ): number {
    const pool = this.pool;
    if (pool.available === 0) {
      this.statistics.refusals++;
      return BDEV_AGAIN;
    }
    pool.dispatch(pool.take(type, address, lba, blocks, callback, context));
    return BDEV_ACCEPTED;
  }
}
