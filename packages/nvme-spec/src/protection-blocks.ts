/**
 * Generating and checking protection information, block by block: what a controller does with PRACT and PRCHK, and a
 * host with its own buffers. Nothing is allocated, and nothing thrown. [NVM] 5.3.2, 5.3.3
 */
import { crc16T10Dif } from './crc16-t10dif.js';
import { crc32c } from './crc32c.js';
import { crc64Nvme } from './crc64-nvme.js';
import { PROTECTION_TYPE_3 } from './format-command.js';
import {
  PROTECTION_APPLICATION_TAG_ESCAPE,
  type ProtectionFormat,
  type ProtectionTags,
} from './protection-information.js';
import {
  PRINFO_PRCHK_APPLICATION,
  PRINFO_PRCHK_GUARD,
  PRINFO_PRCHK_REFERENCE,
  RW_CDW12_PRINFO_SHIFT,
  RW_CDW12_STC,
} from './read-write-commands.js';
import {
  STATUS_APPLICATION_TAG_CHECK_ERROR,
  STATUS_GUARD_CHECK_ERROR,
  STATUS_REFERENCE_TAG_CHECK_ERROR,
  STATUS_STORAGE_TAG_CHECK_ERROR,
  STATUS_SUCCESS,
} from './status-codes.js';

/** Checks bit 3: check the storage tag. Bits 2:0 are PRCHK: PRINFO_PRCHK_GUARD, _APPLICATION and _REFERENCE. */
export const PROTECTION_CHECK_STORAGE_TAG = 0x8;

const PRCHK_MASK = PRINFO_PRCHK_GUARD | PRINFO_PRCHK_APPLICATION | PRINFO_PRCHK_REFERENCE;

/** The checks that command dword 12 of a Read, Write, Compare or Verify asks for: PRCHK, and STC in bit 3. */
export function protectionChecks(cdw12: number): number {
  const checks = (cdw12 >>> RW_CDW12_PRINFO_SHIFT) & PRCHK_MASK;
  return (cdw12 & RW_CDW12_STC) === 0 ? checks : checks | PROTECTION_CHECK_STORAGE_TAG;
}

/**
 * Blocks in memory. The metadata of an extended LBA is in `data`, behind each block's data; else it is in a buffer of
 * its own.
 */
export interface ProtectedBlocks {
  /** Where the data is. */
  readonly data: Uint8Array;
  /** Offset of the first block's data. */
  readonly dataAt: number;
  /** Bytes from one block's data to the next. */
  readonly dataStride: number;
  /** Where the metadata is. */
  readonly metadata: Uint8Array;
  /** Offset of the first block's metadata. */
  readonly metadataAt: number;
  /** Bytes from one block's metadata to the next. */
  readonly metadataStride: number;
}

/** Blocks whose metadata follows their data, from byte `at` of `bytes`. */
export function extendedBlocks(format: ProtectionFormat, bytes: Uint8Array, at = 0): ProtectedBlocks {
  const stride = format.blockBytes + format.metadataBytes;
  return {
    data: bytes,
    dataAt: at,
    dataStride: stride,
    metadata: bytes,
    metadataAt: at + format.blockBytes,
    metadataStride: stride,
  };
}

/** Blocks whose metadata is in a buffer of its own. */
export function separateBlocks(format: ProtectionFormat, data: Uint8Array, metadata: Uint8Array): ProtectedBlocks {
  return {
    data,
    dataAt: 0,
    dataStride: format.blockBytes,
    metadata,
    metadataAt: 0,
    metadataStride: format.metadataBytes,
  };
}

/**
 * Writes the protection information of `blocks` blocks, from the tags of the first; afterwards `tags` are those of the
 * block behind the last.
 */
export function writeProtection(
  format: ProtectionFormat,
  memory: ProtectedBlocks,
  blocks: number,
  tags: ProtectionTags,
): void {
  const { data, dataStride, metadata, metadataStride } = memory;
  let { dataAt, metadataAt } = memory;
  for (let block = 0; block < blocks; block++) {
    generateTuple(format, data, dataAt, metadata, metadataAt, tags);
    tags.advance(format, 1);
    dataAt += dataStride;
    metadataAt += metadataStride;
  }
}

/**
 * Checks the protection information of `blocks` blocks against the tags of the first.
 * @returns the number of blocks that pass, so `blocks` when all do. Otherwise `tags` are those of the block that fails,
 *   and {@link verifyTuple} of that block says why.
 */
export function checkProtection(
  format: ProtectionFormat,
  memory: ProtectedBlocks,
  blocks: number,
  tags: ProtectionTags,
  checks: number,
): number {
  const { data, dataStride, metadata, metadataStride } = memory;
  let { dataAt, metadataAt } = memory;
  for (let block = 0; block < blocks; block++) {
    if (verifyTuple(format, data, dataAt, metadata, metadataAt, tags, checks) !== STATUS_SUCCESS) return block;
    tags.advance(format, 1);
    dataAt += dataStride;
    metadataAt += metadataStride;
  }
  return blocks;
}

/** Writes the protection information of one block: the guard of its data, and the tags. */
export function generateTuple(
  format: ProtectionFormat,
  data: Uint8Array,
  dataAt: number,
  metadata: Uint8Array,
  metadataAt: number,
  tags: ProtectionTags,
): void {
  blockGuard(format, data, dataAt, metadata, metadataAt);
  writeTuple(format, guard, metadata, metadataAt + format.tupleOffset, tags);
}

/** Checks the protection information of one block. @returns STATUS_SUCCESS, or the status code of the first error. */
export function verifyTuple(
  format: ProtectionFormat,
  data: Uint8Array,
  dataAt: number,
  metadata: Uint8Array,
  metadataAt: number,
  tags: ProtectionTags,
  checks: number,
): number {
  const tupleAt = metadataAt + format.tupleOffset;
  if (isUnchecked(format, metadata, tupleAt)) return STATUS_SUCCESS;
  if ((checks & PRINFO_PRCHK_GUARD) !== 0) {
    blockGuard(format, data, dataAt, metadata, metadataAt);
    if (!hasGuard(format, guard, metadata, tupleAt)) return STATUS_GUARD_CHECK_ERROR;
  }
  return checkTags(format, metadata, tupleAt, tags, checks);
}

/**
 * Goes on with a guard over `bytes[start, end)`, for blocks that are not in one piece. `sum` holds the low half at
 * index 0 and the high half at index 1; it begins as zeros.
 */
export function addToGuard(
  format: ProtectionFormat,
  bytes: Uint8Array,
  start: number,
  end: number,
  sum: Uint32Array,
): void {
  if (format.guardBits === 64) crc64Nvme(bytes, start, end, sum);
  else sum[0] = format.guardBits === 16 ? crc16T10Dif(bytes, start, end, sum[0]) : crc32c(bytes, start, end, sum[0]);
}

/** Writes a tuple at byte `at`: a guard as {@link addToGuard} leaves it, and the tags. */
export function writeTuple(
  format: ProtectionFormat,
  sum: Uint32Array,
  metadata: Uint8Array,
  at: number,
  tags: ProtectionTags,
): void {
  const end = at + format.tupleBytes;
  if (format.guardBits === 16) {
    putBig16(metadata, at, sum[0]);
  } else if (format.guardBits === 32) {
    putBig32(metadata, at, sum[0]);
    putBig16(metadata, end - 10, tags.cdw2);
    putBig32(metadata, end - 8, tags.cdw3);
  } else {
    putBig32(metadata, at, sum[1]);
    putBig32(metadata, at + 4, sum[0]);
    putBig16(metadata, end - 6, tags.cdw3);
  }
  putBig16(metadata, at + format.applicationOffset, tags.application);
  putBig32(metadata, end - 4, tags.cdw14);
}

/** Takes the tags of the tuple at byte `at`; the application tag mask stays as it is. */
export function readTuple(format: ProtectionFormat, metadata: Uint8Array, at: number, tags: ProtectionTags): void {
  const end = at + format.tupleBytes;
  tags.application = getBig16(metadata, at + format.applicationOffset);
  tags.cdw14 = getBig32(metadata, end - 4);
  tags.cdw3 = spaceWord1(format, metadata, end);
  tags.cdw2 = format.guardBits === 32 ? getBig16(metadata, end - 10) : 0;
}

/** True when the tuple at byte `at` has that guard. */
export function hasGuard(format: ProtectionFormat, sum: Uint32Array, metadata: Uint8Array, at: number): boolean {
  if (format.guardBits === 16) return getBig16(metadata, at) === sum[0];
  if (format.guardBits === 64 && getBig32(metadata, at) !== sum[1]) return false;
  return getBig32(metadata, at + format.applicationOffset - 4) === sum[0];
}

/**
 * True when the tuple at byte `at` says that its block is not to be checked: application tag FFFFh; for type 3, the
 * reference tag must be all ones too, if there is one.
 */
export function isUnchecked(format: ProtectionFormat, metadata: Uint8Array, at: number): boolean {
  if (getBig16(metadata, at + format.applicationOffset) !== PROTECTION_APPLICATION_TAG_ESCAPE) return false;
  if (format.type !== PROTECTION_TYPE_3) return true;
  const end = at + format.tupleBytes;
  return (
    (~getBig32(metadata, end - 4) & format.referenceMask14) === 0 &&
    (~spaceWord1(format, metadata, end) & format.referenceMask3) === 0
  );
}

/**
 * Checks the tags of the tuple at byte `at`: application, storage and reference tag, in this order; the reference tag
 * not for type 3. @returns STATUS_SUCCESS, or the status code of the first error.
 */
export function checkTags(
  format: ProtectionFormat,
  metadata: Uint8Array,
  at: number,
  tags: ProtectionTags,
  checks: number,
): number {
  const end = at + format.tupleBytes;
  if (
    (checks & PRINFO_PRCHK_APPLICATION) !== 0 &&
    ((getBig16(metadata, at + format.applicationOffset) ^ tags.application) & tags.applicationMask) !== 0
  ) {
    return STATUS_APPLICATION_TAG_CHECK_ERROR;
  }
  const wrong14 = getBig32(metadata, end - 4) ^ tags.cdw14;
  const wrong3 = spaceWord1(format, metadata, end) ^ tags.cdw3;
  if ((checks & PROTECTION_CHECK_STORAGE_TAG) !== 0) {
    const wrong2 = format.guardBits === 32 ? getBig16(metadata, end - 10) ^ tags.cdw2 : 0;
    const wrong = (wrong14 & format.storageMask14) | (wrong3 & format.storageMask3) | (wrong2 & format.storageMask2);
    if (wrong !== 0) return STATUS_STORAGE_TAG_CHECK_ERROR;
  }
  if ((checks & PRINFO_PRCHK_REFERENCE) !== 0 && format.type !== PROTECTION_TYPE_3) {
    const wrong = (wrong14 & format.referenceMask14) | (wrong3 & format.referenceMask3);
    if (wrong !== 0) return STATUS_REFERENCE_TAG_CHECK_ERROR;
  }
  return STATUS_SUCCESS;
}

// The guard of the block in hand. Nothing here calls back, so one is enough.
const guard = new Uint32Array(2);

function blockGuard(
  format: ProtectionFormat,
  data: Uint8Array,
  dataAt: number,
  metadata: Uint8Array,
  metadataAt: number,
): void {
  guard[0] = 0;
  guard[1] = 0;
  addToGuard(format, data, dataAt, dataAt + format.blockBytes, guard);
  if (format.tupleOffset !== 0) addToGuard(format, metadata, metadataAt, metadataAt + format.tupleOffset, guard);
}

// Bits 63:32 of the storage and reference space of the tuple that ends at `end`.
function spaceWord1(format: ProtectionFormat, metadata: Uint8Array, end: number): number {
  if (format.guardBits === 16) return 0;
  return format.guardBits === 64 ? getBig16(metadata, end - 6) : getBig32(metadata, end - 8);
}

function getBig16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function getBig32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function putBig16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function putBig32(bytes: Uint8Array, at: number, value: number): void {
  putBig16(bytes, at, value >>> 16);
  putBig16(bytes, at + 2, value);
}
