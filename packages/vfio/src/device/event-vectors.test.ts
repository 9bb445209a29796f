import { ManualClock } from '@phasebit/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test-support/fake-kernel.js';
import { EventVectors } from './event-vectors.js';

let kernel: FakeKernel;
let clock: ManualClock;
let fds: number[];
let vectors: EventVectors;

beforeEach(() => {
  kernel = new FakeKernel();
  clock = new ManualClock();
  fds = [kernel.createEvent(), kernel.createEvent(), kernel.createEvent()];
  vectors = new EventVectors(fds, kernel, clock);
});

/** Lets the promises that are due run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** Lets slices of 20 ms pass until a wait is over. */
async function passTime(waiting: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = (): void => void (isOver = true);
  void waiting.then(end, end);
  for (let i = 0; i < 100 && !isOver; i++) {
    clock.advanceNs(20e6);
    await kernel.sleep();
    await settle();
  }
}

describe('messages', () => {
  it('are counted once for all that came since the last look, or for another vector', () => {
    for (let i = 0; i < 3; i++) kernel.signal(fds[1]);
    expect([0, 1, 2].map((each) => vectors.received(each))).toEqual([0, 3, 0]);
    kernel.signal(fds[1]);
    expect(vectors.received(1)).toBe(4);
    expect(vectors.count).toBe(3);
  });

  it('of a masked vector are counted, lost, or more than one when the mask goes', () => {
    kernel.signal(fds[0]);
    vectors.setMasked(0, true);
    expect(vectors.received(0)).toBe(1);
    for (let i = 0; i < 5; i++) kernel.signal(fds[0]);
    expect(vectors.received(0)).toBe(1);
    vectors.setMasked(0, true);
    vectors.setMasked(0, false);
    expect(vectors.received(0)).toBe(2);
    vectors.setMasked(0, false);
    expect(vectors.received(0)).toBe(2);
  });

  it.each([-1, 3, NaN])('are those of vector %d', async (vector) => {
    expect(() => vectors.received(vector)).toThrow(`vector: expected 0 to 2, got ${vector}`);
    await expect(vectors.wait(vector, 0)).rejects.toThrow(RangeError);
  });
});

describe('a wait', () => {
  it('goes on although the message came before it began', async () => {
    const seen = vectors.received(1);
    kernel.signal(fds[1]);
    expect(await vectors.wait(1, seen)).toBe(1);
  });

  it('goes on when the message comes, or wakes one of two', async () => {
    const both = Promise.all([vectors.wait(1, 0), vectors.wait(1, 0)]);
    await settle();
    kernel.signal(fds[1]);
    expect(await both).toEqual([1, 1]);
  });

  it('asks the event loop twice at once for one descriptor', async () => {
    let waits = 0;
    kernel.onWait = () => waits++;
    const both = Promise.all([vectors.wait(1, 0), vectors.wait(1, 0)]);
    await settle();
    expect(waits).toBe(1);
    kernel.signal(fds[1]);
    await both;
  });

  it('ends for a slice that passed without a message', async () => {
    const waiting = vectors.wait(1, 0, { timeoutMs: 65 });
    await passTime(waiting);
    expect(await waiting).toBe(0);
    expect(clock.nowNs()).toBe(80e6);
  });

  it('of no time waits all the same', async () => {
    kernel.onWait = () => expect.unreachable();
    expect(await vectors.wait(1, 0, { timeoutMs: 0 })).toBe(0);
  });

  it('cannot be given up, or hides why', async () => {
    const signal = { aborted: false, reason: new Error('enough') };
    const waiting = vectors.wait(1, 0, { signal });
    const refused = expect(waiting).rejects.toBe(signal.reason);
    await settle();
    signal.aborted = true;
    await passTime(waiting);
    await refused;
    await expect(vectors.wait(1, 0, { signal: { aborted: true } })).rejects.toThrow('given up');
  });

  it('sleeps over a message that was held back by a mask', async () => {
    vectors.setMasked(1, true);
    kernel.signal(fds[1]);
    const waiting = vectors.wait(1, vectors.received(1));
    await settle();
    vectors.setMasked(1, false);
    expect(await waiting).toBe(1);
  });

  it('spins while the vector is masked and messages come', async () => {
    let waits = 0;
    kernel.onWait = () => waits++;
    vectors.setMasked(1, true);
    kernel.signal(fds[1]);
    const waiting = vectors.wait(1, 0, { timeoutMs: 40 });
    await settle();
    expect(waits).toBe(1);
    await passTime(waiting);
    expect(await waiting).toBe(0);
  });

  it('outlives the function, or its descriptor is closed under it', async () => {
    const waiting = expect(vectors.wait(1, 0)).rejects.toThrow('the function was closed');
    await settle();
    await vectors.close();
    await waiting;
    expect(kernel.events.size).toBe(0);
    await vectors.close();
    expect(vectors.received(1)).toBe(0);
    await expect(vectors.wait(1, 0)).rejects.toThrow('the function was closed');
  });
});
