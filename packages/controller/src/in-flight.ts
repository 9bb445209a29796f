import { assert, type Clock, FreeList } from '@phasebit/core';
import {
  SQE_CDW0_CID_SHIFT,
  SQE_CDW0_OPC_MASK,
  STATUS_ABORT_REQUESTED,
  STATUS_ABORTED_SQ_DELETION,
} from '@phasebit/nvme-spec';
import type { CompletionQueue } from './completion-queue.js';
import type { SubmissionQueue } from './submission-queue.js';

const CID_SHIFT = SQE_CDW0_CID_SHIFT;
const OPCODE_MASK = SQE_CDW0_OPC_MASK;
/** Index of {@link InFlight.times}: when the command being executed is done, 0 for at once. */
const DUE = 0;
/** Index of {@link InFlight.times}: commands parked so far. */
const ORDER = 1;
/** Index of {@link InFlight.times}: what is due until then completes. */
const UNTIL = 2;
/** Places in the table that I/O commands leave to admin commands. */
const ADMIN_SPARE = 16;
/** Due before every time that a clock shows. */
const AT_ONCE = -1;

/**
 * The commands that were executed and whose completions are not written yet: those that take time, those that somebody else completes,
 * and those that a fault keeps back.
 *
 * A table of fixed size, and over it a binary heap of slots, first due on top. Commands that are due at the same time complete in the
 * order in which they were parked.
 *
 * Invariants:
 * - F1 Each command in the table holds a reserved slot of its completion queue, so it can always be completed.
 * - F2 A command leaves the table before its submission queue does, so a queue that was created again under the same identifier never
 *   gets the completion of a command of the old one.
 * - F3 `places[heap[i]] === i` for every `i` below `count`, and no command in the heap is due before the one above it.
 *
 * Hot path: allocates only in the constructor.
 */
export class InFlight {
  /** Commands in the table. A field, since every turn looks at it. */
  count = 0;
  private readonly slots: FreeList;
  private readonly queues: (SubmissionQueue | undefined)[] = [];
  private readonly cids: Uint16Array;
  private readonly opcodes: Uint8Array;
  private readonly nsids: Uint32Array;
  private readonly statuses: Uint16Array;
  private readonly results: Int32Array;
  private readonly duplicates: Uint8Array;
  /** how many later commands of the queue complete before this one does, 0 for a command that is not held */
  private readonly later: Int32Array;
  private readonly due: Float64Array;
  private readonly orders: Float64Array;
  private readonly heap: Int32Array;
  private readonly places: Int32Array;
  // Numbers past 2^31 in a plain field are boxed by V8, one garbage object per store; those of a Float64Array are not.
  private readonly times = new Float64Array(3);
  private held = 0;

  /**
   * @param clock - what due times are times of
   * @param commands - most I/O commands in flight, 2 or more, since a fused pair is parked together
   */
  constructor(
    readonly clock: Clock,
    commands: number,
  ) {
    assert(commands >= 2, 'a fused pair fits into the table');
    const capacity = commands + ADMIN_SPARE;
    this.slots = new FreeList(capacity);
    for (let i = 0; i < capacity; i++) this.queues.push(undefined);
    this.cids = new Uint16Array(capacity);
    this.opcodes = new Uint8Array(capacity);
    this.nsids = new Uint32Array(capacity);
    this.statuses = new Uint16Array(capacity);
    this.results = new Int32Array(capacity);
    this.duplicates = new Uint8Array(capacity);
    this.later = new Int32Array(capacity);
    this.due = new Float64Array(capacity);
    this.orders = new Float64Array(capacity);
    this.heap = new Int32Array(capacity);
    this.places = new Int32Array(capacity);
  }

  /** How many more I/O commands fit. No more are fetched in one turn, since each may stay. */
  get free(): number {
    const free = this.slots.available - ADMIN_SPARE;
    return free > 0 ? free : 0;
  }

  /** Whether an admin command fits: however many I/O commands are in flight, an Abort still gets through. */
  get hasAdminRoom(): boolean {
    return this.slots.available > 0;
  }

  /** When the next command is due, by the clock; Infinity when none is. */
  get nextDueNs(): number {
    return this.count === 0 ? Infinity : this.due[this.heap[0]];
  }

  /** When the command being executed is done, nanoseconds by the clock; 0 for at once. */
  get dueNs(): number {
    return this.times[DUE];
  }

  /** Says that the command being executed is not done before `dueNs`, nanoseconds by the clock. */
  completeAt(dueNs: number): void {
    if (dueNs > this.times[DUE]) this.times[DUE] = dueNs;
  }

  /** A command begins: until somebody says otherwise it is done at once, or not before `dueNs`. */
  begin(dueNs: number): void {
    this.times[DUE] = dueNs;
  }

  /**
   * Keeps the command that was executed until its due time, and its slot in the completion queue, which was granted, until then. The due
   * time stays for the second command of a fused pair; {@link InFlight.begin} ends it.
   *
   * @param cdw0 - its dword 0, for opcode and command identifier
   * @param nsid - its namespace identifier
   * @param status - 15-bit status it will complete with
   * @param result - dword 0 of its completion
   * @returns its slot in the table
   */
  park(queue: SubmissionQueue, cdw0: number, nsid: number, status: number, result: number): number {
    const slot = this.slots.take();
    assert(slot >= 0, 'no command is fetched that does not fit into the table');
    queue.completionQueue.reserve();
    this.queues[slot] = queue;
    this.cids[slot] = cdw0 >>> CID_SHIFT;
    this.opcodes[slot] = cdw0 & OPCODE_MASK;
    this.nsids[slot] = nsid;
    this.statuses[slot] = status;
    this.results[slot] = result;
    this.duplicates[slot] = 0;
    this.later[slot] = 0;
    this.due[slot] = this.times[DUE];
    this.orders[slot] = this.times[ORDER]++;
    this.place(slot, this.count++);
    this.rise(slot);
    return slot;
  }

  /** A parked command completes twice, if there is a free slot for the second completion then. */
  duplicate(slot: number): void {
    this.duplicates[slot] = 1;
  }

  /** A parked command completes as soon as `commands` later ones of its queue have, or at its due time if that comes first. */
  hold(slot: number, commands: number): void {
    this.later[slot] = commands;
    this.held++;
  }

  /** A command of a queue that was never parked has completed: those held until then complete now. The caller publishes. */
  countCompletion(queue: SubmissionQueue): void {
    if (this.held > 0) this.countLater(queue, Infinity);
  }

  /** Completes the commands that are due. @returns completions written */
  deliver(): number {
    // Commands that nobody but somebody else completes need no look at the clock, which costs as much as a command.
    if (this.count === 0 || this.due[this.heap[0]] === Infinity) return 0;
    this.times[UNTIL] = this.clock.nowNs();
    return this.completeDue();
  }

  /**
   * Completes a parked command now, whenever it was due.
   *
   * @param status - 15-bit status
   * @param result - dword 0 of the completion
   * @returns false when the queue has no such command in flight
   */
  finish(queue: SubmissionQueue, cid: number, status: number, result: number): boolean {
    const slot = this.find(queue, cid);
    if (slot < 0) return false;
    this.settle(slot, status);
    this.results[slot] = result;
    this.complete(slot);
    queue.completionQueue.publish();
    return true;
  }

  /** Completes a parked command as aborted. @returns false when the queue has no such command in flight */
  abort(queue: SubmissionQueue, cid: number): boolean {
    return this.finish(queue, cid, STATUS_ABORT_REQUESTED, 0);
  }

  /** Completes every parked command of a queue that is being deleted, in the order of their submission. [Base] 3.3.1.3 */
  abortQueue(queue: SubmissionQueue): void {
    for (let i = 0; i < this.count; i++) {
      const slot = this.heap[i];
      if (this.queues[slot] !== queue) continue;
      this.settle(slot, STATUS_ABORTED_SQ_DELETION);
      this.hasten(slot);
    }
    this.completeAtOnce();
  }

  /** Completes every parked I/O command to a namespace, in the order of their submission. @param status - 15-bit status */
  abortNamespace(nsid: number, status: number): void {
    for (let i = 0; i < this.count; i++) {
      const slot = this.heap[i];
      if (this.nsids[slot] !== nsid || this.queues[slot]!.id === 0) continue;
      this.settle(slot, status);
      this.hasten(slot);
    }
    this.completeAtOnce();
  }

  /** Whether a command of that queue and identifier is in flight. */
  holds(queue: SubmissionQueue, cid: number): boolean {
    return this.find(queue, cid) >= 0;
  }

  /** How many commands of that queue and opcode are in flight. */
  countOf(queue: SubmissionQueue, opcode: number): number {
    let count = 0;
    for (let i = 0; i < this.count; i++) {
      const slot = this.heap[i];
      if (this.queues[slot] === queue && this.opcodes[slot] === opcode) count++;
    }
    return count;
  }

  /** Forgets every command without a completion, as a controller reset does. The queues are gone too. */
  clear(): void {
    for (let i = 0; i < this.count; i++) {
      this.queues[this.heap[i]] = undefined;
      this.slots.give(this.heap[i]);
    }
    this.count = 0;
    this.held = 0;
    this.times[DUE] = 0;
  }

  private completeAtOnce(): void {
    this.times[UNTIL] = AT_ONCE;
    this.completeDue();
  }

  private completeDue(): number {
    // Completing one may make others due at once, which then are completed in there.
    const untilNs = this.times[UNTIL];
    let done = 0;
    let last: CompletionQueue | undefined;
    while (this.count > 0 && this.due[this.heap[0]] <= untilNs) {
      const slot = this.heap[0];
      const completions: CompletionQueue = this.queues[slot]!.completionQueue;
      if (last !== undefined && last !== completions) last.publish();
      last = completions;
      this.complete(slot);
      done++;
    }
    if (last !== undefined) last.publish();
    return done;
  }

  /** Writes the completion of a command and takes it out of the table. */
  private complete(slot: number): void {
    const queue = this.queues[slot]!;
    const completions = queue.completionQueue;
    const dw2 = (queue.id << 16) | queue.head;
    this.remove(slot);
    completions.postReserved(this.results[slot], dw2, this.cids[slot], this.statuses[slot]);
    if (this.statuses[slot] !== 0) completions.hurry();
    if (this.duplicates[slot] !== 0 && completions.room(1) === 1) {
      completions.post(this.results[slot], dw2, this.cids[slot], this.statuses[slot]);
    }
    if (this.held > 0) this.countLater(queue, this.orders[slot]);
  }

  /** A command of a queue completed, the one that was parked as number `order`: held ones that came before it count it. */
  private countLater(queue: SubmissionQueue, order: number): void {
    let ready = 0;
    // A slot that rises changes places only with slots that were looked at.
    for (let i = 0; i < this.count; i++) {
      const slot = this.heap[i];
      if (this.later[slot] === 0 || this.queues[slot] !== queue || this.orders[slot] > order) continue;
      if (this.later[slot] === 1) {
        this.hasten(slot);
        ready++;
      } else {
        this.later[slot]--;
      }
    }
    if (ready > 0) this.completeAtOnce();
  }

  /** What the command would have completed with does not matter any more, nor that it would have done so twice. */
  private settle(slot: number, status: number): void {
    this.statuses[slot] = status;
    this.results[slot] = 0;
    this.duplicates[slot] = 0;
  }

  private find(queue: SubmissionQueue, cid: number): number {
    for (let i = 0; i < this.count; i++) {
      const slot = this.heap[i];
      if (this.cids[slot] === cid && this.queues[slot] === queue) return slot;
    }
    return -1;
  }

  /** Makes a command the next to complete, behind others of that kind. */
  private hasten(slot: number): void {
    if (this.later[slot] !== 0) {
      this.later[slot] = 0;
      this.held--;
    }
    this.due[slot] = AT_ONCE;
    this.rise(slot);
  }

  private remove(slot: number): void {
    const at = this.places[slot];
    const moved = this.heap[--this.count];
    if (moved !== slot) {
      this.place(moved, at);
      this.rise(moved);
      this.sink(moved);
    }
    if (this.later[slot] !== 0) this.held--;
    this.later[slot] = 0;
    this.queues[slot] = undefined;
    this.slots.give(slot);
  }

  private rise(slot: number): void {
    let at = this.places[slot];
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.heap[parent];
      if (!this.isBefore(slot, above)) break;
      this.place(above, at);
      at = parent;
    }
    this.place(slot, at);
  }

  private sink(slot: number): void {
    let at = this.places[slot];
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.count) break;
      if (child + 1 < this.count && this.isBefore(this.heap[child + 1], this.heap[child])) child++;
      const below = this.heap[child];
      if (!this.isBefore(below, slot)) break;
      this.place(below, at);
      at = child;
    }
    this.place(slot, at);
  }

  private isBefore(a: number, b: number): boolean {
    return this.due[a] < this.due[b] || (this.due[a] === this.due[b] && this.orders[a] < this.orders[b]);
  }

  private place(slot: number, at: number): void {
    this.heap[at] = slot;
    this.places[slot] = at;
  }
}
