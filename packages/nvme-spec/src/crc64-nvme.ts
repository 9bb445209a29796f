/**
 * CRC-64/NVME: the 64-bit guard of protection information. [NVM] 5.3.1.3
 *
 * Polynomial AD93D23594C93659h, least significant bit first, inverted at both ends. Check value of "123456789":
 * AE8B14860A799888h. Two 32-bit halves throughout: a BigInt would be an allocation per byte.
 */

// The polynomial AD93D235_94C93659h with its bits reversed.
const REFLECTED_POLYNOMIAL_HIGH = 0x9a6c9329;
const REFLECTED_POLYNOMIAL_LOW = 0xac4bc9b5;
// Table n is the remainder of a byte that n more bytes follow, as in crc16-t10dif.ts; low and high half in two arrays.
const TABLE_ENTRIES = 256;
const TABLES = 8;
const TABLE_LOW: Int32Array = new Int32Array(TABLES * TABLE_ENTRIES);
const TABLE_HIGH: Int32Array = new Int32Array(TABLES * TABLE_ENTRIES);
fillTables();

/**
 * Goes on with a CRC over `data[start, end)`: `crc` holds the low half at index 0 and the high half at index 1. It
 * begins as zeros, and is the CRC of all ranges so far after each call.
 */
export function crc64Nvme(data: Uint8Array, start: number, end: number, crc: Uint32Array): void {
  let low = ~crc[0];
  let high = ~crc[1];
  let at = start;
  for (const last = end - 7; at < last; at += 8) {
    low ^= data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24);
    high ^= data[at + 4] | (data[at + 5] << 8) | (data[at + 6] << 16) | (data[at + 7] << 24);
    const a = 0x700 + (low & 0xff);
    const b = 0x600 + ((low >>> 8) & 0xff);
    const c = 0x500 + ((low >>> 16) & 0xff);
    const d = 0x400 + (low >>> 24);
    const e = 0x300 + (high & 0xff);
    const f = 0x200 + ((high >>> 8) & 0xff);
    const g = 0x100 + ((high >>> 16) & 0xff);
    const h = high >>> 24;
    low = TABLE_LOW[a] ^ TABLE_LOW[b] ^ TABLE_LOW[c] ^ TABLE_LOW[d];
    low ^= TABLE_LOW[e] ^ TABLE_LOW[f] ^ TABLE_LOW[g] ^ TABLE_LOW[h];
    high = TABLE_HIGH[a] ^ TABLE_HIGH[b] ^ TABLE_HIGH[c] ^ TABLE_HIGH[d];
    high ^= TABLE_HIGH[e] ^ TABLE_HIGH[f] ^ TABLE_HIGH[g] ^ TABLE_HIGH[h];
  }
  for (; at < end; at++) {
    const entry = (low ^ data[at]) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ TABLE_LOW[entry];
    high = (high >>> 8) ^ TABLE_HIGH[entry];
  }
  crc[0] = ~low;
  crc[1] = ~high;
}

function fillTables(): void {
  for (let byte = 0; byte < TABLE_ENTRIES; byte++) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit++) {
      const odd = (low & 1) === 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (odd) {
        low ^= REFLECTED_POLYNOMIAL_LOW;
        high ^= REFLECTED_POLYNOMIAL_HIGH;
      }
    }
    TABLE_LOW[byte] = low;
    TABLE_HIGH[byte] = high;
  }
  for (let at = TABLE_ENTRIES; at < TABLE_LOW.length; at++) {
    const low = TABLE_LOW[at - TABLE_ENTRIES];
    const high = TABLE_HIGH[at - TABLE_ENTRIES];
    TABLE_LOW[at] = ((low >>> 8) | (high << 24)) ^ TABLE_LOW[low & 0xff];
    TABLE_HIGH[at] = (high >>> 8) ^ TABLE_HIGH[low & 0xff];
  }
}
