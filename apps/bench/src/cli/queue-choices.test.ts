import { describe, expect, it } from 'vitest';
import { arbitrationText, parseArbitration, parseFormat } from './queue-choices.js';

describe('a format', () => {
  it.each([
    ['512', { lbaBytes: 512 }],
    ['4k', { lbaBytes: 4096 }],
    ['512+8', { lbaBytes: 512, metadataBytes: 8 }],
    ['4096+128', { lbaBytes: 4096, metadataBytes: 128 }],
  ])('is read: %s', (text, format) => expect(parseFormat(text)).toEqual(format));

  it.each([
    ['1024', '512 or 4096'],
    ['4096+8+8', '512 or 4096'],
    ['4096+', 'a whole number'],
    ['4096+7', 'a multiple of 4 from 4 to 128 bytes of metadata, got 7'],
    ['4096+0', 'a multiple of 4 from 4 to 128 bytes of metadata, got 0'],
    ['4096+256', 'a multiple of 4 from 4 to 128 bytes of metadata, got 256'],
  ])('is refused: %s', (text, message) => expect(() => parseFormat(text)).toThrow(message));
});

describe('arbitration', () => {
  it.each([
    ['rr', undefined],
    ['wrr', {}],
    ['wrr:8/4/1', { highWeight: 8, mediumWeight: 4, lowWeight: 1 }],
    ['wrr:256/1/1/16', { highWeight: 256, mediumWeight: 1, lowWeight: 1, burst: 16 }],
  ])('is read, and written back: %s', (text, arbitration) => {
    expect(parseArbitration(text)).toEqual(arbitration);
    expect(arbitrationText(parseArbitration(text))).toBe(text);
  });

  it.each([
    ['fair', 'expected rr, wrr,'],
    ['wrr:8/4', 'expected rr, wrr,'],
    ['wrr:0/1/1', 'weights from 1 to 256, got 0'],
    ['wrr:1/257/1', 'weights from 1 to 256, got 257'],
    ['wrr:1/1/1/3', 'a burst that is a power of two from 1 to 64, got 3'],
    ['wrr:1/1/1/128', 'a burst that is a power of two from 1 to 64, got 128'],
  ])('is refused: %s', (text, message) => expect(() => parseArbitration(text)).toThrow(message));
});
