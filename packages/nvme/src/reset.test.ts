import { STATUS_ABORT_REQUESTED, STATUS_COMMAND_ABORTED_BY_HOST, STATUS_CRD_SHIFT } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import type { QueuePairOptions } from './queue-pair-options.js';
import type { QueuePair } from './queue-pair.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN } from './submit-result.js';

const GONE = STATUS_COMMAND_ABORTED_BY_HOST;
const NOT_READY = 0x082;
const COPY = Int32Array.from({ length: 16 }, (_, i) => (i === 0 ? 0x19 : 0));

function make(options: Partial<QueuePairOptions> = {}) {
  const place = { retryDelaysTicks: [100, 200, 300] as const };
  const device = new ScriptedDevice({ entries: 8, requests: 16, ...options }, undefined, place);
  return { device, pair: device.pair, reader: new Reader(device) };
}

describe('a pair that stands still', () => {
  it('rings, starts, or believes anything', () => {
    const { device, pair, reader } = make();
    reader.read(1, 2);
    const [first] = reader.pollAndFetch();
    reader.read(3);
    pair.suspend();
    pair.suspend();
    const { sqDoorbellWrites, cqDoorbellWrites } = device.function.counters;
    device.complete(first.cid);
    expect(pair.isSuspended).toBe(true);
    expect(pair.poll()).toBe(0);
    expect(reader.read(4)).toEqual([SUBMIT_ACCEPTED]);
    expect(pair.poll()).toBe(0);
    expect(reader.done).toEqual([]);
    expect(device.fetchAll()).toEqual([]);
    expect(device.function.counters).toMatchObject({ sqDoorbellWrites, cqDoorbellWrites });
    expect(pair.connected).toBe(true);
  });

  it.each([
    ['suspend', (pair: QueuePair) => pair.suspend()],
    ['disconnect', (pair: QueuePair) => pair.disconnect()],
  ])('rings at the end of the poll in which it was told to: %s', (_, stop) => {
    const { device, pair, reader } = make({ cqDoorbell: 'poll' });
    const { address, namespace } = reader;
    const onDone = (): void => {
      pair.read(namespace, address, 9, 1, 0, reader.callback, 9);
      stop(pair);
    };
    pair.read(namespace, address, 1, 1, 0, onDone, 0);
    pair.poll();
    device.complete(device.fetch()!.cid);
    const { sqDoorbellWrites, cqDoorbellWrites } = device.function.counters;
    pair.poll();
    expect(device.function.counters).toMatchObject({ sqDoorbellWrites, cqDoorbellWrites });
    expect(pair.statistics).toMatchObject({ sqDoorbells: sqDoorbellWrites, cqDoorbells: cqDoorbellWrites });
  });

  it('takes more than it has requests, or fewer', () => {
    const { pair, reader } = make({ requests: 3 });
    pair.suspend();
    expect(reader.read(1, 2, 3, 4)).toEqual([SUBMIT_ACCEPTED, SUBMIT_ACCEPTED, SUBMIT_ACCEPTED, SUBMIT_AGAIN]);
  });

  it('is left suspended by a disconnect, with commands that nobody ends', () => {
    const { pair, reader } = make();
    reader.read(1, 2);
    pair.poll();
    pair.suspend();
    reader.read(3);
    pair.disconnect();
    expect(reader.done).toEqual([
      [1, GONE],
      [2, GONE],
      [3, GONE],
    ]);
    pair.resume();
    expect(pair.poll()).toBe(0);
    expect(pair.outstanding).toBe(0);
  });
});

describe.each(['tracker', 'request'] as const)('after a reset, callbacks in the %s', (callbackIn) => {
  it('commands in flight are lost, repeated, or sent in another order than they were submitted in', () => {
    const { device, pair, reader } = make({ callbackIn, entries: 5 });
    reader.read(0, 1, 2, 3, 4, 5);
    const commands = reader.pollAndFetch();
    // The slots are reused, so that their order is not that of submission any more.
    device.complete(commands[2].cid);
    device.complete(commands[0].cid);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([4, 5]);
    reader.read(6, 7);
    pair.suspend();
    reader.read(8);
    device.restart();
    pair.resume();
    const seen: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      for (const { cid, slba } of reader.pollAndFetch()) {
        seen.push(slba);
        device.complete(cid);
      }
    }
    expect(seen).toEqual([1, 3, 4, 5, 6, 7, 8]);
    expect(reader.contexts).toEqual([2, 0, 1, 3, 4, 5, 6, 7, 8]);
    expect(reader.done.every(([, status]) => status === 0)).toBe(true);
    expect(pair.statistics).toMatchObject({ retried: 4, spurious: 0 });
  });
});

describe('a reset', () => {
  it('leaves entries, positions or phases of the rings as they were', () => {
    const { device, pair, reader } = make({ entries: 4, cqDoorbell: 'poll' });
    for (let lap = 0; lap < 5; lap++) {
      for (let i = 0; i < 6; i++) {
        reader.read(i);
        device.complete(reader.pollAndFetch()[0].cid);
        pair.poll();
      }
      pair.suspend();
      device.restart();
      pair.resume();
      expect(pair.poll()).toBe(0);
    }
    expect(reader.done.length).toBe(30);
  });

  it('has a completion believed that names a command from before', () => {
    const { device, pair, reader } = make({ requests: 1, entries: 4 });
    reader.read(1);
    const [before] = reader.pollAndFetch();
    pair.suspend();
    device.restart();
    pair.resume();
    const [after] = reader.pollAndFetch();
    expect(after.cid).not.toBe(before.cid);
    device.complete(before.cid);
    expect(pair.poll()).toBe(1);
    expect(reader.done).toEqual([]);
    expect(pair.statistics).toMatchObject({ spurious: 1, duplicates: 1, unknownCid: 0 });
    device.complete(after.cid);
    pair.poll();
    expect(reader.done).toEqual([[1, 0]]);
  });

  it('repeats a command that must not be carried out twice, or keeps its caller waiting until the controller is back', () => {
    const { device, pair, reader } = make();
    pair.submitCommand(COPY, 0, 0, reader.callback, 'copy');
    reader.read(1);
    pair.poll();
    pair.suspend();
    pair.abandon();
    expect(reader.done).toEqual([]);
    expect(pair.poll()).toBe(1);
    expect(reader.done).toEqual([['copy', GONE]]);
    device.restart();
    pair.resume();
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([1]);
  });

  it('repeats commands of a pair that retries nothing', () => {
    const { device, pair, reader } = make({ retriesMax: 0, entries: 3 });
    reader.read(1, 2, 3);
    pair.poll();
    pair.suspend();
    device.restart();
    pair.resume();
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([3]);
    expect(reader.done).toEqual([
      [1, GONE],
      [2, GONE],
    ]);
  });

  it('is not counted as a retry, so that a command outlives any number of them', () => {
    const { device, pair, reader } = make({ retriesMax: 2 });
    reader.read(1);
    for (let reset = 0; reset < 3; reset++) {
      expect(reader.pollAndFetch().length).toBe(1);
      pair.suspend();
      device.restart();
      pair.resume();
    }
    pair.poll();
    expect(reader.done).toEqual([[1, GONE]]);
  });

  it('sends what waits although its controller will not come back', () => {
    const { pair, reader } = make({ entries: 3 });
    reader.read(1, 2, 3, 4);
    pair.poll();
    pair.suspend();
    pair.abandon(true);
    expect(reader.done).toEqual([]);
    expect(pair.poll()).toBe(4);
    expect(reader.contexts.sort()).toEqual([1, 2, 3, 4]);
    expect(reader.done.every(([, status]) => status === GONE)).toBe(true);
    expect(pair.outstanding).toBe(0);
  });

  it('keeps what waits although another path would do, or gives up what the device still has', () => {
    const { device, pair, reader } = make({ entries: 3 });
    reader.read(1, 2, 3, 4);
    pair.poll();
    pair.abandonWaiting();
    pair.suspend();
    pair.abandonWaiting();
    expect([pair.inFlight, reader.done]).toEqual([2, []]);
    expect(pair.poll()).toBe(2);
    expect(reader.done).toEqual([
      [3, GONE],
      [4, GONE],
    ]);
    pair.abandonWaiting();
    expect([pair.poll(), pair.outstanding]).toEqual([0, 2]);
    device.restart();
    pair.resume();
    expect(reader.pollAndFetch().length).toBe(2);
  });

  it('lets a command wait for its retry although nothing will be sent again', () => {
    const { device, pair, reader } = make();
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid, NOT_READY | (2 << STATUS_CRD_SHIFT));
    pair.poll();
    pair.suspend();
    pair.abandon(true);
    expect(pair.poll()).toBe(1);
    expect(reader.done).toEqual([[1, GONE]]);
  });

  it('forgets a command that waited for its retry', () => {
    const { device, pair, reader } = make();
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid, NOT_READY | (2 << STATUS_CRD_SHIFT));
    pair.poll();
    pair.suspend();
    device.restart();
    pair.resume();
    expect(reader.pollAndFetch()).toEqual([]);
    pair.setTick(200);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([1]);
  });

  it('can be gone through by a callback of the pair, in the middle of a poll', () => {
    const { device, pair, reader } = make();
    reader.read(1);
    const [command] = reader.pollAndFetch();
    pair.read(reader.namespace, reader.address, 2, 1, 0, () => pair.resume(), 0);
    device.complete(command.cid);
    device.complete(reader.pollAndFetch()[0].cid);
    expect(() => pair.poll()).toThrow('must not resume');
  });

  it('counts time in which nothing could be sent against what waited', () => {
    const { device, pair, reader } = make({ entries: 2 });
    reader.read(1, 2);
    pair.poll();
    pair.suspend();
    pair.setTick(5000);
    device.restart();
    pair.resume();
    pair.setTick(5001);
    expect(pair.oldestTicks()).toBe(1);
  });

  it('has a command that was aborted meanwhile sent', () => {
    const { device, pair, reader } = make();
    reader.read(1, 2);
    pair.poll();
    pair.suspend();
    pair.abandon();
    expect(pair.abortQueued(1)).toBe(1);
    pair.poll();
    expect(reader.done).toEqual([[1, STATUS_ABORT_REQUESTED]]);
    device.restart();
    pair.resume();
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([2]);
  });

  it('leaves a doorbell for each command unrung', () => {
    const { device, pair, reader } = make({ sqDoorbell: 'command' });
    reader.read(1, 2);
    device.fetchAll();
    pair.suspend();
    reader.read(3);
    device.restart();
    pair.resume();
    expect(device.fetchAll().map(({ slba }) => slba)).toEqual([1, 2, 3]);
  });

  it('needs a pair to stand still', () => {
    const { pair } = make();
    expect(() => pair.abandon()).toThrow('suspended before');
    pair.resume();
    expect(pair.isSuspended).toBe(false);
  });
});
