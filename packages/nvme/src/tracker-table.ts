/**
 * Hot path: allocates only in the constructor.
 */
import { assert } from '@phasebit/core';
import { type CompletionCallback, noCallback } from './completion.js';
import { TRACKERS_MAX } from './limits.js';

/**
 * A tracker is a record of four words in one array, for the reason that `request-pool.ts` gives.
 *
 * ```text
 *   0   TRACKER_CID       the command identifier in flight; while free, the last one, with a flag above its 16 bits
 *   1   TRACKER_REQUEST   the request in flight
 *   2   TRACKER_TICK      coarse time of submission, in the owner's ticks
 *   3   TRACKER_NEXT      next free tracker, while free
 * ```
 */
export const TRACKER_SHIFT = 2;
/** See {@link TRACKER_SHIFT}. */
export const TRACKER_REQUEST = 1;
/** See {@link TRACKER_SHIFT}. */
export const TRACKER_TICK = 2;
const TRACKER_NEXT = 3;

const FREE_FLAG = 0x1_0000;
const CID_MASK = 0xffff;
const NONE = -1;
const SHIFT = TRACKER_SHIFT;
const NEXT = TRACKER_NEXT;

/**
 * One tracker per command that may be in flight, found by the command identifier:
 *
 * ```text
 *   CID  15        slotBits  slotBits-1        0
 *        [  generation     ][      slot        ]
 * ```
 *
 * The generation goes up each time the slot is taken, so that a completion that comes late or twice names a command which is no
 * longer there. The device's identifier is therefore checked by one comparison.
 * All-ones is never made: a slot is at most `2^slotBits - 2`. [Base] 4.1.2 reserves FFFFh for the error log.
 */
export class TrackerTable {
  /** number of trackers */
  readonly count: number;
  /** mask of the slot in a command identifier */
  readonly slotMask: number;
  /** the records, see {@link TRACKER_SHIFT} */
  readonly records: Int32Array;
  /** the caller's callback, copied here so that a completion need not load the request */
  readonly callbacks: CompletionCallback[];
  /** the caller's context, beside it */
  readonly contexts: unknown[];
  /** trackers that are free */
  available: number;
  private readonly generationStep: number;
  private firstFree = 0;

  /** @param count - number of trackers, 1 to 32,767 */
  constructor(count: number) {
    assert(count >= 1 && count <= TRACKERS_MAX, 'a queue pair has 1 to 32,767 trackers');
    const slotBits = 32 - Math.clz32(count);
    this.count = count;
    this.slotMask = (1 << slotBits) - 1;
    this.generationStep = 1 << slotBits;
    this.records = new Int32Array(count << SHIFT);
    this.callbacks = new Array<CompletionCallback>(count).fill(noCallback);
    this.contexts = new Array<unknown>(count).fill(undefined);
    this.available = count;
    for (let slot = 0; slot < count; slot++) {
      this.records[slot << SHIFT] = slot | FREE_FLAG;
      this.records[(slot << SHIFT) | NEXT] = slot + 1 === count ? NONE : slot + 1;
    }
  }

  /** Takes the tracker that was freed last and gives its command identifier; the slot is `cid & slotMask`. There is one. */
  take(): number {
    const { records } = this;
    const at = this.firstFree << SHIFT;
    const cid = (records[at] + this.generationStep) & CID_MASK;
    this.firstFree = records[at | NEXT]!;
    this.available--;
    records[at] = cid;
    return cid;
  }

  /** Whether a command identifier from the device names a command in flight. Any 16-bit value may come. */
  isInFlight(cid: number): boolean {
    const slot = cid & this.slotMask;
    return slot < this.count && this.records[slot << SHIFT] === cid;
  }

  /** Frees the tracker of a command in flight. */
  give(cid: number): void {
    const slot = cid & this.slotMask;
    const at = slot << SHIFT;
    this.records[at] = cid | FREE_FLAG;
    this.records[at | NEXT] = this.firstFree;
    this.firstFree = slot;
    this.available++;
  }

  /** The command identifier in flight in a slot, or -1. For walking all of them. */
  cidIn(slot: number): number {
    const word = this.records[slot << SHIFT];
    return word > CID_MASK ? -1 : word;
  }
}
