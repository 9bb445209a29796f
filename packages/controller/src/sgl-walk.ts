import {
  SGL_DESCRIPTOR_BYTES,
  SGL_ID_BIT_BUCKET,
  SGL_ID_DATA_BLOCK,
  SGL_ID_LAST_SEGMENT,
  SGL_ID_SEGMENT,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_DNR,
  STATUS_INVALID_SGL_DESCRIPTOR_COUNT,
  STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR,
  STATUS_SGL_DESCRIPTOR_TYPE_INVALID,
} from '@phasebit/nvme-spec';
import { PAGE_BYTES, PAGE_MASK } from '@phasebit/pcie';
import { NO_PAGE, type Transfer } from './transfer.js';

/**
 * Descriptors of one list at most that describe no data: pointers to segments and blocks of length 0. Each of the others describes at
 * least one byte, so the walk of a list that loops ends.
 */
export const SGL_IDLE_DESCRIPTORS_MAX = 1024;

const BAD_SEGMENT = STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR | STATUS_DNR;
const BAD_COUNT = STATUS_INVALID_SGL_DESCRIPTOR_COUNT | STATUS_DNR;
const BAD_TYPE = STATUS_SGL_DESCRIPTOR_TYPE_INVALID | STATUS_DNR;
const UNMAPPED = STATUS_DATA_TRANSFER_ERROR;
const HIGH_MAX = 0xffff_ffff;
const HIGH_WEIGHT = 0x1_0000_0000;
/** A segment begins at a multiple of 8. */
const QWORD_MASK = 7;

/** Which way the data of a list goes, and what a list of the wrong length fails with. */
export interface SglUse {
  /** whether the list describes where data goes to: then bit buckets count, otherwise they are nothing */
  readonly isDestination: boolean;
  /** status of a list that is too long, too short or past the end of the address space */
  readonly badLength: number;
}

/**
 * Walks scatter gather lists into the pieces of a transfer. The whole list is checked before any data moves, each descriptor is read
 * once, and byte addresses and lengths of any alignment are taken. [Base] 4.3.2
 *
 * Allocates only in the constructor, and when a list has more pieces than any before it.
 */
export class SglWalk {
  /** the descriptor that was read last, four words */
  private readonly descriptor = new Uint32Array(SGL_DESCRIPTOR_BYTES / 4);
  private left = 0;
  private idle = 0;

  /**
   * Walks the list that begins with a descriptor, given as its four words, and gives 0 or the status to fail the command with. Words are
   * 32-bit integers of either sign.
   *
   * @param bytes - length of the data; the list has to be exactly as long
   * @param identifierWord - the last word, whose highest byte is the identifier
   */
  walk(
    transfer: Transfer,
    bytes: number,
    addressLow: number,
    addressHigh: number,
    length: number,
    identifierWord: number,
    use: SglUse,
  ): number {
    this.descriptor[0] = addressLow;
    this.descriptor[1] = addressHigh;
    this.descriptor[2] = length;
    this.descriptor[3] = identifierWord;
    return this.follow(transfer, bytes, use);
  }

  /**
   * Walks the list whose first descriptor lies in host memory.
   *
   * @param low - address of the descriptor, a multiple of 8; halves are 32-bit integers of either sign
   */
  walkFrom(transfer: Transfer, bytes: number, low: number, high: number, use: SglUse): number {
    if ((low & QWORD_MASK) !== 0) return BAD_SEGMENT;
    return this.read(transfer, low, high) ? this.follow(transfer, bytes, use) : UNMAPPED;
  }

  /** Walks the list that begins with the descriptor read last. */
  private follow(transfer: Transfer, bytes: number, use: SglUse): number {
    transfer.count = 0;
    transfer.isDirect = true;
    this.left = bytes;
    this.idle = 0;
    let identifier = this.descriptor[3] >>> 24;
    while (isSegment(identifier)) {
      const status = this.walkSegment(transfer, identifier === SGL_ID_LAST_SEGMENT, use);
      if (status !== 0) return status;
      identifier = this.descriptor[3] >>> 24;
      // A segment that ends without a pointer is the last one, whatever the descriptor that led to it was.
      if (!isSegment(identifier)) return this.left === 0 ? 0 : use.badLength;
    }
    const status = this.addBlock(transfer, use);
    if (status !== 0) return status;
    return this.left === 0 ? 0 : use.badLength;
  }

  /** Walks the segment that the descriptor read last points to. */
  private walkSegment(transfer: Transfer, isLast: boolean, use: SglUse): number {
    let low = this.descriptor[0] | 0;
    let high = this.descriptor[1] | 0;
    const length = this.descriptor[2];
    if (length === 0 || length % SGL_DESCRIPTOR_BYTES !== 0 || (low & QWORD_MASK) !== 0) return BAD_SEGMENT;
    if (isPastEnd(low, high, length)) return use.badLength;
    if (++this.idle > SGL_IDLE_DESCRIPTORS_MAX) return BAD_COUNT;
    for (let rest = length; rest > 0; rest -= SGL_DESCRIPTOR_BYTES) {
      if (!this.read(transfer, low, high)) return UNMAPPED;
      if (isSegment(this.descriptor[3] >>> 24)) {
        if (rest > SGL_DESCRIPTOR_BYTES) return BAD_COUNT;
        return isLast ? BAD_SEGMENT : 0;
      }
      const status = this.addBlock(transfer, use);
      if (status !== 0) return status;
      const next = (low + SGL_DESCRIPTOR_BYTES) | 0;
      if (isCarry(low, next)) high = (high + 1) | 0;
      low = next;
    }
    return 0;
  }

  /** Adds what the descriptor read last describes: a block of data, or a bucket. */
  private addBlock(transfer: Transfer, use: SglUse): number {
    const { descriptor } = this;
    const identifier = descriptor[3] >>> 24;
    const length = descriptor[2];
    if (identifier !== SGL_ID_DATA_BLOCK && identifier !== SGL_ID_BIT_BUCKET) return BAD_TYPE;
    const isBucket = identifier === SGL_ID_BIT_BUCKET;
    if (length === 0 || (isBucket && !use.isDestination)) {
      return ++this.idle > SGL_IDLE_DESCRIPTORS_MAX ? BAD_COUNT : 0;
    }
    if (length > this.left) return use.badLength;
    this.left -= length;
    if (isBucket) {
      transfer.add(NO_PAGE, 0, length);
      return 0;
    }
    const low = descriptor[0] | 0;
    const high = descriptor[1] | 0;
    if (isPastEnd(low, high, length)) return use.badLength;
    return addSpan(transfer, low, high, length);
  }

  /** Reads the descriptor at an address. It may lie across two pages. @returns false when nothing is mapped there */
  private read(transfer: Transfer, low: number, high: number): boolean {
    const { dma } = transfer;
    const first = dma.pageAt(low, high >>> 0);
    // An address that is a multiple of 8 leaves room for the first half in its page.
    const middle = (low + 8) | 0;
    const nextHigh = isCarry(low, middle) ? high + 1 : high;
    const second = (middle & PAGE_MASK) !== 0 ? first : dma.pageAt(middle, nextHigh >>> 0);
    if (first < 0 || second < 0) return false;
    const { descriptor } = this;
    const at = (low & PAGE_MASK) >>> 2;
    const then = (middle & PAGE_MASK) >>> 2;
    descriptor[0] = dma.wordsOf(first)[at]!;
    descriptor[1] = dma.wordsOf(first)[at + 1]!;
    descriptor[2] = dma.wordsOf(second)[then]!;
    descriptor[3] = dma.wordsOf(second)[then + 1]!;
    return true;
  }
}

/**
 * Adds bytes that lie behind each other on the bus to a transfer, a piece for each page. Gives 0 or the status of an address where
 * nothing is mapped. The caller knows that the bytes do not pass the end of the address space. Halves of the address are 32-bit integers of
 * either sign.
 */
export function addSpan(transfer: Transfer, addressLow: number, addressHigh: number, bytes: number): number {
  let low = addressLow | 0;
  let high = addressHigh | 0;
  for (let left = bytes; left > 0;) {
    const offset = low & PAGE_MASK;
    const room = PAGE_BYTES - offset;
    const part = left < room ? left : room;
    const page = transfer.dma.pageAt(low, high >>> 0);
    if (page < 0) return UNMAPPED;
    transfer.add(page, offset, part);
    left -= part;
    const next = (low + part) | 0;
    if (isCarry(low, next)) high = (high + 1) | 0;
    low = next;
  }
  return 0;
}

/** Whether so many bytes from an address on pass the end of the address space; they may end there. */
export function isPastEnd(low: number, high: number, bytes: number): boolean {
  return high >>> 0 === HIGH_MAX && (low >>> 0) + bytes > HIGH_WEIGHT;
}

/** Whether the low half of an address has become smaller by an addition, so that the high half is one more. */
function isCarry(low: number, next: number): boolean {
  return next >>> 0 < low >>> 0;
}

function isSegment(identifier: number): boolean {
  return identifier === SGL_ID_SEGMENT || identifier === SGL_ID_LAST_SEGMENT;
}
