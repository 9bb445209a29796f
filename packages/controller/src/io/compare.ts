import {
  SQE_CDW12,
  STATUS_COMPARE_FAILURE,
  STATUS_DNR,
  STATUS_INVALID_PROTECTION_INFORMATION,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { HEALTH_BYTES_READ, HEALTH_READS } from '../health.js';
import type { Namespace } from '../namespace.js';
import { BlockStaging } from './block-staging.js';
import { readRefusal } from './block-state.js';
import { settle } from './block-transfer.js';
import type { IoContext, IoHandler } from './io-context.js';
import { checkBlocks, refuseProtection } from './protected-blocks.js';
import { Protection, protectionOf } from './protection.js';

const INVALID_PROTECTION = STATUS_INVALID_PROTECTION_INFORMATION | STATUS_DNR;

/**
 * Makes the handler of Compare. Data and metadata are compared, but not protection information, which is checked instead: the host's
 * as a Write checks it and the medium's as a Read does. [NVM] 3.3.1, 5.3.2.4
 */
export function createCompare(): IoHandler {
  const expected = new BlockStaging();
  const storedProtection = new Protection();

  return (io: IoContext, command: Command): number => {
    const { range, host } = io;
    const refused = range.take(io, command, 'read', io.bytesMax);
    if (refused !== 0) return refused;
    const { namespace, lba, blocks } = range;
    const protection = protectionOf(command, namespace, io.protection);
    if (protection?.hasAction === true) {
      return io.refuse(INVALID_PROTECTION, command.nsid, SQE_CDW12, command.cdw(10), command.cdw(11));
    }
    const refusal =
      refuseProtection(io, command, protection, lba) ||
      host.point(io, command, range, protection, false) ||
      readRefusal(io, namespace, lba, blocks) ||
      settle(io, command, range);
    if (refusal !== 0) return refusal;

    const stored = io.staging;
    const status = stored.load(io, namespace, lba, blocks);
    if (status !== 0) return io.refuseBlock(status, namespace.nsid, lba);
    expected.fetch(namespace.format, blocks, io.transfer, host.metadata, host.isWide);
    const wrong =
      checkBlocks(io, expected, protection, namespace, lba, blocks) ||
      checkBlocks(io, stored, protectionOf(command, namespace, storedProtection), namespace, lba, blocks);
    if (wrong !== 0) return wrong;
    const different = firstDifference(stored, expected, namespace, blocks);
    if (different >= 0) return io.refuseBlock(STATUS_COMPARE_FAILURE | STATUS_DNR, namespace.nsid, lba + different);
    io.health.io[HEALTH_READS]++;
    io.health.io[HEALTH_BYTES_READ] += range.bytes;
    return 0;
  };
}

/** The first block that differs, or -1. */
function firstDifference(a: BlockStaging, b: BlockStaging, namespace: Namespace, blocks: number): number {
  const { format, protection } = namespace;
  const { blockBytes, metadataBytes } = format;
  const skipFrom = protection === undefined ? metadataBytes : protection.tupleOffset;
  const skipTo = protection === undefined ? metadataBytes : skipFrom + protection.tupleBytes;
  for (let i = 0; i < blocks; i++) {
    const at = i * metadataBytes;
    const isSame =
      areEqual(a.data, b.data, i * blockBytes, (i + 1) * blockBytes) &&
      areEqual(a.metadata, b.metadata, at, at + skipFrom) &&
      areEqual(a.metadata, b.metadata, at + skipTo, at + metadataBytes);
    if (!isSame) return i;
  }
  return -1;
}

function areEqual(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (a[i] !== b[i]) return false;
  return true;
}
