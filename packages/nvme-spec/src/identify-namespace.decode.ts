/**
 * Identify Namespace of the NVM Command Set as a readable object under the names of the specification. [NVM] 4.1.5.1
 */
import { readUint16, readUint32, readUint64, readUnsigned, toHex } from './bytes.js';
import {
  IDNS_BYTES,
  IDNS_LBA_FORMATS,
  LBA_FORMAT,
  LBA_FORMAT_BYTES,
  IDNS_NSZE,
  IDNS_NCAP,
  IDNS_NUSE,
  IDNS_NSFEAT,
  IDNS_NLBAF,
  IDNS_FLBAS,
  IDNS_MC,
  IDNS_DPC,
  IDNS_DPS,
  IDNS_NMIC,
  IDNS_RESCAP,
  IDNS_FPI,
  IDNS_DLFEAT,
  IDNS_NAWUN,
  IDNS_NAWUPF,
  IDNS_NACWU,
  IDNS_NABSN,
  IDNS_NABO,
  IDNS_NABSPF,
  IDNS_NOIOB,
  IDNS_NVMCAP,
  IDNS_NPWG,
  IDNS_NPWA,
  IDNS_NPDG,
  IDNS_NPDA,
  IDNS_NOWS,
  IDNS_MSSRL,
  IDNS_MCL,
  IDNS_MSRC,
  IDNS_KPIOS,
  IDNS_NULBAF,
  IDNS_KPIODAAG,
  IDNS_ANAGRPID,
  IDNS_NSATTR,
  IDNS_NVMSETID,
  IDNS_ENDGID,
  IDNS_NGUID,
  IDNS_EUI64,
  IDNS_LBAF,
} from './identify-namespace.js';

/** One LBA format. */
export interface LbaFormat {
  /** Metadata bytes per logical block. */
  readonly ms: number;
  /** Logical block data, 2^lbads bytes; 0 for a format that is not available. */
  readonly lbads: number;
  /** Relative performance: 0 best, 1 better, 2 good, 3 degraded. */
  readonly rp: number;
}

/** A decoded Identify Namespace data structure; vendor specific bytes are left out. */
export interface IdentifyNamespace {
  /** Namespace size, logical blocks. */ readonly nsze: number;
  /** Namespace capacity, logical blocks. */ readonly ncap: number;
  /** Namespace utilization, logical blocks. */ readonly nuse: number;
  /** Namespace features, NSFEAT_*. */ readonly nsfeat: number;
  /** LBA formats, 0's based. */ readonly nlbaf: number;
  /** Formatted LBA size, see lbaFormatIndex. */ readonly flbas: number;
  /** Metadata capabilities. */ readonly mc: number;
  /** Data protection capabilities. */ readonly dpc: number;
  /** Data protection settings. */ readonly dps: number;
  /** Multi-path I/O and sharing, NMIC_*. */ readonly nmic: number;
  /** Reservation capabilities. */ readonly rescap: number;
  /** Format progress. */ readonly fpi: number;
  /** Deallocate features. */ readonly dlfeat: number;
  /** Atomic write unit, blocks, 0's based. */ readonly nawun: number;
  /** Atomic write unit at power fail, blocks, 0's based. */ readonly nawupf: number;
  /** Atomic compare and write unit, blocks, 0's based. */ readonly nacwu: number;
  /** Atomic boundary, blocks, 0's based. */ readonly nabsn: number;
  /** Atomic boundary offset, blocks. */ readonly nabo: number;
  /** Atomic boundary at power fail, blocks, 0's based. */ readonly nabspf: number;
  /** Optimal I/O boundary, blocks, 0 for none. */ readonly noiob: number;
  /** NVM capacity, bytes. */ readonly nvmcap: number | bigint;
  /** Preferred write granularity, blocks, 0's based. */ readonly npwg: number;
  /** Preferred write alignment, blocks, 0's based. */ readonly npwa: number;
  /** Preferred deallocate granularity, blocks, 0's based. */ readonly npdg: number;
  /** Preferred deallocate alignment, blocks, 0's based. */ readonly npda: number;
  /** Optimal write size, blocks, 0's based. */ readonly nows: number;
  /** Copy: blocks of a source range at most. */ readonly mssrl: number;
  /** Copy: blocks at most. */ readonly mcl: number;
  /** Copy: source ranges at most, 0's based. */ readonly msrc: number;
  /** Key per I/O status. */ readonly kpios: number;
  /** Unique attribute LBA formats. */ readonly nulbaf: number;
  /** Key per I/O data access alignment and granularity. */ readonly kpiodaag: number;
  /** ANA group identifier. */ readonly anagrpid: number;
  /** Namespace attributes. */ readonly nsattr: number;
  /** NVM Set identifier. */ readonly nvmsetid: number;
  /** Endurance Group identifier. */ readonly endgid: number;
  /** Namespace globally unique identifier. */ readonly nguid: string;
  /** IEEE extended unique identifier. */ readonly eui64: string;
  /** LBA formats 0..nlbaf + nulbaf. */
  readonly lbaf: readonly LbaFormat[];
}

/**
 * Decodes an Identify Namespace data structure.
 * @throws RangeError when `data` is shorter than 4096 bytes, or a size is 2^53 blocks or more.
 */
export function decodeIdentifyNamespace(data: Uint8Array): IdentifyNamespace {
  if (data.length < IDNS_BYTES) throw new RangeError(`IDNS: ${IDNS_BYTES} bytes expected, got ${data.length}`);
  const formats = Math.min(data[IDNS_NLBAF] + 1 + data[IDNS_NULBAF], IDNS_LBA_FORMATS);
  return {
    nsze: readUint64(data, IDNS_NSZE, 'IDNS.nsze'),
    ncap: readUint64(data, IDNS_NCAP, 'IDNS.ncap'),
    nuse: readUint64(data, IDNS_NUSE, 'IDNS.nuse'),
    nsfeat: data[IDNS_NSFEAT],
    nlbaf: data[IDNS_NLBAF],
    flbas: data[IDNS_FLBAS],
    mc: data[IDNS_MC],
    dpc: data[IDNS_DPC],
    dps: data[IDNS_DPS],
    nmic: data[IDNS_NMIC],
    rescap: data[IDNS_RESCAP],
    fpi: data[IDNS_FPI],
    dlfeat: data[IDNS_DLFEAT],
    nawun: readUint16(data, IDNS_NAWUN),
    nawupf: readUint16(data, IDNS_NAWUPF),
    nacwu: readUint16(data, IDNS_NACWU),
    nabsn: readUint16(data, IDNS_NABSN),
    nabo: readUint16(data, IDNS_NABO),
    nabspf: readUint16(data, IDNS_NABSPF),
    noiob: readUint16(data, IDNS_NOIOB),
    nvmcap: readUnsigned(data, IDNS_NVMCAP, 16),
    npwg: readUint16(data, IDNS_NPWG),
    npwa: readUint16(data, IDNS_NPWA),
    npdg: readUint16(data, IDNS_NPDG),
    npda: readUint16(data, IDNS_NPDA),
    nows: readUint16(data, IDNS_NOWS),
    mssrl: readUint16(data, IDNS_MSSRL),
    mcl: readUint32(data, IDNS_MCL),
    msrc: data[IDNS_MSRC],
    kpios: data[IDNS_KPIOS],
    nulbaf: data[IDNS_NULBAF],
    kpiodaag: readUint32(data, IDNS_KPIODAAG),
    anagrpid: readUint32(data, IDNS_ANAGRPID),
    nsattr: data[IDNS_NSATTR],
    nvmsetid: readUint16(data, IDNS_NVMSETID),
    endgid: readUint16(data, IDNS_ENDGID),
    nguid: toHex(data.subarray(IDNS_NGUID, IDNS_NGUID + 16)),
    eui64: toHex(data.subarray(IDNS_EUI64, IDNS_EUI64 + 8)),
    lbaf: Array.from({ length: formats }, (_, i) => decodeLbaFormat(data, i)),
  };
}

function decodeLbaFormat(data: Uint8Array, index: number): LbaFormat {
  const word = readUint32(data, IDNS_LBAF + index * LBA_FORMAT_BYTES);
  return { ms: LBA_FORMAT.MS.get(word), lbads: LBA_FORMAT.LBADS.get(word), rp: LBA_FORMAT.RP.get(word) };
}
