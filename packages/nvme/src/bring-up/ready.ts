import type { AbortSignalLike, Clock } from '@phasebit/core';
import {
  AQA,
  CC,
  CC_AMS_ROUND_ROBIN,
  CC_AMS_WEIGHTED_ROUND_ROBIN,
  CC_SHN_NORMAL,
  CQE_BYTES_LOG2,
  CSTS,
  CSTS_SHST_COMPLETE,
  NSSR_RESET_KEY,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CC,
  REG_CSTS,
  REG_NSSR,
  SQE_BYTES_LOG2,
} from '@phasebit/nvme-spec';
import { PAGE_SHIFT, type PcieFunction } from '@phasebit/pcie';
import { Deadline } from '../deadline.js';
import { DriverError } from '../errors.js';

const ALL_ONES = 0xffff_ffff;

/** The admin rings, for AQA, ASQ and ACQ. */
export interface AdminRings {
  readonly entries: number;
  readonly sqAddress: number;
  readonly cqAddress: number;
}

/** Reads CSTS. @throws DriverError CONTROLLER_GONE when it reads as all ones */
export async function readStatus(fn: PcieFunction): Promise<number> {
  const csts = await fn.registers.read32(REG_CSTS);
  if (csts === ALL_ONES) throw new DriverError('CONTROLLER_GONE', { register: 'CSTS' });
  return csts;
}

/**
 * Disables the controller if a previous owner left it enabled, so that its queues are gone, and waits until it is not ready. [Base] 3.5.3
 *
 * @param timeoutMs - for each of the two waits: until it is ready, if it is on its way there, and until it is not
 * @param enter - told what begins, and waited for
 */
export async function disable(
  fn: PcieFunction,
  clock: Clock,
  timeoutMs: number,
  signal?: AbortSignalLike,
  enter: (state: 'DISABLE_WAIT_READY' | 'DISABLE' | 'DISABLE_WAIT_NOT_READY') => Promise<void> | void = () => undefined,
): Promise<void> {
  const cc = await fn.registers.read32(REG_CC);
  const csts = await fn.registers.read32(REG_CSTS);
  if (CC.EN.get(cc) === 1 && CSTS.RDY.get(csts) === 0 && CSTS.CFS.get(csts) === 0) {
    // [Base] 3.1.4.5: EN must not be cleared while the controller is still on its way to ready.
    await enter('DISABLE_WAIT_READY');
    await waitReady(fn, clock, 1, timeoutMs, true, signal);
  }
  await enter('DISABLE');
  fn.registers.write32(REG_CC, CC.EN.set(CC.SHN.set(cc, 0), 0));
  await enter('DISABLE_WAIT_NOT_READY');
  await waitReady(fn, clock, 0, timeoutMs, true, signal);
}

/**
 * Disables a controller that has been ready, whatever it is now: one whose CSTS.RDY has fallen by itself is not on its way to ready.
 *
 * @throws DriverError READY_TIMEOUT, CONTROLLER_GONE or ABORTED
 */
export async function halt(fn: PcieFunction, clock: Clock, timeoutMs: number, signal?: AbortSignalLike): Promise<void> {
  const cc = await fn.registers.read32(REG_CC);
  fn.registers.write32(REG_CC, CC.EN.set(CC.SHN.set(cc, 0), 0));
  await waitReady(fn, clock, 0, timeoutMs, true, signal);
}

/** Gives a disabled controller its admin rings and enables it. The caller waits until it is ready. [Base] 3.5.1 */
export function enable(fn: PcieFunction, commandSet: number, isWeighted: boolean, rings: AdminRings): void {
  const { registers, dma } = fn;
  const size0 = rings.entries - 1;
  const sqPage = rings.sqAddress >>> PAGE_SHIFT;
  const cqPage = rings.cqAddress >>> PAGE_SHIFT;
  registers.write32(REG_AQA, AQA.ASQS0.set(AQA.ACQS0.set(0, size0), size0));
  registers.write64(REG_ASQ, dma.iovaLow[sqPage], dma.iovaHigh[sqPage]);
  registers.write64(REG_ACQ, dma.iovaLow[cqPage], dma.iovaHigh[cqPage]);
  let cc = CC.EN.set(0, 1);
  cc = CC.CSS.set(cc, commandSet);
  cc = CC.AMS.set(cc, isWeighted ? CC_AMS_WEIGHTED_ROUND_ROBIN : CC_AMS_ROUND_ROBIN);
  cc = CC.IOSQES.set(cc, SQE_BYTES_LOG2);
  cc = CC.IOCQES.set(cc, CQE_BYTES_LOG2);
  registers.write32(REG_CC, cc);
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
export async function shutDown(
  fn: PcieFunction,
  clock: Clock,
  timeoutMs: number,
  signal?: AbortSignalLike,
): Promise<void> {
  const cc = await fn.registers.read32(REG_CC);
  fn.registers.write32(REG_CC, CC.SHN.set(cc, CC_SHN_NORMAL));
  const deadline = new Deadline(clock, timeoutMs, signal);
  for (;;) {
    if (CSTS.SHST.get(await readStatus(fn)) === CSTS_SHST_COMPLETE) return;
    deadline.check(() => new DriverError('SHUTDOWN_TIMEOUT', { waitedFor: 'CSTS.SHST=2', timeoutMs }));
    await fn.pause();
  }
}

/**
 * Resets the whole NVM subsystem and waits until the controller shows itself again, disabled. Meanwhile it may read as all ones. [Base] 3.7.1
 *
 * @throws DriverError CONTROLLER_GONE when it is still away after `timeoutMs`, READY_TIMEOUT when it is still enabled
 */
export async function resetSubsystem(
  fn: PcieFunction,
  clock: Clock,
  timeoutMs: number,
  signal?: AbortSignalLike,
): Promise<void> {
  fn.registers.write32(REG_NSSR, NSSR_RESET_KEY);
  const deadline = new Deadline(clock, timeoutMs, signal);
  for (;;) {
    const csts = await fn.registers.read32(REG_CSTS);
    if (csts !== ALL_ONES && CSTS.RDY.get(csts) === 0) break;
    deadline.check(() =>
      csts === ALL_ONES
        ? new DriverError('CONTROLLER_GONE', { register: 'CSTS', timeoutMs })
        : new DriverError('READY_TIMEOUT', { waitedFor: 'CSTS.RDY=0 after NSSR', timeoutMs }),
    );
    await fn.pause();
  }
  // That it happened is shown until somebody has taken note: write 1 to clear.
  fn.registers.write32(REG_CSTS, CSTS.NSSRO.set(0, 1));
}

/**
 * Waits until CSTS.RDY is `ready`.
 *
 * @param fatalIsFine - whether a fatal status, with which RDY may never rise, ends the wait instead of failing it
 * @throws DriverError READY_TIMEOUT, CONTROLLER_FATAL, CONTROLLER_GONE or ABORTED
 */
export async function waitReady(
  fn: PcieFunction,
  clock: Clock,
  ready: number,
  timeoutMs: number,
  fatalIsFine: boolean,
  signal?: AbortSignalLike,
): Promise<void> {
  const deadline = new Deadline(clock, timeoutMs, signal);
  const late = (): DriverError => new DriverError('READY_TIMEOUT', { waitedFor: `CSTS.RDY=${ready}`, timeoutMs });
  for (;;) {
    const csts = await readStatus(fn);
    if (CSTS.CFS.get(csts) === 1 && !fatalIsFine) throw new DriverError('CONTROLLER_FATAL', { csts });
    if (CSTS.RDY.get(csts) === ready) return;
    if (CSTS.CFS.get(csts) === 1 && ready === 1) return;
    deadline.check(late);
    await fn.pause();
  }
}
