import type { Bdev } from './bdev.js';
import { ALIGNMENT_BYTES_MAX, BLOCK_BYTES_MAX, BLOCK_BYTES_MIN } from './limits.js';

/**
 * Checks what a device says about itself, once, when a channel is opened: everything after that trusts it.
 *
 * @throws RangeError naming the field, what it may be and what it is
 */
export function checkGeometry(bdev: Bdev): void {
  checkPowerOfTwo('blockBytes', bdev.blockBytes, BLOCK_BYTES_MIN, BLOCK_BYTES_MAX);
  checkPowerOfTwo('requiredAlignmentBytes', bdev.requiredAlignmentBytes, 1, ALIGNMENT_BYTES_MAX);
  checkCount('blockCount', bdev.blockCount, 1);
  checkCount('transferBlocksMax', bdev.transferBlocksMax, 1);
  checkCount('optimalBoundaryBlocks', bdev.optimalBoundaryBlocks, 0);
  if (bdev.unmapBlocksMax !== undefined) checkCount('unmapBlocksMax', bdev.unmapBlocksMax, 1);
  if (bdev.writeZeroesBlocksMax !== undefined) checkCount('writeZeroesBlocksMax', bdev.writeZeroesBlocksMax, 1);
}

function checkPowerOfTwo(name: string, value: number, min: number, max: number): void {
  const isPower = Number.isInteger(value) && value > 0 && (value & (value - 1)) === 0;
  if (!isPower || value < min || value > max) {
    throw new RangeError(`${name}: expected a power of two from ${min} to ${max}, got ${value}`);
  }
}

function checkCount(name: string, value: number, min: number): void {
  if (!(Number.isSafeInteger(value) && value >= min)) {
    throw new RangeError(`${name}: expected an integer from ${min} to 2^53 - 1, got ${value}`);
  }
}
