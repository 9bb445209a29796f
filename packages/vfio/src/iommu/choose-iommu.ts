import { accessSync, constants } from 'node:fs';
import type { Kernel } from '../kernel.js';
import type { Places } from '../places.js';
import { GroupIommu } from './group-iommu.js';
import type { AttachRequest, Iommu, IommuKind } from './iommu.js';
import { IommufdIommu } from './iommufd-iommu.js';

/**
 * Opens the kernel's interface to the IOMMU: `/dev/iommu` where it is there, the device has a character device of its own, and this user
 * may open both, or the kernel has nothing else; else the container of groups, which nearly every kernel has.
 *
 * @throws VfioRefusal when it cannot be had
 */
export function openIommu(kind: IommuKind | 'auto', kernel: Kernel, places: Places, request: AttachRequest): Iommu {
  const chosen = kind === 'auto' ? chooseKind(places, request) : kind;
  return chosen === 'iommufd' ? new IommufdIommu(kernel, places) : new GroupIommu(kernel, places);
}

function chooseKind(places: Places, request: AttachRequest): IommuKind {
  if (request.cdev === undefined) return 'group';
  const files = [`${places.dev}/iommu`, `${places.dev}/vfio/devices/${request.cdev}`];
  const isOnly = !isAccessible(`${places.dev}/vfio/vfio`, constants.F_OK);
  return isOnly || files.every((file) => isAccessible(file, constants.R_OK | constants.W_OK)) ? 'iommufd' : 'group';
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
