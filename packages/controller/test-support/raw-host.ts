import { type Clock, high32, low32, ManualClock } from '@phasebit/core';
import {
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  AQA,
  CC,
  CSTS,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CC,
  REG_CSTS,
} from '@phasebit/nvme-spec';
import {
  createDmaArena,
  createLinkMemory,
  DeviceDma,
  DmaSpace,
  LinkDevice,
  type LinkMemory,
  type LinkMemoryOptions,
  openLink,
  PAGE_BYTES,
  PAGE_MASK,
  PAGE_SHIFT,
  type PcieFunction,
} from '@phasebit/pcie';
import { Controller } from '../src/controller.js';
import { NullMedium } from '../src/media/null-medium.js';
import type { ControllerOptions } from '../src/settings.js';
import { type Descriptor, encodeDescriptor } from './sgl-memory.js';

/** The fields of a command that a test cares about; the rest is zero. */
export interface RawCommand {
  readonly opcode: number;
  readonly cid?: number;
  readonly fuse?: number;
  readonly psdt?: number;
  readonly nsid?: number;
  readonly cdw2?: number;
  readonly cdw3?: number;
  readonly mptr?: number;
  readonly prp1?: number;
  readonly prp2?: number;
  /** SGL entry 1, in the place of the two PRPs */
  readonly sgl?: Descriptor;
  readonly cdw10?: number;
  readonly cdw11?: number;
  readonly cdw12?: number;
  readonly cdw13?: number;
  readonly cdw14?: number;
  readonly cdw15?: number;
}

/** A completion, taken apart by hand. */
export interface RawCompletion {
  readonly result: number;
  readonly sqHead: number;
  readonly sqId: number;
  readonly cid: number;
  readonly phase: number;
  /** SCT and SC, without More and DNR */
  readonly code: number;
  readonly dnr: boolean;
  readonly more: boolean;
}

/** A completion queue written down as the specification says it, one word at a time. */
export class RawCompletionQueue {
  head = 0;
  phase = 1;

  constructor(
    readonly host: RawHost,
    readonly id: number,
    readonly entries: number,
    readonly words: Uint32Array,
  ) {}

  /** The next completion, if there is one. The doorbell is the caller's. */
  poll(): RawCompletion | undefined {
    const at = this.head * 4;
    const dw3 = Atomics.load(this.words, at + 3);
    if (((dw3 >>> 16) & 1) !== this.phase) return undefined;
    const dw2 = this.words[at + 2];
    const status = dw3 >>> 17;
    const completion = {
      result: this.words[at],
      sqHead: dw2 & 0xffff,
      sqId: dw2 >>> 16,
      cid: dw3 & 0xffff,
      phase: this.phase,
      code: status & 0x7ff,
      dnr: (status & 0x4000) !== 0,
      more: (status & 0x2000) !== 0,
    };
    this.head++;
    if (this.head === this.entries) {
      this.head = 0;
      this.phase ^= 1;
    }
    return completion;
  }

  /** Rings the head doorbell. */
  ring(head: number = this.head): void {
    this.host.function.doorbells.ringCq(this.id, head);
  }

  /** Everything that is there, and the doorbell. */
  drain(): RawCompletion[] {
    const all: RawCompletion[] = [];
    for (let next = this.poll(); next !== undefined; next = this.poll()) all.push(next);
    if (all.length > 0) this.ring();
    return all;
  }
}

/** A submission queue written down as the specification says it. */
export class RawSubmissionQueue {
  tail = 0;

  constructor(
    readonly host: RawHost,
    readonly id: number,
    readonly entries: number,
    readonly words: Uint32Array,
    readonly completions: RawCompletionQueue,
  ) {}

  /** Puts a command into the ring without telling the device. */
  push(command: RawCommand): void {
    this.pushWords(encode(command));
  }

  /** Puts 16 words into the ring without telling the device. */
  pushWords(words: ArrayLike<number>): void {
    for (let i = 0; i < 16; i++) this.words[this.tail * 16 + i] = words[i] ?? 0;
    this.tail = this.tail + 1 === this.entries ? 0 : this.tail + 1;
  }

  /** Rings the tail doorbell. */
  ring(tail: number = this.tail): void {
    this.host.function.doorbells.ringSq(this.id, tail);
  }

  /** One command, there and back. */
  execute(command: RawCommand): RawCompletion {
    this.push(command);
    this.ring();
    this.host.settle();
    const [completion, ...rest] = this.completions.drain();
    if (completion === undefined || rest.length > 0)
      throw new Error(`expected 1 completion, got ${rest.length + (completion ? 1 : 0)}`);
    return completion;
  }
}

/** A queue pair and where its rings are, as host addresses. */
export type RawQueuePair = RawSubmissionQueue & { readonly sqAddress: number; readonly cqAddress: number };

/** How a test wants its host and controller. */
export interface RawHostOptions extends Partial<Omit<ControllerOptions, 'link' | 'dma' | 'clock'>> {
  /** permute the pages of the data arena */
  readonly scatterSeed?: number;
  /** bytes of the data arena */
  readonly dataBytes?: number;
  /** queue identifiers of the link, the admin queue's included */
  readonly linkQueues?: number;
  readonly vectors?: number;
  /** more about the link */
  readonly memory?: Partial<LinkMemoryOptions>;
  readonly clock?: Clock;
}

/**
 * A host for tests that shares no code with the driver: it drives registers and raw rings, one step at a time. Rings come from a
 * contiguous arena, data from one that may be scattered.
 */
export class RawHost {
  readonly clock = new ManualClock();
  readonly memory: LinkMemory;
  readonly dma = new DmaSpace(64 * 1024 * 1024);
  readonly function: PcieFunction;
  readonly controller: Controller;
  /** the controller's view of the memory */
  readonly deviceDma: DeviceDma;
  admin: RawQueuePair;
  private nextCid = 0x4000;

  constructor(options: RawHostOptions = {}) {
    const { scatterSeed, dataBytes = 4 * 1024 * 1024, linkQueues = 17, vectors, memory, clock, ...rest } = options;
    this.memory = createLinkMemory({ queues: linkQueues, ...(vectors === undefined ? {} : { vectors }), ...memory });
    this.dma.attach(createDmaArena({ bytes: 2 * 1024 * 1024, iovaBase: 2 ** 33 }));
    this.dma.attach(
      createDmaArena({ bytes: dataBytes, iovaBase: 2 ** 40, ...(scatterSeed === undefined ? {} : { scatterSeed }) }),
    );
    this.function = openLink({
      memory: this.memory,
      dma: this.dma,
      clock: this.clock,
      pause: async () => this.settle(),
    });
    this.deviceDma = new DeviceDma(this.dma.arenas);
    this.controller = new Controller({
      link: new LinkDevice(this.memory),
      dma: this.deviceDma,
      clock: clock ?? this.clock,
      namespaces: [{ nsid: 1, medium: new NullMedium(1024 * 1024 * 1024), blockBytes: 512 }],
      ...rest,
    });
    this.admin = this.queuePair(0, 2, 2);
  }

  /** Turns until there is nothing to do. */
  settle(): void {
    for (let i = 0; i < 10_000; i++) if (this.controller.step() === 0) return;
    throw new Error('the controller does not come to rest');
  }

  /** A register, after the device has seen every write. */
  read32(offset: number): number {
    this.settle();
    return Atomics.load(this.memory.words, offset >>> 2) >>> 0;
  }

  /** Writes a register and lets the device see it. */
  write32(offset: number, value: number): void {
    this.function.registers.write32(offset, value);
    this.settle();
  }

  /** Writes a 64-bit register and lets the device see it. */
  write64(offset: number, value: number): void {
    this.function.registers.write64(offset, low32(value), high32(value));
    this.settle();
  }

  /** Bus address of a host address. */
  iova(address: number): number {
    const page = address >>> PAGE_SHIFT;
    return this.dma.iovaHigh[page] * 2 ** 32 + this.dma.iovaLow[page] + (address & PAGE_MASK);
  }

  /** Zeroed pages of the ring arena, contiguous on the bus. */
  ring(bytes: number): number {
    const address = this.dma.allocate(bytes, { contiguous: true });
    this.dma.bytes(address, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES).fill(0);
    return address;
  }

  /** Rings in fresh memory that the device does not know yet. */
  queuePair(id: number, entries: number, completionEntries: number, completionId: number = id): RawQueuePair {
    const sqAddress = this.ring(entries * 64);
    const cqAddress = this.ring(completionEntries * 16);
    const completions = new RawCompletionQueue(
      this,
      completionId,
      completionEntries,
      this.dma.words(cqAddress, completionEntries * 4),
    );
    const queue = new RawSubmissionQueue(this, id, entries, this.dma.words(sqAddress, entries * 16), completions);
    return Object.assign(queue, { sqAddress, cqAddress });
  }

  /** Brings the controller up. */
  enable(entries = 64, completionEntries: number = entries): this {
    const pair = this.queuePair(0, entries, completionEntries);
    this.admin = pair;
    this.write32(REG_AQA, AQA.ASQS0.set(AQA.ACQS0.set(0, completionEntries - 1), entries - 1));
    this.write64(REG_ASQ, this.iova(pair.sqAddress));
    this.write64(REG_ACQ, this.iova(pair.cqAddress));
    this.write32(REG_CC, ENABLED);
    if (CSTS.RDY.get(this.read32(REG_CSTS)) !== 1) throw new Error(`not ready: CSTS ${this.read32(REG_CSTS)}`);
    return this;
  }

  /** One admin command, there and back, under a fresh identifier. */
  run(command: RawCommand): RawCompletion {
    return this.admin.execute({ cid: this.nextCid++ & 0x7fff, ...command });
  }

  /** Creates an I/O queue pair of the same identifier. */
  createPair(id: number, entries = 64, completionEntries: number = entries, vector = -1): RawSubmissionQueue {
    const pair = this.queuePair(id, entries, completionEntries);
    const interrupts = vector < 0 ? 0 : (vector << 16) | 2;
    expectSuccess(
      this.run({
        opcode: ADMIN_CREATE_IO_CQ,
        prp1: this.iova(pair.cqAddress),
        cdw10: ((completionEntries - 1) << 16) | id,
        cdw11: interrupts | 1,
      }),
    );
    expectSuccess(
      this.run({
        opcode: ADMIN_CREATE_IO_SQ,
        prp1: this.iova(pair.sqAddress),
        cdw10: ((entries - 1) << 16) | id,
        cdw11: (id << 16) | 1,
      }),
    );
    return pair;
  }

  /** Creates an I/O submission queue that completes into the queue of another one. */
  createSubmission(id: number, entries: number, completions: RawCompletionQueue): RawSubmissionQueue {
    const address = this.ring(entries * 64);
    expectSuccess(
      this.run({
        opcode: ADMIN_CREATE_IO_SQ,
        prp1: this.iova(address),
        cdw10: ((entries - 1) << 16) | id,
        cdw11: (completions.id << 16) | 1,
      }),
    );
    return new RawSubmissionQueue(this, id, entries, this.dma.words(address, entries * 16), completions);
  }

  /** A page of data memory: its host address. */
  page(): number {
    return this.data(PAGE_BYTES);
  }

  /** Data memory, page aligned, from the second arena. */
  data(bytes: number): number {
    for (;;) {
      const address = this.dma.allocate(bytes);
      if (this.iova(address) >= 2 ** 40) return address;
    }
  }
}

/** CC with the enable bit and the entry sizes of the NVM Command Set. */
export const ENABLED: number = CC.EN.set(CC.IOSQES.set(CC.IOCQES.set(0, 4), 6), 1);

/** A bus address that nothing is mapped at. */
export const NOWHERE = 2 ** 45;

/** The 16 words of a command. */
export function encode(command: RawCommand): Uint32Array {
  const words = new Uint32Array(16);
  const { opcode, cid = 0, fuse = 0, psdt = 0, nsid = 0, prp1 = 0, prp2 = 0 } = command;
  words[0] = opcode | (fuse << 8) | (psdt << 14) | (cid << 16);
  words[1] = nsid;
  words[2] = command.cdw2 ?? 0;
  words[3] = command.cdw3 ?? 0;
  words[4] = low32(command.mptr ?? 0);
  words[5] = high32(command.mptr ?? 0);
  words[6] = low32(prp1);
  words[7] = high32(prp1);
  words[8] = low32(prp2);
  words[9] = high32(prp2);
  if (command.sgl !== undefined) words.set(encodeDescriptor(command.sgl), 6);
  words[10] = command.cdw10 ?? 0;
  words[11] = command.cdw11 ?? 0;
  words[12] = command.cdw12 ?? 0;
  words[13] = command.cdw13 ?? 0;
  words[14] = command.cdw14 ?? 0;
  words[15] = command.cdw15 ?? 0;
  return words;
}

function expectSuccess(completion: RawCompletion): void {
  if (completion.code !== 0) throw new Error(`expected success, got status ${completion.code.toString(16)}`);
}
