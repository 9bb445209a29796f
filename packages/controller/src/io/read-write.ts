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
import { HEALTH_BYTES_READ, HEALTH_BYTES_WRITTEN, HEALTH_READS, HEALTH_WRITES } from '../health.js';
import type { IoContext } from './io-context.js';

// V8 folds constants of its own module only (Node 20), so the imported ones are bound here once. W_*: index of a dword.
const HIGH_WEIGHT = U32_RANGE;
const READ = NVM_READ;
const NLB0_MASK = RW_CDW12_NLB0_MASK;
const FUA = RW_CDW12_FUA;
const W_NSID = SQE_NSID / 4;
const W_PRP1 = SQE_PRP1 / 4;
const W_PRP2 = SQE_PRP2 / 4;
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
export function readOrWrite(io: IoContext, words: Uint32Array, at: number, opcode: number): number {
  const slots = io.slots;
  const nsid = words[at + W_NSID];
  const namespace = nsid < slots.length ? slots[nsid] : undefined;
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
  if (namespace.pathStatus !== 0) return namespace.pathStatus;

  const lbaLow = words[at + W_SLBA_LOW];
  const lbaHigh = words[at + W_SLBA_HIGH];
  const cdw12 = words[at + W_CDW12];
  const blocks = (cdw12 & NLB0_MASK) + 1;
  const bytes = blocks * namespace.blockBytes;
  if (bytes > io.bytesMax) return io.refuse(TOO_LARGE, nsid, SQE_CDW12, lbaLow, lbaHigh);
  const lba = lbaHigh * HIGH_WEIGHT + lbaLow;
  if (lba + blocks > namespace.blocks) return io.refuse(OUT_OF_RANGE, nsid, SQE_CDW10, lbaLow, lbaHigh);

  const transfer = io.transfer;
  let status = walkPrps(
    transfer,
    bytes,
    words[at + W_PRP1] | 0,
    words[at + W_PRP1 + 1] | 0,
    words[at + W_PRP2] | 0,
    words[at + W_PRP2 + 1] | 0,
  );
  if (status !== 0) return io.refuse(status, nsid, SQE_PRP1, lbaLow, lbaHigh);
  transfer.byteOffset = lba * namespace.blockBytes;
  transfer.bytes = bytes;

  const counters = io.health.io;
  const medium = namespace.medium;
  if (opcode === READ) {
    status = medium.read(transfer);
    if (status !== 0) return io.refuse(status, nsid, -1, lbaLow, lbaHigh);
    counters[HEALTH_READS]++;
    counters[HEALTH_BYTES_READ] += bytes;
    return 0;
  }
  status = medium.write(transfer);
  if (status === 0 && ((cdw12 & FUA) !== 0 || io.features.isWriteThrough)) status = medium.flush();
  if (status !== 0) return io.refuse(status, nsid, -1, lbaLow, lbaHigh);
  counters[HEALTH_WRITES]++;
  counters[HEALTH_BYTES_WRITTEN] += bytes;
  return 0;
}
