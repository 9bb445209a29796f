import type { Clock, U64 } from '@phasebit/core';
import type { DmaSpace } from './dma-space.js';
import {
  createMmioCounters,
  type Doorbells,
  type MemoryOrder,
  type MmioCounters,
  type PcieFunction,
  type RegisterWindow,
} from './function.js';
import { doorbellsOf, doorbellWords, IMAGE_WORDS, type LinkMemory } from './link-memory.js';
import { LinkPort } from './link-port.js';
import { LinkVectors } from './link-vectors.js';

const ALL_ONES = 0xffff_ffff;

/** A register read that the device does not answer in this time reads as all ones, as a PCIe completion timeout does. */
export const READ_TIMEOUT_MS = 1000;

/** What {@link openLink} needs of its surroundings. */
export interface LinkHostOptions {
  /** the link's memory, given to the device's end too */
  readonly memory: LinkMemory;
  /** the memory that the device can reach */
  readonly dma: DmaSpace;
  /** for the deadlines of register reads and of waits for interrupts */
  readonly clock: Clock;
  /** see {@link PcieFunction.pause} */
  readonly pause: () => Promise<void>;
  /** for a device on another thread: `store-order` where the processor is known to keep it, as x86 does; default `weak` */
  readonly memoryOrder?: MemoryOrder;
}

/** The host's end of a link to a modelled controller, inline or on another thread. */
export function openLink(options: LinkHostOptions): PcieFunction {
  const { words } = options.memory;
  const isShared = typeof SharedArrayBuffer !== 'undefined' && words.buffer instanceof SharedArrayBuffer;
  const counters = createMmioCounters();
  return {
    registers: new LinkRegisters(options, counters),
    doorbells: isShared ? new SharedDoorbells(options.memory, counters) : new LocalDoorbells(options.memory, counters),
    dma: options.dma,
    vectors: new LinkVectors(options.memory, options.clock, options.pause),
    cmb: options.memory.cmb,
    pmr: options.memory.pmr,
    counters,
    memoryOrder: isShared ? (options.memoryOrder ?? 'weak') : 'same-thread',
    pause: options.pause,
  };
}

class LinkRegisters implements RegisterWindow {
  private readonly port: LinkPort;

  constructor(
    private readonly link: LinkHostOptions,
    private readonly counters: MmioCounters,
  ) {
    this.port = new LinkPort(link.memory);
  }

  async read32(offset: number): Promise<number> {
    checkOffset(offset, 4);
    this.counters.registerReads++;
    if (!(await this.settle())) return ALL_ONES;
    return this.port.read(offset);
  }

  async read64(offset: number): Promise<U64> {
    checkOffset(offset, 8);
    this.counters.registerReads++;
    if (!(await this.settle())) return { low: ALL_ONES, high: ALL_ONES };
    return { low: this.port.read(offset), high: this.port.read(offset + 4) };
  }

  write32(offset: number, value: number): void {
    checkOffset(offset, 4);
    this.post(offset, value, 0, 4);
  }

  write64(offset: number, low: number, high: number): void {
    checkOffset(offset, 8);
    this.post(offset, low, high, 8);
  }

  private post(offset: number, low: number, high: number, bytes: number): void {
    this.counters.registerWrites++;
    // A function that is gone, or no longer listens, swallows writes: a posted write has no answer that could fail.
    this.port.write(offset, low, high, bytes);
  }

  /** Waits until the device has carried out every posted write, as a PCIe read does; false when it is gone or does not answer. */
  private async settle(): Promise<boolean> {
    const { clock, pause } = this.link;
    const { port } = this;
    const deadlineNs = clock.nowNs() + READ_TIMEOUT_MS * 1e6;
    for (;;) {
      if (port.isGone) return false;
      if (port.isSettled) return true;
      if (clock.nowNs() > deadlineNs) return false;
      await pause();
    }
  }
}

/** Doorbells of a device on another thread: the store publishes all that was written before. Hot path. */
class SharedDoorbells implements Doorbells {
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly strideShift: number;

  constructor(
    memory: LinkMemory,
    private readonly counters: MmioCounters,
  ) {
    const { words, base } = doorbellsOf(memory);
    this.words = words;
    this.base = base;
    this.strideShift = 31 - Math.clz32(doorbellWords(memory.dstrd));
  }

  ringSq(qid: number, tail: number): void {
    this.counters.sqDoorbellWrites++;
    Atomics.store(this.words, this.base + ((qid << 1) << this.strideShift), tail);
  }

  ringCq(qid: number, head: number): void {
    this.counters.cqDoorbellWrites++;
    Atomics.store(this.words, this.base + (((qid << 1) | 1) << this.strideShift), head);
  }
}

/** Doorbells of a device on the same thread: a plain store, ten times cheaper. Hot path. */
class LocalDoorbells implements Doorbells {
  private readonly words: Int32Array;
  private readonly base: number;
  private readonly strideShift: number;

  constructor(
    memory: LinkMemory,
    private readonly counters: MmioCounters,
  ) {
    const { words, base } = doorbellsOf(memory);
    this.words = words;
    this.base = base;
    this.strideShift = 31 - Math.clz32(doorbellWords(memory.dstrd));
  }

  ringSq(qid: number, tail: number): void {
    this.counters.sqDoorbellWrites++;
    this.words[this.base + ((qid << 1) << this.strideShift)] = tail;
  }

  ringCq(qid: number, head: number): void {
    this.counters.cqDoorbellWrites++;
    this.words[this.base + (((qid << 1) | 1) << this.strideShift)] = head;
  }
}

function checkOffset(offset: number, bytes: number): void {
  if (!(offset >= 0 && offset % bytes === 0 && offset + bytes <= IMAGE_WORDS * 4)) {
    throw new RangeError(`offset: expected a multiple of ${bytes} below ${IMAGE_WORDS * 4}, got ${offset}`);
  }
}
