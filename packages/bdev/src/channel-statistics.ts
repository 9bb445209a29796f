import { BDEV_IO_TYPES, type BdevIoType } from './io-type.js';

/**
 * What has passed through a channel since it was opened. Counters only go up: read twice and subtract.
 * An I/O that was split counts once, with all its blocks.
 *
 * Hot path: allocates only in the constructor. The counters are doubles, since a 32-bit one overflows within minutes.
 */
export class ChannelStatistics {
  /** times that a submit was answered with `BDEV_AGAIN`, for want of an I/O */
  refusals = 0;
  /** times that an I/O had to wait since the device had no room, or behind one that waited */
  waits = 0;
  /** I/Os that were cut into pieces */
  splits = 0;
  private readonly blockBytes: number;
  private readonly ioCounts = new Float64Array(BDEV_IO_TYPES);
  private readonly blockCounts = new Float64Array(BDEV_IO_TYPES);
  private readonly errorCounts = new Float64Array(BDEV_IO_TYPES);

  /** @param blockBytes - bytes of a block of the device */
  constructor(blockBytes: number) {
    this.blockBytes = blockBytes;
  }

  /** I/Os of a kind that succeeded. */
  ios(type: BdevIoType): number {
    return this.ioCounts[type];
  }

  /** Blocks of the I/Os of a kind that succeeded. */
  blocks(type: BdevIoType): number {
    return this.blockCounts[type];
  }

  /** Bytes of the I/Os of a kind that succeeded. */
  bytes(type: BdevIoType): number {
    return this.blockCounts[type] * this.blockBytes;
  }

  /** I/Os of a kind that failed. */
  errors(type: BdevIoType): number {
    return this.errorCounts[type];
  }

  /** Counts an I/O that succeeded. */
  countSuccess(type: BdevIoType, blocks: number): void {
    this.ioCounts[type] += 1;
    this.blockCounts[type] += blocks;
  }

  /** Counts an I/O that failed. */
  countError(type: BdevIoType): void {
    this.errorCounts[type] += 1;
  }
}
