import { describe, expect, it } from 'vitest';
import * as codes from './status-codes.js';
import {
  STATUS_CRD_SHIFT,
  STATUS_DNR,
  STATUS_MORE,
  statusCode,
  statusCrd,
  statusHasDnr,
  statusIsError,
  statusIsPathError,
  statusSc,
  statusSct,
} from './status.js';
import { describeStatus, statusName } from './status.describe.js';
import { STATUS_CODES } from './status.table.js';

describe('a status', () => {
  const status = codes.STATUS_ANA_INACCESSIBLE | (2 << STATUS_CRD_SHIFT) | STATUS_MORE | STATUS_DNR;

  it('comes apart', () => {
    expect(status).toBe(0x7302);
    expect(statusCode(status)).toBe(codes.STATUS_ANA_INACCESSIBLE);
    expect(statusSct(status)).toBe(3);
    expect(statusSc(status)).toBe(2);
    expect(statusCrd(status)).toBe(2);
    expect(statusHasDnr(status)).toBe(true);
    expect(statusIsPathError(status)).toBe(true);
  });

  it('is an error by its code alone', () => {
    expect(statusIsError(codes.STATUS_SUCCESS)).toBe(false);
    expect(statusIsError(codes.STATUS_SUCCESS | STATUS_MORE | STATUS_DNR)).toBe(false);
    expect(statusIsError(codes.STATUS_INVALID_COMPLETION_QUEUE)).toBe(true);
    expect(statusIsError(codes.STATUS_INTERNAL_PATH_ERROR)).toBe(true);
  });

  it('of another type is no path error, and without DNR may be retried', () => {
    expect(statusIsPathError(codes.STATUS_UNRECOVERED_READ_ERROR)).toBe(false);
    expect(statusIsPathError(codes.STATUS_HOST_PATHING_ERROR)).toBe(true);
    expect(statusHasDnr(codes.STATUS_NAMESPACE_NOT_READY)).toBe(false);
  });
});

describe('the table of codes', () => {
  it('has a row per constant, with its name and value', () => {
    const rows = new Map(STATUS_CODES.map(([code, name]) => [`STATUS_${name}`, code]));
    expect(rows.size).toBe(STATUS_CODES.length);
    expect(Object.fromEntries(rows)).toEqual({ ...codes });
  });

  it('ascends, so that no code is there twice', () => {
    const values = STATUS_CODES.map(([code]) => code);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  });

  it.each([
    ['STATUS_INVALID_FIELD', 0x002],
    ['STATUS_LBA_OUT_OF_RANGE', 0x080],
    ['STATUS_INVALID_QUEUE_IDENTIFIER', 0x101],
    ['STATUS_INVALID_PROTECTION_INFORMATION', 0x181],
    ['STATUS_COMPARE_FAILURE', 0x285],
    ['STATUS_ANA_TRANSITION', 0x303],
    ['STATUS_COMMAND_ABORTED_BY_HOST', 0x371],
  ] as const)('%s is %i', (name, value) => {
    expect(codes[name]).toBe(value);
  });
});

describe('describeStatus', () => {
  it.each([
    [0x0000, 'Successful Completion (sct=0 sc=0x00)'],
    [0x4080, 'LBA Out of Range (sct=0 sc=0x80) DNR'],
    [0x0281, 'Unrecovered Read Error (sct=2 sc=0x81)'],
    [0x2b03, 'Asymmetric Access Transition (sct=3 sc=0x03) CRD=1 MORE'],
    [0x7fff, 'Vendor Specific (sct=7 sc=0xff) CRD=3 MORE DNR'],
    [0x00c1, 'Vendor Specific (sct=0 sc=0xc1)'],
    [0x0401, 'Reserved (sct=4 sc=0x01)'],
    [0x0017, 'Reserved (sct=0 sc=0x17)'],
  ])('%i', (status, text) => {
    expect(describeStatus(status)).toBe(text);
  });

  it('has words for every status and never throws', () => {
    for (let status = 0; status < 0x8000; status++) expect(describeStatus(status)).toMatch(/^[A-Z].* \(sct=\d sc=0x/);
    for (const odd of [-1, 0.5, NaN, Infinity, 2 ** 40]) expect(describeStatus(odd)).toMatch(/sct=/);
  });

  it('goes with a name for programs', () => {
    expect(statusName(0x4080)).toBe('LBA_OUT_OF_RANGE');
    expect(statusName(0x0017)).toBeUndefined();
  });
});
