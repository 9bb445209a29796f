import type { AbortSignalLike, U64 } from '@phasebit/core';
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
  /** submission queue tails stored into the shadow doorbell page, whether or not the register was written too */
  sqShadowWrites: number;
  /** completion queue heads stored into the shadow doorbell page, whether or not the register was written too */
  cqShadowWrites: number;
}

/** Counters of a function that nobody has touched. */
export function createMmioCounters(): MmioCounters {
  return {
    registerReads: 0,
    registerWrites: 0,
    sqDoorbellWrites: 0,
    cqDoorbellWrites: 0,
    sqShadowWrites: 0,
    cqShadowWrites: 0,
  };
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

/** How long {@link InterruptVectors.wait} waits. */
export interface InterruptWaitOptions {
  /** gives the wait up: it rejects with the signal's reason, which takes up to `WAIT_SLICE_MS` to be seen */
  readonly signal?: AbortSignalLike | undefined;
  /** milliseconds until the wait ends without a message; default never */
  readonly timeoutMs?: number | undefined;
}

/** The host's end of the MSI-X vectors: messages are counted, and looked at or waited for when the owner likes. */
export interface InterruptVectors {
  /** how many vectors there are */
  readonly count: number;
  /** Messages received on a vector since it was opened, modulo 2^32. */
  received(vector: number): number;
  /** Masks or unmasks a vector; a message that comes while it is masked is kept as one pending message. */
  setMasked(vector: number, masked: boolean): void;
  /**
   * Waits without holding up the event loop until a vector has received more than `seen` messages, the number that
   * {@link InterruptVectors.received} gave before the queue was last found empty: a message in between then ends the wait at once.
   * It does not by itself keep a process alive; see {@link InterruptVectors.keepAlive}.
   *
   * @returns the messages received now; `seen` when the time was over first
   * @throws Error when no message can come any more, since the function was closed or its device is lost: a wait that is open rejects then,
   *   and so does each later one that has seen all messages; the signal's reason when it is given up
   */
  wait(vector: number, seen: number, options?: InterruptWaitOptions): Promise<number>;
  /**
   * Keeps the process alive until what it gives is called, once: for waits with commands outstanding. Absent where the device runs in this
   * process, which is alive as long as the device is.
   */
  keepAlive?(): () => void;
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
  /** BAR 2, the Controller Memory Buffer, if the function has one: the host maps it with CMBMSC and attaches it as a reserved arena */
  readonly cmb?: ArrayBufferLike | undefined;
  /** BAR 4, the Persistent Memory Region, if the function has one: as `cmb`, with PMRMSC */
  readonly pmr?: ArrayBufferLike | undefined;
  /** accesses so far */
  readonly counters: MmioCounters;
  /** how completions have to be loaded */
  readonly memoryOrder: MemoryOrder;
  /** Lets a moment pass while the control plane waits: an inline device is stepped, a loop gets its turn, a virtual clock moves. */
  pause(): Promise<void>;
}
