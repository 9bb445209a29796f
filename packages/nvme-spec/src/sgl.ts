/**
 * Scatter gather list (SGL) descriptors: 16 bytes, the last of which says what the others mean. [Base] 4.3.2
 *
 *   data block, segment, last segment   0x00           0x08         0x0c           0x0f
 *                                       address (8)    length (4)   reserved (3)   type 7:4 | subtype 3:0
 *   bit bucket                          reserved (8)   length (4)   reserved (3)   type 7:4 | subtype 3:0
 *   keyed data block                    address (8)    length (3)   key (4)        type 7:4 | subtype 3:0
 *
 * The length of a segment descriptor counts the bytes of the next segment: descriptors times 16, not zero. A segment
 * ends with a segment or last segment descriptor unless it is the last one. A data block or bit bucket of length zero
 * transfers nothing and is valid.
 */
import { assert } from '@phasebit/core';
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

/** 0x08  3  Length in bytes of a keyed data block. */
export const SGL_KEYED_LENGTH = 0x08;
/** 0x0b  4  Key of a keyed data block. */
export const SGL_KEYED_KEY = 0x0b;
/** The longest data block, bit bucket or segment, bytes. */
export const SGL_LENGTH_MAX = 0xffffffff;
/** The longest keyed data block, bytes. */
export const SGL_KEYED_LENGTH_MAX = 0xffffff;

/** SGL type: data block. */
export const SGL_TYPE_DATA_BLOCK = 0x0;
/** SGL type: bit bucket, data from the controller is discarded; it counts nothing in a transfer to the controller. */
export const SGL_TYPE_BIT_BUCKET = 0x1;
/** SGL type: segment, another one follows it. */
export const SGL_TYPE_SEGMENT = 0x2;
/** SGL type: last segment. */
export const SGL_TYPE_LAST_SEGMENT = 0x3;
/** SGL type: keyed data block. */
export const SGL_TYPE_KEYED_DATA_BLOCK = 0x4;
/** SGL type: transport data block. */
export const SGL_TYPE_TRANSPORT_DATA_BLOCK = 0x5;
/** SGL type: vendor specific. */
export const SGL_TYPE_VENDOR = 0xf;

/** SGL subtype: the address is a host memory address. */
export const SGL_SUBTYPE_ADDRESS = 0x0;
/** SGL subtype: the address is an offset into a capsule, fabrics; reserved over PCIe. */
export const SGL_SUBTYPE_OFFSET = 0x1;
/** SGL subtype of a keyed data block: remote invalidation is requested, NVMe over RDMA. */
export const SGL_SUBTYPE_KEYED_INVALIDATE = 0xf;
/** SGL subtype: the first of Ah..Fh, which belong to the transport; data of an NVMe/TCP command. */
export const SGL_SUBTYPE_TRANSPORT = 0xa;

/** Identifier of a data block at a host address: type and subtype in one byte. */
export const SGL_ID_DATA_BLOCK = 0x00;
/** Identifier of a bit bucket. */
export const SGL_ID_BIT_BUCKET = 0x10;
/** Identifier of a segment at a host address. */
export const SGL_ID_SEGMENT = 0x20;
/** Identifier of a last segment at a host address. */
export const SGL_ID_LAST_SEGMENT = 0x30;
/** Identifier of a keyed data block at a host address. */
export const SGL_ID_KEYED_DATA_BLOCK = 0x40;
/** Identifier of a transport data block. */
export const SGL_ID_TRANSPORT_DATA_BLOCK = 0x5a;

/** Layout of a data block, segment or last segment descriptor. */
export const SglDescriptorLayout: Layout = layout('SGL', SGL_DESCRIPTOR_BYTES, [
  [SGL_ADDRESS, 8, 'address'],
  [SGL_LENGTH, 4, 'length'],
  [12, 3, 'reserved12', 'reserved'],
  [SGL_IDENTIFIER, 1, 'identifier'],
]);

/** Layout of a keyed data block descriptor. */
export const SglKeyedDescriptorLayout: Layout = layout('SGL_KEYED', SGL_DESCRIPTOR_BYTES, [
  [SGL_ADDRESS, 8, 'address'],
  [SGL_KEYED_LENGTH, 3, 'length', 'packed'],
  [SGL_KEYED_KEY, 4, 'key', 'packed'],
  [SGL_IDENTIFIER, 1, 'identifier'],
]);

assert(SGL_ID_LAST_SEGMENT === SGL_TYPE_LAST_SEGMENT << SGL_TYPE_SHIFT, 'an identifier is type above subtype');
