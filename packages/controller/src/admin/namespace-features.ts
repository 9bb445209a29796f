import {
  FEATURE_ERROR_RECOVERY,
  FEATURE_ERROR_RECOVERY_VALUE,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  FEATURE_NAMESPACE_WRITE_PROTECTION_VALUE,
  FEATURE_RESERVATION_NOTIFICATION_MASK,
  FEATURE_RESERVATION_NOTIFICATION_VALUE,
  FEATURE_RESERVATION_PERSISTENCE,
  FEATURE_RESERVATION_PERSISTENCE_VALUE,
  STATUS_FEATURE_NOT_CHANGEABLE,
  STATUS_INVALID_FIELD,
  WRITE_PROTECTION_NONE,
  WRITE_PROTECTION_ON,
  WRITE_PROTECTION_PERMANENT,
} from '@phasebit/nvme-spec';
import type { Feature } from './feature.js';
import { ALL_RIGHT, namespaceWord } from './word-feature.js';

// Features of a namespace that are one dword. [Base] 5.1.25.1, [NVM] 4.1.3

const zero = (): number => 0;

/** Error Recovery, per controller. Errors for unwritten blocks can be asked for where blocks are counted (NSFEAT.DAE). */
export const errorRecovery: Feature = namespaceWord(FEATURE_ERROR_RECOVERY, {
  mask: FEATURE_ERROR_RECOVERY_VALUE.TLER.mask | FEATURE_ERROR_RECOVERY_VALUE.DULBE.mask,
  read: (namespace) => namespace.errorRecovery,
  initial: zero,
  write: (namespace, value) => (namespace.errorRecovery = value),
  refusal: ({ allocated }, value) =>
    FEATURE_ERROR_RECOVERY_VALUE.DULBE.get(value) === 1 && !allocated.isCounted ? STATUS_INVALID_FIELD : 0,
});

/** Reservation Notification Mask, per controller. */
export const reservationNotificationMask: Feature = namespaceWord(FEATURE_RESERVATION_NOTIFICATION_MASK, {
  mask:
    FEATURE_RESERVATION_NOTIFICATION_VALUE.REGPRE.mask |
    FEATURE_RESERVATION_NOTIFICATION_VALUE.RESREL.mask |
    FEATURE_RESERVATION_NOTIFICATION_VALUE.RESPRE.mask,
  isSaveable: false,
  refusesBroadcastGet: true,
  read: (namespace) => namespace.reservationMask,
  initial: zero,
  write: (namespace, value) => (namespace.reservationMask = value),
});

/** Reservation Persistence, for all controllers; it is kept across resets. */
export const reservationPersistence: Feature = namespaceWord(FEATURE_RESERVATION_PERSISTENCE, {
  mask: FEATURE_RESERVATION_PERSISTENCE_VALUE.PTPL.mask,
  isSaveable: false,
  refusesBroadcastGet: true,
  read: ({ allocated }) => (allocated.reservation.isPersistent ? 1 : 0),
  initial: zero,
  write: ({ allocated }, value) => (allocated.reservation.isPersistent = value === 1),
});

/**
 * Namespace Write Protection, for all controllers; it is kept across resets. The states that only a power cycle or nothing ends need the
 * leave of a replay protected memory block, which the model does not have.
 */
export const writeProtection: Feature = {
  ...namespaceWord(FEATURE_NAMESPACE_WRITE_PROTECTION, {
    mask: FEATURE_NAMESPACE_WRITE_PROTECTION_VALUE.WPS.mask,
    isSaveable: false,
    wrongByte: (_, value, isSet) =>
      isSet && FEATURE_NAMESPACE_WRITE_PROTECTION_VALUE.WPS.get(value) > WRITE_PROTECTION_PERMANENT ? 0 : ALL_RIGHT,
    read: ({ allocated }) => (allocated.isProtected ? WRITE_PROTECTION_ON : WRITE_PROTECTION_NONE),
    initial: zero,
    write: ({ allocated }, value) => allocated.protect(value === WRITE_PROTECTION_ON),
    refusal: ({ allocated }, value) => {
      if (value > WRITE_PROTECTION_ON) return STATUS_FEATURE_NOT_CHANGEABLE;
      // What is in a cache goes to stable media before nothing can be written any more.
      return value === WRITE_PROTECTION_ON && !allocated.isProtected ? allocated.flush() : 0;
    },
  }),
  isHeldBySanitize: true,
};
