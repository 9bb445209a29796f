/**
 * Hot path: allocates only in the constructor.
 */
import type { ScatterList } from './scatter-list.js';

/** {@link Transfer.referenceTag}: taken from the LBA, as types 1 and 2 have it; 0 with type 3. */
export const REFERENCE_TAG_FROM_LBA = -1;

/**
 * Everything a command for a range of blocks can say: the caller's own, filled in and given to `QueuePair.submitTransfer` as often as
 * wanted. All of it is read while the submission runs and nothing later, so it may be changed as soon as that returns; the memory it
 * names stays the command's until the callback.
 */
export class Transfer {
  /** first logical block */
  lba = 0;
  /** logical blocks, 1 and up */
  blocks = 0;
  /** host address of a contiguous payload; not looked at with {@link Transfer.scatter} */
  address = 0;
  /** the payload in pieces, or null for a contiguous one */
  scatter: ScatterList | null = null;
  /** host address of separate metadata, `blocks` times the namespace's `metadataBytes`; 0 for none */
  metadata = 0;
  /** separate metadata in pieces, instead of at an address: null for all in one */
  metadataScatter: ScatterList | null = null;
  /** bits of command dword 12, `RW_CDW12_*`: LR, FUA, PRACT, PRCHK, STC; DEAC of a Write Zeroes */
  flags = 0;
  /** dataset management hints of a Read or Write, `RW_DSM_*` */
  dsm = 0;
  /** type of a Write's directive: 0 none, 1 streams, 2 data placement */
  directiveType = 0;
  /** stream or placement identifier, 16 bits */
  directiveSpecific = 0;
  /** (expected) reference tag of the first block, or {@link REFERENCE_TAG_FROM_LBA}; counts up by one each block with types 1 and 2 */
  referenceTag: number = REFERENCE_TAG_FROM_LBA;
  /** (expected) storage tag, where the format has one */
  storageTag = 0;
  /** (expected) application tag, 16 bits */
  applicationTag = 0;
  /** which bits of the application tag are compared, 16 bits */
  applicationTagMask = 0;
  /** refuse what one command cannot carry instead of splitting it: for writes that have to be atomic */
  isWhole = false;

  /** Makes everything what it is in a new one. */
  clear(): void {
    this.set(0, 0, 0, 0);
    this.scatter = null;
    this.metadata = 0;
    this.metadataScatter = null;
    this.dsm = 0;
    this.directiveType = 0;
    this.directiveSpecific = 0;
    this.referenceTag = REFERENCE_TAG_FROM_LBA;
    this.storageTag = 0;
    this.applicationTag = 0;
    this.applicationTagMask = 0;
    this.isWhole = false;
  }

  /** The four fields that a plain transfer has; the others stay as they are. */
  set(address: number, lba: number, blocks: number, flags: number): void {
    this.address = address;
    this.lba = lba;
    this.blocks = blocks;
    this.flags = flags;
  }
}
