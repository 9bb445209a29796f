import type { Places } from '../places.js';
import { functionFolder } from './pci-function.js';
import { readNames, readText } from './read-sysfs.js';

/** A disk of the kernel's, or a partition of one. */
export interface BlockDevice {
  /** `nvme0n1`, `nvme0n1p2` */
  readonly name: string;
  /** `259:1`, as mounts name it; undefined where sysfs does not say */
  readonly number: string | undefined;
  /** what is made of it: `dm-0`, `md127` */
  readonly holders: readonly string[];
}

const NAMESPACE = /^nvme\d+n\d+$/;
/** One path to a namespace that several controllers share; the disk is another device, the head. */
const PATH = /^nvme(\d+)c\d+n(\d+)$/;

/** What the kernel's NVMe driver says of a controller. */
export interface KernelController {
  /** `nvme0`, the name of its character device */
  readonly name: string;
  readonly model: string | undefined;
  readonly serial: string | undefined;
}

/** The controller that the kernel's driver has made of a function; undefined while another driver has it. */
export function kernelController(places: Places, bdf: string): KernelController | undefined {
  const folder = `${functionFolder(places, bdf)}/nvme`;
  const [name] = readNames(folder);
  if (name === undefined) return undefined;
  return { name, model: readText(`${folder}/${name}/model`), serial: readText(`${folder}/${name}/serial`) };
}

/**
 * The disks that the kernel has made of a function's namespaces, and their partitions. A disk that has other paths besides is among them: who
 * uses it uses this function.
 */
export function blockDevices(places: Places, bdf: string): BlockDevice[] {
  const controller = kernelController(places, bdf);
  if (controller === undefined) return [];
  const names = readNames(`${functionFolder(places, bdf)}/nvme/${controller.name}`);
  const disks = names.filter((name) => NAMESPACE.test(name));
  for (const name of names) {
    const [, subsystem, head] = PATH.exec(name) ?? [];
    if (subsystem !== undefined) disks.push(`nvme${subsystem}n${head}`);
  }
  return disks.flatMap((name) => withPartitions(places, name));
}

function withPartitions(places: Places, disk: string): BlockDevice[] {
  const folder = `${places.sysfs}/class/block/${disk}`;
  const partitions = readNames(folder).filter((name) => readText(`${folder}/${name}/partition`) !== undefined);
  return [describe(folder, disk), ...partitions.map((name) => describe(`${folder}/${name}`, name))];
}

function describe(folder: string, name: string): BlockDevice {
  return { name, number: readText(`${folder}/dev`), holders: readNames(`${folder}/holders`) };
}

/** What a device that others are made of is called by people: the name of a device mapper table, say. */
export function holderLabel(places: Places, holder: string): string {
  const label = readText(`${places.sysfs}/class/block/${holder}/dm/name`);
  return label === undefined ? holder : `${holder} (${label})`;
}
