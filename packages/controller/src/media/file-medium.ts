import { STATUS_UNRECOVERED_READ_ERROR, STATUS_WRITE_FAULT } from '@phasebit/nvme-spec';
import type { Transfer } from '../transfer.js';
import type { Medium } from './medium.js';

/** A file, or anything that is read and written at offsets; `node:fs` fits with a line per method. Any of them may throw. */
export interface FileBackend {
  /** Reads into `bytes` from `fileOffset` on. @returns bytes read; fewer than asked for is an error of the medium */
  readSync(bytes: Uint8Array, fileOffset: number): number;
  /** Writes `bytes` at `fileOffset`. @returns bytes written; fewer than asked for is an error of the medium */
  writeSync(bytes: Uint8Array, fileOffset: number): number;
  /** Makes everything written survive a loss of power: `fsync`. */
  flushSync(): void;
  /** Gives a range up, which reads as zeros from then on. Without it zeros are written. */
  deallocateSync?(fileOffset: number, bytes: number): void;
}

/** Zeros are written in pieces of this many bytes. */
const ZEROS_BYTES = 1024 * 1024;

/**
 * A medium in a file that survives the process. One call of the backend per command, through a staging buffer that grows to the
 * largest transfer seen. A flush is an `fsync`; what was written before one may be lost with the power.
 *
 * An exception or a short count of the backend becomes Unrecovered Read Error or Write Fault.
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
    try {
      if (this.backend.readSync(staged, transfer.byteOffset) !== staged.length) return STATUS_UNRECOVERED_READ_ERROR;
    } catch {
      return STATUS_UNRECOVERED_READ_ERROR;
    }
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
    try {
      return this.backend.writeSync(bytes, fileOffset) === bytes.length ? 0 : STATUS_WRITE_FAULT;
    } catch {
      return STATUS_WRITE_FAULT;
    }
  }

  private stage(bytes: number): Uint8Array {
    if (this.staging.length < bytes) this.staging = new Uint8Array(bytes);
    return this.staging.subarray(0, bytes);
  }
}
