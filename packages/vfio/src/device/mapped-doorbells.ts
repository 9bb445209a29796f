import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import type { Doorbells, MmioCounters } from '@phasebit/pcie';

/** What writes a doorbell that is not mapped: one access of 4 bytes at an offset in BAR 0. */
export interface FarDoorbells {
  write32(offset: number, value: number): void;
}

/** How {@link MappedDoorbells} are laid out. */
export interface MappedDoorbellsOptions {
  /** the mapped part of BAR 0 from {@link DOORBELL_BASE} on; empty where none can be mapped */
  readonly words: Uint32Array;
  /** CAP.DSTRD: 4 << DSTRD bytes between two doorbells */
  readonly dstrd: number;
  readonly far: FarDoorbells;
  readonly counters: MmioCounters;
  /** whether the processor may let a store to a device overtake one to memory: everywhere but on x86 */
  readonly isWeak: boolean;
}

/**
 * Doorbells in a mapped BAR: a plain store of 32 bits each, which reaches the device as one write. Neither `Atomics.store` (it reads
 * first) nor a `DataView` (it writes bytes) may be used on it.
 *
 * Hot path: allocates only in the constructor.
 */
export class MappedDoorbells implements Doorbells {
  private readonly words: Uint32Array;
  private readonly far: FarDoorbells;
  private readonly counters: MmioCounters;
  private readonly isWeak: boolean;
  /** first queue whose doorbells are not mapped */
  private readonly queuesMapped: number;
  /** log2 of the words between the same doorbells of two queues */
  private readonly queueShift: number;
  private readonly completionWords: number;
  private readonly fence = new Int32Array(1);

  constructor(options: MappedDoorbellsOptions) {
    this.words = options.words;
    this.far = options.far;
    this.counters = options.counters;
    this.isWeak = options.isWeak;
    this.queueShift = options.dstrd + 1;
    this.completionWords = 2 ** options.dstrd;
    this.queuesMapped = Math.floor(options.words.length / 2 ** this.queueShift);
  }

  /** @inheritDoc */
  ringSq(qid: number, tail: number): void {
    this.counters.sqDoorbellWrites++;
    // What was written to the ring has to be there first. An atomic exchange is the only fence that JavaScript has.
    if (this.isWeak) Atomics.exchange(this.fence, 0, tail);
    if (qid < this.queuesMapped) this.words[qid << this.queueShift] = tail;
    else this.ringFar(qid * 2, tail);
  }

  /** @inheritDoc */
  ringCq(qid: number, head: number): void {
    this.counters.cqDoorbellWrites++;
    if (this.isWeak) Atomics.exchange(this.fence, 0, head);
    if (qid < this.queuesMapped) this.words[(qid << this.queueShift) + this.completionWords] = head;
    else this.ringFar(qid * 2 + 1, head);
  }

  private ringFar(index: number, value: number): void {
    this.far.write32(DOORBELL_BASE + index * this.completionWords * 4, value);
  }
}
