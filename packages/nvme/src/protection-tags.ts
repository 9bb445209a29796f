/**
 * Hot path: allocates only in the constructor.
 */
import { RW_CDW15_LBATM_SHIFT } from '@phasebit/nvme-spec';
import type { Namespace } from './namespace.js';
import { REFERENCE_TAG_FROM_LBA, type Transfer } from './transfer.js';

const U32_RANGE = 0x1_0000_0000;
const TYPE_3 = 3;
/** Widest storage and reference space, that of 32-bit guards. */
const TAG_BITS_MAX = 80;

/**
 * Writes the tags of a piece into its command: storage and reference tag share the space of dwords 2 (15:0), 3 and 14, the reference tag
 * in its low bits, the storage tag above. [NVM] 5.3.1.4
 *
 * @param at - first word of the command
 * @param done - blocks of the transfer before this piece: the reference tag of types 1 and 2 has grown by as many
 */
export function writeTags(
  records: Int32Array,
  at: number,
  namespace: Namespace,
  transfer: Transfer,
  done: number,
): void {
  const { piType, referenceTagBits } = namespace;
  if (piType === 0) return;
  const { storageTag, applicationTag, applicationTagMask } = transfer;
  const reference = referenceOf(namespace, transfer.referenceTag, transfer.lba, done);
  records[at | 14] = tagWord(reference, storageTag, referenceTagBits, 0);
  records[at | 3] = tagWord(reference, storageTag, referenceTagBits, 32);
  records[at | 2] = tagWord(reference, storageTag, referenceTagBits, 64);
  records[at | 15] = applicationTag | (applicationTagMask << RW_CDW15_LBATM_SHIFT);
}

/** The reference tag of a block `done` blocks behind `lba`, where the first one's is `tag`, or is to be taken from the LBA. */
export function referenceOf(namespace: Namespace, tag: number, lba: number, done: number): number {
  const { piType, referenceTagBits } = namespace;
  if (piType === TYPE_3) return tag === REFERENCE_TAG_FROM_LBA ? 0 : tag;
  return fromLba((tag === REFERENCE_TAG_FROM_LBA ? lba : tag) + done, referenceTagBits);
}

/** 32 bits, from bit `from` on, of the storage tag above a reference tag of `bits` bits. Powers of two keep numbers exact. */
export function tagWord(reference: number, storage: number, bits: number, from: number): number {
  const storageShift = from - bits;
  const ofStorage = storageShift >= 0 ? Math.floor(storage / 2 ** storageShift) : storage * 2 ** -storageShift;
  return ((Math.floor(reference / 2 ** from) % U32_RANGE) + (ofStorage % U32_RANGE)) | 0;
}

/** Highest value of a tag of so many bits that is a safe integer. */
export function tagMax(bits: number): number {
  return bits >= 53 ? Number.MAX_SAFE_INTEGER : 2 ** bits - 1;
}

/** {@link tagMax} by width: a number past 2^31 that a function gives is boxed by V8, one garbage object per call. */
const TAG_MAX: Float64Array = Float64Array.from({ length: TAG_BITS_MAX + 1 }, (_, bits) => tagMax(bits));

/** Whether a number is a tag of so many bits, 0 to 80. */
export function isTag(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= TAG_MAX[bits];
}

/** The reference tag of a block with types 1 and 2: the low bits of its LBA. */
export function fromLba(lba: number, bits: number): number {
  return bits >= 53 ? lba : lba % 2 ** bits;
}
