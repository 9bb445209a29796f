/**
 * A queue pair that changes its thread: brought up and used on this one, run by a second, given back, while the device is on a third.
 */
import type { Clock } from '@phasebit/core';
import { adoptQueuePair, Controller, type QueuePair, type QueuePairOptions } from '@phasebit/nvme';
import { createDmaArena, createLinkMemory, describeLink, DmaSpace, openLink } from '@phasebit/pcie';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './support/bundle.js';
import type { DeviceThreadStart } from './support/device-thread.js';
import type { LostPairThreadEnd, LostPairThreadStart, PairLoss } from './support/lost-pair-thread.js';
import type { PairThreadEnd, PairThreadStart } from './support/pair-thread.js';

const DEPTH = 32;
const BLOCKS = 256;
const IOS = 20_000;
const QUEUES = 4;
const DEADLINE_MS = 25_000;
const ABORTED_BY_HOST = 0x371;

const clock: Clock = { nowNs: () => performance.now() * 1e6 };
const workers: Worker[] = [];
let deviceProgram: Bundle;
let pairProgram: Bundle;
let lostPairProgram: Bundle;

beforeAll(async () => {
  deviceProgram = await bundle('device-thread.ts');
  pairProgram = await bundle('pair-thread.ts');
  lostPairProgram = await bundle('lost-pair-thread.ts');
});

afterAll(() => {
  deviceProgram.remove();
  pairProgram.remove();
  lostPairProgram.remove();
});

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

function start(file: string, workerData: unknown): Worker {
  const worker = new Worker(file, { workerData });
  workers.push(worker);
  return worker;
}

function nextMessage<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** A device on a thread of its own, and a controller that was brought up on this one. */
async function bringUp() {
  const memory = createLinkMemory({ queues: QUEUES, shared: true });
  const dma = new DmaSpace(16 << 20);
  dma.attach(createDmaArena({ bytes: 1 << 20, iovaBase: 2 ** 40, scatterSeed: 5, shared: true }));
  const range = { address: dma.allocate(DEPTH * 4096), bytes: DEPTH * 4096 };
  const mine = dma.allocate(4096);
  dma.attach(createDmaArena({ bytes: 4 << 20, shared: true }));
  const control = new Int32Array(new SharedArrayBuffer(8));
  const init: DeviceThreadStart = { link: memory, arenas: dma.arenas, mediumBytes: BLOCKS * 4096, control };
  await nextMessage(start(deviceProgram.file, init));
  const fn = openLink({ memory, dma, clock, pause: () => nextTurn() });
  const controller = await Controller.attach(fn, { clock, ioQueuePairs: 2 });
  return { memory, dma, range, mine, fn, controller };
}

async function readOne(pair: QueuePair, controller: Controller, address: number, lba: number): Promise<number> {
  let status = -1;
  pair.read(controller.namespace(1), address, lba, 1, 0, (_, got) => (status = got), 0);
  const deadline = clock.nowNs() + DEADLINE_MS * 1e6;
  while (status < 0) {
    pair.poll();
    if (clock.nowNs() > deadline) throw new Error('the read does not end');
    await nextTurn();
  }
  return status;
}

describe('a queue pair that changes its thread', () => {
  it.each<[string, QueuePairOptions]>([
    ['with room for all', { entries: 128 }],
    ['with a ring smaller than the depth', { entries: 8, requests: 64 }],
  ])('loses, repeats or mixes up blocks: %s', async (_, options) => {
    const { memory, dma, range, mine, fn, controller } = await bringUp();
    const pair = await controller.createQueuePair(options);
    for (let lba = 0; lba < 11; lba++) expect(await readOne(pair, controller, mine, lba)).toBe(0);
    const { identify } = controller.namespace(1);
    const { transferBytesMax } = controller;
    const init: PairThreadStart = {
      ...{ link: describeLink(memory, dma), pair: pair.release(), identify, transferBytesMax, range },
      ...{ memoryOrder: 'weak', depth: DEPTH, blocks: BLOCKS, ios: IOS },
    };
    const ringsBefore = fn.counters.sqDoorbellWrites;
    const end = await nextMessage<PairThreadEnd>(start(pairProgram.file, init));
    expect(end).toMatchObject({ failures: [], refusals: [], surplus: 0, spurious: 0, afterwards: 'QUEUE_RELEASED' });
    expect(end.completed).toBe(IOS + BLOCKS);
    expect(end.doorbellWrites).toBeGreaterThan(0);
    expect(fn.counters.sqDoorbellWrites).toBe(ringsBefore);
    const again = adoptQueuePair(fn, end.pair);
    for (let lba = 0; lba < 11; lba++) expect(await readOne(again, controller, mine, lba)).toBe(0);
    again.release();
    await controller.deleteQueuePair(pair);
    const next = await controller.createQueuePair(options);
    expect(next.qid).toBe(pair.qid);
    expect(await readOne(next, controller, mine, 3)).toBe(0);
    await controller.shutDown();
  });
});

describe('a queue pair that another thread owns when its controller is reset', () => {
  it('leaves its owner waiting, loses commands, or cannot be replaced', async () => {
    const { memory, dma, range, fn, controller } = await bringUp();
    const pair = await controller.createQueuePair({ entries: 64 });
    const { identify } = controller.namespace(1);
    const init: LostPairThreadStart = {
      ...{ link: describeLink(memory, dma), pair: pair.release(), identify },
      ...{ transferBytesMax: controller.transferBytesMax, range, depth: DEPTH, blocks: BLOCKS / 2, ios: 2000 },
    };
    const owner = start(lostPairProgram.file, init);
    expect(await nextMessage(owner)).toBe('running');
    expect(pair.isLost).toBe(false);

    // 1. The reset: the owner finds out by itself, once the controller is disabled.
    const lost = nextMessage<PairLoss>(owner);
    await controller.reset();
    expect(pair.isLost).toBe(true);
    const loss = await lost;
    expect(loss.outstanding).toBe(0);
    // What was outstanding has failed, each command once, and nothing else.
    expect(loss.failures).toEqual(new Array(DEPTH).fill(ABORTED_BY_HOST));

    // 2. The owner has let go: the old pair is deleted, and a new one made and handed over.
    await controller.deleteQueuePair(pair);
    expect(controller.queuePairs).toEqual([]);
    const next = await controller.createQueuePair({ entries: 64 });
    expect([next.qid, next.isLost]).toEqual([pair.qid, false]);
    const ended = nextMessage<LostPairThreadEnd>(owner);
    owner.postMessage(next.release());

    // 3. The owner goes on.
    const end = await ended;
    expect(end).toMatchObject({ failures: [], refusals: [], completed: 2000 + BLOCKS / 2 });
    const again = adoptQueuePair(fn, end.pair);
    expect(again.checkLost()).toBe(false);
    again.release();
    await controller.deleteQueuePair(next);
    await controller.shutDown();
  });
});
