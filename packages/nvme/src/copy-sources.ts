/**
 * Hot path: allocates only in the constructor.
 */
import {
  COPY_FORMAT_0,
  COPY_FORMAT_1,
  COPY_RANGE_CEV,
  COPY_RANGE_ELBAT,
  COPY_RANGE_ELBATM,
  COPY_RANGE_ELBT,
  COPY_RANGE_EXTENDED_ELBAT,
  COPY_RANGE_EXTENDED_ELBATM,
  COPY_RANGE_EXTENDED_ELBT,
  COPY_RANGE_RPARS,
  COPY_RANGE_SLBA,
  COPY_RANGES_MAX,
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
const GUARD_BITS_OF_FORMAT_0 = 16;

/**
 * Source ranges of a Copy within one namespace: the caller's own, in DMA memory, since the device fetches them when it likes. Not to be
 * changed between the submission and its callback. The fields with tags are written into each range that is added after they were set.
 * [NVM] 3.3.2
 */
export class CopySources {
  /** host address of the first range */
  readonly address: number;
  /** format of the ranges, 0 or 1, as the namespace's protection information needs it */
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
  private readonly view: DataView;
  private readonly dma: DmaSpace;
  private readonly namespace: Namespace;
  private readonly capacity: number;
  private readonly rangeBytes: number;
  private blocks = 0;
  private blocksMost = 0;

  /** @param capacity - most ranges, 1 to 256; they take 32 or 40 bytes each */
  constructor(dma: DmaSpace, namespace: Namespace, capacity: number) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= COPY_RANGES_MAX)) {
      throw new RangeError(`capacity: expected 1 to ${COPY_RANGES_MAX}, got ${capacity}`);
    }
    this.dma = dma;
    this.namespace = namespace;
    this.capacity = capacity;
    this.format = namespace.guardBits > GUARD_BITS_OF_FORMAT_0 ? COPY_FORMAT_1 : COPY_FORMAT_0;
    this.rangeBytes = copyRangeBytes(this.format);
    this.address = dma.allocate(capacity * this.rangeBytes);
    const bytes = dma.bytes(this.address, capacity * this.rangeBytes);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
  }

  /** Appends a range of 1 to 65,536 blocks. @throws RangeError when there is no room, or the range is none */
  add(lba: number, blocks: number): void {
    const { count, view } = this;
    if (count === this.capacity) failFull(count);
    const isRange = Number.isSafeInteger(lba) && lba >= 0 && Number.isInteger(blocks) && blocks >= 1;
    if (!isRange || blocks > RW_BLOCKS_MAX) failRange(lba, blocks);
    const at = count * this.rangeBytes;
    for (let i = 0; i < this.rangeBytes; i += 4) view.setUint32(at + i, 0, true);
    view.setUint32(at + COPY_RANGE_SLBA, lba % U32_RANGE, true);
    view.setUint32(at + COPY_RANGE_SLBA + 4, Math.floor(lba / U32_RANGE), true);
    view.setUint32(at + COPY_RANGE_RPARS, blocks - 1, true);
    view.setUint16(at + COPY_RANGE_CEV, 0, true);
    if (this.namespace.piType !== 0) this.addTags(at, lba);
    this.count = count + 1;
    this.blocks += blocks;
    if (blocks > this.blocksMost) this.blocksMost = blocks;
  }

  /** Gives the memory back. */
  free(): void {
    this.dma.free(this.address);
  }

  /** Whether they are of this namespace and within its limits; notes a refusal if not. @internal */
  check(namespace: Namespace, refusal: Refusal): boolean {
    const { count, blocks, blocksMost, format } = this;
    const { copyRangesMax, copyRangeBlocksMax, copyBlocksMax, copyFormats } = namespace.limits;
    const isFormat = ((copyFormats >>> format) & 1) !== 0 && namespace.guardBits === this.namespace.guardBits;
    if (!isFormat) refusal.note(REFUSED_COPY_FORMAT, copyFormats, format);
    else if (count < 1 || count > copyRangesMax) refusal.note(REFUSED_RANGES, count, copyRangesMax);
    else if (blocksMost > copyRangeBlocksMax) refusal.note(REFUSED_RANGE_BLOCKS, blocksMost, copyRangeBlocksMax);
    else if (blocks > copyBlocksMax) refusal.note(REFUSED_RANGES_BLOCKS, blocks, copyBlocksMax);
    else return true;
    return false;
  }

  private addTags(at: number, lba: number): void {
    const { view, storageTag, namespace } = this;
    const { referenceTagBits } = namespace;
    const reference = referenceOf(namespace, this.referenceTag, lba, 0);
    const low = tagWord(reference, storageTag, referenceTagBits, 0);
    if (this.format === COPY_FORMAT_0) {
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
  // Within one namespace, protection information is either passed on or made anew, on both sides alike. [NVM] 5.3.2.5.1
  const readInfo = (sources.checks & PRCHK_MASK) | ((flags & RW_CDW12_PRACT) !== 0 ? PRINFO_PRACT : 0);
  command.fill(0);
  command[0] = NVM_COPY;
  command[1] = namespace.nsid;
  command[10] = lba;
  command[11] = Math.floor(lba / U32_RANGE);
  command[12] =
    flags |
    (directiveType << RW_CDW12_DTYPE_SHIFT) |
    (readInfo << PRINFOR_SHIFT) |
    (sources.format << DESFMT_SHIFT) |
    (sources.count - 1);
  command[13] = directiveSpecific << RW_CDW13_DSPEC_SHIFT;
  writeTags(command, 0, namespace, destination, 0);
}

function failFull(count: number): never {
  throw new RangeError(`ranges: expected at most ${count}, got one more`);
}

function failRange(lba: number, blocks: number): never {
  throw new RangeError(
    `range: expected 1 to ${RW_BLOCKS_MAX} blocks from an LBA below 2^53 on, got ${blocks} from ${lba} on`,
  );
}
