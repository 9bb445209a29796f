import type { Clock, U64 } from '@phasebit/core';
import {
  AQA,
  CAP,
  CAP_CSS_COMMAND_SETS,
  CAP_CSS_NVM,
  CC,
  CC_CSS_ALL,
  CC_CSS_NVM,
  CQE_BYTES_LOG2,
  CSTS,
  CSTS_SHST_COMPLETE,
  CC_SHN_NORMAL,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CAP,
  REG_CC,
  REG_CSTS,
  REG_VS,
  SQE_BYTES_LOG2,
} from '@phasebit/nvme-spec';
import { PAGE_SHIFT, type PcieFunction } from '@phasebit/pcie';
import { DriverError } from './errors.js';

const ALL_ONES = 0xffff_ffff;

/** What the registers say of a controller before anything is asked of it. */
export interface Capabilities {
  /** version register: major, minor, tertiary as 0xMMMMmmtt */
  readonly version: number;
  /** entries of the largest I/O queue, CAP.MQES + 1 */
  readonly queueEntriesMax: number;
  /** how long CSTS.RDY may take to change, in milliseconds */
  readonly readyTimeoutMs: number;
  /** value for CC.CSS */
  readonly commandSet: number;
}

/** The admin rings, for AQA, ASQ and ACQ. */
export interface AdminRings {
  readonly entries: number;
  readonly sqAddress: number;
  readonly cqAddress: number;
}

/**
 * Reads CAP and VS and checks that this driver can work with them. [Base] 3.1.4.1
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
  return {
    version,
    queueEntriesMax: mqes0 + 1,
    // Zero is not a promise to be ready at once; one unit is the least that can be waited for.
    readyTimeoutMs: 500 * Math.max(1, CAP.TO.get(cap.low, cap.high)),
    commandSet: (css & CAP_CSS_COMMAND_SETS) !== 0 ? CC_CSS_ALL : CC_CSS_NVM,
  };
}

/** Disables the controller if a previous owner left it enabled, so that its queues are gone, and waits until it is not ready. [Base] 3.5.3 */
export async function disable(fn: PcieFunction, clock: Clock, timeoutMs: number): Promise<void> {
  const cc = await fn.registers.read32(REG_CC);
  const csts = await fn.registers.read32(REG_CSTS);
  if (CC.EN.get(cc) === 1 && CSTS.RDY.get(csts) === 0 && CSTS.CFS.get(csts) === 0) {
    // [Base] 3.1.4.5: EN must not be cleared while the controller is still on its way to ready.
    await waitReady(fn, clock, 1, timeoutMs, true);
  }
  fn.registers.write32(REG_CC, CC.EN.set(CC.SHN.set(cc, 0), 0));
  await waitReady(fn, clock, 0, timeoutMs, true);
}

/**
 * Gives the controller its admin rings and enables it. [Base] 3.5.1
 *
 * @throws DriverError CONTROLLER_FATAL, CONTROLLER_GONE or READY_TIMEOUT
 */
export async function enable(
  fn: PcieFunction,
  clock: Clock,
  capabilities: Capabilities,
  rings: AdminRings,
): Promise<void> {
  const { registers, dma } = fn;
  const size0 = rings.entries - 1;
  const sqPage = rings.sqAddress >>> PAGE_SHIFT;
  const cqPage = rings.cqAddress >>> PAGE_SHIFT;
  registers.write32(REG_AQA, AQA.ASQS0.set(AQA.ACQS0.set(0, size0), size0));
  registers.write64(REG_ASQ, dma.iovaLow[sqPage], dma.iovaHigh[sqPage]);
  registers.write64(REG_ACQ, dma.iovaLow[cqPage], dma.iovaHigh[cqPage]);
  let cc = CC.EN.set(0, 1);
  cc = CC.CSS.set(cc, capabilities.commandSet);
  cc = CC.IOSQES.set(cc, SQE_BYTES_LOG2);
  cc = CC.IOCQES.set(cc, CQE_BYTES_LOG2);
  registers.write32(REG_CC, cc);
  await waitReady(fn, clock, 1, capabilities.readyTimeoutMs, false);
}

/**
 * Disables a controller that could not be brought up, ready or not.
 *
 * @returns whether it is known not to write to memory any more
 */
export async function silence(fn: PcieFunction, clock: Clock, timeoutMs: number): Promise<boolean> {
  fn.registers.write32(REG_CC, 0);
  try {
    await waitReady(fn, clock, 0, timeoutMs, true);
    return true;
  } catch (error) {
    return error instanceof DriverError && error.code === 'CONTROLLER_GONE';
  }
}

/** Announces a normal shutdown and waits until the controller has made everything durable. [Base] 3.6.1 */
export async function shutDown(fn: PcieFunction, clock: Clock, timeoutMs: number): Promise<void> {
  const cc = await fn.registers.read32(REG_CC);
  fn.registers.write32(REG_CC, CC.SHN.set(cc, CC_SHN_NORMAL));
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  for (;;) {
    const csts = await fn.registers.read32(REG_CSTS);
    if (csts === ALL_ONES) throw new DriverError('CONTROLLER_GONE', { register: 'CSTS' });
    if (CSTS.SHST.get(csts) === CSTS_SHST_COMPLETE) return;
    if (clock.nowNs() > deadlineNs) throw new DriverError('SHUTDOWN_TIMEOUT', { waitedFor: 'CSTS.SHST=2', timeoutMs });
    await fn.pause();
  }
}

async function waitReady(
  fn: PcieFunction,
  clock: Clock,
  ready: number,
  timeoutMs: number,
  fatalIsFine: boolean,
): Promise<void> {
  const deadlineNs = clock.nowNs() + timeoutMs * 1e6;
  for (;;) {
    const csts = await fn.registers.read32(REG_CSTS);
    if (csts === ALL_ONES) throw new DriverError('CONTROLLER_GONE', { register: 'CSTS' });
    if (CSTS.CFS.get(csts) === 1 && !fatalIsFine) throw new DriverError('CONTROLLER_FATAL', { csts });
    if (CSTS.RDY.get(csts) === ready) return;
    if (CSTS.CFS.get(csts) === 1 && ready === 1) return;
    if (clock.nowNs() > deadlineNs)
      throw new DriverError('READY_TIMEOUT', { waitedFor: `CSTS.RDY=${ready}`, timeoutMs });
    await fn.pause();
  }
}
