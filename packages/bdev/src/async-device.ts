/// <reference lib="esnext.disposable" preserve="true" />
import type { Clock, WaitOptions } from '@phasebit/core';
import type { Bdev } from './bdev.js';
import type { BdevChannel } from './bdev-channel.js';
import { BdevError } from './bdev-error.js';
import { BounceLoans, type BounceMemory } from './bounce.js';
import { BOUNCE_CHUNK_BYTES_DEFAULT } from './limits.js';
import { PendingIo } from './pending-io.js';
import { BDEV_AGAIN, BDEV_NEVER, BDEV_STATUS_MISCOMPARE, BDEV_STATUS_SUCCESS, describeBdevStatus } from './status.js';
import { WaitLimit } from './wait-limit.js';

/** How an {@link AsyncDevice} is made. */
export interface AsyncDeviceOptions {
  /** what data is copied through */
  readonly memory: BounceMemory;
  /** lets a moment pass: the event loop gets its turn, or a device on this thread is stepped. It need not poll the channel */
  readonly pump: () => Promise<void>;
  /** needed for `deadlineMs` */
  readonly clock?: Clock;
  /** most bytes moved in one I/O, and so most bounce memory that one call holds; default 128 KiB, rounded down to whole blocks */
  readonly chunkBytes?: number;
}

/** Submits one I/O for a promise. */
type Submit = (io: PendingIo) => number;

/**
 * A block device with promises, for people who want blocks and not queues. Longer calls are carried out chunk by chunk, so they are not
 * atomic. Calls may overlap; nothing is promised about their order.
 *
 * It takes its channel over: it polls it while anything is awaited, and closes it. Every call costs promises and a copy; use the channel
 * where speed matters. A call that is given up (`signal`, `deadlineMs`) may still be carried out by the device; its bounce memory is
 * kept until then.
 */
export class AsyncDevice {
  /** the device */
  readonly bdev: Bdev;
  private readonly channel: BdevChannel;
  private readonly loans: BounceLoans;
  private readonly pump: () => Promise<void>;
  private readonly clock: Clock | null;
  private readonly chunkBlocks: number;
  private closing = false;

  /** @param channel - taken over by this object */
  constructor(channel: BdevChannel, options: AsyncDeviceOptions) {
    const { chunkBytes = BOUNCE_CHUNK_BYTES_DEFAULT } = options;
    if (!(chunkBytes > 0)) throw new RangeError(`chunkBytes: expected more than 0, got ${chunkBytes}`);
    this.bdev = channel.bdev;
    this.channel = channel;
    this.loans = new BounceLoans(options.memory);
    this.pump = options.pump;
    this.clock = options.clock ?? null;
    this.chunkBlocks = Math.max(1, Math.floor(chunkBytes / this.bdev.blockBytes));
  }

  /**
   * Reads `blocks` blocks from `lba` on.
   *
   * @throws RangeError for a range outside the device, BdevError for everything else
   */
  async read(lba: number, blocks: number, options: WaitOptions = {}): Promise<Uint8Array> {
    this.checkRange(lba, blocks);
    const wait = new WaitLimit(options, this.clock);
    const { blockBytes } = this.bdev;
    const result = new Uint8Array(blocks * blockBytes);
    for (let done = 0; done < blocks;) {
      const count = Math.min(this.chunkBlocks, blocks - done);
      const io = await this.borrow(count * blockBytes, wait);
      await this.carryOut(io, wait, () => this.channel.read(io.bounceAddress, lba + done, count, PendingIo.onDone, io));
      result.set(io.view(), done * blockBytes);
      io.release();
      done += count;
    }
    return result;
  }

  /**
   * Writes whole blocks from `lba` on.
   *
   * @throws RangeError for bytes that are not whole blocks or a range outside the device, BdevError for everything else
   */
  async write(lba: number, bytes: Uint8Array, options: WaitOptions = {}): Promise<void> {
    await this.sendBytes(lba, bytes, options, false);
  }

  /** Whether the device holds these bytes from `lba` on. @throws as {@link AsyncDevice.write} */
  async compare(lba: number, bytes: Uint8Array, options: WaitOptions = {}): Promise<boolean> {
    try {
      await this.sendBytes(lba, bytes, options, true);
      return true;
    } catch (error) {
      if (error instanceof BdevError && error.facts['status'] === BDEV_STATUS_MISCOMPARE) return false;
      throw error;
    }
  }

  /** Makes every write that has completed durable. @throws BdevError */
  async flush(options: WaitOptions = {}): Promise<void> {
    await this.sendPlain(options, (io) => this.channel.flush(PendingIo.onDone, io));
  }

  /** Tells the device that these blocks are not needed any more. @throws as {@link AsyncDevice.read} */
  async unmap(lba: number, blocks: number, options: WaitOptions = {}): Promise<void> {
    this.checkRange(lba, blocks);
    await this.sendPlain(options, (io) => this.channel.unmap(lba, blocks, PendingIo.onDone, io));
  }

  /** Makes these blocks read as zeroes. @throws as {@link AsyncDevice.read} */
  async writeZeroes(lba: number, blocks: number, options: WaitOptions = {}): Promise<void> {
    this.checkRange(lba, blocks);
    await this.sendPlain(options, (io) => this.channel.writeZeroes(lba, blocks, PendingIo.onDone, io));
  }

  /** Waits for what is in flight and closes the channel; calls that had not been submitted fail with `CLOSED`. */
  async close(options: WaitOptions = {}): Promise<void> {
    const wait = new WaitLimit(options, this.clock);
    this.closing = true;
    while (this.channel.inFlight > 0) await this.turn(wait);
    this.channel.close();
  }

  /** {@link AsyncDevice.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async sendBytes(lba: number, bytes: Uint8Array, options: WaitOptions, isCompare: boolean): Promise<void> {
    const { blockBytes } = this.bdev;
    const blocks = bytes.length / blockBytes;
    if (!Number.isInteger(blocks))
      throw new RangeError(`bytes: expected whole blocks of ${blockBytes} bytes, got ${bytes.length}`);
    this.checkRange(lba, blocks);
    const wait = new WaitLimit(options, this.clock);
    for (let done = 0; done < blocks;) {
      const count = Math.min(this.chunkBlocks, blocks - done);
      const io = await this.borrow(count * blockBytes, wait);
      io.view().set(bytes.subarray(done * blockBytes, (done + count) * blockBytes));
      await this.carryOut(io, wait, () =>
        isCompare
          ? this.channel.compare(io.bounceAddress, lba + done, count, PendingIo.onDone, io)
          : this.channel.write(io.bounceAddress, lba + done, count, PendingIo.onDone, io),
      );
      io.release();
      done += count;
    }
  }

  private async sendPlain(options: WaitOptions, submit: Submit): Promise<void> {
    const io = new PendingIo(this.channel, this.loans, 0);
    await this.carryOut(io, new WaitLimit(options, this.clock), () => submit(io));
  }

  /** A pending I/O with bounce memory. While others of this device hold some, it waits for it. */
  private async borrow(bytes: number, wait: WaitLimit): Promise<PendingIo> {
    for (;;) {
      try {
        return new PendingIo(this.channel, this.loans, bytes);
      } catch (cause) {
        if (this.loans.count === 0) throw new BdevError('NO_BOUNCE_MEMORY', { bytes }, { cause });
      }
      await this.turn(wait);
    }
  }

  /** Submits and waits. The bounce memory is still on loan after success, and released after anything else. */
  private async carryOut(io: PendingIo, wait: WaitLimit, submit: () => number): Promise<void> {
    try {
      while (!io.submitted) {
        if (this.closing) throw new BdevError('CLOSED', { bdev: this.bdev.name });
        const result = submit();
        if (result === BDEV_NEVER) throw new BdevError('REFUSED', { bdev: this.bdev.name });
        if (result === BDEV_AGAIN) await this.turn(wait);
        else io.submitted = true;
      }
      this.channel.poll();
      while (!io.done) await this.turn(wait);
      if (io.status !== BDEV_STATUS_SUCCESS) throw failedIo(this.bdev.name, io);
    } catch (error) {
      io.release();
      throw error;
    }
  }

  private async turn(wait: WaitLimit): Promise<void> {
    wait.check();
    await this.pump();
    this.channel.poll();
  }

  private checkRange(lba: number, blocks: number): void {
    const { blockCount } = this.bdev;
    const isRange = Number.isSafeInteger(lba) && Number.isSafeInteger(blocks) && lba >= 0 && blocks > 0;
    if (!isRange || lba > blockCount - blocks) {
      throw new RangeError(`lba, blocks: expected a range inside ${blockCount} blocks, got ${blocks} from ${lba}`);
    }
  }
}

function failedIo(name: string, io: PendingIo): BdevError {
  const { status, nvmeStatus } = io;
  return new BdevError('IO_FAILED', { bdev: name, status, what: describeBdevStatus(status), nvmeStatus });
}
