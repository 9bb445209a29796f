import { describe, expect, it } from 'vitest';
import { bits, bits64 } from './bits.js';
import { describeRegister, dword, register32, register64 } from './register.js';

describe('register', () => {
  it('takes fields in any order when they cover every bit once', () => {
    const register = register32('R', 0x10, { LOW: bits(7, 0), HIGH: bits(31, 16) }, [bits(15, 8)]);
    expect(register).toMatchObject({ registerName: 'R', offset: 0x10, width: 32, fieldNames: ['LOW', 'HIGH'] });
    expect(register.reserved).toEqual([[15, 8]]);
    expect(register.HIGH.get(0xabcd_0000)).toBe(0xabcd);
  });

  it('rejects a hole', () => {
    expect(() => register32('R', 0, { A: bits(7, 0), B: bits(31, 9) })).toThrow(
      'R.B 31:9: starts at bit 9, expected 8',
    );
  });

  it('rejects an overlap, also with a reserved range', () => {
    expect(() => register32('R', 0, { A: bits(8, 0), B: bits(31, 8) })).toThrow('starts at bit 8, expected 9');
    expect(() => register32('R', 0, { A: bits(31, 0) }, [bits(4, 4)])).toThrow(
      'R.reserved 4:4: starts at bit 4, expected 32',
    );
  });

  it('rejects fields that end early', () => {
    expect(() => register32('R', 0, { A: bits(30, 0) })).toThrow('R: fields end at bit 30, expected 31');
    expect(() => register64('R', 0, { A: bits64(31, 0) })).toThrow('R: fields end at bit 31, expected 63');
    expect(() => dword('D', 0, { A: bits(7, 0) })).toThrow('D: fields end at bit 7, expected 31');
  });

  it('describes fields, and reserved bits that should be zero', () => {
    const register = register32('R', 0, { A: bits(3, 0), B: bits(31, 8) }, [bits(7, 4)]);
    expect(describeRegister(register, 0x0000_0102)).toBe('R=0x00000102 A=2 B=1');
    expect(describeRegister(register, 0x0000_0152)).toBe('R=0x00000152 A=2 B=1 reserved 7:4=0x5');
  });

  it('describes both halves of a 64-bit register', () => {
    const register = register64('Q', 0, { A: bits64(35, 0) }, [bits64(63, 36)]);
    expect(describeRegister(register, 0xffff_ffff, 0x0000_000f)).toBe('Q=0x0000000fffffffff A=68719476735');
    expect(describeRegister(register, 0, 0xf000_0000)).toBe('Q=0xf000000000000000 A=0 reserved 63:36=0xf000000');
  });
});
