import { U32_RANGE } from '@phasebit/core';
import {
  NVM_READ,
  RW_CDW12_FUA,
  RW_CDW12_NLB0_MASK,
  SQE_CDW10,
  SQE_CDW11,
  SQE_CDW12,
  SQE_NSID,
  SQE_PRP1,
  SQE_PRP2,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { walkPrps } from '../data-pointer.js';
import type { IoContext } from './io-context.js';

// V8 folds constants of its own module only (Node 20), so the imported ones are bound here once. W_*: index of a dword.
const HIGH_WEIGHT = U32_RANGE;
const READ = NVM_READ;
const NLB0_MASK = RW_CDW12_NLB0_MASK;
const FUA = RW_CDW12_FUA;
const W_NSID = SQE_NSID / 4;
const W_PRP1 = SQE_PRP1 / 4;
const W_PRP1_HIGH = W_PRP1 + 1;
const W_PRP2 = SQE_PRP2 / 4;
const W_PRP2_HIGH = W_PRP2 + 1;
const W_SLBA_LOW = SQE_CDW10 / 4;
const W_SLBA_HIGH = SQE_CDW11 / 4;
const W_CDW12 = SQE_CDW12 / 4;
const TOO_LARGE = STATUS_INVALID_FIELD | STATUS_DNR;
const OUT_OF_RANGE = STATUS_LBA_OUT_OF_RANGE | STATUS_DNR;

/**
 * Executes a Read or Write of a namespace and gives its status. [NVM] 3.3.4, 3.3.6
 *
 * The hottest function of the package: every dword is read once, since the entry may lie in host memory; it allocates nothing.
 * An SLBA of 2^53 or more loses its low bits in `lba`, and is still past the end of every namespace.
 *
 * @param words - the entry's dwords from `at` on
 * @param opcode - NVM_READ or NVM_WRITE
 */
export function readOrWrite(io: IoContext, words: Int32Array, at: number, opcode: number): number {
  const slots = io.slots;
  const nsid = words[at | W_NSID];
  const namespace = nsid > 0 && nsid < slots.length ? slots[nsid] : undefined;
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid >>> 0), nsid >>> 0, SQE_NSID, 0, 0);
  if (namespace.pathStatus !== 0) return namespace.pathStatus;

  const lbaLow = words[at | W_SLBA_LOW];
  const lbaHigh = words[at | W_SLBA_HIGH];
  const cdw12 = words[at | W_CDW12];
  const blocks = (cdw12 & NLB0_MASK) + 1;
  const bytes = blocks * namespace.blockBytes;
  if (bytes > io.bytesMax) return refuseAt(io, TOO_LARGE, nsid, SQE_CDW12, lbaLow, lbaHigh);
  const lba = lbaHigh === 0 && lbaLow >= 0 ? lbaLow : (lbaHigh >>> 0) * HIGH_WEIGHT + (lbaLow >>> 0);
  if (lba + blocks > namespace.blocks) return refuseAt(io, OUT_OF_RANGE, nsid, SQE_CDW10, lbaLow, lbaHigh);

  const transfer = io.transfer;
  const prp1 = words[at | W_PRP1];
  const prp1High = words[at | W_PRP1_HIGH];
  let status = walkPrps(transfer, bytes, prp1, prp1High, words[at | W_PRP2], words[at | W_PRP2_HIGH]);
  if (status !== 0) return refuseAt(io, status, nsid, SQE_PRP1, lbaLow, lbaHigh);
  transfer.byteOffset = lba * namespace.blockBytes;
  transfer.bytes = bytes;

  const medium = namespace.medium;
  if (opcode === READ) {
    status = medium.read(transfer);
    if (status !== 0) return refuseAt(io, status, nsid, -1, lbaLow, lbaHigh);
    io.reads++;
    io.readBytes += bytes;
    return 0;
  }
  status = medium.write(transfer);
  if (status === 0 && ((cdw12 & FUA) !== 0 || io.features.isWriteThrough)) status = medium.flush();
  if (status !== 0) return refuseAt(io, status, nsid, -1, lbaLow, lbaHigh);
  io.writes++;
  io.writtenBytes += bytes;
  return 0;
}

/** The words of an entry are signed here; what the error log is told is not. */
function refuseAt(
  io: IoContext,
  status: number,
  nsid: number,
  errorByte: number,
  lbaLow: number,
  lbaHigh: number,
): number {
  return io.refuse(status, nsid >>> 0, errorByte, lbaLow >>> 0, lbaHigh >>> 0);
}
