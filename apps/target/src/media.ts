import { FileMedium, type Medium, NullMedium, RamMedium } from '@phasebit/controller';
import { PAGE_BYTES } from '@phasebit/pcie';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { parseSize } from './values.js';

/** What keeps the data of a namespace. */
export type MediaChoice =
  { readonly kind: 'ram' | 'null'; readonly bytes: number } | { readonly kind: 'file'; readonly path: string };

/** A medium, and how to let go of it. */
export interface OpenMedium {
  readonly medium: Medium;
  close(): void;
}

/** Reads `ram:SIZE`, `null:SIZE` or `file:PATH`. @throws Error */
export function parseMedia(text: string): MediaChoice {
  const [kind = '', ...rest] = text.split(':');
  const value = rest.join(':');
  if (kind === 'file' && value !== '') return { kind, path: value };
  if ((kind !== 'ram' && kind !== 'null') || value === '') {
    throw new Error(`expected ram:SIZE, null:SIZE or file:PATH, got '${text}'`);
  }
  const bytes = parseSize(value);
  if (bytes % PAGE_BYTES !== 0) throw new Error(`expected a multiple of ${PAGE_BYTES} bytes, got '${text}'`);
  return { kind, bytes };
}

/** Opens a medium. @throws Error naming the file, what was expected of it and what is wrong */
export function openMedium(choice: MediaChoice): OpenMedium {
  if (choice.kind === 'file') return openFile(choice.path);
  const medium = choice.kind === 'ram' ? new RamMedium({ bytes: choice.bytes }) : new NullMedium(choice.bytes);
  return { medium, close: () => undefined };
}

function openFile(path: string): OpenMedium {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`--media file:${path}: expected a file that can be read and written: ${why}`, { cause });
  }
  try {
    return { medium: fileMedium(fd, path), close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function fileMedium(fd: number, path: string): Medium {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new Error(`--media file:${path}: expected a regular file, found something else`);
  if (stat.size === 0 || stat.size % PAGE_BYTES !== 0) {
    throw new Error(
      `--media file:${path}: expected a size that is a multiple of ${PAGE_BYTES} bytes, found ${stat.size}; ` +
        `\`truncate -s 64M ${path}\` makes one`,
    );
  }
  const backend = {
    readSync: (bytes: Uint8Array, offset: number) => readSync(fd, bytes, 0, bytes.length, offset),
    writeSync: (bytes: Uint8Array, offset: number) => writeSync(fd, bytes, 0, bytes.length, offset),
    flushSync: () => fsyncSync(fd),
  };
  return new FileMedium(backend, stat.size);
}
