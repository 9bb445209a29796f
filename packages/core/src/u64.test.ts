import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSafeUnsigned, high32, joinU64, low32, U32_RANGE } from './u64.js';

/** Integers from 0 to 2^53 - 1, the edges among them often. */
const safe = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 52, 2 ** 53 - 1),
);
const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1f_ffff));

describe('64-bit halves', () => {
  it('lose a bit on the way there and back', () => {
    fc.assert(fc.property(safe, (value) => joinU64(low32(value), high32(value)) === value));
  });

  it('are other ones than those of exact arithmetic', () => {
    fc.assert(
      fc.property(safe, (value) => {
        const exact = BigInt(value);
        expect(BigInt(low32(value))).toBe(exact & 0xffff_ffffn);
        expect(BigInt(high32(value))).toBe(exact >> 32n);
      }),
    );
  });

  it('of which the upper one is too large are joined to a rounded number', () => {
    fc.assert(
      fc.property(u32, u32, (low, high) => {
        const exact = (BigInt(high) << 32n) | BigInt(low);
        expect(joinU64(low, high)).toBe(exact < 1n << 53n ? Number(exact) : -1);
      }),
    );
  });

  it('that come from a signed array are taken for negative numbers', () => {
    fc.assert(fc.property(safe, (value) => joinU64(low32(value) | 0, high32(value) | 0) === value));
    expect(joinU64(-1, 0)).toBe(U32_RANGE - 1);
    expect(joinU64(0, -1)).toBe(-1);
  });
});

describe('a value that is no unsigned integer below 2^53', () => {
  it.each([-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53])('is let through: %d', (value) => {
    expect(() => checkSafeUnsigned('lba', value)).toThrow(
      new RangeError(`lba: expected an integer from 0 to 2^53 - 1, got ${value}`),
    );
  });

  it('is seen where there is none', () => {
    for (const value of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(() => checkSafeUnsigned('lba', value)).not.toThrow();
    }
  });
});
