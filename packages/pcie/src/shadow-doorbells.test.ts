import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createMmioCounters,
  type Doorbells,
  type MemoryOrder,
  type MmioCounters,
  ShadowDoorbells,
  shadowDoorbellsFit,
  wantsEvent,
} from './index.js';

type Ring = ['sq' | 'cq', number, number];

/** Shadow doorbells over pages of a test's own, and what reached the registers. */
class Shadows {
  readonly shadow = new Int32Array(1024);
  readonly eventIdx = new Int32Array(1024);
  readonly rung: Ring[] = [];
  readonly counters: MmioCounters = createMmioCounters();
  readonly doorbells: ShadowDoorbells;

  constructor(dstrd = 0, memoryOrder: MemoryOrder = 'same-thread') {
    const inner: Doorbells = {
      ringSq: (qid, tail) => void this.rung.push(['sq', qid, tail]),
      ringCq: (qid, head) => void this.rung.push(['cq', qid, head]),
    };
    const { shadow, eventIdx, counters } = this;
    this.doorbells = new ShadowDoorbells({ inner, shadow, eventIdx, dstrd, counters, memoryOrder });
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a shadow doorbell', () => {
  it.each([
    [0, 2, 3, 4, 5],
    [1, 4, 6, 8, 10],
    [4, 32, 48, 64, 80],
  ])('lies elsewhere than the register does: DSTRD %i', (dstrd, sq1, cq1, sq2, cq2) => {
    const { doorbells, shadow, eventIdx } = new Shadows(dstrd);
    doorbells.ringSq(1, 11);
    doorbells.ringCq(1, 12);
    doorbells.ringSq(2, 21);
    doorbells.ringCq(2, 22);
    expect([sq1, cq1, sq2, cq2].map((at) => shadow[at])).toEqual([11, 12, 21, 22]);
    expect(shadow.filter((value) => value !== 0)).toHaveLength(4);
    expect(eventIdx.every((value) => value === 0)).toBe(true);
  });

  it('is rung in the register although nobody asked, or is not although somebody did', () => {
    const { doorbells, eventIdx, rung } = new Shadows();
    doorbells.ringSq(1, 1); // EventIdx 0: told of anything past 0
    doorbells.ringSq(1, 2);
    eventIdx[2] = 5;
    doorbells.ringSq(1, 5); // up to it, not past it
    doorbells.ringSq(1, 7);
    doorbells.ringCq(1, 1);
    eventIdx[3] = 0xffff;
    doorbells.ringCq(1, 30_000);
    expect(rung).toEqual([
      ['sq', 1, 1],
      ['sq', 1, 7],
      ['cq', 1, 1],
    ]);
  });

  it('of the admin queue goes into the shadow, where others do not look for it', () => {
    const { doorbells, shadow, rung, counters } = new Shadows();
    doorbells.start(0, 3, 2);
    doorbells.ringSq(0, 4);
    doorbells.ringCq(0, 3);
    expect(rung).toEqual([
      ['sq', 0, 3],
      ['cq', 0, 2],
      ['sq', 0, 4],
      ['cq', 0, 3],
    ]);
    expect(shadow.every((value) => value === 0)).toBe(true);
    expect([counters.sqShadowWrites, counters.cqShadowWrites]).toEqual([0, 0]);
  });

  it('loses what was rung before it was used', () => {
    const { doorbells, shadow, eventIdx, rung } = new Shadows();
    eventIdx.fill(0xffff);
    doorbells.start(3, 9, 4);
    expect([shadow[6], shadow[7]]).toEqual([9, 4]);
    expect(rung).toEqual([
      ['sq', 3, 9],
      ['cq', 3, 4],
    ]);
    doorbells.ringSq(3, 10);
    expect(rung).toHaveLength(2);
  });

  it.each([0, 2])('keeps what a queue of its identifier has left: DSTRD %i', (dstrd) => {
    const { doorbells, shadow, eventIdx, rung } = new Shadows(dstrd);
    const ofPair3 = [6 << dstrd, 7 << dstrd];
    shadow.fill(128);
    eventIdx.fill(128);
    doorbells.clear(3);
    for (const words of [shadow, eventIdx]) {
      expect(words.map((word, at) => (ofPair3.includes(at) ? 128 - word : word)).every((word) => word === 128)).toBe(
        true,
      );
    }
    expect(rung).toEqual([]);
    doorbells.start(3, 0, 0);
    rung.length = 0;
    // The controller has not said that it wants to know: it is told all the same.
    doorbells.ringSq(3, 4);
    expect(rung).toEqual([['sq', 3, 4]]);
  });

  it('is not counted, or counted as a register', () => {
    const { doorbells, counters } = new Shadows();
    for (let i = 1; i <= 3; i++) doorbells.ringSq(1, i);
    doorbells.ringCq(1, 3);
    expect(counters).toMatchObject({ sqShadowWrites: 3, cqShadowWrites: 1, sqDoorbellWrites: 0, cqDoorbellWrites: 0 });
  });

  it.each<[MemoryOrder, number]>([
    ['same-thread', 0],
    ['store-order', 1],
    ['weak', 1],
  ])('is stored without order, or EventIdx loaded before: %s', (memoryOrder, atomic) => {
    const { doorbells, shadow, eventIdx } = new Shadows(0, memoryOrder);
    const order: Int32Array[] = [];
    const store = Atomics.store.bind(Atomics) as (words: Int32Array, at: number, value: number) => number;
    vi.spyOn(Atomics, 'store').mockImplementation(((words: Int32Array, at: number, value: number) => {
      order.push(words);
      return store(words, at, value);
    }) as typeof Atomics.store);
    const load = Atomics.load.bind(Atomics) as (words: Int32Array, at: number) => number;
    vi.spyOn(Atomics, 'load').mockImplementation(((words: Int32Array, at: number) => {
      order.push(words);
      return load(words, at);
    }) as typeof Atomics.load);
    doorbells.ringSq(1, 1);
    expect(order).toEqual(atomic === 1 ? [shadow, eventIdx] : []);
  });
});

describe('EventIdx', () => {
  it('is passed unseen, or seen to be passed when it is not, by a move that does not wrap', () => {
    const position = fc.nat(0xffff);
    fc.assert(
      fc.property(position, position, position, (event, a, b) => {
        const [previous, next] = a < b ? [a, b] : [b, a];
        expect(wantsEvent(event, next, previous)).toBe(event >= previous && event < next);
      }),
      { numRuns: 2000 },
    );
  });

  it('where the host stands is passed unseen by a move over the end of the ring', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 65_536 }), fc.nat(), fc.nat(), (entries, from, by) => {
        const previous = from % entries;
        const next = (previous + 1 + (by % (entries - 1))) % entries;
        expect(wantsEvent(previous, next, previous)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is passed by staying where one is', () => {
    fc.assert(fc.property(fc.nat(0xffff), fc.nat(0xffff), (event, at) => !wantsEvent(event, at, at)));
  });
});

describe('the page of shadow doorbells', () => {
  it.each([
    [512, 0],
    [256, 1],
    [32, 4],
    [2, 8],
    [1, 9],
  ])('is too small for %i queues at DSTRD %i, or large enough for one more', (queues, dstrd) => {
    expect(shadowDoorbellsFit(queues, dstrd)).toBe(true);
    expect(shadowDoorbellsFit(queues + 1, dstrd)).toBe(false);
  });
});
