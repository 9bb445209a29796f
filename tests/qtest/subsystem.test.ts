/**
 * Two controllers of QEMU on one subsystem, with namespaces that both show, that one shows, that nobody shows yet.
 */
import type { Controller, ControllerEvent, NamespaceChanges, QueuePair } from '@phasebit/nvme';
import { NMIC_SHRNS, STATUS_INVALID_FIELD, statusCode } from '@phasebit/nvme-spec';
import { expect, it } from 'vitest';
import { VerifiedLoad } from '../support/verified-load.js';
import { describeOnQemu, QemuStack, rawDrive } from './support/qemu-stack.js';

const BLOCK_BYTES = 4096;
const BLOCKS = 1024;
const SIZE = `logical_block_size=${BLOCK_BYTES},physical_block_size=${BLOCK_BYTES}`;
/** Shared by both; the first controller's alone; attached nowhere. */
const [SHARED, PRIVATE, SPARE] = [1, 2, 3];

async function open(): Promise<{ stack: QemuStack; pairs: QueuePair[] } & AsyncDisposable> {
  const stack = await QemuStack.open({
    devices: (folder) => [
      ...['-device', 'nvme-subsys,id=s0,nqn=pair'],
      ...['-device', 'nvme,id=c0,serial=PAIR,subsys=s0'],
      ...['-device', 'nvme,id=c1,serial=PAIR,subsys=s0'],
      ...['d0', 'd1', 'd2'].flatMap((id) => rawDrive(folder, id, BLOCKS * BLOCK_BYTES)),
      ...['-device', `nvme-ns,drive=d0,bus=c0,nsid=${SHARED},${SIZE},uuid=auto`],
      ...['-device', `nvme-ns,drive=d1,bus=c0,nsid=${PRIVATE},${SIZE},uuid=auto,shared=off`],
      ...['-device', `nvme-ns,drive=d2,bus=c0,nsid=${SPARE},${SIZE},uuid=auto,detached=on`],
    ],
  });
  const pairs: QueuePair[] = [];
  for (const controller of stack.controllers) pairs.push(await controller.createQueuePair({ entries: 32 }));
  return { stack, pairs, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

function nsids(controller: Controller): number[] {
  return [...controller.namespaces.keys()];
}

describeOnQemu('two controllers of a subsystem of QEMU', () => {
  it('are told apart, and show what they were told to show', async () => {
    await using opened = await open();
    const [first, second] = opened.stack.controllers;
    expect([first.identity.cntlid, second.identity.cntlid]).toEqual([0, 1]);
    expect(first.identity.subnqn).toBe(second.identity.subnqn);
    expect([first.identity.cmic & 2, second.identity.cmic & 2]).toEqual([2, 2]);
    expect([nsids(first), nsids(second)]).toEqual([[SHARED, PRIVATE], [SHARED]]);
    const [ours, theirs] = [first.namespace(SHARED), second.namespace(SHARED)];
    expect(ours.uuid).not.toBe('');
    expect(ours.uuid).toBe(theirs.uuid);
    expect(ours.identify.nmic & NMIC_SHRNS).toBe(NMIC_SHRNS);
    expect(first.namespace(PRIVATE).identify.nmic & NMIC_SHRNS).toBe(0);
  });

  it('read what the other one wrote', async () => {
    await using opened = await open();
    const { stack, pairs } = opened;
    const [first, second] = stack.controllers;
    const blocks = 64;
    const bytes = blocks * BLOCK_BYTES;
    const [source, target] = [stack.allocate(bytes), stack.allocate(bytes)];
    for (const [writer, reader] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const data = stack.dma.bytes(source, bytes);
      for (let i = 0; i < bytes; i++) data[i] = (i * 13 + (i >>> 9) + writer) & 0xff;
      const namespaces = [first.namespace(SHARED), second.namespace(SHARED)];
      const written = await stack.run(pairs[writer], (done) =>
        pairs[writer].write(namespaces[writer], source, 100, blocks, 0, done, undefined),
      );
      const read = await stack.run(pairs[reader], (done) =>
        pairs[reader].read(namespaces[reader], target, 100, blocks, 0, done, undefined),
      );
      expect([written.status, read.status]).toEqual([0, 0]);
      expect(Buffer.compare(stack.dma.bytes(target, bytes), data)).toBe(0);
      expect(Buffer.compare(stack.fileBytes('d0', 100 * BLOCK_BYTES, bytes), data)).toBe(0);
    }
  });

  it('do not know of each other being reset', async () => {
    await using opened = await open();
    const { stack, pairs } = opened;
    const [first, second] = stack.controllers;
    const namespace = second.namespace(SHARED);
    const [, pair] = pairs;
    const depth = 16;
    const load = new VerifiedLoad({
      target: {
        read: (address, lba, blocks, done, context) => pair.read(namespace, address, lba, blocks, 0, done, context),
        write: (address, lba, blocks, done, context) => pair.write(namespace, address, lba, blocks, 0, done, context),
      },
      ...{ dma: stack.dma, data: stack.allocate(depth * BLOCK_BYTES), depth, blocks: BLOCKS, seed: 3 },
    });
    load.start(4000);
    for (let i = 0; i < 4; i++) {
      let isBack = false;
      void first.reset().then(() => (isBack = true));
      await stack.until(() => isBack, pairs);
    }
    await stack.until(() => load.isIdle, pairs);
    expect(load).toMatchObject({ failures: [], refusals: [], completed: 4000 });
    expect(pair.statistics).toMatchObject({ retried: 0, spurious: 0 });
  });

  it('have a namespace attached and detached, and the other one hears of it', async () => {
    await using opened = await open();
    const { stack, pairs } = opened;
    const [first, second] = stack.controllers;
    const heard: (NamespaceChanges | undefined)[] = [];
    second.subscribe('namespaces', ({ changes }: ControllerEvent) => void heard.push(changes));
    await first.management.attachNamespace(SPARE, { cntlids: [0, 1] });
    expect(nsids(first)).toEqual([SHARED, PRIVATE, SPARE]);
    await stack.until(() => heard.length === 1, pairs);
    expect(heard[0]?.added.map(({ nsid }) => nsid)).toEqual([SPARE]);
    expect(nsids(second)).toEqual([SHARED, SPARE]);

    const address = stack.allocate(BLOCK_BYTES);
    stack.dma.bytes(address, BLOCK_BYTES).fill(0x3d);
    const spare = second.namespace(SPARE);
    const write = (): Promise<{ readonly status: number }> =>
      stack.run(pairs[1], (done) => pairs[1].write(spare, address, 7, 1, 0, done, undefined));
    expect((await write()).status).toBe(0);
    expect(stack.fileBytes('d2', 7 * BLOCK_BYTES, BLOCK_BYTES).every((byte) => byte === 0x3d)).toBe(true);

    await first.management.detachNamespace(SPARE, { cntlids: [1] });
    await stack.until(() => heard.length === 2, pairs);
    expect(heard[1]?.removed.map(({ nsid }) => nsid)).toEqual([SPARE]);
    expect([nsids(first), nsids(second)]).toEqual([[SHARED, PRIVATE, SPARE], [SHARED]]);
    expect(statusCode((await write()).status)).toBe(STATUS_INVALID_FIELD);
  });

  it('refuse to attach a private namespace twice', async () => {
    await using opened = await open();
    const [first] = opened.stack.controllers;
    await expect(first.management.attachNamespace(PRIVATE, { cntlids: [1] })).rejects.toThrow(/private|Attached/i);
    await expect(first.management.attachNamespace(SHARED)).rejects.toThrow(/already attached/i);
    await expect(first.management.createNamespace({ blocks: 8 })).rejects.toThrow(/opcode/i);
  });
});
