import {
  COPY_RANGES_MAX,
  ONCS_COMPARE,
  ONCS_COPY,
  ONCS_COPY_ALL_FAST,
  ONCS_COPY_ATOMIC,
  ONCS_DATASET_MANAGEMENT,
  ONCS_NAMESPACE_ZEROES,
  ONCS_VERIFY,
  ONCS_WRITE_UNCORRECTABLE,
  ONCS_WRITE_ZEROES,
  RW_BLOCKS_MAX,
} from '@phasebit/nvme-spec';
import { PAGE_BYTES } from '@phasebit/pcie';
import { checkRange } from '../checks.js';
import { BLOCK_BYTES_MAX, MDTS_MAX } from '../limits.js';

/** How much the I/O commands without data of their own may name. Field by field what Identify says. */
export interface IoLimits {
  /** largest Verify, log2 in pages of 4 KiB; 0, the default, for any size. [NVM] 4.1.5.4 */
  readonly vsl?: number;
  /** largest Write Zeroes, likewise */
  readonly wzsl?: number;
  /** largest Write Uncorrectable, likewise */
  readonly wusl?: number;
  /** ranges of a Dataset Management, 1 to 255; 0, the default, for 256. All three limits of that command are 0 or none is */
  readonly dmrl?: number;
  /** blocks of one of its ranges, 1 to 2^32 - 1; 0, the default, for any number */
  readonly dmrsl?: number;
  /** blocks of all of its ranges, up to 2^53 - 1; 0, the default, for any number */
  readonly dmsl?: number;
  /** blocks of a source range of a Copy, 1 to 65,535; default 256. [NVM] 4.1.5.1 */
  readonly mssrl?: number;
  /** blocks of a Copy, 1 to 2^32 - 1; default 4096 */
  readonly mcl?: number;
  /** source ranges of a Copy, 0's based, 0 to 255; default 127 */
  readonly msrc0?: number;
}

/** Blocks that are written as one, 0's based as Identify has them. [NVM] 2.1.4 */
export interface AtomicUnits {
  /** AWUN and ACWU of the controller: for the largest blocks there are */
  readonly controller0: number;
  /** NAWUN and NACWU of a namespace */
  readonly namespace0: number;
  /** AWUPF and NAWUPF: what survives a loss of power whole */
  readonly powerFail0: number;
}

/** Fills in defaults. @throws RangeError naming the limit that is out of range */
export function settleIoLimits(options: IoLimits): Required<IoLimits> {
  const limits = {
    vsl: options.vsl ?? 0,
    wzsl: options.wzsl ?? 0,
    wusl: options.wusl ?? 0,
    dmrl: options.dmrl ?? 0,
    dmrsl: options.dmrsl ?? 0,
    dmsl: options.dmsl ?? 0,
    mssrl: options.mssrl ?? 256,
    mcl: options.mcl ?? 4096,
    msrc0: options.msrc0 ?? 127,
  };
  for (const name of ['vsl', 'wzsl', 'wusl'] as const) checkRange(`ioLimits.${name}`, limits[name], 0, MDTS_MAX);
  const hasDatasetLimits = limits.dmrl !== 0 || limits.dmrsl !== 0 || limits.dmsl !== 0;
  checkRange('ioLimits.dmrl', limits.dmrl, hasDatasetLimits ? 1 : 0, 255);
  checkRange('ioLimits.dmrsl', limits.dmrsl, hasDatasetLimits ? 1 : 0, 2 ** 32 - 1);
  checkRange('ioLimits.dmsl', limits.dmsl, hasDatasetLimits ? 1 : 0, Number.MAX_SAFE_INTEGER);
  checkRange('ioLimits.mssrl', limits.mssrl, 1, RW_BLOCKS_MAX - 1);
  checkRange('ioLimits.mcl', limits.mcl, 1, 2 ** 32 - 1);
  checkRange('ioLimits.msrc0', limits.msrc0, 0, COPY_RANGES_MAX - 1);
  return limits;
}

/** Bytes for an exponent in pages; 0 is no limit. */
export function sizeLimit(exponent: number): number {
  return exponent === 0 ? Infinity : PAGE_BYTES * 2 ** exponent;
}

/**
 * The bits of Identify Controller ONCS for the commands of this folder. With the bit of a command clear, its size limits are hard and
 * larger commands are refused; with it set there are none. [NVM] 3.3.3.1, 3.3.5, 3.3.7, 3.3.8
 */
export function ioCommandSupport(limits: Required<IoLimits>): number {
  return (
    ONCS_COMPARE |
    ONCS_COPY |
    ONCS_COPY_ATOMIC |
    ONCS_COPY_ALL_FAST |
    ONCS_NAMESPACE_ZEROES |
    (limits.vsl === 0 ? ONCS_VERIFY : 0) |
    (limits.wzsl === 0 ? ONCS_WRITE_ZEROES : 0) |
    (limits.wusl === 0 ? ONCS_WRITE_UNCORRECTABLE : 0) |
    (limits.dmrl === 0 ? ONCS_DATASET_MANAGEMENT : 0)
  );
}

/**
 * What is written as one. A command moves its data before the next one is looked at, whenever it completes, and nothing comes between
 * the two of a fused pair, so a whole transfer is atomic to other commands. To a loss of power what the medium promises is, and no more
 * than a transfer: AWUPF is at most AWUN.
 *
 * @param bytesMax - most bytes of one data transfer
 * @param blockBytes - data bytes of a block of the namespace
 * @param powerFailBytes - what a loss of power leaves whole or undone, `Medium.atomicBytes`; one block at least
 */
export function atomicUnits(bytesMax: number, blockBytes: number, powerFailBytes: number): AtomicUnits {
  const namespace0 = blocks0(bytesMax, blockBytes);
  return {
    controller0: blocks0(bytesMax, BLOCK_BYTES_MAX),
    namespace0,
    powerFail0: Math.min(namespace0, blocks0(powerFailBytes, blockBytes)),
  };
}

function blocks0(bytes: number, blockBytes: number): number {
  return Math.min(Math.max(Math.floor(bytes / blockBytes), 1), RW_BLOCKS_MAX) - 1;
}
