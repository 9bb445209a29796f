import {
  SQE_CDW10,
  SQE_NSID,
  SQE_PRP1,
  STATUS_DNR,
  STATUS_HOST_IDENTIFIER_NOT_INITIALIZED,
  STATUS_INVALID_FIELD,
  STATUS_RESERVATION_CONFLICT,
  toHex,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { IoContext } from '../io/io-context.js';
import type { Namespace } from '../namespace.js';
import type { Registrant } from './reservation.js';

/**
 * Whether a reservation command can be executed at all: its namespace, as this controller sees it, and its host. The model asks for a
 * host identifier that is not zero, and says so in CTRATT.RHII. [Base] 8.1.22
 *
 * @returns 0 or the status that refuses the command
 */
export function reservationTarget(io: IoContext, command: Command): number {
  const { nsid } = command;
  const namespace = io.namespaces.get(nsid);
  if (namespace === undefined) return io.refuse(io.namespaces.refusal(nsid), nsid, SQE_NSID, 0, 0);
  if (namespace.pathStatus !== 0) return namespace.pathStatus;
  if (namespace.allocated.busyStatus !== 0) return io.refuse(namespace.allocated.busyStatus, nsid, -1, 0, 0);
  if (namespace.host.name === '') {
    return io.refuse(STATUS_HOST_IDENTIFIER_NOT_INITIALIZED | STATUS_DNR, nsid, -1, 0, 0);
  }
  return 0;
}

/** Fetches the data of a reservation command: 0 or the status that refuses its pointer. */
export function fetchKeys(io: IoContext, command: Command, data: Uint8Array): number {
  const status = io.pointers.pointData(command, data.length, false);
  if (status !== 0) return io.refuse(status, command.nsid, SQE_PRP1, 0, 0);
  io.pointers.data.gather(data, 0);
  return 0;
}

/** The 64-bit key at a byte of the data, as the registrants keep it. */
export function keyAt(data: Uint8Array, at: number): string {
  return toHex(data.subarray(at, at + 8));
}

/** The registrant that the host is, if the key it gives is its own. */
export function registrantOf(namespace: Namespace, key: string): Registrant | undefined {
  const registrant = namespace.allocated.reservation.registrants.get(namespace.host.name);
  return registrant?.key === key ? registrant : undefined;
}

/** Refuses with Reservation Conflict. */
export function conflict(io: IoContext, command: Command): number {
  return io.refuse(STATUS_RESERVATION_CONFLICT | STATUS_DNR, command.nsid, -1, 0, 0);
}

/** Refuses because of a field of dword 10. @param byte - byte of the dword */
export function badField(io: IoContext, command: Command, byte: number): number {
  return io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, command.nsid, SQE_CDW10 + byte, 0, 0);
}
