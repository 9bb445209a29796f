/**
 * 64-bit values as two 32-bit halves. Numbers are exact below 2^53; what does not fit there is refused, not rounded.
 * There is no BigInt below the API edge: it costs ten times the store it replaces, and garbage.
 */

/** 2^32, the weight of the upper half. */
export const U32_RANGE = 0x1_0000_0000;

/** Lower 32 bits of an integer from 0 to 2^53 - 1. */
export function low32(value: number): number {
  return value >>> 0;
}

/** Upper bits (32 and above) of an integer from 0 to 2^53 - 1. */
export function high32(value: number): number {
  return value < U32_RANGE ? 0 : Math.floor(value / U32_RANGE);
}

/** The integer of two unsigned halves, or -1 when it is 2^53 or more and so has no exact number. */
export function joinU64(low: number, high: number): number {
  return high >>> 0 > 0x1f_ffff ? -1 : (high >>> 0) * U32_RANGE + (low >>> 0);
}

/** A 64-bit register or field as its two unsigned 32-bit halves. */
export interface U64 {
  /** bits 31:0 */
  readonly low: number;
  /** bits 63:32 */
  readonly high: number;
}

/**
 * Checks that a caller's value is an integer from 0 to 2^53 - 1.
 *
 * @param name - the parameter's name, for the message
 * @throws RangeError naming the parameter and the value
 */
export function checkSafeUnsigned(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError(`${name}: expected an integer from 0 to 2^53 - 1, got ${value}`);
  }
}
