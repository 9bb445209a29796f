import type { Command } from '../command.js';
import { capacityRefusal, markUncorrectable } from './block-state.js';
import { directiveRefusal } from './directives.js';
import type { IoContext } from './io-context.js';
import { sizeLimit } from './io-limits.js';
import { persistBlocks } from './medium-access.js';

/** Write Uncorrectable: reads of the blocks fail until they are written or given up. Their data stays as it is. [NVM] 3.3.7 */
export function writeUncorrectable(io: IoContext, command: Command): number {
  const { range } = io;
  const refused = range.take(io, command, 'write', sizeLimit(io.limits.wusl));
  if (refused !== 0) return refused;
  const { namespace, lba, blocks } = range;
  const refusal = directiveRefusal(io, command, namespace) || capacityRefusal(io, namespace, lba, blocks);
  if (refusal !== 0) return refusal;
  markUncorrectable(namespace, lba, blocks);
  const kept = io.features.isWriteThrough ? persistBlocks(io, namespace, lba, blocks) : 0;
  return kept === 0 ? 0 : io.refuseBlock(kept, namespace.nsid, lba);
}
