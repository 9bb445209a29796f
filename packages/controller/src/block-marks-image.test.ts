import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockMarks } from './block-marks.js';
import { decodeMarks, encodeMarks, type MarksImage } from './block-marks-image.js';

const FORMAT = { blockBytes: 4096, metadataBytes: 8 };
const NAMESPACE = { format: FORMAT, blocks: 200_000, isCounted: true };
const IMAGE: MarksImage = { ...FORMAT, blocks: 2 ** 40, uncorrectable: [7, 2, 2 ** 33, 1], allocated: [0, 2 ** 39] };

const marksOf = (uncorrectable: readonly number[], allocated: readonly number[]): BlockMarks => {
  const marks = new BlockMarks();
  for (const block of uncorrectable) marks.uncorrectable.add(block, 3);
  for (const block of allocated) marks.allocated.add(block, 40_000);
  return marks;
};

describe('marks as bytes', () => {
  it('are what they were, whatever they were', () => {
    const block = fc.nat(NAMESPACE.blocks - 40_000);
    fc.assert(
      fc.property(fc.array(block, { maxLength: 9 }), fc.array(block, { maxLength: 5 }), (bad, used) => {
        const marks = marksOf(bad, used);
        const other = new BlockMarks();
        other.restore(marks.encode(NAMESPACE), NAMESPACE);
        expect(other.uncorrectable.runs()).toEqual(marks.uncorrectable.runs());
        expect(other.allocated.runs()).toEqual(marks.allocated.runs());
        expect([other.uncorrectable.count, other.isDirty]).toEqual([marks.uncorrectable.count, false]);
      }),
      { numRuns: 40 },
    );
  });

  it('have block numbers past 2^32', () => {
    expect(decodeMarks(encodeMarks(IMAGE))).toEqual(IMAGE);
    const uncounted = { ...IMAGE, allocated: undefined };
    expect(decodeMarks(encodeMarks(uncounted))).toEqual(uncounted);
  });

  it('are of version 1, whose bytes do not change', () => {
    const image = { blockBytes: 512, metadataBytes: 0, blocks: 16, uncorrectable: [3, 2], allocated: undefined };
    const header = ['50624d6b 01000000 1a56dff0', '00020000 10000000 00000000', '00000000 01000000 ffffffff 00000000'];
    const run = '0300000000000000 0200000000000000';
    expect(Buffer.from(encodeMarks(image)).toString('hex')).toBe([...header, run].join('').replaceAll(' ', ''));
  });

  it('that anybody has changed are refused', () => {
    const right = encodeMarks(IMAGE);
    for (let at = 0; at < right.length; at++) {
      const bytes = right.slice();
      bytes[at] ^= 0x20;
      expect(() => decodeMarks(bytes), `byte ${at}`).toThrow('marks of the medium: expected');
    }
    for (let length = 0; length < right.length; length++) {
      expect(() => decodeMarks(right.subarray(0, length))).toThrow(RangeError);
    }
  });

  it('that lie past the end of their namespace are refused', () => {
    const bytes = encodeMarks({ ...IMAGE, blocks: 8 });
    expect(() => decodeMarks(bytes)).toThrow('marks of the medium: expected runs below block 8, got 7 and 2 more');
  });

  it('of other blocks are refused, unless nothing is marked', () => {
    const bytes = marksOf([1], []).encode(NAMESPACE);
    const restore = (changes: object): void => new BlockMarks().restore(bytes, { ...NAMESPACE, ...changes });
    expect(() => restore({ blocks: 100 })).toThrow(
      'marks of the medium: expected those of 100 blocks of 4096+8 bytes, got those of 200000 blocks of 4096+8 bytes',
    );
    expect(() => restore({ format: { blockBytes: 512, metadataBytes: 0 } })).toThrow(
      'blocks of 512+0 bytes, got those',
    );
    expect(() => restore({})).not.toThrow();
    const empty = new BlockMarks().encode(NAMESPACE);
    expect(() => new BlockMarks().restore(empty, { ...NAMESPACE, blocks: 100 })).not.toThrow();
  });

  it('without allocated blocks make all of them so', () => {
    const bytes = marksOf([1], []).encode({ ...NAMESPACE, isCounted: false });
    const counted = new BlockMarks();
    counted.restore(bytes, NAMESPACE);
    expect([counted.allocated.runs(), counted.uncorrectable.runs()]).toEqual([
      [0, 200_000],
      [1, 3],
    ]);
  });

  it('are dirty when something has changed, and not when nothing has', () => {
    const marks = marksOf([5], []);
    expect(marks.isDirty).toBe(true);
    marks.setSaved();
    marks.uncorrectable.add(6, 1);
    marks.uncorrectable.remove(100, 5);
    expect(marks.isDirty).toBe(false);
    marks.clear();
    expect(marks.isDirty).toBe(true);
  });
});
