import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommandBuilder } from './command-builder.js';
import type { CompletionCallback } from './completion.js';
import { RequestPool } from './request-pool.js';
import { SplitTransfers } from './split-transfers.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_NEVER } from './submit-result.js';

interface Piece {
  readonly request: number;
  readonly callback: CompletionCallback;
  readonly context: unknown;
  end(status: number): void;
}

/** Keeps what is sent, and gives requests back before it calls back, as the rings do. */
class KeptPieces {
  readonly pieces: Piece[] = [];
  readonly splits: SplitTransfers;

  constructor(readonly pool: RequestPool) {
    const submit = (request: number, callback: CompletionCallback, context: unknown): void => {
      const end = (status: number): void => {
        pool.give(request);
        callback(context, status, 77);
      };
      this.pieces.push({ request, callback, context, end });
    };
    const submitFused = (
      first: number,
      onFirst: CompletionCallback,
      firstContext: unknown,
      second: number,
      onSecond: CompletionCallback,
      secondContext: unknown,
    ): void => {
      submit(first, onFirst, firstContext);
      submit(second, onSecond, secondContext);
    };
    // Nothing here is plain, so nothing is built.
    this.splits = new SplitTransfers(pool, undefined as unknown as CommandBuilder, { submit }, { submitFused });
  }

  /** Collects and sends `count` pieces, and gives the requests they got. */
  send(count: number, onDone: CompletionCallback = () => undefined): { answer: number; requests: number[] } {
    this.splits.begin();
    const requests = Array.from({ length: count }, () => this.splits.take());
    const answer = this.splits.send(onDone, 'context');
    this.splits.giveUp();
    return { answer, requests };
  }
}

describe('a whole', () => {
  it('ends before its last piece, more than once, or with another status than the first failure', () => {
    const order = fc.array(fc.nat(), { minLength: 100, maxLength: 100 });
    const statuses = fc.array(fc.constantFrom(0, 0, 0, 0x80, 0x281, 0x4002), { minLength: 101, maxLength: 101 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), order, statuses, (count, whichFirst, statusOf) => {
        const outcomes: unknown[][] = [];
        const kept = new KeptPieces(new RequestPool(count + 1));
        expect(kept.send(count, (...outcome) => void outcomes.push(outcome)).answer).toBe(SUBMIT_ACCEPTED);
        expect(kept.pool.available).toBe(0);
        let first = 0;
        for (let left = count; left > 0; left--) {
          expect(outcomes).toEqual([]);
          const [piece] = kept.pieces.splice(whichFirst[left - 1] % left, 1);
          const status = statusOf[left];
          if (first === 0) first = status;
          piece.end(status);
        }
        expect(outcomes).toEqual([['context', first, 0]]);
        expect(kept.pool.available).toBe(count + 1);
        expect(kept.splits.count).toBe(1);
      }),
    );
  });

  it('is sent out of order', () => {
    const kept = new KeptPieces(new RequestPool(8));
    const { requests } = kept.send(5);
    expect(kept.pieces.map((piece) => piece.request)).toEqual(requests);
    expect(new Set(requests).size).toBe(5);
  });

  it('is sent in part, or keeps requests, when there are too few', () => {
    for (let requests = 1; requests <= 12; requests++) {
      const kept = new KeptPieces(new RequestPool(requests));
      expect(kept.send(10).answer).toBe(requests < 11 ? SUBMIT_NEVER : SUBMIT_ACCEPTED);
      expect(kept.pieces.length).toBe(requests < 11 ? 0 : 10);
      expect(kept.pool.available).toBe(requests < 11 ? requests : requests - 11);
      expect(kept.splits.count).toBe(requests < 11 ? 0 : 1);
    }
  });

  it('is refused for ever when requests are only taken at the moment', () => {
    for (let held = 1; held <= 11; held++) {
      const pool = new RequestPool(11);
      const kept = new KeptPieces(pool);
      const taken = Array.from({ length: held }, () => pool.take());
      expect(kept.send(10).answer).toBe(SUBMIT_AGAIN);
      expect([kept.pieces.length, pool.available]).toEqual([0, 11 - held]);
      for (const request of taken) pool.give(request);
      expect(kept.send(10).answer).toBe(SUBMIT_ACCEPTED);
    }
  });

  it('cannot be followed by another one from its callback', () => {
    const kept = new KeptPieces(new RequestPool(3));
    let again = -1;
    kept.send(2, () => (again = kept.send(2).answer));
    for (const piece of kept.pieces.splice(0)) piece.end(0);
    expect(again).toBe(SUBMIT_ACCEPTED);
  });

  it('of one piece takes two requests, or is counted', () => {
    const outcomes: unknown[][] = [];
    const kept = new KeptPieces(new RequestPool(1));
    expect(kept.send(1, (...outcome) => void outcomes.push(outcome)).answer).toBe(SUBMIT_ACCEPTED);
    kept.pieces[0].end(0x281);
    expect(outcomes).toEqual([['context', 0x281, 77]]);
    expect([kept.splits.count, kept.pool.available]).toEqual([0, 1]);
  });

  it('of one piece is refused for ever when there is no request', () => {
    const kept = new KeptPieces(new RequestPool(1));
    kept.pool.take();
    expect(kept.send(1).answer).toBe(SUBMIT_AGAIN);
  });

  it('is not found by the callback and context of its pieces', () => {
    const kept = new KeptPieces(new RequestPool(8));
    const { requests } = kept.send(3);
    const [{ callback, context }] = kept.pieces;
    const whole = kept.splits.wholeOf(callback, context);
    expect(requests).not.toContain(whole);
    expect(kept.pool.contexts[whole]).toBe('context');
    expect(kept.splits.wholeOf(() => undefined, context)).toBe(-1);
  });
});

describe('what was collected', () => {
  it('is kept when it is given up', () => {
    const kept = new KeptPieces(new RequestPool(5));
    kept.splits.begin();
    for (let i = 0; i < 7; i++) expect(kept.splits.take() >= 0).toBe(i < 5);
    expect(kept.pool.available).toBe(0);
    kept.splits.giveUp();
    kept.splits.giveUp();
    expect(kept.pool.available).toBe(5);
    expect(new Set(Array.from({ length: 5 }, () => kept.pool.take())).size).toBe(5);
  });
});

describe('a fused whole', () => {
  it.each([
    [0, 0],
    [0x285, 0x000a],
    [0, 0x280],
  ])('mixes its statuses up: %i and %i, in either order', (first, second) => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const outcomes: unknown[][] = [];
      const kept = new KeptPieces(new RequestPool(3));
      kept.splits.begin();
      kept.splits.take();
      kept.splits.take();
      const onDone = (...outcome: unknown[]): void => void outcomes.push(outcome);
      expect(kept.splits.sendFused(onDone, 'context')).toBe(SUBMIT_ACCEPTED);
      kept.splits.giveUp();
      const [{ callback, context }] = kept.pieces;
      expect(kept.pool.contexts[kept.splits.wholeOf(callback, context)]).toBe('context');
      for (const which of order) {
        expect(outcomes).toEqual([]);
        kept.pieces[which].end(which === 0 ? first : second);
      }
      expect(outcomes).toEqual([['context', first, second]]);
      expect(kept.pool.available).toBe(3);
    }
  });

  it('is sent with a request too few', () => {
    const kept = new KeptPieces(new RequestPool(3));
    kept.pool.take();
    kept.splits.begin();
    kept.splits.take();
    kept.splits.take();
    expect(kept.splits.sendFused(() => undefined, 0)).toBe(SUBMIT_AGAIN);
    kept.splits.giveUp();
    expect([kept.pieces.length, kept.pool.available]).toEqual([0, 2]);
  });
});
