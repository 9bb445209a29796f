import { type FileBackend, FileMedium, type Medium, NullMedium, RamMedium } from '@phasebit/controller';
import type { Log } from '@phasebit/core';
import { PAGE_BYTES } from '@phasebit/pcie';
import { MediumFile } from '@phasebit/program';
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
  const file = MediumFile.open(path, false, (_, bytes) => checkSize(path, bytes), log);
  return { medium: new FileMedium(withMarks(file, new MarksFile(path)), file.bytes), close: () => file.close() };
}

function checkSize(path: string, bytes: number): number {
  if (bytes > 0 && bytes % PAGE_BYTES === 0) return bytes;
  throw new Error(
    `--media file:${path}: expected a size that is a multiple of ${PAGE_BYTES} bytes, found ${bytes}; ` +
      `\`truncate -s 64M ${path}\` makes one`,
  );
}

/** The file, and the one beside it that keeps the marks of its blocks. */
function withMarks(file: MediumFile, marks: MarksFile): FileBackend {
  return {
    readSync: (bytes, fileOffset) => file.readSync(bytes, fileOffset),
    writeSync: (bytes, fileOffset) => file.writeSync(bytes, fileOffset),
    flushSync: () => file.flushSync(),
    loadMarksSync: () => marks.load(),
    saveMarksSync: (image) => {
      try {
        marks.save(image);
      } catch (error) {
        throw file.failed(error);
      }
    },
  };
}
