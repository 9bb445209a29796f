import { SQE_PRP1, STATUS_COMPARE_FAILURE, STATUS_DNR } from '@phasebit/nvme-spec';
import { createDmaArena, DeviceDma, PAGE_BYTES, PAGE_SHIFT } from '@phasebit/pcie';
import type { Command } from '../command.js';
import { walkPrps } from '../data-pointer.js';
import { HEALTH_BYTES_READ, HEALTH_READS } from '../health.js';
import { Transfer } from '../transfer.js';
import { blockRange } from './block-range.js';
import type { IoContext, IoHandler } from './io-context.js';

/** Bytes of the medium that are compared at a time. */
const SCRATCH_BYTES = 64 * 1024;

/**
 * Makes the handler of Compare: it reads the medium into memory of its own, piece by piece, and looks for a difference. [NVM] 3.3.1
 */
export function createCompare(): IoHandler {
  const arena = createDmaArena({ bytes: SCRATCH_BYTES });
  const scratch = new Transfer(new DeviceDma([arena]), SCRATCH_BYTES);
  const stored = new Uint8Array(arena.buffer);
  const expected = new Uint8Array(SCRATCH_BYTES);

  return (io: IoContext, command: Command): number => {
    const range = blockRange(io, command, io.bytesMax);
    if (range.status !== 0) return range.status;
    const fail = (status: number, errorByte: number): number =>
      io.refuse(status, command.nsid, errorByte, command.cdw(10), command.cdw(11));
    const { prp1Low, prp1High, prp2Low, prp2High } = command;
    const refusal = walkPrps(io.transfer, range.bytes, prp1Low, prp1High, prp2Low, prp2High);
    if (refusal !== 0) return fail(refusal, SQE_PRP1);
    for (let done = 0; done < range.bytes; done += SCRATCH_BYTES) {
      const bytes = Math.min(SCRATCH_BYTES, range.bytes - done);
      aim(scratch, range.byteOffset + done, bytes);
      const status = range.namespace.medium.read(scratch);
      if (status !== 0) return fail(status, -1);
      io.transfer.gather(expected.subarray(0, bytes), done);
      if (!areEqual(stored, expected, bytes)) return fail(STATUS_COMPARE_FAILURE | STATUS_DNR, -1);
    }
    io.health.io[HEALTH_READS]++;
    io.health.io[HEALTH_BYTES_READ] += range.bytes;
    return 0;
  };
}

function aim(scratch: Transfer, byteOffset: number, bytes: number): void {
  scratch.byteOffset = byteOffset;
  scratch.bytes = bytes;
  scratch.count = Math.ceil(bytes / PAGE_BYTES);
  for (let i = 0; i < scratch.count; i++) {
    scratch.pages[i] = i;
    scratch.offsets[i] = 0;
    scratch.lengths[i] = Math.min(PAGE_BYTES, bytes - (i << PAGE_SHIFT));
  }
}

function areEqual(a: Uint8Array, b: Uint8Array, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) if (a[i] !== b[i]) return false;
  return true;
}
