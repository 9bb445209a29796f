import { Prng } from '@phasebit/core';
import { type Namespace, type PayloadChoice, type QueuePair, Transfer } from '@phasebit/nvme';
import { NVM_READ, NVM_WRITE } from '@phasebit/nvme-spec';
import { Payload, type PayloadShape, slotBytesOf } from '../qtest/support/payload.js';
import { demand } from './demand.js';
import type { DeviceBench } from './device-bench.js';

/** Reads and writes of given sizes, at random places, in memory of every shape. */
export interface IoPlan {
  readonly payload: PayloadChoice;
  readonly shapes: readonly PayloadShape[];
  /** sizes in blocks, one after the other */
  readonly sizes: readonly number[];
  readonly seed: number;
}

/** What became of a plan. */
export interface IoFacts {
  readonly ios: number;
  readonly bytes: number;
  /** transfers that took more than one command */
  readonly split: number;
  readonly commands: number;
}

const LANES = 4;

/** A part of the namespace and a part of memory that nobody else touches. */
class Lane {
  private readonly payload: Payload;
  private readonly transfer = new Transfer();
  private readonly slot: number;
  private status = -1;
  private isWrite = false;
  private written = new Uint8Array(0);

  constructor(
    private readonly bench: DeviceBench,
    private readonly namespace: Namespace,
    /** what the namespace has to hold */
    private readonly model: Uint8Array,
    /** the first block of the lane, and how many it has */
    private readonly first: number,
    private readonly blocks: number,
    bytesMax: number,
  ) {
    const slotBytes = slotBytesOf(bytesMax);
    this.slot = bench.allocate(slotBytes);
    this.payload = new Payload(bench.dma, this.slot, slotBytes);
  }

  get isDone(): boolean {
    return this.status >= 0;
  }

  begin(pair: QueuePair, blocks: number, shape: PayloadShape, isWrite: boolean, prng: Prng): void {
    const lba = this.first + prng.below(this.blocks - blocks + 1);
    const bytes = blocks * this.namespace.blockBytes;
    this.isWrite = isWrite;
    this.payload.place(shape, bytes, prng);
    if (isWrite) {
      this.written = noise(bytes, prng);
      this.payload.fill(this.written);
    }
    const { pieces } = this.payload;
    this.transfer.set(pieces.addresses[0], lba, blocks, 0);
    this.transfer.scatter = shape === 'contiguous' ? null : pieces;
    this.status = -1;
    const onDone = (_: unknown, status: number): void => void (this.status = status);
    const opcode = isWrite ? NVM_WRITE : NVM_READ;
    const answer = pair.submitTransfer(opcode, this.namespace, this.transfer, onDone, undefined);
    demand(answer === 0, `${blocks} blocks, ${shape}, to be accepted`, pair.lastRefusal);
  }

  /** Looks at what has become of memory, and notes what was written. */
  end(): void {
    const { lba, blocks } = this.transfer;
    const { blockBytes } = this.namespace;
    const what = `${blocks} blocks from ${lba}, ${this.isWrite ? 'written' : 'read'}`;
    demand(this.status === 0, `status 0 for ${what}`, this.status);
    const held = this.model.subarray(lba * blockBytes, (lba + blocks) * blockBytes);
    if (this.isWrite) held.set(this.written);
    const found = this.payload.take(held.length);
    if (Buffer.compare(found, held) === 0) return;
    const at = found.findIndex((byte, i) => byte !== held[i]);
    throw new Error(`${what}: byte ${at} is ${found[at]}, expected ${held[at]}`);
  }

  release(): void {
    this.bench.dma.free(this.slot);
  }
}

/** Bytes that are nowhere else. */
function noise(bytes: number, prng: Prng): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(bytes / 4);
  let word = prng.nextU32();
  for (let i = 0; i < words.length; i++) words[i] = word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
  return new Uint8Array(words.buffer);
}

/**
 * Carries a plan out, each size in each shape at least once written and once read.
 *
 * @param model - what the namespace holds, a byte for each of its bytes; brought up to date
 * @throws Error on the first byte that is not as it should be, in the payload or beside it
 */
export async function checkVerifiedIo(
  bench: DeviceBench,
  nsid: number,
  plan: IoPlan,
  model: Uint8Array,
): Promise<IoFacts> {
  const { controller } = bench;
  const namespace = controller.namespace(nsid);
  const { sizes, shapes, payload } = plan;
  const pair = await controller.createQueuePair({ entries: 32, requests: 256, payload });
  const laneBlocks = Math.floor(namespace.blocks / LANES);
  const bytesMax = Math.max(...sizes) * namespace.blockBytes;
  const firsts = Array.from({ length: LANES }, (_, i) => i * laneBlocks);
  const lanes = firsts.map((first) => new Lane(bench, namespace, model, first, laneBlocks, bytesMax));
  const prng = new Prng(plan.seed);
  const facts = { ios: 0, bytes: 0 };
  for (const shape of shapes) {
    for (let at = 0; at < sizes.length; at += LANES / 2) {
      lanes.forEach((lane, i) => {
        const blocks = sizes[(at + (i >> 1)) % sizes.length];
        lane.begin(pair, blocks, shape, i % 2 === 0, prng);
        facts.ios++;
        facts.bytes += blocks * namespace.blockBytes;
      });
      await bench.until(
        () => lanes.every((lane) => lane.isDone),
        () => pair.poll(),
      );
      for (const lane of lanes) lane.end();
      // Who wrote reads now, and the other way round.
      lanes.push(lanes.shift()!);
    }
  }
  const { spurious, retried, split, submitted } = pair.statistics;
  demand(
    spurious === 0 && retried === 0 && pair.outstanding === 0,
    'nothing spurious, retried or left',
    pair.statistics,
  );
  await controller.deleteQueuePair(pair);
  for (const lane of lanes) lane.release();
  return { ...facts, split, commands: submitted };
}
