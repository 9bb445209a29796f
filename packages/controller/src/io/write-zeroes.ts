import {
  RW_CDW12_FUA,
  RW_CDW12_PRACT,
  RW_CDW12_PRCHK_APPLICATION,
  RW_CDW12_PRCHK_GUARD,
  RW_CDW12_PRCHK_REFERENCE,
  RW_CDW12_STC,
  SQE_CDW12,
  SQE_NSID,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_PROTECTION_INFORMATION,
  WRITE_ZEROES_CDW12_DEAC,
  WRITE_ZEROES_CDW12_NSZ,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';
import { accessRefusal } from './access.js';
import { deallocateBlocks, zeroBlocks } from './block-erasure.js';
import type { BlockRange } from './block-range.js';
import { capacityRefusal, noteWritten } from './block-state.js';
import { directiveRefusal } from './directives.js';
import type { IoContext } from './io-context.js';
import { sizeLimit } from './io-limits.js';
import { persistBlocks } from './medium-access.js';
import { protectionOf } from './protection.js';
import { stagedBlocks } from './staged-range.js';

/** Nothing of the host's is checked, so these bits are zero. */
const CHECKS = RW_CDW12_PRCHK_REFERENCE | RW_CDW12_PRCHK_APPLICATION | RW_CDW12_PRCHK_GUARD | RW_CDW12_STC;
/** Dword 0 of the completion, LBACZ: every block of the namespace is zero now. */
const ALL_CLEARED = 1;

/** Write Zeroes, with or without giving the blocks up: both read as zeros afterwards. MDTS does not bind it. [NVM] 3.3.8 */
export function writeZeroes(io: IoContext, command: Command): number {
  if ((command.cdw(12) & WRITE_ZEROES_CDW12_NSZ) !== 0) return clearNamespace(io, command);
  const { range } = io;
  const refused = range.take(io, command, 'write', sizeLimit(io.limits.wzsl));
  if (refused !== 0) return refused;
  const { namespace, lba, blocks } = range;
  const refusal = directiveRefusal(io, command, namespace) || refuseChecks(io, command, namespace);
  if (refusal !== 0) return refusal;
  const isDeallocate = (command.cdw(12) & WRITE_ZEROES_CDW12_DEAC) !== 0;
  if (!isDeallocate) {
    const full = capacityRefusal(io, namespace, lba, blocks);
    if (full !== 0) return full;
  }
  const status = isDeallocate ? deallocateBlocks(io, namespace, lba, blocks) : clear(io, command, range);
  if (status !== 0) return io.refuseBlock(status, namespace.nsid, lba);
  return keep(io, command, namespace, lba, blocks);
}

/** Namespace Zeroes: gives up every block. SLBA and NLB mean nothing, and no limit of size binds it. */
function clearNamespace(io: IoContext, command: Command): number {
  const { nsid } = command;
  const namespace = io.namespaces.get(nsid);
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
  const closed = accessRefusal(namespace, 'write');
  if (closed !== 0) return io.refuse(closed, nsid, -1, 0, 0);
  if ((command.cdw(12) & WRITE_ZEROES_CDW12_DEAC) === 0) {
    return io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, nsid, SQE_CDW12, 0, 0);
  }
  const refusal = directiveRefusal(io, command, namespace) || refuseChecks(io, command, namespace);
  if (refusal !== 0) return refusal;
  const status = deallocateBlocks(io, namespace, 0, namespace.blocks);
  if (status !== 0) return io.refuse(status, nsid, -1, 0, 0);
  command.result = ALL_CLEARED;
  return keep(io, command, namespace, 0, namespace.blocks);
}

function refuseChecks(io: IoContext, command: Command, namespace: Namespace): number {
  if (namespace.protection === undefined || (command.cdw(12) & CHECKS) === 0) return 0;
  const status = STATUS_INVALID_PROTECTION_INFORMATION | STATUS_DNR;
  return io.refuse(status, command.nsid, SQE_CDW12, command.cdw(10), command.cdw(11));
}

/** Makes blocks zeros that stay allocated. Their protection information is zeros too, or with PRACT that of zeros. */
function clear(io: IoContext, command: Command, range: BlockRange): number {
  const { namespace, lba, blocks } = range;
  const status = zeroBlocks(io, namespace, lba, blocks);
  if (status !== 0) return status;
  const protection = protectionOf(command, namespace, io.protection);
  if (protection !== undefined) {
    const isInserted = (command.cdw(12) & RW_CDW12_PRACT) !== 0;
    const step = Math.min(blocks, stagedBlocks(namespace.format));
    for (let done = 0; done < blocks; done += step) {
      const count = Math.min(step, blocks - done);
      io.staging.clear(namespace.format, count);
      if (isInserted) protection.insert(io.staging.data, io.staging.metadata, count);
      const metadataStatus = io.staging.storeMetadata(io, namespace, lba + done, count);
      if (metadataStatus !== 0) return metadataStatus;
    }
  }
  noteWritten(namespace, lba, blocks);
  return 0;
}

function keep(io: IoContext, command: Command, namespace: Namespace, lba: number, blocks: number): number {
  if (!io.features.isWriteThrough && (command.cdw(12) & RW_CDW12_FUA) === 0) return 0;
  const status = persistBlocks(io, namespace, lba, blocks);
  return status === 0 ? 0 : io.refuse(status, namespace.nsid, -1, command.cdw(10), command.cdw(11));
}
