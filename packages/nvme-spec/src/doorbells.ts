/**
 * Doorbells: one 32-bit register per queue, after the controller properties. [PCIe] 3.1.2
 *
 *   0x1000 + (2y + 0) * (4 << CAP.DSTRD)   SQyTDBL, submission queue y tail
 *   0x1000 + (2y + 1) * (4 << CAP.DSTRD)   CQyHDBL, completion queue y head
 */

/** Byte offset of the first doorbell, the admin submission queue's tail. */
export const DOORBELL_BASE = 0x1000;
/** Bytes of a doorbell register; the distance between two of them is `4 << CAP.DSTRD`. */
export const DOORBELL_BYTES = 4;
/** Bits of a doorbell that hold the tail or head; the rest is reserved. */
export const DOORBELL_VALUE_MASK = 0xffff;
/** The largest CAP.DSTRD. */
export const DOORBELL_STRIDE_MAX = 15;
/** The largest queue identifier; 0 is the admin queue. */
export const QUEUE_ID_MAX = 0xffff;

/**
 * Byte offset of a doorbell from the start of the register window.
 * @throws RangeError for a queue identifier outside 0..65535 or a stride outside 0..15.
 */
export function doorbellOffset(queueId: number, isCompletion: boolean, dstrd: number): number {
  if (!(Number.isInteger(queueId) && queueId >= 0 && queueId <= QUEUE_ID_MAX)) {
    throw new RangeError(`queue identifier 0..${QUEUE_ID_MAX}, got ${queueId}`);
  }
  if (!(Number.isInteger(dstrd) && dstrd >= 0 && dstrd <= DOORBELL_STRIDE_MAX)) {
    throw new RangeError(`CAP.DSTRD 0..${DOORBELL_STRIDE_MAX}, got ${dstrd}`);
  }
  return DOORBELL_BASE + (2 * queueId + (isCompletion ? 1 : 0)) * (DOORBELL_BYTES * 2 ** dstrd);
}

/**
 * Byte offset of a queue's entry in the shadow doorbell page, and in the EventIdx page, of Doorbell Buffer Config: the
 * doorbells' own spacing, from zero. [Base] 5.2.5
 * @throws RangeError for a queue identifier outside 0..65535 or a stride outside 0..15.
 */
export function shadowDoorbellOffset(queueId: number, isCompletion: boolean, dstrd: number): number {
  return doorbellOffset(queueId, isCompletion, dstrd) - DOORBELL_BASE;
}
