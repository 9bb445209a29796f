/**
 * Reservation Status: what Reservation Report returns. [Base] 7.8
 *
 *   64-bit host identifiers    header (24)                  registrants of 24 bytes
 *   128-bit host identifiers   header (24), reserved (40)   registrants of 64 bytes
 */
import { readUint16, readUint32, readUnsigned, toHex } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes before the first registrant, 64-bit host identifiers; also the bytes of the header proper. */
export const RESERVATION_STATUS_BYTES = 24;
/** Bytes before the first registrant, 128-bit host identifiers. */
export const RESERVATION_STATUS_EXTENDED_BYTES = 64;
/** 0x00  4  Generation: grows with each change of a registration, wraps. */
export const RESERVATION_STATUS_GEN = 0x00;
/** 0x04  1  Type of the reservation that is held, RESERVATION_TYPE_*. */
export const RESERVATION_STATUS_RTYPE = 0x04;
/** 0x05  2  Number of registrants. */
export const RESERVATION_STATUS_REGSTRNT = 0x05;
/** 0x09  1  Persist through power loss state, 0 or 1. */
export const RESERVATION_STATUS_PTPLS = 0x09;

/** Bytes of a registrant, 64-bit host identifiers. */
export const REGISTRANT_BYTES = 24;
/** 0x00  2  Controller identifier, REGISTRANT_CNTLID_* when there is none. */
export const REGISTRANT_CNTLID = 0x00;
/** 0x02  1  Reservation status, {@link REGISTRANT_RCSTS_HOLDS}. */
export const REGISTRANT_RCSTS = 0x02;
/** 0x08  8  Host identifier. */
export const REGISTRANT_HOSTID = 0x08;
/** 0x10  8  Reservation key. */
export const REGISTRANT_RKEY = 0x10;

/** Bytes of a registrant, 128-bit host identifiers. */
export const REGISTRANT_EXTENDED_BYTES = 64;
/** 0x08  8  Reservation key of an extended registrant. */
export const REGISTRANT_EXTENDED_RKEY = 0x08;
/** 0x10 16  Host identifier of an extended registrant. */
export const REGISTRANT_EXTENDED_HOSTID = 0x10;

/** Reservation status bit 0: the registrant holds the reservation. */
export const REGISTRANT_RCSTS_HOLDS = 0x01;
/** Controller identifier of a registrant that no controller of this NVM subsystem is associated with. */
export const REGISTRANT_CNTLID_NONE = 0xffff;
/** Controller identifier of a registrant of another NVM subsystem, dispersed namespaces only. */
export const REGISTRANT_CNTLID_ELSEWHERE = 0xfffd;

/** Layout of the header. */
export const ReservationStatusLayout: Layout = layout('RESERVATION_STATUS', RESERVATION_STATUS_BYTES, [
  [RESERVATION_STATUS_GEN, 4, 'gen'],
  [RESERVATION_STATUS_RTYPE, 1, 'rtype'],
  [RESERVATION_STATUS_REGSTRNT, 2, 'regstrnt', 'packed'],
  [7, 2, 'reserved7', 'reserved'],
  [RESERVATION_STATUS_PTPLS, 1, 'ptpls'],
  [10, 14, 'reserved10', 'reserved'],
]);

/** Layout of a registrant, 64-bit host identifiers. */
export const RegistrantLayout: Layout = layout('REGISTRANT', REGISTRANT_BYTES, [
  [REGISTRANT_CNTLID, 2, 'cntlid'],
  [REGISTRANT_RCSTS, 1, 'rcsts'],
  [3, 5, 'reserved3', 'reserved'],
  [REGISTRANT_HOSTID, 8, 'hostid'],
  [REGISTRANT_RKEY, 8, 'rkey'],
]);

/** Layout of a registrant, 128-bit host identifiers. */
export const RegistrantExtendedLayout: Layout = layout('REGISTRANT_EXTENDED', REGISTRANT_EXTENDED_BYTES, [
  [REGISTRANT_CNTLID, 2, 'cntlid'],
  [REGISTRANT_RCSTS, 1, 'rcsts'],
  [3, 5, 'reserved3', 'reserved'],
  [REGISTRANT_EXTENDED_RKEY, 8, 'rkey'],
  [REGISTRANT_EXTENDED_HOSTID, 16, 'hostid'],
  [32, 32, 'reserved32', 'reserved'],
]);

/** One registrant of a namespace. */
export interface Registrant {
  /** Controller identifier, REGISTRANT_CNTLID_* when there is none. */
  readonly cntlid: number;
  /** True when it holds the reservation. */
  readonly holds: boolean;
  /** Reservation key. */
  readonly rkey: bigint;
  /** Host identifier: 16 or 32 hexadecimal digits in memory order. */
  readonly hostid: string;
}

/** A decoded Reservation Status. */
export interface ReservationStatus {
  /** Generation: grows with each change of a registration, wraps. */
  readonly generation: number;
  /** Type of the reservation that is held, RESERVATION_TYPE_*. */
  readonly type: number;
  /** Reservations and registrations outlive a power loss. */
  readonly persistent: boolean;
  /** The registrants in the order of the structure. */
  readonly registrants: readonly Registrant[];
}

/**
 * Bytes of the whole structure, by the number of registrants in its header; more than `data` has when the report was
 * cut short. @throws RangeError when `data` is shorter than the header.
 */
export function reservationStatusBytes(data: Uint8Array, extended: boolean): number {
  if (data.length < RESERVATION_STATUS_BYTES) {
    throw new RangeError(`RESERVATION_STATUS: ${RESERVATION_STATUS_BYTES} bytes expected, got ${data.length}`);
  }
  const registrants = readUint16(data, RESERVATION_STATUS_REGSTRNT);
  return extended
    ? RESERVATION_STATUS_EXTENDED_BYTES + registrants * REGISTRANT_EXTENDED_BYTES
    : RESERVATION_STATUS_BYTES + registrants * REGISTRANT_BYTES;
}

/**
 * Decodes a Reservation Status; `extended` is what EDS of the command was.
 * @throws RangeError when `data` is shorter than the header, or than the registrants that the header counts.
 */
export function decodeReservationStatus(data: Uint8Array, extended: boolean): ReservationStatus {
  const bytes = reservationStatusBytes(data, extended);
  if (data.length < bytes) throw new RangeError(`RESERVATION_STATUS: ${bytes} bytes expected, got ${data.length}`);
  const first = extended ? RESERVATION_STATUS_EXTENDED_BYTES : RESERVATION_STATUS_BYTES;
  const stride = extended ? REGISTRANT_EXTENDED_BYTES : REGISTRANT_BYTES;
  const registrants: Registrant[] = [];
  for (let at = first; at < bytes; at += stride) registrants.push(decodeRegistrant(data, at, extended));
  return {
    generation: readUint32(data, RESERVATION_STATUS_GEN),
    type: data[RESERVATION_STATUS_RTYPE],
    persistent: data[RESERVATION_STATUS_PTPLS] === 1,
    registrants,
  };
}

function decodeRegistrant(data: Uint8Array, at: number, extended: boolean): Registrant {
  const keyAt = at + (extended ? REGISTRANT_EXTENDED_RKEY : REGISTRANT_RKEY);
  const hostAt = at + (extended ? REGISTRANT_EXTENDED_HOSTID : REGISTRANT_HOSTID);
  return {
    cntlid: readUint16(data, at + REGISTRANT_CNTLID),
    holds: (data[at + REGISTRANT_RCSTS] & REGISTRANT_RCSTS_HOLDS) !== 0,
    rkey: BigInt(readUnsigned(data, keyAt, 8)),
    hostid: toHex(data.subarray(hostAt, hostAt + (extended ? 16 : 8))),
  };
}
