import { type Log, silentLog } from '@phasebit/core';
import { STATUS_DNR, STATUS_UNRECOVERED_READ_ERROR, STATUS_WRITE_FAULT } from '@phasebit/nvme-spec';
import type { Transfer } from '../transfer.js';
import type { Medium } from './medium.js';

/** A file, or anything that is read and written at offsets; `node:fs` fits with a line per method. Any of them may throw. */
export interface FileBackend {
  /** Reads into `bytes` from `fileOffset` on. @returns bytes read; after fewer than asked for the rest is asked for, and 0 is an error */
  readSync(bytes: Uint8Array, fileOffset: number): number;
  /** Writes `bytes` at `fileOffset`. @returns bytes written; after fewer than asked for the rest is written, and 0 is an error */
  writeSync(bytes: Uint8Array, fileOffset: number): number;
  /** Makes everything written survive a loss of power: `fsync`. After it has thrown once it is not called again. */
  flushSync(): void;
  /** Gives a range up, which reads as zeros from then on, in another process too: a hole. Without it zeros are written. */
  deallocateSync?(fileOffset: number, bytes: number): void;
  /**
   * Keeps some bytes beside the file, in place of those that were kept before, and makes them survive a loss of power: a second file that is
   * written anew, `fsync`ed, and renamed. Without it marks of blocks are forgotten; see `Medium.saveMarks`.
   */
  saveMarksSync?(marks: Uint8Array): void;
  /** What {@link FileBackend.saveMarksSync} has kept, undefined for nothing. */
  loadMarksSync?(): Uint8Array | undefined;
}

/** What a {@link FileMedium} may be told besides its file. */
export interface FileMediumOptions {
  /** where failures of the backend are said, the first of each kind; default nowhere */
  readonly log?: Log;
}

/** What the backend was asked for when it failed. */
type FileCall = 'read' | 'write' | 'flush' | 'deallocate' | 'save';

/** Zeros are written in pieces of this many bytes. */
const ZEROS_BYTES = 1024 * 1024;
/** The medium is read only: the same command fails again. */
const READ_ONLY = STATUS_WRITE_FAULT | STATUS_DNR;

/**
 * A medium in a file that survives the process. One call of the backend per command, unless that does a part of it only, through a
 * staging buffer that grows to the largest transfer seen. A flush is an `fsync`, and so is Force Unit Access, since a file knows no
 * smaller one; what was written before may be lost with the power.
 *
 * An exception of the backend, or a count that is 0 or impossible, becomes Unrecovered Read Error or Write Fault. Of a transfer that
 * failed, any part may have happened; whether it can be done again is the file's business, so there is no DNR.
 *
 * A flush that failed is another matter. The system may have dropped the pages that it could not write and call the file clean, so that
 * the next `fsync` succeeds and says nothing about what is gone, which may be data of commands that completed long ago. From the first
 * failure on the medium is read only, as a drive is that cannot write any more: whatever writes or flushes fails with Write Fault and DNR,
 * without a call of the backend, and reads go on with what the file has, which need not be what was written last. This ends with the
 * medium: check what is in the file, open it anew, and make a new medium of it.
 */
export class FileMedium implements Medium {
  /** @inheritDoc */
  readonly bytes: number;
  private readonly backend: FileBackend;
  private readonly log: Log;
  private readonly said = new Set<FileCall>();
  private staging = new Uint8Array(0);
  private zeros = new Uint8Array(0);
  private hasLostWrites = false;

  /**
   * @param backend - the file, which has its full size already
   * @param bytes - size, a positive multiple of 512
   */
  constructor(backend: FileBackend, bytes: number, options: FileMediumOptions = {}) {
    if (!(Number.isSafeInteger(bytes) && bytes > 0 && bytes % 512 === 0)) {
      throw new RangeError(`bytes: expected a positive multiple of 512, got ${bytes}`);
    }
    this.backend = backend;
    this.bytes = bytes;
    this.log = options.log ?? silentLog;
  }

  /** @inheritDoc */
  get isReadOnly(): boolean {
    return this.hasLostWrites;
  }

  /** @inheritDoc */
  read(transfer: Transfer): number {
    const staged = this.stage(transfer.bytes);
    if (!this.isDone(staged, transfer.byteOffset, 'read')) return STATUS_UNRECOVERED_READ_ERROR;
    transfer.scatter(staged, 0);
    return 0;
  }

  /** @inheritDoc */
  write(transfer: Transfer): number {
    if (this.hasLostWrites) return READ_ONLY;
    const staged = this.stage(transfer.bytes);
    transfer.gather(staged, 0);
    return this.put(staged, transfer.byteOffset);
  }

  /** @inheritDoc */
  zero(transfer: Transfer): number {
    if (this.hasLostWrites) return READ_ONLY;
    if (this.zeros.length === 0) this.zeros = new Uint8Array(ZEROS_BYTES);
    const { byteOffset, bytes } = transfer;
    for (let done = 0; done < bytes; done += ZEROS_BYTES) {
      const status = this.put(this.zeros.subarray(0, Math.min(ZEROS_BYTES, bytes - done)), byteOffset + done);
      if (status !== 0) return status;
    }
    return 0;
  }

  /** @inheritDoc */
  deallocate(transfer: Transfer): number {
    if (this.backend.deallocateSync === undefined) return this.zero(transfer);
    if (this.hasLostWrites) return READ_ONLY;
    const { byteOffset, bytes } = transfer;
    try {
      this.backend.deallocateSync(byteOffset, bytes);
      return 0;
    } catch (cause) {
      this.say('deallocate', `${bytes} bytes at ${byteOffset}: ${String(cause)}`);
      return STATUS_WRITE_FAULT;
    }
  }

  /** @inheritDoc */
  flush(): number {
    if (this.hasLostWrites) return READ_ONLY;
    try {
      this.backend.flushSync();
      return 0;
    } catch (cause) {
      this.hasLostWrites = true;
      this.say('flush', `${String(cause)}; what was written since the last flush may be gone, and it is read only now`);
      return READ_ONLY;
    }
  }

  /** @inheritDoc */
  saveMarks(marks: Uint8Array): number {
    if (this.hasLostWrites) return READ_ONLY;
    try {
      this.backend.saveMarksSync?.(marks);
      return 0;
    } catch (cause) {
      // What was kept before is there, and the next flush tries again.
      this.say('save', `marks of blocks: ${String(cause)}`);
      return STATUS_WRITE_FAULT;
    }
  }

  /** @inheritDoc */
  loadMarks(): Uint8Array | undefined {
    return this.backend.loadMarksSync?.();
  }

  private put(bytes: Uint8Array, fileOffset: number): number {
    return this.isDone(bytes, fileOffset, 'write') ? 0 : STATUS_WRITE_FAULT;
  }

  /** Reads or writes until all of it is done. @returns false when the backend fails, or does nothing, or counts wrong */
  private isDone(bytes: Uint8Array, fileOffset: number, call: 'read' | 'write'): boolean {
    const { backend } = this;
    let done = 0;
    try {
      while (done < bytes.length) {
        const rest = done === 0 ? bytes : bytes.subarray(done);
        const at = fileOffset + done;
        const count = call === 'write' ? backend.writeSync(rest, at) : backend.readSync(rest, at);
        if (!(Number.isInteger(count) && count > 0 && count <= rest.length)) {
          this.say(call, `${rest.length} bytes at ${at}: the backend counts ${count}`);
          return false;
        }
        done += count;
      }
    } catch (cause) {
      this.say(call, `${bytes.length} bytes at ${fileOffset}, of which ${done} are done: ${String(cause)}`);
      return false;
    }
    return true;
  }

  /** Says the first failure of a kind: a file that has failed once may do so with every command. */
  private say(call: FileCall, what: string): void {
    if (this.said.has(call)) return;
    this.said.add(call);
    this.log.warn(`file medium: ${call} failed, ${what}`);
  }

  private stage(bytes: number): Uint8Array {
    if (this.staging.length < bytes) this.staging = new Uint8Array(bytes);
    return this.staging.subarray(0, bytes);
  }
}
