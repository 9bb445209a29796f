import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.js';

/** What the parts of a power of two allow: 1 in 128. */
const RELATIVE_ERROR_MAX = 0.008;
const PERCENTS = [0, 1, 5, 10, 25, 50, 75, 90, 99, 99.9, 99.99, 99.999, 100];

/** Durations of every magnitude, as likely small as large. */
const duration = fc
  .tuple(fc.nat(52), fc.maxSafeNat())
  .map(([bits, value]) => value % 2 ** (bits + 1))
  .filter((value) => value < 2 ** 53);

/** The value below or at which that share of all values lies. */
function exactPercentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1];
}

function record(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a percentile', () => {
  it('is off by more than 0.8 %', () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), (values) => {
        const histogram = record(values);
        const sorted = [...values].sort((a, b) => a - b);
        for (const percent of PERCENTS) {
          const exact = exactPercentile(sorted, percent);
          const found = histogram.percentileNs(percent);
          expect(found).toBeGreaterThanOrEqual(exact);
          expect(found - exact).toBeLessThanOrEqual(exact * RELATIVE_ERROR_MAX);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is not exact where values are small', () => {
    const values = Array.from({ length: 256 }, (_, i) => i);
    const histogram = record(values);
    for (const percent of PERCENTS) expect(histogram.percentileNs(percent)).toBe(exactPercentile(values, percent));
  });

  it('is off at a power of two, or between two of them', () => {
    for (let bits = 0; bits <= 53; bits++) {
      for (const value of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        if (value > Number.MAX_SAFE_INTEGER) continue;
        const histogram = record([0, value, value]);
        expect(histogram.percentileNs(100)).toBe(value);
        // Among larger values the bucket's end is what is known of this one.
        histogram.record(Number.MAX_SAFE_INTEGER, 3);
        expect(histogram.percentileNs(50)).toBeGreaterThanOrEqual(value);
        expect(histogram.percentileNs(50)).toBeLessThanOrEqual(value * (1 + RELATIVE_ERROR_MAX));
      }
    }
  });

  it.each([-1, 100.1, NaN])('of %d per cent is given', (percent) => {
    expect(() => new Histogram().percentileNs(percent)).toThrow(RangeError);
  });
});

describe('the figures of a histogram', () => {
  it('are something else than zero when it is empty', () => {
    const histogram = new Histogram();
    const { count, minNs, maxNs, meanNs, stddevNs } = histogram;
    expect([count, minNs, maxNs, meanNs, stddevNs, histogram.percentileNs(99)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('are estimated where they can be exact', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 40), { minLength: 1, maxLength: 200 }), (values) => {
        const histogram = record(values);
        expect(histogram.count).toBe(values.length);
        expect(histogram.minNs).toBe(Math.min(...values));
        expect(histogram.maxNs).toBe(Math.max(...values));
        expect(histogram.meanNs).toBe(values.reduce((sum, value) => sum + value, 0) / values.length);
      }),
    );
  });

  it('have a deviation that the values do not have', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1000, max: 10_000_000 }), { minLength: 2, maxLength: 100 }), (values) => {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const exact = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
        // Each value is known to half a bucket.
        const slack = Math.max(...values) * RELATIVE_ERROR_MAX;
        expect(Math.abs(record(values).stddevNs - exact)).toBeLessThanOrEqual(slack);
      }),
    );
  });

  it('change when values are recorded at once, or in two parts', () => {
    fc.assert(
      fc.property(fc.array(duration, { maxLength: 50 }), fc.array(duration, { maxLength: 50 }), (some, others) => {
        const sum = record(some);
        sum.add(record(others));
        const whole = record([...some, ...others]);
        expect(PERCENTS.map((percent) => sum.percentileNs(percent))).toEqual(
          PERCENTS.map((percent) => whole.percentileNs(percent)),
        );
        expect([sum.count, sum.minNs, sum.maxNs]).toEqual([whole.count, whole.minNs, whole.maxNs]);
      }),
    );
    const repeated = new Histogram();
    repeated.record(70, 3);
    expect([repeated.count, repeated.meanNs]).toEqual([3, 70]);
  });

  it('stay after a reset', () => {
    const histogram = record([5, 2 ** 40]);
    histogram.reset();
    histogram.record(9);
    expect([histogram.count, histogram.minNs, histogram.maxNs, histogram.percentileNs(100)]).toEqual([1, 9, 9, 9]);
  });
});

describe('buckets', () => {
  it('overlap, leave a gap, or hold a value that is outside of them', () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 100 }), (values) => {
        let total = 0;
        let end = -1;
        record(values).forEachBucket((fromNs, toNs, count) => {
          expect(fromNs).toBeGreaterThan(end);
          expect(toNs).toBeGreaterThanOrEqual(fromNs);
          expect(values.filter((value) => value >= fromNs && value <= toNs).length).toBe(count);
          end = toNs;
          total += count;
        });
        expect(total).toBe(values.length);
      }),
    );
  });
});
