import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16T10Dif } from './crc16-t10dif.js';
import { crc32c } from './crc32c.js';
import { crc64Nvme } from './crc64-nvme.js';

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function guard64(data: Uint8Array, start = 0, end = data.length, crc = new Uint32Array(2)): bigint {
  crc64Nvme(data, start, end, crc);
  return (BigInt(crc[1]) << 32n) | BigInt(crc[0]);
}

/** The remainder by its definition: bit by bit, with the polynomial as it is written in the standard. */
function slowCrc(data: Uint8Array, width: bigint, polynomial: bigint, reflected: boolean): bigint {
  const ones = (1n << width) - 1n;
  const top = 1n << (width - 1n);
  const mirror = (value: bigint, bits: bigint): bigint => {
    let mirrored = 0n;
    for (let i = 0n; i < bits; i++) if ((value >> i) & 1n) mirrored |= 1n << (bits - 1n - i);
    return mirrored;
  };
  let remainder = reflected ? ones : 0n;
  for (const byte of data) {
    remainder ^= (reflected ? mirror(BigInt(byte), 8n) : BigInt(byte)) << (width - 8n);
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder & top) === 0n ? remainder << 1n : ((remainder << 1n) ^ polynomial) & ones;
    }
  }
  return reflected ? mirror(remainder, width) ^ ones : remainder;
}

const zeros = new Uint8Array(4096);
const ones = new Uint8Array(4096).fill(0xff);
const rising = Uint8Array.from({ length: 4096 }, (_, i) => i & 0xff);
const falling = Uint8Array.from({ length: 4096 }, (_, i) => 0xff - (i & 0xff));

describe('the guards of "123456789"', () => {
  it('are the check values of the three algorithms', () => {
    expect(crc16T10Dif(ascii('123456789'), 0, 9)).toBe(0xd0db);
    expect(crc32c(ascii('123456789'), 0, 9)).toBe(0xe3069283);
    expect(guard64(ascii('123456789'))).toBe(0xae8b1486_0a799888n);
  });
});

describe('the guards of a block of 4 KiB', () => {
  it.each([
    ['zeros', zeros, 0x98f94189],
    ['ones', ones, 0x25c1fe13],
    ['rising bytes', rising, 0x9c71fe32],
    ['falling bytes', falling, 0x214941a8],
  ])('of 32 bits, %s: [NVM] 5.3.1.2.1', (_, block, expected) => {
    expect(crc32c(block, 0, 4096)).toBe(expected);
  });

  it.each([
    ['zeros', zeros, 0x6482d367_eb22b64en],
    ['ones', ones, 0xc0ddba73_02eca3acn],
    ['rising bytes', rising, 0x3e729f5f_6750449cn],
    ['falling bytes', falling, 0x9a2df64b_8e9e517en],
  ])('of 64 bits, %s: [NVM] 5.3.1.3.5', (_, block, expected) => {
    expect(guard64(block)).toBe(expected);
  });

  it('of 16 bits, zeros, is zero: nothing is inverted', () => {
    expect(crc16T10Dif(zeros, 0, 512)).toBe(0);
  });
});

describe('the guards of any bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 100 });

  it('are the remainders of a division bit by bit', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(BigInt(crc16T10Dif(data, 0, data.length))).toBe(slowCrc(data, 16n, 0x8bb7n, false));
        expect(BigInt(crc32c(data, 0, data.length))).toBe(slowCrc(data, 32n, 0x1edc6f41n, true));
        expect(guard64(data)).toBe(slowCrc(data, 64n, 0xad93d235_94c93659n, true));
      }),
    );
  });

  it('are the same in one piece and in several, and look at nothing outside', () => {
    fc.assert(
      fc.property(bytes, fc.nat(100), fc.nat(100), fc.nat(7), (data, a, b, offset) => {
        const inside = new Uint8Array(offset + data.length + 3).fill(0xa5);
        inside.set(data, offset);
        const [first, second] = [Math.min(a, b, data.length), Math.min(Math.max(a, b), data.length)];
        const cuts = [offset, offset + first, offset + second, offset + data.length];
        const sum = new Uint32Array(2);
        let crc16 = 0;
        let crc32 = 0;
        for (let i = 0; i < 3; i++) {
          crc16 = crc16T10Dif(inside, cuts[i], cuts[i + 1], crc16);
          crc32 = crc32c(inside, cuts[i], cuts[i + 1], crc32);
          crc64Nvme(inside, cuts[i], cuts[i + 1], sum);
        }
        expect(crc16).toBe(crc16T10Dif(data, 0, data.length));
        expect(crc32).toBe(crc32c(data, 0, data.length));
        expect((BigInt(sum[1]) << 32n) | BigInt(sum[0])).toBe(guard64(data));
      }),
    );
  });
});
