/**
 * Error Information log (01h): entries of 64 bytes, newest first. [Base] 5.1.12.1.2
 *
 * Identify Controller ELPE says how many entries there are. Ranges read `last:first`.
 */
import { readUint16, readUint32, readUnsigned, toHex } from './bytes.js';
import { layout, type Layout } from './layout.js';
import type { Status } from './status.js';

/** Bytes of an entry of the Error Information log. */
export const ERRLOG_ENTRY_BYTES = 64;

/** 7:0    Number of this error, ever increasing; 0 for no entry.  */ export const ERRLOG_ERROR_COUNT = 0;
/** 9:8    Submission queue identifier, FFFFh for none.            */ export const ERRLOG_SQID = 8;
/** 11:10  Command identifier, FFFFh for none.                     */ export const ERRLOG_CID = 10;
/** 13:12  Completion status in bits 15:1, its phase tag in bit 0. */ export const ERRLOG_STATUS = 12;
/** 15:14  Byte 7:0 and bit 10:8 of the command in error.          */ export const ERRLOG_PARAMETER_LOCATION = 14;
/** 23:16  First LBA in error.                                     */ export const ERRLOG_LBA = 16;
/** 27:24  Namespace identifier.                                   */ export const ERRLOG_NSID = 24;
/** 28     Log page with vendor specific information.              */ export const ERRLOG_VENDOR_LOG_PAGE = 28;
/** 29     Transport type.                                         */ export const ERRLOG_TRANSPORT_TYPE = 29;
/** 30     Command set identifier.                                 */ export const ERRLOG_CSI = 30;
/** 31     Opcode.                                                 */ export const ERRLOG_OPCODE = 31;
/** 39:32  Command specific information.                           */ export const ERRLOG_COMMAND_SPECIFIC = 32;
/** 41:40  Transport type specific information.                    */ export const ERRLOG_TRANSPORT_SPECIFIC = 40;
/** 63     Version of this entry's format.                         */ export const ERRLOG_VERSION = 63;

/** Layout of an entry of the Error Information log. */
export const ErrorLogEntryLayout: Layout = layout('ERRLOG', ERRLOG_ENTRY_BYTES, [
  [ERRLOG_ERROR_COUNT, 8, 'error_count'],
  [ERRLOG_SQID, 2, 'sqid'],
  [ERRLOG_CID, 2, 'cid'],
  [ERRLOG_STATUS, 2, 'status'],
  [ERRLOG_PARAMETER_LOCATION, 2, 'parameter_location'],
  [ERRLOG_LBA, 8, 'lba'],
  [ERRLOG_NSID, 4, 'nsid'],
  [ERRLOG_VENDOR_LOG_PAGE, 1, 'vendor_log_page'],
  [ERRLOG_TRANSPORT_TYPE, 1, 'transport_type'],
  [ERRLOG_CSI, 1, 'csi'],
  [ERRLOG_OPCODE, 1, 'opcode'],
  [ERRLOG_COMMAND_SPECIFIC, 8, 'command_specific', 'bytes'],
  [ERRLOG_TRANSPORT_SPECIFIC, 2, 'transport_specific'],
  [42, 21, 'reserved42', 'reserved'],
  [ERRLOG_VERSION, 1, 'version'],
]);

/** A decoded entry of the Error Information log. */
export interface ErrorLogEntry {
  /** Submission queue identifier, FFFFh for none. */ readonly sqid: number;
  /** Command identifier, FFFFh for none. */ readonly cid: number;
  /** Byte 7:0 and bit 10:8 of the command in error. */ readonly parameterLocation: number;
  /** Namespace identifier. */ readonly nsid: number;
  /** Log page with vendor specific information. */ readonly vendorLogPage: number;
  /** Transport type. */ readonly transportType: number;
  /** Command set identifier. */ readonly csi: number;
  /** Opcode. */ readonly opcode: number;
  /** Command specific information. */ readonly commandSpecific: string;
  /** Transport type specific information. */ readonly transportSpecific: number;
  /** Number of this error, ever increasing; 0 for no entry. */
  readonly errorCount: number | bigint;
  /** The 15-bit status of the completion. */
  readonly status: Status;
  /** First LBA in error. */
  readonly lba: number | bigint;
  /** Version of this entry's format. */
  readonly version: number;
}

/** Decodes the entry that starts at byte `at`. @throws RangeError when `data` is too short. */
export function decodeErrorLogEntry(data: Uint8Array, at = 0): ErrorLogEntry {
  const entry = data.subarray(at, at + ERRLOG_ENTRY_BYTES);
  if (entry.length < ERRLOG_ENTRY_BYTES) throw new RangeError(`ERRLOG: ${ERRLOG_ENTRY_BYTES} bytes expected at ${at}`);
  return {
    errorCount: readUnsigned(entry, ERRLOG_ERROR_COUNT, 8),
    sqid: readUint16(entry, ERRLOG_SQID),
    cid: readUint16(entry, ERRLOG_CID),
    parameterLocation: readUint16(entry, ERRLOG_PARAMETER_LOCATION),
    nsid: readUint32(entry, ERRLOG_NSID),
    vendorLogPage: entry[ERRLOG_VENDOR_LOG_PAGE],
    transportType: entry[ERRLOG_TRANSPORT_TYPE],
    csi: entry[ERRLOG_CSI],
    opcode: entry[ERRLOG_OPCODE],
    commandSpecific: toHex(entry.subarray(ERRLOG_COMMAND_SPECIFIC, ERRLOG_COMMAND_SPECIFIC + 8)),
    transportSpecific: readUint16(entry, ERRLOG_TRANSPORT_SPECIFIC),
    version: entry[ERRLOG_VERSION],
    status: readUint16(entry, ERRLOG_STATUS) >>> 1,
    lba: readUnsigned(entry, ERRLOG_LBA, 8),
  };
}
