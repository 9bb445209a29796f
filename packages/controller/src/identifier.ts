/** Bytes of an identifier that is written in hexadecimal, hyphens between the digits allowed. @throws RangeError naming it */
export function identifierBytes(name: string, text: string, bytes: number): Uint8Array {
  const digits = text.replaceAll('-', '');
  if (digits.length !== bytes * 2 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new RangeError(`${name}: expected ${bytes * 2} hexadecimal digits, got ${text}`);
  }
  return Uint8Array.from({ length: bytes }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16));
}

/**
 * A UUID (version 8, [RFC 9562] 5.8) that depends on a name only: what a namespace has that was given none, the same at every
 * controller that shows the same namespace of the same subsystem.
 */
export function uuidOfName(name: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let hash = 0x811c_9dc5;
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193);
    hash = Math.imul(hash ^ round ^ (hash >>> 15), 0x2c1b_3c6d);
    for (let i = 0; i < 4; i++) bytes[round * 4 + i] = (hash >>> (i * 8)) & 0xff;
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes;
}
