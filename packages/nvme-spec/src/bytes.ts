/**
 * Little-endian integers and padded text in byte arrays, for the control plane. Every integer of NVMe is little-endian.
 */

/** Unsigned 16-bit integer at byte `at`. @throws RangeError when it is not inside `data`. */
export function readUint16(data: Uint8Array, at: number): number {
  return checkedNumber(data, at, 2);
}

/** Unsigned 32-bit integer at byte `at`. @throws RangeError when it is not inside `data`. */
export function readUint32(data: Uint8Array, at: number): number {
  return checkedNumber(data, at, 4);
}

/**
 * Unsigned 64-bit integer at byte `at`, as a number.
 * @throws RangeError when it is not inside `data`, or is 2^53 or more; `what` names it in the message.
 */
export function readUint64(data: Uint8Array, at: number, what: string): number {
  const value = readUnsigned(data, at, 8);
  if (typeof value === 'bigint') throw new RangeError(`${what}: ${value} is above 2^53 - 1`);
  return value;
}

/** Unsigned integer of 1..16 bytes at byte `at`: a number up to 2^53 - 1, a bigint above. */
export function readUnsigned(data: Uint8Array, at: number, bytes: number): number | bigint {
  if (bytes <= 6) return checkedNumber(data, at, bytes);
  checkInside(data, at, bytes);
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(data[at + i]);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/**
 * Text of `bytes` bytes at byte `at`: it ends at the first NUL and loses the spaces around it. Bytes outside ASCII read
 * as `?`.
 */
export function readAscii(data: Uint8Array, at: number, bytes: number): string {
  checkInside(data, at, bytes);
  let text = '';
  for (let i = at; i < at + bytes; i++) {
    const code = data[i];
    if (code === 0) break;
    text += code >= 0x20 && code <= 0x7e ? String.fromCharCode(code) : '?';
  }
  return text.replace(/^ +| +$/g, '');
}

/**
 * Writes `text` as ASCII into `bytes` bytes at byte `at`, filled up with spaces.
 * @throws RangeError when the text is too long, has a character outside 20h..7Eh, or the field is not inside `data`.
 */
export function writeAsciiPadded(data: Uint8Array, at: number, bytes: number, text: string): void {
  checkInside(data, at, bytes);
  if (text.length > bytes) throw new RangeError(`text of ${text.length} characters for a field of ${bytes} bytes`);
  for (let i = 0; i < bytes; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0x20;
    if (code < 0x20 || code > 0x7e) throw new RangeError(`character ${code} at ${i} is not printable ASCII`);
    data[at + i] = code;
  }
}

/** Bytes as lower case hexadecimal digits without separators, in memory order. */
export function toHex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Value of a 0's based field for a count: `count - 1`.
 * @throws RangeError unless `count` is 1..`countMax`.
 */
export function toZeroBased(count: number, countMax: number): number {
  if (!(Number.isInteger(count) && count >= 1 && count <= countMax)) {
    throw new RangeError(`count 1..${countMax}, got ${count}`);
  }
  return count - 1;
}

/** Count that a 0's based field means: `value0 + 1`. */
export function fromZeroBased(value0: number): number {
  return value0 + 1;
}

function checkedNumber(data: Uint8Array, at: number, bytes: number): number {
  checkInside(data, at, bytes);
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + data[at + i];
  return value;
}

function checkInside(data: Uint8Array, at: number, bytes: number): void {
  if (!(Number.isInteger(at) && at >= 0 && at + bytes <= data.length)) {
    throw new RangeError(`${bytes} bytes at ${at} are not inside ${data.length}`);
  }
}
