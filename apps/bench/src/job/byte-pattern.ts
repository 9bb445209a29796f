import { failValue } from './value-error.js';

/** Longest pattern, in bytes. */
export const PATTERN_BYTES_MAX = 512;

const TOKEN = /\s*(?:(0x[0-9a-f]+?)(?=0x|["'%\s-]|$)|(-?\d+?)(?=0x|["'%\s-]|$)|"([^"]*)")/iy;

/**
 * Reads fio's byte patterns: hexadecimal (`0xdeadbeef` is de ad be ef, in that order; an odd first digit stands alone),
 * decimal (`-12`, `255`; little endian, in as many bytes as it needs) and `"text"`, in any sequence. fio's `%o` (the
 * offset) and `'file'` are not done and refused.
 */
export function parsePattern(text: string): Uint8Array {
  const bytes: number[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) failValue('a pattern of 0x.., numbers and "text" (%o and files are not done)', text);
    if (match[1] !== undefined) pushHex(bytes, match[1].slice(2));
    else if (match[2] !== undefined) pushDecimal(bytes, match[2]);
    else for (const byte of Buffer.from(match[3])) bytes.push(byte);
    at = TOKEN.lastIndex;
  }
  if (bytes.length === 0) failValue('a pattern of at least one byte', text);
  if (bytes.length > PATTERN_BYTES_MAX)
    failValue(`a pattern of at most ${PATTERN_BYTES_MAX} bytes`, `${bytes.length} bytes`);
  return Uint8Array.from(bytes);
}

function pushHex(bytes: number[], digits: string): void {
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  for (let i = 0; i < even.length; i += 2) bytes.push(Number.parseInt(even.slice(i, i + 2), 16));
}

function pushDecimal(bytes: number[], digits: string): void {
  const value = Number(digits);
  if (value < -0x8000_0000 || value > 0x7fff_ffff)
    failValue('a decimal number of at most 32 bits in a pattern', digits);
  let rest = value >>> 0;
  do {
    bytes.push(rest & 0xff);
    rest >>>= 8;
  } while (rest !== 0);
}
