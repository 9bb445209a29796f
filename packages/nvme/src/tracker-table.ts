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
 *   0   TRACKER_CID       the command identifier in flight; while free or marked it has a flag above its 16 bits
 *   1   TRACKER_REQUEST   the request in flight
 *   2   TRACKER_TICK      coarse time of submission, in the owner's ticks
 *   3   TRACKER_ORDER     in flight: how many commands were put into the ring before, modulo 2^32; free: the next free tracker
 * ```
 */
export const TRACKER_SHIFT = 2;
/** See {@link TRACKER_SHIFT}. */
export const TRACKER_REQUEST = 1;
/** See {@link TRACKER_SHIFT}. */
export const TRACKER_TICK = 2;
/** See {@link TRACKER_SHIFT}. */
export const TRACKER_ORDER = 3;

/** Of a tracker that is free, and of one that is marked. A completion is compared without its bit 16, so neither ever equals one. */
const FREE_FLAG = 0x1_0000;
const MARK_FLAG = 0x3_0000;
const FLAGS = 0x3_0000;
const CID_MASK = 0xffff;
const NONE = -1;
const SHIFT = TRACKER_SHIFT;
const NEXT = TRACKER_ORDER;
/** More than there can be trackers: taken off what is available while nobody may take one without a second look. */
const HOLD = 0x10_0000;

/**
 * One tracker per command that may be in flight, found by the command identifier:
 *
 * ```text
 *   CID  15        slotBits  slotBits-1        0
 *        [  generation     ][      slot        ]
 * ```
 *
 * The generation goes up each time the slot is taken, so that a completion that comes late or twice names a command which is no
 * longer there. The device's identifier is therefore checked by one comparison, and the status with it: dword 3 of a completion without its
 * phase tag equals the identifier only when the status is 0. A tracker that is marked never equals it, so that its completion is looked at.
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
  /** trackers that are free; fewer than none while {@link TrackerTable.hold} is in force, so that one comparison tells both */
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

  /**
   * Whether a completion names a command in flight that is not marked, and reports success. Any value may come.
   *
   * @param dw3 - dword 3 of the completion with the phase tag cleared: for status 0 it is the command identifier
   */
  isPlainSuccess(dw3: number): boolean {
    const slot = dw3 & this.slotMask;
    return slot < this.count && this.records[slot << SHIFT] === dw3;
  }

  /** Whether a command identifier from the device names a command in flight. Any 16-bit value may come. */
  isInFlight(cid: number): boolean {
    const slot = cid & this.slotMask;
    return slot < this.count && this.cidIn(slot) === cid;
  }

  /** Whether a command identifier that names nothing in flight named the command that was in its slot before: a late or repeated completion. */
  isLate(cid: number): boolean {
    const slot = cid & this.slotMask;
    if (slot >= this.count) return false;
    const word = this.records[slot << SHIFT];
    const last = word & CID_MASK;
    return last === cid || ((last - this.generationStep) & CID_MASK) === cid;
  }

  /** Makes the completion of a command in flight one that is looked at, whatever its status. */
  mark(cid: number): void {
    this.records[(cid & this.slotMask) << SHIFT] = cid | MARK_FLAG;
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
    return (word & FLAGS) === FREE_FLAG ? NONE : word & CID_MASK;
  }

  /** How many trackers are free, held or not. */
  get free(): number {
    return this.isHeld ? this.available + HOLD : this.available;
  }

  /** Whether nobody may take a tracker without a second look. */
  get isHeld(): boolean {
    return this.available < 0;
  }

  /** Makes `available` negative or a count again. */
  hold(isHeld: boolean): void {
    if (isHeld !== this.isHeld) this.available += isHeld ? -HOLD : HOLD;
  }

  /** Writes the identifier that each slot had last, so that another table can go on with the generations. None is in flight. */
  saveGenerations(cids: Int32Array): void {
    assert(
      cids.length === this.count && this.free === this.count,
      'generations are saved of a table with nothing in flight',
    );
    for (let slot = 0; slot < this.count; slot++) cids[slot] = this.records[slot << SHIFT] & CID_MASK;
  }

  /** Goes on with the generations of a table of the same size. */
  restoreGenerations(cids: Int32Array): void {
    assert(
      cids.length === this.count && this.free === this.count,
      'generations are restored to an idle table of the same size',
    );
    for (let slot = 0; slot < this.count; slot++) {
      const isOfSlot = (cids[slot] & this.slotMask) === slot;
      assert(isOfSlot, 'a command identifier names the slot that it was used in');
      this.records[slot << SHIFT] = cids[slot] | FREE_FLAG;
    }
  }
}
