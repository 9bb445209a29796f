import { CHAIN_MAX } from '../limits.js';

/** A capability behind an answer of VFIO: its number, and its bytes from the header on to the end of the answer. */
export interface Capability {
  readonly id: number;
  readonly view: DataView;
}

/** Bytes of `struct vfio_info_cap_header`: number, version, offset of the next one from the start of the answer. */
const HEADER_BYTES = 8;

/**
 * The capabilities of an answer. Offsets that lead outside of it, or round in a circle, end the chain: what was found until then counts.
 *
 * @param answer - the whole answer
 * @param offset - of the first one; 0 for none
 */
export function capabilities(answer: Uint8Array, offset: number): Capability[] {
  const found: Capability[] = [];
  const whole = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  let at = offset;
  while (at >= HEADER_BYTES && at + HEADER_BYTES <= answer.byteLength && found.length < CHAIN_MAX) {
    found.push({ id: whole.getUint16(at, true), view: new DataView(answer.buffer, answer.byteOffset + at) });
    at = whole.getUint32(at + 4, true);
  }
  return found;
}

/** A 64-bit field as a number; 2^53 and above come out rounded, which no caller takes for an exact size. */
export function u64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
}
