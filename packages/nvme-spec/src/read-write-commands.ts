/**
 * Command dwords of Read, Write, Write Zeroes, Compare, Verify and Write Uncorrectable. [NVM] 3.3.1, 3.3.4 to 3.3.8
 *
 *   CDW2, CDW3     CDW2 15:0 and CDW3: storage and reference tag above the 32 bits of CDW14
 *   CDW10, CDW11   SLBA, low and high half
 *   CDW12          31    30    29:26    25     24    23:20        19:16      15:0
 *                  LR    FUA   PRINFO   DEAC   STC   DTYPE/NSZ    CETYPE     NLB0
 *   CDW13          31:16 DSPEC, 15:8 reserved, 7:0 DSM; with CETYPE: 15:0 command extension value
 *   CDW14, CDW15   protection information: storage and reference tag; application tag mask and tag
 *
 * Which command has which field; what it has not is reserved:
 *
 *                         LR FUA PRACT PRCHK DEAC STC DTYPE NSZ CETYPE DSPEC DSM tags (CDW2, 3, 14, 15)
 *   Read                  x  x   x     x          x             x            x   expected
 *   Write                 x  x   x     x          x   x         x      x     x   x
 *   Write Zeroes          x  x   x           x        x     x   x      x         x
 *   Compare, Verify       x  x         x          x             x                expected
 *   Write Uncorrectable                               x                x
 *
 * Read and write are hot, so their fields are flat masks and shifts instead of descriptors.
 */
import { assert } from '@phasebit/core';

/** CDW12 15:0, number of logical blocks, 0's based. */
export const RW_CDW12_NLB0_MASK = 0xffff;
/** The most blocks one command can name. */
export const RW_BLOCKS_MAX = 0x10000;
/** CDW12 19:16, command extension type, 0 for none: position. */
export const RW_CDW12_CETYPE_SHIFT = 16;
/** CDW12 19:16, command extension type: mask after the shift. */
export const RW_CDW12_CETYPE_MASK = 0xf;
/** CDW12 31:16, everything that is not a plain transfer: zero for most commands. */
export const RW_CDW12_OPTIONS_MASK = 0xffff0000;
/** CDW12 23:20 of Write, 22:20 of Write Zeroes, directive type, DIRECTIVE_TYPE_*: position. */
export const RW_CDW12_DTYPE_SHIFT = 20;
/** CDW12 23:20 of Write, directive type: mask after the shift. */
export const RW_CDW12_DTYPE_MASK = 0xf;
/** CDW12 bit 23 of Write Zeroes: namespace zeroes, the command is for the whole namespace. */
export const WRITE_ZEROES_CDW12_NSZ = 0x00800000;
/** CDW12 bit 24: check the storage tag. */
export const RW_CDW12_STC = 0x01000000;
/** CDW12 bit 25 of Write Zeroes: deallocate the blocks. */
export const WRITE_ZEROES_CDW12_DEAC = 0x02000000;
/** CDW12 29:26, protection information: position. */
export const RW_CDW12_PRINFO_SHIFT = 26;
/** CDW12 29:26, protection information: mask after the shift. */
export const RW_CDW12_PRINFO_MASK = 0xf;
/** CDW12 bit 26, PRCHK: check the reference tag. {@link PRINFO_PRCHK_REFERENCE} in place. */
export const RW_CDW12_PRCHK_REFERENCE = 0x04000000;
/** CDW12 bit 27, PRCHK: check the application tag. {@link PRINFO_PRCHK_APPLICATION} in place. */
export const RW_CDW12_PRCHK_APPLICATION = 0x08000000;
/** CDW12 bit 28, PRCHK: check the guard. {@link PRINFO_PRCHK_GUARD} in place. */
export const RW_CDW12_PRCHK_GUARD = 0x10000000;
/** CDW12 bit 29, PRACT: the controller inserts or strips the protection information. {@link PRINFO_PRACT} in place. */
export const RW_CDW12_PRACT = 0x20000000;
/** CDW12 bit 30: force unit access, the data is on, or comes from, non-volatile media. */
export const RW_CDW12_FUA = 0x40000000;
/** CDW12 bit 31: limited retry. As an unsigned number; `| 0` for use with signed bit operators. */
export const RW_CDW12_LR = 0x80000000;

/** PRINFO bit 0: check the reference tag. */
export const PRINFO_PRCHK_REFERENCE = 0x1;
/** PRINFO bit 1: check the application tag. */
export const PRINFO_PRCHK_APPLICATION = 0x2;
/** PRINFO bit 2: check the guard. */
export const PRINFO_PRCHK_GUARD = 0x4;
/** PRINFO bit 3: the controller inserts or strips the protection information. */
export const PRINFO_PRACT = 0x8;

/** CDW13 7:0, dataset management attributes. */
export const RW_CDW13_DSM_MASK = 0xff;
/** CDW13 15:0 when CETYPE is not zero, command extension value. */
export const RW_CDW13_CEV_MASK = 0xffff;
/** CDW13 31:16 of Write, directive specific, such as a stream or a placement identifier: position. */
export const RW_CDW13_DSPEC_SHIFT = 16;
/** CDW13 31:16 of Write, directive specific: mask after the shift. */
export const RW_CDW13_DSPEC_MASK = 0xffff;

/** DSM 3:0, access frequency. */
export const RW_DSM_FREQUENCY_MASK = 0x0f;
/** DSM 3:0: no frequency given. */
export const RW_DSM_FREQUENCY_NONE = 0;
/** DSM 3:0: typical number of reads and writes. */
export const RW_DSM_FREQUENCY_TYPICAL = 1;
/** DSM 3:0: infrequent writes and infrequent reads. */
export const RW_DSM_FREQUENCY_COLD = 2;
/** DSM 3:0: infrequent writes and frequent reads. */
export const RW_DSM_FREQUENCY_READ_MOSTLY = 3;
/** DSM 3:0: frequent writes and infrequent reads. */
export const RW_DSM_FREQUENCY_WRITE_MOSTLY = 4;
/** DSM 3:0: frequent writes and frequent reads. */
export const RW_DSM_FREQUENCY_HOT = 5;
/** DSM 3:0: a read or write that happens once, such as one of a backup. */
export const RW_DSM_FREQUENCY_ONE_TIME = 6;
/** DSM 3:0 of Read: a speculative read, part of a prefetch. */
export const RW_DSM_FREQUENCY_SPECULATIVE_READ = 7;
/** DSM 3:0 of Read: the blocks will be overwritten soon. */
export const RW_DSM_FREQUENCY_OVERWRITTEN_SOON = 8;
/** DSM 5:4, access latency: position. */
export const RW_DSM_LATENCY_SHIFT = 4;
/** DSM 5:4, access latency: mask after the shift. */
export const RW_DSM_LATENCY_MASK = 0x3;
/** DSM 5:4: no latency given. */
export const RW_DSM_LATENCY_NONE = 0;
/** DSM 5:4: idle, longer latency is acceptable. */
export const RW_DSM_LATENCY_IDLE = 1;
/** DSM 5:4: normal, typical latency. */
export const RW_DSM_LATENCY_NORMAL = 2;
/** DSM 5:4: low, as little latency as possible. */
export const RW_DSM_LATENCY_LOW = 3;
/** DSM bit 6: part of a sequence of commands. */
export const RW_DSM_SEQUENTIAL = 0x40;
/** DSM bit 7: the data does not compress. */
export const RW_DSM_INCOMPRESSIBLE = 0x80;

/** CDW15 15:0, logical block application tag. */
export const RW_CDW15_LBAT_MASK = 0xffff;
/** CDW15 31:16, logical block application tag mask, a set bit is compared: position. */
export const RW_CDW15_LBATM_SHIFT = 16;
/** CDW15 31:16, logical block application tag mask: mask after the shift. */
export const RW_CDW15_LBATM_MASK = 0xffff;

/** Completion dword 0 bit 0 of a Write Zeroes with NSZ: the whole namespace was zeroed, not only what NLB counts. */
export const WRITE_ZEROES_RESULT_LBACZ = 0x1;

/**
 * CDW2 15:0, highest 16 of the 80 bits that storage and reference tag share; CDW3 and CDW14 hold the others.
 * protection-information.ts splits them. [NVM] 5.3.1.4.1
 */
export const RW_CDW2_LBTU_MASK = 0xffff;

assert(RW_CDW12_PRACT === (PRINFO_PRACT << RW_CDW12_PRINFO_SHIFT) >>> 0, 'PRACT is a bit of PRINFO');
assert(RW_CDW12_PRCHK_REFERENCE === PRINFO_PRCHK_REFERENCE << RW_CDW12_PRINFO_SHIFT, 'PRCHK is the rest of PRINFO');
