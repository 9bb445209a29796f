/**
 * Fields of the registers for boot partitions, controller memory buffer, persistent memory region, reset and shutdown
 * of the NVM subsystem, and of the two interrupt masks. Offsets are in registers.ts. [Base] 3.1.4.11 and up
 */
import { bits, bits64 } from './bits.js';
import { register32, register64, type Register32, type Register64 } from './register.js';
import {
  REG_BPINFO,
  REG_BPMBL,
  REG_BPRSEL,
  REG_CMBEBS,
  REG_CMBLOC,
  REG_CMBMSC,
  REG_CMBSTS,
  REG_CMBSWTP,
  REG_CMBSZ,
  REG_INTMC,
  REG_INTMS,
  REG_NSSD,
  REG_NSSR,
  REG_PMRCAP,
  REG_PMRCTL,
  REG_PMREBS,
  REG_PMRMSCL,
  REG_PMRMSCU,
  REG_PMRSTS,
  REG_PMRSWTP,
} from './registers.js';

/** Interrupt Mask Set: bit n masks vector n. Not used with MSI-X. */
export const INTMS: Register32<'IVMS'> = register32('INTMS', REG_INTMS, { IVMS: bits(31, 0) });

/** Interrupt Mask Clear: bit n unmasks vector n. Not used with MSI-X. */
export const INTMC: Register32<'IVMC'> = register32('INTMC', REG_INTMC, { IVMC: bits(31, 0) });

/** NVM Subsystem Reset: takes one value, `NSSR_RESET_KEY`. */
export const NSSR: Register32<'NSSRC'> = register32('NSSR', REG_NSSR, { NSSRC: bits(31, 0) });

/** NVM Subsystem Shutdown: takes `NSSD_NORMAL_KEY` or `NSSD_ABRUPT_KEY`. */
export const NSSD: Register32<'NSSC'> = register32('NSSD', REG_NSSD, { NSSC: bits(31, 0) });
/** NSSD: normal NVM subsystem shutdown, "Nrml" in ASCII. */
export const NSSD_NORMAL_KEY = 0x4e726d6c;
/** NSSD: abrupt NVM subsystem shutdown, "Abrt" in ASCII. */
export const NSSD_ABRUPT_KEY = 0x41627274;

/** Controller Memory Buffer Location; OFST counts CMBSZ.SZU units. */
export const CMBLOC: Register32<'BIR' | 'CQMMS' | 'CQPDS' | 'CDPMLS' | 'CDPCILS' | 'CDMMMS' | 'CQDA' | 'OFST'> =
  register32(
    'CMBLOC',
    REG_CMBLOC,
    {
      OFST: bits(31, 12), // offset in the base address register
      CQDA: bits(8, 8), // queue dword alignment
      CDMMMS: bits(7, 7), // data metadata mixed memory support
      CDPCILS: bits(6, 6), // data pointer and command independent locations support
      CDPMLS: bits(5, 5), // data pointer mixed locations support
      CQPDS: bits(4, 4), // queue physically discontiguous support
      CQMMS: bits(3, 3), // queue mixed memory support
      BIR: bits(2, 0), // base address register indicator
    },
    [bits(11, 9)],
  );

/** Controller Memory Buffer Size: SZ units of 4 KiB * 16^SZU, and what may be placed there. */
export const CMBSZ: Register32<'SQS' | 'CQS' | 'LISTS' | 'RDS' | 'WDS' | 'SZU' | 'SZ'> = register32(
  'CMBSZ',
  REG_CMBSZ,
  {
    SZ: bits(31, 12), // size
    SZU: bits(11, 8), // size units, 4 KiB * 16^SZU
    WDS: bits(4, 4), // write data support
    RDS: bits(3, 3), // read data support
    LISTS: bits(2, 2), // PRP and SGL list support
    CQS: bits(1, 1), // completion queue support
    SQS: bits(0, 0), // submission queue support
  },
  [bits(7, 5)],
);

/** CMBSZ.SZU: the largest unit, 64 GiB. */
export const CMBSZ_SZU_MAX = 6;

/** Bytes of the controller memory buffer by the value of CMBSZ; 0 when there is none or its unit is reserved. */
export function cmbBytes(cmbsz: number): number {
  const unit = CMBSZ.SZU.get(cmbsz);
  return unit > CMBSZ_SZU_MAX ? 0 : CMBSZ.SZ.get(cmbsz) * 4096 * 16 ** unit;
}

/** Boot Partition Information; BPSZ counts 128 KiB. */
export const BPINFO: Register32<'BPSZ' | 'BRS' | 'ABPID'> = register32(
  'BPINFO',
  REG_BPINFO,
  {
    ABPID: bits(31, 31), // active boot partition
    BRS: bits(25, 24), // boot read status
    BPSZ: bits(14, 0), // boot partition size
  },
  [bits(30, 26), bits(23, 15)],
);
/** BPINFO.BRS: no read was requested. */
export const BPINFO_BRS_NONE = 0;
/** BPINFO.BRS: a read is in progress. */
export const BPINFO_BRS_READING = 1;
/** BPINFO.BRS: the read was successful. */
export const BPINFO_BRS_DONE = 2;
/** BPINFO.BRS: the read failed. */
export const BPINFO_BRS_ERROR = 3;
/** Bytes that one unit of BPINFO.BPSZ stands for. */
export const BOOT_PARTITION_UNIT_BYTES = 131072;

/** Boot Partition Read Select; size and offset count 4 KiB. */
export const BPRSEL: Register32<'BPRSZ' | 'BPROF' | 'BPID'> = register32(
  'BPRSEL',
  REG_BPRSEL,
  {
    BPID: bits(31, 31), // boot partition identifier
    BPROF: bits(29, 10), // boot partition read offset
    BPRSZ: bits(9, 0), // boot partition read size
  },
  [bits(30, 30)],
);

/** Boot Partition Memory Buffer Location; BMBBA is the address divided by 4096. */
export const BPMBL: Register64<'BMBBA'> = register64('BPMBL', REG_BPMBL, { BMBBA: bits64(63, 12) }, [bits64(11, 0)]);

/** Controller Memory Buffer Memory Space Control; CBA is the address divided by 4096. */
export const CMBMSC: Register64<'CRE' | 'CMSE' | 'CBA'> = register64(
  'CMBMSC',
  REG_CMBMSC,
  {
    CBA: bits64(63, 12), // controller base address
    CMSE: bits64(1, 1), // controller memory space enable
    CRE: bits64(0, 0), // capabilities registers enabled
  },
  [bits64(11, 2)],
);

/** Controller Memory Buffer Status. */
export const CMBSTS: Register32<'CBAI'> = register32(
  'CMBSTS',
  REG_CMBSTS,
  { CBAI: bits(0, 0) }, // controller base address invalid
  [bits(31, 1)],
);

/** Controller Memory Buffer Elasticity Buffer Size. */
export const CMBEBS: Register32<'CMBSZU' | 'CMBRBB' | 'CMBWBZ'> = register32(
  'CMBEBS',
  REG_CMBEBS,
  {
    CMBWBZ: bits(31, 8), // elasticity buffer size base
    CMBRBB: bits(4, 4), // read bypass behavior
    CMBSZU: bits(3, 0), // size units: bytes, KiB, MiB, GiB
  },
  [bits(7, 5)],
);

/** Controller Memory Buffer Sustained Write Throughput. */
export const CMBSWTP: Register32<'CMBSWTU' | 'CMBSWTV'> = register32(
  'CMBSWTP',
  REG_CMBSWTP,
  {
    CMBSWTV: bits(31, 8), // throughput
    CMBSWTU: bits(3, 0), // units per second: bytes, KiB, MiB, GiB
  },
  [bits(7, 4)],
);

/** Bytes that a size or throughput unit 0..3 of CMBEBS, CMBSWTP, PMREBS and PMRSWTP stands for; 0 when reserved. */
export function memoryBufferUnitBytes(unit: number): number {
  return unit <= 3 ? 1024 ** unit : 0;
}

/** Persistent Memory Region Capabilities. */
export const PMRCAP: Register32<'RDS' | 'WDS' | 'BIR' | 'PMRTU' | 'PMRWBM' | 'PMRTO' | 'CMSS'> = register32(
  'PMRCAP',
  REG_PMRCAP,
  {
    CMSS: bits(24, 24), // controller memory space supported
    PMRTO: bits(23, 16), // timeout, in PMRTU units
    PMRWBM: bits(13, 10), // write barrier mechanisms
    PMRTU: bits(9, 8), // time units: 0 for 500 ms, 1 for minutes
    BIR: bits(7, 5), // base address register indicator
    WDS: bits(4, 4), // write data support
    RDS: bits(3, 3), // read data support
  },
  [bits(31, 25), bits(15, 14), bits(2, 0)],
);
/** PMRCAP.PMRWBM bit 0: a completed read of the region is a write barrier. */
export const PMRCAP_PMRWBM_MEMORY_READ = 0x1;
/** PMRCAP.PMRWBM bit 1: a completed read of PMRSTS is a write barrier. */
export const PMRCAP_PMRWBM_STATUS_READ = 0x2;
/** PMRCAP.PMRTU: 500 ms units. */
export const PMRCAP_PMRTU_500_MS = 0;
/** PMRCAP.PMRTU: minutes. */
export const PMRCAP_PMRTU_MINUTES = 1;

/** Persistent Memory Region Control. */
export const PMRCTL: Register32<'EN'> = register32('PMRCTL', REG_PMRCTL, { EN: bits(0, 0) }, [bits(31, 1)]);

/** Persistent Memory Region Status. */
export const PMRSTS: Register32<'ERR' | 'NRDY' | 'HSTS' | 'CBAI'> = register32(
  'PMRSTS',
  REG_PMRSTS,
  {
    CBAI: bits(12, 12), // controller base address invalid
    HSTS: bits(11, 9), // health status
    NRDY: bits(8, 8), // not ready
    ERR: bits(7, 0), // error
  },
  [bits(31, 13)],
);
/** PMRSTS.HSTS: normal operation. */
export const PMRSTS_HSTS_NORMAL = 0;
/** PMRSTS.HSTS: the contents could not be restored. */
export const PMRSTS_HSTS_RESTORE_ERROR = 1;
/** PMRSTS.HSTS: read only. */
export const PMRSTS_HSTS_READ_ONLY = 2;
/** PMRSTS.HSTS: unreliable. */
export const PMRSTS_HSTS_UNRELIABLE = 3;

/** Persistent Memory Region Elasticity Buffer Size. */
export const PMREBS: Register32<'PMRSZU' | 'PMRRBB' | 'PMRWBZ'> = register32(
  'PMREBS',
  REG_PMREBS,
  {
    PMRWBZ: bits(31, 8), // elasticity buffer size base
    PMRRBB: bits(4, 4), // read bypass behavior
    PMRSZU: bits(3, 0), // size units: bytes, KiB, MiB, GiB
  },
  [bits(7, 5)],
);

/** Persistent Memory Region Sustained Write Throughput. */
export const PMRSWTP: Register32<'PMRSWTU' | 'PMRSWTV'> = register32(
  'PMRSWTP',
  REG_PMRSWTP,
  {
    PMRSWTV: bits(31, 8), // throughput
    PMRSWTU: bits(3, 0), // units per second: bytes, KiB, MiB, GiB
  },
  [bits(7, 4)],
);

/** Persistent Memory Region Memory Space Control, lower half; CBA is address bits 31:12. */
export const PMRMSCL: Register32<'CMSE' | 'CBA'> = register32(
  'PMRMSCL',
  REG_PMRMSCL,
  {
    CBA: bits(31, 12), // controller base address
    CMSE: bits(1, 1), // controller memory space enable
  },
  [bits(11, 2), bits(0, 0)],
);

/** Persistent Memory Region Memory Space Control, upper half; CBA is address bits 63:32. */
export const PMRMSCU: Register32<'CBA'> = register32('PMRMSCU', REG_PMRMSCU, { CBA: bits(31, 0) });
