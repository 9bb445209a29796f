import { IndexFifo } from '@phasebit/core';
import { BACKEND_ACCEPTED, type Bdev, type BdevBackend } from './bdev.js';
import type { BdevIo } from './bdev-io.js';
import { BDEV_IO_COMPARE, type BdevIoType } from './io-type.js';
import { BDEV_STATUS_SUCCESS } from './status.js';

/** How a null device is made. */
export interface NullBdevOptions {
  /** what it is called; default `null0` */
  readonly name?: string;
  /** bytes of a block; default 512 */
  readonly blockBytes?: number;
  /** number of blocks; default 2^31 - 1, which is 1 TiB of 512-byte blocks */
  readonly blockCount?: number;
  /** most blocks of a transfer; default 2^31 - 1 */
  readonly transferBlocksMax?: number;
}

/**
 * A device without storage: writes are dropped, reads leave the memory as it was, everything succeeds at the next poll.
 * What it costs is what the layer costs. A compare is not supported, for want of anything to compare with.
 */
export class NullBdev implements Bdev {
  readonly name: string;
  readonly productName = 'null device';
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly requiredAlignmentBytes = 1;
  readonly optimalBoundaryBlocks = 0;
  readonly splitOnBoundary = false;
  readonly transferBlocksMax: number;
  readonly writeCache = false;

  constructor(options: NullBdevOptions = {}) {
    this.name = options.name ?? 'null0';
    this.blockBytes = options.blockBytes ?? 512;
    this.blockCount = options.blockCount ?? 0x7fff_ffff;
    this.transferBlocksMax = options.transferBlocksMax ?? 0x7fff_ffff;
  }

  /** @inheritDoc */
  supports(type: BdevIoType): boolean {
    return type !== BDEV_IO_COMPARE;
  }

  /** @inheritDoc */
  openBackend(ios: readonly BdevIo[]): BdevBackend {
    // eslint-disable-next-line no-restricted-syntax -- once per channel, when it is opened
    return new NullBackend(ios);
  }
}

/** Hot path: allocates only in the constructor. */
class NullBackend implements BdevBackend {
  private readonly ios: readonly BdevIo[];
  private readonly queue: IndexFifo;

  constructor(ios: readonly BdevIo[]) {
    this.ios = ios;
    this.queue = new IndexFifo(ios.length);
  }

  submit(io: BdevIo): number {
    this.queue.push(io.index);
    return BACKEND_ACCEPTED;
  }

  poll(): number {
    const count = this.queue.length; // not those that a callback submits meanwhile
    for (let i = 0; i < count; i++) this.ios[this.queue.shift()].complete(BDEV_STATUS_SUCCESS, 0);
    return count;
  }

  close(): void {
    // Nothing is held.
  }
}
