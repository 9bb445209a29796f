import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BIT_BUCKET, IoVector } from './scatter-list.js';

/** The elements from a byte on, as the vector tells them. */
function walk(vector: IoVector, offset: number): [address: number, bytes: number][] {
  const found: [number, number][] = [];
  vector.reset(offset);
  while (vector.next()) found.push([vector.address, vector.bytes]);
  return found;
}

describe('an I/O vector', () => {
  it('begins elsewhere than at the byte that was asked for, whatever was asked for before', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), (bytes, offsets) => {
        const vector = new IoVector(bytes.length);
        bytes.forEach((length, i) => vector.add(1000 * (i + 1), length));
        const all = bytes.flatMap((length, i) => Array.from({ length }, (_, k) => 1000 * (i + 1) + k));
        for (const each of offsets) {
          const offset = each % all.length;
          const found = walk(vector, offset).flatMap(([address, length]) =>
            Array.from({ length }, (_, k) => address + k),
          );
          expect(found).toEqual(all.slice(offset));
        }
      }),
    );
  });

  it('steps over an element without bytes, which would never be seen then', () => {
    const vector = new IoVector(3);
    vector.add(4096, 512);
    vector.add(8192, 0);
    vector.add(12288, 512);
    expect(walk(vector, 512)).toEqual([
      [8192, 0],
      [12288, 512],
    ]);
  });

  it('moves a bit bucket', () => {
    const vector = new IoVector(1);
    vector.add(BIT_BUCKET, 100);
    expect(walk(vector, 30)).toEqual([[BIT_BUCKET, 70]]);
  });

  it('remembers what was in it before it was cleared', () => {
    const vector = new IoVector(2);
    vector.add(4096, 512);
    vector.add(8192, 512);
    walk(vector, 600);
    vector.clear();
    vector.add(12288, 4);
    expect(walk(vector, 0)).toEqual([[12288, 4]]);
  });

  it('takes more than it was made for', () => {
    const vector = new IoVector(1);
    vector.add(4096, 512);
    expect(() => vector.add(8192, 512)).toThrow('elements: expected at most 1, got one more');
  });
});
