import { STATUS_CRD_SHIFT, STATUS_DNR } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import type { QueuePairOptions } from './queue-pair-options.js';

const NOT_READY = 0x082;
const LBA_OUT_OF_RANGE = 0x080;
const DELAYS = { retryDelaysTicks: [100, 200, 300] } as const;

function make(options: Partial<QueuePairOptions> = {}) {
  const device = new ScriptedDevice({ entries: 8, requests: 16, ...options }, undefined, DELAYS);
  return { device, pair: device.pair, reader: new Reader(device) };
}

describe.each(['tracker', 'request'] as const)(
  'a command that may succeed later, callbacks in the %s',
  (callbackIn) => {
    it('is handed to its caller, or sent again under the identifier that the device has ended', () => {
      const { device, pair, reader } = make({ callbackIn });
      reader.read(5);
      const [first] = reader.pollAndFetch();
      device.complete(first.cid, NOT_READY);
      const [second] = reader.pollAndFetch();
      expect(second).toMatchObject({ slba: 5, opcode: 2, prp1: first.prp1 });
      expect(second.cid).not.toBe(first.cid);
      expect(reader.done).toEqual([]);
      device.complete(second.cid);
      expect(pair.poll()).toBe(1);
      expect(reader.done).toEqual([[5, 0]]);
      expect(pair.statistics).toMatchObject({ retried: 1, submitted: 2, completions: 2, spurious: 0 });
      expect(pair.outstanding).toBe(0);
    });
  },
);

describe('retries', () => {
  it.each([
    ['of a status that is not retried', LBA_OUT_OF_RANGE],
    ['against Do Not Retry', NOT_READY | STATUS_DNR],
  ])('are made %s', (_, status) => {
    const { device, pair, reader } = make();
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid, status);
    expect(reader.pollAndFetch()).toEqual([]);
    expect(reader.done).toEqual([[1, status]]);
    expect(pair.statistics.retried).toBe(0);
  });

  it.each([0, 1, 4, 255])('are made more often, or less often, than retriesMax says: %i', (retriesMax) => {
    const { device, pair, reader } = make({ retriesMax });
    reader.read(1);
    let sent = 0;
    for (let commands = reader.pollAndFetch(); commands.length > 0; commands = reader.pollAndFetch()) {
      sent++;
      device.complete(commands[0].cid, NOT_READY);
    }
    expect(sent).toBe(retriesMax + 1);
    expect(reader.done).toEqual([[1, NOT_READY]]);
    expect(pair.statistics.retried).toBe(retriesMax);
  });

  it('of one command are counted against the next that has its request', () => {
    const { device, reader } = make({ requests: 1, retriesMax: 1 });
    for (const lba of [1, 2, 3]) {
      reader.read(lba);
      device.complete(reader.pollAndFetch()[0].cid, NOT_READY);
      device.complete(reader.pollAndFetch()[0].cid);
      device.pair.poll();
    }
    expect(reader.done).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
  });

  it('lose a PRP list, or the dwords of a command that fills all of them', () => {
    const { device, pair, reader } = make();
    const namespace = plainNamespace();
    pair.read(namespace, reader.address, 9, 16, 0, reader.callback, 'list');
    pair.submitCommand(
      Int32Array.from({ length: 16 }, (_, i) => (i === 0 ? 0x7d : i)),
      0,
      0,
      reader.callback,
      'wide',
    );
    const first = reader.pollAndFetch();
    for (const { cid } of first) device.complete(cid, NOT_READY);
    const second = reader.pollAndFetch();
    const bare = (dwords: number[]): number[] => [dwords[0] & 0xffff, ...dwords.slice(1)];
    expect(second.map(({ dwords }) => bare(dwords))).toEqual(first.map(({ dwords }) => bare(dwords)));
    expect(pair.statistics.retried).toBe(2);
  });

  it('come after what waits in the software queue, or in another order than they became due', () => {
    const { device, reader } = make({ entries: 4 });
    reader.read(0, 1, 2, 3, 4);
    const [a, b, c] = reader.pollAndFetch();
    expect([a, b, c].map(({ slba }) => slba)).toEqual([0, 1, 2]);
    device.complete(b.cid, NOT_READY);
    device.complete(a.cid, NOT_READY);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([1, 0]);
    device.complete(c.cid);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([3]);
  });

  it('of a disconnected pair are still to come', () => {
    const { device, pair, reader } = make();
    reader.read(1, 2);
    const [first] = reader.pollAndFetch();
    device.complete(first.cid, NOT_READY | (1 << STATUS_CRD_SHIFT));
    pair.poll();
    pair.disconnect(0x371);
    expect(reader.done).toEqual([
      [2, 0x371],
      [1, 0x371],
    ]);
    expect(pair.outstanding).toBe(0);
  });
});

describe('the delay that the device asks for', () => {
  it.each([1, 2, 3])('is cut short, or never ends: CRD %i', (crd) => {
    const { device, pair, reader } = make();
    pair.setTick(1000);
    reader.read(7);
    device.complete(reader.pollAndFetch()[0].cid, NOT_READY | (crd << STATUS_CRD_SHIFT));
    pair.poll();
    pair.setTick(1000 + crd * 100 - 1);
    expect(reader.pollAndFetch()).toEqual([]);
    expect(pair.inFlight).toBe(0);
    expect(pair.outstanding).toBe(1);
    pair.setTick(1000 + crd * 100);
    const [again] = reader.pollAndFetch();
    device.complete(again.cid);
    pair.poll();
    expect(reader.done).toEqual([[7, 0]]);
  });

  it('holds other commands up', () => {
    const { device, pair, reader } = make({ entries: 3 });
    reader.read(0, 1, 2);
    const [first, second] = reader.pollAndFetch();
    device.complete(first.cid, NOT_READY | (3 << STATUS_CRD_SHIFT));
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([2]);
    reader.read(3);
    pair.setTick(300);
    // There is no tracker for it yet; when there is one, it goes first.
    expect(reader.pollAndFetch()).toEqual([]);
    reader.read(4);
    device.complete(second.cid);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([0]);
  });

  it('is over when the coarse time wraps', () => {
    const { device, pair, reader } = make();
    pair.setTick(0x7fff_ffff - 10);
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid, NOT_READY | (1 << STATUS_CRD_SHIFT));
    pair.poll();
    pair.setTick(0x8000_0000);
    expect(reader.pollAndFetch()).toEqual([]);
    pair.setTick(0x8000_0000 + 100);
    expect(reader.pollAndFetch().length).toBe(1);
  });
});

describe('a submission doorbell for each command', () => {
  it('is not rung for a command that is sent again', () => {
    const { device, pair, reader } = make({ sqDoorbell: 'command', cqDoorbell: 'poll' });
    reader.read(1);
    device.complete(device.fetch()!.cid, NOT_READY);
    pair.poll();
    expect(device.sqTailDoorbell).toBe(2);
    expect(pair.statistics.sqDoorbells).toBe(2);
  });
});
