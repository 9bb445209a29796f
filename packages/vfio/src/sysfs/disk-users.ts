import { closeSync, constants, openSync } from 'node:fs';
import type { Places } from '../places.js';
import { errorCode, VfioRefusal } from '../refusal.js';
import { type BlockDevice, blockDevices, holderLabel } from './block-devices.js';
import { isSwap, mountPoints } from './mounts.js';
import { processesWith } from './processes.js';

/**
 * Who uses the disks of a function, a clause each: `nvme0n1p2 is mounted at /home`. Nothing when they can be taken away.
 *
 * Mounts of other containers are not seen by name. The exclusive opening of the disk fails for them as well, and for all that the kernel has
 * made of the disk: it is tried last, and is what counts.
 */
export function diskUsers(places: Places, bdf: string): string[] {
  const devices = blockDevices(places, bdf);
  const named = devices.flatMap((device) => [
    ...mountPoints(places, device).map((point) => `${device.name} is mounted at ${point}`),
    ...(isSwap(places, device) ? [`${device.name} is swapped to`] : []),
    ...device.holders.map((holder) => `${device.name} is part of ${holderLabel(places, holder)}`),
  ]);
  if (named.length > 0) return named;
  return devices.filter((device) => isHeld(places, device)).map((device) => heldBy(places, device));
}

/** Whether somebody has a block device to himself. Without permission to look, or without the file, it is not known to be so. */
function isHeld(places: Places, device: BlockDevice): boolean {
  try {
    closeSync(openSync(`${places.dev}/${device.name}`, constants.O_RDONLY | constants.O_EXCL));
    return false;
  } catch (error) {
    return errorCode(error) === 'EBUSY';
  }
}

function heldBy(places: Places, device: BlockDevice): string {
  const processes = processesWith(places, [`${places.dev}/${device.name}`]);
  const who =
    processes.length > 0
      ? processes.join(', ')
      : 'somebody: a file system of several disks, say, or one mounted in a container';
  return `${device.name} is held exclusively by ${who}`;
}

/** Checks that nobody uses the disks of a function. @throws VfioRefusal `in-use`, naming who does */
export function requireUnused(places: Places, bdf: string): void {
  const users = diskUsers(places, bdf);
  if (users.length === 0) return;
  throw new VfioRefusal('in-use', `${bdf} is in use: ${users.join('; ')}. Nothing here takes a disk away that is used`);
}
