import type { BdevChannel } from './bdev-channel.js';
import type { BounceLoans } from './bounce.js';

/** Stands for "no bounce memory". */
const NOTHING = -1;

/**
 * One I/O that a promise waits for, and the bounce memory it moves data through. The memory goes back when nobody needs it any more:
 * neither the promise nor, if the promise gave up, the device.
 */
export class PendingIo {
  /** whether its callback has run */
  done = false;
  /** how it ended, one of `BDEV_STATUS_*` */
  status = 0;
  /** the NVMe status with which it ended, 0 for none */
  nvmeStatus = 0;
  /** whether the channel has it */
  submitted = false;
  private abandoned = false;
  private address: number;
  private readonly channel: BdevChannel;
  private readonly loans: BounceLoans;
  private readonly bytes: number;

  /**
   * @param bytes - bounce memory it needs, 0 for none
   * @throws RangeError when there is no such memory
   */
  constructor(channel: BdevChannel, loans: BounceLoans, bytes: number) {
    this.channel = channel;
    this.loans = loans;
    this.bytes = bytes;
    this.address = bytes === 0 ? NOTHING : loans.take(bytes);
  }

  /** Host address of the bounce memory. */
  get bounceAddress(): number {
    return this.address;
  }

  /** The bounce memory. */
  view(): Uint8Array {
    return this.loans.view(this.address, this.bytes);
  }

  /** The promise is through with it: the memory goes back, at once or when the device is through too. */
  release(): void {
    if (this.submitted && !this.done) this.abandoned = true;
    else this.giveBack();
  }

  /** The callback of the channel, with the pending I/O as its context. */
  static readonly onDone = (context: unknown, status: number): void => {
    const io = context as PendingIo;
    io.done = true;
    io.status = status;
    io.nvmeStatus = io.channel.lastNvmeStatus;
    if (io.abandoned) io.giveBack();
  };

  private giveBack(): void {
    if (this.address !== NOTHING) this.loans.give(this.address);
    this.address = NOTHING;
  }
}
