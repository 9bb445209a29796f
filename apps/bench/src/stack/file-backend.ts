import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** A file as a medium of the controller model: the calls it makes, done with Node's synchronous file functions. */
export class NodeFileBackend {
  private constructor(
    private readonly fd: number,
    /** size in bytes */
    readonly bytes: number,
  ) {}

  /**
   * Opens a file for reading and writing. A file that is not there is made, `bytes` long and all zeroes; one that is there is taken as it
   * is, and has to be at least that long.
   *
   * @param bytes - bytes wanted; absent: all that an existing file has
   * @throws Error naming the file, what was expected and what was found
   */
  static open(path: string, bytes: number | undefined): NodeFileBackend {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
    } catch (cause) {
      throw new Error(
        `--media file:${path}: expected a file that can be read and written: ${(cause as Error).message}`,
        { cause },
      );
    }
    try {
      return new NodeFileBackend(fd, settleSize(fd, path, bytes));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Reads into `bytes` from a byte offset; gives how many came. */
  readSync(bytes: Uint8Array, fileOffset: number): number {
    return readSync(this.fd, bytes, 0, bytes.length, fileOffset);
  }

  /** Writes `bytes` at a byte offset; gives how many went. */
  writeSync(bytes: Uint8Array, fileOffset: number): number {
    return writeSync(this.fd, bytes, 0, bytes.length, fileOffset);
  }

  /** Makes durable what was written. */
  flushSync(): void {
    fsyncSync(this.fd);
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.fd);
  }
}

function settleSize(fd: number, path: string, bytes: number | undefined): number {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new Error(`--media file:${path}: expected a regular file, found something else`);
  if (stat.size === 0) {
    if (bytes === undefined)
      throw new Error(`--media file:${path}: expected --media-size for a file that is new or empty`);
    ftruncateSync(fd, bytes);
    return bytes;
  }
  if (bytes !== undefined && stat.size < bytes) {
    throw new Error(`--media file:${path}: expected a file of at least ${bytes} bytes, found ${stat.size}`);
  }
  return bytes ?? stat.size;
}
