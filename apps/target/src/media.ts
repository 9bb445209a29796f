import { type FileBackend, FileMedium, type Medium, NullMedium, RamMedium } from '@phasebit/controller';
import type { Log } from '@phasebit/core';
import { PAGE_BYTES } from '@phasebit/pcie';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { MarksFile } from './marks-file.js';
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

/**
 * Opens a medium.
 *
 * @param log - hears why a file failed first: to a guest every failure is a Write Fault or an Unrecovered Read Error
 * @throws Error naming the file, what was expected of it and what is wrong
 */
export function openMedium(choice: MediaChoice, log: Log): OpenMedium {
  if (choice.kind === 'file') return openFile(choice.path, log);
  const medium = choice.kind === 'ram' ? new RamMedium({ bytes: choice.bytes }) : new NullMedium(choice.bytes);
  return { medium, close: () => undefined };
}

function openFile(path: string, log: Log): OpenMedium {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (cause) {
    const why = (cause as Error).message;
    throw new Error(`--media file:${path}: expected a file that can be read and written: ${why}`, { cause });
  }
  try {
    return { medium: fileMedium(fd, path, log), close: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function fileMedium(fd: number, path: string, log: Log): Medium {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new Error(`--media file:${path}: expected a regular file, found something else`);
  if (stat.size === 0 || stat.size % PAGE_BYTES !== 0) {
    throw new Error(
      `--media file:${path}: expected a size that is a multiple of ${PAGE_BYTES} bytes, found ${stat.size}; ` +
        `\`truncate -s 64M ${path}\` makes one`,
    );
  }
  return new FileMedium(new LoggedFile(fd, path, log), stat.size);
}

/** The calls that a medium makes of a file; the log hears why the first of them failed. */
class LoggedFile implements FileBackend {
  private hasFailed = false;
  private readonly marks: MarksFile;

  constructor(
    private readonly fd: number,
    private readonly path: string,
    private readonly log: Log,
  ) {
    this.marks = new MarksFile(path);
  }

  readSync(bytes: Uint8Array, offset: number): number {
    try {
      return readSync(this.fd, bytes, 0, bytes.length, offset);
    } catch (error) {
      throw this.failed(error);
    }
  }

  writeSync(bytes: Uint8Array, offset: number): number {
    try {
      return writeSync(this.fd, bytes, 0, bytes.length, offset);
    } catch (error) {
      throw this.failed(error);
    }
  }

  flushSync(): void {
    try {
      fsyncSync(this.fd);
    } catch (error) {
      const reason = this.failed(error);
      this.log.warn(
        `--media file:${this.path}: read only from now on, and what was written since the last flush may be gone`,
      );
      throw reason;
    }
  }

  saveMarksSync(marks: Uint8Array): void {
    try {
      this.marks.save(marks);
    } catch (error) {
      throw this.failed(error);
    }
  }

  loadMarksSync(): Uint8Array | undefined {
    return this.marks.load();
  }

  private failed(error: unknown): Error {
    const reason = error as Error;
    if (!this.hasFailed) this.log.warn(`--media file:${this.path}: ${reason.message}`);
    this.hasFailed = true;
    return reason;
  }
}
