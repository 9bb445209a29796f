/**
 * Identify Namespace data structure of the NVM Command Set (CNS 00h), 4096 bytes, with its LBA formats. [NVM] 4.1.5.1
 *
 * Offsets are decimal and ranges read `last:first`, as in the figure. The decoder is in identify-namespace.decode.ts.
 */
import { bits } from './bits.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';

/** Bytes of the Identify Namespace data structure. */
export const IDNS_BYTES = 4096;
/** LBA formats in it; `nlbaf + 1 + nulbaf` of them are used. */
export const IDNS_LBA_FORMATS = 64;
/** Bytes of an LBA format. */
export const LBA_FORMAT_BYTES = 4;

/** 7:0       Namespace size, logical blocks.                      */ export const IDNS_NSZE = 0;
/** 15:8      Namespace capacity, logical blocks.                  */ export const IDNS_NCAP = 8;
/** 23:16     Namespace utilization, logical blocks.               */ export const IDNS_NUSE = 16;
/** 24        Namespace features, NSFEAT_*.                        */ export const IDNS_NSFEAT = 24;
/** 25        LBA formats, 0's based.                              */ export const IDNS_NLBAF = 25;
/** 26        Formatted LBA size, see lbaFormatIndex.              */ export const IDNS_FLBAS = 26;
/** 27        Metadata capabilities.                               */ export const IDNS_MC = 27;
/** 28        Data protection capabilities.                        */ export const IDNS_DPC = 28;
/** 29        Data protection settings.                            */ export const IDNS_DPS = 29;
/** 30        Multi-path I/O and sharing, NMIC_*.                  */ export const IDNS_NMIC = 30;
/** 31        Reservation capabilities.                            */ export const IDNS_RESCAP = 31;
/** 32        Format progress.                                     */ export const IDNS_FPI = 32;
/** 33        Deallocate features.                                 */ export const IDNS_DLFEAT = 33;
/** 35:34     Atomic write unit, blocks, 0's based.                */ export const IDNS_NAWUN = 34;
/** 37:36     Atomic write unit at power fail, blocks, 0's based.  */ export const IDNS_NAWUPF = 36;
/** 39:38     Atomic compare and write unit, blocks, 0's based.    */ export const IDNS_NACWU = 38;
/** 41:40     Atomic boundary, blocks, 0's based.                  */ export const IDNS_NABSN = 40;
/** 43:42     Atomic boundary offset, blocks.                      */ export const IDNS_NABO = 42;
/** 45:44     Atomic boundary at power fail, blocks, 0's based.    */ export const IDNS_NABSPF = 44;
/** 47:46     Optimal I/O boundary, blocks, 0 for none.            */ export const IDNS_NOIOB = 46;
/** 63:48     NVM capacity, bytes.                                 */ export const IDNS_NVMCAP = 48;
/** 65:64     Preferred write granularity, blocks, 0's based.      */ export const IDNS_NPWG = 64;
/** 67:66     Preferred write alignment, blocks, 0's based.        */ export const IDNS_NPWA = 66;
/** 69:68     Preferred deallocate granularity, blocks, 0's based. */ export const IDNS_NPDG = 68;
/** 71:70     Preferred deallocate alignment, blocks, 0's based.   */ export const IDNS_NPDA = 70;
/** 73:72     Optimal write size, blocks, 0's based.               */ export const IDNS_NOWS = 72;
/** 75:74     Copy: blocks of a source range at most.              */ export const IDNS_MSSRL = 74;
/** 79:76     Copy: blocks at most.                                */ export const IDNS_MCL = 76;
/** 80        Copy: source ranges at most, 0's based.              */ export const IDNS_MSRC = 80;
/** 81        Key per I/O status.                                  */ export const IDNS_KPIOS = 81;
/** 82        Unique attribute LBA formats.                        */ export const IDNS_NULBAF = 82;
/** 87:84     Key per I/O data access alignment and granularity.   */ export const IDNS_KPIODAAG = 84;
/** 95:92     ANA group identifier.                                */ export const IDNS_ANAGRPID = 92;
/** 99        Namespace attributes.                                */ export const IDNS_NSATTR = 99;
/** 101:100   NVM Set identifier.                                  */ export const IDNS_NVMSETID = 100;
/** 103:102   Endurance Group identifier.                          */ export const IDNS_ENDGID = 102;
/** 119:104   Namespace globally unique identifier.                */ export const IDNS_NGUID = 104;
/** 127:120   IEEE extended unique identifier.                     */ export const IDNS_EUI64 = 120;
/** 383:128   64 LBA formats of 4 bytes.                           */ export const IDNS_LBAF = 128;
/** 4095:384  Vendor specific.                                     */ export const IDNS_VS = 384;

/** Layout of the Identify Namespace data structure. */
export const IdentifyNamespaceLayout: Layout = layout('IDNS', IDNS_BYTES, [
  [IDNS_NSZE, 8, 'nsze'],
  [IDNS_NCAP, 8, 'ncap'],
  [IDNS_NUSE, 8, 'nuse'],
  [IDNS_NSFEAT, 1, 'nsfeat'],
  [IDNS_NLBAF, 1, 'nlbaf'],
  [IDNS_FLBAS, 1, 'flbas'],
  [IDNS_MC, 1, 'mc'],
  [IDNS_DPC, 1, 'dpc'],
  [IDNS_DPS, 1, 'dps'],
  [IDNS_NMIC, 1, 'nmic'],
  [IDNS_RESCAP, 1, 'rescap'],
  [IDNS_FPI, 1, 'fpi'],
  [IDNS_DLFEAT, 1, 'dlfeat'],
  [IDNS_NAWUN, 2, 'nawun'],
  [IDNS_NAWUPF, 2, 'nawupf'],
  [IDNS_NACWU, 2, 'nacwu'],
  [IDNS_NABSN, 2, 'nabsn'],
  [IDNS_NABO, 2, 'nabo'],
  [IDNS_NABSPF, 2, 'nabspf'],
  [IDNS_NOIOB, 2, 'noiob'],
  [IDNS_NVMCAP, 16, 'nvmcap', 'uint'],
  [IDNS_NPWG, 2, 'npwg'],
  [IDNS_NPWA, 2, 'npwa'],
  [IDNS_NPDG, 2, 'npdg'],
  [IDNS_NPDA, 2, 'npda'],
  [IDNS_NOWS, 2, 'nows'],
  [IDNS_MSSRL, 2, 'mssrl'],
  [IDNS_MCL, 4, 'mcl'],
  [IDNS_MSRC, 1, 'msrc'],
  [IDNS_KPIOS, 1, 'kpios'],
  [IDNS_NULBAF, 1, 'nulbaf'],
  [83, 1, 'reserved83', 'reserved'],
  [IDNS_KPIODAAG, 4, 'kpiodaag'],
  [88, 4, 'reserved88', 'reserved'],
  [IDNS_ANAGRPID, 4, 'anagrpid'],
  [96, 3, 'reserved96', 'reserved'],
  [IDNS_NSATTR, 1, 'nsattr'],
  [IDNS_NVMSETID, 2, 'nvmsetid'],
  [IDNS_ENDGID, 2, 'endgid'],
  [IDNS_NGUID, 16, 'nguid'],
  [IDNS_EUI64, 8, 'eui64', 'bytes'],
  [IDNS_LBAF, 256, 'lbaf'],
  [IDNS_VS, 3712, 'vs'],
]);

/** An LBA format as one 32-bit word. */
export const LBA_FORMAT: Dword<'MS' | 'LBADS' | 'RP'> = dword(
  'LBA_FORMAT',
  0,
  {
    RP: bits(25, 24), // relative performance, 0 best to 3 degraded
    LBADS: bits(23, 16), // logical block data, 2 ^ LBADS bytes; below 9 the format is not available
    MS: bits(15, 0), // metadata bytes per logical block
  },
  [bits(31, 26)],
);

/** FLBAS bit 4: metadata is at the end of each block's data, an extended LBA. */
export const FLBAS_METADATA_EXTENDED = 0x10;

/** LBA format that a FLBAS byte selects: bits 6:5 above bits 3:0, the former only with more than 16 formats. */
export function lbaFormatIndex(flbas: number, formatCount: number): number {
  return formatCount > 16 ? ((flbas >>> 1) & 0x30) | (flbas & 0xf) : flbas & 0xf;
}

/** NSFEAT bit 0: thin provisioning, NCAP may be less than NSZE. */
export const NSFEAT_THINP = 0x01;
/** NSFEAT bit 1: NAWUN, NAWUPF and NACWU are defined for this namespace. */
export const NSFEAT_NSABP = 0x02;
/** NSFEAT bit 2: deallocated or unwritten block errors are supported. */
export const NSFEAT_DAE = 0x04;
/** NSFEAT bit 3: NGUID and EUI64 are never reused. */
export const NSFEAT_UIDREUSE = 0x08;
/** NSFEAT 5:4: NPWG, NPWA, NPDG, NPDA and NOWS are defined; not zero when any is. */
export const NSFEAT_OPTPERF_MASK = 0x30;
/** NMIC bit 0: the namespace may be attached to two or more controllers at a time. */
export const NMIC_SHRNS = 0x01;
/** NMIC bit 1: the namespace is dispersed over NVM subsystems. */
export const NMIC_DISNS = 0x02;
/** DLFEAT 2:0: what a read of a deallocated block returns; 1 zeroes, 2 ones. */
export const DLFEAT_READ_MASK = 0x07;
/** DLFEAT 2:0: deallocated blocks read as zeroes. */
export const DLFEAT_READ_ZEROES = 0x01;
/** DLFEAT 2:0: deallocated blocks read as ones. */
export const DLFEAT_READ_ONES = 0x02;
/** DLFEAT bit 3: Write Zeroes with DEAC deallocates. */
export const DLFEAT_WRITE_ZEROES_DEALLOCATES = 0x08;
/** RESCAP bit 0: reservations and registrations can persist through a power loss. */
export const RESCAP_PERSIST = 0x01;
/** RESCAP bit 1: Write Exclusive. Bit n is reservation type n, up to 6. */
export const RESCAP_WRITE_EXCLUSIVE = 0x02;
/** RESCAP bit 2: Exclusive Access. */
export const RESCAP_EXCLUSIVE_ACCESS = 0x04;
/** RESCAP bit 3: Write Exclusive, registrants only. */
export const RESCAP_WRITE_EXCLUSIVE_REGISTRANTS = 0x08;
/** RESCAP bit 4: Exclusive Access, registrants only. */
export const RESCAP_EXCLUSIVE_ACCESS_REGISTRANTS = 0x10;
/** RESCAP bit 5: Write Exclusive, all registrants. */
export const RESCAP_WRITE_EXCLUSIVE_ALL = 0x20;
/** RESCAP bit 6: Exclusive Access, all registrants. */
export const RESCAP_EXCLUSIVE_ACCESS_ALL = 0x40;
/** RESCAP bit 7: IEKEY is as of revision 1.3 and later. */
export const RESCAP_IEKEY_1_3 = 0x80;
/** MC bit 0: metadata may be at the end of each block's data. */
export const MC_EXTENDED = 0x01;
/** MC bit 1: metadata may be in a buffer of its own. */
export const MC_SEPARATE = 0x02;
/** DPC bit 0: protection information type 1; bit n is type n + 1, up to bit 2. */
export const DPC_TYPE_1 = 0x01;
/** DPC bit 1: protection information type 2. */
export const DPC_TYPE_2 = 0x02;
/** DPC bit 2: protection information type 3. */
export const DPC_TYPE_3 = 0x04;
/** DPC bit 3: protection information may be the first bytes of the metadata. */
export const DPC_FIRST = 0x08;
/** DPC bit 4: protection information may be the last bytes of the metadata. */
export const DPC_LAST = 0x10;
/** DPS 2:0, protection information type the namespace is formatted with, 0 for none. */
export const DPS_TYPE_MASK = 0x07;
/** DPS bit 3: protection information is the first bytes of the metadata, else the last. */
export const DPS_FIRST = 0x08;
/** NSATTR bit 0: the namespace is write protected. */
export const NSATTR_WRITE_PROTECTED = 0x01;
/** FPI bit 7: the format progress is reported, as what remains in bits 6:0. */
export const FPI_SUPPORTED = 0x80;
/** FPI 6:0, percent of the namespace that remains to be formatted; 0 when no format is in progress. */
export const FPI_REMAINING_MASK = 0x7f;
