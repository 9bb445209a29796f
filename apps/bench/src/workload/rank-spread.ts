import { assert } from '@phasebit/core';

/** Largest product that is exact in a double with room for the sum. */
const PRODUCT_MAX = 2 ** 52;
const GOLDEN_RATIO = 0.618_033_988_749_895;

/**
 * Spreads ranks over blocks, so that hot blocks do not lie side by side: rank r lies at (r * stride + origin) modulo
 * the count.
 *
 * fio multiplies by a 64-bit constant and takes the remainder, which puts several ranks on one block and none on
 * others. Here the stride has no factor in common with the count, so each block has exactly one rank.
 * Hot path: allocates only in the constructor.
 */
export class RankSpread {
  private readonly count: number = 0;
  private readonly origin: number = 0;
  private readonly stride: number = 0;
  private readonly inverse: number = 0;

  /**
   * @param count - number of blocks, 1 to 2^31
   * @param origin - the block of rank 0
   */
  constructor(count: number, origin: number) {
    assert(count >= 1 && count <= 2 ** 31, 'a spread has 1 to 2^31 blocks');
    assert(origin >= 0 && origin < count, 'the origin of a spread is one of its blocks');
    let stride = Math.max(1, Math.min(Math.floor(count * GOLDEN_RATIO), Math.floor(PRODUCT_MAX / count) - 1));
    while (greatestCommonDivisor(stride, count) !== 1) stride--;
    this.count = count;
    this.origin = origin;
    this.stride = stride;
    this.inverse = 1 / count;
  }

  /**
   * The block of a rank. Division by multiplication: the quotient can be one off either way, which the remainder shows.
   */
  blockOf(rank: number): number {
    const product = rank * this.stride + this.origin;
    const block = product - Math.floor(product * this.inverse) * this.count;
    if (block < 0) return block + this.count;
    return block >= this.count ? block - this.count : block;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
