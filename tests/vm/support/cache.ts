import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const UNFINISHED = '.unfinished-';
const HOUR_MS = 3_600_000;
const ABANDONED_AFTER_MS = 6 * HOUR_MS;
const OUTDATED_AFTER_MS = 24 * HOUR_MS;

/** Folder of the repository. */
export const repository: string = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** What is downloaded and built for the guests. Inside node_modules: deleting that forgets it. */
export const cacheFolder: string = path.join(repository, 'node_modules/.cache/phasebit-vm');

/** A folder of its own below the cache, for something unfinished or for one run. Left behind, a later run removes it. */
export function temporaryFolder(): string {
  mkdirSync(cacheFolder, { recursive: true });
  return mkdtempSync(path.join(cacheFolder, UNFINISHED));
}

/** Removes what interrupted runs left behind. */
export function removeAbandoned(): void {
  if (!existsSync(cacheFolder)) return;
  for (const name of readdirSync(cacheFolder).filter((entry) => entry.startsWith(UNFINISHED))) {
    const folder = path.join(cacheFolder, name);
    const modified = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - modified > ABANDONED_AFTER_MS) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The folder `name` of the cache, made by `build` if it is not there. It is built under another name and renamed, so that it is either
 * complete or absent; of two runs that build it at once, one wins and both go on.
 */
export function cached(name: string, build: (folder: string) => void): string {
  const folder = path.join(cacheFolder, name);
  if (existsSync(folder)) return folder;
  const unfinished = temporaryFolder();
  try {
    build(unfinished);
    utimesSync(unfinished, new Date(), new Date()); // unpacking may have left a date of its own
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Complete folders of the cache whose names begin with `prefix`, the newest first. */
export function cachedFolders(prefix: string): string[] {
  if (!existsSync(cacheFolder)) return [];
  return readdirSync(cacheFolder)
    .filter((name) => name.startsWith(prefix))
    .map((name) => path.join(cacheFolder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

/** Removes other folders with the prefix than `kept`, once a day has passed: another run may still be reading one. */
export function removeOutdated(prefix: string, kept: string): void {
  for (const folder of cachedFolders(prefix)) {
    if (folder !== kept && Date.now() - statSync(folder).mtimeMs > OUTDATED_AFTER_MS) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
