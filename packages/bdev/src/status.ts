/**
 * The numbers with which the data plane answers: at once whether an I/O was taken, and later how it ended.
 */

/** What a submit answers: one of {@link BDEV_ACCEPTED}, {@link BDEV_AGAIN}, {@link BDEV_NEVER}. */
export type SubmitResult = number;

/** Taken. From here on it fails only through its callback, which is called once, from inside a later poll. */
export const BDEV_ACCEPTED = 0;
/** Not taken: the channel is out of `BdevIo`. Submit it again after a completion. */
export const BDEV_AGAIN = 1;
/** Not taken and never will be: out of range, misaligned, not supported by the device, or the channel is closed. */
export const BDEV_NEVER = 2;

/** How an I/O ended, one of the `BDEV_STATUS_*` numbers. */
export type BdevStatus = number;

/** All of it was done. */
export const BDEV_STATUS_SUCCESS = 0;
/** It failed, and there is nothing more to say about how. Part of it may have been done. */
export const BDEV_STATUS_FAILED = 1;
/** The device ran out of memory for it after it had begun. */
export const BDEV_STATUS_NO_MEMORY = 2;
/** Someone gave it up: an abort, a reset, a device that went away. */
export const BDEV_STATUS_ABORTED = 3;
/** A compare found a difference. */
export const BDEV_STATUS_MISCOMPARE = 4;
/** An NVMe status other than success; it is in `channel.lastNvmeStatus` during the callback. */
export const BDEV_STATUS_NVME_ERROR = 5;
/** It took longer than its device allows. */
export const BDEV_STATUS_TIMED_OUT = 6;
/** The memory it names is not memory that the device can reach. */
export const BDEV_STATUS_BAD_ADDRESS = 7;

const NAMES: readonly string[] = [
  'success',
  'failed',
  'out of memory',
  'aborted',
  'miscompare',
  'NVMe error',
  'timed out',
  'bad address',
];

/** Name of a status for people. Never throws. */
export function describeBdevStatus(status: BdevStatus): string {
  return NAMES[status] ?? `unknown status ${status}`;
}
