/**
 * What goes wrong on a real controller: media that fail below it, commands that it refuses, resets in the middle of everything, and the end.
 */
import { type QueuePair, Transfer } from '@phasebit/nvme';
import {
  NVM_READ,
  NVM_WRITE,
  STATUS_COMMAND_ABORTED_BY_HOST,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_INVALID_OPCODE,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_UNRECOVERED_READ_ERROR,
  STATUS_WRITE_FAULT,
  statusCode,
} from '@phasebit/nvme-spec';
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { VerifiedLoad } from '../support/verified-load.js';
import { describeOnQemu, QemuStack, type QemuStackOptions, rawDrive } from './support/qemu-stack.js';

const EIO = 5;
const ENOSPC = 28;
const BLOCK_BYTES = 4096;
const BLOCKS = 2048;
const SIZE = `logical_block_size=${BLOCK_BYTES},physical_block_size=${BLOCK_BYTES}`;

interface BadSector {
  readonly event: 'read_aio' | 'write_aio' | 'flush_to_disk';
  readonly errno: number;
  /** in units of 512 bytes; any where left out */
  readonly sector?: number;
  readonly once?: boolean;
}

/** A disk whose medium fails as it is told to. */
function failing(errors: readonly BadSector[]): QemuStackOptions {
  return {
    devices: (folder) => {
      const filename = path.join(folder, 'd0');
      writeFileSync(filename, '');
      truncateSync(filename, BLOCKS * BLOCK_BYTES);
      const image = { driver: 'file', filename, 'node-name': 'file0' };
      const medium = { driver: 'blkdebug', image, 'inject-error': errors, 'node-name': 'medium0' };
      return [
        ...['-blockdev', JSON.stringify(medium)],
        ...['-blockdev', JSON.stringify({ driver: 'raw', file: 'medium0', 'node-name': 'd0' })],
        ...['-device', `nvme,serial=x,drive=d0,${SIZE}`],
      ];
    },
  };
}

const HEALTHY: QemuStackOptions = {
  devices: (folder) => [...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES), '-device', `nvme,serial=x,drive=d0,${SIZE}`],
};

describeOnQemu('an error below QEMU', () => {
  it.each<[string, BadSector, number]>([
    ['EIO of a read', { event: 'read_aio', errno: EIO, sector: 80 }, STATUS_UNRECOVERED_READ_ERROR],
    ['EIO of a write', { event: 'write_aio', errno: EIO, sector: 80 }, STATUS_WRITE_FAULT],
    ['ENOSPC of a write', { event: 'write_aio', errno: ENOSPC, sector: 80 }, STATUS_WRITE_FAULT],
  ])('has the right status, and hits nothing else: %s', async (_, error, expected) => {
    await using stack = await QemuStack.open(failing([error]));
    const [controller] = stack.controllers;
    const namespace = controller.namespace(1);
    const pair = await controller.createQueuePair({ entries: 16, retriesMax: 0 });
    const transfer = new Transfer();
    const opcode = error.event === 'read_aio' ? NVM_READ : NVM_WRITE;
    const address = stack.allocate(BLOCK_BYTES);
    const statuses: number[] = [];
    for (const lba of [9, 10, 11]) {
      transfer.set(address, lba, 1, 0);
      statuses.push(statusCode(await stack.transfer(pair, opcode, namespace, transfer)));
    }
    expect(statuses).toEqual([0, expected, 0]);
  });

  it('passes once it is over, and the file has what was written last', async () => {
    await using stack = await QemuStack.open(failing([{ event: 'write_aio', errno: EIO, once: true }]));
    const [controller] = stack.controllers;
    const pair = await controller.createQueuePair({ entries: 16 });
    const address = stack.allocate(BLOCK_BYTES);
    const write = async (value: number): Promise<number> => {
      stack.dma.bytes(address, BLOCK_BYTES).fill(value);
      const { status } = await stack.run(pair, (done) =>
        pair.write(controller.namespace(1), address, 3, 1, 0, done, undefined),
      );
      return statusCode(status);
    };
    expect([await write(0x11), await write(0x22)]).toEqual([STATUS_WRITE_FAULT, 0]);
    expect(stack.fileBytes('d0', 3 * BLOCK_BYTES, BLOCK_BYTES).every((byte) => byte === 0x22)).toBe(true);
  });

  it('hits one piece of a transfer that was cut, which fails as a whole', async () => {
    await using stack = await QemuStack.open(failing([{ event: 'read_aio', errno: EIO, sector: 8 * 300 }]));
    const [controller] = stack.controllers;
    const namespace = controller.namespace(1);
    const pair = await controller.createQueuePair({ entries: 64 });
    const transfer = new Transfer();
    transfer.set(stack.allocate(512 * BLOCK_BYTES), 0, 512, 0);
    expect(namespace.transferBlocksMax).toBe(128);
    const status = await stack.transfer(pair, NVM_READ, namespace, transfer);
    expect(statusCode(status)).toBe(STATUS_UNRECOVERED_READ_ERROR);
    transfer.set(transfer.address, 0, 256, 0);
    expect(await stack.transfer(pair, NVM_READ, namespace, transfer)).toBe(0);
  });
});

interface Wrong {
  readonly what: string;
  readonly opcode?: number;
  readonly nsid?: number;
  readonly lba?: number;
  readonly expected: number;
}

const WRONG: readonly Wrong[] = [
  { what: 'beyond the last block', lba: BLOCKS, expected: STATUS_LBA_OUT_OF_RANGE },
  { what: 'that ends beyond the last block', lba: BLOCKS - 1, expected: STATUS_LBA_OUT_OF_RANGE },
  { what: 'with an opcode that does not exist', opcode: 0x7f, expected: STATUS_INVALID_OPCODE },
  { what: 'of an inactive namespace', nsid: 2, expected: STATUS_INVALID_FIELD },
  { what: 'of a namespace beyond NN', nsid: 257, expected: STATUS_INVALID_NAMESPACE },
];

describeOnQemu('a command that QEMU refuses', () => {
  it('fails for good, and the next one succeeds', async () => {
    await using stack = await QemuStack.open(HEALTHY);
    const pair = await stack.controllers[0].createQueuePair({ entries: 16 });
    const address = stack.allocate(2 * BLOCK_BYTES);
    const read = async ({ opcode = NVM_READ, nsid = 1, lba = 0 }): Promise<number> => {
      const command = new Int32Array(16);
      [command[0], command[1], command[10], command[12]] = [opcode, nsid, lba, 1];
      return (await stack.run(pair, (done) => pair.submitCommand(command, address, 2 * BLOCK_BYTES, done, undefined)))
        .status;
    };
    for (const { what, expected, ...wrong } of WRONG) {
      const status = await read(wrong);
      const found = { what, code: statusCode(status), dnr: (status & STATUS_DNR) !== 0 };
      expect(found).toEqual({ what, code: expected, dnr: true });
      expect(await read({})).toBe(0);
    }
    expect(pair.statistics).toMatchObject({ retried: 0, spurious: 0 });
  });
});

describeOnQemu('a controller that is lost', () => {
  it('under load is reset, again and again, and no write is lost', async () => {
    await using stack = await QemuStack.open(HEALTHY);
    const [controller] = stack.controllers;
    const pair = await controller.createQueuePair({ entries: 64, requests: 200 });
    const namespace = controller.namespace(1);
    const depth = 100;
    const load = new VerifiedLoad({
      target: {
        read: (address, lba, blocks, done, context) => pair.read(namespace, address, lba, blocks, 0, done, context),
        write: (address, lba, blocks, done, context) => pair.write(namespace, address, lba, blocks, 0, done, context),
      },
      ...{ dma: stack.dma, data: stack.allocate(depth * BLOCK_BYTES), depth, blocks: BLOCKS, seed: 5 },
    });
    load.start(20_000);
    for (let resets = 1; resets <= 6; resets++) {
      await stack.until(() => load.completed > resets * 1500, [pair]);
      let isBack = false;
      void controller.reset().then(() => (isBack = true));
      // Submissions go on being made while the controller is away.
      await stack.until(() => isBack, [pair]);
    }
    await stack.until(() => load.isIdle, [pair]);
    load.startReadBack();
    await stack.until(() => load.isIdle, [pair]);
    expect(load).toMatchObject({ failures: [], refusals: [], surplus: 0, completed: 20_000 + BLOCKS });
    expect(pair.statistics.retried).toBeGreaterThan(0);
    await controller.shutDown();
  });

  it('takes all its queue pairs with it into the reset, and brings all back', async () => {
    await using stack = await QemuStack.open({ ...HEALTHY, driver: { ioQueuePairs: 32 } });
    const [controller] = stack.controllers;
    const namespace = controller.namespace(1);
    const pairs: QueuePair[] = [];
    for (let i = 0; i < 32; i++) pairs.push(await controller.createQueuePair({ entries: 8, requests: 32 }));
    const data = stack.allocate(32 * BLOCK_BYTES);
    let completed = 0;
    const statuses = new Set<number>();
    let left = 12_000;
    const next = (i: number): void => {
      if (left-- <= 0) return;
      const onDone = (_: unknown, status: number): void => {
        completed++;
        statuses.add(status);
        next(i);
      };
      const answer = pairs[i].write(namespace, data + i * BLOCK_BYTES, i * 8 + (left & 7), 1, 0, onDone, undefined);
      if (answer !== 0) throw new Error(`not accepted: ${answer}`);
    };
    for (let i = 0; i < 32; i++) for (let depth = 0; depth < 12; depth++) next(i);
    for (let resets = 1; resets <= 3; resets++) {
      await stack.until(() => completed > resets * 2000, pairs);
      let isBack = false;
      void controller.reset().then(() => (isBack = true));
      await stack.until(() => isBack, pairs);
    }
    await stack.until(() => completed === 12_000, pairs);
    expect([...statuses]).toEqual([0]);
    expect(controller.queuePairs).toEqual(pairs);
    await controller.shutDown();
  });

  it('because QEMU has died gives everything back, and says that nobody is there', async () => {
    await using stack = await QemuStack.open({ ...HEALTHY, driver: { onLost: 'reset', resetDelayMs: 1 } });
    const [controller] = stack.controllers;
    const pair = await controller.createQueuePair({ entries: 64, requests: 64 });
    const namespace = controller.namespace(1);
    const address = stack.allocate(BLOCK_BYTES);
    await stack.machine.kill();
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) {
      pair.read(namespace, address, i, 1, 0, (_, status) => void statuses.push(statusCode(status)), undefined);
    }
    await stack.until(() => controller.state === 'FAILED', [pair]);
    expect(statuses).toEqual(Array.from({ length: 40 }, () => STATUS_COMMAND_ABORTED_BY_HOST));
    expect(controller.error?.message).toMatch(/all ones|gone|removed/i);
  });
});
