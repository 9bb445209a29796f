import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outcomes, ScriptedBdev } from '../test/kit.js';
import { BDEV_ACCEPTED, BdevChannel } from './index.js';
import { WaitLine } from './wait-line.js';

describe('an I/O that the device has no room for', () => {
  it('waits, and goes to the device after the next poll', () => {
    const bdev = new ScriptedBdev();
    const channel = new BdevChannel(bdev, { ioCount: 8 });
    const outcomes = new Outcomes();
    bdev.room = 1;
    expect(channel.read(0, 0, 1, outcomes.callback, 'first')).toBe(BDEV_ACCEPTED);
    expect(channel.read(0, 1, 1, outcomes.callback, 'waits')).toBe(BDEV_ACCEPTED);
    expect([channel.waiting, channel.inFlight, channel.statistics.waits]).toEqual([1, 2, 1]);
    channel.poll();
    expect(bdev.seen.length).toBe(1);
    bdev.toComplete = 1;
    channel.poll();
    expect(bdev.seen.map((each) => each.lba)).toEqual([0, 1]);
    expect(channel.waiting).toBe(0);
  });

  it('is offered again on a tick too', () => {
    const bdev = new ScriptedBdev();
    const channel = new BdevChannel(bdev);
    bdev.room = 0;
    channel.read(0, 0, 1, new Outcomes().callback, null);
    channel.tick(1);
    expect(bdev.seen).toEqual([]);
    bdev.room = 1;
    channel.tick(2);
    expect(bdev.seen.length).toBe(1);
  });

  it('is not overtaken, even when there is room again before the next poll', () => {
    const bdev = new ScriptedBdev();
    const channel = new BdevChannel(bdev, { ioCount: 8 });
    const outcomes = new Outcomes();
    bdev.room = 0;
    channel.read(0, 0, 1, outcomes.callback, null);
    bdev.room = Infinity;
    channel.read(0, 1, 1, outcomes.callback, null);
    expect(bdev.seen).toEqual([]);
    channel.poll();
    expect(bdev.seen.map((each) => each.lba)).toEqual([0, 1]);
  });

  it('is not overtaken by what a callback submits', () => {
    const bdev = new ScriptedBdev();
    const channel = new BdevChannel(bdev, { ioCount: 8 });
    const outcomes = new Outcomes();
    bdev.room = 1;
    channel.read(0, 0, 1, () => channel.read(0, 2, 1, outcomes.callback, null), null);
    channel.read(0, 1, 1, outcomes.callback, null);
    bdev.toComplete = 1;
    channel.poll();
    expect(bdev.seen.map((each) => each.lba)).toEqual([0, 1]);
    expect(channel.waiting).toBe(1);
  });

  it('keeps its order for any sequence of submits, polls and changes of room', () => {
    const step = fc.oneof(
      fc.constant({ kind: 'submit' as const, value: 0 }),
      fc.record({ kind: fc.constant('room' as const), value: fc.nat(6) }),
      fc.record({ kind: fc.constant('poll' as const), value: fc.nat(6) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const bdev = new ScriptedBdev({ blockCount: 10_000 });
        const channel = new BdevChannel(bdev, { ioCount: 16 });
        const done: number[] = [];
        const callback = (context: unknown): void => void done.push(context as number);
        let accepted = 0;
        const submit = (): void => {
          if (channel.read(0, accepted, 1, callback, accepted) === BDEV_ACCEPTED) accepted++;
        };
        for (const { kind, value } of steps) {
          if (kind === 'submit') submit();
          else if (kind === 'room') bdev.room = value;
          else {
            bdev.toComplete = value;
            channel.poll();
          }
        }
        bdev.room = Infinity;
        for (let i = 0; i < 10 && channel.inFlight > 0; i++) {
          bdev.toComplete = Infinity;
          channel.poll();
        }
        expect(bdev.seen.map((each) => each.lba)).toEqual(Array.from({ length: accepted }, (_, i) => i));
        expect(done).toEqual(bdev.seen.map((each) => each.lba));
        expect(channel.inFlight).toBe(0);
      }),
    );
  });
});

describe('a line of waiting I/Os', () => {
  it('gives them back in order and knows when it is empty', () => {
    const line = new WaitLine(3);
    expect([line.oldest, line.length]).toEqual([-1, 0]);
    for (const index of [5, 0, 7]) line.push(index);
    const left: number[] = [];
    while (line.oldest >= 0) {
      left.push(line.oldest, line.length);
      line.advance();
    }
    expect(left).toEqual([5, 3, 0, 2, 7, 1]);
    expect(line.length).toBe(0);
  });
});
