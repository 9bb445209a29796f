/**
 * Random reads and writes through the driver and QEMU, of every size, in every kind of memory. The witness is the file below QEMU,
 * which the test reads by itself.
 */
import { Prng } from '@phasebit/core';
import { type Namespace, type PayloadChoice, type QueuePair, Transfer } from '@phasebit/nvme';
import { NVM_READ, NVM_WRITE } from '@phasebit/nvme-spec';
import { expect, it } from 'vitest';
import { Payload, type PayloadShape, slotBytesOf } from './support/payload.js';
import { describeOnQemu, QemuStack, rawDrive } from './support/qemu-stack.js';

const LANES = 8;
const DISK_BYTES = 16 << 20;
const BOTH: readonly PayloadShape[] = ['contiguous', 'pages'];
const ALL: readonly PayloadShape[] = ['contiguous', 'pages', 'bytes'];

interface Plan {
  readonly blockBytes: number;
  /** largest transfer, as a power of two of pages */
  readonly mdts: number;
  readonly payload: PayloadChoice;
  readonly shapes: readonly PayloadShape[];
  /** sizes in blocks, one after the other */
  readonly sizes: readonly number[];
}

function upTo(blocks: number): number[] {
  return Array.from({ length: blocks }, (_, i) => i + 1);
}

/** Every size to four times MDTS, and some up to three times 512 KiB. */
const PLANS: readonly Plan[] = [
  { blockBytes: 512, mdts: 1, payload: 'prp', shapes: BOTH, sizes: upTo(64) },
  { blockBytes: 512, mdts: 1, payload: 'sgl', shapes: ALL, sizes: upTo(64) },
  { blockBytes: 512, mdts: 3, payload: 'auto', shapes: ALL, sizes: upTo(256) },
  { blockBytes: 4096, mdts: 2, payload: 'prp', shapes: BOTH, sizes: upTo(16) },
  { blockBytes: 4096, mdts: 2, payload: 'sgl', shapes: ALL, sizes: upTo(16) },
  {
    blockBytes: 512,
    mdts: 7,
    payload: 'prp',
    shapes: BOTH,
    sizes: [1, 8, 9, 1023, 1024, 1025, 2047, 2048, 3072, 3073],
  },
  { blockBytes: 4096, mdts: 7, payload: 'sgl', shapes: ALL, sizes: [1, 127, 128, 129, 255, 256, 383, 384] },
];

/** One lane: a part of the namespace and a part of memory that nobody else touches. */
class Lane {
  private readonly payload: Payload;
  private readonly transfer = new Transfer();
  private status = -1;
  private isWrite = false;
  private bytes: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly stack: QemuStack,
    private readonly namespace: Namespace,
    /** the first block of the lane, and how many it has */
    private readonly first: number,
    private readonly blocks: number,
    bytesMax: number,
  ) {
    const slotBytes = slotBytesOf(bytesMax);
    this.payload = new Payload(stack.dma, stack.allocate(slotBytes), slotBytes);
  }

  begin(pair: QueuePair, blocks: number, shape: PayloadShape, prng: Prng): void {
    const { blockBytes } = this.namespace;
    const lba = this.first + prng.below(this.blocks - blocks + 1);
    const bytes = blocks * blockBytes;
    this.isWrite = prng.below(2) === 0;
    this.payload.place(shape, bytes, prng);
    const words = Uint32Array.from({ length: bytes / 4 }, () => prng.nextU32());
    this.bytes = new Uint8Array(words.buffer);
    if (this.isWrite) this.payload.fill(this.bytes);
    const { pieces } = this.payload;
    this.transfer.set(pieces.addresses[0], lba, blocks, 0);
    this.transfer.scatter = shape === 'contiguous' ? null : pieces;
    this.status = -1;
    const onDone = (_: unknown, status: number): void => void (this.status = status);
    const opcode = this.isWrite ? NVM_WRITE : NVM_READ;
    const answer = pair.submitTransfer(opcode, this.namespace, this.transfer, onDone, undefined);
    if (answer !== 0) throw new Error(`${blocks} blocks, ${shape}: not accepted, ${JSON.stringify(pair.lastRefusal)}`);
  }

  get isDone(): boolean {
    return this.status >= 0;
  }

  /** Compares what was moved with the file. */
  end(): void {
    const { lba, blocks } = this.transfer;
    const { blockBytes } = this.namespace;
    expect(this.status).toBe(0);
    const inFile = this.stack.fileBytes('d0', lba * blockBytes, blocks * blockBytes);
    const inMemory = this.payload.take(blocks * blockBytes);
    const what = `${blocks} blocks from ${lba}, ${this.isWrite ? 'written' : 'read'}`;
    if (Buffer.compare(inMemory, inFile) !== 0) throw new Error(`${what}: memory and file differ`);
    if (this.isWrite && Buffer.compare(inMemory, this.bytes) !== 0) throw new Error(`${what}: memory was changed`);
  }
}

async function sweep(plan: Plan, seed: number): Promise<void> {
  const { blockBytes, mdts, payload, shapes, sizes } = plan;
  const size = `logical_block_size=${blockBytes},physical_block_size=${blockBytes}`;
  await using stack = await QemuStack.open({
    devices: (folder) => [
      ...rawDrive(folder, 'd0', DISK_BYTES),
      ...['-device', `nvme,serial=x,mdts=${mdts},drive=d0,${size}`],
    ],
  });
  const [controller] = stack.controllers;
  const namespace = controller.namespace(1);
  const pair = await controller.createQueuePair({ entries: 32, requests: 256, payload });
  const laneBlocks = Math.floor(namespace.blocks / LANES);
  const bytesMax = Math.max(...sizes) * blockBytes;
  const lanes = upTo(LANES).map((n) => new Lane(stack, namespace, (n - 1) * laneBlocks, laneBlocks, bytesMax));
  const prng = new Prng(seed);
  let moved = 0;
  for (const shape of shapes) {
    for (let at = 0; at < sizes.length; at += LANES / 2) {
      // Each size twice: some of them are read, some written.
      lanes.forEach((lane, i) => lane.begin(pair, sizes[(at + (i >> 1)) % sizes.length], shape, prng));
      await stack.until(() => lanes.every((lane) => lane.isDone), [pair]);
      for (const lane of lanes) lane.end();
      moved += LANES;
    }
  }
  expect(pair.statistics).toMatchObject({ spurious: 0, retried: 0 });
  expect(pair.statistics.split).toBeGreaterThan(moved / 8);
  expect(pair.outstanding).toBe(0);
  await controller.shutDown();
}

describeOnQemu('bytes go astray between the driver and the file below QEMU', () => {
  it.each(PLANS.map((plan) => [plan.blockBytes, 4096 << plan.mdts, plan.payload, plan] as const))(
    'in blocks of %i, at most %i bytes a command, by %s',
    async (_, __, ___, plan) => sweep(plan, plan.mdts * 1000 + plan.blockBytes),
  );
});
