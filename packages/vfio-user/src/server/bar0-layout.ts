import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import { doorbellsBytes, PAGE_BYTES } from '@phasebit/pcie';

/** Bytes of an entry of the MSI-X table. [PCIe] */
export const MSIX_ENTRY_BYTES = 16;
/** BAR 0 has 16 KiB at least: bits 13:4 of its register are not for addresses. [PCIe transport] 3.1.1.5 */
const BAR0_BYTES_MIN = 16_384;

/**
 * What is where in BAR 0. Each part begins on a page of its own, so that doorbells can be mapped without what is beside them.
 *
 * ```text
 *   0        registers, one page
 *   1000h    doorbells
 *   table    MSI-X table, 16 bytes a vector
 *   pending  MSI-X pending bits
 * ```
 */
export interface Bar0Layout {
  /** bytes of the doorbells, whole pages; they begin at 1000h */
  readonly doorbellBytes: number;
  /** first byte of the MSI-X table */
  readonly tableOffset: number;
  /** first byte of the pending bits */
  readonly pendingOffset: number;
  /** size of the register, a power of two */
  readonly bytes: number;
}

/** Lays BAR 0 out. */
export function layOutBar0(queues: number, dstrd: number, vectors: number): Bar0Layout {
  const doorbellBytes = wholePages(doorbellsBytes(queues, dstrd));
  const tableOffset = DOORBELL_BASE + doorbellBytes;
  const pendingOffset = tableOffset + wholePages(vectors * MSIX_ENTRY_BYTES);
  const end = pendingOffset + wholePages(vectors / 8);
  return { doorbellBytes, tableOffset, pendingOffset, bytes: powerOfTwo(Math.max(end, BAR0_BYTES_MIN)) };
}

/** The smallest power of two that is not below `bytes`. */
export function powerOfTwo(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}

/** Bytes, rounded up to whole pages; one at least. */
export function wholePages(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_BYTES)) * PAGE_BYTES;
}
