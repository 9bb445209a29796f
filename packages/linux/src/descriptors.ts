import { closeSync, constants, ftruncateSync, openSync } from 'node:fs';
import { libc } from './libc.js';
import { checked } from './system-call-error.js';

const MFD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;

/**
 * Opens a file or device; child processes do not inherit it.
 *
 * @param access - `r` to read, `r+` to read and write
 * @throws Error with the `code` and `path` that `fs.openSync` gives
 */
export function openDescriptor(path: string, access: 'r' | 'r+'): number {
  return openSync(path, (access === 'r' ? constants.O_RDONLY : constants.O_RDWR) | O_CLOEXEC);
}

/** Closes a descriptor, whoever made it. */
export function closeDescriptor(fd: number): void {
  closeSync(fd);
}

/**
 * Makes a file that has no name in any file system: memory that can be mapped and given to another process.
 *
 * @param name - seen in `/proc/PID/maps` only
 * @param bytes - its size, 1 or more; zeroed
 */
export function createMemFd(name: string, bytes: number): number {
  const fd = checked(libc().memfdCreate(name, MFD_CLOEXEC), 'memfd_create', name);
  try {
    ftruncateSync(fd, bytes);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  return fd;
}
