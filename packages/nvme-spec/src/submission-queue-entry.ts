/**
 * Submission queue entry (SQE): one command, 64 bytes, sixteen little-endian dwords. [Base] 4.1
 *
 *   byte  0x00       0x04   0x08   0x0c   0x10         0x18         0x20         0x28 ........ 0x3c
 *         CDW0       NSID   CDW2   CDW3   MPTR (8)     PRP1 (8)     PRP2 (8)     CDW10 .. CDW15
 *         CID|FLAGS|OPC                                \---- or one SGL descriptor ----/
 */
import { assert } from '@phasebit/core';

/** Bytes of a submission queue entry. */
export const SQE_BYTES = 64;
/** Dwords of a submission queue entry. */
export const SQE_DWORDS = 16;
/** Base-2 logarithm of {@link SQE_BYTES}, the value CC.IOSQES takes. */
export const SQE_BYTES_LOG2 = 6;

/* offset, size, field */
/** 0x00  4  Command dword 0: opcode, fused operation, PSDT, command identifier. */
export const SQE_CDW0 = 0x00;
/** 0x04  4  Namespace identifier. */
export const SQE_NSID = 0x04;
/** 0x08  4  Command dword 2. */
export const SQE_CDW2 = 0x08;
/** 0x0c  4  Command dword 3. */
export const SQE_CDW3 = 0x0c;
/** 0x10  8  Metadata pointer. */
export const SQE_MPTR = 0x10;
/** 0x18 16  Data pointer, as two PRP entries or one SGL descriptor. */
export const SQE_DPTR = 0x18;
/** 0x18  8  PRP entry 1. */
export const SQE_PRP1 = 0x18;
/** 0x18 16  SGL descriptor 1. */
export const SQE_SGL1 = 0x18;
/** 0x20  8  PRP entry 2. */
export const SQE_PRP2 = 0x20;
/** 0x28  4  Command dword 10. */
export const SQE_CDW10 = 0x28;
/** 0x2c  4  Command dword 11. */
export const SQE_CDW11 = 0x2c;
/** 0x30  4  Command dword 12. */
export const SQE_CDW12 = 0x30;
/** 0x34  4  Command dword 13. */
export const SQE_CDW13 = 0x34;
/** 0x38  4  Command dword 14. */
export const SQE_CDW14 = 0x38;
/** 0x3c  4  Command dword 15. */
export const SQE_CDW15 = 0x3c;

/*
 * Command dword 0, as one 32-bit word:
 *   31:16   15:14   13:10      9:8     7:0
 *   CID     PSDT    reserved   FUSE    OPC
 */
/** CDW0 7:0, opcode. */
export const SQE_CDW0_OPC_MASK = 0xff;
/** CDW0 9:8, fused operation: position. */
export const SQE_CDW0_FUSE_SHIFT = 8;
/** CDW0 9:8, fused operation: mask after the shift. */
export const SQE_CDW0_FUSE_MASK = 0x3;
/** CDW0 13:10, reserved: position. */
export const SQE_CDW0_RESERVED_SHIFT = 10;
/** CDW0 13:10, reserved: mask after the shift; the host writes zero. */
export const SQE_CDW0_RESERVED_MASK = 0xf;
/** CDW0 15:14, PRP or SGL for data transfer: position. */
export const SQE_CDW0_PSDT_SHIFT = 14;
/** CDW0 15:14, PRP or SGL for data transfer: mask after the shift. */
export const SQE_CDW0_PSDT_MASK = 0x3;
/** CDW0 31:16, command identifier: position. */
export const SQE_CDW0_CID_SHIFT = 16;
/** CDW0 31:16, command identifier: mask after the shift. */
export const SQE_CDW0_CID_MASK = 0xffff;

/** FUSE: a normal command. */
export const FUSE_NORMAL = 0;
/** FUSE: first command of a fused pair. */
export const FUSE_FIRST = 1;
/** FUSE: second command of a fused pair. */
export const FUSE_SECOND = 2;
/** FUSE: a value that no command may have. */
export const FUSE_RESERVED = 3;

/** PSDT: PRPs are used. */
export const PSDT_PRP = 0;
/** PSDT: SGLs are used, MPTR addresses one contiguous metadata buffer. */
export const PSDT_SGL_MPTR_CONTIGUOUS = 1;
/** PSDT: SGLs are used, MPTR addresses an SGL segment. */
export const PSDT_SGL_MPTR_SGL = 2;
/** PSDT: a value that no command may have. */
export const PSDT_RESERVED = 3;

/** NSID: the command does not use a namespace. */
export const NSID_NONE = 0x00000000;
/** NSID: broadcast, every namespace attached to the controller. */
export const NSID_BROADCAST = 0xffffffff;
/** The largest NSID that names one namespace. */
export const NSID_MAX = 0xfffffffe;

assert(2 ** SQE_BYTES_LOG2 === SQE_BYTES, 'the entry size is the power of two that CC takes');
assert(SQE_DWORDS * 4 === SQE_BYTES, 'an entry is whole dwords');
