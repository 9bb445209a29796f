import {
  REGISTRANT_BYTES,
  REGISTRANT_CNTLID,
  REGISTRANT_CNTLID_NONE,
  REGISTRANT_EXTENDED_BYTES,
  REGISTRANT_EXTENDED_HOSTID,
  REGISTRANT_EXTENDED_RKEY,
  REGISTRANT_HOSTID,
  REGISTRANT_RCSTS,
  REGISTRANT_RCSTS_HOLDS,
  REGISTRANT_RKEY,
  RESERVATION_REPORT_CDW10,
  RESERVATION_REPORT_CDW11,
  RESERVATION_STATUS_BYTES,
  RESERVATION_STATUS_EXTENDED_BYTES,
  RESERVATION_STATUS_GEN,
  RESERVATION_STATUS_PTPLS,
  RESERVATION_STATUS_REGSTRNT,
  RESERVATION_STATUS_RTYPE,
  SQE_CDW10,
  SQE_CDW11,
  SQE_PRP1,
  STATUS_DNR,
  STATUS_HOST_IDENTIFIER_INCONSISTENT,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import type { Command } from '../command.js';
import { identifierBytes } from '../identifier.js';
import type { IoContext } from '../io/io-context.js';
import { reservationTarget } from './reservation-target.js';

/** Reservation Report: registrants and reservation, as much as was asked for. [Base] 7.8 */
export function reservationReport(io: IoContext, command: Command): number {
  const refusal = reservationTarget(io, command);
  if (refusal !== 0) return refusal;
  const { nsid } = command;
  const namespace = io.namespaces.get(nsid)!;
  const isExtended = RESERVATION_REPORT_CDW11.EDS.get(command.cdw(11)) === 1;
  if (isExtended !== namespace.host.isExtended) {
    return io.refuse(STATUS_HOST_IDENTIFIER_INCONSISTENT | STATUS_DNR, nsid, SQE_CDW11, 0, 0);
  }
  const asked = (RESERVATION_REPORT_CDW10.NUMD0.get(command.cdw(10)) + 1) * 4;
  if (asked > io.bytesMax) return io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, nsid, SQE_CDW10, 0, 0);
  const report = reservationStatus(namespace.allocated, isExtended);
  // What the structure does not fill is not transferred.
  const bytes = Math.min(asked, report.length);
  const status = io.pointers.pointReport(command, bytes, asked);
  if (status !== 0) return io.refuse(status, nsid, SQE_PRP1, 0, 0);
  io.pointers.data.scatter(report, 0);
  return 0;
}

/** The Reservation Status data structure. @param isExtended - for 128-bit host identifiers */
export function reservationStatus(allocated: AllocatedNamespace, isExtended: boolean): Uint8Array {
  const { reservation, views } = allocated;
  const registrants = [...reservation.registrants.values()];
  const headerBytes = isExtended ? RESERVATION_STATUS_EXTENDED_BYTES : RESERVATION_STATUS_BYTES;
  const entryBytes = isExtended ? REGISTRANT_EXTENDED_BYTES : REGISTRANT_BYTES;
  const data = new Uint8Array(headerBytes + registrants.length * entryBytes);
  const view = new DataView(data.buffer);
  view.setUint32(RESERVATION_STATUS_GEN, reservation.generation, true);
  view.setUint8(RESERVATION_STATUS_RTYPE, reservation.type);
  view.setUint16(RESERVATION_STATUS_REGSTRNT, registrants.length, true);
  view.setUint8(RESERVATION_STATUS_PTPLS, reservation.isPersistent ? 1 : 0);
  registrants.forEach(({ host, key }, i) => {
    const at = headerBytes + i * entryBytes;
    const cntlid = views.find((each) => each.host.name === host.name)?.member.settings.cntlid ?? REGISTRANT_CNTLID_NONE;
    view.setUint16(at + REGISTRANT_CNTLID, cntlid, true);
    view.setUint8(at + REGISTRANT_RCSTS, reservation.isHolder(host.name) ? REGISTRANT_RCSTS_HOLDS : 0);
    data.set(host.bytes, at + (isExtended ? REGISTRANT_EXTENDED_HOSTID : REGISTRANT_HOSTID));
    data.set(identifierBytes('key', key, 8), at + (isExtended ? REGISTRANT_EXTENDED_RKEY : REGISTRANT_RKEY));
  });
  return data;
}
