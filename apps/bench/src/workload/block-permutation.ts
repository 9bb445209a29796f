import { assert, type Prng } from '@phasebit/core';

/** An odd multiplier that is 1 modulo 4, so that the generator below has its full period for every power of two. */
const LCG_MULTIPLIER = 0x915f_77f5;
/** Any odd number works; this one is the golden ratio's. */
const SCRAMBLE_MULTIPLIER = 0x9e37_79b1;

/**
 * Every number from 0 to `count - 1` exactly once per pass, in an order that looks random, from three words of state.
 *
 * It stands in for fio's random map (a bitmap and redraws) and for its LFSR: a linear congruential generator walks all
 * values of the smallest power of two that holds `count`, each value goes through a bijection of the same width (xor,
 * shift, multiply), and values past the end are skipped, less than one per value drawn on average. An LFSR would be as
 * cheap, but its next value is this one shifted by a bit.
 *
 * Invariant: within a pass each value below `count` comes once, since a full-period generator followed by a bijection
 * visits each value of its width once. Each pass has an order of its own.
 * Hot path: allocates only in the constructor.
 */
export class BlockPermutation {
  /** Values still to come in this pass. */
  left = 0;

  private readonly count: number = 0;
  private readonly mask: number = 0;
  private readonly shift: number = 0;
  private state = 0;
  private increment = 1;
  private key = 0;

  /**
   * @param count - 1 to 2^31
   * @param prng - gives each pass its order
   */
  constructor(
    count: number,
    private readonly prng: Prng,
  ) {
    assert(count >= 1 && count <= 2 ** 31, 'a permutation has 1 to 2^31 values');
    const bits = count === 1 ? 0 : 32 - Math.clz32(count - 1);
    this.count = count;
    // 2^31 - 1 at most, so that no value below is ever negative as a 32-bit integer.
    this.mask = 2 ** bits - 1;
    this.shift = (bits + 1) >> 1;
    this.restart();
  }

  /** Starts a new pass in a new order. */
  restart(): void {
    this.left = this.count;
    this.increment = (this.prng.nextU32() & this.mask) | 1;
    this.key = this.prng.nextU32() & this.mask;
    this.state = this.prng.nextU32() & this.mask;
  }

  /** The next value; a new pass starts by itself behind the last one. */
  next(): number {
    if (this.left === 0) this.restart();
    this.left--;
    const count = this.count;
    const mask = this.mask;
    const shift = this.shift;
    const increment = this.increment;
    const key = this.key;
    let state = this.state;
    let value: number;
    do {
      state = (Math.imul(state, LCG_MULTIPLIER) + increment) & mask;
      value = state ^ key;
      value ^= value >>> shift;
      value = Math.imul(value, SCRAMBLE_MULTIPLIER) & mask;
      value ^= value >>> shift;
    } while (value >= count);
    this.state = state;
    return value;
  }
}
