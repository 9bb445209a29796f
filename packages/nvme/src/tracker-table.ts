import { assert, FreeList } from '@phasebit/core';
import { type CompletionCallback, noCallback } from './completion.js';
import { TRACKERS_MAX } from './limits.js';

/** Set in a tracker's word while it is free, above the 16 bits of a command identifier. */
const FREE_FLAG = 0x1_0000;
const CID_MASK = 0xffff;

/**
 * One tracker per command that may be in flight, found by the command identifier:
 *
 * ```text
 *   CID  15        slotBits  slotBits-1        0
 *        [  generation     ][      slot        ]
 * ```
 *
 * The generation goes up each time the slot is taken, so that a completion that comes late or twice names a command which is no
 * longer there. The device's identifier is therefore checked by one comparison: `word[slot] === cid`.
 * All-ones is never made: a slot is at most `2^slotBits - 2`. [Base] reserves FFFFh in the error log.
 *
 * Hot path: allocates only in the constructor.
 */
export class TrackerTable {
  /** number of trackers */
  readonly count: number;
  /** mask of the slot in a command identifier */
  readonly slotMask: number;
  /** the command identifier in flight, or the last one with a flag above bit 15 while free */
  readonly words: Int32Array;
  /** the caller's callback, copied here so that a completion need not load the request */
  readonly callbacks: CompletionCallback[];
  /** the caller's context, beside it */
  readonly contexts: unknown[];
  /** the request in flight */
  readonly requests: Int32Array;
  /** coarse time of submission, in the owner's ticks */
  readonly ticks: Int32Array;
  private readonly generationStep: number;
  private readonly free: FreeList;

  /** @param count - number of trackers, 1 to 32,767 */
  constructor(count: number) {
    assert(count >= 1 && count <= TRACKERS_MAX, 'a queue pair has 1 to 32,767 trackers');
    const slotBits = 32 - Math.clz32(count);
    this.count = count;
    this.slotMask = (1 << slotBits) - 1;
    this.generationStep = 1 << slotBits;
    this.words = new Int32Array(count);
    for (let slot = 0; slot < count; slot++) this.words[slot] = slot | FREE_FLAG;
    this.callbacks = new Array<CompletionCallback>(count).fill(noCallback);
    this.contexts = new Array<unknown>(count).fill(undefined);
    this.requests = new Int32Array(count);
    this.ticks = new Int32Array(count);
    this.free = new FreeList(count);
  }

  /** Trackers that are free. */
  get available(): number {
    return this.free.available;
  }

  /** Takes a tracker that is known to be there and gives its command identifier; the slot is `cid & slotMask`. */
  take(): number {
    const slot = this.free.take();
    const cid = (this.words[slot]! + this.generationStep) & CID_MASK;
    this.words[slot] = cid;
    return cid;
  }

  /** Whether a command identifier from the device names a command in flight. Any 16-bit value may come. */
  isInFlight(cid: number): boolean {
    const slot = cid & this.slotMask;
    return slot < this.count && this.words[slot] === cid;
  }

  /** Frees the tracker of a command in flight. */
  give(cid: number): void {
    const slot = cid & this.slotMask;
    this.words[slot] = cid | FREE_FLAG;
    this.free.give(slot);
  }
}
