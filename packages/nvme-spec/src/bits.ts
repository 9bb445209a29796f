/**
 * Bit fields of a 32-bit word and of a 64-bit value held as two 32-bit words. For the control plane: a call per field.
 * Hot words (completion dword 3, command dword 0) have flat shifts and masks instead.
 */

/** A field `hi:lo` of a 32-bit word. Made by {@link bits}. */
export class Bits {
  /** The highest bit of the field, 0..31. */
  readonly hi: number;
  /** The lowest bit of the field, 0..31. */
  readonly lo: number;
  /** Width of the field in bits. */
  readonly width: number;
  /** Position of the lowest bit, the same number as `lo`. */
  readonly shift: number;
  /** The field's bits in place, as an unsigned 32-bit number. */
  readonly mask: number;
  /** The largest value the field holds. */
  readonly max: number;

  /** Use {@link bits}, which checks the range. */
  constructor(hi: number, lo: number) {
    this.hi = hi;
    this.lo = lo;
    this.width = hi - lo + 1;
    this.shift = lo;
    this.max = 2 ** this.width - 1;
    this.mask = this.max * 2 ** lo;
  }

  /** The field's value in `word`. */
  get(word: number): number {
    return ((word >>> this.shift) & this.max) >>> 0;
  }

  /** `word` with the field replaced by `value`, unsigned. @throws RangeError when `value` does not fit. */
  set(word: number, value: number): number {
    if (!fits(value, this.max)) failValue(this.hi, this.lo, value, this.max);
    return ((word & ~this.mask) | (value << this.shift)) >>> 0;
  }
}

/** A field `hi:lo` of a 64-bit value given as its low and high 32-bit word. Made by {@link bits64}. */
export class Bits64 {
  /** The highest bit of the field, 0..63. */
  readonly hi: number;
  /** The lowest bit of the field, 0..63. */
  readonly lo: number;
  /** Width of the field in bits, at most 53 so that a number holds every value. */
  readonly width: number;
  /** The largest value the field holds. */
  readonly max: number;
  // The parts of the field in the two words: number of bits, and position in the word.
  readonly #lowWidth: number;
  readonly #lowShift: number;
  readonly #highWidth: number;
  readonly #highShift: number;

  /** Use {@link bits64}, which checks the range. */
  constructor(hi: number, lo: number) {
    this.hi = hi;
    this.lo = lo;
    this.width = hi - lo + 1;
    this.max = 2 ** this.width - 1;
    this.#lowWidth = Math.max(0, Math.min(hi, 31) - lo + 1);
    this.#lowShift = this.#lowWidth === 0 ? 0 : lo;
    this.#highWidth = this.width - this.#lowWidth;
    this.#highShift = Math.max(0, lo - 32);
  }

  /** The field's value in the 64-bit value `high * 2^32 + low`. */
  get(low: number, high: number): number {
    const lowPart = take(low, this.#lowShift, this.#lowWidth);
    const highPart = take(high, this.#highShift, this.#highWidth);
    return lowPart + highPart * 2 ** this.#lowWidth;
  }

  /**
   * Replaces the field in `words`, which holds the low word at index 0 and the high word at index 1.
   * @throws RangeError when `value` does not fit.
   */
  set(words: Uint32Array, value: number): void {
    if (!fits(value, this.max)) failValue(this.hi, this.lo, value, this.max);
    const lowPart = value % 2 ** this.#lowWidth;
    const highPart = Math.floor(value / 2 ** this.#lowWidth);
    words[0] = put(words[0], this.#lowShift, this.#lowWidth, lowPart);
    words[1] = put(words[1], this.#highShift, this.#highWidth, highPart);
  }
}

/** The field `hi:lo` of a 32-bit word. @throws RangeError unless 31 >= hi >= lo >= 0. */
export function bits(hi: number, lo: number): Bits {
  if (!(isBit(hi, 31) && isBit(lo, hi))) throw new RangeError(`bits(${hi}, ${lo}): need 31 >= hi >= lo >= 0`);
  return new Bits(hi, lo);
}

/** The field `hi:lo` of a 64-bit value. @throws RangeError unless 63 >= hi >= lo >= 0 and hi - lo < 53. */
export function bits64(hi: number, lo: number): Bits64 {
  if (!(isBit(hi, 63) && isBit(lo, hi))) throw new RangeError(`bits64(${hi}, ${lo}): need 63 >= hi >= lo >= 0`);
  if (hi - lo + 1 > 53) throw new RangeError(`bits64(${hi}, ${lo}): ${hi - lo + 1} bits wide, at most 53`);
  return new Bits64(hi, lo);
}

const isBit = (bit: number, max: number): boolean => Number.isInteger(bit) && bit >= 0 && bit <= max;
const fits = (value: number, max: number): boolean => Number.isInteger(value) && value >= 0 && value <= max;
const take = (word: number, shift: number, width: number): number =>
  width === 0 ? 0 : ((word >>> shift) & (2 ** width - 1)) >>> 0;
const put = (word: number, shift: number, width: number, value: number): number =>
  width === 0 ? word : ((word & ~((2 ** width - 1) * 2 ** shift)) | (value << shift)) >>> 0;

function failValue(hi: number, lo: number, value: number, max: number): never {
  throw new RangeError(`bits ${hi}:${lo} hold 0..${max}, got ${value}`);
}
