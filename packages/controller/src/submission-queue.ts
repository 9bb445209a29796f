import { DOORBELL_VALUE_MASK, SQE_BYTES } from '@phasebit/nvme-spec';
import { DOORBELL_UNWRITTEN, type LinkDevice } from '@phasebit/pcie';
import type { CompletionQueue } from './completion-queue.js';
import type { DoorbellObserver } from './doorbell-observer.js';
import { EVENT_NEVER, type ShadowSlot } from './shadow-slot.js';

const VALUE_MASK = DOORBELL_VALUE_MASK;
const UNWRITTEN = DOORBELL_UNWRITTEN;

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
  /** its class in weighted round robin, `QUEUE_PRIORITY_*`; default urgent, the reserved value 0 of everybody else */
  readonly priority?: number;
}

/**
 * The device's end of a submission queue. Entry `i` lies in `pages[i >>> 6]` from word `(i & 63) * 16` on.
 *
 * Its tail is read from one word: the doorbell register, or the shadow doorbell once there is one. A queue that sleeps has seen its
 * shadow unchanged after it published its EventIdx, and watches the register again until the host writes it.
 *
 * ```text
 *   register ---useShadow()---> shadow, awake ---looks empty: fallAsleep()---> register, asleep
 *                                    ^                                              |
 *                                    +------------- register was written -----------+
 * ```
 *
 * Invariants:
 * - S1 `head` and `tail` are below `entries`: a doorbell value that is not is ignored, reported, and replaced by the last good one.
 * - S2 The entries from `head` to before `tail` are the host's commands; nothing else of the ring is ever read.
 * - S3 `seen` is the value of the watched word that `tail` came from, so the word is looked at closely only when it has changed.
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
  /** its class in weighted round robin, `QUEUE_PRIORITY_*` */
  readonly priority: number;
  /** next entry to fetch */
  head = 0;
  private words: Int32Array;
  private doorbell: number;
  private seen = 0;
  private tail = 0;
  /** whether it falls asleep when it is empty: only while it watches the shadow of a host that will wake it */
  private isDrowsy = false;
  private slot: ShadowSlot | undefined;
  private readonly concurrent: boolean;
  private readonly observer: DoorbellObserver;
  private readonly register: Int32Array;
  private readonly registerAt: number;

  constructor(options: SubmissionQueueOptions) {
    this.id = options.id;
    this.entries = options.entries;
    this.pages = options.pages;
    this.completionQueue = options.completionQueue;
    this.priority = options.priority ?? 0;
    this.register = options.link.doorbells;
    this.registerAt = options.link.sqDoorbellWord(options.id);
    this.words = this.register;
    this.doorbell = this.registerAt;
    this.slot = undefined;
    this.concurrent = options.concurrent;
    this.observer = options.observer;
  }

  /** Whether nothing waits and nothing has to be done about it: what the arbiter asks first, since most queues of many are quiet. */
  get isQuiet(): boolean {
    return this.words[this.doorbell] === this.seen && this.head === this.tail && !this.isDrowsy;
  }

  /** How many commands wait, as of the doorbell's value now. */
  waiting(): number {
    // A plain load: that something has come can be learnt a turn late, and an atomic one costs 11 ns (Node 20) at every turn.
    if (this.words[this.doorbell] !== this.seen) this.look();
    const count = this.tail - this.head;
    if (count !== 0) return count < 0 ? count + this.entries : count;
    return this.isDrowsy ? this.fallAsleep() : 0;
  }

  /** Reads its tail from a shadow doorbell from now on, beginning with the tail of now, which is written there. */
  useShadow(slot: ShadowSlot): void {
    this.look();
    Atomics.store(slot.shadow, slot.at, this.tail);
    Atomics.store(slot.eventIdx, slot.at, slot.sleeps ? this.tail : EVENT_NEVER);
    this.watchShadow(slot);
  }

  /** Reads its tail from a shadow doorbell that the host writes already. */
  watchShadow(slot: ShadowSlot): void {
    this.slot = slot;
    this.words = slot.shadow;
    this.doorbell = slot.at;
    this.seen = this.tail;
    this.isDrowsy = slot.sleeps;
  }

  /** The watched word has changed. */
  private look(): void {
    // Asleep, and the register was written: what counts is in the shadow.
    if (this.slot !== undefined && this.words === this.register) this.watchShadow(this.slot);
    // The acquire that goes with the host's release: the entries up to the new tail are there.
    const value = this.concurrent ? Atomics.load(this.words, this.doorbell) : this.words[this.doorbell];
    const tail = value & VALUE_MASK;
    if (tail < this.entries) {
      this.tail = tail; // S1
      this.seen = value;
      return;
    }
    Atomics.compareExchange(this.words, this.doorbell, value, this.tail);
    this.seen = this.tail;
    this.observer.invalidDoorbellValue(this.id);
  }

  /**
   * Asks the host to write the register when it moves on, looks once more, and watches the register from then on. The register is marked
   * first, or a write that the new EventIdx brought about could be wiped out.
   *
   * @returns commands that came in the meantime
   */
  private fallAsleep(): number {
    const slot = this.slot!;
    Atomics.store(this.register, this.registerAt, UNWRITTEN);
    Atomics.store(slot.eventIdx, slot.at, this.tail);
    if (Atomics.load(slot.shadow, slot.at) !== this.seen) {
      // The host was faster than EventIdx, and may not have seen it.
      this.look();
      const count = this.tail - this.head;
      return count < 0 ? count + this.entries : count;
    }
    this.words = this.register;
    this.doorbell = this.registerAt;
    this.seen = UNWRITTEN;
    this.isDrowsy = false;
    return 0;
  }
}

/** Bytes of a ring of submission entries. */
export function submissionRingBytes(entries: number): number {
  return entries * SQE_BYTES;
}
