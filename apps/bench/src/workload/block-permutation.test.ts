import { Prng } from '@phasebit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockPermutation } from './block-permutation.js';

describe('BlockPermutation', () => {
  it('visits every value exactly once per pass, for any count and seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3000 }),
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        (count, seed, passes) => {
          const permutation = new BlockPermutation(count, new Prng(seed));
          const visits = new Uint8Array(count);
          for (let i = 0; i < count * passes; i++) visits[permutation.next()]++;
          expect(visits.every((n) => n === passes)).toBe(true);
        },
      ),
    );
  });

  it.each([1, 2, 3, 4, 255, 256, 257])('covers %d values', (count) => {
    const permutation = new BlockPermutation(count, new Prng(1));
    const seen = new Set(Array.from({ length: count }, () => permutation.next()));
    expect(seen.size).toBe(count);
  });

  it('stays in range at its widest', () => {
    const permutation = new BlockPermutation(2 ** 31, new Prng(3));
    let or = 0;
    for (let i = 0; i < 1000; i++) {
      const value = permutation.next();
      expect(value).toBeGreaterThanOrEqual(0);
      or |= value;
    }
    expect(or).toBe(2 ** 31 - 1);
  });

  it('has another order in each pass and with each seed', () => {
    const order = (permutation: BlockPermutation) => Array.from({ length: 64 }, () => permutation.next()).join();
    const permutation = new BlockPermutation(64, new Prng(1));
    const orders = [order(permutation), order(permutation), order(new BlockPermutation(64, new Prng(2)))];
    expect(new Set(orders).size).toBe(3);
    expect(order(new BlockPermutation(64, new Prng(1)))).toBe(orders[0]);
  });

  it('looks random: steps are a third of the range on average, and every part of a pass is spread evenly', () => {
    const count = 1 << 16;
    const permutation = new BlockPermutation(count, new Prng(9));
    const buckets = new Float64Array(16);
    let steps = 0;
    let before = permutation.next();
    for (let i = 1; i < 4096; i++) {
      const value = permutation.next();
      steps += Math.abs(value - before);
      buckets[value >>> 12]++;
      before = value;
    }
    expect(steps / 4095 / count).toBeCloseTo(1 / 3, 1);
    const chiSquare = buckets.reduce((sum, n) => sum + (n - 256) ** 2 / 256, 0);
    expect(chiSquare).toBeLessThan(40);
  });
});
