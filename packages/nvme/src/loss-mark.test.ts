import { describe, expect, it } from 'vitest';
import { ScriptedController } from '../test-support/scripted-controller.js';
import { adoptQueuePair } from './hand-over.js';
import type { QueuePair } from './queue-pair.js';
import { SUBMIT_ACCEPTED, SUBMIT_FAILED } from './submit-result.js';

const ABORTED_BY_HOST = 0x371;
const DELETE_SQ = 0x00;
const CREATE_CQ = 0x05;

/** A pair that was handed over, with a flush in flight where it went to. */
async function open() {
  const device = new ScriptedController();
  const controller = await device.attach();
  const pair = await controller.createQueuePair({ entries: 8 });
  const owned = adoptQueuePair({ ...device.function }, structuredClone(pair.release()));
  const statuses: number[] = [];
  const flush = (through: QueuePair): number =>
    through.flush(controller.namespace(1), (_, status) => void statuses.push(status), 0);
  expect(flush(owned)).toBe(SUBMIT_ACCEPTED);
  owned.poll();
  return { device, controller, pair, owned, statuses, flush };
}

describe('a queue pair that was handed over', () => {
  it('is not lost by a reset, or before the controller is disabled', async () => {
    const { device, controller, pair, owned, statuses, flush } = await open();
    const seen: [isEnabled: number, isLost: boolean][] = [];
    device.onPause = () => seen.push([device.configured.at(-1)! & 1, owned.isLost]);
    await controller.reset();
    const at = seen.findIndex(([, isLost]) => isLost);
    expect(seen[at - 1]).toEqual([0, false]);
    expect(seen.slice(at).every(([, isLost]) => isLost)).toBe(true);
    expect([pair.isLost, statuses]).toEqual([true, []]);
    expect(owned.checkLost()).toBe(true);
    expect(statuses).toEqual([ABORTED_BY_HOST]);
    expect(flush(owned)).toBe(SUBMIT_FAILED);
    expect([owned.outstanding, owned.poll()]).toEqual([0, 0]);
    expect(owned.checkLost()).toBe(true);
    expect(statuses).toEqual([ABORTED_BY_HOST]);
  });

  it('is created again by a reset, or cannot be deleted after it and made anew', async () => {
    const { device, controller, pair, owned } = await open();
    device.commands.length = 0;
    await controller.reset();
    owned.checkLost();
    expect(device.seen(CREATE_CQ)).toEqual([]);
    await controller.deleteQueuePair(pair);
    // The controller knows nothing that there would be to delete.
    expect(device.seen(DELETE_SQ)).toEqual([]);
    const next = await controller.createQueuePair({ entries: 8 });
    expect([next.qid, next.isLost]).toEqual([1, false]);
    const description = structuredClone(next.release());
    const again = adoptQueuePair({ ...device.function }, description);
    expect([again.isLost, again.checkLost(), again.connected]).toEqual([false, false, true]);
    again.release();
    await controller.deleteQueuePair(next);
    expect(device.seen(DELETE_SQ).map(({ dwords }) => dwords[10])).toEqual([1]);
    await controller.shutDown();
    device.dma.free(device.dma.allocate(8 << 20));
  });

  it('is lost although its controller lives, or was handed on', async () => {
    const { device, controller, pair, owned } = await open();
    owned.disconnect();
    expect([pair.isLost, owned.isLost, owned.checkLost()]).toEqual([false, false, false]);
    const other = await controller.createQueuePair({ entries: 8 });
    const second = adoptQueuePair({ ...device.function }, structuredClone(other.release()));
    const third = adoptQueuePair({ ...device.function }, structuredClone(second.release()));
    expect([second.checkLost(), third.checkLost()]).toEqual([false, false]);
    await controller.reset();
    // Only who owns it has anything to give back.
    expect([other.checkLost(), second.checkLost(), third.checkLost()]).toEqual([false, false, true]);
  });

  it.each(['given up', 'shut down'])('is not told that its controller was %s', async (end) => {
    const { controller, owned, statuses } = await open();
    const ended = end === 'given up' ? controller.giveUp() : controller.shutDown();
    for (let turn = 0; turn < 50 && !owned.checkLost(); turn++) await Promise.resolve();
    await ended;
    expect([owned.connected, statuses]).toEqual([false, [ABORTED_BY_HOST]]);
  });
});

describe('a queue pair that stays where it is', () => {
  it('is lost by a reset', async () => {
    const device = new ScriptedController();
    const controller = await device.attach();
    const pair = await controller.createQueuePair({ entries: 8 });
    await controller.reset();
    expect([pair.isLost, pair.checkLost(), pair.connected]).toEqual([false, false, true]);
  });
});
