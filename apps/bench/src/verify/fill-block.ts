import { crc32c } from '@node-rs/crc32';
import {
  BLOCK_MAGIC,
  BLOCK_VERSION,
  HEADER_CRC,
  HEADER_GENERATION,
  HEADER_LENGTH,
  HEADER_MAGIC,
  HEADER_OFFSET_HI,
  HEADER_OFFSET_LO,
  HEADER_SEED,
  HEADER_VERSION,
  HEADER_WORDS,
  type BlockBuffer,
} from './block-header.js';

const U32 = 2 ** 32;

/**
 * Writes one self-describing block. Costs a small view for the checksum call and nothing else.
 *
 * @param buffer - where to
 * @param start - first byte in the buffer, a multiple of 4
 * @param lengthBytes - of the block, a multiple of 4 and more than the header
 * @param deviceOffset - byte offset on the device, below 2^53
 * @param generation - which write this is, 1 to 2^32 - 1
 * @param seed - 32-bit
 * @param pattern - fills the payload instead of random bytes
 */
export function fillBlock(
  buffer: BlockBuffer,
  start: number,
  lengthBytes: number,
  deviceOffset: number,
  generation: number,
  seed: number,
  pattern?: Uint8Array,
): void {
  const { words, bytes } = buffer;
  const first = start >>> 2;
  words[first + HEADER_MAGIC] = BLOCK_MAGIC;
  words[first + HEADER_VERSION] = BLOCK_VERSION;
  words[first + HEADER_LENGTH] = lengthBytes;
  words[first + HEADER_OFFSET_LO] = deviceOffset % U32;
  words[first + HEADER_OFFSET_HI] = Math.floor(deviceOffset / U32);
  words[first + HEADER_GENERATION] = generation;
  words[first + HEADER_SEED] = seed;
  if (pattern === undefined)
    fillRandomWords(
      words,
      first + HEADER_WORDS,
      first + (lengthBytes >>> 2),
      payloadSeed(seed, deviceOffset, generation),
    );
  else fillPattern(bytes, start + HEADER_WORDS * 4, lengthBytes - HEADER_WORDS * 4, pattern);
  words[first + HEADER_CRC] = blockChecksum(bytes, start, lengthBytes);
}

/** CRC-32C of what the header's checksum covers. */
export function blockChecksum(bytes: Uint8Array, start: number, lengthBytes: number): number {
  return crc32c(bytes.subarray(start + (HEADER_CRC + 1) * 4, start + lengthBytes));
}

/** Repeats a pattern over `lengthBytes` bytes, starting with its first byte. */
export function fillPattern(bytes: Uint8Array, start: number, lengthBytes: number, pattern: Uint8Array): void {
  const end = start + lengthBytes;
  const period = pattern.length;
  const head = Math.min(period, lengthBytes);
  for (let i = 0; i < head; i++) bytes[start + i] = pattern[i]!;
  // What is there already is copied behind itself, twice as much each time.
  for (let filled = head; start + filled < end; filled *= 2) {
    bytes.copyWithin(start + filled, start, Math.min(start + filled, end - filled));
  }
}

/** Fills words `first` (inside) to `end` (outside) from a 32-bit xorshift generator. */
export function fillRandomWords(words: Uint32Array, first: number, end: number, seed: number): void {
  let x = seed | 0 || 1;
  for (let i = first; i < end; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
}

/** One 32-bit number out of all that makes a payload different from another. */
export function payloadSeed(seed: number, deviceOffset: number, generation: number): number {
  let x = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ (deviceOffset % U32);
  x = Math.imul(x ^ (x >>> 15), 0xc2b2_ae35) ^ Math.floor(deviceOffset / U32);
  x = Math.imul(x ^ (x >>> 13), 0x27d4_eb2f) ^ generation;
  x = Math.imul(x ^ (x >>> 16), 0x1656_67b1);
  return x ^ (x >>> 15);
}
