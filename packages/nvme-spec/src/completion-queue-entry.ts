/**
 * Completion queue entry (CQE): one result, 16 bytes, four little-endian dwords. [Base] 4.2
 */
import { assert } from '@phasebit/core';

/** Bytes of a completion queue entry. */
export const CQE_BYTES = 16;
/** Dwords of a completion queue entry. */
export const CQE_DWORDS = 4;
/** Base-2 logarithm of {@link CQE_BYTES}, the value CC.IOCQES takes. */
export const CQE_BYTES_LOG2 = 4;

/* offset, size, field */
/** 0x00  4  Command specific result. */
export const CQE_DW0 = 0x00;
/** 0x04  4  Command specific result. */
export const CQE_DW1 = 0x04;
/** 0x08  2  Submission queue head pointer when the entry was written. */
export const CQE_SQHD = 0x08;
/** 0x0a  2  Submission queue identifier. */
export const CQE_SQID = 0x0a;
/** 0x0c  2  Command identifier. */
export const CQE_CID = 0x0c;
/** 0x0e  2  Phase tag in bit 0, status in bits 15:1. */
export const CQE_STATUS = 0x0e;

/*
 * Dword 2, as one 32-bit word:      Dword 3, as one 32-bit word:
 *   31:16   15:0                      31    30   29:28   27:25   24:17   16   15:0
 *   SQID    SQHD                      DNR   M    CRD     SCT     SC      P    CID
 */
/** Byte offset of dword 2, for one 32-bit access to SQID and SQHD. */
export const CQE_DW2 = 0x08;
/** Dword 2 bits 15:0, submission queue head pointer. */
export const CQE_DW2_SQHD_MASK = 0xffff;
/** Dword 2 bits 31:16, submission queue identifier: position. */
export const CQE_DW2_SQID_SHIFT = 16;

/** Byte offset of dword 3, for one 32-bit access to CID, phase tag and status. */
export const CQE_DW3 = 0x0c;
/** Dword 3 bits 15:0, command identifier. */
export const CQE_DW3_CID_MASK = 0xffff;
/** Dword 3 bit 16, phase tag: position. It inverts each time the controller wraps the queue. */
export const CQE_DW3_PHASE_SHIFT = 16;
/** Dword 3 bits 31:17: `dw3 >>> CQE_DW3_STATUS_SHIFT` is the 15-bit Status of status.ts. */
export const CQE_DW3_STATUS_SHIFT = 17;

assert(2 ** CQE_BYTES_LOG2 === CQE_BYTES, 'the entry size is the power of two that CC takes');
assert(CQE_DWORDS * 4 === CQE_BYTES, 'an entry is whole dwords');
