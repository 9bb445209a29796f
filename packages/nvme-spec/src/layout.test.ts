import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as all from './index.js';
import { Layout, layout, type LayoutRow } from './layout.js';

const Sample = layout('S', 24, [
  [0, 2, 'id'],
  [2, 1, 'flags'],
  [3, 1, 'reserved3', 'reserved'],
  [4, 4, 'name', 'ascii'],
  [8, 8, 'count'],
  [16, 3, 'odd', 'packed'],
  [19, 5, 'blob'],
]);

describe('layout rejects rows that do not tile', () => {
  it('a gap', () => {
    expect(() =>
      layout('SQE', 16, [
        [0, 4, 'cdw0'],
        [4, 4, 'nsid'],
        [0xc, 4, 'cdw2'],
      ]),
    ).toThrow('SQE.cdw2: offset 0xc, expected 0x8');
  });

  it('an overlap', () => {
    expect(() =>
      layout('S', 4, [
        [0, 2, 'a'],
        [1, 1, 'b'],
      ]),
    ).toThrow('S.b: offset 0x1, expected 0x2');
  });

  it('a start above zero', () => {
    expect(() => layout('S', 2, [[1, 1, 'a']])).toThrow('S.a: offset 0x1, expected 0x0');
  });

  it('an end before or after the size', () => {
    expect(() => layout('S', 8, [[0, 4, 'a']])).toThrow('S: ends at 0x4, expected 0x8');
    expect(() => layout('S', 2, [[0, 4, 'a']])).toThrow('S: ends at 0x4, expected 0x2');
  });

  it('an integer that is not naturally aligned, unless it is flagged packed', () => {
    const rows = (kind?: 'packed'): LayoutRow[] => [
      [0, 1, 'a'],
      kind === undefined ? [1, 2, 'b'] : [1, 2, 'b', kind],
      [3, 1, 'c'],
    ];
    expect(() => layout('S', 4, rows())).toThrow('S.b: offset 0x1 is not a multiple of 2');
    expect(layout('S', 4, rows('packed')).field('b').kind).toBe('packed');
  });

  it('integers of odd sizes, empty fields and repeated names', () => {
    expect(() => layout('S', 3, [[0, 3, 'a', 'uint']])).toThrow('S.a: integer of 3 bytes');
    expect(() => layout('S', 32, [[0, 32, 'a', 'packed']])).toThrow('S.a: packed integer of 32 bytes');
    expect(() => layout('S', 0, [[0, 0, 'a']])).toThrow('S.a: size 0');
    expect(() =>
      layout('S', 2, [
        [0, 1, 'a'],
        [1, 1, 'a'],
      ]),
    ).toThrow('S.a: named twice');
  });
});

describe('layout reads and writes', () => {
  it('every kind of field, little-endian', () => {
    const data = Uint8Array.from([
      0x34, 0x12, 0x80, 0, 0x41, 0x42, 0x20, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x02, 0x03, 9, 8, 7, 6, 5,
    ]);
    expect(Sample.decode(data)).toEqual({
      id: 0x1234,
      flags: 0x80,
      name: 'AB',
      count: 1,
      odd: 0x030201,
      blob: Uint8Array.of(9, 8, 7, 6, 5),
    });
    const copy = new Uint8Array(24);
    for (const [name, value] of Object.entries(Sample.decode(data))) Sample.write(copy, name, value);
    expect(copy).toEqual(data);
  });

  it('a structure inside a larger buffer', () => {
    const data = new Uint8Array(64);
    Sample.write(data, 'id', 0xbeef, 40);
    expect([data[40], data[41]]).toEqual([0xef, 0xbe]);
    expect(Sample.read(data, 'id', 40)).toBe(0xbeef);
    expect(() => Sample.read(data, 'id', 41)).toThrow('S: 24 bytes at 41 do not fit in 64');
  });

  it('a number up to 2^53 - 1, a bigint above', () => {
    const data = new Uint8Array(24);
    Sample.write(data, 'count', Number.MAX_SAFE_INTEGER);
    expect(Sample.read(data, 'count')).toBe(Number.MAX_SAFE_INTEGER);
    Sample.write(data, 'count', 2n ** 64n - 1n);
    expect(Sample.read(data, 'count')).toBe(2n ** 64n - 1n);
  });

  it('nothing that does not fit', () => {
    const data = new Uint8Array(24);
    for (const value of [-1, 65536, 0.5, 2n ** 16n, 'x']) {
      expect(() => Sample.write(data, 'id', value)).toThrow(/S\.id: .* is not an unsigned integer of 2 bytes/);
    }
    expect(() => Sample.write(data, 'name', 'ABCDE')).toThrow('5 characters');
    expect(() => Sample.write(data, 'name', 5)).toThrow('S.name: expected text');
    expect(() => Sample.write(data, 'blob', new Uint8Array(6))).toThrow('S.blob: expected a Uint8Array of at most 5');
    expect(() => Sample.write(data, 'nope', 1)).toThrow('S: no field nope');
    expect(data).toEqual(new Uint8Array(24));
  });

  it('integers of every width and value', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(0xff_ffff), (count, odd) => {
        const data = new Uint8Array(24);
        Sample.write(data, 'count', count);
        Sample.write(data, 'odd', odd);
        expect(BigInt(Sample.read(data, 'count') as number | bigint)).toBe(count);
        expect(Sample.read(data, 'odd')).toBe(odd);
      }),
    );
  });
});

describe('layout prints', () => {
  it('a dump, without reserved fields that are zero', () => {
    const data = new Uint8Array(24);
    Sample.write(data, 'id', 7);
    Sample.write(data, 'name', 'AB');
    expect(Sample.dump(data)).toBe(
      [
        'S, 24 bytes',
        '  0x000    2 id: 7 (0x7)',
        '  0x002    1 flags: 0 (0x0)',
        '  0x004    4 name: "AB"',
        '  0x008    8 count: 0 (0x0)',
        '  0x010    3 odd: 0 (0x0)',
        '  0x013    5 blob: zeros',
      ].join('\n'),
    );
    data[3] = 1;
    expect(Sample.dump(data)).toContain('  0x003    1 reserved3: 01');
  });

  it('a difference field by field', () => {
    const actual = new Uint8Array(24);
    const expected = new Uint8Array(24);
    expect(Sample.diff(actual, expected)).toEqual([]);
    expected[0] = 1;
    actual[3] = 0xff;
    expect(Sample.diff(actual, expected)).toEqual([
      '0x000    2 id: 0 (0x0), expected 1 (0x1)',
      '0x003    1 reserved3: ff, expected zeros',
    ]);
  });
});

describe('every layout of the package', () => {
  const layouts = Object.entries(all).filter((entry): entry is [string, Layout] => entry[1] instanceof Layout);

  it('is there', () => {
    expect(layouts.length).toBeGreaterThanOrEqual(13);
  });

  it.each(layouts)('%s tiles, and fails to when any row is wrong', (_, { name, bytes, fields }) => {
    const rows = fields.map((field) => [field.offset, field.bytes, field.name, field.kind] as const);
    expect(layout(name, bytes, rows).fields).toEqual(fields);
    for (let index = 0; index < rows.length; index++) {
      const [offset, size, fieldName, kind] = rows[index];
      const before = rows.slice(0, index);
      const after = rows.slice(index + 1);
      expect(() => layout(name, bytes, [...before, [offset + 1, size, fieldName, kind], ...after])).toThrow(RangeError);
      expect(() => layout(name, bytes, [...before, [offset, size + 1, fieldName, kind], ...after])).toThrow(RangeError);
      expect(() => layout(name, bytes, [...before, ...after])).toThrow(RangeError);
    }
  });

  it.each(layouts)('%s writes each field into its own bytes only', (_, structure) => {
    for (const field of structure.fields) {
      const data = new Uint8Array(structure.bytes);
      const isText = field.kind === 'ascii';
      const isInteger = field.kind === 'uint' || field.kind === 'packed';
      const value = isInteger ? 2n ** BigInt(8 * field.bytes) - 1n : isText ? 'x'.repeat(field.bytes) : undefined;
      structure.write(data, field.name, value ?? new Uint8Array(field.bytes).fill(0xff));
      const touched = data.reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0);
      expect(touched, field.name).toBe(field.bytes);
      expect(
        data.findIndex((byte) => byte !== 0),
        field.name,
      ).toBe(field.offset);
    }
  });
});
