import { type Log, silentLog } from '@phasebit/core';
import { existsSync } from 'node:fs';
import { type Places, PLACES } from '../places.js';
import { VfioRefusal } from '../refusal.js';
import { requireUnused } from '../sysfs/disk-users.js';
import { requireGroup, requireViable } from '../sysfs/iommu-group.js';
import { type PciFunction, readNvmeFunction, VFIO_DRIVER } from '../sysfs/pci-function.js';
import { processesWith } from '../sysfs/processes.js';
import { clearOverride, giveFile, loadModule, probeDrivers, setOverride, type Step, unbindDriver } from './steps.js';
import { type SystemActions, systemActions } from './system-actions.js';
import { userId } from './user-id.js';

/** How {@link bindFunction} and {@link unbindFunction} go about it. */
export interface BindOptions {
  /** who may open the function without being root, by name or number; default root alone. For binding */
  readonly user?: string | undefined;
  /** addresses of functions that are bound together with this one: they may share its IOMMU group. For binding */
  readonly alongside?: readonly string[] | undefined;
  /** whether the steps are only said, and nothing is done; default false */
  readonly dryRun?: boolean | undefined;
  /** hears each step, as a command of a shell */
  readonly log?: Log | undefined;
  /** where the system's files are */
  readonly places?: Partial<Places> | undefined;
  /** what is done to the system, for tests */
  readonly actions?: SystemActions | undefined;
}

/** What every operation needs. */
interface Surroundings {
  readonly places: Places;
  readonly log: Log;
  readonly actions: SystemActions;
  readonly dryRun: boolean;
}

/**
 * Gives a function to VFIO: has `vfio-pci` alone take it, takes it from the driver that has it, and lets the kernel look again. The state is
 * in the kernel alone: whatever part of it was done before, by a run that was killed, say, this does the rest.
 *
 * @returns whether anything was left to be done
 * @throws VfioRefusal when the function is in use, shares its group, has no IOMMU, or the kernel does not do as it is told
 */
export function bindFunction(address: string, options: BindOptions = {}): boolean {
  const around = surroundings(options);
  const { places } = around;
  const found = readNvmeFunction(places, address);
  const group = requireGroup(found);
  const owner = options.user === undefined ? undefined : userId(options.user, around.actions);
  requireUnused(places, found.bdf);
  requireViable(places, found, options.alongside);
  const steps = [...missingModules(places).map(loadModule), ...bindSteps(places, found)];
  carryOut(steps, around);
  if (!around.dryRun) requireDriver(places, found.bdf);
  const gifts = owner === undefined ? [] : giftSteps(around, found, group, owner);
  carryOut(gifts, around);
  return steps.length + gifts.length > 0;
}

function bindSteps(places: Places, { bdf, driver, driverOverride }: PciFunction): Step[] {
  if (driver === VFIO_DRIVER && driverOverride === VFIO_DRIVER) return [];
  return [
    ...(driverOverride === VFIO_DRIVER ? [] : [setOverride(places, bdf, VFIO_DRIVER)]),
    ...(driver === undefined || driver === VFIO_DRIVER ? [] : [unbindDriver(places, bdf)]),
    ...(driver === VFIO_DRIVER ? [] : [probeDrivers(places, bdf)]),
  ];
}

/** The function's driver, and the one of its IOMMU, which the kernel loads by itself as a rule. Built in, they are there as well. */
function missingModules(places: Places): string[] {
  const modules: string[] = [];
  if (!existsSync(`${places.sysfs}/bus/pci/drivers/${VFIO_DRIVER}`)) modules.push(VFIO_DRIVER);
  if (!existsSync(`${places.sysfs}/module/vfio_iommu_type1`) && !existsSync(`${places.dev}/iommu`))
    modules.push('vfio_iommu_type1');
  return modules;
}

function requireDriver(places: Places, bdf: string): void {
  const { driver } = readNvmeFunction(places, bdf);
  if (driver === VFIO_DRIVER) return;
  throw new VfioRefusal(
    'not-taken',
    `${bdf} is ${driver === undefined ? 'without a driver' : `bound to ${driver}`} although ${VFIO_DRIVER} was to have it: the kernel's log says why`,
  );
}

function giftSteps({ places, dryRun }: Surroundings, found: PciFunction, group: number, owner: number): Step[] {
  const { cdev } = dryRun ? found : readNvmeFunction(places, found.bdf);
  const files = [`${places.dev}/vfio/${group}`];
  if (cdev !== undefined) files.push(`${places.dev}/vfio/devices/${cdev}`);
  return files.filter((file) => dryRun || existsSync(file)).map((file) => giveFile(file, owner));
}

/**
 * Gives a function back to the kernel: lets any driver have it again, takes it from VFIO, and lets the kernel look for the driver it had.
 * Whatever part of it was done before, this does the rest.
 *
 * @returns whether anything was left to be done
 * @throws VfioRefusal `busy` while a process has it open: the kernel would wait for that process to close it
 */
export function unbindFunction(address: string, options: BindOptions = {}): boolean {
  const around = surroundings(options);
  const { places } = around;
  const found = readNvmeFunction(places, address);
  if (found.driver === VFIO_DRIVER) requireClosed(places, found);
  const steps = unbindSteps(places, found);
  carryOut(steps, around);
  if (around.dryRun || steps.length === 0) return steps.length > 0;
  const after = readNvmeFunction(places, found.bdf);
  if (after.driver === VFIO_DRIVER) {
    throw new VfioRefusal(
      'not-taken',
      `${VFIO_DRIVER} took ${found.bdf} again: it is told to take all devices ${found.id}, by its option 'ids' or its file new_id`,
    );
  }
  if (after.driver === undefined)
    around.log.warn(`${found.bdf}: no driver took it. Is the kernel's module nvme loaded?`);
  return true;
}

function unbindSteps(places: Places, { bdf, driver, driverOverride }: PciFunction): Step[] {
  return [
    ...(driverOverride === undefined ? [] : [clearOverride(places, bdf)]),
    ...(driver === VFIO_DRIVER ? [unbindDriver(places, bdf)] : []),
    ...(driver === undefined || driver === VFIO_DRIVER ? [probeDrivers(places, bdf)] : []),
  ];
}

/** Unbinding waits inside of the kernel until the last descriptor is closed, and cannot be stopped. */
function requireClosed(places: Places, { bdf, group, cdev }: PciFunction): void {
  const users = processesWith(places, [`${places.dev}/vfio/${group}`, `${places.dev}/vfio/devices/${cdev}`]);
  if (users.length === 0) return;
  throw new VfioRefusal('busy', `${bdf} is open: ${users.join(', ')}. End that first`);
}

function surroundings(options: BindOptions): Surroundings {
  return {
    places: { ...PLACES, ...options.places },
    log: options.log ?? silentLog,
    actions: options.actions ?? systemActions,
    dryRun: options.dryRun ?? false,
  };
}

function carryOut(steps: readonly Step[], { log, dryRun, actions }: Surroundings): void {
  for (const step of steps) {
    log.info(step.shell);
    if (!dryRun) step.run(actions);
  }
}
