import {
  RESERVATION_NOTIFICATION_PREEMPTED,
  RESERVATION_NOTIFICATION_RELEASED,
  RESERVATION_CLEAR,
  RESERVATION_CRKEY,
  RESERVATION_RELEASE_BYTES,
  RESERVATION_RELEASE_CDW10,
  RESERVATION_TYPE_NONE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { IoContext } from '../io/io-context.js';
import type { Namespace } from '../namespace.js';
import { isReleaseTold } from './reservation.js';
import { notifyHosts } from './reservation-notices.js';
import { judgeReservation } from './reservation-refusal.js';
import { badField, conflict, fetchKeys, keyAt, registrantOf, reservationTarget } from './reservation-target.js';

/** Byte of dword 10 where RTYPE is. */
const RTYPE_BYTE = 1;

/** Reservation Release: releases the reservation, or clears it and every registration. [Base] 7.7, 8.1.22.6, 8.1.22.8 */
export function reservationRelease(io: IoContext, command: Command): number {
  const refusal = reservationTarget(io, command);
  if (refusal !== 0) return refusal;
  const cdw10 = command.cdw(10);
  const action = RESERVATION_RELEASE_CDW10.RRELA.get(cdw10);
  if (action > RESERVATION_CLEAR) return badField(io, command, 0);
  if (RESERVATION_RELEASE_CDW10.IEKEY.get(cdw10) === 1) return badField(io, command, 0);
  const data = new Uint8Array(RESERVATION_RELEASE_BYTES);
  const status = fetchKeys(io, command, data);
  if (status !== 0) return status;
  const namespace = io.namespaces.get(command.nsid)!;
  if (registrantOf(namespace, keyAt(data, RESERVATION_CRKEY)) === undefined) return conflict(io, command);
  if (action === RESERVATION_CLEAR) return clear(namespace);
  const { reservation } = namespace.allocated;
  // Releasing what one does not hold does nothing, successfully.
  if (reservation.type === RESERVATION_TYPE_NONE || !reservation.isHolder(namespace.host.name)) return 0;
  if (RESERVATION_RELEASE_CDW10.RTYPE.get(cdw10) !== reservation.type) return badField(io, command, RTYPE_BYTE);
  return release(namespace);
}

function release({ host, allocated }: Namespace): number {
  const { reservation } = allocated;
  const { type } = reservation;
  reservation.release();
  judgeReservation(allocated);
  if (!isReleaseTold(type)) return 0;
  const others = [...reservation.registrants.keys()].filter((name) => name !== host.name);
  notifyHosts(allocated, others, RESERVATION_NOTIFICATION_RELEASED);
  return 0;
}

function clear({ host, allocated }: Namespace): number {
  const { reservation } = allocated;
  const others = [...reservation.registrants.keys()].filter((name) => name !== host.name);
  reservation.release();
  reservation.registrants.clear();
  reservation.count();
  judgeReservation(allocated);
  notifyHosts(allocated, others, RESERVATION_NOTIFICATION_PREEMPTED);
  return 0;
}
