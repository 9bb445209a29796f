import type { U64 } from '@phasebit/core';
import {
  CAP,
  CAP_AMS_WEIGHTED_ROUND_ROBIN,
  CAP_CRMS_WITH_MEDIA,
  CAP_CSS_COMMAND_SETS,
  CAP_CSS_NVM,
  CC_CSS_ALL,
  CC_CSS_NVM,
  CRTO,
  REG_CAP,
  REG_CRTO,
  REG_VS,
} from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { DriverError } from '../errors.js';

const ALL_ONES = 0xffff_ffff;

/** Unit of CAP.TO and CRTO, milliseconds. */
const READY_UNIT_MS = 500;

/** What the registers say of a controller before anything is asked of it. */
export interface Capabilities {
  /** version register: major, minor, tertiary as 0xMMMMmmtt */
  readonly version: number;
  /** entries of the largest I/O queue, CAP.MQES + 1 */
  readonly queueEntriesMax: number;
  /** how long CSTS.RDY may take to fall, and, unless CRTO allows more, to rise; in milliseconds */
  readonly readyTimeoutMs: number;
  /** how long CSTS.RDY may take to rise, in milliseconds: the larger of CAP.TO and CRTO.CRWMT */
  readonly enableTimeoutMs: number;
  /** value for CC.CSS */
  readonly commandSet: number;
  /** doorbell stride, CAP.DSTRD: doorbells are 4 << doorbellStride bytes apart */
  readonly doorbellStride: number;
  /** whether weighted round robin can be selected: CAP.AMS */
  readonly hasWeightedArbitration: boolean;
  /** whether the whole NVM subsystem can be reset: CAP.NSSRS */
  readonly hasSubsystemReset: boolean;
}

/**
 * Reads CAP, VS and CRTO and checks that this driver can work with them. [Base] 3.1.4.1
 *
 * @throws DriverError CONTROLLER_GONE or UNSUPPORTED_CONTROLLER
 */
export async function readCapabilities(fn: PcieFunction): Promise<Capabilities> {
  const cap: U64 = await fn.registers.read64(REG_CAP);
  const version = await fn.registers.read32(REG_VS);
  if (cap.low === ALL_ONES && cap.high === ALL_ONES) throw new DriverError('CONTROLLER_GONE', { register: 'CAP' });
  const mpsMin = CAP.MPSMIN.get(cap.low, cap.high);
  if (mpsMin !== 0) throw new DriverError('UNSUPPORTED_CONTROLLER', { field: 'CAP.MPSMIN', expected: 0, got: mpsMin });
  const mqes0 = CAP.MQES0.get(cap.low, cap.high);
  if (mqes0 < 1)
    throw new DriverError('UNSUPPORTED_CONTROLLER', { field: 'CAP.MQES', expected: '1 or more', got: mqes0 });
  const css = CAP.CSS.get(cap.low, cap.high);
  if ((css & (CAP_CSS_NVM | CAP_CSS_COMMAND_SETS)) === 0) {
    throw new DriverError('UNSUPPORTED_CONTROLLER', { field: 'CAP.CSS', expected: 'the NVM command set', got: css });
  }
  // Zero is not a promise to be ready at once; one unit is the least that can be waited for.
  const readyTimeoutMs = READY_UNIT_MS * Math.max(1, CAP.TO.get(cap.low, cap.high));
  return {
    version,
    queueEntriesMax: mqes0 + 1,
    readyTimeoutMs,
    enableTimeoutMs: Math.max(readyTimeoutMs, await readReadyTimeout(fn, cap)),
    commandSet: (css & CAP_CSS_COMMAND_SETS) !== 0 ? CC_CSS_ALL : CC_CSS_NVM,
    doorbellStride: CAP.DSTRD.get(cap.low, cap.high),
    hasWeightedArbitration: (CAP.AMS.get(cap.low, cap.high) & CAP_AMS_WEIGHTED_ROUND_ROBIN) !== 0,
    hasSubsystemReset: CAP.NSSRS.get(cap.low, cap.high) === 1,
  };
}

/** CRTO.CRWMT in milliseconds, 0 without it. Some devices leave the register zero, so CAP.TO holds all the same. [Base] 3.1.4.21 */
async function readReadyTimeout(fn: PcieFunction, cap: U64): Promise<number> {
  if ((CAP.CRMS.get(cap.low, cap.high) & CAP_CRMS_WITH_MEDIA) === 0) return 0;
  const crto = await fn.registers.read32(REG_CRTO);
  if (crto === ALL_ONES) throw new DriverError('CONTROLLER_GONE', { register: 'CRTO' });
  return READY_UNIT_MS * CRTO.CRWMT.get(crto);
}
