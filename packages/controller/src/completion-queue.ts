import { CQE_BYTES, CQE_DW3_PHASE_SHIFT, CQE_DW3_STATUS_SHIFT, DOORBELL_VALUE_MASK } from '@phasebit/nvme-spec';
import type { LinkDevice } from '@phasebit/pcie';
import type { DoorbellObserver } from './doorbell-observer.js';
import { PUBLISH_BATCH } from './limits.js';

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
  /** whether the host may look while the device writes */
  readonly concurrent: boolean;
  /** MSI-X vector to signal, or -1 for none */
  readonly vector: number;
  readonly observer: DoorbellObserver;
}

/**
 * The device's end of a completion queue: reserve a slot, write completions, publish them in batches.
 *
 * ```text
 *      head (host's, as last read)        tail (ours)
 *   ----+-----------------------------------+---------------
 *       | posted, not yet consumed          | free, one slot of it never used
 * ```
 *
 * Invariants:
 * - C1 No completion is written without a free slot: `free` counts the slots between `tail` and the last head read, less one, and
 *   no command is fetched unless `room` granted it a slot.
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
  private readonly link: LinkDevice;
  private readonly words: Int32Array;
  private readonly concurrent: boolean;
  private readonly doorbell: number;
  private readonly observer: DoorbellObserver;
  private tail = 0;
  private head = 0;
  private phase = 1;
  private free: number;
  private pending = 0;
  private firstPage: Int32Array;
  private firstAt = 0;
  private firstDw3 = 0;

  constructor(options: CompletionQueueOptions) {
    const { id, entries, pages, link, concurrent, vector, observer } = options;
    this.id = id;
    this.entries = entries;
    this.vector = vector;
    this.pages = pages;
    this.link = link;
    this.words = link.words;
    this.concurrent = concurrent;
    this.doorbell = link.cqDoorbellWord(id);
    this.observer = observer;
    this.free = entries - 1;
    this.firstPage = pages[0]!;
  }

  /** How many of `wanted` completions may be written. The head doorbell is read only when the slots known to be free are too few. */
  room(wanted: number): number {
    if (this.free < wanted) this.readHead();
    return this.free < wanted ? this.free : wanted;
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

  /** Makes the completions written since the last call visible, and sends the queue's message if there are any. */
  publish(): void {
    if (this.pending === 0) return;
    this.pending = 0;
    // C2. On one thread the order of plain stores is enough, and costs a tenth.
    if (this.concurrent) Atomics.store(this.firstPage, this.firstAt, this.firstDw3);
    else this.firstPage[this.firstAt] = this.firstDw3;
    if (this.vector >= 0) this.link.sendMessage(this.vector);
  }

  private readHead(): void {
    const value = this.concurrent ? Atomics.load(this.words, this.doorbell) : this.words[this.doorbell];
    const head = value & VALUE_MASK;
    if (head === this.head) return;
    const consumed = head > this.head ? head - this.head : head + this.entries - this.head;
    const posted = this.entries - 1 - this.free;
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
