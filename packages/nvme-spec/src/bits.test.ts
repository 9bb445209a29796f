import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bits, bits64 } from './bits.js';

describe('bits', () => {
  it('knows its place', () => {
    const field = bits(10, 7);
    expect(field).toMatchObject({ hi: 10, lo: 7, width: 4, shift: 7, mask: 0x780, max: 15 });
  });

  it('reads and replaces without touching the neighbours', () => {
    expect(bits(10, 7).get(0xffff_f97f)).toBe(0b0010);
    expect(bits(10, 7).set(0xffff_ffff, 0)).toBe(0xffff_f87f);
    expect(bits(31, 31).set(0, 1)).toBe(0x8000_0000);
    expect(bits(31, 0).set(0x1234_5678, 0xffff_ffff)).toBe(0xffff_ffff);
  });

  it('takes signed words, as bit operators produce them', () => {
    expect(bits(31, 0).get(-1)).toBe(0xffff_ffff);
    expect(bits(31, 28).get(-1)).toBe(15);
    expect(bits(0, 0).set(-1, 0)).toBe(0xffff_fffe);
  });

  it.each([-1, 16, 1.5, NaN, Infinity])('rejects %s in four bits', (value) => {
    expect(() => bits(3, 0).set(0, value)).toThrow(RangeError);
  });

  it('says which values fit', () => {
    expect(() => bits(10, 7).set(0, 16)).toThrow('bits 10:7 hold 0..15, got 16');
  });

  it.each([
    [32, 0],
    [3, 4],
    [3, -1],
    [2.5, 0],
  ])('rejects the range %s:%s', (hi, lo) => {
    expect(() => bits(hi, lo)).toThrow('need 31 >= hi >= lo >= 0');
  });

  it('gets what was set, for every range and word', () => {
    const range = fc.tuple(fc.nat(31), fc.nat(31)).map(([a, b]) => (a > b ? bits(a, b) : bits(b, a)));
    fc.assert(
      fc.property(range, fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), (field, word, seed) => {
        const value = seed % (field.max + 1);
        const next = field.set(word, value);
        expect(field.get(next)).toBe(value);
        expect((next & ~field.mask) >>> 0).toBe((word & ~field.mask) >>> 0);
      }),
    );
  });
});

describe('bits64', () => {
  it('reads from the low word, the high word, and both', () => {
    expect(bits64(15, 0).get(0x0001_03ff, 0)).toBe(0x3ff);
    expect(bits64(44, 37).get(0, 0x20)).toBe(1);
    expect(bits64(35, 28).get(0xf000_0000, 0x0000_000a)).toBe(0xaf);
    expect(bits64(63, 12).get(0x8000_1000, 0xffff_ffff)).toBe(0xf_ffff_fff8_0001);
  });

  it('writes across the border of the words', () => {
    const words = Uint32Array.of(0x0000_0fff, 0);
    bits64(63, 12).set(words, 0xf_ffff_ffff_ffff);
    expect([...words]).toEqual([0xffff_ffff, 0xffff_ffff]);
    bits64(35, 28).set(words, 0x05);
    expect([...words]).toEqual([0x5fff_ffff, 0xffff_fff0]);
  });

  it('rejects ranges a number cannot hold and values that do not fit', () => {
    expect(() => bits64(63, 0)).toThrow('64 bits wide, at most 53');
    expect(() => bits64(64, 60)).toThrow('need 63 >= hi');
    expect(() => bits64(44, 37).set(new Uint32Array(2), 256)).toThrow('bits 44:37 hold 0..255, got 256');
  });

  it('agrees with 64-bit arithmetic', () => {
    const range = fc
      .tuple(fc.nat(63), fc.nat(63))
      .map(([a, b]) => (a > b ? [a, b] : [b, a]))
      .filter(([hi, lo]) => hi - lo < 53);
    fc.assert(
      fc.property(
        range,
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.bigInt({ min: 0n }),
        ([hi, lo], value, seed) => {
          const field = bits64(hi, lo);
          const words = Uint32Array.of(Number(value & 0xffff_ffffn), Number(value >> 32n));
          const mask = (1n << BigInt(field.width)) - 1n;
          expect(field.get(words[0], words[1])).toBe(Number((value >> BigInt(lo)) & mask));
          field.set(words, Number(seed & mask));
          const expected = (value & ~(mask << BigInt(lo))) | ((seed & mask) << BigInt(lo));
          expect((BigInt(words[1]) << 32n) | BigInt(words[0])).toBe(expected);
        },
      ),
    );
  });
});
