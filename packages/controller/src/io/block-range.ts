import { U32_RANGE } from '@phasebit/core';
import {
  RW_CDW12_NLB0_MASK,
  SQE_CDW10,
  SQE_CDW12,
  SQE_NSID,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';
import { type Access, accessRefusal } from './access.js';
import type { IoContext } from './io-context.js';

/** The range of blocks a command names, checked. */
export interface BlockRange {
  /** 0, or the status that refuses the command; then the rest means nothing */
  readonly status: number;
  readonly namespace: Namespace;
  /** first logical block */
  readonly lba: number;
  /** logical blocks */
  readonly blocks: number;
  /** first byte of data on the medium */
  readonly byteOffset: number;
  /** bytes of data on the medium */
  readonly bytes: number;
}

/**
 * Namespace, SLBA and NLB of commands off the hottest path, in the places where all of them have them. [NVM] 3.3
 *
 * @param access - what the command does to the namespace
 * @param bytesMax - most bytes of data that the command may name
 */
export function blockRange(io: IoContext, command: Command, access: Access, bytesMax: number): BlockRange {
  const { nsid } = command;
  const lbaLow = command.cdw(10);
  const lbaHigh = command.cdw(11);
  const namespace = io.namespaces.get(nsid);
  if (namespace === undefined) return refused(io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0));
  const closed = accessRefusal(namespace, access);
  if (closed !== 0) return refused(io.refuse(closed, nsid, -1, lbaLow, lbaHigh));
  const blocks = (command.cdw(12) & RW_CDW12_NLB0_MASK) + 1;
  if (blocks * namespace.blockBytes > bytesMax) {
    return refused(io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, nsid, SQE_CDW12, lbaLow, lbaHigh));
  }
  const lba = lbaHigh * U32_RANGE + lbaLow;
  if (lba + blocks > namespace.blocks) {
    return refused(io.refuse(STATUS_LBA_OUT_OF_RANGE | STATUS_DNR, nsid, SQE_CDW10, lbaLow, lbaHigh));
  }
  return {
    status: 0,
    namespace,
    lba,
    blocks,
    byteOffset: lba * namespace.blockBytes,
    bytes: blocks * namespace.blockBytes,
  };
}

function refused(status: number): BlockRange {
  return { status, namespace: undefined as never, lba: 0, blocks: 0, byteOffset: 0, bytes: 0 };
}
