import { joinU64 } from '@phasebit/core';
import {
  DSM_CDW10,
  DSM_CDW11,
  DSM_RANGE_BYTES,
  DSM_RANGE_LENGTH,
  DSM_RANGE_SLBA,
  DSM_RANGES_MAX,
  SQE_NSID,
  SQE_PRP1,
  STATUS_DNR,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { walkPrps } from '../data-pointer.js';
import type { Namespace } from '../namespace.js';
import type { IoContext } from './io-context.js';

/**
 * Dataset Management. Deallocate is carried out, and only after every range was checked; the other attributes are hints and are
 * accepted. The ranges are copied before they are looked at. [NVM] 3.3.3
 */
export function datasetManagement(io: IoContext, command: Command): number {
  const { nsid, prp1Low, prp1High, prp2Low, prp2High } = command;
  const namespace = io.namespaces.get(nsid);
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
  if (namespace.pathStatus !== 0) return namespace.pathStatus;
  const count = DSM_CDW10.NR0.get(command.cdw(10)) + 1;
  const status = walkPrps(io.transfer, count * DSM_RANGE_BYTES, prp1Low, prp1High, prp2Low, prp2High);
  if (status !== 0) return io.refuse(status, nsid, SQE_PRP1, 0, 0);
  const ranges = new DataView(new ArrayBuffer(DSM_RANGES_MAX * DSM_RANGE_BYTES));
  io.transfer.gather(new Uint8Array(ranges.buffer, 0, count * DSM_RANGE_BYTES), 0);
  for (let i = 0; i < count; i++) {
    const { slba, blocks } = rangeAt(ranges, i);
    if (slba >= 0 && slba + blocks <= namespace.blocks) continue;
    const at = i * DSM_RANGE_BYTES + DSM_RANGE_SLBA;
    return io.refuse(
      STATUS_LBA_OUT_OF_RANGE | STATUS_DNR,
      nsid,
      -1,
      ranges.getUint32(at, true),
      ranges.getUint32(at + 4, true),
    );
  }
  return DSM_CDW11.AD.get(command.cdw(11)) === 0 ? 0 : deallocate(io, namespace, ranges, count);
}

function deallocate(io: IoContext, namespace: Namespace, ranges: DataView, count: number): number {
  const { transfer } = io;
  transfer.count = 0;
  for (let i = 0; i < count; i++) {
    const { slba, blocks } = rangeAt(ranges, i);
    if (blocks === 0) continue;
    transfer.byteOffset = slba * namespace.blockBytes;
    transfer.bytes = blocks * namespace.blockBytes;
    const status = namespace.medium.deallocate(transfer);
    if (status !== 0) return io.refuse(status, namespace.nsid, -1, 0, 0);
  }
  return 0;
}

function rangeAt(ranges: DataView, index: number): { slba: number; blocks: number } {
  const at = index * DSM_RANGE_BYTES;
  return {
    slba: joinU64(ranges.getUint32(at + DSM_RANGE_SLBA, true), ranges.getUint32(at + DSM_RANGE_SLBA + 4, true)),
    blocks: ranges.getUint32(at + DSM_RANGE_LENGTH, true),
  };
}
