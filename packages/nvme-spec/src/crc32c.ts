/**
 * CRC-32C (Castagnoli): the 32-bit guard of protection information. [NVM] 5.3.1.2
 *
 * Polynomial 1EDC6F41h, least significant bit first, inverted at both ends. Check value of "123456789": E3069283h.
 */

const REFLECTED_POLYNOMIAL = 0x82f63b78;
// Table n is the remainder of a byte that n more bytes follow, as in crc16-t10dif.ts.
const TABLE_ENTRIES = 256;
const TABLES = 4;
const TABLE: Int32Array = makeTables();

/**
 * CRC of `data[start, end)`. To go on over several ranges, pass the result of the range before as `crc`.
 * @returns 0..FFFFFFFFh
 */
export function crc32c(data: Uint8Array, start: number, end: number, crc = 0): number {
  let remainder = ~crc;
  let at = start;
  for (const last = end - 3; at < last; at += 4) {
    remainder ^= data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24);
    remainder =
      TABLE[0x300 + (remainder & 0xff)] ^
      TABLE[0x200 + ((remainder >>> 8) & 0xff)] ^
      TABLE[0x100 + ((remainder >>> 16) & 0xff)] ^
      TABLE[remainder >>> 24];
  }
  for (; at < end; at++) remainder = (remainder >>> 8) ^ TABLE[(remainder ^ data[at]) & 0xff];
  return ~remainder >>> 0;
}

function makeTables(): Int32Array {
  const table = new Int32Array(TABLES * TABLE_ENTRIES);
  for (let byte = 0; byte < TABLE_ENTRIES; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = (remainder >>> 1) ^ ((remainder & 1) === 0 ? 0 : REFLECTED_POLYNOMIAL);
    table[byte] = remainder;
  }
  for (let at = TABLE_ENTRIES; at < table.length; at++) {
    const before = table[at - TABLE_ENTRIES];
    table[at] = (before >>> 8) ^ table[before & 0xff];
  }
  return table;
}
