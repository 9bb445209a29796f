import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_SANITIZE,
  decodeSanitizeLog,
  LOG_SANITIZE_STATUS,
  SANITIZE_ACTION_BLOCK_ERASE,
  SANITIZE_ACTION_CRYPTO_ERASE,
  SANITIZE_ACTION_EXIT_FAILURE,
  SANITIZE_ACTION_EXIT_VERIFICATION,
  SANITIZE_ACTION_OVERWRITE,
  SANITIZE_CDW10,
  SANITIZE_CDW11,
  SANITIZE_LOG_BYTES,
  SANITIZE_PASSES_MAX,
  SANITIZE_STATE_MEDIA_VERIFICATION,
  SANITIZE_STATUS_FAILED,
  SANITIZE_STATUS_SANITIZING,
  type SanitizeLog,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { onlySignal } from '../deadline.js';
import { DriverError } from '../errors.js';
import { readLogPage } from './log-page.js';
import { watch, type WatchOptions } from './progress.js';

/** Milliseconds that a sanitize operation may take unless its caller says otherwise: a day, since large disks take hours. */
export const SANITIZE_DEADLINE_MS: number = 24 * 3_600_000;

/** How all user data is erased. [Base] 5.1.22 */
export interface SanitizeOptions extends WatchOptions {
  /** what is done */
  readonly action: 'block-erase' | 'crypto-erase' | 'overwrite';
  /** a failure may be left without sanitizing again; default false */
  readonly isUnrestricted?: boolean;
  /** leave the blocks allocated afterwards; default false */
  readonly isNotDeallocated?: boolean;
  /** stop in the media verification state afterwards; default false */
  readonly isVerified?: boolean;
  /** of an overwrite: passes, 1 to 16; default 1 */
  readonly passes?: number;
  /** of an overwrite: 32-bit pattern; default 0 */
  readonly pattern?: number;
  /** of an overwrite: invert the pattern from pass to pass; default false */
  readonly isPatternInverted?: boolean;
}

/** How far a sanitize operation is. */
export interface SanitizeProgress {
  /** 0 to 1 */
  readonly fraction: number;
  /** the log that says so */
  readonly log: SanitizeLog;
}

const ACTIONS = {
  'block-erase': SANITIZE_ACTION_BLOCK_ERASE,
  'crypto-erase': SANITIZE_ACTION_CRYPTO_ERASE,
  overwrite: SANITIZE_ACTION_OVERWRITE,
};

/**
 * Erases all user data of the NVM subsystem and tells how far that is; to be iterated to its end. Giving the iteration up does not stop
 * the operation, which nothing can.
 *
 * ```ts
 * for await (const { fraction } of sanitize(controller.admin, { action: 'crypto-erase' })) show(fraction);
 * ```
 *
 * @returns the log at the end, success or success with deallocation
 * @throws DriverError OPERATION_FAILED, OPERATION_TIMEOUT after {@link SANITIZE_DEADLINE_MS} by default, and as `AdminQueue.demand`
 */
export async function* sanitize(
  admin: AdminQueue,
  options: SanitizeOptions,
): AsyncGenerator<SanitizeProgress, SanitizeLog, void> {
  const { passes = 1 } = options;
  if (!(Number.isInteger(passes) && passes >= 1 && passes <= SANITIZE_PASSES_MAX)) {
    throw new RangeError(`passes: expected 1 to ${SANITIZE_PASSES_MAX}, got ${passes}`);
  }
  const { AUSE, EMVS, NDAS, OIPBP, OWPASS, SANACT } = SANITIZE_CDW10;
  let cdw10 = SANACT.set(0, ACTIONS[options.action]);
  cdw10 = AUSE.set(cdw10, options.isUnrestricted === true ? 1 : 0);
  cdw10 = NDAS.set(cdw10, options.isNotDeallocated === true ? 1 : 0);
  cdw10 = EMVS.set(cdw10, options.isVerified === true ? 1 : 0);
  let cdw11 = 0;
  if (options.action === 'overwrite') {
    // 0 stands for 16.
    cdw10 = OWPASS.set(cdw10, passes % SANITIZE_PASSES_MAX);
    cdw10 = OIPBP.set(cdw10, options.isPatternInverted === true ? 1 : 0);
    cdw11 = SANITIZE_CDW11.OVRPAT.set(0, (options.pattern ?? 0) >>> 0);
  }
  // The deadline of the operation is not the one of the command that starts it.
  await admin.demand({ opcode: ADMIN_SANITIZE, cdw10, cdw11 }, onlySignal(options));
  return yield* watchSanitize(admin, options);
}

/** Follows a sanitize operation that was started before, by whomever; as {@link sanitize}, without the command. */
export async function* watchSanitize(
  admin: AdminQueue,
  options: WatchOptions = {},
): AsyncGenerator<SanitizeProgress, SanitizeLog, void> {
  const look = async (wait: WaitOptions): Promise<SanitizeProgress> => {
    const log = await readSanitizeLog(admin, wait);
    return { fraction: log.sprog / 0x1_0000, log };
  };
  const { log } = yield* watch(admin, 'Sanitize', options, SANITIZE_DEADLINE_MS, look, (seen) => !isRunning(seen.log));
  if (log.sos === SANITIZE_STATUS_FAILED) {
    throw new DriverError('OPERATION_FAILED', { operation: 'Sanitize', sos: log.sos, failedIn: log.fails });
  }
  return log;
}

/** Reads the Sanitize Status log. [Base] 5.1.12.1.33 */
export async function readSanitizeLog(admin: AdminQueue, options: WaitOptions = {}): Promise<SanitizeLog> {
  return decodeSanitizeLog(await readLogPage(admin, LOG_SANITIZE_STATUS, SANITIZE_LOG_BYTES, options));
}

/** Leaves the failure that a sanitize operation in unrestricted mode has ended in. [Base] 8.1.24 */
export async function exitSanitizeFailure(admin: AdminQueue, options: WaitOptions = {}): Promise<void> {
  const cdw10 = SANITIZE_CDW10.SANACT.set(0, SANITIZE_ACTION_EXIT_FAILURE);
  await admin.demand({ opcode: ADMIN_SANITIZE, cdw10 }, options);
}

/** Leaves the media verification state; what was sanitized is then deallocated. [Base] 8.1.24 */
export async function exitSanitizeVerification(admin: AdminQueue, options: WaitOptions = {}): Promise<void> {
  const cdw10 = SANITIZE_CDW10.SANACT.set(0, SANITIZE_ACTION_EXIT_VERIFICATION);
  await admin.demand({ opcode: ADMIN_SANITIZE, cdw10 }, options);
}

/** In the media verification state the controller waits for its host, and not the other way round. */
function isRunning(log: SanitizeLog): boolean {
  return log.sos === SANITIZE_STATUS_SANITIZING && log.sans !== SANITIZE_STATE_MEDIA_VERIFICATION;
}
