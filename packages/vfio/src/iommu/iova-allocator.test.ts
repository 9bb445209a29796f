import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IovaAllocator } from './iova-allocator.js';

const GIB = 2 ** 30;

describe('bus addresses', () => {
  it('begin below 4 GiB although the IOMMU reaches further', () => {
    const allocator = new IovaAllocator();
    allocator.allow([
      { start: 0, end: 0xfee0_0000 },
      { start: 0xfef0_0000, end: 2 ** 39 },
    ]);
    expect(allocator.take(4096, 4096)).toBe(4 * GIB);
    expect(allocator.take(2 << 20, 2 << 20)).toBe(4 * GIB + (2 << 20));
    expect(allocator.take(4096, 4096)).toBe(4 * GIB + 4096);
  });

  it('are refused below 4 GiB where there is nothing else', () => {
    const allocator = new IovaAllocator();
    allocator.allow([{ start: 0, end: 0x1000_0000 }]);
    expect(allocator.take(4096, 4096)).toBe(0x10_0000);
  });

  it('leave 39 bits where the kernel does not say what is allowed', () => {
    const allocator = new IovaAllocator();
    allocator.allow(undefined);
    expect(allocator.take(2 ** 39 - 4 * GIB, 4096)).toBe(4 * GIB);
    expect(() => allocator.take(4096, 4096)).toThrow('found none in 0x100000000-0x7fffffffff');
  });

  it('can be had before anything is allowed', () => {
    expect(() => new IovaAllocator().take(4096, 4096)).toThrow('found none in no range at all');
  });

  it('overlap, leave the allowed ranges, or are lost when they are given back', () => {
    const range = fc.tuple(fc.nat(64), fc.integer({ min: 1, max: 32 }));
    const step = fc.oneof(
      fc.record({ pages: fc.integer({ min: 1, max: 12 }), shift: fc.nat(4) }),
      fc.record({ give: fc.nat(20) }),
    );
    fc.assert(
      fc.property(
        fc.array(range, { minLength: 1, maxLength: 4 }),
        fc.array(step, { maxLength: 40 }),
        (ranges, steps) => {
          // The oracle marks each page of a small space.
          const base = 4 * GIB;
          const allowed = new Set(
            ranges.flatMap(([first, pages]) => Array.from({ length: pages }, (_, i) => first + i)),
          );
          const allocator = new IovaAllocator();
          allocator.allow(
            ranges.map(([first, pages]) => ({ start: base + first * 4096, end: base + (first + pages) * 4096 })),
          );
          const taken = new Map<number, number>();
          const isFree = (page: number): boolean => {
            return allowed.has(page) && ![...taken].some(([first, pages]) => page >= first && page < first + pages);
          };
          const fits = (range: readonly [number, number], pages: number, unit: number): boolean => {
            for (let first = Math.ceil(range[0] / unit) * unit; first + pages <= range[0] + range[1]; first += unit) {
              if (Array.from({ length: pages }, (_, i) => first + i).every(isFree)) return true;
            }
            return false;
          };
          for (const each of steps) {
            if ('give' in each) {
              const first = [...taken.keys()][each.give];
              if (first === undefined) continue;
              allocator.give(base + first * 4096);
              taken.delete(first);
              continue;
            }
            const unit = 2 ** each.shift;
            if (!ranges.some((range) => fits(range, each.pages, unit))) {
              expect(() => allocator.take(each.pages * 4096, unit * 4096)).toThrow(/^expected room for/);
              continue;
            }
            const first = (allocator.take(each.pages * 4096, unit * 4096) - base) / 4096;
            expect(first % unit).toBe(0);
            for (let i = 0; i < each.pages; i++) expect(isFree(first + i)).toBe(true);
            taken.set(first, each.pages);
          }
        },
      ),
    );
  });
});
