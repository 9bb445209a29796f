import { assert, IndexFifo } from '@phasebit/core';
import { BACKEND_ACCEPTED, type Bdev, type BdevBackend } from './bdev.js';
import type { BdevIo } from './bdev-io.js';
import type { HostMemory } from './host-memory.js';
import {
  BDEV_IO_COMPARE,
  BDEV_IO_FLUSH,
  BDEV_IO_READ,
  BDEV_IO_UNMAP,
  BDEV_IO_WRITE,
  BDEV_IO_WRITE_ZEROES,
  type BdevIoType,
} from './io-type.js';
import { MALLOC_BYTES_MAX } from './limits.js';
import { RamPages } from './ram-pages.js';
import { BDEV_STATUS_BAD_ADDRESS, BDEV_STATUS_FAILED, BDEV_STATUS_MISCOMPARE, BDEV_STATUS_SUCCESS } from './status.js';

/** How a RAM disk is made. */
export interface MallocBdevOptions {
  /** what it is called; default `malloc0` */
  readonly name?: string;
  /** bytes of a block: a power of two from 512; default 512 */
  readonly blockBytes?: number;
  /** number of blocks; all of them together at most 64 GiB */
  readonly blockCount: number;
  /** the memory that addresses mean */
  readonly memory: HostMemory;
  /** most blocks of a transfer; default 2^31 - 1 */
  readonly transferBlocksMax?: number;
  /** boundary at which the layer shall cut; default 0, none */
  readonly boundaryBlocks?: number;
}

/**
 * A RAM disk. Its memory is taken when it is made and reads as zeroes; an unmap zeroes too. Data moves when the I/O completes, in the
 * order of submission, so overlapping I/Os act one after the other. All channels of a thread see the same blocks.
 *
 * Nothing is allocated for I/O in whole pages from a page-aligned address to a page-aligned place of the disk; any other alignment is
 * served with two short-lived views per page. Addresses that are not memory end with `BDEV_STATUS_BAD_ADDRESS`.
 */
export class MallocBdev implements Bdev {
  readonly name: string;
  readonly productName = 'RAM disk';
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly requiredAlignmentBytes = 4;
  readonly optimalBoundaryBlocks: number;
  readonly splitOnBoundary: boolean;
  readonly transferBlocksMax: number;
  readonly writeCache = false;
  private readonly memory: HostMemory;
  private readonly pages: RamPages;

  /** @throws RangeError when it would have no block, or more than 64 GiB */
  constructor(options: MallocBdevOptions) {
    const { blockBytes = 512, blockCount, boundaryBlocks = 0 } = options;
    const bytes = blockBytes * blockCount;
    if (!(Number.isSafeInteger(bytes) && bytes > 0 && bytes <= MALLOC_BYTES_MAX)) {
      throw new RangeError(
        `blockCount: expected 1 to ${MALLOC_BYTES_MAX} bytes of blocks, got ${blockCount} of ${blockBytes} bytes`,
      );
    }
    this.name = options.name ?? 'malloc0';
    this.blockBytes = blockBytes;
    this.blockCount = blockCount;
    this.optimalBoundaryBlocks = boundaryBlocks;
    this.splitOnBoundary = boundaryBlocks > 0;
    this.transferBlocksMax = options.transferBlocksMax ?? 0x7fff_ffff;
    this.memory = options.memory;
    this.pages = new RamPages(bytes);
  }

  /** @inheritDoc */
  supports(_type: BdevIoType): boolean {
    return true;
  }

  /** @inheritDoc */
  openBackend(ios: readonly BdevIo[]): BdevBackend {
    return new MallocBackend(ios, this.pages, this.memory, this.blockBytes);
  }
}

class MallocBackend implements BdevBackend {
  private readonly ios: readonly BdevIo[];
  private readonly pages: RamPages;
  private readonly memory: HostMemory;
  private readonly blockBytes: number;
  private readonly queue: IndexFifo;

  constructor(ios: readonly BdevIo[], pages: RamPages, memory: HostMemory, blockBytes: number) {
    this.ios = ios;
    this.pages = pages;
    this.memory = memory;
    this.blockBytes = blockBytes;
    this.queue = new IndexFifo(ios.length);
  }

  submit(io: BdevIo): number {
    this.queue.push(io.index);
    return BACKEND_ACCEPTED;
  }

  poll(): number {
    const count = this.queue.length; // not those that a callback submits meanwhile
    for (let i = 0; i < count; i++) {
      const io = this.ios[this.queue.shift()];
      io.complete(this.carryOut(io), 0);
    }
    return count;
  }

  close(): void {
    assert(this.queue.length === 0, 'a channel is closed when nothing is in flight');
  }

  private carryOut(io: BdevIo): number {
    const offset = io.lba * this.blockBytes;
    const bytes = io.blocks * this.blockBytes;
    switch (io.type) {
      case BDEV_IO_READ:
      case BDEV_IO_WRITE:
      case BDEV_IO_COMPARE:
        return this.memory.contains(io.address, bytes) ? this.move(io, offset, bytes) : BDEV_STATUS_BAD_ADDRESS;
      case BDEV_IO_UNMAP:
      case BDEV_IO_WRITE_ZEROES:
        this.pages.zero(offset, bytes);
        return BDEV_STATUS_SUCCESS;
      default:
        return io.type === BDEV_IO_FLUSH ? BDEV_STATUS_SUCCESS : BDEV_STATUS_FAILED;
    }
  }

  private move(io: BdevIo, offset: number, bytes: number): number {
    if (io.type === BDEV_IO_READ) this.pages.copyOut(offset, this.memory, io.address, bytes);
    else if (io.type === BDEV_IO_WRITE) this.pages.copyIn(offset, this.memory, io.address, bytes);
    else if (!this.pages.equals(offset, this.memory, io.address, bytes)) return BDEV_STATUS_MISCOMPARE;
    return BDEV_STATUS_SUCCESS;
  }
}
