/**
 * I/O Command Set Independent Identify Namespace data structure (CNS 08h and 1Fh), 4096 bytes. [Base] 5.1.13.2.8
 *
 * Ranges read `last:first`.
 */
import { readUint16, readUint32 } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the data structure. */
export const IDINDNS_BYTES = 4096;

/** 0       Common namespace features, INDEPENDENT_NSFEAT_*.            */ export const IDINDNS_NSFEAT = 0;
/** 1       Multi-path I/O and sharing, NMIC_*.                         */ export const IDINDNS_NMIC = 1;
/** 2       Reservation capabilities, RESCAP_*.                         */ export const IDINDNS_RESCAP = 2;
/** 3       Format progress, FPI_*.                                     */ export const IDINDNS_FPI = 3;
/** 7:4     ANA group identifier.                                       */ export const IDINDNS_ANAGRPID = 4;
/** 8       Namespace attributes, NSATTR_*.                             */ export const IDINDNS_NSATTR = 8;
/** 11:10   NVM Set identifier.                                         */ export const IDINDNS_NVMSETID = 10;
/** 13:12   Endurance Group identifier.                                 */ export const IDINDNS_ENDGID = 12;
/** 14      Namespace status, NSTAT_*.                                  */ export const IDINDNS_NSTAT = 14;
/** 15      Key per I/O status.                                         */ export const IDINDNS_KPIOS = 15;
/** 17:16   Largest key tag.                                            */ export const IDINDNS_MAXKT = 16;
/** 23:20   Reachability group identifier.                              */ export const IDINDNS_RGRPID = 20;

/** NSFEAT bit 3: NGUID and EUI64 are never reused. */
export const INDEPENDENT_NSFEAT_UIDREUSE = 0x08;
/** NSFEAT bit 4: the media rotates. */
export const INDEPENDENT_NSFEAT_ROTATIONAL = 0x10;
/** NSFEAT bit 5: this namespace has no volatile write cache. */
export const INDEPENDENT_NSFEAT_NO_WRITE_CACHE = 0x20;
/** NSTAT bit 0: the namespace is ready; commands that need its media do not fail for that. */
export const NSTAT_READY = 0x01;
/** NSTAT 2:1, whether I/O is slowed down: 2 no, 3 yes, 0 not reported. Position. */
export const NSTAT_IMPACTED_SHIFT = 1;

/** Layout of the data structure. */
export const IdentifyIndependentNamespaceLayout: Layout = layout('IDINDNS', IDINDNS_BYTES, [
  [IDINDNS_NSFEAT, 1, 'nsfeat'],
  [IDINDNS_NMIC, 1, 'nmic'],
  [IDINDNS_RESCAP, 1, 'rescap'],
  [IDINDNS_FPI, 1, 'fpi'],
  [IDINDNS_ANAGRPID, 4, 'anagrpid'],
  [IDINDNS_NSATTR, 1, 'nsattr'],
  [9, 1, 'reserved9', 'reserved'],
  [IDINDNS_NVMSETID, 2, 'nvmsetid'],
  [IDINDNS_ENDGID, 2, 'endgid'],
  [IDINDNS_NSTAT, 1, 'nstat'],
  [IDINDNS_KPIOS, 1, 'kpios'],
  [IDINDNS_MAXKT, 2, 'maxkt'],
  [18, 2, 'reserved18', 'reserved'],
  [IDINDNS_RGRPID, 4, 'rgrpid'],
  [24, 4072, 'reserved24', 'reserved'],
]);

/** A decoded data structure of CNS 08h. */
export interface IdentifyIndependentNamespace {
  /** Common namespace features, INDEPENDENT_NSFEAT_*. */ readonly nsfeat: number;
  /** Multi-path I/O and sharing, NMIC_*. */ readonly nmic: number;
  /** Reservation capabilities, RESCAP_*. */ readonly rescap: number;
  /** Format progress, FPI_*. */ readonly fpi: number;
  /** ANA group identifier. */ readonly anagrpid: number;
  /** Namespace attributes, NSATTR_*. */ readonly nsattr: number;
  /** NVM Set identifier. */ readonly nvmsetid: number;
  /** Endurance Group identifier. */ readonly endgid: number;
  /** Namespace status, NSTAT_*. */ readonly nstat: number;
  /** Key per I/O status. */ readonly kpios: number;
  /** Largest key tag. */ readonly maxkt: number;
  /** Reachability group identifier. */ readonly rgrpid: number;
}

/** Decodes the data structure of CNS 08h. @throws RangeError when `data` is shorter than 4096 bytes. */
export function decodeIdentifyIndependentNamespace(data: Uint8Array): IdentifyIndependentNamespace {
  if (data.length < IDINDNS_BYTES) throw new RangeError(`IDINDNS: ${IDINDNS_BYTES} bytes expected, got ${data.length}`);
  return {
    nsfeat: data[IDINDNS_NSFEAT],
    nmic: data[IDINDNS_NMIC],
    rescap: data[IDINDNS_RESCAP],
    fpi: data[IDINDNS_FPI],
    anagrpid: readUint32(data, IDINDNS_ANAGRPID),
    nsattr: data[IDINDNS_NSATTR],
    nvmsetid: readUint16(data, IDINDNS_NVMSETID),
    endgid: readUint16(data, IDINDNS_ENDGID),
    nstat: data[IDINDNS_NSTAT],
    kpios: data[IDINDNS_KPIOS],
    maxkt: readUint16(data, IDINDNS_MAXKT),
    rgrpid: readUint32(data, IDINDNS_RGRPID),
  };
}
