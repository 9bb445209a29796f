import { ManualClock } from '@phasebit/core';
import { STATUS_ABORT_REQUESTED, STATUS_COMMAND_ABORTED_BY_HOST, STATUS_CRD_SHIFT } from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fetched, Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import { SUBMIT_ACCEPTED } from './submit-result.js';
import { Trace } from './trace.js';

const NOT_READY = 0x082;
const MEDIA_ERROR = 0x281;
const INJECTED = 0x283;
const REPLY_STATUSES = [0, 0, 0, MEDIA_ERROR, NOT_READY, NOT_READY | (1 << STATUS_CRD_SHIFT)];
const FINAL_STATUSES = [...REPLY_STATUSES, INJECTED, STATUS_ABORT_REQUESTED, STATUS_COMMAND_ABORTED_BY_HOST];

const step = fc.record({
  kind: fc.constantFrom(
    ...(['read', 'read', 'read', 'reply', 'reply', 'reply', 'poll', 'tick', 'spurious'] as const),
    ...(['suspend', 'abandon', 'resume', 'abort', 'inject', 'lift', 'trace', 'timeouts'] as const),
  ),
  which: fc.nat({ max: 1000 }),
});

/** A pair, a device that answers as the steps say, and what an owner may expect of the two. */
class Run {
  readonly device: ScriptedDevice;
  readonly reader: Reader;
  readonly accepted: number[] = [];
  private readonly open: Fetched[] = [];
  private readonly trace = new Trace(new ManualClock(), 64);
  private tick = 0;
  private isTraced = false;
  private spurious = 0;
  private fetched = 0;

  constructor(entries: number, requests: number, callbackIn: 'tracker' | 'request', sqDoorbell: 'poll' | 'command') {
    const options = { entries, requests, callbackIn, sqDoorbell, cqDoorbell: 'poll', retriesMax: 2 } as const;
    this.device = new ScriptedDevice(options, undefined, { retryDelaysTicks: [3, 6, 9] });
    this.reader = new Reader(this.device);
    this.device.pair.onTimeout = { afterTicks: 5, report: () => undefined };
  }

  take(kind: string, which: number): void {
    const { device, open, reader } = this;
    const { pair } = device;
    const lba = this.accepted.length;
    if (kind === 'read') {
      if (reader.read(lba)[0] === SUBMIT_ACCEPTED) this.accepted.push(lba);
    } else if (kind === 'reply' && open.length > 0 && !pair.isSuspended) {
      const [{ cid }] = open.splice(which % open.length, 1);
      device.complete(cid, REPLY_STATUSES[which % REPLY_STATUSES.length]);
    } else if (kind === 'spurious' && !pair.isSuspended) {
      pair.poll();
      this.fetch();
      const cid = (which * 65_537) & 0xffff;
      if (!open.some((command) => command.cid === cid)) {
        device.complete(cid, which & 1, 0, which);
        this.spurious++;
      }
    } else if (kind === 'tick') {
      pair.setTick((this.tick += which % 4));
    } else if (kind === 'suspend') {
      pair.poll();
      pair.suspend();
    } else if (kind === 'abandon' && pair.isSuspended) {
      pair.abandon(which % 3 === 0);
    } else if (kind === 'resume' && pair.isSuspended) {
      device.restart();
      open.length = 0;
      pair.resume();
    } else if (kind === 'abort') {
      pair.abortQueued(which % (lba + 1));
    } else if (kind === 'inject') {
      pair.injectError({
        opcode: 2,
        status: INJECTED,
        count: 1 + (which % 3),
        isSubmitted: which % 2 === 0,
        delayTicks: which % 5,
      });
    } else if (kind === 'lift') {
      pair.removeInjectedError(2);
    } else if (kind === 'trace') {
      this.isTraced = !this.isTraced;
      pair.setTrace(this.isTraced ? this.trace : undefined);
    } else if (kind === 'timeouts') {
      pair.checkTimeouts(this.tick);
    }
    pair.poll();
    this.fetch();
    this.check();
  }

  /** Lets everything end well. */
  finish(): void {
    const { device, open } = this;
    const { pair } = device;
    pair.removeInjectedError(2);
    this.take('resume', 0);
    for (let turn = 0; turn < 500 && pair.outstanding > 0; turn++) {
      for (const { cid } of open.splice(0)) device.complete(cid);
      this.take('tick', 3);
    }
  }

  private fetch(): void {
    for (const command of this.device.fetchAll()) {
      expect(this.open.map(({ cid }) => cid)).not.toContain(command.cid);
      this.open.push(command);
      this.fetched++;
    }
  }

  private check(): void {
    const { pair, entries } = this.device;
    const { contexts, done } = this.reader;
    expect(new Set(contexts).size).toBe(contexts.length);
    expect(pair.outstanding).toBe(this.accepted.length - contexts.length);
    expect(pair.inFlight).toBeLessThan(entries);
    expect(FINAL_STATUSES).toContain(done.at(-1)?.[1] ?? 0);
    expect(pair.statistics.submitted).toBe(this.fetched);
    expect(pair.statistics.spurious).toBe(this.spurious);
    if (!pair.isSuspended) expect(pair.inFlight).toBe(this.open.length);
  }
}

describe('whatever a device answers and an owner asks for', () => {
  it.each([
    ['tracker', 'poll'],
    ['request', 'command'],
  ] as const)(
    'a command is lost, called back twice, or sent twice at once: callbacks in the %s, doorbell per %s',
    (callbackIn, sqDoorbell) => {
      fc.assert(
        fc.property(
          fc.array(step, { maxLength: 120 }),
          fc.integer({ min: 2, max: 9 }),
          fc.integer({ min: 1, max: 24 }),
          (steps, entries, requests) => {
            const run = new Run(entries, requests, callbackIn, sqDoorbell);
            for (const { kind, which } of steps) run.take(kind, which);
            run.finish();
            expect(run.device.pair.outstanding).toBe(0);
            expect(run.reader.contexts.length).toBe(run.accepted.length);
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  it('a command outlives the end of the connection', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const run = new Run(4, 12, 'tracker', 'poll');
        for (const { kind, which } of steps) run.take(kind, which);
        run.device.pair.disconnect();
        expect(run.device.pair.outstanding).toBe(0);
        expect(run.reader.contexts.length).toBe(run.accepted.length);
        expect(run.device.pair.poll()).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('what a device may write', () => {
  it('is a submission queue head that is used, or not counted when it cannot be', () => {
    const device = new ScriptedDevice({ entries: 8, cqDoorbell: 'poll' });
    const reader = new Reader(device);
    const counts: number[] = [];
    for (const [status, sqHead] of [
      [0, 8],
      [MEDIA_ERROR, 0xffff],
      [0, 7],
      [MEDIA_ERROR, 0],
    ]) {
      reader.read(1);
      device.complete(reader.pollAndFetch()[0].cid, status, 0, sqHead);
      device.pair.poll();
      counts.push(device.pair.statistics.sqHeadOutOfRange);
    }
    expect(counts).toEqual([1, 2, 2, 2]);
    expect(reader.done.map(([, status]) => status)).toEqual([0, MEDIA_ERROR, 0, MEDIA_ERROR]);
  });

  it('is a duplicate that is counted as something else, or the other way round', () => {
    const device = new ScriptedDevice({ entries: 16, cqDoorbell: 'poll' });
    const reader = new Reader(device);
    reader.read(1);
    const [{ cid }] = reader.pollAndFetch();
    device.complete(cid);
    device.complete(cid, MEDIA_ERROR);
    device.complete(cid ^ 0x4000);
    device.complete(0xffff, NOT_READY);
    device.pair.poll();
    expect(device.pair.statistics).toMatchObject({ spurious: 3, duplicates: 1, unknownCid: 2, completions: 1 });
    expect(reader.done).toEqual([[1, 0]]);
  });
});

describe('a callback that throws', () => {
  const thrower = (): void => {
    throw new Error('from the callback');
  };

  it('loses the commands behind it when its own failed', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 8, cqDoorbell: 'poll' });
    const reader = new Reader(device);
    device.pair.read(reader.namespace, reader.address, 0, 1, 0, thrower, 0);
    reader.read(1, 2, 3);
    const [first, ...others] = reader.pollAndFetch();
    device.complete(first.cid, MEDIA_ERROR);
    for (const { cid } of others) device.complete(cid);
    expect(() => device.pair.poll()).toThrow('from the callback');
    device.complete(reader.pollAndFetch()[0].cid);
    device.pair.poll();
    expect(reader.contexts).toEqual([1, 2, 3]);
    expect(device.pair.outstanding).toBe(0);
  });

  it('loses the commands behind it when its own was aborted', () => {
    const device = new ScriptedDevice({ entries: 2, requests: 8 });
    const reader = new Reader(device);
    reader.read(1);
    device.pair.read(reader.namespace, reader.address, 0, 1, 0, thrower, 'aborted');
    reader.read(2);
    const [first] = reader.pollAndFetch();
    device.pair.abortQueued('aborted');
    expect(() => device.pair.poll()).toThrow('from the callback');
    device.complete(first.cid);
    device.complete(reader.pollAndFetch()[0].cid);
    device.pair.poll();
    expect(reader.contexts).toEqual([1, 2]);
    expect(device.pair.outstanding).toBe(0);
  });
});

describe('pollAtMost', () => {
  it('takes more than it was told, or changes what other polls take', () => {
    const device = new ScriptedDevice({ entries: 16 });
    const reader = new Reader(device);
    reader.read(1, 2, 3, 4, 5);
    for (const { cid } of reader.pollAndFetch()) device.complete(cid);
    expect(device.pair.pollAtMost(2)).toBe(2);
    expect(reader.contexts).toEqual([1, 2]);
    expect(device.pair.poll()).toBe(3);
  });
});
