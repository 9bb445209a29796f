import {
  ASYNC_EVENT_COMMAND_SET_RESERVATION,
  ASYNC_EVENT_TYPE_COMMAND_SET,
  LOG_RESERVATION_NOTIFICATION,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';

/**
 * Tells hosts what happened to a namespace, at every controller of theirs that shows it and does not mask the notice.
 *
 * @param hosts - names of the hosts
 * @param type - RESERVATION_NOTIFICATION_*
 */
export function notifyHosts(allocated: AllocatedNamespace, hosts: Iterable<string>, type: number): void {
  const told = new Set(hosts);
  for (const { host, member, reservationMask } of allocated.views) {
    // The bit of the mask has the number of the notice.
    if (!told.has(host.name) || ((reservationMask >>> type) & 1) !== 0) continue;
    member.reservationLog.add(type, allocated.nsid);
    member.events.raise(
      ASYNC_EVENT_TYPE_COMMAND_SET,
      ASYNC_EVENT_COMMAND_SET_RESERVATION,
      LOG_RESERVATION_NOTIFICATION,
    );
  }
}
