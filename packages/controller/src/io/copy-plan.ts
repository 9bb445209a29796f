import { U32_RANGE } from '@phasebit/core';
import {
  COPY_CDW12,
  PRINFO_PRACT,
  SQE_CDW10,
  SQE_CDW12,
  SQE_PRP1,
  STATUS_COMMAND_SIZE_LIMIT_EXCEEDED,
  STATUS_DNR,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_OVERLAPPING_IO_RANGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';
import { accessRefusal } from './access.js';
import { capacityRefusal, readRefusal } from './block-state.js';
import { copyPairRefusal, namesNamespace } from './copy-formats.js';
import type { CopyRange } from './copy-ranges.js';
import { directiveRefusal } from './directives.js';
import type { IoContext } from './io-context.js';
import { refuseProtection } from './protected-blocks.js';
import { Protection, protectionOf } from './protection.js';

const SIZE_LIMIT = STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | STATUS_DNR;
const OUT_OF_RANGE = STATUS_LBA_OUT_OF_RANGE | STATUS_DNR;
const OVERLAP = STATUS_OVERLAPPING_IO_RANGE | STATUS_DNR;

/** Where blocks are copied from. */
export interface CopySource {
  readonly namespace: Namespace;
  readonly lba: number;
  readonly blocks: number;
  /** what is checked when they are read */
  readonly protection: Protection | undefined;
}

/** Looks at everything that can be wrong with a Copy before its data moves. */
export class CopyPlan {
  /** where the blocks come from, in order */
  readonly sources: CopySource[] = [];
  /** first block to write */
  readonly lba: number;
  /** blocks to write */
  readonly blocks: number;
  /** what is checked, or inserted, when they are written */
  readonly protection: Protection | undefined;
  private readonly cdw12: number;

  constructor(
    private readonly io: IoContext,
    private readonly command: Command,
    readonly destination: Namespace,
    private readonly ranges: readonly CopyRange[],
  ) {
    this.lba = command.cdw(11) * U32_RANGE + command.cdw(10);
    this.blocks = ranges.reduce((sum, each) => sum + each.blocks, 0);
    this.protection = protectionOf(command, destination, new Protection());
    this.cdw12 = command.cdw(12);
  }

  /** Fills {@link CopyPlan.sources}. Gives 0 or the status that refuses the command. */
  settle(): number {
    const { io, command, destination, lba, blocks, protection } = this;
    const largest = Math.max(...this.ranges.map((each) => each.blocks));
    if (largest > io.limits.mssrl || blocks > io.limits.mcl) return this.refuse(SIZE_LIMIT, SQE_PRP1);
    if (lba + blocks > destination.blocks) return this.refuse(OUT_OF_RANGE, SQE_CDW10);
    for (const range of this.ranges) {
      const status = this.addSource(range);
      if (status !== 0) return status;
    }
    return (
      directiveRefusal(io, command, destination) ||
      refuseProtection(io, command, protection, lba) ||
      capacityRefusal(io, destination, lba, blocks)
    );
  }

  private addSource(range: CopyRange): number {
    const { io, command, cdw12 } = this;
    const { lba, blocks } = range;
    const isElsewhere = namesNamespace(COPY_CDW12.DESFMT.get(cdw12));
    const namespace = isElsewhere ? io.namespaces.get(range.nsid) : this.destination;
    if (namespace === undefined) return this.refuse(io.namespaces.refusal(range.nsid), SQE_PRP1);
    const closed = accessRefusal(namespace, 'read');
    if (closed !== 0) return this.refuseRange(closed, range);
    const strips = (COPY_CDW12.PRINFOR.get(cdw12) & PRINFO_PRACT) !== 0;
    const inserts = (COPY_CDW12.PRINFOW.get(cdw12) & PRINFO_PRACT) !== 0;
    const mismatch = copyPairRefusal(namespace, this.destination, strips, inserts);
    if (mismatch !== 0) return this.refuse(mismatch, SQE_CDW12);
    if (lba + blocks > namespace.blocks) return this.refuseRange(OUT_OF_RANGE, range);
    if (isElsewhere && this.overlaps(namespace, range)) return this.refuseRange(OVERLAP, range);
    const protection = this.protectionOfRange(namespace, range);
    this.sources.push({ namespace, lba, blocks, protection });
    return refuseProtection(io, command, protection, lba) || readRefusal(io, namespace, lba, blocks);
  }

  private overlaps(namespace: Namespace, range: CopyRange): boolean {
    const end = this.lba + this.blocks;
    return namespace === this.destination && range.lba < end && this.lba < range.lba + range.blocks;
  }

  private protectionOfRange({ protection }: Namespace, range: CopyRange): Protection | undefined {
    if (protection === undefined) return undefined;
    const checksStorageTag = COPY_CDW12.STCR.get(this.cdw12) !== 0;
    const made = new Protection().begin(protection, COPY_CDW12.PRINFOR.get(this.cdw12), checksStorageTag);
    made.tags.load(range.cdw2, range.cdw3, range.cdw14, range.cdw15);
    return made;
  }

  private refuse(status: number, errorByte: number): number {
    const { command } = this;
    return this.io.refuse(status, command.nsid, errorByte, command.cdw(10), command.cdw(11));
  }

  private refuseRange(status: number, { lbaLow, lbaHigh }: CopyRange): number {
    return this.io.refuse(status, this.command.nsid, -1, lbaLow, lbaHigh);
  }
}
