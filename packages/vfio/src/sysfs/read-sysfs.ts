import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** The text of a small file without the white space around it; undefined when it is not there or cannot be read. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** The last part of where a link leads to; undefined when there is no link. */
export function readLinkName(file: string): string | undefined {
  try {
    return path.basename(readlinkSync(file));
  } catch {
    return undefined;
  }
}

/** The names in a folder, sorted; none when it is not there. */
export function readNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
