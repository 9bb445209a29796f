/**
 * I/O Command Set Specific Identify Namespace data structure of the NVM Command Set (CNS 05h, CSI 00h), 4096 bytes:
 * protection information formats, and more about sizes. [NVM] 4.1.5.3
 *
 * Ranges read `last:first`.
 */
import { bits } from './bits.js';
import { readUint32, readUnsigned } from './bytes.js';
import { IDNS_LBA_FORMATS } from './identify-namespace.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';

/** Bytes of the data structure. */
export const IDNVMNS_BYTES = 4096;
/** Bytes of an extended LBA format. */
export const EXTENDED_LBA_FORMAT_BYTES = 4;

/** 7:0       Logical block storage tag mask, its lowest STS bits.        */ export const IDNVMNS_LBSTM = 0;
/** 8         Protection information capabilities, PIC_*.                 */ export const IDNVMNS_PIC = 8;
/** 9         Storage tag masking level in bits 2:0, PIFA_*.              */ export const IDNVMNS_PIFA = 9;
/** 267:12    64 extended LBA formats, in the order of the LBA formats.   */ export const IDNVMNS_ELBAF = 12;
/** 271:268   Preferred deallocate granularity, blocks, 0 for none.       */ export const IDNVMNS_NPDGL = 268;
/** 275:272   Preferred read granularity, blocks, 0's based.              */ export const IDNVMNS_NPRG = 272;
/** 279:276   Preferred read alignment, blocks, 0's based.                */ export const IDNVMNS_NPRA = 276;
/** 283:280   Optimal read size, blocks, 0's based.                       */ export const IDNVMNS_NORS = 280;
/** 287:284   Preferred deallocate alignment, blocks.                     */ export const IDNVMNS_NPDAL = 284;
/** 291:288   Placement shard size, blocks, 0 for none.                   */ export const IDNVMNS_LBAPSS = 288;
/** 295:292   Granularity of Get LBA Status for allocated blocks, blocks. */ export const IDNVMNS_TLBAAG = 292;

/** PIC bit 0: 16-bit guards may go with a storage tag. */
export const PIC_STORAGE_TAG_16 = 0x01;
/** PIC bit 1: with 16-bit guards, the storage tag mask is all ones. */
export const PIC_STORAGE_TAG_MASK_16 = 0x02;
/** PIC bit 2: STCR of Copy is honored. */
export const PIC_STORAGE_TAG_CHECK_READ = 0x04;
/** PIC bit 3: qualified protection information formats, QPIF. */
export const PIC_QUALIFIED_FORMATS = 0x08;

/** PIFA 2:0: any bit of the storage tag may be masked. */
export const PIFA_MASK_BITS = 0;
/** PIFA 2:0: whole bytes of the storage tag may be masked. */
export const PIFA_MASK_BYTES = 1;
/** PIFA 2:0: the storage tag cannot be masked. */
export const PIFA_MASK_NONE = 2;

/** An extended LBA format as one 32-bit word. */
export const EXTENDED_LBA_FORMAT: Dword<'STS' | 'PIF' | 'QPIF'> = dword(
  'EXTENDED_LBA_FORMAT',
  0,
  {
    QPIF: bits(12, 9), // protection information format when PIF is PIF_QUALIFIED, PIF_*
    PIF: bits(8, 7), // protection information format, PIF_*
    STS: bits(6, 0), // storage tag size, bits
  },
  [bits(31, 13)],
);

/** PIF and QPIF: 16-bit guard, 8 bytes of protection information. */
export const PIF_GUARD_16 = 0;
/** PIF and QPIF: 32-bit guard, 16 bytes of protection information. */
export const PIF_GUARD_32 = 1;
/** PIF and QPIF: 64-bit guard, 16 bytes of protection information. */
export const PIF_GUARD_64 = 2;
/** PIF: see QPIF. */
export const PIF_QUALIFIED = 3;

/** Layout of the data structure. */
export const IdentifyNvmNamespaceLayout: Layout = layout('IDNVMNS', IDNVMNS_BYTES, [
  [IDNVMNS_LBSTM, 8, 'lbstm'],
  [IDNVMNS_PIC, 1, 'pic'],
  [IDNVMNS_PIFA, 1, 'pifa'],
  [10, 2, 'reserved10', 'reserved'],
  [IDNVMNS_ELBAF, 256, 'elbaf'],
  [IDNVMNS_NPDGL, 4, 'npdgl'],
  [IDNVMNS_NPRG, 4, 'nprg'],
  [IDNVMNS_NPRA, 4, 'npra'],
  [IDNVMNS_NORS, 4, 'nors'],
  [IDNVMNS_NPDAL, 4, 'npdal'],
  [IDNVMNS_LBAPSS, 4, 'lbapss'],
  [IDNVMNS_TLBAAG, 4, 'tlbaag'],
  [296, 3800, 'reserved296', 'reserved'],
]);

/** One extended LBA format. */
export interface ExtendedLbaFormat {
  /** Storage tag size, bits. */
  readonly sts: number;
  /** Protection information format, PIF_GUARD_*: QPIF where PIF says so. */
  readonly pif: number;
}

/** A decoded data structure of CNS 05h, CSI 00h. */
export interface IdentifyNvmNamespace {
  /** Logical block storage tag mask, its lowest STS bits. */ readonly lbstm: number | bigint;
  /** Protection information capabilities, PIC_*. */ readonly pic: number;
  /** Storage tag masking level, PIFA_*. */ readonly pifa: number;
  /** Extended LBA formats, one for each of the 64 LBA formats. */ readonly elbaf: readonly ExtendedLbaFormat[];
  /** Preferred deallocate granularity, blocks, 0 for none. */ readonly npdgl: number;
  /** Preferred read granularity, blocks, 0's based. */ readonly nprg: number;
  /** Preferred read alignment, blocks, 0's based. */ readonly npra: number;
  /** Optimal read size, blocks, 0's based. */ readonly nors: number;
  /** Preferred deallocate alignment, blocks. */ readonly npdal: number;
  /** Placement shard size, blocks, 0 for none. */ readonly lbapss: number;
  /** Granularity of Get LBA Status for allocated blocks, blocks. */ readonly tlbaag: number;
}

/** Decodes the data structure of CNS 05h, CSI 00h. @throws RangeError when `data` is shorter than 4096 bytes. */
export function decodeIdentifyNvmNamespace(data: Uint8Array): IdentifyNvmNamespace {
  if (data.length < IDNVMNS_BYTES) throw new RangeError(`IDNVMNS: ${IDNVMNS_BYTES} bytes expected, got ${data.length}`);
  return {
    lbstm: readUnsigned(data, IDNVMNS_LBSTM, 8),
    pic: data[IDNVMNS_PIC],
    pifa: data[IDNVMNS_PIFA],
    elbaf: Array.from({ length: IDNS_LBA_FORMATS }, (_, i) => decodeExtendedLbaFormat(data, i)),
    npdgl: readUint32(data, IDNVMNS_NPDGL),
    nprg: readUint32(data, IDNVMNS_NPRG),
    npra: readUint32(data, IDNVMNS_NPRA),
    nors: readUint32(data, IDNVMNS_NORS),
    npdal: readUint32(data, IDNVMNS_NPDAL),
    lbapss: readUint32(data, IDNVMNS_LBAPSS),
    tlbaag: readUint32(data, IDNVMNS_TLBAAG),
  };
}

function decodeExtendedLbaFormat(data: Uint8Array, index: number): ExtendedLbaFormat {
  const word = readUint32(data, IDNVMNS_ELBAF + index * EXTENDED_LBA_FORMAT_BYTES);
  const pif = EXTENDED_LBA_FORMAT.PIF.get(word);
  return {
    sts: EXTENDED_LBA_FORMAT.STS.get(word),
    pif: pif === PIF_QUALIFIED ? EXTENDED_LBA_FORMAT.QPIF.get(word) : pif,
  };
}
