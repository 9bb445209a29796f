import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainNamespace } from '../test-support/scripted-device.js';
import type { CompletionCallback } from './completion.js';
import type { Namespace } from './namespace.js';
import { RequestPool } from './request-pool.js';
import { crossesBoundary, pieceBlocks, type PieceSender, SplitTransfers } from './split-transfers.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_NEVER } from './submit-result.js';

interface Piece {
  readonly address: number;
  readonly lba: number;
  readonly blocks: number;
  readonly request: number;
  end(status: number): void;
}

/** Keeps the pieces that it is to send, with a request for each, as the queue pair does. */
class KeptPieces implements PieceSender {
  readonly pieces: Piece[] = [];

  constructor(private readonly pool: RequestPool) {}

  sendPiece(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): void {
    expect([opcode, namespace.nsid, flags]).toEqual([2, 1, 0x4000_0000]);
    const request = this.pool.take();
    expect(request).toBeGreaterThanOrEqual(0);
    const end = (status: number): void => {
      this.pool.give(request);
      callback(context, status, 77);
    };
    this.pieces.push({ address, lba, blocks, request, end });
  }
}

function submit(
  namespace: Namespace,
  lba: number,
  blocks: number,
  requests: number,
  onDone: CompletionCallback = () => undefined,
) {
  const pool = new RequestPool(requests);
  const kept = new KeptPieces(pool);
  const splits = new SplitTransfers(pool, kept);
  const answer = splits.submit(2, namespace, 8192, lba, blocks, 0x4000_0000, onDone, 'context');
  return { pool, pieces: kept.pieces, answer, splits };
}

/** A boundary of any kind, powers of two among them, and a start anywhere below 2^53. */
const plan = fc.record({
  boundaryBlocks: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), fc.constantFrom(8, 256, 65_535)),
  transferBlocksMax: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 256 })),
  lba: fc.oneof(
    fc.nat(1000),
    fc
      .maxSafeNat()
      .map((lba) => lba - 2000)
      .filter((lba) => lba >= 0),
  ),
  blocks: fc.integer({ min: 1, max: 300 }),
});

/** Pieces by the rule alone, block by block: a new one at each boundary, and after the most blocks of one command. */
function countPieces(lba: number, blocks: number, boundary: number, most: number): number {
  let pieces = 0;
  let length = most;
  for (let i = 0; i < blocks; i++) {
    const isAtBoundary = boundary !== 0 && BigInt(lba + i) % BigInt(boundary) === 0n;
    if (length === most || isAtBoundary) {
      pieces++;
      length = 0;
    }
    length++;
  }
  return pieces;
}

describe('pieces', () => {
  it('overlap, leave a gap, cross a boundary, are too long, or more than it takes', () => {
    fc.assert(
      fc.property(plan, ({ boundaryBlocks, transferBlocksMax, lba, blocks }) => {
        const namespace = plainNamespace({ boundaryBlocks, transferBlocksMax });
        const { pieces, answer } = submit(namespace, lba, blocks, 2000);
        expect(answer).toBe(SUBMIT_ACCEPTED);
        let done = 0;
        for (const piece of pieces) {
          expect([piece.lba, piece.address]).toEqual([lba + done, 8192 + done * 4096]);
          expect(piece.blocks).toBeGreaterThan(0);
          expect(piece.blocks).toBeLessThanOrEqual(transferBlocksMax);
          expect(crossesBoundary(piece.lba, piece.blocks, boundaryBlocks)).toBe(false);
          done += piece.blocks;
        }
        expect(done).toBe(blocks);
        expect(pieces.length).toBe(countPieces(lba, blocks, boundaryBlocks, transferBlocksMax));
      }),
      { numRuns: 200 },
    );
  });

  it('are cut where exact arithmetic sees no boundary', () => {
    fc.assert(
      fc.property(plan, ({ boundaryBlocks, lba, blocks }) => {
        const exact =
          boundaryBlocks !== 0 &&
          BigInt(lba) / BigInt(boundaryBlocks) !== BigInt(lba + blocks - 1) / BigInt(boundaryBlocks);
        expect(crossesBoundary(lba, blocks, boundaryBlocks)).toBe(exact);
      }),
    );
  });

  it('end at a boundary that the transfer ends at', () => {
    const namespace = plainNamespace({ boundaryBlocks: 10, transferBlocksMax: 4 });
    expect([7, 10, 13, 18].map((lba) => pieceBlocks(lba, 100, namespace))).toEqual([3, 4, 4, 2]);
    expect(crossesBoundary(6, 4, 10)).toBe(false);
    expect(crossesBoundary(6, 5, 10)).toBe(true);
    expect(crossesBoundary(6, 1000, 0)).toBe(false);
  });
});

describe('a whole', () => {
  it('ends before its last piece, more than once, or with another status than the first failure', () => {
    const order = fc.array(fc.nat(), { minLength: 1000, maxLength: 1000 });
    const statuses = fc.array(fc.constantFrom(0, 0, 0, 0x80, 0x281, 0x4002), { minLength: 200, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), order, statuses, (count, whichFirst, statusOf) => {
        const outcomes: unknown[][] = [];
        const namespace = plainNamespace({ transferBlocksMax: 1 });
        const { pool, pieces } = submit(namespace, 0, count, count + 1, (...outcome) => void outcomes.push(outcome));
        expect(pool.available).toBe(0);
        let first = 0;
        for (let left = count; left > 0; left--) {
          expect(outcomes).toEqual([]);
          const [piece] = pieces.splice(whichFirst[left] % left, 1);
          const status = statusOf[left];
          if (first === 0) first = status;
          piece.end(status);
        }
        expect(outcomes).toEqual([['context', first, 0]]);
        expect(pool.available).toBe(count + 1);
      }),
    );
  });

  it('is sent in part when there are too few requests', () => {
    const namespace = plainNamespace({ transferBlocksMax: 1 });
    for (let requests = 1; requests <= 12; requests++) {
      const { pool, pieces, answer, splits } = submit(namespace, 0, 10, requests);
      expect(answer).toBe(requests < 11 ? SUBMIT_NEVER : SUBMIT_ACCEPTED);
      expect(pieces.length).toBe(requests < 11 ? 0 : 10);
      expect(pool.available).toBe(requests < 11 ? requests : requests - 11);
      expect(splits.count).toBe(requests < 11 ? 0 : 1);
    }
  });

  it('is refused for ever when requests are only taken at the moment', () => {
    const pool = new RequestPool(11);
    const kept = new KeptPieces(pool);
    const splits = new SplitTransfers(pool, kept);
    const namespace = plainNamespace({ transferBlocksMax: 1 });
    const held = pool.take();
    expect(splits.submit(2, namespace, 8192, 0, 10, 0x4000_0000, () => undefined, 0)).toBe(SUBMIT_AGAIN);
    expect([kept.pieces.length, pool.available]).toEqual([0, 10]);
    pool.give(held);
    expect(splits.submit(2, namespace, 8192, 0, 10, 0x4000_0000, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
  });

  it('cannot be followed by another one from its callback', () => {
    const namespace = plainNamespace({ transferBlocksMax: 1 });
    const pool = new RequestPool(3);
    const kept = new KeptPieces(pool);
    const splits = new SplitTransfers(pool, kept);
    let again = -1;
    const onDone = (): void => {
      again = splits.submit(2, namespace, 8192, 2, 2, 0x4000_0000, () => undefined, 0);
    };
    splits.submit(2, namespace, 8192, 0, 2, 0x4000_0000, onDone, 0);
    for (const piece of kept.pieces.splice(0)) piece.end(0);
    expect(again).toBe(SUBMIT_ACCEPTED);
  });
});
