import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import { SUBMIT_ACCEPTED } from './submit-result.js';

const ABORTED_BY_HOST = 0x371;

function open(options: ConstructorParameters<typeof ScriptedDevice>[0]) {
  const device = new ScriptedDevice(options);
  return { device, pair: device.pair, reader: new Reader(device) };
}

describe('a queue pair that is held back', () => {
  it.each([
    ['poll', 8],
    ['command', 8],
    ['poll', 3],
  ] as const)('sends what is submitted, loses it, or changes its order: doorbells at %s, %i entries', (...row) => {
    const [sqDoorbell, entries] = row;
    const { device, pair, reader } = open({ entries, requests: 16, sqDoorbell });
    reader.read(1, 2);
    const inFlight = reader.pollAndFetch();
    pair.holdBack(true);
    expect(reader.read(3, 4, 5)).toEqual([SUBMIT_ACCEPTED, SUBMIT_ACCEPTED, SUBMIT_ACCEPTED]);
    expect(reader.pollAndFetch()).toEqual([]);
    for (const { cid } of inFlight) device.complete(cid);
    expect(reader.pollAndFetch()).toEqual([]);
    expect(reader.contexts).toEqual([1, 2]);
    expect(pair.inFlight).toBe(0);
    reader.read(6);
    expect(reader.pollAndFetch()).toEqual([]);
    pair.holdBack(false);
    const sent: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      for (const { cid, slba } of reader.pollAndFetch()) {
        sent.push(slba);
        device.complete(cid);
      }
    }
    expect(sent).toEqual([3, 4, 5, 6]);
    expect(reader.contexts).toEqual([1, 2, 3, 4, 5, 6]);
    expect(reader.read(7)).toEqual([SUBMIT_ACCEPTED]);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([7]);
  });

  it('sends a command again while it is', () => {
    const { device, pair, reader } = open({ entries: 8 });
    reader.read(1);
    const [{ cid }] = reader.pollAndFetch();
    pair.holdBack(true);
    device.complete(cid, 0x82); // Namespace Not Ready, without DNR
    expect(reader.pollAndFetch()).toEqual([]);
    expect([pair.inFlight, pair.outstanding, reader.done]).toEqual([0, 1, []]);
    pair.holdBack(false);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([1]);
  });

  it('lets what waits get older, or what is in flight not', () => {
    const { device, pair, reader } = open({ entries: 8 });
    const reported: unknown[] = [];
    pair.onTimeout = { afterTicks: 100, report: (_, __, context) => reported.push(context) };
    reader.read(1);
    const [{ cid }] = reader.pollAndFetch();
    pair.holdBack(true);
    reader.read(2);
    expect([pair.checkTimeouts(90), pair.oldestTicks()]).toEqual([0, 90]);
    device.complete(cid);
    pair.poll();
    expect([pair.checkTimeouts(500), pair.oldestTicks()]).toEqual([0, 0]);
    pair.holdBack(false);
    pair.poll();
    expect([pair.checkTimeouts(590), pair.oldestTicks()]).toEqual([0, 90]);
    expect(pair.checkTimeouts(601)).toBe(1);
    expect(reported).toEqual([2]);
  });

  it('forgets that in a reset, or cannot end', () => {
    const { device, pair, reader } = open({ entries: 8 });
    reader.read(1);
    reader.pollAndFetch();
    pair.holdBack(true);
    reader.read(2);
    pair.suspend();
    pair.abandon();
    device.restart();
    pair.resume();
    expect(reader.pollAndFetch()).toEqual([]);
    pair.holdBack(false);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([1, 2]);
    pair.holdBack(true);
    reader.read(3);
    pair.disconnect();
    expect(reader.done).toEqual([1, 2, 3].map((lba) => [lba, ABORTED_BY_HOST]));
    pair.holdBack(false);
    expect(device.fetchAll()).toEqual([]);
  });

  it('goes on in the middle of a reset', () => {
    const { device, pair, reader } = open({ entries: 8 });
    pair.holdBack(true);
    reader.read(1);
    pair.suspend();
    pair.holdBack(false);
    expect(reader.pollAndFetch()).toEqual([]);
    device.restart();
    pair.resume();
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([1]);
  });
});
