import { describe, expect, it } from 'vitest';
import { mediaName, parseMedia } from './media-choice.js';

describe('a medium', () => {
  it.each([
    ['null', { media: { kind: 'null' } }],
    ['null:1g', { media: { kind: 'null' }, bytes: 2 ** 30 }],
    ['ram:64M', { media: { kind: 'ram' }, bytes: 2 ** 26 }],
    ['file:/a:b', { media: { kind: 'file', path: '/a:b' } }],
    ['nand:slc', { media: { kind: 'nand', text: 'nand:slc' } }],
  ])('%s', (text, asked) => {
    expect(parseMedia(text)).toMatchObject(asked);
    expect(parseMedia(mediaName(parseMedia(text).media)).media).toEqual(parseMedia(text).media);
  });

  it.each([
    ['own', 'expected null, ram, file:PATH or nand, got "own"'],
    ['file:', 'expected null, ram, file:PATH or nand'],
    ['ram:1m:2', 'expected null, ram, file:PATH or nand'],
    ['ram:', 'expected a whole number'],
    ['null:0', 'null: expected a size of 1 or more, got 0'],
  ])('is not %s', (text, message) => {
    expect(() => parseMedia(text)).toThrow(message);
  });
});
