import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IndexFifo, InvariantError } from './index.js';

describe('a queue of indexes', () => {
  it('gives them out in another order, or not as often as they came', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.boolean(), { maxLength: 300 }), (capacity, steps) => {
        const queue = new IndexFifo(capacity);
        const model: number[] = [];
        steps.forEach((isPush, i) => {
          if (!isPush) expect(queue.shift()).toBe(model.shift() ?? -1);
          else if (model.length === capacity) expect(() => queue.push(i)).toThrow(InvariantError);
          else {
            queue.push(i);
            model.push(i);
          }
          expect(queue.length).toBe(model.length);
          expect([0, 1, 7, 25].map((position) => queue.at(position))).toEqual(
            [0, 1, 7, 25].map((position) => model[position] ?? -1),
          );
        });
      }),
    );
  });

  it('has room for more than was asked for, since its ring is a power of two', () => {
    const queue = new IndexFifo(5);
    for (let i = 0; i < 5; i++) queue.push(i);
    expect(() => queue.push(5)).toThrow('pushed onto a full queue');
    expect(queue.capacity).toBe(5);
  });

  it.each([0, -1, 2 ** 30 + 1, NaN])('is made with room for %d', (capacity) => {
    expect(() => new IndexFifo(capacity)).toThrow(InvariantError);
  });
});
