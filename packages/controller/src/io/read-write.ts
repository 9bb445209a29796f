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
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { walkPrps } from '../data-pointer.js';
import { readBlocks, writeBlocks } from './block-transfer.js';
import type { IoContext } from './io-context.js';

// V8 folds constants of its own module only (Node 20), so the imported ones are bound here once. W_*: index of a dword.
const HIGH_WEIGHT = U32_RANGE;
const READ = NVM_READ;
/**
 * NLB, and the bit of dword 12 that asks for more than a plain command does. That bit makes a number of blocks that is too large for
 * the shortest path, so one comparison finds it, namespaces that are not plain, and transfers that are too long.
 */
const PLAIN_MASK = RW_CDW12_NLB0_MASK | RW_CDW12_FUA;
const W_NSID = SQE_NSID / 4;
const W_PRP1 = SQE_PRP1 / 4;
const W_PRP1_HIGH = W_PRP1 + 1;
const W_PRP2 = SQE_PRP2 / 4;
const W_PRP2_HIGH = W_PRP2 + 1;
const W_SLBA_LOW = SQE_CDW10 / 4;
const W_SLBA_HIGH = SQE_CDW11 / 4;
const W_CDW12 = SQE_CDW12 / 4;
const OUT_OF_RANGE = STATUS_LBA_OUT_OF_RANGE | STATUS_DNR;

/**
 * Executes a Read or Write of a namespace and gives its status, or what {@link IoContext.outcome} makes of it. [NVM] 3.3.4, 3.3.6
 *
 * The hottest function of the package: every dword is read once, since the entry may lie in host memory; it allocates nothing.
 * An SLBA of 2^53 or more loses its low bits in `lba`, and is still past the end of every namespace. What is not plain is executed
 * from a copy of the entry instead.
 *
 * @param words - the entry's dwords from `at` on
 * @param opcode - NVM_READ or NVM_WRITE
 */
export function readOrWrite(io: IoContext, words: Int32Array, at: number, opcode: number): number {
  const slots = io.slots;
  const nsid = words[at | W_NSID];
  const namespace = nsid > 0 && nsid < slots.length ? slots[nsid] : undefined;
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid >>> 0), nsid >>> 0, SQE_NSID, 0, 0);
  const blocks = (words[at | W_CDW12] & PLAIN_MASK) + 1;
  if (blocks > namespace.plainBlocksMax) return leavePlainPath(io, words, at, opcode);
  const lbaLow = words[at | W_SLBA_LOW];
  const lbaHigh = words[at | W_SLBA_HIGH];
  const lba = lbaHigh === 0 && lbaLow >= 0 ? lbaLow : (lbaHigh >>> 0) * HIGH_WEIGHT + (lbaLow >>> 0);
  if (lba + blocks > namespace.blocks) return refuseAt(io, OUT_OF_RANGE, nsid, SQE_CDW10, lbaLow, lbaHigh);

  const transfer = io.transfer;
  const bytes = blocks * namespace.blockBytes;
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
  if (status === 0 && io.features.isWriteThrough) status = medium.flush();
  if (status !== 0) return refuseAt(io, status, nsid, -1, lbaLow, lbaHigh);
  io.writes++;
  io.writtenBytes += bytes;
  return 0;
}

function leavePlainPath(io: IoContext, words: Int32Array, at: number, opcode: number): number {
  const { command } = io;
  command.load(words, at, opcode, 0);
  return io.outcome(opcode === READ ? readBlocks(io, command) : writeBlocks(io, command));
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
