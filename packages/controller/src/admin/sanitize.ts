import {
  SANITIZE_ACTION_EXIT_FAILURE,
  SANITIZE_ACTION_EXIT_VERIFICATION,
  SANITIZE_ACTION_OVERWRITE,
  SANITIZE_CDW10,
  SANITIZE_STATE_MEDIA_VERIFICATION,
  SANITIZE_STATE_RESTRICTED_FAILURE,
  SQE_CDW10,
  SQE_NSID,
  STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET,
  STATUS_INVALID_FIELD,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_RESERVATION_CONFLICT,
  STATUS_SANITIZE_FAILED,
  STATUS_SANITIZE_IN_PROGRESS,
  STATUS_SANITIZE_PROHIBITED_PMR,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { recordSanitizeStart } from '../event-records.js';
import type { Internals } from '../internals.js';
import { BARS_WRITES } from '../reservations/reservation.js';
import { refuse } from './admin-handler.js';
import { SANICAP_VALUE } from './capabilities.js';

/** Sanitize: starts an operation in the background, or leaves the failure or the verification of one. [Base] 5.1.22 */
export function sanitize(inside: Internals, command: Command): number {
  const { sanitizer } = inside.subsystem;
  const action = SANITIZE_CDW10.SANACT.get(command.cdw(10));
  if (command.nsid !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
  const isVerifying = sanitizer.state === SANITIZE_STATE_MEDIA_VERIFICATION;
  if (action === 0 || action > SANITIZE_ACTION_EXIT_VERIFICATION) return badField(command);
  // While media is verified nothing but the end of that is valid, and that is valid nowhere else.
  if (isVerifying !== (action === SANITIZE_ACTION_EXIT_VERIFICATION)) return badField(command);
  if (isVerifying) {
    sanitizer.exitVerification();
    return 0;
  }
  // It can succeed later, so there is no DNR.
  if (sanitizer.isActive) return STATUS_SANITIZE_IN_PROGRESS;
  const isRestricted = sanitizer.state === SANITIZE_STATE_RESTRICTED_FAILURE;
  if (action === SANITIZE_ACTION_EXIT_FAILURE) {
    if (isRestricted) return refuse(command, STATUS_SANITIZE_FAILED, SQE_CDW10);
    if (sanitizer.isFailed) sanitizer.exitFailure();
    return 0;
  }
  if (isRestricted && SANITIZE_CDW10.AUSE.get(command.cdw(10)) === 1) {
    return refuse(command, STATUS_SANITIZE_FAILED, SQE_CDW10);
  }
  return start(inside, command, action);
}

function start(inside: Internals, command: Command, action: number): number {
  const { subsystem, features } = inside;
  const { sanitizer } = subsystem;
  const cdw10 = command.cdw(10);
  const keepsMedia = SANITIZE_CDW10.NDAS.get(cdw10) === 1;
  const isVerified = SANITIZE_CDW10.EMVS.get(cdw10) === 1;
  if (keepsMedia && !sanitizer.isWarningMode) return badField(command);
  if (isVerified && (keepsMedia || action === SANITIZE_ACTION_OVERWRITE)) return badField(command);
  const refusal = prohibition(inside);
  if (refusal !== 0) return refuse(command, refusal, -1);
  for (const { isProtected, reservation, formatTask, busyStatus } of subsystem.namespaces) {
    // Of what may be over soon, there is no DNR.
    if (formatTask !== undefined) return busyStatus;
    if (isProtected) return refuse(command, STATUS_NAMESPACE_WRITE_PROTECTED, -1);
    if ((reservation.bars(features.host.name) & BARS_WRITES) !== 0) {
      return refuse(command, STATUS_RESERVATION_CONFLICT, -1);
    }
  }
  recordSanitizeStart(inside, SANICAP_VALUE, cdw10, command.cdw(11));
  subsystem.sanitizeStarter = inside;
  sanitizer.start(cdw10);
  return 0;
}

/** What else stands in the way of a sanitize operation, or 0. */
function prohibition({ subsystem }: Internals): number {
  if (subsystem.firmware.next !== 0) return STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET;
  return subsystem.hasPersistentMemory ? STATUS_SANITIZE_PROHIBITED_PMR : 0;
}

function badField(command: Command): number {
  return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
}
