/**
 * Persistent Event log (0Dh): a header of 512 bytes, then events, newest first, each with a header of its own.
 * [Base] 5.1.12.1.14
 *
 *   event   EHL + 3 bytes of header, VSIL bytes of vendor specific information, EL - VSIL bytes of event data
 *
 * The first read establishes a context, later ones read on in it, the last releases it: bits 1:0 of LSP. Ranges read
 * `last:first`. What the event data hold is in persistent-events.ts.
 */
import { readAscii, readUint16, readUint32, readUint64, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** LSP bits 1:0: read the log in the context that there is. */
export const LOG_PERSISTENT_EVENT_LSP_READ = 0;
/** LSP bits 1:0: establish a context, then read. */
export const LOG_PERSISTENT_EVENT_LSP_ESTABLISH = 1;
/** LSP bits 1:0: release the context; no data. */
export const LOG_PERSISTENT_EVENT_LSP_RELEASE = 2;
/** LSP bits 1:0: establish a context and read the first 512 bytes of the header, where that is supported. */
export const LOG_PERSISTENT_EVENT_LSP_ESTABLISH_HEADER = 3;

/** Bytes of the log's header. */
export const PEL_HEADER_BYTES = 512;

/** 0        Log page identifier, 0Dh.                             */ export const PEL_LID = 0;
/** 7:4      Number of events.                                     */ export const PEL_TNEV = 4;
/** 15:8     Bytes of the log, header included.                    */ export const PEL_TLL = 8;
/** 16       Log revision, PEL_REVISION.                           */ export const PEL_LREV = 16;
/** 19:18    Bytes of the header from byte 20 on.                  */ export const PEL_LHL = 18;
/** 27:20    Timestamp, the data of feature 0Eh.                   */ export const PEL_TSTMP = 20;
/** 43:28    Power on hours.                                       */ export const PEL_POH = 28;
/** 51:44    Power cycles.                                         */ export const PEL_PWRCC = 44;
/** 53:52    PCI vendor identifier.                                */ export const PEL_VID = 52;
/** 55:54    PCI subsystem vendor identifier.                      */ export const PEL_SSVID = 54;
/** 75:56    Serial number.                                        */ export const PEL_SN = 56;
/** 115:76   Model number.                                         */ export const PEL_MN = 76;
/** 371:116  NVM subsystem qualified name.                         */ export const PEL_SUBNQN = 116;
/** 373:372  Generation number, it grows with each context.        */ export const PEL_GNUM = 372;
/** 377:374  Reporting context.                                    */ export const PEL_RCI = 374;
/** 511:480  Bit n: events of type n are supported.                */ export const PEL_SEB = 480;
/** Log revision of [Base]. */
export const PEL_REVISION = 3;
/** Value of PEL_LHL: the header ends at byte 511. */
export const PEL_HEADER_LENGTH = 492;

/** Layout of the log's header. */
export const PersistentEventHeaderLayout: Layout = layout('PEL_HEADER', PEL_HEADER_BYTES, [
  [PEL_LID, 1, 'lid'],
  [1, 3, 'reserved1', 'reserved'],
  [PEL_TNEV, 4, 'tnev'],
  [PEL_TLL, 8, 'tll'],
  [PEL_LREV, 1, 'lrev'],
  [17, 1, 'reserved17', 'reserved'],
  [PEL_LHL, 2, 'lhl'],
  [PEL_TSTMP, 8, 'tstmp', 'bytes'],
  [PEL_POH, 16, 'poh', 'packed'],
  [PEL_PWRCC, 8, 'pwrcc', 'packed'],
  [PEL_VID, 2, 'vid'],
  [PEL_SSVID, 2, 'ssvid'],
  [PEL_SN, 20, 'sn', 'ascii'],
  [PEL_MN, 40, 'mn', 'ascii'],
  [PEL_SUBNQN, 256, 'subnqn', 'ascii'],
  [PEL_GNUM, 2, 'gnum'],
  [PEL_RCI, 4, 'rci', 'packed'],
  [378, 102, 'reserved378', 'reserved'],
  [PEL_SEB, 32, 'seb'],
]);

/** Bytes of an event's header. */
export const PEL_EVENT_HEADER_BYTES = 24;
/** 0x00  1  Event type, PEL_EVENT_*. */
export const PEL_EVENT_ET = 0x00;
/** 0x01  1  Revision of the event data. */
export const PEL_EVENT_ETR = 0x01;
/** 0x02  1  Bytes of the event header from byte 3 on, 21. */
export const PEL_EVENT_EHL = 0x02;
/** 0x03  1  Port identifier type in bits 1:0, PEL_EVENT_PORT_*. */
export const PEL_EVENT_EHAI = 0x03;
/** 0x04  2  Controller identifier. */
export const PEL_EVENT_CNTLID = 0x04;
/** 0x06  8  Timestamp, the data of feature 0Eh. */
export const PEL_EVENT_ETSTP = 0x06;
/** 0x0e  2  Port identifier. */
export const PEL_EVENT_PELPID = 0x0e;
/** 0x14  2  Bytes of vendor specific information. */
export const PEL_EVENT_VSIL = 0x14;
/** 0x16  2  Bytes after the event header: vendor specific information and event data. */
export const PEL_EVENT_EL = 0x16;
/** Value of PEL_EVENT_EHL: the event header has 24 bytes. */
export const PEL_EVENT_HEADER_LENGTH = 21;

/** Port identifier type: not reported. */
export const PEL_EVENT_PORT_NOT_REPORTED = 0;
/** Port identifier type: a port of the NVM subsystem. */
export const PEL_EVENT_PORT_SUBSYSTEM = 1;
/** Port identifier type: a management endpoint. */
export const PEL_EVENT_PORT_MANAGEMENT = 2;
/** Port identifier type: no port has to do with the event. */
export const PEL_EVENT_PORT_NONE = 3;

/** Layout of an event's header. */
export const PersistentEventLayout: Layout = layout('PEL_EVENT', PEL_EVENT_HEADER_BYTES, [
  [PEL_EVENT_ET, 1, 'et'],
  [PEL_EVENT_ETR, 1, 'etr'],
  [PEL_EVENT_EHL, 1, 'ehl'],
  [PEL_EVENT_EHAI, 1, 'ehai'],
  [PEL_EVENT_CNTLID, 2, 'cntlid'],
  [PEL_EVENT_ETSTP, 8, 'etstp', 'bytes'],
  [PEL_EVENT_PELPID, 2, 'pelpid'],
  [16, 4, 'reserved16', 'reserved'],
  [PEL_EVENT_VSIL, 2, 'vsil'],
  [PEL_EVENT_EL, 2, 'el'],
]);

/** A decoded header of the Persistent Event log. */
export interface PersistentEventHeader {
  /** Number of events. */ readonly tnev: number;
  /** Bytes of the log, header included. */ readonly tll: number;
  /** Log revision. */ readonly lrev: number;
  /** Power on hours. */ readonly poh: number | bigint;
  /** Power cycles. */ readonly pwrcc: number | bigint;
  /** Serial number. */ readonly sn: string;
  /** Model number. */ readonly mn: string;
  /** NVM subsystem qualified name. */ readonly subnqn: string;
  /** Generation number. */ readonly gnum: number;
}

/** One event of the Persistent Event log. */
export interface PersistentEvent {
  /** Event type, PEL_EVENT_*. */
  readonly type: number;
  /** Revision of the event data. */
  readonly revision: number;
  /** Controller identifier. */
  readonly cntlid: number;
  /** Timestamp of 8 bytes, see decodeTimestamp. */
  readonly timestamp: Uint8Array;
  /** Event data, a view into the log. */
  readonly data: Uint8Array;
}

/**
 * Decodes the header of the Persistent Event log.
 * @throws RangeError when `data` is shorter than 512 bytes, or the log is said to have 2^53 bytes or more.
 */
export function decodePersistentEventHeader(data: Uint8Array): PersistentEventHeader {
  if (data.length < PEL_HEADER_BYTES) {
    throw new RangeError(`PEL_HEADER: ${PEL_HEADER_BYTES} bytes expected, got ${data.length}`);
  }
  return {
    tnev: readUint32(data, PEL_TNEV),
    tll: readUint64(data, PEL_TLL, 'PEL_HEADER.tll'),
    lrev: data[PEL_LREV],
    poh: readUnsigned(data, PEL_POH, 16),
    pwrcc: readUnsigned(data, PEL_PWRCC, 8),
    sn: readAscii(data, PEL_SN, 20),
    mn: readAscii(data, PEL_MN, 40),
    subnqn: readAscii(data, PEL_SUBNQN, 256),
    gnum: readUint16(data, PEL_GNUM),
  };
}

/**
 * Decodes the events of a whole Persistent Event log, in its order.
 * @throws RangeError when an event runs past the end of `data`, or its lengths contradict each other.
 */
export function decodePersistentEvents(data: Uint8Array): PersistentEvent[] {
  const { tnev } = decodePersistentEventHeader(data);
  const events: PersistentEvent[] = [];
  let at = PEL_HEADER_BYTES;
  for (let index = 0; index < tnev; index++) {
    if (at + PEL_EVENT_HEADER_BYTES > data.length)
      throw new RangeError(`PEL event ${index} of ${tnev} runs past the end`);
    const headerEnd = at + data[at + PEL_EVENT_EHL] + 3;
    const vendorBytes = readUint16(data, at + PEL_EVENT_VSIL);
    const end = headerEnd + readUint16(data, at + PEL_EVENT_EL);
    if (headerEnd < at + PEL_EVENT_HEADER_BYTES || headerEnd + vendorBytes > end || end > data.length) {
      throw new RangeError(`PEL event ${index} of ${tnev}: ${end - at} bytes at ${at} do not fit in ${data.length}`);
    }
    events.push({
      type: data[at + PEL_EVENT_ET],
      revision: data[at + PEL_EVENT_ETR],
      cntlid: readUint16(data, at + PEL_EVENT_CNTLID),
      timestamp: data.slice(at + PEL_EVENT_ETSTP, at + PEL_EVENT_ETSTP + 8),
      data: data.subarray(headerEnd + vendorBytes, end),
    });
    at = end;
  }
  return events;
}
