import { InvariantError } from '@phasebit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REQUEST_KIND, REQUEST_SHIFT, RequestPool } from './request-pool.js';

describe('requests', () => {
  it('are held twice, or never come back', () => {
    const step = fc.record({ isTake: fc.boolean(), which: fc.nat() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
        const pool = new RequestPool(capacity);
        const held: number[] = [];
        for (const { isTake, which } of steps) {
          if (isTake) {
            const request = pool.take();
            expect(request < 0).toBe(held.length === capacity);
            if (request >= 0) {
              expect(request).toBeLessThan(capacity);
              expect(held).not.toContain(request);
              held.push(request);
            }
          } else if (held.length > 0) {
            const [request] = held.splice(which % held.length, 1);
            pool.give(request);
          }
          expect(pool.available).toBe(capacity - held.length);
        }
      }),
    );
  });

  it('keep something of an earlier command, or clear their neighbours', () => {
    const pool = new RequestPool(3);
    pool.records.fill(-1);
    pool.clear(1);
    const recordOf = (request: number): number[] => [
      ...pool.records.subarray(request << REQUEST_SHIFT, (request << REQUEST_SHIFT) + 16),
      pool.records[(request << REQUEST_SHIFT) | REQUEST_KIND],
    ];
    expect(recordOf(1)).toEqual(new Array(17).fill(0));
    expect(recordOf(0)).toEqual(new Array(17).fill(-1));
    expect(recordOf(2)).toEqual(new Array(17).fill(-1));
  });

  it.each([0, 65_537])('are made %i at a time', (capacity) => {
    expect(() => new RequestPool(capacity)).toThrow(InvariantError);
  });
});
