import { describe, expect, it } from 'vitest';
import {
  fromZeroBased,
  readAscii,
  readUint16,
  readUint32,
  readUint64,
  readUnsigned,
  toHex,
  toZeroBased,
  writeAsciiPadded,
} from './bytes.js';

const data = Uint8Array.of(0x01, 0x02, 0x03, 0x84, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0);

describe('integers', () => {
  it('are little-endian and unsigned', () => {
    expect(readUint16(data, 0)).toBe(0x0201);
    expect(readUint32(data, 0)).toBe(0x8403_0201);
    expect(readUint64(data, 0, 'x')).toBe(0x8403_0201);
    expect(readUnsigned(data, 0, 3)).toBe(0x03_0201);
  });

  it('are numbers up to 2^53 - 1', () => {
    expect(readUint64(data, 8, 'x')).toBe(Number.MAX_SAFE_INTEGER);
    const above = Uint8Array.of(0, 0, 0, 0, 0, 0, 0x20, 0);
    expect(readUnsigned(above, 0, 8)).toBe(2n ** 53n);
    expect(() => readUint64(above, 0, 'IDNS.nsze')).toThrow('IDNS.nsze: 9007199254740992 is above 2^53 - 1');
  });

  it('must be inside the data', () => {
    expect(() => readUint32(data, 13)).toThrow('4 bytes at 13 are not inside 16');
    expect(() => readUint16(data, -1)).toThrow(RangeError);
  });
});

describe('text', () => {
  it('loses its padding, of spaces or of zeros', () => {
    const field = new Uint8Array(8);
    writeAsciiPadded(field, 0, 8, ' A b');
    expect(toHex(field)).toBe('2041206220202020');
    expect(readAscii(field, 0, 8)).toBe('A b');
    field[3] = 0;
    expect(readAscii(field, 0, 8)).toBe('A');
    expect(readAscii(new Uint8Array(4), 0, 4)).toBe('');
    expect(readAscii(Uint8Array.of(0x41, 0xe4, 0x07), 0, 3)).toBe('A??');
  });

  it('must fit and be printable', () => {
    expect(() => writeAsciiPadded(new Uint8Array(8), 0, 2, 'abc')).toThrow('text of 3 characters');
    expect(() => writeAsciiPadded(new Uint8Array(8), 0, 8, 'ä')).toThrow('character 228 at 0');
    expect(() => writeAsciiPadded(new Uint8Array(8), 4, 8, 'a')).toThrow(RangeError);
  });
});

describe("0's based counts", () => {
  it('convert both ways and reject zero', () => {
    expect(toZeroBased(1, 0x10000)).toBe(0);
    expect(toZeroBased(0x10000, 0x10000)).toBe(0xffff);
    expect(fromZeroBased(0xffff)).toBe(0x10000);
    for (const count of [0, 0x10001, 1.5, NaN]) expect(() => toZeroBased(count, 0x10000)).toThrow(RangeError);
  });
});
