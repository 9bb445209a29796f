/**
 * Endurance Group Information log (09h), 512 bytes; LSI of Get Log Page names the group. [Base] 5.1.12.1.10
 *
 * Ranges read `last:first`. Data is counted in units of 1,000,000,000 bytes, rounded up.
 */
import { readUint16, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the Endurance Group Information log. */
export const ENDURANCE_GROUP_BYTES = 512;
/** Bytes that one data unit of the log stands for. */
export const ENDURANCE_GROUP_DATA_UNIT_BYTES = 1_000_000_000;

/** 0        Critical warnings, ENDURANCE_GROUP_WARNING_*. */ export const ENDURANCE_GROUP_EGCW = 0;
/** 1        Features: bit 0 media errors are of the group. */ export const ENDURANCE_GROUP_EGFEAT = 1;
/** 3        Available spare, percent.                      */ export const ENDURANCE_GROUP_AVSP = 3;
/** 4        Available spare threshold, percent.            */ export const ENDURANCE_GROUP_AVSPT = 4;
/** 5        Percentage used, 0..255.                       */ export const ENDURANCE_GROUP_PUSED = 5;
/** 7:6      Domain identifier.                             */ export const ENDURANCE_GROUP_DID = 6;
/** 47:32    Endurance estimate, units.                     */ export const ENDURANCE_GROUP_EE = 32;
/** 63:48    Data read, units.                              */ export const ENDURANCE_GROUP_DUR = 48;
/** 79:64    Data written, units.                           */ export const ENDURANCE_GROUP_DUW = 64;
/** 95:80    Media written, units.                          */ export const ENDURANCE_GROUP_MUW = 80;
/** 111:96   Read commands completed.                       */ export const ENDURANCE_GROUP_HRC = 96;
/** 127:112  Write commands completed.                      */ export const ENDURANCE_GROUP_HWC = 112;
/** 143:128  Media and data integrity errors.               */ export const ENDURANCE_GROUP_MDIE = 128;
/** 159:144  Error log entries.                             */ export const ENDURANCE_GROUP_NEILE = 144;
/** 175:160  Total capacity, bytes.                         */ export const ENDURANCE_GROUP_TEGCAP = 160;
/** 191:176  Unallocated capacity, bytes.                   */ export const ENDURANCE_GROUP_UEGCAP = 176;

/** Critical warning bit 0: available spare is below its threshold. */
export const ENDURANCE_GROUP_WARNING_SPARE = 0x01;
/** Critical warning bit 2: reliability is degraded. */
export const ENDURANCE_GROUP_WARNING_RELIABILITY = 0x04;
/** Critical warning bit 3: every namespace of the group is read only. */
export const ENDURANCE_GROUP_WARNING_READ_ONLY = 0x08;

/** Layout of the Endurance Group Information log. */
export const EnduranceGroupLayout: Layout = layout('ENDURANCE_GROUP', ENDURANCE_GROUP_BYTES, [
  [ENDURANCE_GROUP_EGCW, 1, 'egcw'],
  [ENDURANCE_GROUP_EGFEAT, 1, 'egfeat'],
  [2, 1, 'reserved2', 'reserved'],
  [ENDURANCE_GROUP_AVSP, 1, 'avsp'],
  [ENDURANCE_GROUP_AVSPT, 1, 'avspt'],
  [ENDURANCE_GROUP_PUSED, 1, 'pused'],
  [ENDURANCE_GROUP_DID, 2, 'did'],
  [8, 24, 'reserved8', 'reserved'],
  [ENDURANCE_GROUP_EE, 16, 'ee', 'uint'],
  [ENDURANCE_GROUP_DUR, 16, 'dur', 'uint'],
  [ENDURANCE_GROUP_DUW, 16, 'duw', 'uint'],
  [ENDURANCE_GROUP_MUW, 16, 'muw', 'uint'],
  [ENDURANCE_GROUP_HRC, 16, 'hrc', 'uint'],
  [ENDURANCE_GROUP_HWC, 16, 'hwc', 'uint'],
  [ENDURANCE_GROUP_MDIE, 16, 'mdie', 'uint'],
  [ENDURANCE_GROUP_NEILE, 16, 'neile', 'uint'],
  [ENDURANCE_GROUP_TEGCAP, 16, 'tegcap', 'uint'],
  [ENDURANCE_GROUP_UEGCAP, 16, 'uegcap', 'uint'],
  [192, 320, 'reserved192', 'reserved'],
]);

/** A decoded Endurance Group Information log; counters are bigints only above 2^53 - 1. */
export interface EnduranceGroupLog {
  /** Critical warnings, ENDURANCE_GROUP_WARNING_*. */ readonly egcw: number;
  /** Features: bit 0 media errors are of the group. */ readonly egfeat: number;
  /** Available spare, percent. */ readonly avsp: number;
  /** Available spare threshold, percent. */ readonly avspt: number;
  /** Percentage used, 0..255. */ readonly pused: number;
  /** Domain identifier. */ readonly did: number;
  /** Endurance estimate, units. */ readonly ee: number | bigint;
  /** Data read, units. */ readonly dur: number | bigint;
  /** Data written, units. */ readonly duw: number | bigint;
  /** Media written, units. */ readonly muw: number | bigint;
  /** Read commands completed. */ readonly hrc: number | bigint;
  /** Write commands completed. */ readonly hwc: number | bigint;
  /** Media and data integrity errors. */ readonly mdie: number | bigint;
  /** Error log entries. */ readonly neile: number | bigint;
  /** Total capacity, bytes. */ readonly tegcap: number | bigint;
  /** Unallocated capacity, bytes. */ readonly uegcap: number | bigint;
}

/** Decodes an Endurance Group Information log. @throws RangeError when `data` is shorter than 512 bytes. */
export function decodeEnduranceGroupLog(data: Uint8Array): EnduranceGroupLog {
  if (data.length < ENDURANCE_GROUP_BYTES) {
    throw new RangeError(`ENDURANCE_GROUP: ${ENDURANCE_GROUP_BYTES} bytes expected, got ${data.length}`);
  }
  return {
    egcw: data[ENDURANCE_GROUP_EGCW],
    egfeat: data[ENDURANCE_GROUP_EGFEAT],
    avsp: data[ENDURANCE_GROUP_AVSP],
    avspt: data[ENDURANCE_GROUP_AVSPT],
    pused: data[ENDURANCE_GROUP_PUSED],
    did: readUint16(data, ENDURANCE_GROUP_DID),
    ee: readUnsigned(data, ENDURANCE_GROUP_EE, 16),
    dur: readUnsigned(data, ENDURANCE_GROUP_DUR, 16),
    duw: readUnsigned(data, ENDURANCE_GROUP_DUW, 16),
    muw: readUnsigned(data, ENDURANCE_GROUP_MUW, 16),
    hrc: readUnsigned(data, ENDURANCE_GROUP_HRC, 16),
    hwc: readUnsigned(data, ENDURANCE_GROUP_HWC, 16),
    mdie: readUnsigned(data, ENDURANCE_GROUP_MDIE, 16),
    neile: readUnsigned(data, ENDURANCE_GROUP_NEILE, 16),
    tegcap: readUnsigned(data, ENDURANCE_GROUP_TEGCAP, 16),
    uegcap: readUnsigned(data, ENDURANCE_GROUP_UEGCAP, 16),
  };
}
