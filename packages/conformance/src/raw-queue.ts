import type { PcieFunction } from '@phasebit/pcie';
import { encodeRawCommand, type RawCommand } from './raw-command.js';
import { decodeRawCompletion, type RawCompletion } from './raw-completion.js';

/** A completion ring as the specification draws it, one entry at a time. [Base] 3.3.1.2 */
export class RawCompletionQueue {
  /** next entry to look at */
  head = 0;
  /** phase tag of a new entry; starts at 1 and inverts with each pass */
  phase = 1;
  private readonly words: Uint32Array;

  constructor(
    private readonly fn: PcieFunction,
    /** queue identifier */
    readonly id: number,
    /** slots of the ring */
    readonly entries: number,
    /** host address of the ring, zeroed */
    readonly address: number,
  ) {
    this.words = fn.dma.words(address, entries * 4);
  }

  /** Takes the next completion, if there is one, and leaves the doorbell alone. */
  take(): RawCompletion | undefined {
    const at = this.head * 4;
    const dw3 = Atomics.load(this.words, at + 3);
    if (((dw3 >>> 16) & 1) !== this.phase) return undefined;
    const completion = decodeRawCompletion(this.words, at);
    this.head++;
    if (this.head === this.entries) {
      this.head = 0;
      this.phase ^= 1;
    }
    return completion;
  }

  /** Writes the head doorbell. */
  ring(head: number = this.head): void {
    this.fn.doorbells.ringCq(this.id, head);
  }
}

/** A submission ring as the specification draws it. [Base] 3.3.1.1 */
export class RawSubmissionQueue {
  /** where the next command goes */
  tail = 0;
  private nextCid = 0;
  private readonly words: Uint32Array;

  constructor(
    private readonly fn: PcieFunction,
    /** queue identifier */
    readonly id: number,
    /** slots of the ring */
    readonly entries: number,
    /** host address of the ring, zeroed */
    readonly address: number,
    /** where its commands complete */
    readonly completions: RawCompletionQueue,
  ) {
    this.words = fn.dma.words(address, entries * 16);
  }

  /** Puts a command into the ring without telling the controller, and gives its command identifier. */
  push(command: RawCommand): number {
    const cid = command.cid ?? this.nextCid++ & 0x7fff;
    const words = encodeRawCommand(command, cid);
    for (let i = 0; i < 16; i++) this.words[this.tail * 16 + i] = words[i];
    this.tail = this.tail + 1 === this.entries ? 0 : this.tail + 1;
    return cid;
  }

  /** Writes the tail doorbell. */
  ring(tail: number = this.tail): void {
    this.fn.doorbells.ringSq(this.id, tail);
  }
}

/** Makes both rings in zeroed memory that is contiguous on the bus; the controller does not know them yet. */
export function makeRawQueues(fn: PcieFunction, allocate: RingAllocator, shape: RawQueueShape): RawSubmissionQueue {
  const { id, entries, completionEntries = entries, completionId = id } = shape;
  const completions = new RawCompletionQueue(fn, completionId, completionEntries, allocate(completionEntries * 16));
  return new RawSubmissionQueue(fn, id, entries, allocate(entries * 64), completions);
}

/** Gives zeroed memory that is contiguous on the bus, as a host address. */
export type RingAllocator = (bytes: number) => number;

/** Identifiers and sizes of a pair of rings. */
export interface RawQueueShape {
  /** submission queue identifier */
  readonly id: number;
  /** slots of the submission ring */
  readonly entries: number;
  /** slots of the completion ring; default as many */
  readonly completionEntries?: number;
  /** completion queue identifier; default the same */
  readonly completionId?: number;
}
