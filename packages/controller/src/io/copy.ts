import {
  COPY_CDW12,
  copyRangeBytes,
  SQE_CDW12,
  SQE_NSID,
  SQE_PRP1,
  STATUS_COMMAND_SIZE_LIMIT_EXCEEDED,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { HEALTH_BYTES_WRITTEN, HEALTH_READS, HEALTH_WRITES } from '../health.js';
import { accessRefusal } from './access.js';
import { noteWritten } from './block-state.js';
import { copyFormatRefusal } from './copy-formats.js';
import { CopyPlan, type CopySource } from './copy-plan.js';
import { decodeCopyRanges } from './copy-ranges.js';
import { noteDirective } from './directives.js';
import type { IoContext } from './io-context.js';
import { joinWrite, persistBlocks } from './medium-access.js';
import { checkBlocks } from './protected-blocks.js';

/**
 * Copy: every field and every range is looked at before the first block is written. Then range after range is read as a whole, checked
 * and written. Dword 0 of a failure is the number of the first range that was not copied. [NVM] 3.3.2
 */
export function copy(io: IoContext, command: Command): number {
  const { nsid } = command;
  const refuse = (status: number, errorByte: number): number =>
    io.refuse(status, nsid, errorByte, command.cdw(10), command.cdw(11));
  const destination = io.namespaces.get(nsid);
  if (destination === undefined) return refuse(io.namespaces.refusal(nsid), SQE_NSID);
  const closed = accessRefusal(destination, 'write');
  if (closed !== 0) return refuse(closed, -1);
  const copyFormat = COPY_CDW12.DESFMT.get(command.cdw(12));
  const unsupported = copyFormatRefusal(copyFormat, destination.format, io.features.hostBehavior);
  if (unsupported !== 0) return refuse(unsupported, SQE_CDW12);
  const count0 = COPY_CDW12.NR0.get(command.cdw(12));
  if (count0 > io.limits.msrc0) return refuse(STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | STATUS_DNR, SQE_CDW12);
  const rangeBytes = copyRangeBytes(copyFormat);
  const list = new Uint8Array((count0 + 1) * rangeBytes);
  if (list.length > io.bytesMax) return refuse(STATUS_INVALID_FIELD | STATUS_DNR, SQE_CDW12);
  const unreachable = io.pointers.pointData(command, list.length, false);
  if (unreachable !== 0) return refuse(unreachable, SQE_PRP1);
  io.transfer.gather(list, 0);
  const plan = new CopyPlan(io, command, destination, decodeCopyRanges(list, rangeBytes));
  const refusal = plan.settle();
  return refusal !== 0 ? refusal : execute(io, command, plan);
}

function execute(io: IoContext, command: Command, plan: CopyPlan): number {
  const { destination } = plan;
  let lba = plan.lba;
  for (const [i, source] of plan.sources.entries()) {
    const status = copyRange(io, plan, source, lba, i > 0);
    if (status !== 0) {
      command.result = i;
      return status;
    }
    noteWritten(destination, lba, source.blocks);
    lba += source.blocks;
  }
  noteDirective(command, destination);
  const isKept = io.features.isWriteThrough || COPY_CDW12.FUA.get(command.cdw(12)) !== 0;
  const status = isKept ? persistBlocks(io, destination, plan.lba, plan.blocks) : 0;
  if (status !== 0) return io.refuseBlock(status, destination.nsid, plan.lba);
  io.health.io[HEALTH_READS]++;
  io.health.io[HEALTH_WRITES]++;
  io.health.io[HEALTH_BYTES_WRITTEN] += plan.blocks * destination.blockBytes;
  return 0;
}

/**
 * Reads a source range as a Read does and writes it as a Write does. [NVM] 5.3.2.5
 *
 * @param isMore - whether a range was written before: to a loss of power all are one write, ONCS bit 9
 */
function copyRange(io: IoContext, plan: CopyPlan, source: CopySource, lba: number, isMore: boolean): number {
  const { staging } = io;
  const { destination, protection } = plan;
  const { blocks } = source;
  const loaded = staging.load(io, source.namespace, source.lba, blocks);
  if (loaded !== 0) return io.refuseBlock(loaded, source.namespace.nsid, source.lba);
  const bad = checkBlocks(io, staging, source.protection, source.namespace, source.lba, blocks);
  if (bad !== 0) return bad;
  if (protection?.hasAction === true) {
    staging.reserve(destination.format, blocks);
    protection.insert(staging.data, staging.metadata, blocks);
  } else {
    const wrong = checkBlocks(io, staging, protection, destination, lba, blocks);
    if (wrong !== 0) return wrong;
  }
  if (isMore) joinWrite(destination);
  const stored = staging.store(io, destination, lba, blocks);
  return stored === 0 ? 0 : io.refuseBlock(stored, destination.nsid, lba);
}
