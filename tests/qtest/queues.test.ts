/**
 * Rings of every size on QEMU: the smallest, the largest, all at once. Every I/O is verified.
 */
import type { Controller, QueuePair, QueuePairOptions } from '@phasebit/nvme';
import { expect, it } from 'vitest';
import { VerifiedLoad } from '../support/verified-load.js';
import { describeOnQemu, QemuStack, rawDrive } from './support/qemu-stack.js';

const BLOCK_BYTES = 4096;
const BLOCKS = 4096;

function open(more = ''): Promise<QemuStack> {
  const size = `logical_block_size=${BLOCK_BYTES},physical_block_size=${BLOCK_BYTES}`;
  return QemuStack.open({
    devices: (folder) => [
      ...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES),
      ...['-device', `nvme,serial=x,drive=d0,${size}${more}`],
    ],
    driver: { ioQueuePairs: 128 },
  });
}

function loadOf(stack: QemuStack, controller: Controller, pair: QueuePair, depth: number, seed: number): VerifiedLoad {
  const namespace = controller.namespace(1);
  return new VerifiedLoad({
    target: {
      read: (address, lba, blocks, done, context) => pair.read(namespace, address, lba, blocks, 0, done, context),
      write: (address, lba, blocks, done, context) => pair.write(namespace, address, lba, blocks, 0, done, context),
    },
    ...{ dma: stack.dma, data: stack.allocate(depth * BLOCK_BYTES), depth, blocks: BLOCKS, seed },
  });
}

describeOnQemu('queues on QEMU lose nothing', () => {
  it.each<[entries: number, depth: number, total: number, QueuePairOptions]>([
    [2, 1, 200, {}],
    [2, 12, 200, { cqDoorbell: 'poll' }],
    [3, 12, 400, { sqDoorbell: 'command' }],
    [16, 64, 2000, { completionsPerPollMax: 3 }],
    [2048, 2047, 7000, {}],
    [2048, 4000, 9000, { cqDoorbell: 'poll', lookAhead: false }],
  ])('of %i entries with %i I/Os outstanding, all the way around', async (entries, depth, total, options) => {
    await using stack = await open();
    const [controller] = stack.controllers;
    const pair = await controller.createQueuePair({ entries, requests: Math.max(depth, 2), ...options });
    const load = loadOf(stack, controller, pair, depth, entries + depth);
    load.start(total);
    await stack.until(() => load.isIdle, [pair]);
    load.startReadBack();
    await stack.until(() => load.isIdle, [pair]);
    expect(load).toMatchObject({ failures: [], refusals: [], surplus: 0 });
    expect(load.completed).toBe(total + BLOCKS);
    expect(pair.statistics).toMatchObject({ spurious: 0, sqHeadOutOfRange: 0, completions: total + BLOCKS });
    await controller.shutDown();
  });

  it('when there are as many as QEMU has', async () => {
    await using stack = await open(',max_ioqpairs=64');
    const [controller] = stack.controllers;
    expect(controller.ioQueuePairsMax).toBe(64);
    const pairs: QueuePair[] = [];
    for (let i = 0; i < 64; i++) pairs.push(await controller.createQueuePair({ entries: 8, requests: 16 }));
    // Each has blocks of its own: what is verified is what the same queue wrote.
    const loads = pairs.map((pair, i) => {
      const namespace = controller.namespace(1);
      const first = (i * BLOCKS) / 64;
      const target = {
        read: (address: number, lba: number, blocks: number, done: Done, context: unknown): number =>
          pair.read(namespace, address, first + lba, blocks, 0, done, context),
        write: (address: number, lba: number, blocks: number, done: Done, context: unknown): number =>
          pair.write(namespace, address, first + lba, blocks, 0, done, context),
      };
      const data = stack.allocate(8 * BLOCK_BYTES);
      return new VerifiedLoad({ target, dma: stack.dma, data, depth: 8, blocks: BLOCKS / 64, seed: i });
    });
    for (const load of loads) load.start(60);
    await stack.until(() => loads.every((load) => load.isIdle), pairs);
    for (const load of loads) expect(load).toMatchObject({ failures: [], refusals: [], completed: 60 });
    for (const pair of pairs.splice(0, 32)) await controller.deleteQueuePair(pair);
    pairs.push(await controller.createQueuePair({ entries: 2048 }));
    await controller.shutDown();
  });
});

type Done = (context: unknown, status: number) => void;
