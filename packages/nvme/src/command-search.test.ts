import { STATUS_ABORT_REQUESTED, STATUS_CRD_SHIFT } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import type { QueuePairOptions, QueuePairPlace } from './queue-pair-options.js';

const NOT_READY = 0x082;
const AER = Int32Array.from({ length: 16 }, (_, i) => (i === 0 ? 0x0c : 0));

function make(options: Partial<QueuePairOptions> = {}, place: Partial<QueuePairPlace> = {}) {
  const all = { retryDelaysTicks: [100, 200, 300] as const, ...place };
  const device = new ScriptedDevice({ entries: 4, requests: 16, ...options }, undefined, all);
  const reader = new Reader(device);
  const reports: [cid: number, context: unknown, age: number][] = [];
  device.pair.onTimeout = {
    afterTicks: 10,
    report: (pair, cid, context, age) => {
      expect(pair).toBe(device.pair);
      reports.push([cid, context, age]);
    },
  };
  return { device, pair: device.pair, reader, reports };
}

describe('a command that takes too long', () => {
  it('is reported before its time, twice, or never; also while it waits in software', () => {
    const { pair, reader, reports } = make();
    pair.setTick(100);
    reader.read(1, 2, 3, 4);
    pair.poll();
    pair.setTick(105);
    reader.read(5);
    const [a, b, c] = [1, 2, 3].map((context) => pair.cidsOf(context)[0]);
    expect(pair.checkTimeouts(110)).toBe(0);
    expect(pair.checkTimeouts(111)).toBe(4);
    expect(reports).toEqual([
      [a, 1, 11],
      [b, 2, 11],
      [c, 3, 11],
      [-1, 4, 11],
    ]);
    expect(pair.checkTimeouts(115)).toBe(0);
    expect(pair.checkTimeouts(116)).toBe(1);
    expect(reports[4]).toEqual([-1, 5, 11]);
    expect(pair.statistics.timedOut).toBe(5);
  });

  it('is younger once it has left the software queue', () => {
    const { device, pair, reader, reports } = make({ entries: 2 });
    reader.read(1, 2);
    const [first] = reader.pollAndFetch();
    pair.setTick(8);
    device.complete(first.cid);
    reader.pollAndFetch();
    expect(pair.oldestTicks()).toBe(8);
    expect(pair.checkTimeouts(11)).toBe(1);
    expect(reports).toEqual([[pair.cidsOf(2)[0], 2, 11]]);
  });

  it('is reported as the next one of its request is', () => {
    const { device, pair, reader, reports } = make({ requests: 1 });
    for (const tick of [0, 50, 100]) {
      pair.setTick(tick);
      reader.read(tick);
      const [{ cid }] = reader.pollAndFetch();
      pair.checkTimeouts(tick + 20);
      device.complete(cid);
      pair.poll();
    }
    expect(reports.map(([, context]) => context)).toEqual([0, 50, 100]);
  });

  it('counts the delay that the device asked for', () => {
    const { device, pair, reader, reports } = make();
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid, NOT_READY | (1 << STATUS_CRD_SHIFT));
    pair.poll();
    expect(pair.checkTimeouts(99)).toBe(0);
    expect(pair.oldestTicks()).toBe(0);
    pair.setTick(100);
    pair.poll();
    expect(pair.checkTimeouts(111)).toBe(1);
    expect(reports[0]).toEqual([expect.any(Number), 1, 11]);
  });

  it('can be an event request, which is parked for as long as nothing happens', () => {
    const { pair, reader } = make({}, { qid: 0 });
    pair.submitCommand(AER, 0, 0, reader.callback, 'event');
    pair.poll();
    expect(pair.checkTimeouts(1000)).toBe(0);
  });

  it('is not reported when the coarse time wraps', () => {
    const { pair, reader } = make();
    pair.setTick(0xffff_fffa);
    reader.read(1);
    expect(pair.checkTimeouts(0xffff_ffff)).toBe(0);
    expect(pair.checkTimeouts(4)).toBe(0);
    expect(pair.checkTimeouts(5)).toBe(1);
  });

  it('is reported to nobody, or after the pair has ended', () => {
    const { pair, reader, reports } = make();
    reader.read(1, 2);
    const { onTimeout } = pair;
    pair.onTimeout = undefined;
    expect(pair.checkTimeouts(50)).toBe(0);
    expect(pair.oldestTicks()).toBe(50);
    pair.onTimeout = {
      afterTicks: 10,
      report: (ended, ...facts) => {
        onTimeout?.report(ended, ...facts);
        ended.disconnect();
      },
    };
    pair.checkTimeouts(51);
    expect(reports.length).toBe(1);
    expect(reader.contexts).toEqual([1, 2]);
  });

  it('is old as soon as nothing is', () => {
    expect(make().pair.oldestTicks()).toBe(0);
  });
});

describe('an abort by context', () => {
  it('misses commands in flight, or gives those of others', () => {
    const { pair, reader } = make({ entries: 8 });
    const whole = { name: 'a split one' };
    reader.read(1);
    pair.read(reader.namespace, reader.address, 8, 12, 0, reader.callback, whole);
    reader.read(1);
    pair.poll();
    expect(pair.cidsOf(1).length).toBe(2);
    expect(pair.cidsOf(whole).length).toBe(reader.namespace.transferBlocksMax < 12 ? 3 : 1);
    expect(pair.cidsOf('nobody')).toEqual([]);
  });

  it('calls back inside the call, or ends what is in the ring', () => {
    const { device, pair, reader } = make({ entries: 3 });
    reader.read(1, 2, 3, 1, 4);
    const commands = reader.pollAndFetch();
    expect(pair.abortQueued(1)).toBe(1);
    expect(pair.abortQueued(1)).toBe(0);
    expect(reader.done).toEqual([]);
    expect(pair.poll()).toBe(1);
    expect(reader.done).toEqual([[1, STATUS_ABORT_REQUESTED]]);
    for (const { cid } of commands) device.complete(cid);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([3, 4]);
    expect(reader.contexts).toEqual([1, 1, 2]);
    expect(pair.statistics.aborted).toBe(1);
  });

  it('leaves a command that waits for its retry', () => {
    const { device, pair, reader } = make();
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid, NOT_READY | (3 << STATUS_CRD_SHIFT));
    pair.poll();
    expect(pair.abortQueued(1)).toBe(1);
    expect(pair.abortQueued(1)).toBe(0);
    pair.poll();
    expect(reader.done).toEqual([[1, STATUS_ABORT_REQUESTED]]);
    pair.setTick(1000);
    expect(reader.pollAndFetch()).toEqual([]);
  });

  it('ends a split command in part', () => {
    const { device, pair, reader } = make({ entries: 3 });
    const namespace = { ...reader.namespace, boundaryBlocks: 4 };
    pair.read(namespace as typeof reader.namespace, reader.address, 0, 16, 0, reader.callback, 'whole');
    const pieces = reader.pollAndFetch();
    expect(pieces.length).toBe(2);
    expect(pair.cidsOf('whole')).toEqual(pieces.map(({ cid }) => cid));
    expect(pair.abortQueued('whole')).toBe(2);
    pair.poll();
    expect(reader.done).toEqual([]);
    for (const { cid } of pieces) device.complete(cid);
    pair.poll();
    expect(reader.done).toEqual([['whole', STATUS_ABORT_REQUESTED]]);
    expect(pair.outstanding).toBe(0);
  });
});
