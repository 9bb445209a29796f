import { RW_CDW12_FUA, WRITE_ZEROES_CDW12_DEAC } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { blockRange } from './block-range.js';
import type { IoContext } from './io-context.js';

/** Write Zeroes, with or without giving the blocks up: both read as zeros afterwards. MDTS does not bind it. [NVM] 3.3.8 */
export function writeZeroes(io: IoContext, command: Command): number {
  const range = blockRange(io, command, Infinity);
  if (range.status !== 0) return range.status;
  const { transfer } = io;
  const { medium } = range.namespace;
  const cdw12 = command.cdw(12);
  transfer.count = 0;
  transfer.byteOffset = range.byteOffset;
  transfer.bytes = range.bytes;
  let status = (cdw12 & WRITE_ZEROES_CDW12_DEAC) !== 0 ? medium.deallocate(transfer) : medium.zero(transfer);
  if (status === 0 && ((cdw12 & RW_CDW12_FUA) !== 0 || io.features.isWriteThrough)) status = medium.flush();
  return io.refuse(status, command.nsid, -1, command.cdw(10), command.cdw(11));
}
