import { createDmaArena, DeviceDma } from '@phasebit/pcie';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_PAGE, Transfer } from './transfer.js';

/** A transfer over 4 pages with the pieces given; of a piece on page -1 nothing is there. */
function made(pieces: readonly (readonly [page: number, offset: number, length: number])[]) {
  const arena = createDmaArena({ bytes: 4 * 4096 });
  const memory = new Uint8Array(arena.buffer);
  memory.forEach((_, i) => (memory[i] = (i * 7) & 0xff));
  const transfer = new Transfer(new DeviceDma([arena]), 4096);
  for (const piece of pieces) transfer.add(...piece);
  const places = pieces.flatMap(([page, offset, length]) =>
    Array.from({ length }, (_, i) => (page < 0 ? -1 : page * 4096 + offset + i)),
  );
  return { memory, transfer, places };
}

describe('the pieces of a transfer', () => {
  it('are for a medium only while all of them are there and whole dwords', () => {
    expect(made([[0, 4, 8]]).transfer.isDirect).toBe(true);
    expect(made([[0, 1, 8]]).transfer.isDirect).toBe(false);
    expect(made([[0, 4, 6]]).transfer.isDirect).toBe(false);
    expect(made([[NO_PAGE, 0, 8]]).transfer.isDirect).toBe(false);
  });

  it('give any part of their data', () => {
    const piece: fc.Arbitrary<[number, number, number]> = fc.tuple(fc.nat(3), fc.nat(4000), fc.nat(96));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.nat(300), fc.nat(300), (pieces, from, length) => {
        const { memory, transfer, places } = made(pieces);
        const target = new Uint8Array(length).fill(0xee);
        transfer.gather(target, from);
        expect([...target]).toEqual(Array.from({ length }, (_, i) => memory[places[from + i] ?? -1] ?? 0xee));
      }),
    );
  });
});
