/**
 * Status codes: what a completion says about its command. [Base] 4.2.3
 *
 * A Status is a 15-bit number, dword 3 of the completion shifted right by 17:
 *
 *   14    13   12:11   10:8   7:0
 *   DNR   M    CRD     SCT    SC
 *
 * The constants of status-codes.ts are SCT << 8 | SC: compare them with `statusCode(status)`. The names of the codes
 * are in status.table.ts. An I/O that fails is data, not an exception, so nothing here throws.
 */
import { STATUS_SUCCESS } from './status-codes.js';

/** The 15-bit status of a completion, DNR | M | CRD | SCT | SC; 0 is success. */
export type Status = number;

/** Status bits 10:0, SCT and SC together: what the constants of status-codes.ts are compared with. */
export const STATUS_CODE_MASK = 0x07ff;
/** Status bits 7:0, status code. */
export const STATUS_SC_MASK = 0x00ff;
/** Status bits 10:8, status code type: position. */
export const STATUS_SCT_SHIFT = 8;
/** Status bits 10:8, status code type: mask after the shift. */
export const STATUS_SCT_MASK = 0x7;
/** Status bits 12:11, command retry delay, which of CRDT1..3 to wait: position. */
export const STATUS_CRD_SHIFT = 11;
/** Status bits 12:11, command retry delay: mask after the shift. */
export const STATUS_CRD_MASK = 0x3;
/** Status bit 13, more: the Error Information log holds more about this failure. */
export const STATUS_MORE = 0x2000;
/** Status bit 14, do not retry: the same command would fail again. */
export const STATUS_DNR = 0x4000;

/** SCT: generic command status. */
export const SCT_GENERIC = 0;
/** SCT: command specific status. */
export const SCT_COMMAND_SPECIFIC = 1;
/** SCT: media and data integrity errors. */
export const SCT_MEDIA = 2;
/** SCT: path related status. */
export const SCT_PATH = 3;
/** SCT: vendor specific. */
export const SCT_VENDOR = 7;

/** SCT and SC of a status, without CRD, M and DNR. */
export function statusCode(status: Status): number {
  return status & STATUS_CODE_MASK;
}

/** Status code type of a status, 0..7. */
export function statusSct(status: Status): number {
  return (status >>> STATUS_SCT_SHIFT) & STATUS_SCT_MASK;
}

/** Status code of a status, 0..255, to be read together with its type. */
export function statusSc(status: Status): number {
  return status & STATUS_SC_MASK;
}

/** Command retry delay of a status: 0 for none, else 1..3 for CRDT1..3 of Identify Controller. */
export function statusCrd(status: Status): number {
  return (status >>> STATUS_CRD_SHIFT) & STATUS_CRD_MASK;
}

/** True for anything but Successful Completion; CRD, M and DNR alone do not make an error. */
export function statusIsError(status: Status): boolean {
  return (status & STATUS_CODE_MASK) !== STATUS_SUCCESS;
}

/** True when the controller says that a retry of the same command would fail again. */
export function statusHasDnr(status: Status): boolean {
  return (status & STATUS_DNR) !== 0;
}

/** True for path related status (SCT 3): another path may still reach the namespace. */
export function statusIsPathError(status: Status): boolean {
  return ((status >>> STATUS_SCT_SHIFT) & STATUS_SCT_MASK) === SCT_PATH;
}
