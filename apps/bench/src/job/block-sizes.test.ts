import { describe, expect, it } from 'vitest';
import { parseBlockSize, parseBlockSizeRange, parseBlockSizeSplit, parsePerDirection } from './block-sizes.js';
import { parseInteger } from './units.js';

describe('parsePerDirection', () => {
  it.each([
    ['256k', [256, 256, 256]],
    ['8k,32k', [8, 32, 32]],
    ['8k,32k,', [8, 32, 4]],
    [',8k', [4, 8, 8]],
    [',8k,', [4, 8, 4]],
    ['1k,2k,3k', [1, 2, 3]],
  ])('spreads %s', (text, kib) => {
    expect(parsePerDirection(text, parseInteger, 4096)).toEqual(kib.map((k) => k * 1024));
  });

  it('refuses nothing and too much', () => {
    expect(() => parsePerDirection(',,', parseInteger, 0)).toThrow('expected a value, got ",,"');
    expect(() => parsePerDirection('1,2,3,4', parseInteger, 0)).toThrow('expected at most three values');
  });
});

describe('bs, bsrange and bssplit', () => {
  it('refuses a block of no bytes', () => {
    expect(() => parseBlockSize('0')).toThrow('expected 1 byte or more, got 0');
    expect(() => parseBlockSize('-4k')).toThrow('expected 1 byte or more, got -4096');
    expect(() => parseBlockSizeRange('0-4k')).toThrow('expected 1 byte or more, got 0');
    expect(() => parseBlockSizeSplit('0/100')).toThrow('expected 1 byte or more, got 0');
  });

  it('reads ranges with either separator and either end first', () => {
    const range = { kind: 'range', minBytes: 1024, maxBytes: 4096 };
    expect(parseBlockSizeRange('1k-4k')).toEqual(range);
    expect(parseBlockSizeRange('4k:1k')).toEqual(range);
    expect(parseBlockSizeRange('4k-4k')).toEqual({ kind: 'fixed', bytes: 4096 });
    expect(() => parseBlockSizeRange('4k')).toThrow('expected a range such as 4k-16k, got "4k"');
  });

  it('shares the rest among open percentages', () => {
    expect(parseBlockSizeSplit('4k/50:1k/:32k/')).toEqual({
      kind: 'split',
      parts: [
        { bytes: 4096, share: 0.5 },
        { bytes: 1024, share: 0.25 },
        { bytes: 32_768, share: 0.25 },
      ],
    });
  });

  it('drops parts that never come and folds a single size', () => {
    expect(parseBlockSizeSplit('4k/100:8k/0')).toEqual({ kind: 'fixed', bytes: 4096 });
    expect(parseBlockSizeSplit('16k')).toEqual({ kind: 'fixed', bytes: 16_384 });
  });

  it.each([
    ['4k/60:8k/60', 'expected percentages that add up to 100, got "120 in 4k/60:8k/60"'],
    ['4k/60:8k/30', 'expected percentages that add up to 100, got "90 in 4k/60:8k/30"'],
    ['4k/60:8k/60:1k/', 'expected percentages that add up to 100'],
    ['4k/101', 'expected a percentage from 0 to 100, got "101"'],
    ['4k/1/2', 'expected size/percentage pairs'],
    [Array(65).fill('4k').join(':'), 'expected at most 64 sizes'],
  ])('refuses %s', (text, message) => {
    expect(() => parseBlockSizeSplit(text)).toThrow(message);
  });
});
