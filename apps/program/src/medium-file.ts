import type { Log } from '@phasebit/core';
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

/**
 * A file as a medium of the controller model: the calls it makes, done with Node's synchronous file functions. To a host every failure
 * is a Write Fault or an Unrecovered Read Error, so the log is told of the first, with the reason that the system gives.
 */
export class MediumFile {
  /** size in bytes */
  readonly bytes: number;
  private hasFailed = false;

  private constructor(
    private readonly fd: number,
    private readonly path: string,
    private readonly log: Log,
    settle: (fd: number, bytes: number) => number,
  ) {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error(`--media file:${path}: expected a regular file, found something else`);
    this.bytes = settle(fd, stat.size);
  }

  /**
   * Opens a file for reading and writing.
   *
   * @param mayMake - whether a file that is not there is made, with no bytes
   * @param settle - gives the size that the medium has, from what the file has; it may make the file longer, or throw
   * @param log - hears why the first call failed
   * @throws Error naming the file, what was expected and what was found
   */
  static open(path: string, mayMake: boolean, settle: (fd: number, bytes: number) => number, log: Log): MediumFile {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | (mayMake ? constants.O_CREAT : 0), 0o644);
    } catch (cause) {
      const why = (cause as Error).message;
      throw new Error(`--media file:${path}: expected a file that can be read and written: ${why}`, { cause });
    }
    try {
      return new MediumFile(fd, path, log, settle);
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

  /** What a call fails with; the first is told to the log. */
  failed(error: unknown): Error {
    const reason = error as Error;
    if (!this.hasFailed) this.log.warn(`--media file:${this.path}: ${reason.message}`);
    this.hasFailed = true;
    return reason;
  }
}
