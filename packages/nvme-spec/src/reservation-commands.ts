/**
 * Reservation Register, Acquire, Release and Report: command dwords and the data the first three carry.
 * [Base] 7.5 to 7.8, 8.1.22
 *
 * Keys are 64-bit numbers that a host makes up; zero means no key. What Report returns is in reservation-status.ts.
 */
import { bits } from './bits.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** Reservation Register, command dword 10. */
export const RESERVATION_REGISTER_CDW10: Dword<'RREGA' | 'IEKEY' | 'DISNSRS' | 'CPTPL'> = dword(
  'RESERVATION_REGISTER_CDW10',
  SQE_CDW10,
  {
    CPTPL: bits(31, 30), // change of the persist through power loss state, RESERVATION_CPTPL_*
    DISNSRS: bits(4, 4), // the host knows reservations on dispersed namespaces
    IEKEY: bits(3, 3), // the current key is not checked
    RREGA: bits(2, 0), // what to do, RESERVATION_REGISTER_*
  },
  [bits(29, 5)],
);

/** Reservation Acquire, command dword 10. */
export const RESERVATION_ACQUIRE_CDW10: Dword<'RACQA' | 'IEKEY' | 'DISNSRS' | 'RTYPE'> = dword(
  'RESERVATION_ACQUIRE_CDW10',
  SQE_CDW10,
  {
    RTYPE: bits(15, 8), // type to acquire, RESERVATION_TYPE_*
    DISNSRS: bits(4, 4), // the host knows reservations on dispersed namespaces
    IEKEY: bits(3, 3), // must be 0, Invalid Field in Command otherwise
    RACQA: bits(2, 0), // what to do, RESERVATION_ACQUIRE_*
  },
  [bits(31, 16), bits(7, 5)],
);

/** Reservation Release, command dword 10. */
export const RESERVATION_RELEASE_CDW10: Dword<'RRELA' | 'IEKEY' | 'DISNSRS' | 'RTYPE'> = dword(
  'RESERVATION_RELEASE_CDW10',
  SQE_CDW10,
  {
    RTYPE: bits(15, 8), // type to release, equal to the type that is held
    DISNSRS: bits(4, 4), // the host knows reservations on dispersed namespaces
    IEKEY: bits(3, 3), // must be 0, Invalid Field in Command otherwise
    RRELA: bits(2, 0), // what to do, RESERVATION_RELEASE_*
  },
  [bits(31, 16), bits(7, 5)],
);

/** Reservation Report, command dword 10. */
export const RESERVATION_REPORT_CDW10: Dword<'NUMD0'> = dword('RESERVATION_REPORT_CDW10', SQE_CDW10, {
  NUMD0: bits(31, 0), // dwords to return, 0's based
});

/** Reservation Report, command dword 11. */
export const RESERVATION_REPORT_CDW11: Dword<'EDS' | 'DISNSRS'> = dword(
  'RESERVATION_REPORT_CDW11',
  SQE_CDW11,
  {
    DISNSRS: bits(1, 1), // the host knows reservations on dispersed namespaces
    EDS: bits(0, 0), // extended structure: required with, and only allowed with, a 128-bit host identifier
  },
  [bits(31, 2)],
);

/** RREGA: register a key. */
export const RESERVATION_REGISTER_KEY = 0;
/** RREGA: unregister the key. */
export const RESERVATION_UNREGISTER_KEY = 1;
/** RREGA: replace the key. */
export const RESERVATION_REPLACE_KEY = 2;

/** CPTPL: no change. */
export const RESERVATION_CPTPL_NO_CHANGE = 0;
/** CPTPL: reservations and registrations end with the next power on. */
export const RESERVATION_CPTPL_CLEAR = 2;
/** CPTPL: reservations and registrations outlive a power loss. */
export const RESERVATION_CPTPL_SET = 3;

/** RACQA: acquire. */
export const RESERVATION_ACQUIRE = 0;
/** RACQA: preempt. */
export const RESERVATION_PREEMPT = 1;
/** RACQA: preempt, and abort the commands of whom was preempted. */
export const RESERVATION_PREEMPT_AND_ABORT = 2;

/** RRELA: release. */
export const RESERVATION_RELEASE = 0;
/** RRELA: clear, all registrations too. */
export const RESERVATION_CLEAR = 1;

/** RTYPE: no reservation is held; only in what Report returns. */
export const RESERVATION_TYPE_NONE = 0;
/** RTYPE: Write Exclusive. */
export const RESERVATION_TYPE_WRITE_EXCLUSIVE = 1;
/** RTYPE: Exclusive Access. */
export const RESERVATION_TYPE_EXCLUSIVE_ACCESS = 2;
/** RTYPE: Write Exclusive, registrants only. */
export const RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS = 3;
/** RTYPE: Exclusive Access, registrants only. */
export const RESERVATION_TYPE_EXCLUSIVE_ACCESS_REGISTRANTS = 4;
/** RTYPE: Write Exclusive, all registrants hold it. */
export const RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL = 5;
/** RTYPE: Exclusive Access, all registrants hold it. */
export const RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL = 6;

/** Bytes of the data of Reservation Register. */
export const RESERVATION_REGISTER_BYTES = 16;
/** Bytes of the data of Reservation Acquire. */
export const RESERVATION_ACQUIRE_BYTES = 16;
/** Bytes of the data of Reservation Release. */
export const RESERVATION_RELEASE_BYTES = 8;
/** 0x00  8  Current reservation key, in the data of all three. */
export const RESERVATION_CRKEY = 0x00;
/** 0x08  8  New reservation key, in the data of Reservation Register. */
export const RESERVATION_NRKEY = 0x08;
/** 0x08  8  Key to preempt, in the data of Reservation Acquire. */
export const RESERVATION_PRKEY = 0x08;

/** Layout of the data of Reservation Register. */
export const ReservationRegisterLayout: Layout = layout('RESERVATION_REGISTER', RESERVATION_REGISTER_BYTES, [
  [RESERVATION_CRKEY, 8, 'crkey'],
  [RESERVATION_NRKEY, 8, 'nrkey'],
]);

/** Layout of the data of Reservation Acquire. */
export const ReservationAcquireLayout: Layout = layout('RESERVATION_ACQUIRE', RESERVATION_ACQUIRE_BYTES, [
  [RESERVATION_CRKEY, 8, 'crkey'],
  [RESERVATION_PRKEY, 8, 'prkey'],
]);

/** Layout of the data of Reservation Release. */
export const ReservationReleaseLayout: Layout = layout('RESERVATION_RELEASE', RESERVATION_RELEASE_BYTES, [
  [RESERVATION_CRKEY, 8, 'crkey'],
]);
