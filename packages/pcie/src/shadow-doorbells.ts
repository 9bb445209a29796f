/**
 * Hot path: allocates only in the constructor.
 */
import type { Doorbells, MemoryOrder, MmioCounters } from './function.js';
import { PAGE_BYTES } from './limits.js';
import { doorbellWords } from './link-memory.js';

const VALUE_MASK = 0xffff;

/** What {@link ShadowDoorbells} are made of. */
export interface ShadowDoorbellsOptions {
  /** the doorbells of the function */
  readonly inner: Doorbells;
  /** the page of shadow doorbells, PRP1 of Doorbell Buffer Config; zero when the command was sent */
  readonly shadow: Int32Array;
  /** the page of EventIdx values, PRP2 of Doorbell Buffer Config; zero when the command was sent */
  readonly eventIdx: Int32Array;
  /** CAP.DSTRD: an entry takes `4 << dstrd` bytes in both pages */
  readonly dstrd: number;
  /** where accesses are counted */
  readonly counters: MmioCounters;
  /** see `PcieFunction`: with `same-thread` nothing has to be atomic */
  readonly memoryOrder: MemoryOrder;
}

/**
 * Doorbells in memory: the new value goes into the shadow page, and into the register only when it passes what the controller has
 * asked to be told of. [Base] 5.2.5, B.5
 *
 * ```text
 *   host                                    controller that wants to sleep
 *   shadow[q] = new                         eventIdx[q] = tail
 *   ---- neither may pass this line ----    ---- neither may pass this line ----
 *   eventIdx[q] passed? -> register         shadow[q] moved? -> stay awake
 * ```
 *
 * Of two that cross, at least one sees what the other wrote, so no wake-up is lost. All four accesses are atomic, which orders them.
 * The admin queue is left to the registers, as other hosts do.
 */
export class ShadowDoorbells implements Doorbells {
  private readonly inner: Doorbells;
  private readonly shadow: Int32Array;
  private readonly eventIdx: Int32Array;
  private readonly strideShift: number;
  private readonly counters: MmioCounters;
  private readonly isAtomic: boolean;

  constructor(options: ShadowDoorbellsOptions) {
    this.inner = options.inner;
    this.shadow = options.shadow;
    this.eventIdx = options.eventIdx;
    this.strideShift = 31 - Math.clz32(doorbellWords(options.dstrd));
    this.counters = options.counters;
    this.isAtomic = options.memoryOrder !== 'same-thread';
  }

  /**
   * To be called before the queues of `qid` are created: nothing is left of those that had the identifier before. A controller may go on
   * from what it finds here, and an old EventIdx would not be passed for a lap.
   */
  clear(qid: number): void {
    for (let doorbell = qid << 1; doorbell <= ((qid << 1) | 1); doorbell++) {
      Atomics.store(this.shadow, doorbell << this.strideShift, 0);
      Atomics.store(this.eventIdx, doorbell << this.strideShift, 0);
    }
  }

  /**
   * Queue pair `qid` begins to ring here: 0 and 0 for one that was just created, its present positions for one that has used the
   * registers so far. Both registers are written too, so nothing that was rung while the hands changed is lost.
   */
  start(qid: number, sqTail: number, cqHead: number): void {
    if (qid !== 0) {
      const at = (qid << 1) << this.strideShift;
      Atomics.store(this.shadow, at, sqTail);
      Atomics.store(this.shadow, at + (1 << this.strideShift), cqHead);
    }
    this.inner.ringSq(qid, sqTail);
    this.inner.ringCq(qid, cqHead);
  }

  /** @inheritDoc */
  ringSq(qid: number, tail: number): void {
    if (qid !== 0) {
      this.counters.sqShadowWrites++;
      if (!this.move((qid << 1) << this.strideShift, tail)) return;
    }
    this.inner.ringSq(qid, tail);
  }

  /** @inheritDoc */
  ringCq(qid: number, head: number): void {
    if (qid !== 0) {
      this.counters.cqShadowWrites++;
      if (!this.move(((qid << 1) | 1) << this.strideShift, head)) return;
    }
    this.inner.ringCq(qid, head);
  }

  /** Stores a value, and says whether the controller wants the register written. */
  private move(at: number, next: number): boolean {
    const previous = this.shadow[at]; // Nobody else writes it.
    let event: number;
    if (this.isAtomic) {
      Atomics.store(this.shadow, at, next);
      event = Atomics.load(this.eventIdx, at);
    } else {
      this.shadow[at] = next;
      event = this.eventIdx[at];
    }
    return wantsEvent(event, next, previous);
  }
}

/**
 * Whether a move from `previous` to `next` passes `event`, modulo 2^16. Positions wrap at the size of their queue and not at 2^16, so a
 * move over the end of the ring seems to pass nearly everything: a write of the register too many, never one too few.
 */
export function wantsEvent(event: number, next: number, previous: number): boolean {
  return ((next - event - 1) & VALUE_MASK) < ((next - previous) & VALUE_MASK);
}

/** Whether the doorbells of so many queue identifiers, the admin queue's included, fit into the one page that they can have. */
export function shadowDoorbellsFit(queues: number, dstrd: number): boolean {
  return queues * 2 * 4 * doorbellWords(dstrd) <= PAGE_BYTES;
}
