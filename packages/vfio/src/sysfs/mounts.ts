import path from 'node:path';
import type { Places } from '../places.js';
import type { BlockDevice } from './block-devices.js';
import { readText } from './read-sysfs.js';

/** Where a block device is mounted, as far as this process sees mounts. */
export function mountPoints(places: Places, device: BlockDevice): string[] {
  return lines(`${places.proc}/self/mountinfo`).flatMap((line) => {
    const [left, right = ''] = line.split(' - ');
    const [, , number, , point = ''] = left.split(' ');
    // File systems over several devices have a number of their own; their source then names one of the devices.
    const [, source = ''] = right.split(' ');
    const isIt = number === device.number || path.basename(unescape8(source)) === device.name;
    return isIt && point !== '' ? [unescape8(point)] : [];
  });
}

/** Whether a block device is swapped to. */
export function isSwap(places: Places, device: BlockDevice): boolean {
  return lines(`${places.proc}/swaps`).some((line) => path.basename(unescape8(line.split(/\s+/)[0])) === device.name);
}

function lines(file: string): string[] {
  return readText(file)?.split('\n') ?? [];
}

/** procfs writes spaces, tabs, line ends and backslashes as `\040`. */
function unescape8(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
