import { RW_CDW12_PRACT, SQE_CDW12, STATUS_DNR, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { HEALTH_BYTES_READ } from '../health.js';
import { readRefusal } from './block-state.js';
import { settle } from './block-transfer.js';
import type { IoContext } from './io-context.js';
import { sizeLimit } from './io-limits.js';
import { checkBlocks, refuseProtection } from './protected-blocks.js';
import { protectionOf } from './protection.js';
import { stagedBlocks } from './staged-range.js';

const INVALID_FIELD = STATUS_INVALID_FIELD | STATUS_DNR;

/** Verify: whatever a Read of the blocks would find wrong, without the data going anywhere. MDTS does not bind it. [NVM] 3.3.5 */
export function verify(io: IoContext, command: Command): number {
  const { range } = io;
  const refused = range.take(io, command, 'read', sizeLimit(io.limits.vsl));
  if (refused !== 0) return refused;
  const { namespace, lba, blocks } = range;
  if ((command.cdw(12) & RW_CDW12_PRACT) !== 0) {
    return io.refuse(INVALID_FIELD, command.nsid, SQE_CDW12, command.cdw(10), command.cdw(11));
  }
  const protection = protectionOf(command, namespace, io.protection);
  const refusal =
    refuseProtection(io, command, protection, lba) ||
    readRefusal(io, namespace, lba, blocks) ||
    settle(io, command, range);
  if (refusal !== 0) return refusal;
  const step = stagedBlocks(namespace.format);
  for (let done = 0; done < blocks; done += step) {
    const count = Math.min(step, blocks - done);
    const status = io.staging.load(io, namespace, lba + done, count);
    if (status !== 0) return io.refuseBlock(status, namespace.nsid, lba + done);
    const wrong = checkBlocks(io, io.staging, protection, namespace, lba + done, count);
    if (wrong !== 0) return wrong;
  }
  io.health.io[HEALTH_BYTES_READ] += range.bytes;
  return 0;
}
