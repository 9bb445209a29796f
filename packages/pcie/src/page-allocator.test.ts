import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageAllocator } from './page-allocator.js';

describe('page runs', () => {
  it('overlap, leave what was added, or get lost', () => {
    const step = fc.record({ isTake: fc.boolean(), pages: fc.integer({ min: 1, max: 7 }), which: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const allocator = new PageAllocator();
        // Two areas that touch, between whose last and first page no run may lie.
        allocator.add(10, 15);
        allocator.add(25, 15);
        const isJoined = (page: number): boolean => page !== 24;
        const taken: { first: number; pages: number }[] = [];
        for (const { isTake, pages, which } of steps) {
          const used = new Set(
            taken.flatMap(({ first, pages: count }) => Array.from({ length: count }, (_, i) => first + i)),
          );
          const isFree = (page: number): boolean => page >= 10 && page < 40 && !used.has(page);
          if (isTake) {
            const first = allocator.take(pages, isJoined);
            const fits = (at: number): boolean =>
              Array.from({ length: pages }, (_, i) => i).every(
                (i) => isFree(at + i) && (i + 1 === pages || isJoined(at + i)),
              );
            if (first >= 0) {
              expect(fits(first)).toBe(true);
              taken.push({ first, pages });
            } else expect(Array.from({ length: 30 }, (_, i) => 10 + i).some(fits)).toBe(false);
          } else if (taken.length > 0) {
            const [{ first }] = taken.splice(which % taken.length, 1);
            allocator.give(first);
          }
        }
        // All given back, both areas are whole again.
        for (const { first } of taken) allocator.give(first);
        expect([allocator.take(15, isJoined), allocator.take(15, isJoined), allocator.take(1, isJoined)]).toEqual([
          10, 25, -1,
        ]);
      }),
    );
  });

  it('are given back that nobody has, or twice', () => {
    const allocator = new PageAllocator();
    allocator.add(1, 8);
    const first = allocator.take(4, () => true);
    expect(() => allocator.give(first + 1)).toThrow('free: expected the start of an allocation, got page 2');
    allocator.give(first);
    expect(() => allocator.give(first)).toThrow(RangeError);
  });
});
