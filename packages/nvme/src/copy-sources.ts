/**
 * Hot path: allocates only in the constructor.
 */
import {
  COPY_FORMAT_0,
  COPY_FORMAT_1,
  COPY_FORMAT_2,
  COPY_FORMAT_3,
  COPY_RANGE_BYTES,
  COPY_RANGE_CEV,
  COPY_RANGE_ELBAT,
  COPY_RANGE_ELBATM,
  COPY_RANGE_ELBT,
  COPY_RANGE_EXTENDED_ELBAT,
  COPY_RANGE_EXTENDED_ELBATM,
  COPY_RANGE_EXTENDED_ELBT,
  COPY_RANGE_RPARS,
  COPY_RANGE_SLBA,
  COPY_RANGE_SNSID,
  COPY_RANGE_SOPT,
  COPY_RANGES_MAX,
  COPY_SOPT_FAST_ONLY,
  copyRangeBytes,
  NVM_COPY,
  PRINFO_PRACT,
  RW_BLOCKS_MAX,
  RW_CDW12_DTYPE_SHIFT,
  RW_CDW12_PRACT,
  RW_CDW13_DSPEC_SHIFT,
} from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { Namespace } from './namespace.js';
import { referenceOf, tagWord, writeTags } from './protection-tags.js';
import {
  REFUSED_COPY_FORMAT,
  REFUSED_COPY_NAMESPACES,
  REFUSED_COPY_STORAGE_TAG,
  REFUSED_RANGE_BLOCKS,
  REFUSED_RANGES,
  REFUSED_RANGES_BLOCKS,
  type Refusal,
} from './refusal.js';
import { REFERENCE_TAG_FROM_LBA, type Transfer } from './transfer.js';

const U32_RANGE = 0x1_0000_0000;
const DESFMT_SHIFT = 8;
const PRINFOR_SHIFT = 12;
const PRCHK_MASK = 7;
const STCR = 1 << 25;
const SHORT_GUARD_BITS = 16;

/**
 * Source ranges of a Copy: the caller's own, in DMA memory, since the device fetches them when it likes. Not to be changed between the
 * submission and its callback. The fields with tags and options are written into each range that is added after they were set.
 *
 * Ranges within the destination's namespace have format 0h or 1h. Those of formats 2h and 3h name their namespaces, which may be others,
 * formatted alike; the controller has to offer the format (CDFS), and the driver enables it when it brings the controller up. [NVM] 3.3.2
 */
export class CopySources {
  /** host address of the first range */
  readonly address: number;
  /** format of the ranges, 0 to 3, as the protection information of the namespaces needs it */
  readonly format: number;
  /** ranges in use */
  count = 0;
  /** what is checked when the sources are read, `PRINFO_PRCHK_*` */
  checks = 0;
  /** expected reference tag of a range's first block, or REFERENCE_TAG_FROM_LBA */
  referenceTag: number = REFERENCE_TAG_FROM_LBA;
  /** expected storage tag, where the format has one */
  storageTag = 0;
  /** expected application tag, 16 bits */
  applicationTag = 0;
  /** which bits of the application tag are compared, 16 bits */
  applicationTagMask = 0;
  /** whether storage tags are checked when the sources are read, STCR; all ranges alike */
  checksStorageTag = false;
  /** whether a range fails rather than be copied in another than the fast way; formats 2h and 3h only */
  fastOnly = false;
  private readonly view: DataView;
  private readonly dma: DmaSpace;
  /** where ranges are if nothing else is said, and what all others have to be formatted like */
  private readonly source: Namespace;
  private readonly namesNamespaces: boolean;
  private readonly capacity: number;
  private readonly rangeBytes: number;
  private blocks = 0;
  private blocksMost = 0;
  private sourceBlocksLeast = RW_BLOCKS_MAX;

  /**
   * @param namespace - where it is copied to
   * @param capacity - most ranges, 1 to 256; they take 32 or 40 bytes each
   * @param source - where it is copied from, for ranges that name their namespace; default is the destination, without naming it
   */
  constructor(dma: DmaSpace, namespace: Namespace, capacity: number, source?: Namespace) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= COPY_RANGES_MAX)) {
      throw new RangeError(`capacity: expected 1 to ${COPY_RANGES_MAX}, got ${capacity}`);
    }
    this.dma = dma;
    this.source = source ?? namespace;
    this.namesNamespaces = source !== undefined;
    this.capacity = capacity;
    const isShort = Math.max(namespace.guardBits, this.source.guardBits) <= SHORT_GUARD_BITS;
    if (this.namesNamespaces) this.format = isShort ? COPY_FORMAT_2 : COPY_FORMAT_3;
    else this.format = isShort ? COPY_FORMAT_0 : COPY_FORMAT_1;
    this.rangeBytes = copyRangeBytes(this.format);
    this.address = dma.allocate(capacity * this.rangeBytes);
    const bytes = dma.bytes(this.address, capacity * this.rangeBytes);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether the sources have protection information. */
  get isProtected(): boolean {
    return this.source.piType !== 0;
  }

  /** Bytes of the ranges in use. */
  get bytes(): number {
    return this.count * this.rangeBytes;
  }

  /** Forgets all ranges; what is said about tags stays. */
  clear(): void {
    this.count = 0;
    this.blocks = 0;
    this.blocksMost = 0;
    this.sourceBlocksLeast = RW_BLOCKS_MAX;
  }

  /**
   * Appends a range of 1 to 65,536 blocks.
   *
   * @param source - its namespace, where ranges name theirs; default is the constructor's
   * @throws RangeError when there is no room, the range is none, or the namespace cannot be among the sources
   */
  add(lba: number, blocks: number, source: Namespace = this.source): void {
    const { count, view } = this;
    if (count === this.capacity) failFull(count);
    const isRange = Number.isSafeInteger(lba) && lba >= 0 && Number.isInteger(blocks) && blocks >= 1;
    if (!isRange || blocks > RW_BLOCKS_MAX) failRange(lba, blocks);
    if (source !== this.source && !(this.namesNamespaces && isFormattedLike(source, this.source))) {
      failSource(source, this.source, this.namesNamespaces);
    }
    const at = count * this.rangeBytes;
    for (let i = 0; i < this.rangeBytes; i += 4) view.setUint32(at + i, 0, true);
    view.setUint32(at + COPY_RANGE_SLBA, lba % U32_RANGE, true);
    view.setUint32(at + COPY_RANGE_SLBA + 4, Math.floor(lba / U32_RANGE), true);
    view.setUint32(at + COPY_RANGE_RPARS, blocks - 1, true);
    view.setUint16(at + COPY_RANGE_CEV, 0, true);
    if (this.namesNamespaces) {
      view.setUint32(at + COPY_RANGE_SNSID, source.nsid, true);
      view.setUint16(at + COPY_RANGE_SOPT, this.fastOnly ? COPY_SOPT_FAST_ONLY : 0, true);
      const { copyRangeBlocksMax } = source.limits;
      if (copyRangeBlocksMax < this.sourceBlocksLeast) this.sourceBlocksLeast = copyRangeBlocksMax;
    }
    if (source.piType !== 0) this.addTags(at, lba, source);
    this.count = count + 1;
    this.blocks += blocks;
    if (blocks > this.blocksMost) this.blocksMost = blocks;
  }

  /** Gives the memory back. */
  free(): void {
    this.dma.free(this.address);
  }

  /**
   * Whether they can be copied to this namespace and are within its limits; notes a refusal if not.
   *
   * @param flags - upper bits of dword 12, for the write
   * @internal
   */
  check(namespace: Namespace, flags: number, refusal: Refusal): boolean {
    const { count, blocks, blocksMost, format, source } = this;
    const { copyRangesMax, copyBlocksMax, copyFormats } = namespace.limits;
    const copyRangeBlocksMax = Math.min(namespace.limits.copyRangeBlocksMax, this.sourceBlocksLeast);
    if (((copyFormats >>> format) & 1) === 0) refusal.note(REFUSED_COPY_FORMAT, copyFormats, format);
    else if (!isCopyable(source, namespace, flags)) refusal.note(REFUSED_COPY_NAMESPACES, source.nsid, namespace.nsid);
    else if (count < 1 || count > copyRangesMax) refusal.note(REFUSED_RANGES, count, copyRangesMax);
    else if (blocksMost > copyRangeBlocksMax) refusal.note(REFUSED_RANGE_BLOCKS, blocksMost, copyRangeBlocksMax);
    else if (blocks > copyBlocksMax) refusal.note(REFUSED_RANGES_BLOCKS, blocks, copyBlocksMax);
    else if (this.checksStorageTag && !(source.limits.copyChecksStorageTag && source.storageTagBits !== 0))
      refusal.note(REFUSED_COPY_STORAGE_TAG, source.storageTagBits);
    else return true;
    return false;
  }

  private addTags(at: number, lba: number, source: Namespace): void {
    const { view, storageTag } = this;
    const { referenceTagBits } = source;
    const reference = referenceOf(source, this.referenceTag, lba, 0);
    const low = tagWord(reference, storageTag, referenceTagBits, 0);
    if (this.rangeBytes === COPY_RANGE_BYTES) {
      view.setInt32(at + COPY_RANGE_ELBT, low, true);
      view.setUint16(at + COPY_RANGE_ELBAT, this.applicationTag, true);
      view.setUint16(at + COPY_RANGE_ELBATM, this.applicationTagMask, true);
      return;
    }
    // Highest byte first, unlike anything else in a command.
    const tags = at + COPY_RANGE_EXTENDED_ELBT;
    view.setInt16(tags, tagWord(reference, storageTag, referenceTagBits, 64), false);
    view.setInt32(tags + 2, tagWord(reference, storageTag, referenceTagBits, 32), false);
    view.setInt32(tags + 6, low, false);
    view.setUint16(at + COPY_RANGE_EXTENDED_ELBAT, this.applicationTag, true);
    view.setUint16(at + COPY_RANGE_EXTENDED_ELBATM, this.applicationTagMask, true);
  }
}

/** Writes the dwords of a Copy whose ranges and destination have been checked, without the data pointer. */
export function writeCopy(
  command: Int32Array,
  namespace: Namespace,
  sources: CopySources,
  destination: Transfer,
): void {
  const { lba, flags, directiveType, directiveSpecific } = destination;
  // Where both sides have protection information, it is either passed on or made anew. [NVM] 5.3.2.5.1
  const strips = sources.isProtected && ((flags & RW_CDW12_PRACT) !== 0 || namespace.piType === 0);
  const readInfo = (sources.checks & PRCHK_MASK) | (strips ? PRINFO_PRACT : 0);
  command.fill(0);
  command[0] = NVM_COPY;
  command[1] = namespace.nsid;
  command[10] = lba;
  command[11] = Math.floor(lba / U32_RANGE);
  command[12] =
    flags |
    (sources.checksStorageTag ? STCR : 0) |
    (directiveType << RW_CDW12_DTYPE_SHIFT) |
    (readInfo << PRINFOR_SHIFT) |
    (sources.format << DESFMT_SHIFT) |
    (sources.count - 1);
  command[13] = directiveSpecific << RW_CDW13_DSPEC_SHIFT;
  writeTags(command, 0, namespace, destination, 0);
}

function isFormattedLike(a: Namespace, b: Namespace): boolean {
  return (
    a.blockBytes === b.blockBytes &&
    a.metadataBytes === b.metadataBytes &&
    a.piType === b.piType &&
    a.piIsFirst === b.piIsFirst &&
    a.guardBits === b.guardBits &&
    a.storageTagBits === b.storageTagBits
  );
}

/** Whether blocks can be copied: protection information that is all the metadata there is may be added or dropped. [NVM] 3.3.2.3, 3.3.2.4 */
function isCopyable(from: Namespace, to: Namespace, flags: number): boolean {
  if ((from.piType === 0) === (to.piType === 0)) return isFormattedLike(from, to);
  if (from.blockBytes !== to.blockBytes) return false;
  if (from.piType !== 0) return from.metadataBytes === from.piBytes && to.metadataBytes === 0;
  return (flags & RW_CDW12_PRACT) !== 0 && to.metadataBytes === to.piBytes && from.metadataBytes === 0;
}

function failSource(source: Namespace, like: Namespace, namesNamespaces: boolean): never {
  throw new RangeError(
    namesNamespaces
      ? `source: expected a namespace formatted like ${like.nsid}, got ${source.nsid}`
      : `source: expected namespace ${like.nsid}, since these ranges do not name theirs, got ${source.nsid}`,
  );
}

function failFull(count: number): never {
  throw new RangeError(`ranges: expected at most ${count}, got one more`);
}

function failRange(lba: number, blocks: number): never {
  throw new RangeError(
    `range: expected 1 to ${RW_BLOCKS_MAX} blocks from an LBA below 2^53 on, got ${blocks} from ${lba} on`,
  );
}
