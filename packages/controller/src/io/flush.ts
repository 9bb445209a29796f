import { NSID_BROADCAST, SQE_NSID } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { accessRefusal } from './access.js';
import type { IoContext } from './io-context.js';
import { flushMedium } from './medium-access.js';

/** Flush: one namespace, or with the broadcast identifier all that can be reached. [NVM] 3.3, [Base] 7.2 */
export function flush(io: IoContext, command: Command): number {
  const { nsid } = command;
  if (nsid === NSID_BROADCAST) return flushAll(io);
  const namespace = io.namespaces.get(nsid);
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
  const closed = accessRefusal(namespace, 'flush');
  return io.refuse(closed !== 0 ? closed : flushMedium(io, namespace), nsid, -1, 0, 0);
}

/** Namespaces that are closed to this host are left out: it has nothing in their caches that it could lose. */
function flushAll(io: IoContext): number {
  for (const namespace of io.namespaces.active) {
    if (accessRefusal(namespace, 'flush') !== 0) continue;
    const status = flushMedium(io, namespace);
    if (status !== 0) return io.refuse(status, namespace.nsid, -1, 0, 0);
  }
  return 0;
}
