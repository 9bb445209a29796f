import type { Log } from '@phasebit/core';
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * A file as a medium of the controller model: the calls it makes, done with Node's synchronous file functions. To a host every failure
 * is a Write Fault or an Unrecovered Read Error, so the log is told of the first, with the reason that the system gives.
 */
export class NodeFileBackend {
  private hasFailed = false;

  private constructor(
    private readonly fd: number,
    private readonly path: string,
    private readonly log: Log,
    /** size in bytes */
    readonly bytes: number,
  ) {}

  /**
   * Opens a file for reading and writing. A file that is not there is made, `bytes` long and all zeroes; one that is there is taken as it
   * is, and has to be at least that long.
   *
   * @param bytes - bytes wanted; absent: all that an existing file has
   * @param log - hears why the first call failed
   * @throws Error naming the file, what was expected and what was found
   */
  static open(path: string, bytes: number | undefined, log: Log): NodeFileBackend {
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
      return new NodeFileBackend(fd, path, log, settleSize(fd, path, bytes));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Reads into `bytes` from a byte offset; gives how many came. */
  readSync(bytes: Uint8Array, fileOffset: number): number {
    try {
      return readSync(this.fd, bytes, 0, bytes.length, fileOffset);
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** Writes `bytes` at a byte offset; gives how many went. */
  writeSync(bytes: Uint8Array, fileOffset: number): number {
    try {
      return writeSync(this.fd, bytes, 0, bytes.length, fileOffset);
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** Makes durable what was written. */
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

  /** Closes the file. */
  close(): void {
    closeSync(this.fd);
  }

  private failed(error: unknown): Error {
    const reason = error as Error;
    if (!this.hasFailed) this.log.warn(`--media file:${this.path}: ${reason.message}`);
    this.hasFailed = true;
    return reason;
  }
}

function settleSize(fd: number, path: string, bytes: number | undefined): number {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new Error(`--media file:${path}: expected a regular file, found something else`);
  if (stat.size === 0) {
    if (bytes === undefined)
      throw new Error(`--media file:${path}: expected --media-size for a file that is new or empty`);
    makeLong(fd, path, bytes);
    return bytes;
  }
  if (bytes !== undefined && stat.size < bytes) {
    throw new Error(`--media file:${path}: expected a file of at least ${bytes} bytes, found ${stat.size}`);
  }
  return bytes ?? stat.size;
}

function makeLong(fd: number, path: string, bytes: number): void {
  try {
    ftruncateSync(fd, bytes);
  } catch (cause) {
    throw new Error(
      `--media file:${path}: expected a file that can be ${bytes} bytes long: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}
