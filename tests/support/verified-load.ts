import { Prng } from '@phasebit/core';
import type { DmaSpace } from '@phasebit/pcie';

type Callback = (context: unknown, status: number) => void;

/** Where a load enters the stack; an answer of 0 means that the callback will be called. */
export interface LoadTarget {
  read(address: number, lba: number, blocks: number, callback: Callback, context: unknown): number;
  write(address: number, lba: number, blocks: number, callback: Callback, context: unknown): number;
}

/** How a load is made. */
export interface LoadOptions {
  readonly target: LoadTarget;
  readonly dma: DmaSpace;
  /** first host address of `depth` buffers of 4 KiB */
  readonly data: number;
  /** I/Os outstanding */
  readonly depth: number;
  /** blocks of 4 KiB that are used */
  readonly blocks: number;
  readonly seed: number;
}

const WORDS = 1024;
/** The content of a block after a write that failed: nobody knows. */
const UNKNOWN = -1;

/**
 * A closed loop of random reads and writes, each completion issuing the next, every read verified. Each slot has blocks of its own, so
 * that what a block has to hold is known although I/Os end in any order.
 */
export class VerifiedLoad {
  /** I/Os that ended well */
  completed = 0;
  /** statuses of those that did not, and of those that were refused */
  readonly failures: number[] = [];
  readonly refusals: number[] = [];
  /** callbacks that were called when nothing was under way in their slot */
  surplus = 0;
  /** runs before everything else of a callback */
  onCallback: (status: number) => void = () => undefined;
  private left = 0;
  private outstanding = 0;
  private readonly prng: Prng;
  private readonly versions: Int32Array;
  private readonly lbas: Int32Array;
  private readonly pending: Int32Array;
  private readonly isWrite: Uint8Array;
  private readonly isBusy: Uint8Array;
  private readonly views: Int32Array[] = [];

  constructor(private readonly options: LoadOptions) {
    const { dma, data, depth, blocks, seed } = options;
    this.prng = new Prng(seed);
    this.versions = new Int32Array(blocks);
    this.lbas = new Int32Array(depth);
    this.pending = new Int32Array(depth);
    this.isWrite = new Uint8Array(depth);
    this.isBusy = new Uint8Array(depth);
    for (let slot = 0; slot < depth; slot++) {
      const words = dma.words(data + slot * WORDS * 4, WORDS);
      this.views.push(new Int32Array(words.buffer, words.byteOffset, WORDS));
    }
  }

  /** Whether everything accepted has been called back. */
  get isIdle(): boolean {
    return this.outstanding === 0;
  }

  /** Begins to do `total` I/Os. */
  start(total: number): void {
    this.left = total;
    for (let slot = 0; slot < this.options.depth; slot++) this.next(slot);
  }

  /** Issues no more. */
  stop(): void {
    this.left = 0;
  }

  /** Begins to read all blocks back. */
  startReadBack(): void {
    this.left = 0;
    for (let slot = 0; slot < this.options.depth; slot++) this.readBack(slot, slot);
  }

  private next(slot: number): void {
    if (this.left === 0) return;
    this.left--;
    const { depth, blocks } = this.options;
    const lba = slot + depth * this.prng.below(Math.floor(blocks / depth));
    const isWrite = this.prng.below(2) === 0;
    if (isWrite) this.pending[slot] = (lba << 12) | (this.prng.nextU32() & 0xfff) | 1;
    this.issue(slot, lba, isWrite, this.onDone);
  }

  private readBack(slot: number, lba: number): void {
    if (lba < this.options.blocks) this.issue(slot, lba, false, this.onReadBack);
  }

  private issue(slot: number, lba: number, isWrite: boolean, callback: Callback): void {
    const { target, data } = this.options;
    const address = data + slot * WORDS * 4;
    this.lbas[slot] = lba;
    this.isWrite[slot] = isWrite ? 1 : 0;
    this.isBusy[slot] = 1;
    this.outstanding++;
    this.views[slot].fill(isWrite ? this.pending[slot] : UNKNOWN);
    const answer = isWrite
      ? target.write(address, lba, 1, callback, slot)
      : target.read(address, lba, 1, callback, slot);
    if (answer === 0) return;
    this.isBusy[slot] = 0;
    this.outstanding--;
    this.refusals.push(answer);
  }

  private readonly onDone = (context: unknown, status: number): void => {
    this.end(context as number, status);
    this.next(context as number);
  };

  private readonly onReadBack = (context: unknown, status: number): void => {
    const slot = context as number;
    this.end(slot, status);
    this.readBack(slot, this.lbas[slot] + this.options.depth);
  };

  private end(slot: number, status: number): void {
    this.onCallback(status);
    if (this.isBusy[slot] === 0) this.surplus++;
    this.isBusy[slot] = 0;
    this.outstanding--;
    const lba = this.lbas[slot];
    const isWrite = this.isWrite[slot] === 1;
    if (status !== 0) {
      this.failures.push(status);
      if (isWrite) this.versions[lba] = UNKNOWN;
      return;
    }
    this.completed++;
    if (isWrite) this.versions[lba] = this.pending[slot];
    else if (this.versions[lba] !== UNKNOWN) this.verify(slot, lba);
  }

  private verify(slot: number, lba: number): void {
    const words = this.views[slot];
    const expected = this.versions[lba];
    for (let i = 0; i < WORDS; i++) {
      if (words[i] !== expected) throw new Error(`block ${lba}, word ${i}: holds ${words[i]} instead of ${expected}`);
    }
  }
}
