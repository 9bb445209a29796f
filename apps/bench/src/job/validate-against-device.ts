import { blockSizeBounds, DIRECTION_NAMES, type BlockSizes, type JobSpec } from './job-spec.js';
import type { Extent } from './units.js';

/** What a job needs to know of the device it runs on. Sizes are bytes. */
export interface DeviceShape {
  readonly lbaBytes: number;
  readonly deviceBytes: number;
  /** Largest single command; absent: no limit, the stack splits. */
  readonly maxTransferBytes?: number;
  /** It is made for the run, so --media-size and --lba-bytes could make it another one. */
  readonly isMade?: boolean;
}

/**
 * The byte range and the counts of a job on a device.
 *
 *   device   |........[ firstLba ............... rangeBlocks LBAs )........|
 *                      |unit|unit|unit| ...      unitCount units
 *
 * A unit is the smallest block any direction in use can have, or, where sizes differ by direction and do not divide
 * each other, their greatest common divisor: the grain of offsets and of the written map.
 */
export interface JobGeometry {
  readonly lbaBytes: number;
  /** First byte of the range, and its length in bytes: a multiple of the unit. */
  readonly startBytes: number;
  readonly rangeBytes: number;
  readonly firstLba: number;
  readonly rangeBlocks: number;
  readonly unitBytes: number;
  readonly unitBlocks: number;
  readonly unitCount: number;
  /** Bytes the job moves before it ends by itself, all loops together; Infinity when only time ends it. */
  readonly totalBytes: number;
  /** Commands before it ends by itself; Infinity when number_ios is not set. */
  readonly totalIos: number;
}

/** A job that does not fit its device. The message names the job and the option. */
export class JobDeviceError extends Error {
  override readonly name = 'JobDeviceError';
}

/** Most units in a range, so that a unit is a non-negative 32-bit integer: 8 TiB of 4 KiB blocks. */
export const UNIT_COUNT_MAX = 2 ** 31;

/**
 * Checks a job against the device and computes its range.
 *
 * fio's rules: size defaults to the rest of the device; a percentage is of the whole device and rounded down to the
 * smallest block (a percent offset too); the part of the range behind the last whole block is not touched.
 *
 * @throws JobDeviceError
 */
export function validateAgainstDevice(job: JobSpec, device: DeviceShape): JobGeometry {
  const { lbaBytes, deviceBytes } = device;
  const used = job.blockSizes.filter((_, direction) => job.directions[direction]);
  for (let direction = 0; direction < 3; direction++) {
    if (job.directions[direction]) checkBlockSizes(job, direction, device);
  }
  const unitBytes = used.flatMap(sizesOf).reduce(greatestCommonDivisor);
  const largestMin = Math.max(...used.map((sizes) => blockSizeBounds(sizes).minBytes));
  const startBytes = resolveStart(job, deviceBytes, largestMin);
  const larger = device.isMade === true ? '; --media-size makes it larger' : '';
  if (startBytes % lbaBytes !== 0) fail(job, 'offset', `a multiple of the LBA size ${lbaBytes}`, startBytes);
  if (startBytes >= deviceBytes)
    fail(job, 'offset', `less than the device's ${deviceBytes} bytes`, `${startBytes}${larger}`);
  const sizeBytes = job.size === undefined ? deviceBytes - startBytes : resolve(job.size, deviceBytes);
  if (startBytes + sizeBytes > deviceBytes) {
    fail(
      job,
      'size',
      `offset + size of at most the device's ${deviceBytes} bytes`,
      `${startBytes} + ${sizeBytes} = ${startBytes + sizeBytes}${larger}`,
    );
  }
  if (sizeBytes < largestMin) fail(job, 'size', `at least one block of ${largestMin} bytes`, sizeBytes);
  const rangeBytes = sizeBytes - (sizeBytes % unitBytes);
  const unitCount = rangeBytes / unitBytes;
  if (unitCount > UNIT_COUNT_MAX)
    fail(job, 'size', `at most ${UNIT_COUNT_MAX} blocks of ${unitBytes} bytes`, `${unitCount}`);
  const oneLoop = job.ioSize === undefined ? rangeBytes : resolve(job.ioSize, deviceBytes);
  return {
    lbaBytes,
    startBytes,
    rangeBytes,
    firstLba: startBytes / lbaBytes,
    rangeBlocks: rangeBytes / lbaBytes,
    unitBytes,
    unitBlocks: unitBytes / lbaBytes,
    unitCount,
    totalBytes: job.timeBased ? Infinity : oneLoop * job.loops,
    totalIos: job.numberIos === 0 ? Infinity : job.numberIos,
  };
}

function checkBlockSizes(job: JobSpec, direction: number, device: DeviceShape): void {
  const sizes = job.blockSizes[direction];
  for (const bytes of sizesOf(sizes)) {
    if (bytes % device.lbaBytes !== 0) {
      const smaller = device.isMade === true && bytes % 512 === 0 ? '; --lba-bytes=512 makes it smaller' : '';
      const expected = `${DIRECTION_NAMES[direction]} blocks in multiples of the LBA size ${device.lbaBytes}`;
      fail(job, 'bs', expected, `${bytes}${smaller}`);
    }
  }
  const { maxBytes } = blockSizeBounds(sizes);
  if (device.maxTransferBytes !== undefined && maxBytes > device.maxTransferBytes) {
    fail(job, 'bs', `${DIRECTION_NAMES[direction]} blocks of at most ${device.maxTransferBytes} bytes`, maxBytes);
  }
}

/** The sizes whose multiples a direction's commands are. */
function sizesOf(sizes: BlockSizes): number[] {
  return sizes.kind === 'split' ? sizes.parts.map((part) => part.bytes) : [blockSizeBounds(sizes).minBytes];
}

function resolveStart(job: JobSpec, deviceBytes: number, alignBytes: number): number {
  const base = resolve(job.offset, deviceBytes);
  const step = resolve(job.offsetIncrement, deviceBytes);
  const percent = 'percent' in job.offset || 'percent' in job.offsetIncrement;
  const start = base + step * job.cloneIndex;
  return percent ? start - (start % alignBytes) : start;
}

function resolve(extent: Extent, deviceBytes: number): number {
  return 'bytes' in extent ? extent.bytes : Math.floor((deviceBytes / 100) * extent.percent);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function fail(job: JobSpec, option: string, expected: string, got: string | number): never {
  throw new JobDeviceError(`job "${job.name}": ${option}: expected ${expected}, got ${got}`);
}
