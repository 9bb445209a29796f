import { describe, expect, it } from 'vitest';
import { formatBytes, parseBoolean, parseDurationUs, parseExtent, parseFloatStrict, parseInteger } from './units.js';

describe('parseInteger', () => {
  // The right-hand sides were read off fio 3.42 (bs=..., bytes of one command).
  it.each([
    ['4096', 4096],
    ['4096b', 4096],
    ['0x1000', 4096],
    ['4k', 4096],
    ['4K', 4096],
    ['4kb', 4096],
    ['4ki', 4096],
    ['4kib', 4000],
    ['4KiB', 4000],
    ['1m', 1_048_576],
    ['1mi', 1_048_576],
    ['1MiB', 1_000_000],
    ['2g', 2 * 1024 ** 3],
    ['3t', 3 * 1024 ** 4],
    ['1pib', 1000 ** 5],
    ['-4k', -4096],
    ['+7', 7],
    [' 12 ', 12],
    ['0', 0],
  ])('reads %s as %d', (text, value) => {
    expect(parseInteger(text)).toBe(value);
  });

  it.each(['', 'k', '1.5g', '4q', '4k4', '0x', '1e3', '4 k', '10%'])(
    'refuses "%s", of which fio would read a part',
    (text) => {
      expect(() => parseInteger(text)).toThrow(/^expected a (whole number|size suffix)/);
    },
  );

  it('refuses what a double cannot hold', () => {
    expect(() => parseInteger('9p')).toThrow('expected a number below 2^53, got "9p"');
  });
});

describe('parseExtent', () => {
  it('takes bytes or a percentage', () => {
    expect(parseExtent('64m')).toEqual({ bytes: 64 * 1024 ** 2 });
    expect(parseExtent('20%')).toEqual({ percent: 20 });
  });

  it.each(['0%', '101%', '-1%'])('refuses %s', (text) => {
    expect(() => parseExtent(text)).toThrow('expected a percentage from 1% to 100%');
  });
});

describe('parseDurationUs', () => {
  it.each([
    ['30', 's', 30e6],
    ['30', 'us', 30],
    ['250us', 's', 250],
    ['250usec', 's', 250],
    ['1500ms', 's', 1.5e6],
    ['2msec', 's', 2000],
    ['10s', 'us', 10e6],
    ['2M', 's', 120e6],
    ['1h', 's', 3600e6],
    ['1d', 's', 86_400e6],
  ] as const)('reads %s (default %s) as %d microseconds', (text, unit, us) => {
    expect(parseDurationUs(text, unit)).toBe(us);
  });

  it.each(['', '1.5', '-1', '3w', 's'])('refuses "%s"', (text) => {
    expect(() => parseDurationUs(text, 's')).toThrow(/^expected a duration/);
  });
});

describe('the small ones', () => {
  it('reads booleans and decimals strictly', () => {
    expect(parseBoolean('1')).toBe(true);
    expect(parseBoolean('0')).toBe(false);
    expect(() => parseBoolean('yes')).toThrow('expected 0 or 1, got "yes"');
    expect(parseFloatStrict('1.1')).toBe(1.1);
    expect(() => parseFloatStrict('1.1x')).toThrow('expected a number such as 1.1, got "1.1x"');
  });

  it('writes bytes with the largest unit that fits exactly', () => {
    expect([0, 512, 4096, 5000, 1024 ** 3].map(formatBytes)).toEqual(['0B', '512B', '4KiB', '5000B', '1GiB']);
  });
});
