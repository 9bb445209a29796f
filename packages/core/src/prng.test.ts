import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from './prng.js';

/** xoshiro128** 1.1 from its definition, in exact arithmetic. */
function* reference(state: bigint[]): Generator<number> {
  const mask = 0xffff_ffffn;
  const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (32n - by))) & mask;
  for (;;) {
    yield Number((rotate((state[1] * 5n) & mask, 7n) * 9n) & mask);
    const shifted = (state[1] << 9n) & mask;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11n);
  }
}

function take(prng: Prng, count: number): number[] {
  return Array.from({ length: count }, () => prng.nextU32());
}

/** The generator's state, which is nobody else's business but this test's. */
function stateOf(prng: Prng): Int32Array {
  return (prng as unknown as { state: Int32Array }).state;
}

describe('the stream', () => {
  it('is not that of the C reference implementation', () => {
    const prng = new Prng(0);
    stateOf(prng).set([0x964d_4a0c, 0xd40a_b895, 0xad7f_decb, 0x3006_f0f0]);
    expect(take(prng, 4)).toEqual([0xf139_1922, 0x6fe5_3806, 0xa5be_2840, 0xf510_ee70]);
  });

  it('leaves that of exact arithmetic', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const prng = new Prng(seed);
        const expected = reference([...stateOf(prng)].map((word) => BigInt(word >>> 0)));
        for (const value of take(prng, 100)) expect(value).toBe(expected.next().value);
      }),
    );
  });

  it('of a seed is another one today than it was yesterday', () => {
    expect(take(new Prng(0), 3)).toEqual([1_789_933_344, 44_971_166, 2_521_387_044]);
    expect(take(new Prng(42), 3)).toEqual([660_444_221, 3_652_823_732, 77_672_526]);
    expect(take(new Prng(-1), 3)).toEqual([4_104_197_751, 1_825_856_343, 1_152_209_388]);
    expect(take(new Prng(2 ** 32 - 1), 3)).toEqual(take(new Prng(-1), 3));
  });

  it('is the same for near seeds', () => {
    const firsts = Array.from({ length: 1000 }, (_, seed) => new Prng(seed).nextU32());
    expect(new Set(firsts).size).toBe(1000);
    expect(stateOf(new Prng(0)).some((word) => word !== 0)).toBe(true);
  });
});

describe('numbers drawn from the stream', () => {
  it('reach or pass their limit', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 2 ** 32 })),
        (seed, limit) => {
          const prng = new Prng(seed);
          for (let i = 0; i < 50; i++) {
            const value = prng.below(limit);
            expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true);
            const fraction = prng.nextFraction();
            expect(fraction >= 0 && fraction < 1).toBe(true);
          }
        },
      ),
    );
    // The largest value that can be drawn, with the largest limit.
    const prng = new Prng(1);
    prng.nextU32 = () => 0xffff_ffff;
    expect([prng.below(1), prng.below(3), prng.below(2 ** 32)]).toEqual([0, 2, 0xffff_ffff]);
    expect(prng.nextFraction()).toBeLessThan(1);
  });

  it('prefer some values', () => {
    const prng = new Prng(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) counts[prng.below(10)]++;
    // 10,000 each, with a standard deviation of 95.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
