/**
 * Telemetry Host-Initiated (07h) and Controller-Initiated (08h) logs: a header, then data blocks of 512 bytes in up to
 * four areas, each of which contains the one before. [Base] 5.1.12.1.8, 5.1.12.1.9, 8.1.27
 *
 * Ranges read `last:first`. Offsets into these logs are multiples of 512.
 */
import { readUint16, readUint32, toHex } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the header, and of each data block. */
export const TELEMETRY_BLOCK_BYTES = 512;

/** 0        Log page identifier.                                     */ export const TELEMETRY_LID = 0;
/** 7:5      IEEE OUI identifier.                                     */ export const TELEMETRY_IEEE = 5;
/** 9:8      Last block of data area 1, 0 for none.                   */ export const TELEMETRY_DA1LB = 8;
/** 11:10    Last block of data area 2.                               */ export const TELEMETRY_DA2LB = 10;
/** 13:12    Last block of data area 3.                               */ export const TELEMETRY_DA3LB = 12;
/** 19:16    Last block of data area 4; needs ETDAS.                  */ export const TELEMETRY_DA4LB = 16;
/** 380      Host-initiated: scope, TELEMETRY_SCOPE_*.                */ export const TELEMETRY_THS = 380;
/** 381      Host-initiated: data generation number.                  */ export const TELEMETRY_THDGN = 381;
/** 381      Controller-initiated: scope, TELEMETRY_SCOPE_*.          */ export const TELEMETRY_TCS = 381;
/** 382      Controller-initiated data is available.                  */ export const TELEMETRY_TCDA = 382;
/** 383      Controller-initiated data generation number.             */ export const TELEMETRY_TCDGN = 383;
/** 511:384  Reason identifier.                                       */ export const TELEMETRY_RID = 384;

/** Scope: not reported. */
export const TELEMETRY_SCOPE_NONE = 0;
/** Scope: the controller. */
export const TELEMETRY_SCOPE_CONTROLLER = 1;
/** Scope: the NVM subsystem. */
export const TELEMETRY_SCOPE_SUBSYSTEM = 2;

/** LSP of the host-initiated log bit 0: capture now. */
export const LOG_TELEMETRY_LSP_CREATE = 0x01;
/** LSP of the host-initiated log bits 3:1, data areas to create, 0 to let the controller choose: position. */
export const LOG_TELEMETRY_LSP_AREA_SHIFT = 1;

/** Layout of the header of the host-initiated log; of the other, byte 381 is the scope and byte 380 reserved. */
export const TelemetryHeaderLayout: Layout = layout('TELEMETRY', TELEMETRY_BLOCK_BYTES, [
  [TELEMETRY_LID, 1, 'lid'],
  [1, 4, 'reserved1', 'reserved'],
  [TELEMETRY_IEEE, 3, 'ieee', 'packed'],
  [TELEMETRY_DA1LB, 2, 'da1lb'],
  [TELEMETRY_DA2LB, 2, 'da2lb'],
  [TELEMETRY_DA3LB, 2, 'da3lb'],
  [14, 2, 'reserved14', 'reserved'],
  [TELEMETRY_DA4LB, 4, 'da4lb'],
  [20, 360, 'reserved20', 'reserved'],
  [TELEMETRY_THS, 1, 'ths'],
  [TELEMETRY_THDGN, 1, 'thdgn'],
  [TELEMETRY_TCDA, 1, 'tcda'],
  [TELEMETRY_TCDGN, 1, 'tcdgn'],
  [TELEMETRY_RID, 128, 'rid'],
]);

/** A decoded header of a telemetry log. */
export interface TelemetryHeader {
  /** Log page identifier, LOG_TELEMETRY_HOST or LOG_TELEMETRY_CONTROLLER. */
  readonly lid: number;
  /** Last data block of areas 1..4 at index 0..3, 0 for an area that is not there; block n is at byte `512 * n`. */
  readonly lastBlocks: readonly [number, number, number, number];
  /** Controller-initiated data is available. */
  readonly controllerDataAvailable: boolean;
  /** Generation number of the data of the controller-initiated log. */
  readonly controllerGeneration: number;
  /** Reason identifier, hexadecimal digits in memory order. */
  readonly reason: string;
}

/** Decodes the header of a telemetry log. @throws RangeError when `data` is shorter than 512 bytes. */
export function decodeTelemetryHeader(data: Uint8Array): TelemetryHeader {
  if (data.length < TELEMETRY_BLOCK_BYTES) {
    throw new RangeError(`TELEMETRY: ${TELEMETRY_BLOCK_BYTES} bytes expected, got ${data.length}`);
  }
  return {
    lid: data[TELEMETRY_LID],
    lastBlocks: [
      readUint16(data, TELEMETRY_DA1LB),
      readUint16(data, TELEMETRY_DA2LB),
      readUint16(data, TELEMETRY_DA3LB),
      readUint32(data, TELEMETRY_DA4LB),
    ],
    controllerDataAvailable: data[TELEMETRY_TCDA] === 1,
    controllerGeneration: data[TELEMETRY_TCDGN],
    reason: toHex(data.subarray(TELEMETRY_RID, TELEMETRY_BLOCK_BYTES)),
  };
}

/** Bytes of a whole telemetry log up to the end of data area `area` 1..4: the header and the blocks of that area. */
export function telemetryBytes(header: TelemetryHeader, area: 1 | 2 | 3 | 4): number {
  return TELEMETRY_BLOCK_BYTES * (1 + Math.max(...header.lastBlocks.slice(0, area)));
}
