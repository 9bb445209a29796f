import {
  BLOCK_MAGIC,
  BLOCK_VERSION,
  blockBufferOver,
  HEADER_CRC,
  HEADER_GENERATION,
  HEADER_LENGTH,
  HEADER_MAGIC,
  HEADER_OFFSET_HI,
  HEADER_OFFSET_LO,
  HEADER_SEED,
  HEADER_VERSION,
  type BlockBuffer,
} from './block-header.js';
import { blockChecksum, fillBlock, fillPattern } from './fill-block.js';

/** The block is what it should be. */
export const CHECK_OK = 0;
/** No block of ours is here. */
export const CHECK_MAGIC = 1;
/** The bytes do not match their checksum. */
export const CHECK_CRC = 2;
/** A whole block, of another length. */
export const CHECK_LENGTH = 3;
/** A whole block that belongs elsewhere. */
export const CHECK_OFFSET = 4;
/** A whole block of this place from another write: stale, or not to be expected yet. */
export const CHECK_GENERATION = 5;
/** A whole block of another job or another run. */
export const CHECK_SEED = 6;
/** The bytes are not the pattern. */
export const CHECK_PATTERN = 7;
/** The metadata of a block is not that of the write that its data is from. */
export const CHECK_METADATA = 8;

/** What each result code means. */
export const CHECK_NAMES = [
  'ok',
  'no header',
  'checksum mismatch',
  'wrong length',
  'misplaced block',
  'wrong generation',
  'wrong seed',
  'pattern mismatch',
  'wrong metadata',
] as const;

/** Stands for a generation or seed that is not known and so is not checked. */
export const ANY = -1;

/** What a block's header says. */
export interface BlockFacts {
  readonly lengthBytes: number;
  /** Byte offset on the device. */
  readonly deviceOffset: number;
  readonly generation: number;
  readonly seed: number;
  readonly crc: number;
}

/** A block that is not what it should be, with both sides. */
export interface BlockFailure {
  readonly code: number;
  /** From {@link CHECK_NAMES}. */
  readonly reason: string;
  readonly deviceOffset: number;
  readonly lengthBytes: number;
  /** Generation and seed are {@link ANY} when nothing was known. Absent for patterns, which have no header. */
  readonly expected?: BlockFacts;
  /** What the header claims, or the checksum that the bytes really have. */
  readonly found?: BlockFacts;
  /** Within the block, against the block that was expected; -1 when that cannot be told. */
  readonly firstDifferingByte: number;
}

/**
 * Checks one block.
 *
 * @param generation - the write that should be here, or {@link ANY}
 * @param otherGeneration - a second write that may be here instead because it is in flight; the same as `generation` if
 *   there is none
 * @param seed - of the job that wrote it, or {@link ANY}
 * @returns one of the CHECK codes
 */
export function checkBlock(
  buffer: BlockBuffer,
  start: number,
  lengthBytes: number,
  deviceOffset: number,
  generation: number,
  otherGeneration: number,
  seed: number,
): number {
  const { words } = buffer;
  const first = start >>> 2;
  if (words[first + HEADER_MAGIC] !== BLOCK_MAGIC) return CHECK_MAGIC;
  if (words[first + HEADER_CRC] !== blockChecksum(buffer.bytes, start, lengthBytes)) return CHECK_CRC;
  if (words[first + HEADER_VERSION] !== BLOCK_VERSION) return CHECK_MAGIC;
  if (words[first + HEADER_LENGTH] !== lengthBytes) return CHECK_LENGTH;
  if (offsetInHeader(words, first) !== deviceOffset) return CHECK_OFFSET;
  const found = words[first + HEADER_GENERATION];
  if (generation !== ANY && found !== generation && found !== otherGeneration) return CHECK_GENERATION;
  if (seed !== ANY && words[first + HEADER_SEED] !== seed >>> 0) return CHECK_SEED;
  return CHECK_OK;
}

/**
 * Checks a block that holds nothing but a pattern, which starts anew at its first byte.
 *
 * @returns the first byte in the block that differs, or -1
 */
export function checkPattern(bytes: Uint8Array, start: number, lengthBytes: number, pattern: Uint8Array): number {
  const period = pattern.length;
  let at = 0;
  for (let i = 0; i < lengthBytes; i++) {
    if (bytes[start + i] !== pattern[at]) return i;
    at = at + 1 === period ? 0 : at + 1;
  }
  return -1;
}

/** Says all there is to say about a block that {@link checkBlock} refused. The arguments are the same. */
export function describeFailure(
  code: number,
  buffer: BlockBuffer,
  start: number,
  lengthBytes: number,
  deviceOffset: number,
  generation: number,
  seed: number,
  pattern?: Uint8Array,
): BlockFailure {
  const { words, bytes } = buffer;
  const first = start >>> 2;
  const found: BlockFacts = {
    lengthBytes: words[first + HEADER_LENGTH],
    deviceOffset: offsetInHeader(words, first),
    generation: words[first + HEADER_GENERATION],
    seed: words[first + HEADER_SEED],
    crc: blockChecksum(bytes, start, lengthBytes),
  };
  const right = blockBufferOver(new ArrayBuffer(lengthBytes));
  // What is not known is taken from the header, which is the best guess there is.
  const rightGeneration = generation === ANY ? found.generation : generation;
  const rightSeed = seed === ANY ? found.seed : seed;
  fillBlock(right, 0, lengthBytes, deviceOffset, rightGeneration, rightSeed, pattern);
  return {
    code,
    reason: CHECK_NAMES[code] ?? `code ${code}`,
    deviceOffset,
    lengthBytes,
    expected: { lengthBytes, deviceOffset, generation, seed, crc: right.words[HEADER_CRC] },
    found,
    firstDifferingByte: firstDifference(bytes, start, right.bytes),
  };
}

/** Says where a block differs from its pattern. */
export function describePatternFailure(
  bytes: Uint8Array,
  start: number,
  lengthBytes: number,
  deviceOffset: number,
  pattern: Uint8Array,
): BlockFailure {
  const right = new Uint8Array(lengthBytes);
  fillPattern(right, 0, lengthBytes, pattern);
  return {
    code: CHECK_PATTERN,
    reason: CHECK_NAMES[CHECK_PATTERN],
    deviceOffset,
    lengthBytes,
    firstDifferingByte: firstDifference(bytes, start, right),
  };
}

/** Says which byte of a block's metadata is wrong. */
export function describeMetadataFailure(
  deviceOffset: number,
  metadataBytes: number,
  firstDifferingByte: number,
): BlockFailure {
  return {
    code: CHECK_METADATA,
    reason: CHECK_NAMES[CHECK_METADATA],
    deviceOffset,
    lengthBytes: metadataBytes,
    firstDifferingByte,
  };
}

/** One line for the log: what was expected and what came. */
export function failureText(failure: BlockFailure): string {
  if (failure.code === CHECK_METADATA) {
    const { reason, lengthBytes, deviceOffset, firstDifferingByte } = failure;
    return `verify: ${reason}, ${lengthBytes} bytes of the block at offset ${deviceOffset}, first differing byte ${firstDifferingByte}`;
  }
  const place = `verify: ${failure.reason} in the ${failure.lengthBytes} bytes at offset ${failure.deviceOffset}`;
  const byte = failure.firstDifferingByte < 0 ? '' : `, first differing byte ${failure.firstDifferingByte}`;
  const { expected, found } = failure;
  if (expected === undefined || found === undefined) return place + byte;
  return `${place}: expected ${factsText(expected)}, got ${factsText(found)}${byte}`;
}

function factsText(facts: BlockFacts): string {
  const known = (value: number): string => (value === ANY ? 'any' : String(value));
  return `offset ${facts.deviceOffset} generation ${known(facts.generation)} seed ${known(facts.seed)} crc32c 0x${facts.crc.toString(16).padStart(8, '0')}`;
}

function offsetInHeader(words: Uint32Array, first: number): number {
  return words[first + HEADER_OFFSET_LO] + words[first + HEADER_OFFSET_HI] * 2 ** 32;
}

function firstDifference(bytes: Uint8Array, start: number, right: Uint8Array): number {
  for (let i = 0; i < right.length; i++) if (bytes[start + i] !== right[i]) return i;
  return -1;
}
