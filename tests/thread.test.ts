/**
 * The driver on this thread, the device on another: the same driver and the same model as everywhere, over shared memory.
 */
import type { Clock } from '@phasebit/core';
import { Controller, type QueuePair, type QueuePairOptions } from '@phasebit/nvme';
import {
  createDmaArena,
  createLinkMemory,
  DmaSpace,
  type MemoryOrder,
  openLink,
  type PcieFunction,
} from '@phasebit/pcie';
import { arch } from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './support/bundle.js';
import type { DeviceThreadEnd, DeviceThreadStart } from './support/device-thread.js';
import { VerifiedLoad } from './support/verified-load.js';

const DEPTH = 64;
const BLOCKS = 1024;
const IOS = 100_000;
/** Polls between two looks at whether the worker has died. */
const POLLS_PER_LOOK = 4096;
/** A run that takes longer hangs: it needs a second or two. */
const DEADLINE_MS = 25_000;

const clock: Clock = { nowNs: () => performance.now() * 1e6 };
let program: Bundle;
const workers: Worker[] = [];

beforeAll(async () => {
  program = await bundle('device-thread.ts');
});

afterAll(() => program.remove());

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

/** A device on a thread of its own, and this thread's end of the link to it. */
class DeviceThread {
  readonly dma = new DmaSpace(32 << 20);
  readonly data: number;
  readonly function: PcieFunction;
  private readonly control = new Int32Array(new SharedArrayBuffer(8));
  private readonly worker: Worker;
  private readonly messages: unknown[] = [];
  private failure: Error | undefined;

  private constructor(memoryOrder: MemoryOrder) {
    this.dma.attach(createDmaArena({ bytes: DEPTH * 4096, iovaBase: 2 ** 40, scatterSeed: 5, shared: true }));
    this.data = this.dma.allocate(DEPTH * 4096);
    this.dma.attach(createDmaArena({ bytes: 4 << 20, shared: true }));
    const link = createLinkMemory({ queues: 4, shared: true });
    const start: DeviceThreadStart = {
      link,
      arenas: this.dma.arenas,
      mediumBytes: BLOCKS * 4096,
      control: this.control,
    };
    this.worker = new Worker(program.file, { workerData: start });
    workers.push(this.worker);
    this.worker.on('message', (message) => this.messages.push(message));
    this.worker.on('error', (error) => (this.failure = error));
    const pause = (): Promise<void> => nextTurn();
    this.function = openLink({ memory: link, dma: this.dma, clock, pause, memoryOrder });
  }

  /** A device that has its registers in place. */
  static async powerOn(memoryOrder: MemoryOrder): Promise<DeviceThread> {
    const thread = new DeviceThread(memoryOrder);
    await new Promise<void>((resolve, reject) => {
      thread.worker.once('message', () => resolve());
      thread.worker.once('error', reject);
    });
    return thread;
  }

  /** Polls until it is done. @throws Error when the worker has died, or when it takes too long */
  async poll(pair: QueuePair, isDone: () => boolean): Promise<void> {
    const deadlineNs = clock.nowNs() + DEADLINE_MS * 1e6;
    while (!isDone()) {
      for (let i = 0; i < POLLS_PER_LOOK && !isDone(); i++) pair.poll();
      await nextTurn();
      if (this.failure !== undefined) throw this.failure;
      if (clock.nowNs() > deadlineNs) throw new Error(`not done after ${DEADLINE_MS} ms`);
    }
  }

  /** Has the thread end, and gives what it says of the doorbells. */
  async stop(): Promise<DeviceThreadEnd> {
    const ended = new Promise<number>((resolve) => this.worker.once('exit', resolve));
    Atomics.store(this.control, 0, 1);
    expect(await ended).toBe(0);
    expect(this.messages[0]).toBe('ready');
    return this.messages[1] as DeviceThreadEnd;
  }
}

const isX86 = arch === 'x64' || arch === 'ia32';

describe('a device on another thread', () => {
  it.each<[string, MemoryOrder, QueuePairOptions]>([
    ['an atomic load of each entry', 'weak', { entries: 128 }],
    ['one atomic load of each poll, where stores keep their order', isX86 ? 'store-order' : 'weak', { entries: 128 }],
    ['a ring far smaller than the depth', 'weak', { entries: 4, requests: 128 }],
    ['a doorbell for everything', 'weak', { entries: 32, requests: 128, sqDoorbell: 'command', cqDoorbell: 'poll' }],
  ])('loses, repeats or mixes up blocks: %s', async (_, memoryOrder, options) => {
    const thread = await DeviceThread.powerOn(memoryOrder);
    const controller = await Controller.attach(thread.function, { clock, ioQueuePairs: 2 });
    const namespace = controller.namespace(1);
    const pair = await controller.createQueuePair(options);
    const load = new VerifiedLoad({
      target: {
        read: (address, lba, blocks, callback, context) =>
          pair.read(namespace, address, lba, blocks, 0, callback, context),
        write: (address, lba, blocks, callback, context) =>
          pair.write(namespace, address, lba, blocks, 0, callback, context),
      },
      dma: thread.dma,
      data: thread.data,
      depth: DEPTH,
      blocks: BLOCKS,
      seed: 11,
    });
    const ios = memoryOrder === 'weak' && options.entries === 128 ? IOS : IOS / 10;
    load.start(ios);
    await thread.poll(pair, () => load.isIdle);
    expect(load.completed).toBe(ios);
    load.startReadBack();
    await thread.poll(pair, () => load.isIdle);
    expect(load).toMatchObject({ completed: ios + BLOCKS, failures: [], refusals: [], surplus: 0 });
    expect(pair.statistics.spurious).toBe(0);
    await controller.deleteQueuePair(pair);
    await controller.shutDown();
    expect(controller.state).toBe('DETACHED');
    expect(await thread.stop()).toEqual({ strayWrites: 0, invalidValues: 0 });
  });

  it('cannot be brought up again after a shutdown', async () => {
    const thread = await DeviceThread.powerOn('weak');
    for (let round = 0; round < 3; round++) {
      const controller = await Controller.attach(thread.function, { clock, ioQueuePairs: 2 });
      const pair = await controller.createQueuePair({ entries: 8 });
      let status = -1;
      pair.read(controller.namespace(1), thread.data, 0, 1, 0, (_, got) => (status = got), 0);
      await thread.poll(pair, () => status >= 0);
      expect(status).toBe(0);
      await controller.shutDown();
    }
    await thread.stop();
  });
});
