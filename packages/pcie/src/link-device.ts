import { POSTED_WRITES_MAX } from './limits.js';
import {
  doorbellsOf,
  doorbellWords,
  LINK_DRAINED,
  LINK_GONE,
  LINK_POSTED,
  type LinkMemory,
  POSTED_BASE,
  POSTED_WORDS,
  VECTOR_MASKED,
  VECTOR_MESSAGES,
  VECTOR_PENDING,
  VECTOR_WAITING,
  VECTOR_WORDS,
  VECTORS_BASE,
} from './link-memory.js';

/** Who carries out register writes on the device's side. */
export interface RegisterTarget {
  /**
   * A posted write arrived.
   *
   * @param offset - byte offset in BAR 0, as the host gave it
   * @param low - bits 31:0
   * @param high - bits 63:32, 0 for a 32-bit write
   * @param bytes - width of the access, 4 or 8
   */
  writeRegister(offset: number, low: number, high: number, bytes: number): void;
}

/**
 * A value that no host writes into a doorbell, since bits 31:16 are reserved. A device that wants to see the next write whatever its
 * value, stores it before it sleeps: a repeated value is then a change too.
 */
export const DOORBELL_UNWRITTEN = 0x2a5a_0000;

/**
 * The device's end of a link: takes posted writes, shows register values, reads doorbells, sends messages.
 * Everything the host wrote is looked at with suspicion; nothing here throws on it.
 */
export class LinkDevice {
  /** the link's memory */
  readonly words: Int32Array;
  /** what the doorbells are in, which may be the same: see {@link LinkDevice.sqDoorbellWord} */
  readonly doorbells: Int32Array;
  /** whether the host may run while the device does, on another thread or in another process */
  readonly isConcurrent: boolean;
  /** queue identifiers that have doorbells */
  readonly queues: number;
  /** MSI-X vectors */
  readonly vectors: number;
  /** CAP.DSTRD */
  readonly dstrd: number;
  /** the Controller Memory Buffer, if the function has one */
  readonly cmb: ArrayBufferLike | undefined;
  /** the Persistent Memory Region, if the function has one */
  readonly pmr: ArrayBufferLike | undefined;
  /**
   * Who is told of messages instead of those who sleep in this process; called inside {@link LinkDevice.sendMessage}, for vectors that
   * somebody waits for only: see `LinkPort.listen`. Default nobody.
   */
  onMessage: ((vector: number) => void) | undefined = undefined;
  private readonly doorbellBase: number;
  private drained = 0;

  /** @param memory - what the host opened the other end of */
  constructor(memory: LinkMemory) {
    this.words = memory.words;
    this.queues = memory.queues;
    this.vectors = memory.vectors;
    this.dstrd = memory.dstrd;
    this.cmb = memory.cmb;
    this.pmr = memory.pmr;
    const { words, base } = doorbellsOf(memory);
    this.doorbells = words;
    this.doorbellBase = base;
    this.isConcurrent = memory.isConcurrent === true || isShared(memory.words.buffer);
  }

  /** Carries out the posted writes that have arrived, in order; gives how many there were. */
  drain(target: RegisterTarget): number {
    const words = this.words;
    const first = this.drained;
    // A plain load first: whether anything has come can be learnt a turn late, and an atomic one costs 11 ns (Node 20) at every turn.
    if (words[LINK_POSTED] === first) return 0;
    const posted = Atomics.load(words, LINK_POSTED);
    while (this.drained !== posted) {
      const at = POSTED_BASE + (this.drained & (POSTED_WRITES_MAX - 1)) * POSTED_WORDS;
      // Counted first: a target that throws is not given the same write again.
      this.drained = (this.drained + 1) | 0;
      target.writeRegister(words[at], words[at + 1] >>> 0, words[at + 2] >>> 0, words[at + 3]);
    }
    Atomics.store(words, LINK_DRAINED, posted);
    return (posted - first) | 0;
  }

  /** Shows a 32-bit register value to the host. */
  show(offset: number, value: number): void {
    Atomics.store(this.words, offset >>> 2, value);
  }

  /** Leaves the bus: every register reads as all ones from now on. */
  vanish(): void {
    Atomics.store(this.words, LINK_GONE, 1);
  }

  /** Index in {@link LinkDevice.doorbells} of the tail doorbell of submission queue `qid`. */
  sqDoorbellWord(qid: number): number {
    return this.doorbellBase + qid * 2 * doorbellWords(this.dstrd);
  }

  /** Index in {@link LinkDevice.doorbells} of the head doorbell of completion queue `qid`. */
  cqDoorbellWord(qid: number): number {
    return this.doorbellBase + (qid * 2 + 1) * doorbellWords(this.dstrd);
  }

  /**
   * Sends the message of a vector, or keeps it pending while the vector is masked. Whoever sleeps on the vector is woken.
   *
   * @param vector - below {@link LinkDevice.vectors}
   */
  sendMessage(vector: number): void {
    const at = VECTORS_BASE + vector * VECTOR_WORDS;
    const words = this.words;
    if (Atomics.load(words, at + VECTOR_MASKED) !== 0) {
      Atomics.store(words, at + VECTOR_PENDING, 1);
      // The host may have taken the mask away between the two and found nothing pending: whoever takes the pending message away sends it.
      if (Atomics.load(words, at + VECTOR_MASKED) !== 0) return;
      if (Atomics.exchange(words, at + VECTOR_PENDING, 0) === 0) return;
    }
    Atomics.add(words, at + VECTOR_MESSAGES, 1);
    // Looked at after the message is there: a host that says so later finds the message before it sleeps.
    if (Atomics.load(words, at + VECTOR_WAITING) === 0) return;
    if (this.onMessage === undefined) Atomics.notify(words, at + VECTOR_MESSAGES);
    else this.onMessage(vector);
  }
}

/** Not every browser has the class: only pages that are isolated do. */
function isShared(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
}
