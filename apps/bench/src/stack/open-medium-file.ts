import type { Log } from '@phasebit/core';
import { MediumFile } from '@phasebit/program';
import { ftruncateSync } from 'node:fs';

/**
 * Opens a file as a medium. A file that is not there is made, `bytes` long and all zeroes; one that is there is taken as it is, and has to
 * be at least that long.
 *
 * @param bytes - bytes wanted; absent: all that an existing file has
 * @param log - hears why the first call failed
 * @throws Error naming the file, what was expected and what was found
 */
export function openMediumFile(path: string, bytes: number | undefined, log: Log): MediumFile {
  return MediumFile.open(path, true, (fd, found) => settleSize(fd, path, found, bytes), log);
}

function settleSize(fd: number, path: string, found: number, bytes: number | undefined): number {
  if (found === 0) {
    if (bytes === undefined)
      throw new Error(`--media file:${path}: expected --media-size for a file that is new or empty`);
    makeLong(fd, path, bytes);
    return bytes;
  }
  if (bytes !== undefined && found < bytes) {
    throw new Error(`--media file:${path}: expected a file of at least ${bytes} bytes, found ${found}`);
  }
  return bytes ?? found;
}

function makeLong(fd: number, path: string, bytes: number): void {
  try {
    ftruncateSync(fd, bytes);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`--media file:${path}: expected a file that can be ${bytes} bytes long: ${why}`, { cause });
  }
}
