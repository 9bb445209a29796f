/**
 * Command dwords of Read, Write, Write Zeroes, Compare, Verify and Write Uncorrectable. [NVM] 3.2.1, 3.3
 *
 *   CDW10, CDW11   SLBA, low and high half
 *   CDW12          31    30    29:26    25     24    23:20        19:16      15:0
 *                  LR    FUA   PRINFO   DEAC   STC   DTYPE/NSZ    reserved   NLB0
 *   CDW13          31:16 DSPEC, 15:8 reserved, 7:0 DSM
 *   CDW14, CDW15   protection information: reference tag; application tag mask and tag
 *
 * Read and write are hot, so their fields are flat masks and shifts instead of descriptors.
 */

/** CDW12 15:0, number of logical blocks, 0's based. */
export const RW_CDW12_NLB0_MASK = 0xffff;
/** The most blocks one command can name. */
export const RW_BLOCKS_MAX = 0x10000;
/** CDW12 23:20 of Write, directive type: position. */
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
/** CDW13 31:16 of Write, directive specific: position. */
export const RW_CDW13_DSPEC_SHIFT = 16;

/** DSM 3:0, access frequency. */
export const RW_DSM_FREQUENCY_MASK = 0x0f;
/** DSM 5:4, access latency: position. */
export const RW_DSM_LATENCY_SHIFT = 4;
/** DSM bit 6: part of a sequence of commands. */
export const RW_DSM_SEQUENTIAL = 0x40;
/** DSM bit 7: the data does not compress. */
export const RW_DSM_INCOMPRESSIBLE = 0x80;

/** CDW15 15:0, logical block application tag. */
export const RW_CDW15_LBAT_MASK = 0xffff;
/** CDW15 31:16, logical block application tag mask: position. */
export const RW_CDW15_LBATM_SHIFT = 16;
