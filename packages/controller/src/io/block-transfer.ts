import { RW_CDW12_FUA } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { BlockRange } from './block-range.js';
import { capacityRefusal, noteWritten, readRefusal } from './block-state.js';
import { directiveRefusal, noteDirective } from './directives.js';
import type { HostBlocks } from './host-blocks.js';
import type { IoContext } from './io-context.js';
import { persistBlocks, readMedium, writeMedium } from './medium-access.js';
import { checkBlocks, refuseProtection } from './protected-blocks.js';
import { type Protection, protectionOf } from './protection.js';

/** Read, with all that a Read can have: lists, metadata, protection information, FUA, blocks that cannot be read. [NVM] 3.3.4 */
export function readBlocks(io: IoContext, command: Command): number {
  const { range, host } = io;
  const refused = range.take(io, command, 'read', io.bytesMax);
  if (refused !== 0) return refused;
  const { namespace } = range;
  const protection = protectionOf(command, namespace, io.protection);
  const status =
    refuseProtection(io, command, protection, range.lba) ||
    host.point(io, command, range, protection, true) ||
    readRefusal(io, namespace, range.lba, range.blocks) ||
    settle(io, command, range) ||
    (isDirect(io, range) ? readDirect(io, range) : readStaged(io, range, protection, host));
  if (status !== 0) return status;
  io.reads++;
  io.readBytes += range.bytes;
  return 0;
}

/** Write, with all that a Write can have. Nothing is written unless every block passes its checks. [NVM] 3.3.6 */
export function writeBlocks(io: IoContext, command: Command): number {
  const { range, host } = io;
  const refused = range.take(io, command, 'write', io.bytesMax);
  if (refused !== 0) return refused;
  const { namespace, lba, blocks } = range;
  const protection = protectionOf(command, namespace, io.protection);
  const status =
    directiveRefusal(io, command, namespace) ||
    refuseProtection(io, command, protection, lba) ||
    host.point(io, command, range, protection, false) ||
    capacityRefusal(io, namespace, lba, blocks) ||
    (isDirect(io, range) ? writeDirect(io, range) : writeStaged(io, range, protection, host));
  if (status !== 0) return status;
  noteWritten(namespace, lba, blocks);
  noteDirective(command, namespace);
  const isKept = io.features.isWriteThrough || (command.cdw(12) & RW_CDW12_FUA) !== 0;
  const kept = isKept ? persistBlocks(io, namespace, lba, blocks) : 0;
  if (kept !== 0) return io.refuseBlock(kept, namespace.nsid, lba);
  io.writes++;
  io.writtenBytes += range.bytes;
  return 0;
}

/** With FUA, a command that reads makes what is in a volatile cache last first. [NVM] 3.3.1, 3.3.4, 3.3.5 */
export function settle(io: IoContext, command: Command, range: BlockRange): number {
  if ((command.cdw(12) & RW_CDW12_FUA) === 0) return 0;
  const status = persistBlocks(io, range.namespace, range.lba, range.blocks);
  return status === 0 ? 0 : io.refuseBlock(status, range.namespace.nsid, range.lba);
}

/** Whether the medium and the host's buffer can have each other's data as it is. */
function isDirect(io: IoContext, range: BlockRange): boolean {
  return range.namespace.format.metadataBytes === 0 && io.transfer.isDirect;
}

function readDirect(io: IoContext, range: BlockRange): number {
  const status = readMedium(io, range.namespace, io.transfer);
  return status === 0 ? 0 : io.refuseBlock(status, range.namespace.nsid, range.lba);
}

function readStaged(io: IoContext, range: BlockRange, protection: Protection | undefined, host: HostBlocks): number {
  const { namespace, lba, blocks } = range;
  const { staging } = io;
  const status = staging.load(io, namespace, lba, blocks);
  if (status !== 0) return io.refuseBlock(status, namespace.nsid, lba);
  const wrong = checkBlocks(io, staging, protection, namespace, lba, blocks);
  if (wrong !== 0) return wrong;
  staging.deliver(namespace.format, blocks, io.transfer, host.metadata, host.isWide);
  return 0;
}

function writeDirect(io: IoContext, range: BlockRange): number {
  const status = writeMedium(io, range.namespace, io.transfer);
  return status === 0 ? 0 : io.refuseBlock(status, range.namespace.nsid, range.lba);
}

function writeStaged(io: IoContext, range: BlockRange, protection: Protection | undefined, host: HostBlocks): number {
  const { namespace, lba, blocks } = range;
  const { staging } = io;
  staging.fetch(namespace.format, blocks, io.transfer, host.metadata, host.isWide);
  if (protection?.hasAction === true) {
    protection.insert(staging.data, staging.metadata, blocks);
  } else {
    const wrong = checkBlocks(io, staging, protection, namespace, lba, blocks);
    if (wrong !== 0) return wrong;
  }
  const status = staging.store(io, namespace, lba, blocks);
  return status === 0 ? 0 : io.refuseBlock(status, namespace.nsid, lba);
}
