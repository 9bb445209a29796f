/**
 * How often the driver touches the device's registers: the counters of the bus, over a hundred thousand I/Os.
 */
import { NullMedium } from '@phasebit/controller';
import { type QueuePair, type QueuePairOptions, SUBMIT_ACCEPTED } from '@phasebit/nvme';
import type { MmioCounters } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { InlineStack, NSID } from './support/inline-stack.js';

const IOS = 100_000;

/** Keeps `depth` reads outstanding until all are done, and gives what the bus has counted in the meantime. */
async function countAccesses(depth: number, options: QueuePairOptions): Promise<MmioCounters> {
  const stack = await InlineStack.open({ medium: new NullMedium(1 << 30), dataBytes: depth * 4096 });
  const pair = await stack.openPair(options);
  const before = { ...stack.functions[0].counters };
  readAll(stack, pair, depth);
  const after = { ...stack.functions[0].counters };
  expect(stack.devices[0].doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
  return {
    registerReads: after.registerReads - before.registerReads,
    registerWrites: after.registerWrites - before.registerWrites,
    sqDoorbellWrites: after.sqDoorbellWrites - before.sqDoorbellWrites,
    cqDoorbellWrites: after.cqDoorbellWrites - before.cqDoorbellWrites,
    sqShadowWrites: after.sqShadowWrites - before.sqShadowWrites,
    cqShadowWrites: after.cqShadowWrites - before.cqShadowWrites,
  };
}

function readAll(stack: InlineStack, pair: QueuePair, depth: number): void {
  const namespace = stack.controllers[0].namespace(NSID);
  let issued = 0;
  let completed = 0;
  const next = (slot: unknown): void => {
    if (issued === IOS) return;
    const address = stack.data + (slot as number) * 4096;
    const answer = pair.read(namespace, address, issued++ % 1000, 1, 0, onDone, slot);
    if (answer !== SUBMIT_ACCEPTED) throw new Error(`refused: ${answer}`);
  };
  const onDone = (slot: unknown, status: number): void => {
    if (status !== 0) throw new Error(`failed: ${status}`);
    completed++;
    next(slot);
  };
  for (let slot = 0; slot < depth; slot++) next(slot);
  stack.spin(
    () => completed === IOS,
    () => pair.poll(),
    4 * IOS,
  );
}

describe('accesses to the device', () => {
  it('are more than two per hundred I/Os, with batching on both sides', async () => {
    const counted = await countAccesses(128, { entries: 1024, sqDoorbell: 'poll', cqDoorbell: 'half' });
    expect((counted.sqDoorbellWrites + counted.cqDoorbellWrites) / IOS).toBeLessThanOrEqual(0.02);
    // Half of the ring at a time, as far as polls of 128 completions come to it.
    expect(IOS / counted.cqDoorbellWrites).toBeGreaterThanOrEqual(512);
    expect(IOS / counted.cqDoorbellWrites).toBeLessThan(512 + 128);
  });

  it('are other than two per I/O, without batching and one at a time', async () => {
    const counted = await countAccesses(1, { entries: 1024, sqDoorbell: 'command', cqDoorbell: 'poll' });
    expect(counted).toMatchObject({ sqDoorbellWrites: IOS, cqDoorbellWrites: IOS });
  });

  it('are more than one submission doorbell per I/O, whatever the depth', async () => {
    const counted = await countAccesses(128, { entries: 1024, sqDoorbell: 'command', cqDoorbell: 'half' });
    expect(counted.sqDoorbellWrites).toBe(IOS);
  });

  it('are so few on a small ring that its device runs out of entries', async () => {
    for (const entries of [2, 3, 4, 16]) {
      const counted = await countAccesses(8, { entries, requests: 16 });
      expect(counted.cqDoorbellWrites).toBeGreaterThanOrEqual(Math.floor(IOS / (entries - 1)));
    }
  });

  it.each([
    ['all tricks on', {}],
    ['all tricks off', { sqDoorbell: 'command', cqDoorbell: 'poll', callbackIn: 'request', lookAhead: false }],
  ] as const)('touch a register on the I/O path: %s', async (_, options) => {
    const counted = await countAccesses(32, { entries: 64, ...options });
    expect(counted).toMatchObject({ registerReads: 0, registerWrites: 0 });
  });
});
