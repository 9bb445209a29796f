import type { Bdev } from './bdev.js';
import { BDEV_IO_UNMAP, BDEV_IO_WRITE_ZEROES, type BdevIoType } from './io-type.js';
import { IO_BLOCKS_MAX } from './limits.js';

/**
 * Where I/Os of one kind must be cut: after `blocksMax` blocks, and at every multiple of `boundaryBlocks`.
 * Read once from the device; the cutting itself is in io-split.ts.
 */
export class CutRule {
  /** most blocks of a piece, 1 to 2^31 - 1 */
  readonly blocksMax: number;
  /** no piece crosses a multiple of this; 0 for no such rule */
  readonly boundaryBlocks: number;
  /** how far the memory address advances with each block: 0 for kinds that move no data */
  readonly addressStep: number;

  /** @param type - the kind of I/O */
  constructor(bdev: Bdev, type: BdevIoType) {
    const movesNoData = type === BDEV_IO_UNMAP || type === BDEV_IO_WRITE_ZEROES;
    this.blocksMax = Math.min(blocksMaxOf(bdev, type), IO_BLOCKS_MAX);
    this.boundaryBlocks = !movesNoData && bdev.splitOnBoundary ? bdev.optimalBoundaryBlocks : 0;
    this.addressStep = movesNoData ? 0 : bdev.blockBytes;
  }

  /** Blocks of the first piece of an I/O that begins at `lba` and has `blocks` blocks left. */
  pieceBlocks(lba: number, blocks: number): number {
    const piece = Math.min(blocks, this.blocksMax);
    return this.boundaryBlocks === 0 ? piece : Math.min(piece, this.boundaryBlocks - (lba % this.boundaryBlocks));
  }
}

function blocksMaxOf(bdev: Bdev, type: BdevIoType): number {
  if (type === BDEV_IO_UNMAP) return bdev.unmapBlocksMax ?? IO_BLOCKS_MAX;
  if (type === BDEV_IO_WRITE_ZEROES) return bdev.writeZeroesBlocksMax ?? IO_BLOCKS_MAX;
  return bdev.transferBlocksMax;
}
