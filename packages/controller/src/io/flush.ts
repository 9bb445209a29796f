import { NSID_BROADCAST, SQE_NSID } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { IoContext } from './io-context.js';

/** Flush: one namespace, or with the broadcast identifier all that can be reached. [NVM] 3.3, [Base] 7.2 */
export function flush(io: IoContext, command: Command): number {
  const { nsid } = command;
  if (nsid === NSID_BROADCAST) return flushAll(io);
  const namespace = io.namespaces.get(nsid);
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
  if (namespace.pathStatus !== 0) return namespace.pathStatus;
  return io.refuse(namespace.medium.flush(), nsid, -1, 0, 0);
}

function flushAll(io: IoContext): number {
  for (const { medium, nsid, pathStatus } of io.namespaces.active) {
    if (pathStatus !== 0) continue;
    const status = medium.flush();
    if (status !== 0) return io.refuse(status, nsid, -1, 0, 0);
  }
  return 0;
}
