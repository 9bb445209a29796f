/**
 * Reservation Notification log (80h), 64 bytes: the oldest notification that was not read. [Base] 5.1.12.1.32
 */
import { readUint32, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the Reservation Notification log. */
export const RESERVATION_LOG_BYTES = 64;
/** 0x00  8  Number of this notification, 0 for an empty log; after FFFFFFFF_FFFFFFFFh comes 1. */
export const RESERVATION_LOG_LPC = 0x00;
/** 0x08  1  What happened, RESERVATION_NOTIFICATION_*. */
export const RESERVATION_LOG_RNLPT = 0x08;
/** 0x09  1  Notifications that wait behind this one, 255 for more. */
export const RESERVATION_LOG_NALP = 0x09;
/** 0x0c  4  Namespace identifier. */
export const RESERVATION_LOG_NSID = 0x0c;

/** Notification: none, the log is empty. */
export const RESERVATION_NOTIFICATION_EMPTY = 0;
/** Notification: the host's registration was preempted. */
export const RESERVATION_NOTIFICATION_REGISTRATION_PREEMPTED = 1;
/** Notification: the reservation was released. */
export const RESERVATION_NOTIFICATION_RELEASED = 2;
/** Notification: the reservation was preempted. */
export const RESERVATION_NOTIFICATION_PREEMPTED = 3;

/** Layout of the Reservation Notification log. */
export const ReservationLogLayout: Layout = layout('RESERVATION_LOG', RESERVATION_LOG_BYTES, [
  [RESERVATION_LOG_LPC, 8, 'lpc'],
  [RESERVATION_LOG_RNLPT, 1, 'rnlpt'],
  [RESERVATION_LOG_NALP, 1, 'nalp'],
  [10, 2, 'reserved10', 'reserved'],
  [RESERVATION_LOG_NSID, 4, 'nsid'],
  [16, 48, 'reserved16', 'reserved'],
]);

/** A decoded Reservation Notification log. */
export interface ReservationLog {
  /** Number of this notification, 0 for an empty log. */
  readonly lpc: number | bigint;
  /** What happened, RESERVATION_NOTIFICATION_*. */
  readonly type: number;
  /** Notifications that wait behind this one, 255 for more. */
  readonly waiting: number;
  /** Namespace identifier. */
  readonly nsid: number;
}

/** Decodes a Reservation Notification log. @throws RangeError when `data` is shorter than 64 bytes. */
export function decodeReservationLog(data: Uint8Array): ReservationLog {
  if (data.length < RESERVATION_LOG_BYTES) {
    throw new RangeError(`RESERVATION_LOG: ${RESERVATION_LOG_BYTES} bytes expected, got ${data.length}`);
  }
  return {
    lpc: readUnsigned(data, RESERVATION_LOG_LPC, 8),
    type: data[RESERVATION_LOG_RNLPT],
    waiting: data[RESERVATION_LOG_NALP],
    nsid: readUint32(data, RESERVATION_LOG_NSID),
  };
}
