/**
 * Scatter gather list (SGL) descriptors: 16 bytes, the last of which says what the others mean. [Base] 4.3.2
 *
 *   data block, segment, last segment   0x00          0x08         0x0c           0x0f
 *                                       address (8)   length (4)   reserved (3)   type 7:4 | subtype 3:0
 */
import { layout, type Layout } from './layout.js';

/** Bytes of an SGL descriptor. */
export const SGL_DESCRIPTOR_BYTES = 16;
/** 0x00  8  Address of the data block or of the next segment. */
export const SGL_ADDRESS = 0x00;
/** 0x08  4  Length in bytes. */
export const SGL_LENGTH = 0x08;
/** 0x0f  1  Type in bits 7:4, subtype in bits 3:0. */
export const SGL_IDENTIFIER = 0x0f;
/** Identifier bits 7:4, type: position. */
export const SGL_TYPE_SHIFT = 4;
/** Identifier bits 3:0, subtype. */
export const SGL_SUBTYPE_MASK = 0x0f;

/** SGL type: data block. */
export const SGL_TYPE_DATA_BLOCK = 0x0;
/** SGL type: bit bucket, data is discarded. */
export const SGL_TYPE_BIT_BUCKET = 0x1;
/** SGL type: segment, another one follows it. */
export const SGL_TYPE_SEGMENT = 0x2;
/** SGL type: last segment. */
export const SGL_TYPE_LAST_SEGMENT = 0x3;
/** SGL type: keyed data block. */
export const SGL_TYPE_KEYED_DATA_BLOCK = 0x4;
/** SGL type: transport data block. */
export const SGL_TYPE_TRANSPORT_DATA_BLOCK = 0x5;

/** Layout of a data block, segment or last segment descriptor. */
export const SglDescriptorLayout: Layout = layout('SGL', SGL_DESCRIPTOR_BYTES, [
  [SGL_ADDRESS, 8, 'address'],
  [SGL_LENGTH, 4, 'length'],
  [12, 3, 'reserved12', 'reserved'],
  [SGL_IDENTIFIER, 1, 'identifier'],
]);
