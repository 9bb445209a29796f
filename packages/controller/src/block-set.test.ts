import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockSet } from './block-set.js';

const CHUNK = 32_768;

describe('a set of blocks', () => {
  it('holds exactly the ranges that were added and not removed', () => {
    const set = new BlockSet();
    set.add(10, 5);
    set.add(31, 2);
    set.remove(12, 1);
    expect([9, 10, 11, 12, 13, 14, 15, 30, 31, 32, 33].filter((each) => set.has(each))).toEqual([
      10, 11, 13, 14, 31, 32,
    ]);
    expect(set.count).toBe(6);
  });

  it('takes ranges of 2^32 blocks, and pieces out of them', () => {
    const set = new BlockSet();
    set.add(7, 2 ** 32);
    expect(set.count).toBe(2 ** 32);
    set.remove(2 ** 31, 3);
    expect(set.count).toBe(2 ** 32 - 3);
    expect(set.find(2 ** 31 - 1, 10, false)).toBe(2 ** 31);
    expect(set.countIn(2 ** 31 - 5, 10)).toBe(7);
    set.remove(0, 2 ** 32 + 7);
    expect(set.count).toBe(0);
    expect(set.has(8)).toBe(false);
  });

  it('finds the first block in or out, or nothing', () => {
    const set = new BlockSet();
    set.add(CHUNK - 1, 2);
    expect(set.find(0, CHUNK - 1, true)).toBe(-1);
    expect(set.find(0, CHUNK, true)).toBe(CHUNK - 1);
    expect(set.find(CHUNK - 1, 2, false)).toBe(-1);
    expect(set.find(CHUNK - 1, 3, false)).toBe(CHUNK + 1);
  });

  it('forgets everything', () => {
    const set = new BlockSet();
    set.add(0, CHUNK * 2 + 1);
    set.clear();
    expect([set.count, set.has(0), set.countIn(0, CHUNK * 3)]).toEqual([0, false, 0]);
    set.remove(0, 10);
    expect(set.count).toBe(0);
  });

  it('agrees with a set of numbers, whatever is done to it', () => {
    // Ranges cluster around the edges of two small chunks' worth of words and of one real chunk.
    const first = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: CHUNK - 100, max: CHUNK + 100 }));
    const step = fc.record({ isIn: fc.boolean(), first, blocks: fc.integer({ min: 0, max: 150 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), first, fc.integer({ min: 1, max: 200 }), (steps, from, length) => {
        const set = new BlockSet();
        const oracle = new Set<number>();
        for (const each of steps) {
          if (each.isIn) set.add(each.first, each.blocks);
          else set.remove(each.first, each.blocks);
          for (let i = 0; i < each.blocks; i++) {
            if (each.isIn) oracle.add(each.first + i);
            else oracle.delete(each.first + i);
          }
        }
        const range = Array.from({ length }, (_, i) => from + i);
        expect(set.count).toBe(oracle.size);
        expect(set.countIn(from, length)).toBe(range.filter((each) => oracle.has(each)).length);
        expect(set.find(from, length, true)).toBe(range.find((each) => oracle.has(each)) ?? -1);
        expect(set.find(from, length, false)).toBe(range.find((each) => !oracle.has(each)) ?? -1);
      }),
    );
  });
});
