import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import { CONTROLLER_MEMORY_BYTES_MAX, MSIX_VECTORS_MAX, PAGE_BYTES, POSTED_WRITES_MAX } from './limits.js';

/**
 * The memory between a host and a modelled function, on one thread or two. All words of 32 bits, in one buffer:
 *
 * ```text
 *   0      register image     written by the device, read by the host           [0, 1024)
 *   1024   control lines      one writer per 64-byte line: see LINK_*
 *          posted writes      ring of {offset, low, high, bytes}, written by the host
 *          vectors            per vector {messages, masked, pending, waiting}
 *          doorbells          one per 64-byte line when DSTRD is 4, written by the host
 * ```
 *
 * No line is written by both sides, since a line that two cores write costs a hand-over for each write; but for what is rare: the mask and
 * the waits of a vector, and the doorbell of a queue that falls asleep or goes.
 */
export interface LinkMemory {
  /** all of it, in the order that the figure shows */
  readonly words: Int32Array;
  /** CAP.DSTRD: a doorbell takes `4 << dstrd` bytes */
  readonly dstrd: number;
  /** queue identifiers that have doorbells, the admin queue's included */
  readonly queues: number;
  /** MSI-X vectors */
  readonly vectors: number;
  /**
   * the doorbells, where they have memory of their own instead of the end of `words`: a whole number of pages that another process can be
   * given without giving it the rest. Queue 0's begin at word 0
   */
  readonly doorbells?: Int32Array;
  /** whether the host runs at the same time even though `words` is not shared between threads: it is another process, say. Default false */
  readonly isConcurrent?: boolean;
  /** BAR 2: memory of the controller's own, its Controller Memory Buffer; absent for none */
  readonly cmb?: ArrayBufferLike;
  /** BAR 4: memory of the controller's own that outlives its resets, its Persistent Memory Region; absent for none */
  readonly pmr?: ArrayBufferLike;
}

/** Words of the register image: BAR 0 up to the doorbells. */
export const IMAGE_WORDS: number = DOORBELL_BASE / 4;

/** Posted writes made, counted modulo 2^32. Written by the host. */
export const LINK_POSTED: number = IMAGE_WORDS;
/** Posted writes carried out, counted modulo 2^32. Written by the device after the image shows their effect. */
export const LINK_DRAINED: number = IMAGE_WORDS + 16;
/** 0 while the function answers, 1 once it is gone from the bus. Written by the device. */
export const LINK_GONE: number = IMAGE_WORDS + 17;

/** First word of the posted-write ring. */
export const POSTED_BASE: number = IMAGE_WORDS + 32;
/** Words of one posted write: offset, low half, high half, width in bytes. */
export const POSTED_WORDS = 4;

/** First word of the vectors. */
export const VECTORS_BASE: number = POSTED_BASE + POSTED_WRITES_MAX * POSTED_WORDS;
/** Words of one vector, a line each: {@link VECTOR_MESSAGES} and the three after it. */
export const VECTOR_WORDS = 16;
/** Word of a vector: messages sent, counted modulo 2^32. Written by the device, and by the host when it takes a mask away. */
export const VECTOR_MESSAGES = 0;
/** Word of a vector: 1 while it is masked. Written by the host. */
export const VECTOR_MASKED = 1;
/** Word of a vector: 1 while a message waits for the mask to go. */
export const VECTOR_PENDING = 2;
/** Word of a vector: how many of the host's waits sleep on its messages. Written by the host. */
export const VECTOR_WAITING = 3;

/** What {@link createLinkMemory} takes. */
export interface LinkMemoryOptions {
  /** queue identifiers with doorbells, the admin queue's included: 2 to 65,536 */
  readonly queues: number;
  /** MSI-X vectors, 1 to 2,048; default as many as queues */
  readonly vectors?: number;
  /** CAP.DSTRD, 0 to 15; default 4, a doorbell per 64-byte line */
  readonly dstrd?: number;
  /** whether the device runs on another thread */
  readonly shared?: boolean;
  /** bytes of the Controller Memory Buffer, a multiple of 4096 up to 1 GiB; default 0, none */
  readonly cmbBytes?: number;
  /** bytes of the Persistent Memory Region, a multiple of 4096 up to 1 GiB; default 0, none */
  readonly pmrBytes?: number;
}

/** Makes the memory of one link. @throws RangeError naming the option that is out of range */
export function createLinkMemory(options: LinkMemoryOptions): LinkMemory {
  const { queues, dstrd = 4, shared = false, cmbBytes = 0, pmrBytes = 0 } = options;
  const vectors = options.vectors ?? Math.min(queues, MSIX_VECTORS_MAX);
  checkRange('queues', queues, 2, 65_536);
  checkRange('vectors', vectors, 1, MSIX_VECTORS_MAX);
  checkRange('dstrd', dstrd, 0, 15);
  checkPages('cmbBytes', cmbBytes);
  checkPages('pmrBytes', pmrBytes);
  const make = (bytes: number): ArrayBufferLike => (shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  return {
    words: new Int32Array(make(4 * (doorbellsBase(vectors) + queues * 2 * doorbellWords(dstrd)))),
    dstrd,
    queues,
    vectors,
    ...(cmbBytes === 0 ? {} : { cmb: make(cmbBytes) }),
    ...(pmrBytes === 0 ? {} : { pmr: make(pmrBytes) }),
  };
}

/** First word of the doorbells: submission tail of queue 0, completion head of queue 0, submission tail of queue 1 ... */
export function doorbellsBase(vectors: number): number {
  return VECTORS_BASE + vectors * VECTOR_WORDS;
}

/** The array that the doorbells are in, and its word that queue 0's begin at. */
export function doorbellsOf(memory: LinkMemory): { words: Int32Array; base: number } {
  if (memory.doorbells !== undefined) return { words: memory.doorbells, base: 0 };
  return { words: memory.words, base: doorbellsBase(memory.vectors) };
}

/** Bytes that the doorbells of so many queue identifiers take, the admin queue's included. */
export function doorbellsBytes(queues: number, dstrd: number): number {
  return queues * 2 * 4 * doorbellWords(dstrd);
}

/** 32-bit words from one doorbell to the next. */
export function doorbellWords(dstrd: number): number {
  return 1 << dstrd;
}

function checkRange(name: string, value: number, from: number, to: number): void {
  if (!(Number.isInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected ${from} to ${to}, got ${value}`);
  }
}

function checkPages(name: string, bytes: number): void {
  if (!(Number.isInteger(bytes) && bytes >= 0 && bytes <= CONTROLLER_MEMORY_BYTES_MAX && bytes % PAGE_BYTES === 0)) {
    throw new RangeError(
      `${name}: expected a multiple of ${PAGE_BYTES} up to ${CONTROLLER_MEMORY_BYTES_MAX}, got ${bytes}`,
    );
  }
}
