import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FreeList, InvariantError } from './index.js';

describe('a free list', () => {
  it('gives an index out twice, or loses one', () => {
    const step = fc.record({ isTake: fc.boolean(), which: fc.nat() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
        const list = new FreeList(capacity);
        const taken: number[] = [];
        for (const { isTake, which } of steps) {
          if (isTake) {
            const index = list.take();
            if (taken.length === capacity) expect(index).toBe(-1);
            else {
              expect(index).toBeGreaterThanOrEqual(0);
              expect(index).toBeLessThan(capacity);
              expect(taken).not.toContain(index);
              taken.push(index);
            }
          } else if (taken.length > 0) {
            const [index] = taken.splice(which % taken.length, 1);
            list.give(index);
            // Last freed is first taken.
            expect(list.take()).toBe(index);
            list.give(index);
          }
          expect(list.available).toBe(capacity - taken.length);
        }
      }),
    );
  });

  it('begins with an index other than 0', () => {
    const list = new FreeList(3);
    expect([list.take(), list.take(), list.take(), list.take(), list.available]).toEqual([0, 1, 2, -1, 0]);
  });

  it('takes more back than it has given out', () => {
    const list = new FreeList(2);
    expect(() => list.give(0)).toThrow(InvariantError);
    expect(list.available).toBe(2);
  });

  it.each([0, -1, 2 ** 30 + 1, NaN])('is made with room for %d', (capacity) => {
    expect(() => new FreeList(capacity)).toThrow(InvariantError);
  });
});
