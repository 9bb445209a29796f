import {
  DSM_CDW10,
  DSM_CDW11,
  DSM_RANGE_BYTES,
  SQE_CDW10,
  SQE_NSID,
  SQE_PRP1,
  STATUS_COMMAND_SIZE_LIMIT_EXCEEDED,
  STATUS_DNR,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';
import { accessRefusal } from './access.js';
import { deallocateBlocks } from './block-erasure.js';
import { DatasetRanges } from './dataset-ranges.js';
import type { IoContext, IoHandler } from './io-context.js';

/**
 * Makes the handler of Dataset Management. Deallocate is carried out, and only after every range was checked; the other attributes are
 * hints and are accepted. The ranges are copied before they are looked at. [NVM] 3.3.3
 */
export function createDatasetManagement(): IoHandler {
  const ranges = new DatasetRanges();

  return (io: IoContext, command: Command): number => {
    const { nsid } = command;
    const namespace = io.namespaces.get(nsid);
    if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
    const isDeallocate = DSM_CDW11.AD.get(command.cdw(11)) !== 0;
    const closed = accessRefusal(namespace, isDeallocate ? 'write' : 'advise');
    if (closed !== 0) return io.refuse(closed, nsid, -1, 0, 0);
    const count = DSM_CDW10.NR0.get(command.cdw(10)) + 1;
    const status = io.pointers.pointData(command, count * DSM_RANGE_BYTES, false);
    if (status !== 0) return io.refuse(status, nsid, SQE_PRP1, 0, 0);
    ranges.fetch(io.transfer, count);
    const refusal = refuseRanges(io, namespace, ranges);
    if (refusal !== 0 || !isDeallocate) return refusal;
    return deallocate(io, namespace, ranges);
  };
}

/** [NVM] 3.3.3.1 */
function refuseRanges(io: IoContext, namespace: Namespace, ranges: DatasetRanges): number {
  const { nsid } = namespace;
  let largest = 0;
  let total = 0;
  for (let i = 0; i < ranges.count; i++) {
    const blocks = ranges.blocks(i);
    if (ranges.slba(i) + blocks > namespace.blocks) {
      return io.refuse(STATUS_LBA_OUT_OF_RANGE | STATUS_DNR, nsid, -1, ranges.slbaLow(i), ranges.slbaHigh(i));
    }
    largest = Math.max(largest, blocks);
    total += blocks;
  }
  const { dmrl, dmrsl, dmsl } = io.limits;
  if (dmrl === 0 || (ranges.count <= dmrl && largest <= dmrsl && total <= dmsl)) return 0;
  return io.refuse(STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | STATUS_DNR, nsid, SQE_CDW10, 0, 0);
}

function deallocate(io: IoContext, namespace: Namespace, ranges: DatasetRanges): number {
  for (let i = 0; i < ranges.count; i++) {
    const blocks = ranges.blocks(i);
    if (blocks === 0) continue;
    const slba = ranges.slba(i);
    const status = deallocateBlocks(io, namespace, slba, blocks);
    if (status !== 0) return io.refuseBlock(status, namespace.nsid, slba);
  }
  return 0;
}
