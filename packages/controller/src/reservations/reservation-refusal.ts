import { STATUS_DNR, STATUS_RESERVATION_CONFLICT } from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import type { Namespace } from '../namespace.js';
import { SPECIAL_RESERVED } from '../namespace-special.js';
import { BARS_READS, BARS_WRITES } from './reservation.js';

/**
 * The status of a command that conflicts with the reservation, 0 when it does not. Only a view of a host that is barred from something
 * has SPECIAL_RESERVED, so nobody else needs to ask. [Base] 8.1.22.1, [NVM] 5.5
 *
 * @param access - `read` for Read, Compare, Verify and the source of Copy; `write` for what changes data, and Flush
 */
export function reservationRefusal(namespace: Namespace, access: 'read' | 'write'): number {
  const bar = access === 'read' ? BARS_READS : BARS_WRITES;
  return (namespace.bars & bar) === 0 ? 0 : STATUS_RESERVATION_CONFLICT | STATUS_DNR;
}

/** Works out anew what the host of each controller may not do, after registrations, the reservation or a host have changed. */
export function judgeReservation(allocated: AllocatedNamespace): void {
  for (const view of allocated.views) {
    view.bars = allocated.reservation.bars(view.host.name);
    view.setSpecial(SPECIAL_RESERVED, view.bars !== 0);
  }
}
