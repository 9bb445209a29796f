import { DOORBELL_VALUE_MASK, SQE_BYTES } from '@phasebit/nvme-spec';
import type { LinkDevice } from '@phasebit/pcie';
import type { CompletionQueue } from './completion-queue.js';
import type { DoorbellObserver } from './doorbell-observer.js';

const VALUE_MASK = DOORBELL_VALUE_MASK;

/** What a submission queue is made of. */
export interface SubmissionQueueOptions {
  readonly id: number;
  /** 2 to 65,536 */
  readonly entries: number;
  /** word view of each page of the ring, as `resolveRing` gives them */
  readonly pages: Int32Array[];
  readonly link: LinkDevice;
  /** whether the host may ring while the device looks */
  readonly concurrent: boolean;
  readonly completionQueue: CompletionQueue;
  readonly observer: DoorbellObserver;
}

/**
 * The device's end of a submission queue. Entry `i` lies in `pages[i >>> 6]` from word `(i & 63) * 16` on.
 *
 * Invariants:
 * - S1 `head` and `tail` are below `entries`: a doorbell value that is not is ignored, reported, and replaced by the last good one.
 * - S2 The entries from `head` to before `tail` are the host's commands; nothing else of the ring is ever read.
 *
 * Hot path: allocates only in the constructor.
 */
export class SubmissionQueue {
  /** queue identifier */
  readonly id: number;
  /** slots of the ring */
  readonly entries: number;
  /** word view of each page of the ring */
  readonly pages: Int32Array[];
  /** where its commands complete */
  readonly completionQueue: CompletionQueue;
  /** next entry to fetch */
  head = 0;
  private readonly words: Int32Array;
  private readonly concurrent: boolean;
  private readonly doorbell: number;
  private readonly observer: DoorbellObserver;
  private tail = 0;

  constructor(options: SubmissionQueueOptions) {
    this.id = options.id;
    this.entries = options.entries;
    this.pages = options.pages;
    this.completionQueue = options.completionQueue;
    this.words = options.link.words;
    this.concurrent = options.concurrent;
    this.doorbell = options.link.sqDoorbellWord(options.id);
    this.observer = options.observer;
  }

  /** How many commands wait, as of the doorbell's value now. */
  waiting(): number {
    // An atomic load costs 11 ns (Node 20), and on one thread there is nothing that it would order.
    const value = this.concurrent ? Atomics.load(this.words, this.doorbell) : this.words[this.doorbell];
    const tail = value & VALUE_MASK;
    if (tail !== this.tail) this.moveTail(tail, value);
    const count = this.tail - this.head;
    return count < 0 ? count + this.entries : count;
  }

  private moveTail(tail: number, value: number): void {
    if (tail < this.entries) {
      this.tail = tail; // S1
      return;
    }
    Atomics.compareExchange(this.words, this.doorbell, value, this.tail);
    this.observer.invalidDoorbellValue(this.id);
  }
}

/** Bytes of a ring of submission entries. */
export function submissionRingBytes(entries: number): number {
  return entries * SQE_BYTES;
}
