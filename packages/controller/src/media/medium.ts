import type { Transfer } from '../transfer.js';

/** What was done, for {@link Medium.dueNs}: data was read. */
export const MEDIUM_READ = 0;
/** What was done, for {@link Medium.dueNs}: data, or zeros, were written. */
export const MEDIUM_WRITE = 1;
/** What was done, for {@link Medium.dueNs}: a range was given up. */
export const MEDIUM_DEALLOCATE = 2;
/** What was done, for {@link Medium.dueNs}: what was written to the range was made to last; for a flush that is the whole medium. */
export const MEDIUM_FLUSH = 3;

/**
 * What keeps the data of namespaces. Synchronous: when a method returns, it is done. Each gives 0, or the status that the command
 * fails with (`STATUS_*` of `@phasebit/nvme-spec`, with `STATUS_DNR` where a retry would fail the same way).
 *
 * A medium knows nothing of controllers, so that one medium can serve the namespaces of several. The range of a transfer lies
 * inside the medium. Its offset and length are multiples of 512 for data, and of 4 for the metadata that some namespaces keep behind it.
 */
export interface Medium {
  /** size in bytes, a multiple of 512 */
  readonly bytes: number;
  /** Whether it has failed so that nothing can be written to it any more; it is not asked for on the I/O path. SMART warns of it. */
  readonly isReadOnly?: boolean;
  /**
   * Bytes up to which a write survives a loss of power as a whole or not at all, wherever it begins; Identify tells the host (NAWUPF). It
   * does not change. A medium without it, or with less than a logical block, promises one block, which is the least that there is.
   */
  readonly atomicBytes?: number;
  /** Fills the pieces of the transfer from the medium. */
  read(transfer: Transfer): number;
  /** Stores the pieces of the transfer. They may stay in a volatile cache until {@link Medium.flush}. */
  write(transfer: Transfer): number;
  /** Makes the range read as zeros; the transfer has no pieces. */
  zero(transfer: Transfer): number;
  /** Gives up the range, which reads as zeros from now on; the transfer has no pieces. */
  deallocate(transfer: Transfer): number;
  /** Makes everything written so far survive a loss of power. */
  flush(): number;
  /** Makes what was written to a range survive one, for Force Unit Access. A medium without it is flushed instead. */
  persist?(byteOffset: number, bytes: number): number;
  /**
   * Keeps what a namespace knows of its blocks beside their data, in place of what was kept before: which of them cannot be read (Write
   * Uncorrectable), and which are allocated. All of it or none is there after a loss of power. Called when the data has been flushed, if
   * something has changed. A medium without it forgets that with the process: every block can be read again.
   */
  saveMarks?(marks: Uint8Array): number;
  /** What {@link Medium.saveMarks} was given last, undefined for nothing. Asked for when a namespace is made. @throws Error */
  loadMarks?(): Uint8Array | undefined;
  /**
   * Says that what is written, zeroed or given up next is the metadata of blocks: to a loss of power, a block and its metadata are one.
   *
   * @param dataOffset - first byte on the medium of the data of the first of these blocks, which was written before
   * @param blockBytes - data bytes of a block
   * @param metadataBytes - metadata bytes of a block
   */
  joinMetadata?(dataOffset: number, blockBytes: number, metadataBytes: number): void;
  /** Says that the data that is written next is more of the write before: to a loss of power the two are one. */
  joinWrite?(): void;
  /**
   * Power was lost, and is back: what a volatile cache held is gone, or not, as the seed says.
   *
   * @param seed - an integer; the same one does the same to the same writes
   * @param blockBytes - data bytes of a logical block, which a loss of power never tears
   */
  losePower?(seed: number, blockBytes: number): void;
  /**
   * For a medium that takes time: asked once for each thing that was done, after it was done and in that order, it says when that is
   * over, nanoseconds of the clock that the controllers have. Their command completes no earlier. A medium without it takes no time.
   *
   * @param what - MEDIUM_READ, MEDIUM_WRITE, MEDIUM_DEALLOCATE or MEDIUM_FLUSH
   * @param byteOffset - first byte on the medium
   * @param bytes - bytes on the medium
   */
  dueNs?(what: number, byteOffset: number, bytes: number): number;
}
