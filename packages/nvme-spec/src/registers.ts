/**
 * Controller registers of the memory-mapped register window: offsets, and the fields of each. [Base] 3.1.4
 *
 *   0x0000  CAP .. CRTO        controller properties
 *   0x0e00  PMRCAP .. PMRMSCU  persistent memory region
 *   0x1000  doorbells          see doorbells.ts
 *
 * Registers of 64 bits may be accessed as two 32-bit halves, low half first.
 */
import { bits, bits64 } from './bits.js';
import { register32, register64, type Register32, type Register64 } from './register.js';

/* offset, size, register */
/** 0x000  8  Controller Capabilities. Read only. */
export const REG_CAP = 0x00;
/** 0x008  4  Version. Read only. */
export const REG_VS = 0x08;
/** 0x00c  4  Interrupt Mask Set. Write 1 to set. */
export const REG_INTMS = 0x0c;
/** 0x010  4  Interrupt Mask Clear. Write 1 to clear. */
export const REG_INTMC = 0x10;
/** 0x014  4  Controller Configuration. Read and write. */
export const REG_CC = 0x14;
/** 0x01c  4  Controller Status. Read only, NSSRO is write 1 to clear. */
export const REG_CSTS = 0x1c;
/** 0x020  4  NVM Subsystem Reset. Write {@link NSSR_RESET_KEY}. */
export const REG_NSSR = 0x20;
/** 0x024  4  Admin Queue Attributes. Read and write. */
export const REG_AQA = 0x24;
/** 0x028  8  Admin Submission Queue Base Address. Read and write. */
export const REG_ASQ = 0x28;
/** 0x030  8  Admin Completion Queue Base Address. Read and write. */
export const REG_ACQ = 0x30;
/** 0x038  4  Controller Memory Buffer Location. Read only. */
export const REG_CMBLOC = 0x38;
/** 0x03c  4  Controller Memory Buffer Size. Read only. */
export const REG_CMBSZ = 0x3c;
/** 0x040  4  Boot Partition Information. Read only. */
export const REG_BPINFO = 0x40;
/** 0x044  4  Boot Partition Read Select. Read and write. */
export const REG_BPRSEL = 0x44;
/** 0x048  8  Boot Partition Memory Buffer Location. Read and write. */
export const REG_BPMBL = 0x48;
/** 0x050  8  Controller Memory Buffer Memory Space Control. Read and write. */
export const REG_CMBMSC = 0x50;
/** 0x058  4  Controller Memory Buffer Status. Read only. */
export const REG_CMBSTS = 0x58;
/** 0x05c  4  Controller Memory Buffer Elasticity Buffer Size. Read only. */
export const REG_CMBEBS = 0x5c;
/** 0x060  4  Controller Memory Buffer Sustained Write Throughput. Read only. */
export const REG_CMBSWTP = 0x60;
/** 0x064  4  NVM Subsystem Shutdown. Read and write. */
export const REG_NSSD = 0x64;
/** 0x068  4  Controller Ready Timeouts. Read only. */
export const REG_CRTO = 0x68;
/** 0xe00  4  Persistent Memory Region Capabilities. Read only. */
export const REG_PMRCAP = 0xe00;
/** 0xe04  4  Persistent Memory Region Control. Read and write. */
export const REG_PMRCTL = 0xe04;
/** 0xe08  4  Persistent Memory Region Status. Read only. */
export const REG_PMRSTS = 0xe08;
/** 0xe0c  4  Persistent Memory Region Elasticity Buffer Size. Read only. */
export const REG_PMREBS = 0xe0c;
/** 0xe10  4  Persistent Memory Region Sustained Write Throughput. Read only. */
export const REG_PMRSWTP = 0xe10;
/** 0xe14  4  Persistent Memory Region Memory Space Control, lower half. Read and write. */
export const REG_PMRMSCL = 0xe14;
/** 0xe18  4  Persistent Memory Region Memory Space Control, upper half. Read and write. */
export const REG_PMRMSCU = 0xe18;

/** Controller Capabilities; DSTRD, MPSMIN and MPSMAX are exponents. [Base] 3.1.4.1 */
export const CAP: Register64<
  | 'MQES0'
  | 'CQR'
  | 'AMS'
  | 'TO'
  | 'DSTRD'
  | 'NSSRS'
  | 'CSS'
  | 'BPS'
  | 'CPS'
  | 'MPSMIN'
  | 'MPSMAX'
  | 'PMRS'
  | 'CMBS'
  | 'NSSS'
  | 'CRMS'
  | 'NSSES'
> = register64(
  'CAP',
  REG_CAP,
  {
    NSSES: bits64(61, 61), // NVM subsystem shutdown enhancements supported
    CRMS: bits64(60, 59), // controller ready modes supported: bit 0 with media, bit 1 independent of media
    NSSS: bits64(58, 58), // NVM subsystem shutdown supported
    CMBS: bits64(57, 57), // controller memory buffer supported
    PMRS: bits64(56, 56), // persistent memory region supported
    MPSMAX: bits64(55, 52), // largest page, 2 ^ (12 + MPSMAX) bytes
    MPSMIN: bits64(51, 48), // smallest page, 2 ^ (12 + MPSMIN) bytes
    CPS: bits64(47, 46), // controller power scope
    BPS: bits64(45, 45), // boot partition support
    CSS: bits64(44, 37), // command sets supported, CAP_CSS_*
    NSSRS: bits64(36, 36), // NVM subsystem reset supported
    DSTRD: bits64(35, 32), // doorbell stride, 4 << DSTRD bytes
    TO: bits64(31, 24), // worst case time to change CSTS.RDY, 500 ms units
    AMS: bits64(18, 17), // arbitration mechanisms: bit 0 weighted round robin, bit 1 vendor specific
    CQR: bits64(16, 16), // queues must be physically contiguous
    MQES0: bits64(15, 0), // entries of the largest I/O queue, 0's based
  },
  [bits64(63, 62), bits64(23, 19)],
);

/** CAP.CSS: the NVM Command Set is supported. */
export const CAP_CSS_NVM = 0x01;
/** CAP.CSS: one or more I/O command sets are supported, listed by Identify. */
export const CAP_CSS_COMMAND_SETS = 0x40;
/** CAP.CSS: no I/O command set is supported. */
export const CAP_CSS_ADMIN_ONLY = 0x80;
/** CAP.AMS bit 0: weighted round robin with urgent priority class. */
export const CAP_AMS_WEIGHTED_ROUND_ROBIN = 0x1;
/** CAP.AMS bit 1: a vendor specific arbitration. */
export const CAP_AMS_VENDOR = 0x2;
/** CAP.CRMS bit 0: ready with media. */
export const CAP_CRMS_WITH_MEDIA = 0x1;
/** CAP.CRMS bit 1: ready independent of media. */
export const CAP_CRMS_INDEPENDENT = 0x2;
/** CAP.CPS: not reported. */
export const CAP_CPS_NONE = 0;
/** CAP.CPS: power scope is the controller. */
export const CAP_CPS_CONTROLLER = 1;
/** CAP.CPS: power scope is the domain. */
export const CAP_CPS_DOMAIN = 2;
/** CAP.CPS: power scope is the NVM subsystem. */
export const CAP_CPS_SUBSYSTEM = 3;

/** Version: major, minor and tertiary number, 2.1.0 as 0x00020100. [Base] 3.1.4.2 */
export const VS: Register32<'TER' | 'MNR' | 'MJR'> = register32('VS', REG_VS, {
  MJR: bits(31, 16), // major version
  MNR: bits(15, 8), // minor version
  TER: bits(7, 0), // tertiary version
});

/** Controller Configuration. Page size and entry sizes are exponents. [Base] 3.1.4.5 */
export const CC: Register32<'EN' | 'CSS' | 'MPS' | 'AMS' | 'SHN' | 'IOSQES' | 'IOCQES' | 'CRIME'> = register32(
  'CC',
  REG_CC,
  {
    CRIME: bits(24, 24), // controller ready independent of media
    IOCQES: bits(23, 20), // I/O completion queue entry, 2 ^ IOCQES bytes
    IOSQES: bits(19, 16), // I/O submission queue entry, 2 ^ IOSQES bytes
    SHN: bits(15, 14), // shutdown notification, CC_SHN_*
    AMS: bits(13, 11), // arbitration mechanism selected
    MPS: bits(10, 7), // memory page, 2 ^ (12 + MPS) bytes
    CSS: bits(6, 4), // I/O command set selected, CC_CSS_*
    EN: bits(0, 0), // enable
  },
  [bits(31, 25), bits(3, 1)],
);

/** CC.CSS: NVM Command Set. */
export const CC_CSS_NVM = 0;
/** CC.CSS: every supported I/O command set. */
export const CC_CSS_ALL = 6;
/** CC.CSS: admin command set only. */
export const CC_CSS_ADMIN_ONLY = 7;
/** CC.AMS: round robin. */
export const CC_AMS_ROUND_ROBIN = 0;
/** CC.AMS: weighted round robin with urgent priority class. */
export const CC_AMS_WEIGHTED_ROUND_ROBIN = 1;
/** CC.AMS: vendor specific. */
export const CC_AMS_VENDOR = 7;
/** CC.SHN: no notification. */
export const CC_SHN_NONE = 0;
/** CC.SHN: normal shutdown. */
export const CC_SHN_NORMAL = 1;
/** CC.SHN: abrupt shutdown. */
export const CC_SHN_ABRUPT = 2;

/** Controller Status. [Base] 3.1.4.6 */
export const CSTS: Register32<'RDY' | 'CFS' | 'SHST' | 'NSSRO' | 'PP' | 'ST'> = register32(
  'CSTS',
  REG_CSTS,
  {
    ST: bits(6, 6), // shutdown type: 1 when SHST reports an NVM subsystem shutdown
    PP: bits(5, 5), // processing paused
    NSSRO: bits(4, 4), // NVM subsystem reset occurred
    SHST: bits(3, 2), // shutdown status, CSTS_SHST_*
    CFS: bits(1, 1), // controller fatal status
    RDY: bits(0, 0), // ready
  },
  [bits(31, 7)],
);

/** CSTS.SHST: normal operation, no shutdown requested. */
export const CSTS_SHST_NORMAL = 0;
/** CSTS.SHST: shutdown processing occurring. */
export const CSTS_SHST_OCCURRING = 1;
/** CSTS.SHST: shutdown processing complete. */
export const CSTS_SHST_COMPLETE = 2;

/** NSSR: the value that resets the NVM subsystem, "NVMe" in ASCII. [Base] 3.1.4.7 */
export const NSSR_RESET_KEY = 0x4e564d65;

/** Admin Queue Attributes; both sizes are entries, 0's based. [Base] 3.1.4.8 */
export const AQA: Register32<'ASQS0' | 'ACQS0'> = register32(
  'AQA',
  REG_AQA,
  {
    ACQS0: bits(27, 16), // admin completion queue entries, 0's based
    ASQS0: bits(11, 0), // admin submission queue entries, 0's based
  },
  [bits(31, 28), bits(15, 12)],
);

/** Admin Submission Queue Base Address; ASQB is the address divided by 4096. [Base] 3.1.4.9 */
export const ASQ: Register64<'ASQB'> = register64('ASQ', REG_ASQ, { ASQB: bits64(63, 12) }, [bits64(11, 0)]);

/** Admin Completion Queue Base Address; ACQB is the address divided by 4096. [Base] 3.1.4.10 */
export const ACQ: Register64<'ACQB'> = register64('ACQ', REG_ACQ, { ACQB: bits64(63, 12) }, [bits64(11, 0)]);

/** Controller Ready Timeouts, both in 500 ms units. [Base] 3.1.4.21 */
export const CRTO: Register32<'CRWMT' | 'CRIMT'> = register32('CRTO', REG_CRTO, {
  CRIMT: bits(31, 16), // until ready independent of media
  CRWMT: bits(15, 0), // until ready with media
});
