import type { Places } from '../places.js';
import { VfioRefusal } from '../refusal.js';
import { functionFolder, type PciFunction, readPciFunction, VFIO_DRIVER } from './pci-function.js';
import { readNames } from './read-sysfs.js';

/** Drivers under which a device makes no accesses on its own: it may share a group with one of VFIO's. */
const HARMLESS_DRIVERS = new Set([VFIO_DRIVER, 'pci-stub', 'pcieport']);

/** The other functions of a function's IOMMU group. They can reach each other's memory, so they are had together or not at all. */
export function groupMembers(places: Places, fn: PciFunction): PciFunction[] {
  const folder = `${functionFolder(places, fn.bdf)}/iommu_group/devices`;
  return readNames(folder)
    .filter((name) => name !== fn.bdf)
    .map((name) => readPciFunction(places, name));
}

/** Those of a group that the kernel uses, so that the group is not viable. */
export function groupObstacles(members: readonly PciFunction[]): PciFunction[] {
  return members.filter(({ driver }) => {
    return (
      driver !== undefined &&
      !HARMLESS_DRIVERS.has(driver) &&
      !driver.endsWith('-vfio-pci') &&
      !driver.startsWith('vfio-')
    );
  });
}

/**
 * Checks that a function is behind an IOMMU.
 *
 * @returns its group
 * @throws VfioRefusal `no-iommu`
 */
export function requireGroup(fn: PciFunction): number {
  if (fn.group === undefined) {
    throw new VfioRefusal(
      'no-iommu',
      `${fn.bdf} is behind no IOMMU, so nothing would keep it out of memory that is not its own. Switch the IOMMU on in the firmware ` +
        "(VT-d, AMD-Vi, SMMU), and on Intel boot with 'intel_iommu=on'",
    );
  }
  if (fn.isNoIommu) {
    throw new VfioRefusal(
      'no-iommu',
      `${fn.bdf} is in VFIO's mode without an IOMMU, in which a wrong address overwrites any memory of the machine: that is not supported`,
    );
  }
  return fn.group;
}

/**
 * Checks that the kernel uses no other function of the group.
 *
 * @param alongside - addresses of functions that are about to be taken from the kernel too
 * @throws VfioRefusal `group-not-viable`, naming the others and their drivers
 */
export function requireViable(places: Places, fn: PciFunction, alongside: readonly string[] = []): void {
  const obstacles = groupObstacles(groupMembers(places, fn)).filter((each) => !alongside.includes(each.bdf));
  if (obstacles.length === 0) return;
  const names = obstacles.map((each) => `${each.bdf} (${each.id}, driver ${each.driver})`);
  throw new VfioRefusal(
    'group-not-viable',
    `${fn.bdf} shares IOMMU group ${fn.group} with ${names.join(', ')}, which the kernel uses: ` +
      'all of a group are had together or not at all. Bind them too, or put the disk into another slot',
  );
}
