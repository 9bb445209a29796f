import { Prng } from '@phasebit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RankSampler } from './rank-sampler.js';
import { RankSpread } from './rank-spread.js';
import { paretoMass, zipfMass } from './skewed-masses.js';

/** Share of the ranks below `end`, summed rank by rank. */
function zipfShare(theta: number, count: number, end: number): number {
  let below = 0;
  let all = 0;
  for (let rank = 0; rank < count; rank++) {
    const mass = (rank + 1) ** -theta;
    all += mass;
    if (rank < end) below += mass;
  }
  return below / all;
}

function drawnShare(sampler: RankSampler, seed: number, end: number, draws = 200_000): number {
  const prng = new Prng(seed);
  let below = 0;
  for (let i = 0; i < draws; i++) if (sampler.draw(prng) < end) below++;
  return below / draws;
}

describe('masses', () => {
  it('zipf over a long span is the plain sum', () => {
    for (const theta of [0.5, 0.99, 1, 1.2, 2]) {
      let sum = 0;
      for (let rank = 2048; rank < 5000; rank++) sum += (rank + 1) ** -theta;
      expect(zipfMass(theta)(2048, 5000) / sum).toBeCloseTo(1, 11);
    }
  });

  it('pareto gives a share h of the ranks 1 - h of the accesses', () => {
    const mass = paretoMass(0.2, 1000);
    expect(mass(0, 200)).toBeCloseTo(0.8, 12);
    expect(mass(0, 1000)).toBeCloseTo(1, 12);
  });
});

describe('RankSampler', () => {
  it.each([
    [1.1, 1000, 10],
    [1.1, 100_000, 1000],
    [0.8, 100_000, 5000],
    [1, 100_000, 3000],
    [2, 10_000, 2],
  ])('zipf:%d over %d ranks: the top %d get what the plain sum says', (theta, count, end) => {
    expect(drawnShare(new RankSampler(count, zipfMass(theta)), 5, end)).toBeCloseTo(zipfShare(theta, count, end), 2);
  });

  it('pareto:0.2 is eighty to twenty', () => {
    const count = 1_000_000;
    const sampler = new RankSampler(count, paretoMass(0.2, count));
    expect(drawnShare(sampler, 6, count / 5)).toBeCloseTo(0.8, 2);
  });

  it('never leaves its ranks, and reaches the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), (count, seed) => {
        const sampler = new RankSampler(count, () => 1);
        const prng = new Prng(seed);
        for (let i = 0; i < 200; i++) {
          const rank = sampler.draw(prng);
          expect(Number.isInteger(rank) && rank >= 0 && rank < count).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
    const few = new RankSampler(3, zipfMass(1));
    const prng = new Prng(1);
    expect(new Set(Array.from({ length: 100 }, () => few.draw(prng))).size).toBe(3);
  });

  it('works at the largest count', () => {
    const sampler = new RankSampler(2 ** 31, zipfMass(1.1));
    const prng = new Prng(2);
    let largest = 0;
    for (let i = 0; i < 10_000; i++) largest = Math.max(largest, sampler.draw(prng));
    expect(largest).toBeLessThan(2 ** 31);
    expect(largest).toBeGreaterThan(2 ** 29);
  });
});

describe('RankSpread', () => {
  it('puts each rank on a block of its own, the first on the origin', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(), (count, at) => {
        const origin = at % count;
        const spread = new RankSpread(count, origin);
        const blocks = new Set(Array.from({ length: count }, (_, rank) => spread.blockOf(rank)));
        expect(blocks.size).toBe(count);
        expect(Math.min(...blocks) >= 0 && Math.max(...blocks) < count).toBe(true);
        expect(spread.blockOf(0)).toBe(origin);
      }),
    );
  });

  it('agrees with exact arithmetic at large counts', () => {
    for (const count of [2 ** 31, 2 ** 31 - 1, 2 ** 27 + 3]) {
      const spread = new RankSpread(count, 12_345);
      const stride = BigInt(spread.blockOf(1) - 12_345 + count) % BigInt(count);
      const prng = new Prng(4);
      for (let i = 0; i < 1000; i++) {
        const rank = prng.below(count);
        expect(spread.blockOf(rank)).toBe(Number((BigInt(rank) * stride + 12_345n) % BigInt(count)));
      }
    }
  });
});
