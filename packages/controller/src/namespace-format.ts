import {
  DPS_FIRST,
  FLBAS_METADATA_EXTENDED,
  PIF_GUARD_16,
  PIF_GUARD_64,
  type ProtectionFormat,
  protectionFormat as protectionFormatOf,
} from '@phasebit/nvme-spec';
import { BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, LBA_FORMATS_MAX } from './limits.js';

/** What an LBA format fixes: the row that Identify Namespace lists, not yet how metadata is used. [NVM] 4.1.5.1 */
export interface LbaFormat {
  /** data bytes of a logical block, a power of two from 512 to 16384 */
  readonly blockBytes: number;
  /** metadata bytes of a logical block, 0 to 128 and a multiple of 4; 0 for none */
  readonly metadataBytes: number;
  /** bits of the guard when protection information is used: 16 (the default) or 64 */
  readonly guardBits?: number;
  /** bits of the storage tag inside of the storage and reference space: 0 (the default) to 48, with 64-bit guards only */
  readonly storageTagBits?: number;
}

/** How the blocks of a namespace look: an LBA format and the choices of Format NVM. */
export interface NamespaceFormat {
  /** data bytes of a logical block */
  readonly blockBytes: number;
  /** metadata bytes of a logical block, 0 for none */
  readonly metadataBytes: number;
  /** metadata is transferred behind the data of each block, not from a buffer of its own */
  readonly isExtended: boolean;
  /** protection information type, 1 to 3; 0 for none */
  readonly piType: number;
  /** protection information is the first bytes of the metadata, not the last */
  readonly piIsFirst: boolean;
  /** bits of the guard, 16 or 64 */
  readonly guardBits: number;
  /** bits of the storage tag, 0 for none */
  readonly storageTagBits: number;
}

/** Bytes of protection information with 16-bit guards. [NVM] 5.3.1 */
const PI_BYTES_16 = 8;
/** Bytes of protection information with 64-bit guards. [NVM] 5.3.1 */
const PI_BYTES_64 = 16;
/** Smallest logical block with 64-bit guards, bytes. [NVM] 5.3.1.3 */
const BLOCK_BYTES_MIN_64 = 4096;
/** Storage and reference space of 64-bit guards, bits. */
const STORAGE_AND_REFERENCE_BITS_64 = 48;
const METADATA_BYTES_MAX = 128;
/** LBA formats that hosts see that do not know of more. [NVM] 4.1.3.6.1 */
export const PLAIN_LBA_FORMATS = 16;
/** Data and metadata each begin at a multiple of this on the medium. */
const REGION_BYTES = 4096;

/** The LBA formats of a subsystem that was not told otherwise: 512 and 4096 bytes with 0, 8, 16 and 64 bytes of metadata. */
export const LBA_FORMATS_DEFAULT: readonly LbaFormat[] = [
  ...[512, 4096].flatMap((blockBytes) =>
    [0, 8, 16, 64].map((metadataBytes) => ({ blockBytes, metadataBytes, guardBits: 16 })),
  ),
  ...[16, 64].map((metadataBytes) => ({ blockBytes: 4096, metadataBytes, guardBits: 64 })),
];

/** Bytes of protection information with guards of so many bits. */
export function protectionBytes(guardBits: number): number {
  return guardBits === 64 ? PI_BYTES_64 : PI_BYTES_16;
}

/** How the blocks of a format are protected, undefined when they are not. */
export function protectionFormat(format: NamespaceFormat): ProtectionFormat | undefined {
  return protectionFormatOf({
    blockBytes: format.blockBytes,
    metadataBytes: format.metadataBytes,
    dps: format.piType | (format.piIsFirst ? DPS_FIRST : 0),
    pif: format.guardBits === 64 ? PIF_GUARD_64 : PIF_GUARD_16,
    sts: format.storageTagBits,
  });
}

/** Whether two LBA formats are the same. */
export function isSameLbaFormat(a: LbaFormat, b: LbaFormat): boolean {
  return (
    a.blockBytes === b.blockBytes &&
    a.metadataBytes === b.metadataBytes &&
    (a.guardBits ?? 16) === (b.guardBits ?? 16) &&
    (a.storageTagBits ?? 0) === (b.storageTagBits ?? 0)
  );
}

/** First byte of the metadata on the medium: behind the data of all blocks. Block `lba` has its own at `lba * metadataBytes` from there. */
export function metadataOffset(blocks: number, format: LbaFormat): number {
  return Math.ceil((blocks * format.blockBytes) / REGION_BYTES) * REGION_BYTES;
}

/** Bytes that a medium needs for so many blocks: the data, and behind it the metadata. */
export function mediumBytesOf(blocks: number, format: LbaFormat): number {
  if (format.metadataBytes === 0) return blocks * format.blockBytes;
  const metadata = Math.ceil((blocks * format.metadataBytes) / REGION_BYTES) * REGION_BYTES;
  return metadataOffset(blocks, format) + metadata;
}

/** The most blocks whose data and metadata fit into so many bytes. */
export function blocksThatFit(bytes: number, format: LbaFormat): number {
  let blocks = Math.floor(bytes / (format.blockBytes + format.metadataBytes));
  while (blocks > 0 && mediumBytesOf(blocks, format) > bytes) blocks--;
  return blocks;
}

/** @throws RangeError naming what is wrong with an LBA format */
export function checkLbaFormat(format: LbaFormat): void {
  const { blockBytes, metadataBytes, guardBits = 16, storageTagBits = 0 } = format;
  if (!(blockBytes >= BLOCK_BYTES_MIN && blockBytes <= BLOCK_BYTES_MAX && Number.isInteger(Math.log2(blockBytes)))) {
    fail('blockBytes', `a power of two from ${BLOCK_BYTES_MIN} to ${BLOCK_BYTES_MAX}`, blockBytes);
  }
  if (!(metadataBytes >= 0 && metadataBytes <= METADATA_BYTES_MAX && metadataBytes % 4 === 0)) {
    fail('metadataBytes', `a multiple of 4 from 0 to ${METADATA_BYTES_MAX}`, metadataBytes);
  }
  if (guardBits !== 16 && guardBits !== 64) fail('guardBits', '16 or 64', guardBits);
  if (guardBits === 64 && blockBytes < BLOCK_BYTES_MIN_64) {
    fail('blockBytes', `${BLOCK_BYTES_MIN_64} or more with guards of 64 bits`, blockBytes);
  }
  const tagBitsMax = guardBits === 64 ? STORAGE_AND_REFERENCE_BITS_64 : 0;
  if (!(Number.isInteger(storageTagBits) && storageTagBits >= 0 && storageTagBits <= tagBitsMax)) {
    fail('storageTagBits', `0 to ${tagBitsMax} with guards of ${guardBits} bits`, storageTagBits);
  }
}

/** @throws RangeError when a list of LBA formats is too long or one of it is wrong */
export function checkLbaFormats(formats: readonly LbaFormat[]): void {
  if (!(formats.length >= 1 && formats.length <= LBA_FORMATS_MAX)) {
    fail('lbaFormats', `1 to ${LBA_FORMATS_MAX} of them`, formats.length);
  }
  formats.forEach(checkLbaFormat);
}

/** Whether an LBA format has room for protection information of a type. */
export function hasRoomForProtection(format: LbaFormat, piType: number): boolean {
  return piType === 0 || format.metadataBytes >= protectionBytes(format.guardBits ?? 16);
}

/**
 * Whether an LBA format is for hosts alone that say that they know such formats (LBAFEE): other guards than of 16 bits, storage tags, and
 * numbers past 15. [NVM] 4.1.3.6.1
 */
export function isExtendedFormat({ guardBits = 16, storageTagBits = 0 }: LbaFormat, index: number): boolean {
  return guardBits !== 16 || storageTagBits !== 0 || index >= PLAIN_LBA_FORMATS;
}

/** FLBAS of a format: its number in bits 6:5 and 3:0, and whether metadata is transferred behind the data. [NVM] 4.1.5.1 */
export function flbasOf(format: NamespaceFormat, index: number): number {
  return ((index >> 4) << 5) | (format.isExtended ? FLBAS_METADATA_EXTENDED : 0) | (index & 0xf);
}

/** DPS of a format: type and place of the protection information. */
export function dpsOf(format: NamespaceFormat): number {
  return format.piType | (format.piIsFirst ? DPS_FIRST : 0);
}

function fail(name: string, expected: string, got: number): never {
  throw new RangeError(`${name}: expected ${expected}, got ${got}`);
}
