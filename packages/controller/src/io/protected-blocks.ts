import { U32_RANGE } from '@phasebit/core';
import { SQE_CDW12 } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';
import type { BlockStaging } from './block-staging.js';
import type { IoContext } from './io-context.js';
import type { Protection } from './protection.js';

/** Refuses a command whose tags cannot be checked. Gives 0 or the status. */
export function refuseProtection(
  io: IoContext,
  command: Command,
  protection: Protection | undefined,
  lba: number,
): number {
  // Signed: a word past 2^31 would be boxed for the call.
  const status = protection === undefined ? 0 : protection.refusal((lba % U32_RANGE) | 0, Math.floor(lba / U32_RANGE));
  return status === 0 ? 0 : io.refuse(status, command.nsid, SQE_CDW12, command.cdw(10), command.cdw(11));
}

/** Checks staged blocks, and fails the command at the first that is wrong. Gives 0 or the status. */
export function checkBlocks(
  io: IoContext,
  staging: BlockStaging,
  protection: Protection | undefined,
  namespace: Namespace,
  lba: number,
  blocks: number,
): number {
  if (protection === undefined) return 0;
  const status = protection.check(staging.data, staging.metadata, blocks);
  return status === 0 ? 0 : io.refuseBlock(status, namespace.nsid, lba + protection.failedBlock);
}
