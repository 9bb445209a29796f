/**
 * How the driver and QEMU wake each other: doorbells in registers and in memory, counted, and MSI-X messages.
 */
import { type CompletionMode, type Controller, PollGroup, type QueuePair, type QueuePairOptions } from '@phasebit/nvme';
import type { MmioCounters } from '@phasebit/pcie';
import { expect, it } from 'vitest';
import { VerifiedLoad } from '../support/verified-load.js';
import { describeOnQemu, QemuStack, rawDrive } from './support/qemu-stack.js';

const BLOCK_BYTES = 4096;
const BLOCKS = 1024;
const SIZE = `logical_block_size=${BLOCK_BYTES},physical_block_size=${BLOCK_BYTES}`;
const IOS = 2000;

function open(driver: { readonly shadowDoorbells?: boolean } = {}): Promise<QemuStack> {
  return QemuStack.open({
    devices: (folder) => [...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES), '-device', `nvme,serial=x,drive=d0,${SIZE}`],
    driver,
  });
}

function loadOf(
  stack: QemuStack,
  controller: Controller,
  pair: QueuePair,
  depth: number,
  first = 0,
  blocks = BLOCKS,
): VerifiedLoad {
  const namespace = controller.namespace(1);
  return new VerifiedLoad({
    target: {
      read: (address, lba, count, done, context) => pair.read(namespace, address, first + lba, count, 0, done, context),
      write: (address, lba, count, done, context) =>
        pair.write(namespace, address, first + lba, count, 0, done, context),
    },
    ...{ dma: stack.dma, data: stack.allocate(depth * BLOCK_BYTES), depth, blocks, seed: depth + first },
  });
}

/** Runs a verified load and gives what it took of the bus. */
async function countAccesses(isShadowed: boolean, depth: number, options: QueuePairOptions): Promise<MmioCounters> {
  await using stack = await open({ shadowDoorbells: isShadowed });
  const [controller] = stack.controllers;
  const complaints: unknown[] = [];
  controller.subscribe('error', (event) => void complaints.push(event));
  const pair = await controller.createQueuePair({ entries: 64, ...options });
  const before = { ...stack.machine.functions[0].counters };
  const load = loadOf(stack, controller, pair, depth);
  load.start(IOS);
  await stack.until(() => load.isIdle, [pair]);
  const counted = { ...stack.machine.functions[0].counters };
  for (const name of Object.keys(counted) as (keyof MmioCounters)[]) counted[name] -= before[name];
  expect(load).toMatchObject({ completed: IOS, failures: [], refusals: [], surplus: 0 });
  expect(complaints).toEqual([]);
  await controller.shutDown();
  return counted;
}

function perIo(counted: MmioCounters): string {
  return ((counted.sqDoorbellWrites + counted.cqDoorbellWrites) / IOS).toFixed(3);
}

describeOnQemu('doorbells of QEMU', () => {
  it.each([1, 4, 16, 60])('are not written more often through memory, at a depth of %i', async (depth) => {
    const options: QueuePairOptions = { sqDoorbell: 'command', cqDoorbell: 'poll' };
    const registers = await countAccesses(false, depth, options);
    const shadowed = await countAccesses(true, depth, options);
    console.log(
      `depth ${depth}: ${perIo(registers)} doorbell registers for each I/O, ${perIo(shadowed)} with shadow doorbells`,
    );
    expect(registers).toMatchObject({ sqDoorbellWrites: IOS, sqShadowWrites: 0, cqShadowWrites: 0 });
    expect(shadowed.sqShadowWrites).toBe(IOS);
    expect(shadowed.sqDoorbellWrites).toBeLessThanOrEqual(shadowed.sqShadowWrites);
    expect(shadowed.cqDoorbellWrites).toBeLessThanOrEqual(shadowed.cqShadowWrites);
  });

  it.each([2, 3, 5])('lose no command through memory, in rings of %i', async (entries) => {
    const counted = await countAccesses(true, 16, { entries, requests: 16 });
    expect(counted.sqShadowWrites).toBeGreaterThan(0);
  });
});

describeOnQemu('completions of QEMU', () => {
  it.each<CompletionMode>(['poll', 'interrupt', 'adaptive'])(
    'of two queues are waited for in mode %s',
    async (mode) => {
      await using stack = await open();
      const [controller] = stack.controllers;
      const fn = stack.machine.functions[0];
      const group = new PollGroup({ clock: stack.clock, mode, idlePollsMax: 50 });
      const loads: VerifiedLoad[] = [];
      for (const [index, interruptVector] of [1, 2].entries()) {
        const pair = await controller.createQueuePair({ entries: 16, interruptVector });
        loads.push(loadOf(stack, controller, pair, 8, (index * BLOCKS) / 2, BLOCKS / 2));
        group.add(pair);
      }
      for (const load of loads) load.start(200);
      while (!loads.every((load) => load.isIdle)) {
        const completions = await group.wait({ deadlineMs: 5000 });
        if (completions === 0) throw new Error('nothing came within 5 s');
      }
      for (const load of loads) expect(load).toMatchObject({ completed: 200, failures: [], refusals: [] });
      const messages = fn.vectors.received(1) + fn.vectors.received(2);
      if (mode === 'interrupt') expect(messages).toBeGreaterThan(0);
      if (mode === 'interrupt') expect(group.statistics.idlePolls).toBeLessThan(3 * messages + 30);
      await controller.shutDown();
    },
  );
});
