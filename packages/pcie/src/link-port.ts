import { POSTED_WRITES_MAX } from './limits.js';
import {
  IMAGE_WORDS,
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

/**
 * The host's end of a link, access by access and without a wait: for whoever carries the accesses of a host that is elsewhere, another
 * process say, to a controller in this one. A driver of this process has `openLink` instead. Doorbells are words of the link's memory.
 */
export class LinkPort {
  private readonly words: Int32Array;

  /** @param memory - what the device has the other end of */
  constructor(memory: LinkMemory) {
    this.words = memory.words;
  }

  /** Whether the function has left the bus: everything is to be read as all ones, and writes go nowhere. */
  get isGone(): boolean {
    return Atomics.load(this.words, LINK_GONE) !== 0;
  }

  /** Whether the device has carried out every write so far, and {@link LinkPort.read} shows what became of them. */
  get isSettled(): boolean {
    return Atomics.load(this.words, LINK_DRAINED) === Atomics.load(this.words, LINK_POSTED);
  }

  /** The register word at `offset`, a multiple of 4 below 4096, as the device shows it now. Unsigned. */
  read(offset: number): number {
    return Atomics.load(this.words, (offset >>> 2) & (IMAGE_WORDS - 1)) >>> 0;
  }

  /**
   * Posts a register write.
   *
   * @param offset - byte offset in BAR 0
   * @param low - bits 31:0
   * @param high - bits 63:32, 0 for a 32-bit write
   * @param bytes - width of the access, 4 or 8
   * @returns false when the device has not carried out so many writes that there is no room: the write is lost then
   */
  write(offset: number, low: number, high: number, bytes: number): boolean {
    const { words } = this;
    const posted = Atomics.load(words, LINK_POSTED);
    if (((posted - Atomics.load(words, LINK_DRAINED)) | 0) >= POSTED_WRITES_MAX) return false;
    const at = POSTED_BASE + (posted & (POSTED_WRITES_MAX - 1)) * POSTED_WORDS;
    words[at] = offset;
    words[at + 1] = low;
    words[at + 2] = high;
    words[at + 3] = bytes;
    Atomics.store(words, LINK_POSTED, posted + 1);
    return true;
  }

  /** Has a vector's messages reported through `LinkDevice.onMessage` from now on. */
  listen(vector: number): void {
    Atomics.store(this.words, vectorAt(vector) + VECTOR_WAITING, 1);
  }

  /**
   * Masks or unmasks a vector; a message that comes while it is masked is kept as one pending message.
   *
   * @returns whether a pending message is sent now, since the mask has gone: the caller passes it on
   */
  setMasked(vector: number, masked: boolean): boolean {
    return setVectorMask(this.words, vectorAt(vector), masked);
  }

  /** Whether a message waits for the mask to go. */
  isPending(vector: number): boolean {
    return Atomics.load(this.words, vectorAt(vector) + VECTOR_PENDING) !== 0;
  }

  /** Forgets a message that waits for the mask to go: the function was reset. */
  clearPending(vector: number): void {
    Atomics.store(this.words, vectorAt(vector) + VECTOR_PENDING, 0);
  }
}

/**
 * Changes the mask of the vector whose words begin at `at`. [PCIe] A message that was held back is sent when the mask goes.
 *
 * @returns whether there was one; it is counted already
 */
export function setVectorMask(words: Int32Array, at: number, masked: boolean): boolean {
  Atomics.store(words, at + VECTOR_MASKED, masked ? 1 : 0);
  if (masked || Atomics.exchange(words, at + VECTOR_PENDING, 0) === 0) return false;
  Atomics.add(words, at + VECTOR_MESSAGES, 1);
  return true;
}

/** First word of a vector. */
export function vectorAt(vector: number): number {
  return VECTORS_BASE + vector * VECTOR_WORDS;
}
