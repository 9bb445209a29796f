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

/** The range of blocks that a command names, checked. Made once and used again for every command. */
export class BlockRange {
  /** logical blocks */
  blocks = 0;
  private owner: Namespace | undefined = undefined;
  // Numbers past 2^31 in a plain field are boxed by V8, one garbage object per store; those of a Float64Array are not.
  private readonly first = new Float64Array(1);

  /** what the blocks are in */
  get namespace(): Namespace {
    return this.owner!;
  }

  /** first logical block */
  get lba(): number {
    return this.first[0];
  }

  /** bytes of data on the medium */
  get bytes(): number {
    return this.blocks * this.owner!.blockBytes;
  }

  /**
   * Takes namespace, SLBA and NLB of commands off the hottest path, in the places where all of them have them. Gives 0 or the status that
   * refuses the command; then the fields mean nothing. [NVM] 3.3
   *
   * @param access - what the command does to the namespace
   * @param bytesMax - most bytes of data that the command may name
   */
  take(io: IoContext, command: Command, access: Access, bytesMax: number): number {
    const { nsid } = command;
    const lbaLow = command.cdw(10);
    const lbaHigh = command.cdw(11);
    const namespace = io.namespaces.get(nsid);
    if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
    const closed = accessRefusal(namespace, access);
    if (closed !== 0) return io.refuse(closed, nsid, -1, lbaLow, lbaHigh);
    const blocks = (command.cdw(12) & RW_CDW12_NLB0_MASK) + 1;
    if (blocks * namespace.blockBytes > bytesMax) {
      return io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, nsid, SQE_CDW12, lbaLow, lbaHigh);
    }
    const lba = lbaHigh * U32_RANGE + lbaLow;
    if (lba + blocks > namespace.blocks) {
      return io.refuse(STATUS_LBA_OUT_OF_RANGE | STATUS_DNR, nsid, SQE_CDW10, lbaLow, lbaHigh);
    }
    this.owner = namespace;
    this.first[0] = lba;
    this.blocks = blocks;
    return 0;
  }
}
