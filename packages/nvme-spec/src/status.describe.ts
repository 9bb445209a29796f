/**
 * A status in words, for logs and errors. [Base] 4.2.3
 */
import {
  SCT_VENDOR,
  STATUS_DNR,
  STATUS_MORE,
  statusCode,
  statusCrd,
  statusSc,
  statusSct,
  type Status,
} from './status.js';
import { STATUS_CODES } from './status.table.js';

const rowByCode = new Map(STATUS_CODES.map((row) => [row[0], row] as const));

/**
 * One line for people, such as `LBA Out of Range (sct=0 sc=0x80) DNR`.
 * Codes without a row read as reserved or vendor specific; it never throws.
 */
export function describeStatus(status: Status): string {
  const sct = statusSct(status);
  const sc = statusSc(status);
  const crd = statusCrd(status);
  let line = `${textOf(status)} (sct=${sct} sc=0x${sc.toString(16).padStart(2, '0')})`;
  if (crd !== 0) line += ` CRD=${crd}`;
  if ((status & STATUS_MORE) !== 0) line += ' MORE';
  if ((status & STATUS_DNR) !== 0) line += ' DNR';
  return line;
}

/** Name of a status code without `STATUS_`, such as `LBA_OUT_OF_RANGE`; undefined for a code without a row. */
export function statusName(status: Status): string | undefined {
  return rowByCode.get(statusCode(status))?.[1];
}

function textOf(status: Status): string {
  const row = rowByCode.get(statusCode(status));
  if (row !== undefined) return row[2];
  // Within every type, codes C0h and up are vendor specific; type 7 is so as a whole.
  if (statusSct(status) === SCT_VENDOR || statusSc(status) >= 0xc0) return 'Vendor Specific';
  return 'Reserved';
}
