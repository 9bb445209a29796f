import { assert } from '@phasebit/core';
import { BACKEND_ACCEPTED, BACKEND_NO_MEMORY, type Bdev, type BdevBackend } from './bdev.js';
import type { BdevChannel } from './bdev-channel.js';
import type { BdevCallback, BdevIo } from './bdev-io.js';
import {
  BDEV_IO_COMPARE,
  BDEV_IO_FLUSH,
  BDEV_IO_READ,
  BDEV_IO_UNMAP,
  BDEV_IO_WRITE,
  BDEV_IO_WRITE_ZEROES,
  type BdevIoType,
} from './io-type.js';
import { BDEV_ACCEPTED, BDEV_NEVER } from './status.js';

/**
 * A device on top of another, with the same geometry. What a subclass adds is its backend, which opens a channel of its own on the base
 * and passes I/Os on with {@link forwardIo}.
 */
export abstract class StackedBdev implements Bdev {
  readonly name: string;
  abstract readonly productName: string;
  readonly blockBytes: number;
  readonly blockCount: number;
  readonly requiredAlignmentBytes: number;
  readonly optimalBoundaryBlocks: number;
  readonly splitOnBoundary: boolean;
  readonly transferBlocksMax: number;
  readonly unmapBlocksMax?: number;
  readonly writeZeroesBlocksMax?: number;
  readonly writeCache: boolean;
  /** the device below */
  protected readonly base: Bdev;

  /** @param name - what this device is called */
  constructor(name: string, base: Bdev) {
    this.name = name;
    this.base = base;
    this.blockBytes = base.blockBytes;
    this.blockCount = base.blockCount;
    this.requiredAlignmentBytes = base.requiredAlignmentBytes;
    this.optimalBoundaryBlocks = base.optimalBoundaryBlocks;
    this.splitOnBoundary = base.splitOnBoundary;
    this.transferBlocksMax = base.transferBlocksMax;
    if (base.unmapBlocksMax !== undefined) this.unmapBlocksMax = base.unmapBlocksMax;
    if (base.writeZeroesBlocksMax !== undefined) this.writeZeroesBlocksMax = base.writeZeroesBlocksMax;
    this.writeCache = base.writeCache;
  }

  /** @inheritDoc */
  supports(type: BdevIoType): boolean {
    return this.base.supports(type);
  }

  abstract openBackend(ios: readonly BdevIo[]): BdevBackend;
}

/**
 * Passes an I/O on to the channel of the base, with the I/O itself as the callback's context.
 * Gives `BACKEND_ACCEPTED` or `BACKEND_NO_MEMORY`. REQUIRES that the base has the geometry of the device on top of it.
 */
export function forwardIo(base: BdevChannel, io: BdevIo, callback: BdevCallback): number {
  const result = submitTo(base, io, callback);
  assert(result !== BDEV_NEVER, 'what fits a stacked device fits its base');
  return result === BDEV_ACCEPTED ? BACKEND_ACCEPTED : BACKEND_NO_MEMORY;
}

function submitTo(base: BdevChannel, io: BdevIo, callback: BdevCallback): number {
  switch (io.type) {
    case BDEV_IO_READ:
      return base.read(io.address, io.lba, io.blocks, callback, io);
    case BDEV_IO_WRITE:
      return base.write(io.address, io.lba, io.blocks, callback, io);
    case BDEV_IO_COMPARE:
      return base.compare(io.address, io.lba, io.blocks, callback, io);
    case BDEV_IO_UNMAP:
      return base.unmap(io.lba, io.blocks, callback, io);
    case BDEV_IO_WRITE_ZEROES:
      return base.writeZeroes(io.lba, io.blocks, callback, io);
    default:
      return io.type === BDEV_IO_FLUSH ? base.flush(callback, io) : BDEV_NEVER;
  }
}
