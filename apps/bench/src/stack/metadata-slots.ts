import type { Namespace } from '@phasebit/nvme';
import type { DmaSpace } from '@phasebit/pcie';

/** Each begins at a multiple of this, so that no two share a cache line. */
const SLOT_ALIGN_BYTES = 64;

/**
 * The memory that a target moves metadata from and to: a slot for each command in flight. A command's slot is the number that its
 * submitter gives as its context.
 */
export class MetadataSlots {
  /** data bytes of a logical block */
  readonly blockBytes: number;
  /** metadata bytes of a logical block */
  readonly metadataBytes: number;
  /**
   * the bytes of a block's metadata that the controller makes and checks, as it does with protection information when it is asked to (PRACT):
   * the first of them, and how many. What the host writes there is not kept
   */
  readonly ownedFrom: number;
  /** see {@link MetadataSlots.ownedFrom}; 0 where all is the host's */
  readonly ownedBytes: number;
  /** all slots, as the processor sees them */
  readonly bytes: Uint8Array;
  private readonly start: number;
  private readonly slotBytes: number;

  /**
   * @param dma - gives the memory, which is never given back
   * @param namespace - blocks with metadata in a buffer of its own
   * @param commandBytesMax - data bytes of the largest command
   * @param slots - commands in flight
   * @param isMade - whether the controller makes protection information
   */
  constructor(dma: DmaSpace, namespace: Namespace, commandBytesMax: number, slots: number, isMade: boolean) {
    this.blockBytes = namespace.blockBytes;
    this.metadataBytes = namespace.metadataBytes;
    this.ownedBytes = isMade ? namespace.piBytes : 0;
    this.ownedFrom = namespace.piIsFirst ? 0 : namespace.metadataBytes - this.ownedBytes;
    this.slotBytes = slotBytes((commandBytesMax / namespace.blockBytes) * namespace.metadataBytes);
    const bytes = this.slotBytes * slots;
    this.start = dma.allocate(bytes);
    this.bytes = dma.bytes(this.start, bytes).fill(0);
  }

  /** Host address of a slot. */
  address(slot: number): number {
    return this.start + slot * this.slotBytes;
  }

  /** Where a slot begins in {@link MetadataSlots.bytes}. */
  offset(slot: number): number {
    return slot * this.slotBytes;
  }
}

/** Bytes of memory that a slot for so many bytes of metadata takes. */
export function slotBytes(bytes: number): number {
  return Math.ceil(bytes / SLOT_ALIGN_BYTES) * SLOT_ALIGN_BYTES;
}
