/**
 * Sanitize Status log (81h), 512 bytes. [Base] 5.1.12.1.33
 *
 * Ranges read `last:first`. Times are seconds, FFFFFFFFh when none is reported.
 */
import { bits, type Bits } from './bits.js';
import { readUint16, readUint32 } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the Sanitize Status log. */
export const SANITIZE_LOG_BYTES = 512;

/** 1:0    Progress in 65,536ths; FFFFh when none is in progress.       */ export const SANITIZE_LOG_SPROG = 0;
/** 3:2    Status, {@link SANITIZE_SSTAT}.                              */ export const SANITIZE_LOG_SSTAT = 2;
/** 7:4    Command dword 10 of the operation.                           */ export const SANITIZE_LOG_SCDW10 = 4;
/** 11:8   Time for an overwrite of 16 passes.                          */ export const SANITIZE_LOG_ETO = 8;
/** 15:12  Time for a block erase.                                      */ export const SANITIZE_LOG_ETBE = 12;
/** 19:16  Time for a crypto erase.                                     */ export const SANITIZE_LOG_ETCE = 16;
/** 23:20  Time for an overwrite, no deallocation, media modified.      */ export const SANITIZE_LOG_ETODMM = 20;
/** 27:24  Time for a block erase, no deallocation, media modified.     */ export const SANITIZE_LOG_ETBENMM = 24;
/** 31:28  Time for a crypto erase, no deallocation, media modified.    */ export const SANITIZE_LOG_ETCENMM = 28;
/** 35:32  Time for deallocation after media verification.              */ export const SANITIZE_LOG_ETPVDS = 32;
/** 36     State: 3:0 current, 7:4 where it failed; SANITIZE_STATE_*.   */ export const SANITIZE_LOG_SSI = 36;

/** Fields of the status, a 16-bit word. */
export const SANITIZE_SSTAT: Readonly<Record<'SOS' | 'OPC' | 'GDE' | 'MVCNCLD', Bits>> = {
  MVCNCLD: bits(9, 9), // media verification was canceled
  GDE: bits(8, 8), // no user data was written since the last success
  OPC: bits(7, 3), // overwrite passes completed
  SOS: bits(2, 0), // SANITIZE_STATUS_*
};

/** SOS: no sanitize operation was ever started. */
export const SANITIZE_STATUS_NEVER_STARTED = 0;
/** SOS: the most recent operation was successful. */
export const SANITIZE_STATUS_SANITIZED = 1;
/** SOS: an operation is in progress. */
export const SANITIZE_STATUS_SANITIZING = 2;
/** SOS: the most recent operation failed. */
export const SANITIZE_STATUS_FAILED = 3;
/** SOS: the most recent operation was successful, and deallocated although NDAS was set. */
export const SANITIZE_STATUS_UNEXPECTED_DEALLOCATE = 4;

/** SSI: idle. */
export const SANITIZE_STATE_IDLE = 0;
/** SSI: restricted processing. */
export const SANITIZE_STATE_RESTRICTED_PROCESSING = 1;
/** SSI: restricted failure, left only by another sanitize operation. */
export const SANITIZE_STATE_RESTRICTED_FAILURE = 2;
/** SSI: unrestricted processing. */
export const SANITIZE_STATE_UNRESTRICTED_PROCESSING = 3;
/** SSI: unrestricted failure, left by {@link SANITIZE_ACTION_EXIT_FAILURE} too. */
export const SANITIZE_STATE_UNRESTRICTED_FAILURE = 4;
/** SSI: media verification. */
export const SANITIZE_STATE_MEDIA_VERIFICATION = 5;
/** SSI: deallocation after media verification. */
export const SANITIZE_STATE_POST_VERIFICATION = 6;

/** SPROG when no operation is in progress. */
export const SANITIZE_PROGRESS_NONE = 0xffff;
/** A time that is not reported. */
export const SANITIZE_TIME_NONE = 0xffffffff;

/** Layout of the Sanitize Status log. */
export const SanitizeLogLayout: Layout = layout('SANITIZE_LOG', SANITIZE_LOG_BYTES, [
  [SANITIZE_LOG_SPROG, 2, 'sprog'],
  [SANITIZE_LOG_SSTAT, 2, 'sstat'],
  [SANITIZE_LOG_SCDW10, 4, 'scdw10'],
  [SANITIZE_LOG_ETO, 4, 'eto'],
  [SANITIZE_LOG_ETBE, 4, 'etbe'],
  [SANITIZE_LOG_ETCE, 4, 'etce'],
  [SANITIZE_LOG_ETODMM, 4, 'etodmm'],
  [SANITIZE_LOG_ETBENMM, 4, 'etbenmm'],
  [SANITIZE_LOG_ETCENMM, 4, 'etcenmm'],
  [SANITIZE_LOG_ETPVDS, 4, 'etpvds'],
  [SANITIZE_LOG_SSI, 1, 'ssi'],
  [37, 475, 'reserved37', 'reserved'],
]);

/** A decoded Sanitize Status log. */
export interface SanitizeLog {
  /** Progress in 65,536ths; FFFFh when none is in progress. */ readonly sprog: number;
  /** Operation status, SANITIZE_STATUS_*. */ readonly sos: number;
  /** Overwrite passes completed. */ readonly opc: number;
  /** No user data was written since the last success. */ readonly gde: boolean;
  /** Media verification was canceled. */ readonly mvcncld: boolean;
  /** Command dword 10 of the operation, see SANITIZE_CDW10. */ readonly scdw10: number;
  /** Seconds for an overwrite of 16 passes. */ readonly eto: number;
  /** Seconds for a block erase. */ readonly etbe: number;
  /** Seconds for a crypto erase. */ readonly etce: number;
  /** Seconds for an overwrite, no deallocation, media modified. */ readonly etodmm: number;
  /** Seconds for a block erase, no deallocation, media modified. */ readonly etbenmm: number;
  /** Seconds for a crypto erase, no deallocation, media modified. */ readonly etcenmm: number;
  /** Seconds for deallocation after media verification. */ readonly etpvds: number;
  /** Current state, SANITIZE_STATE_*. */ readonly sans: number;
  /** State in which the operation failed, SANITIZE_STATE_*. */ readonly fails: number;
}

/** Decodes a Sanitize Status log. @throws RangeError when `data` is shorter than 512 bytes. */
export function decodeSanitizeLog(data: Uint8Array): SanitizeLog {
  if (data.length < SANITIZE_LOG_BYTES) {
    throw new RangeError(`SANITIZE_LOG: ${SANITIZE_LOG_BYTES} bytes expected, got ${data.length}`);
  }
  const sstat = readUint16(data, SANITIZE_LOG_SSTAT);
  return {
    sprog: readUint16(data, SANITIZE_LOG_SPROG),
    sos: SANITIZE_SSTAT.SOS.get(sstat),
    opc: SANITIZE_SSTAT.OPC.get(sstat),
    gde: SANITIZE_SSTAT.GDE.get(sstat) === 1,
    mvcncld: SANITIZE_SSTAT.MVCNCLD.get(sstat) === 1,
    scdw10: readUint32(data, SANITIZE_LOG_SCDW10),
    eto: readUint32(data, SANITIZE_LOG_ETO),
    etbe: readUint32(data, SANITIZE_LOG_ETBE),
    etce: readUint32(data, SANITIZE_LOG_ETCE),
    etodmm: readUint32(data, SANITIZE_LOG_ETODMM),
    etbenmm: readUint32(data, SANITIZE_LOG_ETBENMM),
    etcenmm: readUint32(data, SANITIZE_LOG_ETCENMM),
    etpvds: readUint32(data, SANITIZE_LOG_ETPVDS),
    sans: data[SANITIZE_LOG_SSI] & 0xf,
    fails: data[SANITIZE_LOG_SSI] >>> 4,
  };
}
