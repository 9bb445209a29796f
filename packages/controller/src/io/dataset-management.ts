import { U32_RANGE } from '@phasebit/core';
import {
  DSM_CDW10,
  DSM_CDW11,
  DSM_RANGE_BYTES,
  DSM_RANGE_LENGTH,
  DSM_RANGE_SLBA,
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
import type { IoContext } from './io-context.js';

/** A range as the host gave it. */
interface Range {
  readonly slbaLow: number;
  readonly slbaHigh: number;
  /** the two halves as one; from 2^53 on it loses its low bits, and is past the end of every namespace */
  readonly slba: number;
  readonly blocks: number;
}

/**
 * Dataset Management. Deallocate is carried out, and only after every range was checked; the other attributes are hints and are
 * accepted. The ranges are copied before they are looked at. [NVM] 3.3.3
 */
export function datasetManagement(io: IoContext, command: Command): number {
  const { nsid } = command;
  const namespace = io.namespaces.get(nsid);
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
  const isDeallocate = DSM_CDW11.AD.get(command.cdw(11)) !== 0;
  const closed = accessRefusal(namespace, isDeallocate ? 'write' : 'advise');
  if (closed !== 0) return io.refuse(closed, nsid, -1, 0, 0);
  const count = DSM_CDW10.NR0.get(command.cdw(10)) + 1;
  const status = io.pointers.pointData(command, count * DSM_RANGE_BYTES, false);
  if (status !== 0) return io.refuse(status, nsid, SQE_PRP1, 0, 0);
  const ranges = fetchRanges(io, count);
  const refusal = refuseRanges(io, namespace, ranges);
  if (refusal !== 0 || !isDeallocate) return refusal;
  return deallocate(io, namespace, ranges);
}

function fetchRanges(io: IoContext, count: number): Range[] {
  const bytes = new Uint8Array(count * DSM_RANGE_BYTES);
  io.transfer.gather(bytes, 0);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: count }, (_, i) => {
    const at = i * DSM_RANGE_BYTES;
    const slbaLow = view.getUint32(at + DSM_RANGE_SLBA, true);
    const slbaHigh = view.getUint32(at + DSM_RANGE_SLBA + 4, true);
    const blocks = view.getUint32(at + DSM_RANGE_LENGTH, true);
    return { slbaLow, slbaHigh, slba: slbaHigh * U32_RANGE + slbaLow, blocks };
  });
}

/** [NVM] 3.3.3.1 */
function refuseRanges(io: IoContext, namespace: Namespace, ranges: readonly Range[]): number {
  const { nsid } = namespace;
  for (const { slbaLow, slbaHigh, slba, blocks } of ranges) {
    if (slba + blocks <= namespace.blocks) continue;
    return io.refuse(STATUS_LBA_OUT_OF_RANGE | STATUS_DNR, nsid, -1, slbaLow, slbaHigh);
  }
  const { dmrl, dmrsl, dmsl } = io.limits;
  const largest = Math.max(...ranges.map((each) => each.blocks));
  const total = ranges.reduce((sum, each) => sum + each.blocks, 0);
  if (dmrl === 0 || (ranges.length <= dmrl && largest <= dmrsl && total <= dmsl)) return 0;
  return io.refuse(STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | STATUS_DNR, nsid, SQE_CDW10, 0, 0);
}

function deallocate(io: IoContext, namespace: Namespace, ranges: readonly Range[]): number {
  for (const { slba, blocks } of ranges) {
    if (blocks === 0) continue;
    const status = deallocateBlocks(io, namespace, slba, blocks);
    if (status !== 0) return io.refuseBlock(status, namespace.nsid, slba);
  }
  return 0;
}
