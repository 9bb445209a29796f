import { ManualClock } from '@phasebit/core';
import type { InterruptVectors } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import type { PollGroupOptions } from './poll-group-options.js';
import { PollGroup } from './poll-group.js';
import type { QueuePairOptions } from './queue-pair-options.js';
import type { QueuePair } from './queue-pair.js';

/** Devices with a queue pair each, all in one group. Time passes with each pause, and what `onPause` says happens. */
function make(count: number, group: Partial<PollGroupOptions> = {}, pair: Partial<QueuePairOptions> = {}) {
  const clock = new ManualClock();
  const events: (() => void)[] = [];
  const pause = (): Promise<void> => {
    clock.advanceNs(1e6);
    events.shift()?.();
    return Promise.resolve();
  };
  const made = new PollGroup({ clock, ...group });
  const readers = Array.from({ length: count }, () => {
    const device = new ScriptedDevice({ entries: 8, ...pair }, undefined, {}, { clock, pause });
    made.add(device.pair);
    return new Reader(device);
  });
  return { clock, events, group: made, readers, pairs: readers.map(({ device }) => device.pair) };
}

function completeAll(reader: Reader): void {
  for (const { cid } of reader.device.fetchAll()) reader.device.complete(cid);
}

describe('a poll group', () => {
  it('misses a pair, or takes more from each than it was told', () => {
    const { group, readers } = make(3);
    for (const reader of readers) reader.read(1, 2, 3);
    expect(group.poll()).toBe(0);
    for (const reader of readers) completeAll(reader);
    expect(group.poll(2)).toBe(6);
    expect(group.poll(2)).toBe(3);
    expect(readers.map(({ contexts }) => contexts.length)).toEqual([3, 3, 3]);
  });

  it('begins with the same pair each time', () => {
    const { group, pairs } = make(3);
    const order: number[] = [];
    pairs.forEach((pair, i) => {
      const poll = pair.poll.bind(pair);
      pair.poll = () => {
        order.push(i);
        return poll();
      };
    });
    for (let i = 0; i < 4; i++) group.poll();
    expect(order).toEqual([0, 1, 2, 1, 2, 0, 2, 0, 1, 0, 1, 2]);
  });

  it('adds statistics up wrong', () => {
    const { group, readers, pairs } = make(2);
    readers[0].read(1, 2);
    readers[1].read(3);
    group.poll();
    readers.forEach(completeAll);
    group.poll();
    expect(group.statistics).toMatchObject({ submitted: 3, completions: 3, polls: 4, idlePolls: 2 });
    for (const [key, value] of Object.entries(group.statistics)) {
      const sum = pairs.reduce((total, { statistics }) => total + statistics[key as keyof typeof statistics], 0);
      expect(value, key).toBe(sum);
    }
  });

  it('reports a disconnected pair twice, never, or keeps it', () => {
    const lost: QueuePair[] = [];
    const { group, pairs } = make(3, { onDisconnected: (pair) => lost.push(pair) });
    pairs[1].disconnect();
    expect(lost).toEqual([]);
    group.poll();
    group.poll();
    expect(lost).toEqual([pairs[1]]);
    expect(group.pairs).toEqual([pairs[0], pairs[2]]);
  });

  it('lets its members change in the middle of a poll', () => {
    const { group, readers, pairs } = make(1);
    const other = new ScriptedDevice({ entries: 8 }).pair;
    for (const change of [() => group.add(other), () => group.remove(pairs[0]), () => group.poll()]) {
      const [reader] = readers;
      pairs[0].read(reader.namespace, reader.address, 0, 1, 0, change, 0);
      group.poll();
      completeAll(reader);
      expect(() => group.poll()).toThrow(/between polls|must not poll/);
    }
    expect(group.poll()).toBe(0);
    expect(group.pairs).toEqual(pairs);
  });

  it('takes a pair twice, or one that is not in it', () => {
    const { group, pairs } = make(2);
    expect(() => group.add(pairs[0])).toThrow('expected one that is not in the group yet, got queue pair 1');
    expect(group.remove(pairs[0])).toBe(true);
    expect(group.remove(pairs[0])).toBe(false);
    group.poll();
    group.remove(pairs[1]);
    expect(group.poll()).toBe(0);
    expect(group.mode).toBe('poll');
  });

  it.each([
    [{ mode: 'wait' as 'poll' }, 'mode: expected poll, interrupt, adaptive, got wait'],
    [{ idlePollsMax: 0 }, 'idlePollsMax: expected 1 or more, got 0'],
  ])('is made with %o', (options, message) => {
    expect(() => new PollGroup({ clock: new ManualClock(), ...options })).toThrow(new RangeError(message));
  });

  it.each(['interrupt', 'adaptive'] as const)('waits for interrupts of a pair that has none: %s', (mode) => {
    expect(() => make(1, { mode })).toThrow('expected one with an interruptVector, got queue pair 1');
  });
});

describe.each(['poll', 'interrupt', 'adaptive'] as const)('waiting in mode %s', (mode) => {
  const options = { mode, idlePollsMax: 3 };
  const vector = { interruptVector: 1 };

  it('ends before something has completed, or not when it has', async () => {
    const { group, readers, events } = make(2, options, vector);
    for (const reader of readers) reader.read(1);
    for (let i = 0; i < 10; i++) events.push(() => undefined);
    events.push(() => {
      completeAll(readers[1]);
      readers[1].device.sendMessage(1);
    });
    expect(await group.wait()).toBe(1);
    expect(readers.map(({ contexts }) => contexts)).toEqual([[], [1]]);
  });

  it('misses a message that came between the poll and the wait', async () => {
    const { group, readers, pairs } = make(1, options, vector);
    const [reader] = readers;
    reader.read(1);
    const poll = pairs[0].poll.bind(pairs[0]);
    let polls = 0;
    pairs[0].poll = () => {
      const found = poll();
      // Right after the last look at the ring.
      if (++polls === 4) {
        completeAll(reader);
        reader.device.sendMessage(1);
      }
      return found;
    };
    expect(await group.wait({ deadlineMs: 1000 })).toBe(1);
  });

  it('goes on past its deadline, or gives up long before', async () => {
    const { clock, group } = make(1, options, vector);
    expect(await group.wait({ deadlineMs: 50 })).toBe(0);
    expect(clock.nowNs() / 1e6).toBeGreaterThanOrEqual(50);
    expect(clock.nowNs() / 1e6).toBeLessThan(60);
  });

  it('cannot be given up', async () => {
    const { events, group } = make(1, options, vector);
    const signal = { aborted: false, reason: new Error('enough') };
    for (let i = 0; i < 8; i++) events.push(() => undefined);
    events.push(() => (signal.aborted = true));
    await expect(group.wait({ signal })).rejects.toMatchObject({ code: 'ABORTED', cause: signal.reason });
  });

  it('waits for ever in a group that is empty, or has become so', async () => {
    const { group, pairs, events } = make(1, options, vector);
    events.push(() => pairs[0].disconnect());
    for (let i = 0; i < 8; i++) events.push(() => undefined);
    expect(await group.wait({ deadlineMs: 1000 })).toBe(0);
    expect(group.pairs).toEqual([]);
    expect(await group.wait()).toBe(0);
  });

  it('takes more from a pair than it was told', async () => {
    const { group, readers } = make(1, options, vector);
    const [reader] = readers;
    reader.read(1, 2, 3);
    group.poll();
    completeAll(reader);
    expect(await group.wait({ maxPerPair: 2 })).toBe(2);
  });
});

/** Vectors that a test ends, and whose holds on the process it counts, in the place of those of a device. */
class EndingVectors implements InterruptVectors {
  readonly count = 2;
  holds = 0;
  waits = 0;
  private readonly ends: ((error: Error) => void)[] = [];

  received(): number {
    return 0;
  }

  setMasked(): void {
    // No message ever comes.
  }

  wait(): Promise<number> {
    this.waits++;
    return new Promise((_, reject) => this.ends.push(reject));
  }

  keepAlive(): () => void {
    this.holds++;
    return () => void this.holds--;
  }

  end(): void {
    for (const each of this.ends.splice(0)) each(new Error('the function was closed'));
  }
}

describe.each(['interrupt', 'adaptive'] as const)('a function that is lost while mode %s waits', (mode) => {
  /** One pair on vectors that end, in a group whose pauses are `events`. */
  function makeEnding() {
    const made = make(1, { mode, idlePollsMax: 1 }, { interruptVector: 1 });
    const [pair] = made.pairs;
    made.group.remove(pair);
    const vectors = new EndingVectors();
    Object.assign(pair.function, { vectors });
    made.group.add(pair);
    return { ...made, pair, vectors };
  }

  it('has the group fail, or wait on for messages of it, or never notice that the pair has left', async () => {
    const { group, events, pair, vectors } = makeEnding();
    const waiting = group.wait();
    await Promise.resolve();
    expect(vectors.waits).toBe(1);
    for (let i = 0; i < 5; i++) events.push(() => undefined);
    events.push(() => pair.disconnect());
    vectors.end();
    expect(await waiting).toBe(0);
    expect([group.pairs, events.length, vectors.waits]).toEqual([[], 0, 1]);
  });

  it('spins without a turn for whoever has to notice, until the deadline', async () => {
    const { group, vectors, clock } = makeEnding();
    const waiting = group.wait({ deadlineMs: 5 });
    await Promise.resolve();
    vectors.end();
    expect(await waiting).toBe(0);
    expect(clock.nowNs()).toBe(5e6);
  });

  it('held the process without a command that is outstanding, does not hold it with one, or holds it on', async () => {
    for (const commands of [0, 1]) {
      const { group, vectors, readers } = makeEnding();
      if (commands > 0) readers[0].read(1);
      const waiting = group.wait({ deadlineMs: 5 });
      await Promise.resolve();
      expect([vectors.waits, vectors.holds]).toEqual([1, commands]);
      vectors.end();
      await waiting;
      expect(vectors.holds).toBe(0);
    }
  });
});

describe('the masks of mode adaptive', () => {
  /** Whether a message gets through. */
  function isMasked({ device }: Reader): boolean {
    const { vectors } = device.function;
    const before = vectors.received(1);
    device.sendMessage(1);
    return vectors.received(1) === before;
  }

  it('are off while it polls, or on while it waits for a message', async () => {
    const { group, readers, events } = make(1, { mode: 'adaptive', idlePollsMax: 3 }, { interruptVector: 1 });
    const [reader] = readers;
    reader.read(1);
    const masks: boolean[] = [];
    // It polls twice; the third poll that finds nothing makes it wait, until the message that the look makes; then it polls again.
    for (let i = 0; i < 4; i++) events.push(() => masks.push(isMasked(reader)));
    events.push(() => completeAll(reader));
    expect(await group.wait()).toBe(1);
    expect(masks).toEqual([true, true, false, true]);
    expect(isMasked(reader)).toBe(true);
    group.remove(reader.device.pair);
    expect(isMasked(reader)).toBe(false);
  });

  it('are taken from a vector that another pair of the group still uses', () => {
    const { clock } = make(0);
    const group = new PollGroup({ clock, mode: 'adaptive' });
    const device = new ScriptedDevice({ entries: 8, interruptVector: 1 });
    const reader = new Reader(device);
    const second = { ...device.pair, function: device.function, settings: device.pair.settings };
    group.add(device.pair);
    group.add(second as unknown as QueuePair);
    group.remove(device.pair);
    expect(isMasked(reader)).toBe(true);
    group.remove(second as unknown as QueuePair);
    expect(isMasked(reader)).toBe(false);
  });

  it('stay off after a wait that was cut short', async () => {
    const { group, readers, events } = make(1, { mode: 'adaptive', idlePollsMax: 1 }, { interruptVector: 1 });
    const masks: boolean[] = [];
    events.push(() => masks.push(isMasked(readers[0])));
    await group.wait({ deadlineMs: 3 });
    expect(masks).toEqual([false]);
    expect(isMasked(readers[0])).toBe(true);
  });
});
