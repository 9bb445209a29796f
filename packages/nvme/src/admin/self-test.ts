import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_DEVICE_SELF_TEST,
  decodeSelfTestLog,
  LOG_DEVICE_SELF_TEST,
  NSID_BROADCAST,
  SELF_TEST_ABORT,
  SELF_TEST_CDW10,
  SELF_TEST_EXTENDED,
  SELF_TEST_LOG_BYTES,
  SELF_TEST_REFRESH,
  SELF_TEST_SHORT,
  type SelfTestLog,
  type SelfTestResult,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { onlySignal } from '../deadline.js';
import { DriverError } from '../errors.js';
import { readLogPage } from './log-page.js';
import { watch, type WatchOptions } from './progress.js';

/** Milliseconds that a self-test may take unless its caller says otherwise: an extended one takes EDSTT minutes, mostly an hour or two. */
export const SELF_TEST_DEADLINE_MS: number = 12 * 3_600_000;

/** Which self-test. [Base] 5.1.5 */
export interface SelfTestOptions extends WatchOptions {
  /** which test; a short one takes two minutes at most. Default `short` */
  readonly test?: 'short' | 'extended' | 'refresh';
  /** namespace to include; 0 none, default FFFFFFFFh, all that are attached */
  readonly nsid?: number;
}

/** How far a self-test is. */
export interface SelfTestProgress {
  /** 0 to 100 */
  readonly percent: number;
  /** the log that says so */
  readonly log: SelfTestLog;
}

const CODES = { short: SELF_TEST_SHORT, extended: SELF_TEST_EXTENDED, refresh: SELF_TEST_REFRESH };

/**
 * Starts a self-test and tells how far it is; to be iterated to its end. Giving the iteration up does not stop the test, see {@link abortSelfTest}.
 *
 * @returns the result, whatever it is: a device that does not pass has not failed to test itself
 * @throws DriverError OPERATION_TIMEOUT after {@link SELF_TEST_DEADLINE_MS} by default; OPERATION_FAILED when there is no result
 * afterwards; as `AdminQueue.demand`, also when a test is running
 */
export async function* selfTest(
  admin: AdminQueue,
  options: SelfTestOptions = {},
): AsyncGenerator<SelfTestProgress, SelfTestResult, void> {
  const { test = 'short', nsid = NSID_BROADCAST } = options;
  const cdw10 = SELF_TEST_CDW10.STC.set(0, CODES[test]);
  await admin.demand({ opcode: ADMIN_DEVICE_SELF_TEST, nsid, cdw10 }, onlySignal(options));
  const look = async (each: WaitOptions): Promise<SelfTestProgress> => {
    const log = await readSelfTestLog(admin, each);
    return { percent: Math.min(100, log.percent), log };
  };
  const hasEnded = ({ log }: SelfTestProgress): boolean => log.current === 0;
  const { log } = yield* watch(admin, 'Device Self-test', options, SELF_TEST_DEADLINE_MS, look, hasEnded);
  const newest = log.results[0];
  if (newest?.code !== CODES[test]) {
    const got = newest === undefined ? 'none' : newest.code;
    throw new DriverError('OPERATION_FAILED', {
      operation: 'Device Self-test',
      expected: `a result of test ${CODES[test]}`,
      got,
    });
  }
  return newest;
}

/** Stops the self-test that is running. [Base] 5.1.5 @throws DriverError as `AdminQueue.demand` */
export async function abortSelfTest(admin: AdminQueue, options: WaitOptions = {}): Promise<void> {
  const cdw10 = SELF_TEST_CDW10.STC.set(0, SELF_TEST_ABORT);
  await admin.demand({ opcode: ADMIN_DEVICE_SELF_TEST, nsid: NSID_BROADCAST, cdw10 }, options);
}

/** Reads the Device Self-test log. [Base] 5.1.12.1.7 */
export async function readSelfTestLog(admin: AdminQueue, options: WaitOptions = {}): Promise<SelfTestLog> {
  return decodeSelfTestLog(await readLogPage(admin, LOG_DEVICE_SELF_TEST, SELF_TEST_LOG_BYTES, options));
}
