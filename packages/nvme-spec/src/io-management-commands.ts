/**
 * I/O Management Receive and Send: reclaim unit handles of flexible data placement (FDP). [Base] 7.3, 7.4, 8.1.10;
 * [NVM] 3.2.1
 *
 *   Receive, status   header (16): 0x0e NRUHSD (2)   then a descriptor of 32 bytes per placement handle and reclaim group
 *   Send, update      placement identifiers of 2 bytes, MOS + 1 of them
 */
import { bits } from './bits.js';
import { readUint16, readUint32, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** I/O Management Receive and I/O Management Send, command dword 10. */
export const IO_MANAGEMENT_CDW10: Dword<'MO' | 'MOS'> = dword(
  'IO_MANAGEMENT_CDW10',
  SQE_CDW10,
  {
    MOS: bits(31, 16), // operation specific; for an update, placement identifiers, 0's based
    MO: bits(7, 0), // operation, IO_MANAGEMENT_RECEIVE_* or IO_MANAGEMENT_SEND_*
  },
  [bits(15, 8)],
);

/** I/O Management Receive, command dword 11. */
export const IO_MANAGEMENT_RECEIVE_CDW11: Dword<'NUMD0'> = dword('IO_MANAGEMENT_RECEIVE_CDW11', SQE_CDW11, {
  NUMD0: bits(31, 0), // dwords to return, 0's based
});

/** MO of Receive: no action. */
export const IO_MANAGEMENT_RECEIVE_NONE = 0x00;
/** MO of Receive: reclaim unit handle status. */
export const IO_MANAGEMENT_RECEIVE_HANDLE_STATUS = 0x01;
/** MO of Send: no action. */
export const IO_MANAGEMENT_SEND_NONE = 0x00;
/** MO of Send: reclaim unit handle update, each handle goes on to an empty reclaim unit. */
export const IO_MANAGEMENT_SEND_HANDLE_UPDATE = 0x01;

/** Bytes of a placement identifier in the data of an update. */
export const PLACEMENT_IDENTIFIER_BYTES = 2;
/** Placement identifiers of one update at most. */
export const PLACEMENT_IDENTIFIERS_MAX = 0x10000;

/** Bytes of the header of a reclaim unit handle status. */
export const RUH_STATUS_HEADER_BYTES = 16;
/** 0x0e  2  Number of descriptors that follow. */
export const RUH_STATUS_NRUHSD = 0x0e;
/** Bytes of a descriptor. */
export const RUH_STATUS_DESCRIPTOR_BYTES = 32;
/** 0x00  2  Placement identifier. */
export const RUH_STATUS_PID = 0x00;
/** 0x02  2  Reclaim unit handle. */
export const RUH_STATUS_RUHID = 0x02;
/** 0x04  4  Seconds the reclaim unit is expected to stay referenced, 0 when not reported. */
export const RUH_STATUS_EARUTR = 0x04;
/** 0x08  8  Blocks that can still be written to the reclaim unit. */
export const RUH_STATUS_RUAMW = 0x08;

/** Layout of the header of a reclaim unit handle status. */
export const RuhStatusHeaderLayout: Layout = layout('RUH_STATUS_HEADER', RUH_STATUS_HEADER_BYTES, [
  [0, 14, 'reserved0', 'reserved'],
  [RUH_STATUS_NRUHSD, 2, 'nruhsd'],
]);

/** Layout of a reclaim unit handle status descriptor. */
export const RuhStatusDescriptorLayout: Layout = layout('RUH_STATUS_DESCRIPTOR', RUH_STATUS_DESCRIPTOR_BYTES, [
  [RUH_STATUS_PID, 2, 'pid'],
  [RUH_STATUS_RUHID, 2, 'ruhid'],
  [RUH_STATUS_EARUTR, 4, 'earutr'],
  [RUH_STATUS_RUAMW, 8, 'ruamw'],
  [16, 16, 'reserved16', 'reserved'],
]);

/** What is known of the reclaim unit that a placement identifier writes to. */
export interface RuhStatus {
  /** Placement identifier. */
  readonly pid: number;
  /** Reclaim unit handle. */
  readonly ruhid: number;
  /** Seconds the reclaim unit is expected to stay referenced, 0 when not reported. */
  readonly earutr: number;
  /** Blocks that can still be written to the reclaim unit. */
  readonly ruamw: number | bigint;
}

/**
 * Decodes a reclaim unit handle status.
 * @throws RangeError when `data` is shorter than the header, or than the descriptors that the header counts.
 */
export function decodeRuhStatus(data: Uint8Array): RuhStatus[] {
  if (data.length < RUH_STATUS_HEADER_BYTES) {
    throw new RangeError(`RUH_STATUS: ${RUH_STATUS_HEADER_BYTES} bytes expected, got ${data.length}`);
  }
  const count = readUint16(data, RUH_STATUS_NRUHSD);
  const bytes = RUH_STATUS_HEADER_BYTES + count * RUH_STATUS_DESCRIPTOR_BYTES;
  if (data.length < bytes) throw new RangeError(`RUH_STATUS: ${bytes} bytes expected, got ${data.length}`);
  return Array.from({ length: count }, (_, i) => {
    const at = RUH_STATUS_HEADER_BYTES + i * RUH_STATUS_DESCRIPTOR_BYTES;
    return {
      pid: readUint16(data, at + RUH_STATUS_PID),
      ruhid: readUint16(data, at + RUH_STATUS_RUHID),
      earutr: readUint32(data, at + RUH_STATUS_EARUTR),
      ruamw: readUnsigned(data, at + RUH_STATUS_RUAMW, 8),
    };
  });
}
