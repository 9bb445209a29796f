/**
 * QEMU in other shapes than its plain one: each is brought up, read and written, and shut down.
 */
import type { Log } from '@phasebit/core';
import type { ControllerOptions } from '@phasebit/nvme';
import { expect, it } from 'vitest';
import { VerifiedLoad } from '../support/verified-load.js';
import { describeOnQemu, QemuStack, type QemuStackOptions, rawDrive } from './support/qemu-stack.js';

const BLOCK_BYTES = 4096;
const BLOCKS = 512;
const SIZE = `logical_block_size=${BLOCK_BYTES},physical_block_size=${BLOCK_BYTES}`;
const DEPTH = 16;
const IOS = 400;

const PLAIN: QemuStackOptions = {
  devices: (folder) => [
    ...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES),
    ...['-device', `nvme,serial=x,drive=d0,${SIZE}`],
  ],
};

/** Brings the first controller up and moves blocks of namespace 1 through it, verified. */
async function works(stack: QemuStack, driver: Partial<ControllerOptions> = {}): Promise<void> {
  const controller = await stack.attach(0, driver);
  const pair = await controller.createQueuePair({ entries: 16, interruptVector: 0 });
  const namespace = controller.namespace(1);
  const load = new VerifiedLoad({
    target: {
      read: (address, lba, blocks, done, context) => pair.read(namespace, address, lba, blocks, 0, done, context),
      write: (address, lba, blocks, done, context) => pair.write(namespace, address, lba, blocks, 0, done, context),
    },
    ...{ dma: stack.dma, data: stack.allocate(DEPTH * BLOCK_BYTES), depth: DEPTH, blocks: BLOCKS, seed: 1 },
  });
  load.start(IOS);
  await stack.until(() => load.isIdle, [pair]);
  expect(load).toMatchObject({ completed: IOS, failures: [], refusals: [], surplus: 0 });
  expect(stack.machine.functions[0].vectors.received(0)).toBeGreaterThan(0);
  await controller.shutDown();
}

describeOnQemu('the driver works on a QEMU', () => {
  it.each([
    ['with a controller memory buffer', 'cmb_size_mb=4'],
    ['with its MSI-X table in a window of its own', 'msix-exclusive-bar=on'],
    ['with one vector', 'msix_qsize=1'],
    ['with one I/O queue', 'max_ioqpairs=1'],
    ['that is woken through eventfds', 'ioeventfd=on'],
    ['without a limit to transfers', 'mdts=0'],
    ['without a write cache', 'write-cache=off'],
  ])('%s', async (_, properties) => {
    await using stack = await QemuStack.powerOn({
      devices: (folder) => [
        ...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES),
        ...['-device', `nvme,serial=x,drive=d0,${SIZE},${properties}`],
      ],
    });
    await works(stack);
  });

  it.each<[string, Partial<ControllerOptions>]>([
    ['with the smallest admin queue', { adminEntries: 2 }],
    ['with an admin queue of three entries', { adminEntries: 3 }],
    ['with the largest admin queue', { adminEntries: 4096 }],
    ['without keep alive, where one is wanted', { keepAliveMs: 1000 }],
    ['without weights, where some are wanted', { arbitration: { highWeight: 4 } }],
    ['with its doorbells in registers only', { shadowDoorbells: false }],
  ])('%s', async (_, driver) => {
    await using stack = await QemuStack.powerOn(PLAIN);
    await works(stack, driver);
  });

  it('and says which host identifiers it does not have', async () => {
    await using stack = await QemuStack.powerOn(PLAIN);
    const hostId = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => i + 1);
    await expect(stack.attach(0, { hostId: hostId(16) })).rejects.toThrow(/CTRATT.*host identifiers of 128 bits/);
    await expect(stack.attach(0, { hostId: hostId(8) })).rejects.toThrow(/Invalid Field in Command.*HOST_ID/);
    await works(stack);
  });

  it('that poses as the one of old, and is treated with its quirks', async () => {
    await using stack = await QemuStack.powerOn({
      devices: (folder) => [
        ...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES),
        ...['-device', `nvme,serial=x,drive=d0,${SIZE},use-intel-id=on`],
      ],
    });
    const { pci } = stack.machine.functions[0];
    expect(pci).toEqual({ vendorId: 0x8086, deviceId: 0x5845 });
    const states: string[] = [];
    await works(stack, { pci, onState: (state) => void states.push(state) });
    const [controller] = stack.controllers;
    expect([...controller.quirks].sort()).toEqual(['IDENTIFY_CNS_0_AND_1_ONLY', 'NO_WRITE_ZEROES']);
    expect(states).not.toContain('COMMAND_SETS');
  });

  it('with zoned namespaces beside the others, which are left alone', async () => {
    await using stack = await QemuStack.powerOn({
      devices: (folder) => [
        ...['-device', 'nvme,id=c0,serial=x'],
        ...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES),
        ...['-device', `nvme-ns,bus=c0,drive=d0,nsid=1,${SIZE}`],
        ...rawDrive(folder, 'd1', 16 << 20),
        ...['-device', `nvme-ns,bus=c0,drive=d1,nsid=2,${SIZE},zoned=on,zoned.zone_size=1M`],
      ],
    });
    const said: string[] = [];
    const note = (text: string): void => void said.push(text);
    const log: Log = { info: note, warn: note };
    await works(stack, { log });
    expect([...stack.controllers[0].namespaces.keys()]).toEqual([1]);
  });
});
