import { existsSync } from 'node:fs';
import { parseBdf } from '../bdf.js';
import type { Places } from '../places.js';
import { VfioRefusal } from '../refusal.js';
import { readLinkName, readNames, readText } from './read-sysfs.js';

/** Class of PCI functions: mass storage, non-volatile memory, NVM Express I/O controller. */
const CLASS_NVME = '0x010802';

/** The driver of VFIO for PCI functions. Vendors' variants of it have names of their own. */
export const VFIO_DRIVER = 'vfio-pci';

/** What sysfs says of a PCI function. */
export interface PciFunction {
  /** its address, `0000:01:00.0` */
  readonly bdf: string;
  /** class code as in sysfs, `0x010802` */
  readonly classCode: string;
  /** `1b36:0010` */
  readonly id: string;
  /** the driver that has it; undefined for none */
  readonly driver: string | undefined;
  /** the driver that alone may have it; undefined when any may */
  readonly driverOverride: string | undefined;
  /** number of its IOMMU group; undefined without an IOMMU */
  readonly group: number | undefined;
  /** whether the group is one of VFIO's mode without an IOMMU */
  readonly isNoIommu: boolean;
  /** name of its character device below `/dev/vfio/devices` */
  readonly cdev: string | undefined;
}

/** Whether a function is an NVMe controller for I/O. */
export function isNvme(fn: PciFunction): boolean {
  return fn.classCode === CLASS_NVME;
}

/** Where sysfs has a function. */
export function functionFolder(places: Places, bdf: string): string {
  return `${places.sysfs}/bus/pci/devices/${bdf}`;
}

/** The addresses of all PCI functions. */
export function pciAddresses(places: Places): string[] {
  return readNames(`${places.sysfs}/bus/pci/devices`);
}

/** Reads what sysfs says of a function. @throws VfioRefusal `bad-address`, `no-device` */
export function readPciFunction(places: Places, address: string): PciFunction {
  const bdf = parseBdf(address);
  const folder = functionFolder(places, bdf);
  if (!existsSync(folder)) {
    throw new VfioRefusal(
      'no-device',
      `there is no PCI function ${bdf}: 'phasebit-vfio list' shows those that are NVMe controllers`,
    );
  }
  const override = readText(`${folder}/driver_override`);
  const group = readLinkName(`${folder}/iommu_group`);
  return {
    bdf,
    classCode: readText(`${folder}/class`) ?? 'unknown',
    id: `${hex4(readText(`${folder}/vendor`))}:${hex4(readText(`${folder}/device`))}`,
    driver: readLinkName(`${folder}/driver`),
    driverOverride: override === '' || override === '(null)' ? undefined : override,
    group: group === undefined ? undefined : Number(group),
    isNoIommu: readText(`${folder}/iommu_group/name`) === 'vfio-noiommu',
    cdev: readNames(`${folder}/vfio-dev`)[0],
  };
}

function hex4(text: string | undefined): string {
  return text?.replace(/^0x/, '') ?? '????';
}

/** Reads what sysfs says of an NVMe controller. @throws VfioRefusal `bad-address`, `no-device`, `not-nvme` */
export function readNvmeFunction(places: Places, address: string): PciFunction {
  const found = readPciFunction(places, address);
  if (!isNvme(found)) {
    throw new VfioRefusal(
      'not-nvme',
      `${found.bdf} is no NVMe controller: expected class ${CLASS_NVME}, got ${found.classCode} (device ${found.id})`,
    );
  }
  return found;
}
