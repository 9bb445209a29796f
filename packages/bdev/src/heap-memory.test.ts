import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeapMemory } from './index.js';

const PAGE = 4096;

describe('heap memory', () => {
  it('gives out runs of pages from address 4096 on, and takes them back', () => {
    const memory = new HeapMemory(4 * PAGE);
    expect([memory.allocate(1), memory.allocate(PAGE + 1)]).toEqual([PAGE, 2 * PAGE]);
    expect(memory.pagesInUse).toBe(3);
    expect(() => memory.allocate(2 * PAGE)).toThrow(/^bytes: expected a free run/);
    memory.free(PAGE);
    expect(memory.allocate(PAGE)).toBe(PAGE);
    memory.free(2 * PAGE);
    expect(memory.allocate(3 * PAGE - 1)).toBe(2 * PAGE);
  });

  it('shows the same bytes through pages and ranges', () => {
    const memory = new HeapMemory(4 * PAGE);
    memory.bytes(2 * PAGE - 2, 4).fill(9);
    expect([memory.page(1)[PAGE - 1], memory.page(2)[0], memory.page(2)[2]]).toEqual([9, 9, 0]);
    expect(memory.page(1)).toBe(memory.page(1));
  });

  it('knows what is memory', () => {
    const memory = new HeapMemory(2 * PAGE);
    expect([
      memory.contains(PAGE, 2 * PAGE),
      memory.contains(PAGE - 1, 1),
      memory.contains(PAGE, 2 * PAGE + 1),
    ]).toEqual([true, false, false]);
    expect(() => memory.bytes(3 * PAGE - 1, 2)).toThrow(/^address: expected 2 bytes of memory, got 12287/);
  });

  it.each([0, -PAGE, 100, 2 ** 31, NaN])('cannot have %d bytes', (bytes) => {
    expect(() => new HeapMemory(bytes)).toThrow(/^bytes: expected a multiple of 4096/);
  });

  it.each([0, -1, NaN])('cannot allocate %d bytes', (bytes) => {
    expect(() => new HeapMemory(PAGE).allocate(bytes)).toThrow(RangeError);
  });

  it('takes back only what it gave', () => {
    const memory = new HeapMemory(4 * PAGE);
    const address = memory.allocate(2 * PAGE);
    for (const wrong of [0, 100, address + 1, address + PAGE, 4 * PAGE, 99 * PAGE, NaN])
      expect(() => memory.free(wrong)).toThrow(RangeError);
    memory.free(address);
    expect(() => memory.free(address)).toThrow(RangeError);
  });

  it('never gives a page to two', () => {
    const step = fc.record({ free: fc.boolean(), value: fc.nat(30) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const memory = new HeapMemory(24 * PAGE);
        const lent: { address: number; pages: number }[] = [];
        for (const { free, value } of steps) {
          if (free && lent.length > 0) memory.free(lent.splice(value % lent.length, 1)[0].address);
          else if (!free) {
            const pages = 1 + (value % 6);
            try {
              lent.push({ address: memory.allocate(pages * PAGE), pages });
            } catch (error) {
              expect(error).toBeInstanceOf(RangeError);
            }
          }
          const taken = lent.flatMap(({ address, pages }) =>
            Array.from({ length: pages }, (_, i) => address + i * PAGE),
          );
          expect(new Set(taken).size).toBe(taken.length);
          expect(memory.pagesInUse).toBe(taken.length);
          for (const address of taken) expect(memory.contains(address, PAGE)).toBe(true);
        }
      }),
    );
  });
});
