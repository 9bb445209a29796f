/**
 * A verified block describes itself. One header stands at the start of each interval (see `verifyIntervalBytes`); all
 * fields are little-endian 32-bit words.
 *
 *   byte   0        4        8         12         16          20          24           28      32 ...
 *          magic    crc32c   version   length     offset lo   offset hi   generation   seed    payload
 *
 * The checksum covers everything behind it, header fields and payload, so one pass proves both. The payload is a
 * function of seed, offset and generation: a wrong byte can be found by making the right block again.
 */
export const HEADER_WORDS = 8;
/** See {@link HEADER_WORDS}. */
export const HEADER_BYTES = HEADER_WORDS * 4;

//                              word     field
export const HEADER_MAGIC = 0; //        what marks a block of ours
export const HEADER_CRC = 1; //          CRC-32C of bytes 8 to the end
export const HEADER_VERSION = 2; //      of this layout
export const HEADER_LENGTH = 3; //       bytes of the block, header included
export const HEADER_OFFSET_LO = 4; //    byte offset on the device
export const HEADER_OFFSET_HI = 5;
export const HEADER_GENERATION = 6; //   which write of the job this was, 1 and up
export const HEADER_SEED = 7; //         the job's

/** "PbVf", read as a little-endian word. */
export const BLOCK_MAGIC = 0x6656_6250;
/** Version of the layout above. */
export const BLOCK_VERSION = 1;

/** A block's memory, seen as bytes and as words. One of these per buffer, made once: views are not made per block. */
export interface BlockBuffer {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/**
 * Makes both views of a piece of memory, shared or not.
 *
 * @param memory - the whole buffer
 * @param byteOffset - a multiple of 4
 * @param lengthBytes - a multiple of 4
 */
export function blockBufferOver(
  memory: ArrayBufferLike,
  byteOffset = 0,
  lengthBytes = memory.byteLength - byteOffset,
): BlockBuffer {
  if (byteOffset % 4 !== 0 || lengthBytes % 4 !== 0) {
    throw new RangeError(
      `block buffer: expected offset and length in multiples of 4, got ${byteOffset} and ${lengthBytes}`,
    );
  }
  return {
    bytes: new Uint8Array(memory, byteOffset, lengthBytes),
    words: new Uint32Array(memory, byteOffset, lengthBytes / 4),
  };
}
