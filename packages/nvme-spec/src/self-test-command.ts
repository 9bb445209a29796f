/**
 * Device Self-test: starts a test in the background, or stops it. [Base] 5.1.5, 8.1.7
 *
 * NSID 0 tests the controller alone, FFFFFFFFh every attached namespace too. Results are in self-test-log.ts.
 */
import { bits } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW15 } from './submission-queue-entry.js';

/** Device Self-test, command dword 10. */
export const SELF_TEST_CDW10: Dword<'STC'> = dword(
  'SELF_TEST_CDW10',
  SQE_CDW10,
  { STC: bits(3, 0) }, // self-test code, SELF_TEST_*
  [bits(31, 4)],
);

/** Device Self-test, command dword 15. */
export const SELF_TEST_CDW15: Dword<'DSTP'> = dword('SELF_TEST_CDW15', SQE_CDW15, {
  DSTP: bits(31, 0), // parameter of a vendor specific test
});

/** STC: start a short test, two minutes at most. Also what the log calls it. */
export const SELF_TEST_SHORT = 0x1;
/** STC: start an extended test, EDSTT minutes of Identify Controller. Also what the log calls it. */
export const SELF_TEST_EXTENDED = 0x2;
/** STC: start a host-initiated refresh. Also what the log calls it. */
export const SELF_TEST_REFRESH = 0x3;
/** STC: vendor specific. Also what the log calls it. */
export const SELF_TEST_VENDOR = 0xe;
/** STC: stop the test that runs. */
export const SELF_TEST_ABORT = 0xf;
