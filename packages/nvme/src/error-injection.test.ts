import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import type { InjectedError } from './error-injection.js';
import type { QueuePairOptions } from './queue-pair-options.js';

const READ = 0x02;
const WRITE = 0x01;
const MEDIA_ERROR = 0x281;
const NOT_READY = 0x082;

function make(options: Partial<QueuePairOptions> = {}) {
  const device = new ScriptedDevice({ entries: 8, requests: 16, ...options });
  return { device, pair: device.pair, reader: new Reader(device) };
}

describe('an injected error', () => {
  it('hits other opcodes, too many commands, or commands submitted before', () => {
    const { device, pair, reader } = make();
    reader.read(0);
    pair.injectError({ opcode: READ, status: MEDIA_ERROR, count: 2 });
    reader.write(1);
    reader.read(2, 3, 4);
    for (const { cid } of reader.pollAndFetch()) device.complete(cid);
    pair.poll();
    expect(reader.done).toEqual([
      [0, 0],
      [1, 0],
      [2, MEDIA_ERROR],
      [3, MEDIA_ERROR],
      [4, 0],
    ]);
    expect(pair.statistics.injected).toBe(2);
  });

  it('reaches the device although it must not, or calls back inside the submission', () => {
    const { device, pair, reader } = make();
    pair.injectError({ opcode: WRITE, status: MEDIA_ERROR, isSubmitted: false });
    reader.write(1, 2);
    expect(reader.done).toEqual([]);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([2]);
    expect(reader.done).toEqual([[1, MEDIA_ERROR]]);
    device.complete(pair.cidsOf(2)[0]);
    pair.poll();
    expect(pair.outstanding).toBe(0);
  });

  it.each([true, false])('comes before its time: submitted %s', (isSubmitted) => {
    const { device, pair, reader } = make();
    pair.setTick(50);
    pair.injectError({ opcode: READ, status: MEDIA_ERROR, isSubmitted, delayTicks: 30 });
    reader.read(1);
    for (const { cid } of reader.pollAndFetch()) device.complete(cid);
    pair.poll();
    pair.setTick(79);
    expect(pair.poll()).toBe(0);
    pair.setTick(80);
    expect(pair.poll()).toBe(1);
    expect(reader.done).toEqual([[1, MEDIA_ERROR]]);
  });

  it('leaves a command that never completes out of the timeouts', () => {
    const { pair, reader } = make();
    pair.injectError({ opcode: READ, status: 0, isSubmitted: false, delayTicks: 0x7fff_ffff });
    reader.read(1);
    pair.poll();
    const reported: unknown[] = [];
    pair.onTimeout = { afterTicks: 100, report: (_, cid, context) => reported.push([cid, context]) };
    pair.checkTimeouts(101);
    expect(reported).toEqual([[-1, 1]]);
    expect(pair.oldestTicks()).toBe(101);
    expect(pair.abortQueued(1)).toBe(1);
    pair.poll();
    expect(reader.done).toEqual([[1, 0x007]]);
  });

  it.each([true, false])('is spared the rule about retries: submitted %s', (isSubmitted) => {
    const { device, pair, reader } = make({ retriesMax: 2 });
    pair.injectError({ opcode: READ, status: NOT_READY, count: 2, isSubmitted });
    reader.read(1);
    const sent: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      for (const { cid } of reader.pollAndFetch()) {
        sent.push(cid);
        device.complete(cid);
      }
    }
    expect(reader.done).toEqual([[1, 0]]);
    expect(pair.statistics.retried).toBe(isSubmitted ? 2 : 1);
    expect(sent.length).toBe(isSubmitted ? 3 : 1);
  });

  it('cannot be taken away, or be replaced', () => {
    const { device, pair, reader } = make();
    pair.injectError({ opcode: READ, status: MEDIA_ERROR, count: 100, isSubmitted: false });
    pair.injectError({ opcode: READ, status: 0x280 });
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid);
    pair.poll();
    expect(reader.done).toEqual([[1, 0x280]]);
    expect(pair.removeInjectedError(READ)).toBe(false);
    pair.injectError({ opcode: READ, status: MEDIA_ERROR });
    expect(pair.removeInjectedError(READ)).toBe(true);
    expect(pair.removeInjectedError(READ)).toBe(false);
    reader.read(2);
    device.complete(reader.pollAndFetch()[0].cid);
    pair.poll();
    expect(reader.done[1]).toEqual([2, 0]);
  });

  it.each<[Partial<InjectedError>, string]>([
    [{ opcode: 256 }, 'opcode: expected 0 to 255, got 256'],
    [{ status: 0x8000 }, 'status: expected 0 to 32767, got 32768'],
    [{ count: 0 }, 'count: expected 1 to 2147483647, got 0'],
    [{ delayTicks: -1 }, 'delayTicks: expected 0 to 2147483647, got -1'],
  ])('is taken with a field out of range: %o', (change, message) => {
    const { pair } = make();
    expect(() => pair.injectError({ opcode: READ, status: 0, ...change })).toThrow(new RangeError(message));
  });
});
