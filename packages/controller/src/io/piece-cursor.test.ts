import { createDmaArena, DeviceDma } from '@phasebit/pcie';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_PAGE, Transfer } from '../transfer.js';
import { PieceCursor } from './piece-cursor.js';
import { StagedRange } from './staged-range.js';

type Piece = readonly [page: number, offset: number, length: number];
type Run = readonly [at: number, bytes: number];

const STAGED_BYTES = 2 * 4096;

/** A transfer over 4 pages, staged memory, and the place of every byte of the transfer, -1 for one that is not there. */
function made(pieces: readonly Piece[]) {
  const arena = createDmaArena({ bytes: 4 * 4096 });
  const memory = new Uint8Array(arena.buffer);
  memory.forEach((_, i) => (memory[i] = (i * 7) & 0xff));
  const transfer = new Transfer(new DeviceDma([arena]), 4096);
  for (const piece of pieces) transfer.add(...piece);
  const places = pieces.flatMap(([page, offset, length]) =>
    Array.from({ length }, (_, i) => (page < 0 ? -1 : page * 4096 + offset + i)),
  );
  const staged = new StagedRange();
  staged.reserve(STAGED_BYTES);
  staged.bytes.forEach((_, i) => (staged.bytes[i] = 255 - ((i * 3) & 0xff)));
  return { memory, transfer, places, staged };
}

/** Any piece inside a page: whole pages, whole dwords, and odd ones. */
function pieceFrom(page: fc.Arbitrary<number>): fc.Arbitrary<Piece> {
  const dwords = fc.tuple(fc.nat(1000), fc.nat(23)).map(([offset, length]) => [offset * 4, length * 4] as const);
  const odd = fc.tuple(fc.nat(4000), fc.nat(96));
  return fc
    .tuple(page, fc.oneof(fc.constant([0, 4096] as const), dwords, odd))
    .map(([at, [offset, length]]) => [at, offset, length] as const);
}

const RUNS: fc.Arbitrary<Run[]> = fc.array(
  fc.oneof(
    fc.constantFrom<Run[]>([0, 4096], [4096, 4096], [512, 512]),
    fc.tuple(fc.nat(1000), fc.nat(64)).map(([at, bytes]): Run => [at * 4, bytes * 4]),
    fc.tuple(fc.nat(4000), fc.nat(300)),
  ),
  { maxLength: 5 },
);

describe('a cursor in the pieces of a transfer', () => {
  it('puts run after run where the one before it has ended, and drops what falls on a missing piece', () => {
    fc.assert(
      fc.property(fc.array(pieceFrom(fc.integer({ min: NO_PAGE, max: 3 })), { maxLength: 6 }), RUNS, (pieces, runs) => {
        const { memory, transfer, places, staged } = made(pieces);
        const expected = memory.slice();
        const bytes = runs.flatMap(([at, count]) => [...staged.bytes.slice(at, at + count)]);
        bytes.forEach((byte, i) => {
          const place = places[i];
          if (place !== undefined && place >= 0) expected[place] = byte;
        });
        const cursor = new PieceCursor();
        for (const [at, count] of runs) cursor.put(transfer, staged, at, count);
        expect(memory).toEqual(expected);
      }),
    );
  });

  it('fetches run after run, as far as the pieces reach', () => {
    fc.assert(
      fc.property(fc.array(pieceFrom(fc.nat(3)), { maxLength: 6 }), RUNS, (pieces, runs) => {
        const { memory, transfer, places, staged } = made(pieces);
        const expected = staged.bytes.slice();
        let from = 0;
        for (const [at, count] of runs) {
          for (let i = 0; i < count && from + i < places.length; i++) expected[at + i] = memory[places[from + i]];
          from += count;
        }
        const cursor = new PieceCursor();
        for (const [at, count] of runs) cursor.fetch(transfer, staged, at, count);
        expect(staged.bytes).toEqual(expected);
      }),
    );
  });

  it('begins again when it is told to', () => {
    const { memory, transfer, staged } = made([[1, 8, 8]]);
    const cursor = new PieceCursor();
    cursor.put(transfer, staged, 0, 8);
    cursor.put(transfer, staged, 100, 8);
    expect(memory.slice(4104, 4112)).toEqual(staged.bytes.slice(0, 8));
    cursor.rewind();
    cursor.put(transfer, staged, 100, 8);
    expect(memory.slice(4104, 4112)).toEqual(staged.bytes.slice(100, 108));
  });
});
