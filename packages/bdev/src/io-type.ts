/**
 * The kinds of I/O. Small integers from 0, so that a set of them is a bit mask and a table of them an array.
 */

/** One of the `BDEV_IO_*` numbers. */
export type BdevIoType = number;

/** Device to memory. */
export const BDEV_IO_READ = 0;
/** Memory to device. */
export const BDEV_IO_WRITE = 1;
/** Makes all writes that completed before it durable. Moves no data and has no range. */
export const BDEV_IO_FLUSH = 2;
/** Tells the device that nobody needs these blocks: what they read as afterwards is the device's affair. */
export const BDEV_IO_UNMAP = 3;
/** Makes blocks read as zeroes, without data from memory. */
export const BDEV_IO_WRITE_ZEROES = 4;
/** Compares memory with the device; a difference completes with `BDEV_STATUS_MISCOMPARE`. */
export const BDEV_IO_COMPARE = 5;

/** How many kinds there are. */
export const BDEV_IO_TYPES = 6;

const NAMES: readonly string[] = ['read', 'write', 'flush', 'unmap', 'write zeroes', 'compare'];

/** Name of a kind of I/O for people. Never throws. */
export function describeBdevIoType(type: BdevIoType): string {
  return NAMES[type] ?? `unknown I/O type ${type}`;
}
