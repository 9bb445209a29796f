import {
  RESERVATION_NOTIFICATION_REGISTRATION_PREEMPTED,
  RESERVATION_NOTIFICATION_RELEASED,
  RESERVATION_ACQUIRE,
  RESERVATION_ACQUIRE_BYTES,
  RESERVATION_ACQUIRE_CDW10,
  RESERVATION_CRKEY,
  RESERVATION_PREEMPT_AND_ABORT,
  RESERVATION_PRKEY,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL,
  RESERVATION_TYPE_NONE,
  STATUS_ABORTED_PREEMPT,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import type { Command } from '../command.js';
import type { IoContext } from '../io/io-context.js';
import type { Namespace } from '../namespace.js';
import { KEY_ZERO } from './reservation.js';
import { notifyHosts } from './reservation-notices.js';
import { judgeReservation } from './reservation-refusal.js';
import { badField, conflict, fetchKeys, keyAt, registrantOf, reservationTarget } from './reservation-target.js';

/** Byte of dword 10 where RTYPE is. */
const RTYPE_BYTE = 1;

/** Reservation Acquire: acquires a reservation, or preempts registrants and the reservation. [Base] 7.5, 8.1.22.5, 8.1.22.7 */
export function reservationAcquire(io: IoContext, command: Command): number {
  const refusal = reservationTarget(io, command);
  if (refusal !== 0) return refusal;
  const cdw10 = command.cdw(10);
  const action = RESERVATION_ACQUIRE_CDW10.RACQA.get(cdw10);
  const type = RESERVATION_ACQUIRE_CDW10.RTYPE.get(cdw10);
  if (action > RESERVATION_PREEMPT_AND_ABORT) return badField(io, command, 0);
  if (RESERVATION_ACQUIRE_CDW10.IEKEY.get(cdw10) === 1) return badField(io, command, 0);
  if (type === RESERVATION_TYPE_NONE || type > RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL) {
    return badField(io, command, RTYPE_BYTE);
  }
  const data = new Uint8Array(RESERVATION_ACQUIRE_BYTES);
  const status = fetchKeys(io, command, data);
  if (status !== 0) return status;
  const namespace = io.namespaces.get(command.nsid)!;
  if (registrantOf(namespace, keyAt(data, RESERVATION_CRKEY)) === undefined) return conflict(io, command);
  if (action === RESERVATION_ACQUIRE) return acquire(io, command, namespace, type);
  return preempt(io, command, namespace, type, keyAt(data, RESERVATION_PRKEY));
}

function acquire(io: IoContext, command: Command, { host, allocated }: Namespace, type: number): number {
  const { reservation } = allocated;
  const isHeld = reservation.type !== RESERVATION_TYPE_NONE;
  // Asking again for what one has is no conflict.
  if (isHeld && !(reservation.isHolder(host.name) && reservation.type === type)) return conflict(io, command);
  reservation.hold(host.name, type);
  judgeReservation(allocated);
  return 0;
}

function preempt(io: IoContext, command: Command, namespace: Namespace, type: number, key: string): number {
  const { host, allocated } = namespace;
  const { reservation } = allocated;
  const { registrants } = reservation;
  const before = reservation.type;
  const isOfHolder = reservation.isForAll ? key === KEY_ZERO : reservation.holderKey === key;
  const isTakenOver = before !== RESERVATION_TYPE_NONE && isOfHolder;
  if (!isTakenOver && before !== RESERVATION_TYPE_NONE && key === KEY_ZERO) {
    return io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, command.nsid, -1, 0, 0);
  }
  const preempted = [...registrants.values()]
    .filter((each) => (isTakenOver && reservation.isForAll) || each.key === key)
    .map((each) => each.host.name)
    .filter((name) => !isTakenOver || name !== host.name);
  if (preempted.length === 0 && reservation.isForAll && !isTakenOver) return conflict(io, command);
  for (const name of preempted) reservation.unregister(name);
  if (isTakenOver) reservation.hold(host.name, type);
  reservation.count();
  judgeReservation(allocated);
  const others = preempted.filter((name) => name !== host.name);
  notifyHosts(allocated, others, RESERVATION_NOTIFICATION_REGISTRATION_PREEMPTED);
  if (before !== RESERVATION_TYPE_NONE && reservation.type !== before) {
    const remaining = [...registrants.keys()].filter((name) => name !== host.name);
    notifyHosts(allocated, remaining, RESERVATION_NOTIFICATION_RELEASED);
  }
  if (RESERVATION_ACQUIRE_CDW10.RACQA.get(command.cdw(10)) === RESERVATION_PREEMPT_AND_ABORT) {
    abortPreempted(allocated, others);
  }
  return 0;
}

/** Aborts what the preempted hosts still have in flight for the namespace. */
function abortPreempted({ nsid, views }: AllocatedNamespace, hosts: readonly string[]): void {
  for (const view of views) {
    if (hosts.includes(view.host.name)) view.member.inFlight.abortNamespace(nsid, STATUS_ABORTED_PREEMPT);
  }
}
