import { readlinkSync } from 'node:fs';
import type { Places } from '../places.js';
import { readNames, readText } from './read-sysfs.js';

/** The processes that have one of these files open, as `name (PID)`, as far as this user may look. */
export function processesWith(places: Places, files: readonly string[]): string[] {
  return readNames(places.proc)
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) =>
      readNames(`${places.proc}/${pid}/fd`).some((fd) => files.includes(target(`${places.proc}/${pid}/fd/${fd}`))),
    )
    .map((pid) => `${readText(`${places.proc}/${pid}/comm`) ?? 'process'} (${pid})`);
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
