/**
 * Namespace Identification Descriptor list (CNS 03h): identifiers of one namespace, each with a type and a length.
 * [Base] 5.1.13.2.3
 *
 *   descriptor   0x00       0x01       0x02           0x04
 *                NIDT (1)   NIDL (1)   reserved (2)   NID (NIDL bytes)
 *
 * Descriptors follow one another without padding; a NIDL of 0, or the end of the 4096 bytes, ends the list.
 */
import { toHex } from './bytes.js';

/** Bytes of a descriptor before its identifier. */
export const NSDESC_HEADER_BYTES = 4;
/** 0x00  1  Namespace identifier type, NIDT_*. */
export const NSDESC_NIDT = 0x00;
/** 0x01  1  Length of the identifier in bytes. */
export const NSDESC_NIDL = 0x01;
/** 0x04  Namespace identifier, NIDL bytes. */
export const NSDESC_NID = 0x04;

/** NIDT: IEEE extended unique identifier, 8 bytes. */
export const NIDT_EUI64 = 0x01;
/** NIDT: namespace globally unique identifier, 16 bytes. */
export const NIDT_NGUID = 0x02;
/** NIDT: namespace UUID, 16 bytes. */
export const NIDT_UUID = 0x03;
/** NIDT: command set identifier, 1 byte, CSI_*. */
export const NIDT_CSI = 0x04;

/** The identifiers of a namespace; those that are absent were not in the list. */
export interface NamespaceDescriptors {
  /** IEEE extended unique identifier, 16 hexadecimal digits. */
  readonly eui64?: string;
  /** Namespace globally unique identifier, 32 hexadecimal digits. */
  readonly nguid?: string;
  /** Namespace UUID in its usual form with dashes. */
  readonly uuid?: string;
  /** Command set identifier, CSI_*. */
  readonly csi?: number;
}

const NID_BYTES: readonly number[] = [0, 8, 16, 16, 1];

/**
 * Decodes a Namespace Identification Descriptor list; types it does not know are passed over.
 * @throws RangeError when a descriptor has the wrong length for its type or runs past the end of `data`.
 */
export function decodeNamespaceDescriptors(data: Uint8Array): NamespaceDescriptors {
  const found: { eui64?: string; nguid?: string; uuid?: string; csi?: number } = {};
  let at = 0;
  while (at + NSDESC_HEADER_BYTES <= data.length) {
    const type = data[at + NSDESC_NIDT];
    const bytes = data[at + NSDESC_NIDL];
    if (bytes === 0) break;
    const start = at + NSDESC_NID;
    if (start + bytes > data.length) throw new RangeError(`NSDESC at ${at}: ${bytes} bytes run past the end`);
    const expected = NID_BYTES[type];
    if (expected !== undefined && bytes !== expected) {
      throw new RangeError(`NSDESC at ${at}: type ${type} has ${bytes} bytes, expected ${expected}`);
    }
    const identifier = data.subarray(start, start + bytes);
    if (type === NIDT_EUI64) found.eui64 = toHex(identifier);
    else if (type === NIDT_NGUID) found.nguid = toHex(identifier);
    else if (type === NIDT_UUID) found.uuid = toHex(identifier).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    else if (type === NIDT_CSI) found.csi = identifier[0]!;
    at = start + bytes;
  }
  return found;
}
