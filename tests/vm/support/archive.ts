import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

// File types of a mode word, as in <sys/stat.h>.
const FOLDER = 0o040000;
const REGULAR = 0o100000;
const LINK = 0o120000;

interface Entry {
  readonly mode: number;
  readonly body: () => Uint8Array;
}

/** One header: 13 numbers of 8 hexadecimal digits after the magic, the name, padding to a multiple of 4. */
function header(index: number, mode: number, bytes: number, name: string): Buffer {
  const nameBytes = Buffer.byteLength(name) + 1;
  const links = (mode & FOLDER) === FOLDER && (mode & REGULAR) !== REGULAR ? 2 : 1;
  const numbers = [index, mode, 0, 0, links, 0, bytes, 0, 0, 0, 0, nameBytes, 0];
  const text = `070701${numbers.map((value) => value.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return pad(Buffer.from(text));
}

function pad(bytes: Buffer): Buffer {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}

/**
 * A "newc" cpio archive, the form in which Linux takes its first file system (Documentation/driver-api/early-userspace/buffer-format).
 * Everything in it belongs to root and has no date, whoever builds it, so equal contents give equal bytes. Parent folders come by
 * themselves. Of two entries with one name the later one counts.
 */
export class Archive {
  readonly #entries = new Map<string, Entry>();

  has(name: string): boolean {
    return this.#entries.has(Archive.#relative(name));
  }

  folder(name: string): this {
    return this.#put(name, { mode: FOLDER | 0o755, body: () => Buffer.alloc(0) });
  }

  file(name: string, contents: string | Uint8Array, mode = 0o644): this {
    return this.#put(name, { mode: REGULAR | mode, body: () => Buffer.from(contents) });
  }

  link(name: string, target: string): this {
    return this.#put(name, { mode: LINK | 0o777, body: () => Buffer.from(target) });
  }

  /** A file of this machine, or what a link there leads to; read when the archive is written. */
  hostFile(name: string, file: string, mode?: number): this {
    const real = realpathSync(file);
    const permissions = mode ?? (lstatSync(real).mode & 0o111 ? 0o755 : 0o644);
    return this.#put(name, { mode: REGULAR | permissions, body: () => readFileSync(real) });
  }

  /** A folder of this machine with everything in it that `wanted` (given the path below the folder) accepts; links stay links. */
  hostFolder(name: string, folder: string, wanted: (file: string) => boolean = () => true): this {
    this.folder(name);
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      const below = path.relative(folder, path.join(entry.parentPath, entry.name));
      if (!wanted(below)) continue;
      if (entry.isFile()) this.hostFile(`${name}/${below}`, path.join(folder, below));
      if (entry.isSymbolicLink()) this.link(`${name}/${below}`, readlinkSync(path.join(folder, below)));
    }
    return this;
  }

  /** Writes the archive to `file`, replacing it. Sorted, so parents come before what is in them. */
  write(file: string): void {
    const output = openSync(file, 'w');
    try {
      let index = 1;
      for (const name of [...this.#entries.keys()].sort()) {
        const { mode, body } = this.#entries.get(name)!;
        const bytes = body();
        writeAll(output, header(index++, mode, bytes.length, name));
        writeAll(output, bytes);
        writeAll(output, Buffer.alloc(-bytes.length & 3));
      }
      writeAll(output, header(0, 0, 0, 'TRAILER!!!'));
    } finally {
      closeSync(output);
    }
  }

  #put(name: string, entry: Entry): this {
    const relative = Archive.#relative(name);
    const parent = path.posix.dirname(relative);
    if (parent !== '.' && !this.#entries.has(parent)) this.folder(parent);
    this.#entries.set(relative, entry);
    return this;
  }

  static #relative(name: string): string {
    return path.posix.normalize(name).replace(/^\/+/, '');
  }
}

function writeAll(output: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(output, bytes, written);
}
