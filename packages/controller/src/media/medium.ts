import type { Transfer } from '../transfer.js';

/**
 * What keeps the data of namespaces. Synchronous: when a method returns, it is done. Each gives 0, or the status that the command
 * fails with (`STATUS_*` of `@phasebit/nvme-spec`, with `STATUS_DNR` where a retry would fail the same way).
 *
 * A medium knows nothing of controllers, so that one medium can serve the namespaces of several. The range of a transfer lies
 * inside the medium, and its offset and length are multiples of 512.
 */
export interface Medium {
  /** size in bytes, a multiple of 512 */
  readonly bytes: number;
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
}
