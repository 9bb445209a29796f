import type { U64 } from '@phasebit/core';
import type { DmaSpace } from './dma-space.js';

/** How often each kind of register was touched since the function was opened. Plain counters: read them, subtract, divide. */
export interface MmioCounters {
  /** register reads; 64-bit ones count once */
  registerReads: number;
  /** register writes other than doorbells; 64-bit ones count once */
  registerWrites: number;
  /** submission queue tail doorbell writes */
  sqDoorbellWrites: number;
  /** completion queue head doorbell writes */
  cqDoorbellWrites: number;
}

/**
 * The register window of a function: BAR 0 below the doorbells. Reads are asynchronous, since on some transports a read is a message;
 * writes are posted: fire and forget, in order, and every read sees the writes before it.
 * A device that is gone reads as all ones.
 */
export interface RegisterWindow {
  /** The 32-bit register at a byte offset that is a multiple of 4. */
  read32(offset: number): Promise<number>;
  /** The 64-bit register at a byte offset that is a multiple of 8. */
  read64(offset: number): Promise<U64>;
  /** Writes a 32-bit register. */
  write32(offset: number, value: number): void;
  /** Writes a 64-bit register. */
  write64(offset: number, low: number, high: number): void;
}

/**
 * The doorbells of a function. Writing one publishes all memory written before.
 * Which kind of store reaches the device (atomic on shared memory, plain on a mapped BAR) is this object's secret.
 */
export interface Doorbells {
  /** Tells the device the new tail of submission queue `qid`. */
  ringSq(qid: number, tail: number): void;
  /** Tells the device the new head of completion queue `qid`. */
  ringCq(qid: number, head: number): void;
}

/** The host's end of the MSI-X vectors: messages are counted, and looked at when the owner likes. */
export interface InterruptVectors {
  /** how many vectors there are */
  readonly count: number;
  /** Messages received on a vector since it was opened, modulo 2^32. */
  received(vector: number): number;
  /** Masks or unmasks a vector; a message that comes while it is masked is kept as one pending message. */
  setMasked(vector: number, masked: boolean): void;
}

/**
 * What it takes to see memory that the device wrote, once its completion entry is seen:
 * - `same-thread`: nothing; the device runs between the host's own steps.
 * - `store-order`: the processor keeps stores and loads in order (x86): an atomic load to begin a poll, plain ones within it.
 * - `weak`: an atomic load for each entry. Always right, and the default for a device on another thread; each costs about 10 ns.
 */
export type MemoryOrder = 'same-thread' | 'store-order' | 'weak';

/** A PCI Express function as a driver sees it: registers, doorbells, memory the device can reach, vectors. */
export interface PcieFunction {
  /** BAR 0 below the doorbells */
  readonly registers: RegisterWindow;
  /** BAR 0 from the doorbells on */
  readonly doorbells: Doorbells;
  /** the memory that the device can reach */
  readonly dma: DmaSpace;
  /** its MSI-X vectors */
  readonly vectors: InterruptVectors;
  /** accesses so far */
  readonly counters: MmioCounters;
  /** how completions have to be loaded */
  readonly memoryOrder: MemoryOrder;
  /** Lets a moment pass while the control plane waits: an inline device is stepped, a loop gets its turn, a virtual clock moves. */
  pause(): Promise<void>;
}
