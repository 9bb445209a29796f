import { STATUS_DNR, STATUS_INVALID_NAMESPACE, STATUS_NAMESPACE_WRITE_PROTECTED } from '@phasebit/nvme-spec';
import type { Namespace } from '../namespace.js';
import {
  SPECIAL_BUSY,
  SPECIAL_EXTENDED,
  SPECIAL_PATH,
  SPECIAL_PROTECTED,
  SPECIAL_RESERVED,
} from '../namespace-special.js';
import { reservationRefusal } from '../reservations/reservation-refusal.js';

const CLOSED = SPECIAL_PATH | SPECIAL_BUSY | SPECIAL_RESERVED | SPECIAL_PROTECTED | SPECIAL_EXTENDED;

/** What a command does to a namespace. `flush` and `advise` write nothing, and conflict with reservations as writes do. */
export type Access = 'read' | 'write' | 'flush' | 'advise';

/** The status of a command that a namespace is closed to, 0 when it is open. [Base] 8.1.1, 8.1.16, 8.1.22 */
export function accessRefusal(namespace: Namespace, access: Access): number {
  const { special } = namespace;
  if ((special & CLOSED) === 0) return 0;
  if ((special & SPECIAL_PATH) !== 0) return namespace.pathStatus;
  if ((special & SPECIAL_EXTENDED) !== 0) return STATUS_INVALID_NAMESPACE | STATUS_DNR;
  const { allocated } = namespace;
  const isBusy = (special & SPECIAL_BUSY) !== 0;
  if (isBusy && !(access === 'read' && allocated.isReadableWhileBusy)) return allocated.busyStatus;
  if ((special & SPECIAL_RESERVED) !== 0) {
    const status = reservationRefusal(namespace, access === 'read' ? 'read' : 'write');
    if (status !== 0) return status;
  }
  const isProtected = (special & SPECIAL_PROTECTED) !== 0;
  return isProtected && access === 'write' ? STATUS_NAMESPACE_WRITE_PROTECTED | STATUS_DNR : 0;
}
