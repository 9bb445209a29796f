/**
 * When a command that failed is sent again by the driver itself: the one rule about it, for every queue pair.
 *
 * ```text
 *   a completion came         the status has DNR 0, and is one of those of `isRetryStatus`
 *   a reset took the command  its outcome is not known: it is one of those of `isRepeatable`, which may as well be carried out twice
 *   in both cases             it was sent again fewer than `retriesMax` times, and is not half of a fused pair
 *   then                      it is sent again, ahead of all that waits, once the delay of CRD has passed
 *   otherwise                 it completes: with its status, or, after a reset, as aborted by the host
 * ```
 *
 * Whoever has a rule of their own, as a device over several paths has, sets `retriesMax` to 0.
 */
import {
  FUSE_NORMAL,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  SQE_CDW0_FUSE_MASK,
  SQE_CDW0_FUSE_SHIFT,
  SQE_CDW0_OPC_MASK,
  STATUS_ADMIN_MEDIA_NOT_READY,
  STATUS_COMMAND_INTERRUPTED,
  STATUS_FORMAT_IN_PROGRESS,
  STATUS_INTERNAL_PATH_ERROR,
  STATUS_NAMESPACE_NOT_READY,
  STATUS_TRANSIENT_TRANSPORT_ERROR,
  statusCode,
  statusCrd,
  statusHasDnr,
} from '@phasebit/nvme-spec';

/** Times that a command is sent again unless its queue pair says otherwise: with the fourth failure a transient error counts as a lasting one. [Base] 4.2.3.1 */
export const RETRIES_MAX_DEFAULT = 4;

/** Most times that a command can be sent again. */
export const RETRIES_MAX_LIMIT = 255;

/** Milliseconds of one unit of CRDT1 to CRDT3. [Base] Identify Controller bytes 128 to 133 */
export const RETRY_DELAY_UNIT_MS = 100;

/** Delays that CRD 1, 2 and 3 stand for, in the queue pair's ticks. */
export type RetryDelays = readonly [crd1: number, crd2: number, crd3: number];

/** No delay is known: a command is sent again at once. */
export const NO_RETRY_DELAYS: RetryDelays = [0, 0, 0];

/**
 * Whether a completion says that the same command may succeed if it is sent again to the same controller: DNR is 0 and the status is
 * Namespace Not Ready, Format In Progress, Command Interrupted, Transient Transport Error, Admin Command Media Not Ready or Internal
 * Path Error. [Base] 4.2.3
 *
 * @param status - 15 bits, as a completion callback gets it
 */
export function isRetryStatus(status: number): boolean {
  if (statusHasDnr(status)) return false;
  switch (statusCode(status)) {
    case STATUS_NAMESPACE_NOT_READY:
    case STATUS_FORMAT_IN_PROGRESS:
    case STATUS_COMMAND_INTERRUPTED:
    case STATUS_TRANSIENT_TRANSPORT_ERROR:
    case STATUS_ADMIN_MEDIA_NOT_READY:
    case STATUS_INTERNAL_PATH_ERROR:
      return true;
    default:
      return false;
  }
}

/**
 * How long the controller asks to wait before a command is sent again: CRD 1 stands for CRDT1, 2 for CRDT2, 3 for CRDT3, 0 for no delay.
 * [Base] 4.2.3, Command Retry Delay
 *
 * @returns ticks, as `delays` has them
 */
export function retryDelayTicks(status: number, delays: RetryDelays): number {
  const crd = statusCrd(status);
  return crd === 0 ? 0 : delays[crd - 1];
}

/**
 * Whether a command whose outcome is not known may be sent again: to carry it out twice has to be the same as once. Copy is not among them
 * (its source may be its destination), nor are reservations, which depend on what the first one did, nor anything that this driver does not
 * know, nor an admin command.
 *
 * @param qid - 0 is the admin queue
 * @param cdw0 - dword 0 of the command
 */
export function isRepeatable(qid: number, cdw0: number): boolean {
  if (qid === 0) return false;
  switch (cdw0 & SQE_CDW0_OPC_MASK) {
    case NVM_FLUSH:
    case NVM_WRITE:
    case NVM_READ:
    case NVM_WRITE_UNCORRECTABLE:
    case NVM_COMPARE:
    case NVM_WRITE_ZEROES:
    case NVM_DATASET_MANAGEMENT:
    case NVM_VERIFY:
      return true;
    default:
      return false;
  }
}

/** Whether a command is half of a fused pair, by its dword 0. [Base] 4.1, FUSE */
export function isFused(cdw0: number): boolean {
  return ((cdw0 >>> SQE_CDW0_FUSE_SHIFT) & SQE_CDW0_FUSE_MASK) !== FUSE_NORMAL;
}
