import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The file beside a disk image that keeps what the image has no place for: which blocks cannot be read. `disk.img` has `disk.img.marks`,
 * once a guest has marked a block; without that file every block of the image can be read.
 */
export class MarksFile {
  private readonly path: string;

  /** @param image - path of the disk image */
  constructor(image: string) {
    this.path = `${image}.marks`;
  }

  /** What was saved last, undefined when nothing was. @throws Error naming the file */
  load(): Uint8Array | undefined {
    try {
      return readFileSync(this.path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new Error(`${this.path}: expected a file that can be read: ${(cause as Error).message}`, { cause });
    }
  }

  /** Replaces what was saved: all of the new or all of the old is there, whenever the power is lost. @throws Error */
  save(marks: Uint8Array): void {
    const fresh = `${this.path}.new`;
    const file = openSync(fresh, 'w', 0o644);
    try {
      writeFileSync(file, marks);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, this.path);
    // The new name is in the folder, which has a cache of its own.
    const folder = openSync(dirname(this.path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}
