import { STATUS_UNRECOVERED_READ_ERROR, STATUS_WRITE_FAULT } from '@phasebit/nvme-spec';
import type { Transfer } from '../transfer.js';
import type { Medium } from './medium.js';

/** A file, or anything that is read and written at offsets; `node:fs` fits with a line per method. Any of them may throw. */
export interface FileBackend {
  /** Reads into `bytes` from `fileOffset` on. @returns bytes read; after fewer than asked for the rest is asked for, and 0 is an error */
  readSync(bytes: Uint8Array, fileOffset: number): number;
  /** Writes `bytes` at `fileOffset`. @returns bytes written; after fewer than asked for the rest is written, and 0 is an error */
  writeSync(bytes: Uint8Array, fileOffset: number): number;
  /** Makes everything written survive a loss of power: `fsync`. */
  flushSync(): void;
  /** Gives a range up, which reads as zeros from then on. Without it zeros are written. */
  deallocateSync?(fileOffset: number, bytes: number): void;
}

/** Zeros are written in pieces of this many bytes. */
const ZEROS_BYTES = 1024 * 1024;

/**
 * A medium in a file that survives the process. One call of the backend per command, unless that does a part of it only, through a
 * staging buffer that grows to the largest transfer seen. A flush is an `fsync`, and so is Force Unit Access, since a file knows no
 * smaller one; what was written before may be lost with the power.
 *
 * An exception of the backend, or a count that is 0 or impossible, becomes Unrecovered Read Error or Write Fault. Of a transfer that
 * failed, any part may have happened.
 */
export class FileMedium implements Medium {
  /** @inheritDoc */
  readonly bytes: number;
  private readonly backend: FileBackend;
  private staging = new Uint8Array(0);
  private zeros = new Uint8Array(0);

  /**
   * @param backend - the file, which has its full size already
   * @param bytes - size, a positive multiple of 512
   */
  constructor(backend: FileBackend, bytes: number) {
    if (!(Number.isSafeInteger(bytes) && bytes > 0 && bytes % 512 === 0)) {
      throw new RangeError(`bytes: expected a positive multiple of 512, got ${bytes}`);
    }
    this.backend = backend;
    this.bytes = bytes;
  }

  /** @inheritDoc */
  read(transfer: Transfer): number {
    const staged = this.stage(transfer.bytes);
    if (!this.isDone(staged, transfer.byteOffset, false)) return STATUS_UNRECOVERED_READ_ERROR;
    transfer.scatter(staged, 0);
    return 0;
  }

  /** @inheritDoc */
  write(transfer: Transfer): number {
    const staged = this.stage(transfer.bytes);
    transfer.gather(staged, 0);
    return this.put(staged, transfer.byteOffset);
  }

  /** @inheritDoc */
  zero(transfer: Transfer): number {
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
    try {
      this.backend.deallocateSync(transfer.byteOffset, transfer.bytes);
      return 0;
    } catch {
      return STATUS_WRITE_FAULT;
    }
  }

  /** @inheritDoc */
  flush(): number {
    try {
      this.backend.flushSync();
      return 0;
    } catch {
      return STATUS_WRITE_FAULT;
    }
  }

  private put(bytes: Uint8Array, fileOffset: number): number {
    return this.isDone(bytes, fileOffset, true) ? 0 : STATUS_WRITE_FAULT;
  }

  /** Reads or writes until all of it is done. @returns false when the backend fails, or does nothing, or counts wrong */
  private isDone(bytes: Uint8Array, fileOffset: number, isWrite: boolean): boolean {
    const { backend } = this;
    let done = 0;
    try {
      while (done < bytes.length) {
        const rest = done === 0 ? bytes : bytes.subarray(done);
        const at = fileOffset + done;
        const count = isWrite ? backend.writeSync(rest, at) : backend.readSync(rest, at);
        if (!(Number.isInteger(count) && count > 0 && count <= rest.length)) return false;
        done += count;
      }
    } catch {
      return false;
    }
    return true;
  }

  private stage(bytes: number): Uint8Array {
    if (this.staging.length < bytes) this.staging = new Uint8Array(bytes);
    return this.staging.subarray(0, bytes);
  }
}
