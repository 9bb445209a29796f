import { BdevIo } from '@phasebit/bdev';
import { CompletionFacts, Verdict } from '@phasebit/multipath';
import { describe, expect, it } from 'vitest';
import { HeldIos } from './held-ios.js';

function open(count = 4) {
  const ios = Array.from({ length: count }, (_, index) => new BdevIo({ finish: () => undefined }, index));
  return { ios, held: new HeldIos(ios) };
}

function factsOf(held: HeldIos, io: BdevIo): CompletionFacts {
  const facts = new CompletionFacts();
  held.recall(io, facts);
  return facts;
}

describe('held I/Os', () => {
  it('come out in another order, or not as often as they were put in', () => {
    const { ios, held } = open();
    for (const io of ios) held.hold(io, 0x370, 100, -1);
    expect(held.count).toBe(4);
    const first = held.shift();
    expect(first).toBe(ios[0]);
    held.keep(first);
    expect([held.shift(), held.shift(), held.shift(), held.shift()]).toEqual([ios[1], ios[2], ios[3], ios[0]]);
    expect(held.count).toBe(0);
    expect(() => held.shift()).toThrow('an I/O is held');
  });

  it('forget why and until when they are held, or mix it up', () => {
    const { ios, held } = open();
    held.hold(ios[0], 0x301, 5, 2);
    expect(held.leftPathOf(ios[0])).toBe(2);
    held.holdToFail(ios[1], 0x302, 6);
    held.holdToComplete(ios[2], 7, 8);
    expect(ios.slice(0, 3).map((io) => held.isEnding(io))).toEqual([false, true, true]);
    expect(ios.slice(0, 3).map((io) => held.statusOf(io))).toEqual([0x301, 0x302, 0]);
    expect(ios.slice(0, 3).map((io) => held.dueNs(io))).toEqual([5, 6, 8]);
    expect([held.bdevStatusOf(ios[1]), held.bdevStatusOf(ios[2])]).toEqual([5, 7]);
    // Held again for another reason.
    held.shift();
    held.holdToFail(ios[0], 0x303, 9);
    expect([held.isEnding(ios[0]), held.statusOf(ios[0]), held.dueNs(ios[0])]).toEqual([true, 0x303, 9]);
  });

  it('pass on what they have met to the next I/O of their index', () => {
    const { ios, held } = open();
    const verdict = new Verdict();
    verdict.isPathError = true;
    held.note(ios[1], verdict, 1000);
    held.note(ios[1], verdict, 2000);
    verdict.isPathError = false;
    verdict.usesRetry = true;
    held.note(ios[1], verdict, 3000);
    expect(factsOf(held, ios[1])).toMatchObject({ retries: 1, pathErrors: 2, firstPathErrorNs: 1000 });
    expect(factsOf(held, ios[0])).toMatchObject({ retries: 0, pathErrors: 0, firstPathErrorNs: Infinity });
    expect(held.troubled).toBe(1);
    held.forget(ios[1]);
    held.forget(ios[1]);
    held.forget(ios[2]);
    expect(held.troubled).toBe(0);
    expect(factsOf(held, ios[1])).toMatchObject({ retries: 0, pathErrors: 0, firstPathErrorNs: Infinity });
  });
});
