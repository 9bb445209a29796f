/**
 * The driver and the controller over shadow doorbells: what reaches the registers, and that nothing waits for ever.
 */
import { NullMedium } from '@phasebit/controller';
import { type QueuePairOptions, SUBMIT_ACCEPTED } from '@phasebit/nvme';
import { type MmioCounters, ShadowDoorbells } from '@phasebit/pcie';
import { describe, expect, it, vi } from 'vitest';
import { InlineStack, NSID } from './support/inline-stack.js';

const IOS = 20_000;

type Policy = 'off' | 'polling' | 'sleeping';

/** Keeps `depth` reads outstanding until all are done, and gives what the bus has counted in the meantime. */
async function countAccesses(policy: Policy, depth: number, options: QueuePairOptions): Promise<MmioCounters> {
  const stack = await InlineStack.open({
    medium: new NullMedium(1 << 30),
    dataBytes: depth * 4096,
    device: { shadowDoorbells: policy },
  });
  const pair = await stack.openPair(options);
  const namespace = stack.controllers[0].namespace(NSID);
  const before = { ...stack.functions[0].counters };
  let issued = 0;
  let completed = 0;
  const next = (slot: number): void => {
    if (issued === IOS) return;
    const answer = pair.read(namespace, stack.data + slot * 4096, issued++ % 1000, 1, 0, onDone, slot);
    if (answer !== SUBMIT_ACCEPTED) throw new Error(`refused: ${answer}`);
  };
  const onDone = (slot: unknown, status: number): void => {
    if (status !== 0) throw new Error(`failed: ${status}`);
    completed++;
    next(slot as number);
  };
  for (let slot = 0; slot < depth; slot++) next(slot);
  stack.spin(
    () => completed === IOS,
    () => pair.poll(),
    4 * IOS,
  );
  const after = stack.functions[0].counters;
  expect(stack.devices[0].doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
  const counted = { ...after };
  for (const name of Object.keys(counted) as (keyof MmioCounters)[]) counted[name] -= before[name];
  return counted;
}

describe('a queue pair over shadow doorbells', () => {
  it('needs the registers once a lap when the controller polls', async () => {
    const counted = await countAccesses('polling', 16, { entries: 128, sqDoorbell: 'command', cqDoorbell: 'poll' });
    expect(counted.sqShadowWrites).toBe(IOS);
    expect(counted.sqDoorbellWrites).toBeLessThanOrEqual(IOS / 128 + 1);
    expect(counted.cqDoorbellWrites).toBeLessThanOrEqual(IOS / 128 + 1);
  });

  it.each([1, 2, 16])('wakes a controller that sleeps, at a depth of %i', async (depth) => {
    const counted = await countAccesses('sleeping', depth, { entries: 64, sqDoorbell: 'command' });
    expect(counted.sqShadowWrites).toBe(IOS);
    // One wake-up for each batch at most, and the laps.
    expect(counted.sqDoorbellWrites).toBeLessThanOrEqual(IOS / depth + IOS / 64 + 1);
    expect(counted.sqDoorbellWrites).toBeGreaterThan(0);
  });

  it('of a size that leaves no room for a second command loses no wake-up', async () => {
    for (const entries of [2, 3, 4]) {
      const counted = await countAccesses('sleeping', 4, { entries, requests: 16 });
      expect(counted.cqShadowWrites).toBeGreaterThan(0);
    }
  });

  it('touches no shadow when the controller does not offer them', async () => {
    const counted = await countAccesses('off', 4, { entries: 64, sqDoorbell: 'command' });
    expect(counted).toMatchObject({ sqShadowWrites: 0, cqShadowWrites: 0, sqDoorbellWrites: IOS });
  });
});

describe('a queue identifier that is used again over shadow doorbells', () => {
  it('begins with what the queue before has left, where the controller does not overwrite it', async () => {
    const stack = await InlineStack.open({ device: { shadowDoorbells: 'sleeping' } });
    const [controller] = stack.controllers;
    const sentBefore: number[] = [];
    const clear = vi.spyOn(ShadowDoorbells.prototype, 'clear').mockImplementation(() => {
      sentBefore.push(controller.admin.queuePair.statistics.submitted);
    });
    for (let round = 0; round < 2; round++) {
      const { submitted } = controller.admin.queuePair.statistics;
      const pair = await stack.openPair({ entries: 8 });
      expect(pair.qid).toBe(1);
      // Once the queues are there, both pages are the controller's to look at.
      expect(sentBefore[round]).toBe(submitted);
      await controller.deleteQueuePair(pair);
    }
    expect(clear.mock.calls).toEqual([[1], [1]]);
    clear.mockRestore();
  });
});
