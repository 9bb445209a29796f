import {
  RESERVATION_NOTIFICATION_RELEASED,
  RESERVATION_CPTPL_CLEAR,
  RESERVATION_CPTPL_NO_CHANGE,
  RESERVATION_CPTPL_SET,
  RESERVATION_CRKEY,
  RESERVATION_NRKEY,
  RESERVATION_REGISTER_BYTES,
  RESERVATION_REGISTER_CDW10,
  RESERVATION_REGISTER_KEY,
  RESERVATION_REPLACE_KEY,
  RESERVATION_TYPE_NONE,
  RESERVATION_UNREGISTER_KEY,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { IoContext } from '../io/io-context.js';
import type { Namespace } from '../namespace.js';
import { isReleaseTold } from './reservation.js';
import { notifyHosts } from './reservation-notices.js';
import { judgeReservation } from './reservation-refusal.js';
import { badField, conflict, fetchKeys, keyAt, reservationTarget } from './reservation-target.js';

/** Byte of dword 10 where CPTPL is. */
const CPTPL_BYTE = 3;

/** Reservation Register: registers, unregisters or replaces the host's key. [Base] 7.6, 8.1.22.3, 8.1.22.4 */
export function reservationRegister(io: IoContext, command: Command): number {
  const refusal = reservationTarget(io, command);
  if (refusal !== 0) return refusal;
  const cdw10 = command.cdw(10);
  const action = RESERVATION_REGISTER_CDW10.RREGA.get(cdw10);
  const persistence = RESERVATION_REGISTER_CDW10.CPTPL.get(cdw10);
  if (action > RESERVATION_REPLACE_KEY) return badField(io, command, 0);
  const isKnown =
    persistence === RESERVATION_CPTPL_NO_CHANGE ||
    persistence === RESERVATION_CPTPL_CLEAR ||
    persistence === RESERVATION_CPTPL_SET;
  if (!isKnown) return badField(io, command, CPTPL_BYTE);
  const data = new Uint8Array(RESERVATION_REGISTER_BYTES);
  const status = fetchKeys(io, command, data);
  if (status !== 0) return status;
  const namespace = io.namespaces.get(command.nsid)!;
  const isIgnored = RESERVATION_REGISTER_CDW10.IEKEY.get(cdw10) === 1;
  if (!change(namespace, action, isIgnored, keyAt(data, RESERVATION_CRKEY), keyAt(data, RESERVATION_NRKEY))) {
    return conflict(io, command);
  }
  const { allocated } = namespace;
  if (persistence !== RESERVATION_CPTPL_NO_CHANGE) {
    allocated.reservation.isPersistent = persistence === RESERVATION_CPTPL_SET;
  }
  allocated.reservation.count();
  judgeReservation(allocated);
  return 0;
}

/** Carries a registration action out. @returns false when it conflicts */
function change(namespace: Namespace, action: number, isIgnored: boolean, current: string, next: string): boolean {
  const { host, allocated } = namespace;
  const { registrants } = allocated.reservation;
  const registrant = registrants.get(host.name);
  if (action === RESERVATION_REGISTER_KEY) {
    if (registrant === undefined) registrants.set(host.name, { host, key: next });
    return registrant === undefined || registrant.key === next;
  }
  const isGood = registrant !== undefined && (isIgnored || registrant.key === current);
  if (action === RESERVATION_UNREGISTER_KEY) {
    if (isGood) unregister(namespace);
    return isGood;
  }
  // Without a check of the key, a host that is no registrant becomes one.
  if (!isGood && !(registrant === undefined && isIgnored)) return false;
  if (registrant === undefined) registrants.set(host.name, { host, key: next });
  else registrant.key = next;
  return true;
}

function unregister({ host, allocated }: Namespace): void {
  const { reservation } = allocated;
  const ended = reservation.unregister(host.name);
  if (ended !== RESERVATION_TYPE_NONE && isReleaseTold(ended)) {
    notifyHosts(allocated, reservation.registrants.keys(), RESERVATION_NOTIFICATION_RELEASED);
  }
}
