/**
 * Protection information: the tuple in a block's metadata, what its fields are, and how a format places it.
 * [NVM] 5.3
 *
 *   guard       16 bits (8 bytes)          32 bits (16 bytes)        64 bits (16 bytes)
 *   0           guard (2)                  guard (4)                 guard (8)
 *   2 / 4 / 8   application tag (2)        application tag (2)       application tag (2)
 *   4 / 6 / 10  storage and reference (4)  storage and reference (10) storage and reference (6)
 *
 * Every field is big-endian. The storage tag is the highest STS bits of the storage and reference space, the reference
 * tag the others. The guard covers the block's data and, when the tuple is the last of the metadata, the metadata
 * before it. Generating and checking is in protection-blocks.ts.
 */
import { PROTECTION_NONE, PROTECTION_TYPE_3 } from './format-command.js';
import { DPS_FIRST, DPS_TYPE_MASK } from './identify-namespace.js';
import { PIF_GUARD_16, PIF_GUARD_32, PIF_GUARD_64 } from './identify-nvm-namespace.js';

/** Bytes of a tuple with a 16-bit guard. */
export const PROTECTION_BYTES_16 = 8;
/** Bytes of a tuple with a 32- or 64-bit guard. */
export const PROTECTION_BYTES_EXTENDED = 16;
/** Application tag that turns checking of its block off, type 3 only together with a reference tag of all ones. */
export const PROTECTION_APPLICATION_TAG_ESCAPE = 0xffff;

/** What a namespace is formatted with, as Identify Namespace (CNS 00h and, for `pif`, `sts` and `lbstm`, 05h) says. */
export interface ProtectionParameters {
  /** Data bytes of a block. */
  readonly blockBytes: number;
  /** Metadata bytes of a block. */
  readonly metadataBytes: number;
  /** End-to-end data protection settings, DPS. */
  readonly dps: number;
  /** Protection information format, PIF_GUARD_*; 16-bit guards if left out. */
  readonly pif?: number;
  /** Storage tag size, bits; 0 if left out. */
  readonly sts?: number;
  /** Storage tag mask, its lowest `sts` bits; a set bit is compared. All ones if left out. */
  readonly lbstm?: number | bigint;
}

/**
 * How the blocks of a namespace are protected. Made by {@link protectionFormat}. Masks are of the storage and reference
 * space as command dwords carry it: bits 31:0 in CDW14, 63:32 in CDW3, 79:64 in CDW2.
 */
export interface ProtectionFormat {
  /** Protection information type, PROTECTION_TYPE_*. */
  readonly type: number;
  /** Width of the guard. */
  readonly guardBits: 16 | 32 | 64;
  /** Bytes of a tuple: 8 or 16. */
  readonly tupleBytes: number;
  /** Offset of the tuple in the metadata; the metadata before it is covered by the guard. */
  readonly tupleOffset: number;
  /** Offset of the application tag in the tuple: the bytes of the guard. */
  readonly applicationOffset: number;
  /** Data bytes of a block. */
  readonly blockBytes: number;
  /** Metadata bytes of a block. */
  readonly metadataBytes: number;
  /** Width of the storage tag, the highest bits of the space; 0 for none. */
  readonly storageBits: number;
  /** Width of the reference tag, the lowest bits of the space; 0 for none. */
  readonly referenceBits: number;
  /** Bits of CDW14 that are reference tag. */
  readonly referenceMask14: number;
  /** Bits of CDW3 that are reference tag. */
  readonly referenceMask3: number;
  /** Bits of CDW14 that are storage tag and compared. */
  readonly storageMask14: number;
  /** Bits of CDW3 that are storage tag and compared. */
  readonly storageMask3: number;
  /** Bits of CDW2 that are storage tag and compared. */
  readonly storageMask2: number;
}

/**
 * How the blocks of a namespace are protected, or undefined when DPS says that they are not.
 * @throws RangeError when the type, the guard, the storage tag size or the metadata cannot be.
 */
export function protectionFormat(parameters: ProtectionParameters): ProtectionFormat | undefined {
  const { blockBytes, metadataBytes, dps, pif = PIF_GUARD_16, sts = 0 } = parameters;
  const type = dps & DPS_TYPE_MASK;
  if (type === PROTECTION_NONE) return undefined;
  if (type > PROTECTION_TYPE_3) throw new RangeError(`protection information type 1..3, got ${type}`);
  const { guardBits, spaceBits, storageMin, storageMax } = guardOf(pif);
  if (!(Number.isInteger(sts) && sts >= storageMin && sts <= storageMax)) {
    throw new RangeError(`storage tag of ${storageMin}..${storageMax} bits with a ${guardBits}-bit guard, got ${sts}`);
  }
  const tupleBytes = guardBits === 16 ? PROTECTION_BYTES_16 : PROTECTION_BYTES_EXTENDED;
  if (metadataBytes < tupleBytes) {
    throw new RangeError(`metadata of ${tupleBytes} bytes or more for protection information, got ${metadataBytes}`);
  }
  const referenceBits = spaceBits - sts;
  const compared = (parameters.lbstm === undefined ? -1n : BigInt(parameters.lbstm)) & onesBelow(sts);
  const [referenceMask14, referenceMask3] = wordsOf(onesBelow(referenceBits));
  const [storageMask14, storageMask3, storageMask2] = wordsOf(compared << BigInt(referenceBits));
  return {
    type,
    guardBits,
    tupleBytes,
    tupleOffset: (dps & DPS_FIRST) !== 0 ? 0 : metadataBytes - tupleBytes,
    applicationOffset: guardBits / 8,
    blockBytes,
    metadataBytes,
    storageBits: sts,
    referenceBits,
    referenceMask14,
    referenceMask3,
    storageMask14,
    storageMask3,
    storageMask2,
  };
}

/**
 * Tags of a command, as its dwords carry them: what is generated, or what is expected. The object belongs to its caller
 * and is used for one command after another; the reference tag in it moves on from block to block.
 */
export class ProtectionTags {
  /** Storage and reference space bits 31:0, command dword 14. */
  cdw14 = 0;
  /** Storage and reference space bits 63:32, command dword 3. */
  cdw3 = 0;
  /** Storage and reference space bits 79:64, command dword 2. */
  cdw2 = 0;
  /** Application tag, the low half of command dword 15. */
  application = 0;
  /** Application tag mask, the high half of command dword 15: a set bit is compared. */
  applicationMask = 0;

  /** Takes the tags from the dwords of a command. Bits beyond the widths of the format do no harm. */
  load(cdw2: number, cdw3: number, cdw14: number, cdw15: number): void {
    this.cdw14 = cdw14 >>> 0;
    this.cdw3 = cdw3 >>> 0;
    this.cdw2 = cdw2 & 0xffff;
    this.application = cdw15 & 0xffff;
    this.applicationMask = cdw15 >>> 16;
  }

  /** Command dword 15: mask above tag. */
  get cdw15(): number {
    return ((this.applicationMask << 16) | this.application) >>> 0;
  }

  /** Sets storage and reference tag; bits beyond the widths of the format are dropped. */
  set(format: ProtectionFormat, storage: number | bigint, reference: number | bigint): void {
    const { storageBits, referenceBits } = format;
    const above = (BigInt(storage) & onesBelow(storageBits)) << BigInt(referenceBits);
    [this.cdw14, this.cdw3, this.cdw2] = wordsOf(above | (BigInt(reference) & onesBelow(referenceBits)));
  }

  /** The reference tag; 0 when the format has none. */
  reference(format: ProtectionFormat): bigint {
    return this.#space() & onesBelow(format.referenceBits);
  }

  /** The storage tag; 0 when the format has none. */
  storage(format: ProtectionFormat): bigint {
    return (this.#space() >> BigInt(format.referenceBits)) & onesBelow(format.storageBits);
  }

  /** Moves the reference tag on by `blocks`, 0..2^32 - 1; after the largest tag comes 0. */
  advance(format: ProtectionFormat, blocks: number): void {
    const { referenceMask14, referenceMask3 } = format;
    const sum = this.cdw14 + blocks;
    this.cdw14 = ((this.cdw14 & ~referenceMask14) | (sum & referenceMask14)) >>> 0;
    // A reference tag that goes on in CDW3 takes all of CDW14, so the sum carries where the dword does.
    if (referenceMask3 === 0 || sum <= 0xffffffff) return;
    this.cdw3 = ((this.cdw3 & ~referenceMask3) | ((this.cdw3 + 1) & referenceMask3)) >>> 0;
  }

  #space(): bigint {
    return (BigInt(this.cdw2) << 64n) | (BigInt(this.cdw3) << 32n) | BigInt(this.cdw14);
  }
}

/**
 * True when the reference tag is the low bits of a starting LBA, as commands for type 1 must have it: a controller
 * answers Invalid Protection Information otherwise. Always true for a format without reference tag. [NVM] 5.3.3
 */
export function referenceTagIsLba(
  format: ProtectionFormat,
  tags: ProtectionTags,
  slbaLow: number,
  slbaHigh: number,
): boolean {
  return (
    ((tags.cdw14 ^ slbaLow) & format.referenceMask14) === 0 && ((tags.cdw3 ^ slbaHigh) & format.referenceMask3) === 0
  );
}

interface Guard {
  readonly guardBits: 16 | 32 | 64;
  readonly spaceBits: number;
  readonly storageMin: number;
  readonly storageMax: number;
}

// Widths of the storage tag: [NVM] 4.1.5.3, the extended LBA format.
function guardOf(pif: number): Guard {
  if (pif === PIF_GUARD_16) return { guardBits: 16, spaceBits: 32, storageMin: 0, storageMax: 32 };
  if (pif === PIF_GUARD_32) return { guardBits: 32, spaceBits: 80, storageMin: 16, storageMax: 64 };
  if (pif === PIF_GUARD_64) return { guardBits: 64, spaceBits: 48, storageMin: 0, storageMax: 48 };
  throw new RangeError(`protection information format 0..2, got ${pif}`);
}

const onesBelow = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
const wordsOf = (space: bigint): [number, number, number] => [
  Number(space & 0xffffffffn),
  Number((space >> 32n) & 0xffffffffn),
  Number((space >> 64n) & 0xffffn),
];
