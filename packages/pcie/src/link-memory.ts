import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import { MSIX_VECTORS_MAX, POSTED_WRITES_MAX } from './limits.js';

/**
 * The memory between a host and a modelled function, on one thread or two. All words of 32 bits, in one buffer:
 *
 * ```text
 *   0      register image     written by the device, read by the host           [0, 1024)
 *   1024   control lines      one writer per 64-byte line: see LINK_*
 *          posted writes      ring of {offset, low, high, bytes}, written by the host
 *          vectors            per vector {messages, masked, pending}
 *          doorbells          one per 64-byte line when DSTRD is 4, written by the host
 * ```
 *
 * No line is written by both sides, since a line that two cores write costs a hand-over for each write.
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
/** Words of one vector: messages sent, masked, pending. A line each. */
export const VECTOR_WORDS = 16;

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
}

/** Makes the memory of one link. @throws RangeError naming the option that is out of range */
export function createLinkMemory(options: LinkMemoryOptions): LinkMemory {
  const { queues, dstrd = 4, shared = false } = options;
  const vectors = options.vectors ?? Math.min(queues, MSIX_VECTORS_MAX);
  checkRange('queues', queues, 2, 65_536);
  checkRange('vectors', vectors, 1, MSIX_VECTORS_MAX);
  checkRange('dstrd', dstrd, 0, 15);
  const bytes = 4 * (doorbellsBase(vectors) + queues * 2 * doorbellWords(dstrd));
  const buffer = shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  return { words: new Int32Array(buffer), dstrd, queues, vectors };
}

/** First word of the doorbells: submission tail of queue 0, completion head of queue 0, submission tail of queue 1 ... */
export function doorbellsBase(vectors: number): number {
  return VECTORS_BASE + vectors * VECTOR_WORDS;
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
