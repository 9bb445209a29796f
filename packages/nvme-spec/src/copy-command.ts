/**
 * Copy: blocks from up to 256 source ranges to one destination range, without moving data through the host.
 * [NVM] 3.3.2
 *
 *   CDW2, CDW3, CDW14   storage and reference tag for the write, as in read-write-commands.ts
 *   CDW10, CDW11        starting destination LBA, low and high half
 *   CDW12               below
 *   CDW13               31:16 DSPEC, 15:0 command extension value
 *   CDW15               31:16 LBATM, 15:0 LBAT, for the write
 *
 * Limits are in Identify Namespace: MSSRL blocks per range, MCL blocks in all, MSRC ranges (0's based); more are
 * refused with Command Size Limit Exceeded. Bit n of Identify Controller CDFS says that format n is supported;
 * formats 2h and 3h must be enabled too, by CDFE of the Host Behavior Support feature.
 */
import { bits } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW12, SQE_CDW13 } from './submission-queue-entry.js';
import { layout, type Layout } from './layout.js';

/** Copy, command dword 12. */
export const COPY_CDW12: Dword<
  'NR0' | 'DESFMT' | 'PRINFOR' | 'CETYPE' | 'DTYPE' | 'STCW' | 'STCR' | 'PRINFOW' | 'FUA' | 'LR'
> = dword('COPY_CDW12', SQE_CDW12, {
  LR: bits(31, 31), // limited retry, for the write
  FUA: bits(30, 30), // force unit access, for the write
  PRINFOW: bits(29, 26), // protection information for the write, PRINFO_*
  STCR: bits(25, 25), // check the storage tag when reading
  STCW: bits(24, 24), // check the storage tag when writing
  DTYPE: bits(23, 20), // directive type, for the write
  CETYPE: bits(19, 16), // command extension type, for the write
  PRINFOR: bits(15, 12), // protection information for the read, PRINFO_*
  DESFMT: bits(11, 8), // format of the source ranges, COPY_FORMAT_*
  NR0: bits(7, 0), // source ranges, 0's based
});

/** Copy, command dword 13. */
export const COPY_CDW13: Dword<'CEV' | 'DSPEC'> = dword('COPY_CDW13', SQE_CDW13, {
  DSPEC: bits(31, 16), // directive specific
  CEV: bits(15, 0), // command extension value
});

/** Source ranges of one command at most. */
export const COPY_RANGES_MAX = 256;

/** Format 0h: 32 bytes, 16-bit guards, source in the destination's namespace. */
export const COPY_FORMAT_0 = 0x0;
/** Format 1h: 40 bytes, 32- and 64-bit guards, source in the destination's namespace. */
export const COPY_FORMAT_1 = 0x1;
/** Format 2h: 32 bytes, 16-bit guards, source in any namespace. */
export const COPY_FORMAT_2 = 0x2;
/** Format 3h: 40 bytes, 32- and 64-bit guards, source in any namespace. */
export const COPY_FORMAT_3 = 0x3;
/** Format 4h: source in a subsystem local memory namespace. */
export const COPY_FORMAT_4 = 0x4;

/** Bytes of a source range of format 0h or 2h. */
export const COPY_RANGE_BYTES = 32;
/** Bytes of a source range of format 1h or 3h. */
export const COPY_RANGE_EXTENDED_BYTES = 40;

/* offset, size, field: the same in all formats up to SOPT */
/** 0x00  4  Source NSID, formats 2h and 3h; reserved in 0h and 1h. */
export const COPY_RANGE_SNSID = 0x00;
/** 0x08  8  Starting LBA. */
export const COPY_RANGE_SLBA = 0x08;
/** 0x10  4  Read parameters, {@link COPY_RANGE_RPARS_FIELDS}: blocks, 0's based, and command extension type. */
export const COPY_RANGE_RPARS = 0x10;
/** 0x10  2  Blocks, 0's based: the low half of the read parameters. */
export const COPY_RANGE_NLB0 = 0x10;
/** 0x14  2  Command extension value. */
export const COPY_RANGE_CEV = 0x14;
/** 0x16  2  Source options, formats 2h and 3h: {@link COPY_SOPT_FAST_ONLY}. */
export const COPY_RANGE_SOPT = 0x16;
/** 0x18  4  Formats 0h and 2h: expected storage and reference tag. */
export const COPY_RANGE_ELBT = 0x18;
/** 0x1c  2  Formats 0h and 2h: expected application tag. */
export const COPY_RANGE_ELBAT = 0x1c;
/** 0x1e  2  Formats 0h and 2h: expected application tag mask. */
export const COPY_RANGE_ELBATM = 0x1e;
/** 0x1a 10  Formats 1h and 3h: expected storage and reference tag, 80 bits, highest byte first. */
export const COPY_RANGE_EXTENDED_ELBT = 0x1a;
/** 0x24  2  Formats 1h and 3h: expected application tag. */
export const COPY_RANGE_EXTENDED_ELBAT = 0x24;
/** 0x26  2  Formats 1h and 3h: expected application tag mask. */
export const COPY_RANGE_EXTENDED_ELBATM = 0x26;

/** Source options bit 15: fail rather than copy this range in another than the fast way. */
export const COPY_SOPT_FAST_ONLY = 0x8000;

/** Read parameters of a source range. */
export const COPY_RANGE_RPARS_FIELDS: Dword<'NLB0' | 'CETYPE'> = dword(
  'COPY_RANGE_RPARS',
  COPY_RANGE_RPARS,
  {
    CETYPE: bits(19, 16), // command extension type, for the read
    NLB0: bits(15, 0), // blocks, 0's based
  },
  [bits(31, 20)],
);

/** Layout of a source range of format 0h or 2h. */
export const CopyRangeLayout: Layout = layout('COPY_RANGE', COPY_RANGE_BYTES, [
  [COPY_RANGE_SNSID, 4, 'snsid'],
  [4, 4, 'reserved4', 'reserved'],
  [COPY_RANGE_SLBA, 8, 'slba'],
  [COPY_RANGE_RPARS, 4, 'rpars'],
  [COPY_RANGE_CEV, 2, 'cev'],
  [COPY_RANGE_SOPT, 2, 'sopt'],
  [COPY_RANGE_ELBT, 4, 'elbt'],
  [COPY_RANGE_ELBAT, 2, 'elbat'],
  [COPY_RANGE_ELBATM, 2, 'elbatm'],
]);

/** Layout of a source range of format 1h or 3h. */
export const CopyRangeExtendedLayout: Layout = layout('COPY_RANGE_EXTENDED', COPY_RANGE_EXTENDED_BYTES, [
  [COPY_RANGE_SNSID, 4, 'snsid'],
  [4, 4, 'reserved4', 'reserved'],
  [COPY_RANGE_SLBA, 8, 'slba'],
  [COPY_RANGE_RPARS, 4, 'rpars'],
  [COPY_RANGE_CEV, 2, 'cev'],
  [COPY_RANGE_SOPT, 2, 'sopt'],
  [24, 2, 'reserved24', 'reserved'],
  [COPY_RANGE_EXTENDED_ELBT, 10, 'elbt'],
  [COPY_RANGE_EXTENDED_ELBAT, 2, 'elbat'],
  [COPY_RANGE_EXTENDED_ELBATM, 2, 'elbatm'],
]);

/** Bytes of a source range of a format 0h..3h, or 0 for another format. */
export function copyRangeBytes(format: number): number {
  if (format === COPY_FORMAT_0 || format === COPY_FORMAT_2) return COPY_RANGE_BYTES;
  return format === COPY_FORMAT_1 || format === COPY_FORMAT_3 ? COPY_RANGE_EXTENDED_BYTES : 0;
}
