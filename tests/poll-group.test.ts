/**
 * Two queue pairs in one group, the device on another thread: completions are waited for in each of the three modes.
 */
import type { Clock } from '@phasebit/core';
import { type CompletionMode, Controller, PollGroup, type QueuePair } from '@phasebit/nvme';
import { createDmaArena, createLinkMemory, DmaSpace, openLink } from '@phasebit/pcie';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './support/bundle.js';
import type { DeviceThreadStart } from './support/device-thread.js';
import { VerifiedLoad } from './support/verified-load.js';

const DEPTH = 8;
const BLOCKS = 256;
const IOS = 1000;
const DEADLINE_MS = 10_000;

const clock: Clock = { nowNs: () => performance.now() * 1e6 };
const workers: Worker[] = [];
let program: Bundle;

beforeAll(async () => {
  program = await bundle('device-thread.ts');
});

afterAll(() => program.remove());

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

/** A controller whose device is on another thread, with two queue pairs that have a vector each. */
async function bringUp(blocks: number) {
  const memory = createLinkMemory({ queues: 4, shared: true });
  const dma = new DmaSpace(16 << 20);
  dma.attach(createDmaArena({ bytes: 8 << 20, shared: true }));
  const control = new Int32Array(new SharedArrayBuffer(8));
  const workerData: DeviceThreadStart = { link: memory, arenas: dma.arenas, mediumBytes: blocks * 4096, control };
  const worker = new Worker(program.file, { workerData });
  workers.push(worker);
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const fn = openLink({ memory, dma, clock, pause: () => nextTurn() });
  const controller = await Controller.attach(fn, { clock, ioQueuePairs: 2 });
  const pairs = [
    await controller.createQueuePair({ entries: 16, interruptVector: 1 }),
    await controller.createQueuePair({ entries: 16, interruptVector: 2 }),
  ];
  return { dma, fn, controller, pairs };
}

/** A load through one pair, in blocks that no other load uses. */
function makeLoad(dma: DmaSpace, controller: Controller, pair: QueuePair, firstLba: number): VerifiedLoad {
  const namespace = controller.namespace(1);
  return new VerifiedLoad({
    target: {
      read: (address, lba, blocks, callback, context) =>
        pair.read(namespace, address, firstLba + lba, blocks, 0, callback, context),
      write: (address, lba, blocks, callback, context) =>
        pair.write(namespace, address, firstLba + lba, blocks, 0, callback, context),
    },
    dma,
    data: dma.allocate(DEPTH * 4096),
    depth: DEPTH,
    blocks: BLOCKS,
    seed: 3 + firstLba,
  });
}

describe.each<CompletionMode>(['poll', 'interrupt', 'adaptive'])('a group that waits in mode %s', (mode) => {
  it('sleeps through completions, or never comes back from a wait', async () => {
    const { controller, dma, fn, pairs } = await bringUp(2 * BLOCKS);
    const group = new PollGroup({ clock, mode, idlePollsMax: 20 });
    const loads = pairs.map((pair, i) => makeLoad(dma, controller, pair, i * BLOCKS));
    for (const pair of pairs) group.add(pair);
    const run = async (): Promise<void> => {
      while (loads.some((load) => !load.isIdle)) {
        // What callbacks submit is told to the device by the next poll, with which the next wait begins.
        expect(await group.wait({ deadlineMs: DEADLINE_MS })).toBeGreaterThan(0);
      }
    };
    for (const load of loads) load.start(IOS);
    await run();
    for (const load of loads) load.startReadBack();
    await run();
    for (const load of loads) expect(load).toMatchObject({ completed: IOS + BLOCKS, failures: [], surplus: 0 });
    expect(group.statistics).toMatchObject({ completions: 2 * (IOS + BLOCKS), spurious: 0 });
    if (mode === 'interrupt') expect([1, 2].every((vector) => fn.vectors.received(vector) > 0)).toBe(true);
    expect(await group.wait({ deadlineMs: 30 })).toBe(0);
    await controller.shutDown();
    expect(await group.wait({ deadlineMs: DEADLINE_MS })).toBe(0);
    expect(group.pairs).toEqual([]);
  });
});
