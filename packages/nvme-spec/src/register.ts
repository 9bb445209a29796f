/**
 * A register, or a dword of a command, as a named offset with named fields. It is checked when the module loads: fields
 * and reserved ranges together cover every bit exactly once.
 */
import type { Bits, Bits64 } from './bits.js';

/** What every register says about itself, next to its fields. */
export interface RegisterHead {
  /** Name of the register, such as `CC`. */
  readonly registerName: string;
  /** Byte offset from the start of the register window. */
  readonly offset: number;
  /** Width of the register: 32 or 64 bits. */
  readonly width: 32 | 64;
  /** Names of the fields in ascending bit order, without the reserved ranges. */
  readonly fieldNames: readonly string[];
  /** Reserved ranges in ascending bit order, each as `[hi, lo]`. */
  readonly reserved: readonly (readonly [hi: number, lo: number])[];
}

/** A 32-bit register whose fields are properties: `CC.EN.get(word)`. */
export type Register32<F extends string> = RegisterHead & Readonly<Record<F, Bits>>;

/** A 64-bit register whose fields are properties: `CAP.MQES0.get(low, high)`. */
export type Register64<F extends string> = RegisterHead & Readonly<Record<F, Bits64>>;

/**
 * Describes a 32-bit register.
 * @throws RangeError when fields and reserved ranges do not cover 31:0 exactly once.
 */
export function register32<F extends string>(
  name: string,
  offset: number,
  fields: Readonly<Record<F, Bits>>,
  reserved: readonly Bits[] = [],
): Register32<F> {
  return { ...describeTiling(name, offset, 32, fields, reserved), ...fields };
}

/**
 * Describes a 64-bit register.
 * @throws RangeError when fields and reserved ranges do not cover 63:0 exactly once.
 */
export function register64<F extends string>(
  name: string,
  offset: number,
  fields: Readonly<Record<F, Bits64>>,
  reserved: readonly Bits64[] = [],
): Register64<F> {
  return { ...describeTiling(name, offset, 64, fields, reserved), ...fields };
}

/** A command dword or completion dword: a 32-bit word at a byte offset of its queue entry. */
export type Dword<F extends string> = Register32<F>;

/**
 * Describes a dword of a command or completion; the offset counts from the start of the queue entry.
 * @throws RangeError when fields and reserved ranges do not cover 31:0 exactly once.
 */
export function dword<F extends string>(
  name: string,
  offset: number,
  fields: Readonly<Record<F, Bits>>,
  reserved: readonly Bits[] = [],
): Dword<F> {
  return register32(name, offset, fields, reserved);
}

/**
 * A register's value as text, `CC=0x00460001 EN=1 CSS=0 ...`; a non-zero reserved range is printed too.
 * Pass the high word for a 64-bit register.
 */
export function describeRegister(register: RegisterHead, low: number, high = 0): string {
  const wide = register.width === 64;
  const hex = (wide ? hex32(high) : '') + hex32(low);
  let line = `${register.registerName}=0x${hex}`;
  const fields = register as unknown as Readonly<Record<string, Bits & Bits64>>;
  for (const name of register.fieldNames)
    line += ` ${name}=${wide ? fields[name].get(low, high) : fields[name].get(low)}`;
  for (const [hi, lo] of register.reserved) {
    const value = rangeOf(hi, lo, low, high);
    if (value !== 0n) line += ` reserved ${hi}:${lo}=0x${value.toString(16)}`;
  }
  return line;
}

interface Range {
  readonly hi: number;
  readonly lo: number;
}

function describeTiling(
  name: string,
  offset: number,
  width: 32 | 64,
  fields: Readonly<Record<string, Range>>,
  reserved: readonly Range[],
): RegisterHead {
  const rows = [
    ...Object.entries(fields).map(([fieldName, { hi, lo }]) => ({ hi, lo, text: fieldName })),
    ...reserved.map(({ hi, lo }) => ({ hi, lo, text: 'reserved' })),
  ].sort((a, b) => a.lo - b.lo);
  let expected = 0;
  for (const { hi, lo, text } of rows) {
    if (lo !== expected) throw new RangeError(`${name}.${text} ${hi}:${lo}: starts at bit ${lo}, expected ${expected}`);
    expected = hi + 1;
  }
  if (expected !== width) throw new RangeError(`${name}: fields end at bit ${expected - 1}, expected ${width - 1}`);
  return {
    registerName: name,
    offset,
    width,
    fieldNames: Object.entries(fields)
      .sort(([, a], [, b]) => a.lo - b.lo)
      .map(([fieldName]) => fieldName),
    reserved: [...reserved].sort((a, b) => a.lo - b.lo).map(({ hi, lo }) => [hi, lo] as const),
  };
}

const hex32 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

function rangeOf(hi: number, lo: number, low: number, high: number): bigint {
  const value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return (value >> BigInt(lo)) & ((1n << BigInt(hi - lo + 1)) - 1n);
}
