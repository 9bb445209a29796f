import { type Places, PLACES } from '../places.js';
import { VfioRefusal } from '../refusal.js';
import { type BlockDevice, blockDevices, kernelController } from './block-devices.js';
import { diskUsers, requireUnused } from './disk-users.js';
import { groupMembers, requireGroup, requireViable } from './iommu-group.js';
import { isNvme, pciAddresses, type PciFunction, readPciFunction, VFIO_DRIVER } from './pci-function.js';
import { processesWith } from './processes.js';

/** What there is to know of an NVMe controller before it is taken from the kernel. */
export interface NvmeFunctionState extends PciFunction {
  /** model; undefined where the kernel's driver does not have the function, which alone knows it */
  readonly model: string | undefined;
  /** serial number; undefined as `model` is */
  readonly serial: string | undefined;
  /** the other functions of its IOMMU group */
  readonly groupMembers: readonly PciFunction[];
  /** its disks and their partitions */
  readonly blockDevices: readonly BlockDevice[];
  /** who uses them, a clause each */
  readonly users: readonly string[];
  /** processes that have it open through VFIO, as `name (PID)` */
  readonly openBy: readonly string[];
  /** why it cannot be bound; undefined when it can, or is */
  readonly obstacle: VfioRefusal | undefined;
}

/** Whether a function is bound already. */
export function isBound(fn: PciFunction): boolean {
  return fn.driver === VFIO_DRIVER;
}

/** All NVMe controllers of the PCI bus, in order of their addresses. */
export function listNvmeFunctions(places: Partial<Places> = {}): NvmeFunctionState[] {
  const at = { ...PLACES, ...places };
  return pciAddresses(at)
    .map((bdf) => readPciFunction(at, bdf))
    .filter(isNvme)
    .map((found) => stateOf(at, found));
}

function stateOf(places: Places, found: PciFunction): NvmeFunctionState {
  const controller = kernelController(places, found.bdf);
  const files = [`${places.dev}/vfio/${found.group}`, `${places.dev}/vfio/devices/${found.cdev}`];
  return {
    ...found,
    model: controller?.model,
    serial: controller?.serial,
    groupMembers: groupMembers(places, found),
    blockDevices: blockDevices(places, found.bdf),
    users: diskUsers(places, found.bdf),
    openBy: isBound(found) ? processesWith(places, files) : [],
    obstacle: isBound(found) ? undefined : obstacleOf(places, found),
  };
}

function obstacleOf(places: Places, found: PciFunction): VfioRefusal | undefined {
  try {
    requireGroup(found);
    requireUnused(places, found.bdf);
    requireViable(places, found);
    return undefined;
  } catch (error) {
    if (error instanceof VfioRefusal) return error;
    throw error;
  }
}
