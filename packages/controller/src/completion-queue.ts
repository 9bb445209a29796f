import { CQE_BYTES, CQE_DW3_PHASE_SHIFT, CQE_DW3_STATUS_SHIFT, DOORBELL_VALUE_MASK } from '@phasebit/nvme-spec';
import { DOORBELL_UNWRITTEN, type LinkDevice } from '@phasebit/pcie';
import type { DoorbellObserver } from './doorbell-observer.js';
import type { Interrupts } from './interrupts.js';
import { PUBLISH_BATCH } from './limits.js';
import { EVENT_NEVER, type ShadowSlot } from './shadow-slot.js';

// V8 folds constants of its own module only (Node 20), so the imported ones are bound here once.
const PHASE_SHIFT = CQE_DW3_PHASE_SHIFT;
const STATUS_SHIFT = CQE_DW3_STATUS_SHIFT;
const VALUE_MASK = DOORBELL_VALUE_MASK;
const BATCH = PUBLISH_BATCH;

/** What a completion queue is made of. */
export interface CompletionQueueOptions {
  readonly id: number;
  /** 2 to 65,536 */
  readonly entries: number;
  /** word view of each page of the ring, as `resolveRing` gives them */
  readonly pages: Int32Array[];
  readonly link: LinkDevice;
  /** what its messages go through */
  readonly interrupts: Interrupts;
  /** whether the host may look while the device writes */
  readonly concurrent: boolean;
  /** MSI-X vector to signal, or -1 for none */
  readonly vector: number;
  readonly observer: DoorbellObserver;
}

/**
 * The device's end of a completion queue: grant and reserve slots, write completions, publish them in batches.
 *
 * ```text
 *      head (host's, as last read)        tail (ours)
 *   ----+-----------------------------------+--------------------------------------+---------------
 *       | posted, not yet consumed          | reserved for commands in flight      | free, one slot of it never used
 * ```
 *
 * Invariants:
 * - C1 No completion is written without a slot of its own. The slots between `tail` and the last head read, less one, are `free` or
 *   `reserved`: free + reserved + posted = entries - 1. No command is fetched unless `room` granted it a free slot, and a command that
 *   outlasts its turn turns that slot into a reserved one, which `room` grants to nobody. Which slot of the ring it will be does not
 *   matter: completions take them in the order in which they are written.
 * - C2 A batch becomes visible all at once. All its entries are written with plain stores, body and phase, but dword 3 of the first
 *   one, which is stored last and atomically. A host consumes in order and loads each dword 3 with acquire, so it cannot look
 *   beyond the first entry before that store, and the store publishes everything written before it.
 * - C3 The phase of an entry is 1 in the first pass over the ring and inverts with each pass. [Base] 4.2.4
 *
 * Hot path: allocates only in the constructor.
 */
export class CompletionQueue {
  /** queue identifier */
  readonly id: number;
  /** slots of the ring */
  readonly entries: number;
  /** MSI-X vector, or -1 when the host asked for no interrupts */
  readonly vector: number;
  /** how many submission queues complete here; a queue with any cannot be deleted */
  users = 0;
  private readonly pages: Int32Array[];
  private readonly interrupts: Interrupts;
  private words: Int32Array;
  private doorbell: number;
  private readonly concurrent: boolean;
  private readonly observer: DoorbellObserver;
  private readonly register: Int32Array;
  private readonly registerAt: number;
  private slot: ShadowSlot | undefined;
  private isUrgent = false;
  private tail = 0;
  private head = 0;
  private phase = 1;
  private free: number;
  private reserved = 0;
  private pending = 0;
  private firstPage: Int32Array;
  private firstAt = 0;
  private firstDw3 = 0;

  constructor(options: CompletionQueueOptions) {
    const { id, entries, pages, link, interrupts, concurrent, vector, observer } = options;
    this.id = id;
    this.entries = entries;
    this.vector = vector;
    this.pages = pages;
    this.interrupts = interrupts;
    this.register = link.doorbells;
    this.registerAt = link.cqDoorbellWord(id);
    this.words = this.register;
    this.doorbell = this.registerAt;
    this.slot = undefined;
    this.concurrent = concurrent;
    this.observer = observer;
    this.free = entries - 1;
    this.firstPage = pages[0]!;
  }

  /** How many of `wanted` completions may be written. The head doorbell is read only when the slots known to be free are too few. */
  room(wanted: number): number {
    if (this.free < wanted) this.readHead();
    return this.free < wanted ? this.free : wanted;
  }

  /** Keeps a slot that `room` granted for a completion that is written later. */
  reserve(): void {
    this.free--;
    this.reserved++;
  }

  /** Gives a reserved slot back, unused. */
  release(): void {
    this.free++;
    this.reserved--;
  }

  /** Writes a completion into a reserved slot; as {@link CompletionQueue.post} otherwise. */
  postReserved(result: number, dw2: number, cid: number, status: number): void {
    this.release();
    this.post(result, dw2, cid, status);
  }

  /**
   * Writes a completion into a slot that `room` granted; the host sees it at the end of its batch.
   *
   * @param result - dword 0
   * @param dw2 - submission queue identifier and head pointer
   * @param cid - command identifier
   * @param status - 15-bit status
   */
  post(result: number, dw2: number, cid: number, status: number): void {
    const tail = this.tail;
    const page = this.pages[tail >>> 8];
    const at = (tail & 255) << 2;
    const dw3 = (status << STATUS_SHIFT) | (this.phase << PHASE_SHIFT) | cid;
    page[at] = result;
    page[at | 1] = 0;
    page[at | 2] = dw2;
    if (this.pending === 0) {
      this.firstPage = page;
      this.firstAt = at | 3;
      this.firstDw3 = dw3;
    } else {
      page[at | 3] = dw3;
    }
    if (tail + 1 === this.entries) {
      this.tail = 0;
      this.phase ^= 1;
    } else {
      this.tail = tail + 1;
    }
    this.free--;
    if (++this.pending === BATCH) this.publish();
  }

  /** The message for what is published next is not held back: something failed. [Base] 5.1.25.2.2 */
  hurry(): void {
    this.isUrgent = true;
  }

  /** Makes the completions written since the last call visible, and sends the queue's message if there are any. */
  publish(): void {
    const count = this.pending;
    if (count === 0) return;
    this.pending = 0;
    // C2. On one thread the order of plain stores is enough, and costs a tenth.
    if (this.concurrent) Atomics.store(this.firstPage, this.firstAt, this.firstDw3);
    else this.firstPage[this.firstAt] = this.firstDw3;
    if (this.vector < 0) return;
    this.interrupts.completed(this.vector, count, this.isUrgent);
    this.isUrgent = false;
  }

  /** Reads its head from a shadow doorbell from now on, beginning with the head of now, which is written there. */
  useShadow(slot: ShadowSlot): void {
    this.readHead();
    Atomics.store(slot.shadow, slot.at, this.head);
    Atomics.store(slot.eventIdx, slot.at, EVENT_NEVER);
    this.watchShadow(slot);
  }

  /** Reads its head from a shadow doorbell that the host writes already. */
  watchShadow(slot: ShadowSlot): void {
    this.slot = slot;
    this.words = slot.shadow;
    this.doorbell = slot.at;
  }

  private readHead(): void {
    if (this.slot !== undefined && this.words === this.register) {
      // Asleep: what counts is in the shadow, once the register was written.
      if (Atomics.load(this.register, this.registerAt) === DOORBELL_UNWRITTEN) return;
      this.watchShadow(this.slot);
    }
    this.takeHead();
    if (this.slot !== undefined && this.slot.sleeps && this.free === 0) this.fallAsleep(this.slot);
  }

  /** The ring is full: asks the host to write the register when it moves on, looks once more, and watches the register from then on. */
  private fallAsleep(slot: ShadowSlot): void {
    Atomics.store(this.register, this.registerAt, DOORBELL_UNWRITTEN);
    Atomics.store(slot.eventIdx, slot.at, this.head);
    this.takeHead();
    if (this.free > 0) return; // The host was faster than EventIdx, and may not have seen it.
    this.words = this.register;
    this.doorbell = this.registerAt;
  }

  private takeHead(): void {
    const value = this.concurrent ? Atomics.load(this.words, this.doorbell) : this.words[this.doorbell];
    const head = value & VALUE_MASK;
    if (head === this.head) return;
    const consumed = head > this.head ? head - this.head : head + this.entries - this.head;
    const posted = this.entries - 1 - this.free - this.reserved; // C1
    if (head >= this.entries || consumed > posted) {
      // The register goes back to its last good value, or a bad one would look good once more has been posted.
      Atomics.compareExchange(this.words, this.doorbell, value, this.head);
      this.observer.invalidDoorbellValue(this.id);
      return;
    }
    this.head = head;
    this.free += consumed;
  }
}

/** Bytes of a ring of completion entries. */
export function completionRingBytes(entries: number): number {
  return entries * CQE_BYTES;
}
