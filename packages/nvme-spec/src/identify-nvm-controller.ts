/**
 * I/O Command Set Specific Identify Controller data structure of the NVM Command Set (CNS 06h, CSI 00h), 4096 bytes:
 * limits of commands. [NVM] 4.1.5.4
 *
 * Size limits are powers of two of CAP.MPSMIN pages. A limit that is not zero is a hard one when the ONCS bit of its
 * command is zero, and a recommendation when that bit is one. Ranges read `last:first`.
 */
import { readUint16, readUint32, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the data structure. */
export const IDNVMCTRL_BYTES = 4096;

/** 0      Verify size limit, 2^n pages, 0 for none.                      */ export const IDNVMCTRL_VSL = 0;
/** 1      Write Zeroes size limit, 2^n pages, 0 for none.                */ export const IDNVMCTRL_WZSL = 1;
/** 2      Write Uncorrectable size limit, 2^n pages, 0 for none.         */ export const IDNVMCTRL_WUSL = 2;
/** 3      Dataset Management ranges limit, 0 for none.                   */ export const IDNVMCTRL_DMRL = 3;
/** 7:4    Dataset Management range size limit, blocks, 0 for none.       */ export const IDNVMCTRL_DMRSL = 4;
/** 15:8   Dataset Management size limit, blocks, 0 for none.             */ export const IDNVMCTRL_DMSL = 8;
/** 16     Key per I/O capabilities.                                      */ export const IDNVMCTRL_KPIOCAP = 16;
/** 17     Write Zeroes with DEAC, size limit, 2^n pages, 0 for that of WZSL. */ export const IDNVMCTRL_WZDSL = 17;
/** 19:18  Optional admin commands, AOCS_*.                               */ export const IDNVMCTRL_AOCS = 18;
/** 23:20  Version of the NVM Command Set, as register VS.                */ export const IDNVMCTRL_VER = 20;
/** 24     LBA migration queue format.                                    */ export const IDNVMCTRL_LBAMQF = 24;

/** AOCS bit 0: Get LBA Status reports allocated blocks. */
export const AOCS_ALLOCATED_LBAS = 0x0001;

/** Layout of the data structure. */
export const IdentifyNvmControllerLayout: Layout = layout('IDNVMCTRL', IDNVMCTRL_BYTES, [
  [IDNVMCTRL_VSL, 1, 'vsl'],
  [IDNVMCTRL_WZSL, 1, 'wzsl'],
  [IDNVMCTRL_WUSL, 1, 'wusl'],
  [IDNVMCTRL_DMRL, 1, 'dmrl'],
  [IDNVMCTRL_DMRSL, 4, 'dmrsl'],
  [IDNVMCTRL_DMSL, 8, 'dmsl'],
  [IDNVMCTRL_KPIOCAP, 1, 'kpiocap'],
  [IDNVMCTRL_WZDSL, 1, 'wzdsl'],
  [IDNVMCTRL_AOCS, 2, 'aocs'],
  [IDNVMCTRL_VER, 4, 'ver'],
  [IDNVMCTRL_LBAMQF, 1, 'lbamqf'],
  [25, 4071, 'reserved25', 'reserved'],
]);

/** A decoded data structure of CNS 06h, CSI 00h. */
export interface IdentifyNvmController {
  /** Verify size limit, 2^n pages, 0 for none. */ readonly vsl: number;
  /** Write Zeroes size limit, 2^n pages, 0 for none. */ readonly wzsl: number;
  /** Write Uncorrectable size limit, 2^n pages, 0 for none. */ readonly wusl: number;
  /** Dataset Management ranges limit, 0 for none. */ readonly dmrl: number;
  /** Dataset Management range size limit, blocks, 0 for none. */ readonly dmrsl: number;
  /** Dataset Management size limit, blocks, 0 for none. */ readonly dmsl: number | bigint;
  /** Key per I/O capabilities. */ readonly kpiocap: number;
  /** Write Zeroes with DEAC, size limit, 2^n pages, 0 for that of WZSL. */ readonly wzdsl: number;
  /** Optional admin commands, AOCS_*. */ readonly aocs: number;
  /** Version of the NVM Command Set, as register VS. */ readonly ver: number;
  /** LBA migration queue format. */ readonly lbamqf: number;
}

/** Decodes the data structure of CNS 06h, CSI 00h. @throws RangeError when `data` is shorter than 4096 bytes. */
export function decodeIdentifyNvmController(data: Uint8Array): IdentifyNvmController {
  if (data.length < IDNVMCTRL_BYTES) {
    throw new RangeError(`IDNVMCTRL: ${IDNVMCTRL_BYTES} bytes expected, got ${data.length}`);
  }
  return {
    vsl: data[IDNVMCTRL_VSL],
    wzsl: data[IDNVMCTRL_WZSL],
    wusl: data[IDNVMCTRL_WUSL],
    dmrl: data[IDNVMCTRL_DMRL],
    dmrsl: readUint32(data, IDNVMCTRL_DMRSL),
    dmsl: readUnsigned(data, IDNVMCTRL_DMSL, 8),
    kpiocap: data[IDNVMCTRL_KPIOCAP],
    wzdsl: data[IDNVMCTRL_WZDSL],
    aocs: readUint16(data, IDNVMCTRL_AOCS),
    ver: readUint32(data, IDNVMCTRL_VER),
    lbamqf: data[IDNVMCTRL_LBAMQF],
  };
}
