import { describe, expect, it } from 'vitest';
import { parsePattern } from './byte-pattern.js';

const hex = (text: string): string => Buffer.from(parsePattern(text)).toString('hex');

describe('parsePattern', () => {
  // Read off fio 3.42 (buffer_pattern, written to a file).
  it.each([
    ['0xdeadbeef', 'deadbeef'],
    ['0xabc', '0abc'],
    ['255', 'ff'],
    ['256', '0001'],
    ['-12', 'f4ffffff'],
    ['0', '00'],
    ['"abcd"', '61626364'],
    ['0xff0x14', 'ff14'],
    ['0xdeadface"abcd"-12', 'deadface61626364f4ffffff'],
  ])('reads %s', (text, bytes) => {
    expect(hex(text)).toBe(bytes);
  });

  it.each(['', 'xyz', '0xzz', '%o', "'file'", '"open'])('refuses %s', (text) => {
    expect(() => parsePattern(text)).toThrow(/^expected a pattern/);
  });

  it('refuses a pattern that is too long', () => {
    expect(() => parsePattern(`0x${'00'.repeat(513)}`)).toThrow(
      'expected a pattern of at most 512 bytes, got "513 bytes"',
    );
  });
});
