/**
 * Feature values about the host: what it is called, what it lends, what time it is. [Base] 5.1.25.1
 *
 * Host Behavior Support (16h) is in feature-values.ts.
 */
import { bits } from './bits.js';
import { readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW11, SQE_CDW12, SQE_CDW13, SQE_CDW14, SQE_CDW15 } from './submission-queue-entry.js';
import { TIMESTAMP_BYTES } from './feature-values.js';

/** Feature 0Dh, Host Memory Buffer, command dword 11 and what Get Features returns. [Base] 5.1.25.2.4 */
export const FEATURE_HOST_MEMORY_BUFFER_VALUE: Dword<'EHM' | 'MR' | 'HMNARE' | 'HMNAR'> = dword(
  'FEATURE_HOST_MEMORY_BUFFER_VALUE',
  SQE_CDW11,
  {
    HMNAR: bits(3, 3), // Get only: the controller keeps away from the memory now
    HMNARE: bits(2, 2), // the controller keeps away from the memory in non-operational power states
    MR: bits(1, 1), // Set only: the same memory, with the same contents, is given back
    EHM: bits(0, 0), // the memory may be used
  },
  [bits(31, 4)],
);

/** Feature 0Dh, Host Memory Buffer, command dword 12. */
export const FEATURE_HOST_MEMORY_BUFFER_SIZE: Dword<'HSIZE'> = dword('FEATURE_HOST_MEMORY_BUFFER_SIZE', SQE_CDW12, {
  HSIZE: bits(31, 0), // size, pages of CC.MPS
});

/** Feature 0Dh, Host Memory Buffer, command dword 13: low half of the list's address. */
export const FEATURE_HOST_MEMORY_BUFFER_LIST_LOW: Dword<'HMDLLA'> = dword(
  'FEATURE_HOST_MEMORY_BUFFER_LIST_LOW',
  SQE_CDW13,
  { HMDLLA: bits(31, 4) }, // address divided by 16
  [bits(3, 0)],
);

/** Feature 0Dh, Host Memory Buffer, command dword 14: high half of the list's address. */
export const FEATURE_HOST_MEMORY_BUFFER_LIST_HIGH: Dword<'HMDLUA'> = dword(
  'FEATURE_HOST_MEMORY_BUFFER_LIST_HIGH',
  SQE_CDW14,
  { HMDLUA: bits(31, 0) },
);

/** Feature 0Dh, Host Memory Buffer, command dword 15. */
export const FEATURE_HOST_MEMORY_BUFFER_LIST_ENTRIES: Dword<'HMDLEC'> = dword(
  'FEATURE_HOST_MEMORY_BUFFER_LIST_ENTRIES',
  SQE_CDW15,
  { HMDLEC: bits(31, 0) }, // descriptors in the list
);

/** Bytes of a host memory descriptor. */
export const HOST_MEMORY_DESCRIPTOR_BYTES = 16;
/** 0x00  8  Address, page aligned. */
export const HOST_MEMORY_DESCRIPTOR_BADD = 0x00;
/** 0x08  4  Size, pages of CC.MPS. */
export const HOST_MEMORY_DESCRIPTOR_BSIZE = 0x08;

/** Layout of a host memory descriptor. */
export const HostMemoryDescriptorLayout: Layout = layout('HOST_MEMORY_DESCRIPTOR', HOST_MEMORY_DESCRIPTOR_BYTES, [
  [HOST_MEMORY_DESCRIPTOR_BADD, 8, 'badd'],
  [HOST_MEMORY_DESCRIPTOR_BSIZE, 4, 'bsize'],
  [12, 4, 'reserved12', 'reserved'],
]);

/** Bytes of what Get Features of feature 0Dh returns. */
export const HOST_MEMORY_ATTRIBUTES_BYTES = 4096;

/** Layout of what Get Features of feature 0Dh returns. */
export const HostMemoryAttributesLayout: Layout = layout('HOST_MEMORY_ATTRIBUTES', HOST_MEMORY_ATTRIBUTES_BYTES, [
  [0, 4, 'hsize'],
  [4, 4, 'hmdlal'],
  [8, 4, 'hmdlau'],
  [12, 4, 'hmdlec'],
  [16, 4080, 'reserved16', 'reserved'],
]);

/** Feature 19h, I/O Command Set Profile, value and what both commands return. */
export const FEATURE_COMMAND_SET_PROFILE_VALUE: Dword<'IOCSCI'> = dword(
  'FEATURE_COMMAND_SET_PROFILE_VALUE',
  SQE_CDW11,
  { IOCSCI: bits(8, 0) }, // index into the combinations of CNS 1Ch
  [bits(31, 9)],
);

/** Feature 80h, Software Progress Marker. */
export const FEATURE_SOFTWARE_PROGRESS_VALUE: Dword<'PBSLC'> = dword(
  'FEATURE_SOFTWARE_PROGRESS_VALUE',
  SQE_CDW11,
  { PBSLC: bits(7, 0) }, // times that pre-boot software was loaded since an operating system was
  [bits(31, 8)],
);

/** Feature 81h, Host Identifier. */
export const FEATURE_HOST_IDENTIFIER_VALUE: Dword<'EXHID'> = dword(
  'FEATURE_HOST_IDENTIFIER_VALUE',
  SQE_CDW11,
  { EXHID: bits(0, 0) }, // 128-bit identifier in the data, else 64-bit
  [bits(31, 1)],
);

/** Host Behavior Support CDFE bit 2: copy descriptor format 2h is enabled; 0h and 1h always are. */
export const HOST_BEHAVIOR_CDFE_FORMAT_2 = 0x0004;
/** Host Behavior Support CDFE bit 3: copy descriptor format 3h is enabled. */
export const HOST_BEHAVIOR_CDFE_FORMAT_3 = 0x0008;
/** Host Behavior Support CDFE bit 4: copy descriptor format 4h is enabled. */
export const HOST_BEHAVIOR_CDFE_FORMAT_4 = 0x0010;

/** Timestamp byte 6 bit 0: the controller may have stopped counting for a while. */
export const TIMESTAMP_SYNC = 0x01;
/** Timestamp byte 6 bits 3:1, origin: 0 the last reset, 1 a Set Features. Position. */
export const TIMESTAMP_ORIGIN_SHIFT = 1;
/** Timestamp byte 6 bits 3:1, origin: mask after the shift. */
export const TIMESTAMP_ORIGIN_MASK = 0x7;
/** Timestamp origin: a Set Features. */
export const TIMESTAMP_ORIGIN_HOST = 1;
/** 0x06  1  Attributes of a timestamp, after the milliseconds in bytes 5:0. */
export const TIMESTAMP_ATTRIBUTES = 0x06;

/** A timestamp, as feature 0Eh returns it. */
export interface Timestamp {
  /** Milliseconds since midnight of 1 January 1970 UTC, or since the last reset; below 2^48. */
  readonly ms: number;
  /** False when no host has set it: it counts from the last reset. */
  readonly setByHost: boolean;
  /** The controller may have stopped counting for a while. */
  readonly mayHaveStopped: boolean;
}

/** Decodes the data of feature 0Eh. @throws RangeError when `data` is shorter than 8 bytes. */
export function decodeTimestamp(data: Uint8Array): Timestamp {
  if (data.length < TIMESTAMP_BYTES) {
    throw new RangeError(`TIMESTAMP: ${TIMESTAMP_BYTES} bytes expected, got ${data.length}`);
  }
  const attributes = data[TIMESTAMP_ATTRIBUTES];
  return {
    ms: Number(readUnsigned(data, 0, 6)),
    setByHost: ((attributes >>> TIMESTAMP_ORIGIN_SHIFT) & TIMESTAMP_ORIGIN_MASK) === TIMESTAMP_ORIGIN_HOST,
    mayHaveStopped: (attributes & TIMESTAMP_SYNC) !== 0,
  };
}

/** The data of a Set Features of feature 0Eh. @throws RangeError unless `ms` is 0..2^48 - 1. */
export function encodeTimestamp(ms: number): Uint8Array {
  if (!(Number.isInteger(ms) && ms >= 0 && ms < 2 ** 48)) throw new RangeError(`timestamp 0..2^48 - 1 ms, got ${ms}`);
  const data = new Uint8Array(TIMESTAMP_BYTES);
  for (let i = 0; i < 6; i++) data[i] = Math.floor(ms / 2 ** (8 * i)) % 256;
  return data;
}
