import {
  FEATURE_ERROR_RECOVERY_VALUE,
  STATUS_CAPACITY_EXCEEDED,
  STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK,
  STATUS_DNR,
  STATUS_UNRECOVERED_READ_ERROR,
} from '@phasebit/nvme-spec';
import type { Namespace } from '../namespace.js';
import { SPECIAL_COUNTED, SPECIAL_MARKED } from '../namespace-special.js';
import type { IoContext } from './io-context.js';

/** Why the blocks of a namespace have to be looked at one by one. */
const LOOKED_AT = SPECIAL_COUNTED | SPECIAL_MARKED;

// What is exported has a short way out for namespaces of which every block is like any other: short enough for V8 to inline it, so that a
// block number past 2^31 is not boxed for the call.

/**
 * Why a range cannot be read: a block is marked as unreadable, or it is not allocated and the host wants to hear of that. Gives 0 or the
 * status, and notes the first such block. [NVM] 3.3.3.2.1, 3.3.7
 */
export function readRefusal(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  return (namespace.special & LOOKED_AT) === 0 ? 0 : findUnreadable(io, namespace, lba, blocks);
}

function findUnreadable(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  const { special, allocated } = namespace;
  if ((special & SPECIAL_MARKED) !== 0) {
    const bad = allocated.marks.uncorrectable.find(lba, blocks, true);
    if (bad >= 0) return io.refuseBlock(STATUS_UNRECOVERED_READ_ERROR | STATUS_DNR, namespace.nsid, bad);
  }
  if ((special & SPECIAL_COUNTED) === 0) return 0;
  if (FEATURE_ERROR_RECOVERY_VALUE.DULBE.get(namespace.errorRecovery) === 0) return 0;
  const unwritten = allocated.marks.allocated.find(lba, blocks, false);
  if (unwritten < 0) return 0;
  return io.refuseBlock(STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK | STATUS_DNR, namespace.nsid, unwritten);
}

/** Why a range cannot be allocated: more blocks than the capacity would be in use. Gives 0 or the status. [NVM] 2.1.1 */
export function capacityRefusal(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  return (namespace.special & SPECIAL_COUNTED) === 0 ? 0 : countCapacity(io, namespace, lba, blocks);
}

function countCapacity(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  const { marks, capacityBlocks } = namespace.allocated;
  const more = blocks - marks.allocated.countIn(lba, blocks);
  if (marks.allocated.count + more <= capacityBlocks) return 0;
  return io.refuseBlock(STATUS_CAPACITY_EXCEEDED | STATUS_DNR, namespace.nsid, lba);
}

/** A range was written: it is allocated, and can be read again. */
export function noteWritten(namespace: Namespace, lba: number, blocks: number): void {
  if ((namespace.special & LOOKED_AT) !== 0) markWritten(namespace, lba, blocks);
}

function markWritten(namespace: Namespace, lba: number, blocks: number): void {
  if ((namespace.special & SPECIAL_COUNTED) !== 0) namespace.allocated.marks.allocated.add(lba, blocks);
  unmark(namespace, lba, blocks);
}

/** A range was given up: it is not allocated any more, and reads as such. */
export function noteDeallocated(namespace: Namespace, lba: number, blocks: number): void {
  if ((namespace.special & LOOKED_AT) === 0) return;
  namespace.allocated.marks.allocated.remove(lba, blocks);
  unmark(namespace, lba, blocks);
}

/** A range is unreadable from now on, until it is written or given up. */
export function markUncorrectable(namespace: Namespace, lba: number, blocks: number): void {
  const { allocated } = namespace;
  if ((namespace.special & SPECIAL_COUNTED) !== 0) allocated.marks.allocated.add(lba, blocks);
  allocated.marks.uncorrectable.add(lba, blocks);
  allocated.setSpecial(SPECIAL_MARKED, true);
}

function unmark(namespace: Namespace, lba: number, blocks: number): void {
  const { uncorrectable } = namespace.allocated.marks;
  uncorrectable.remove(lba, blocks);
  if (uncorrectable.count === 0) namespace.allocated.setSpecial(SPECIAL_MARKED, false);
}
