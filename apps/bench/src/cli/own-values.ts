import { parseInteger } from '../job/units.js';

/** Values of own options as typed, by commander's names. */
export type OwnValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** An own option whose value is wrong. */
export class OwnOptionError extends Error {
  override readonly name = 'OwnOptionError';

  /** @param option - commander's name of it */
  constructor(
    readonly option: string,
    message: string,
  ) {
    super(message);
  }
}

/** One of some words. @throws OwnOptionError */
export function oneOf<T extends string>(values: OwnValues, name: string, choices: readonly T[], fallback: T): T {
  const value = values[name];
  if (value === undefined) return fallback;
  return choices.find((choice) => choice === value) ?? fail(name, `one of ${choices.join(', ')}`, String(value));
}

/** A whole number in a range, or undefined without the option. @throws OwnOptionError */
export function count(values: OwnValues, name: string, min: number, max: number): number | undefined {
  const value = read(values, name, parseInteger);
  if (value !== undefined && value < min) fail(name, `${min} or more`, value);
  if (value !== undefined && value > max) fail(name, `at most ${max}`, value);
  return value;
}

/** Whatever `parse` makes of the value, or undefined without the option. @throws OwnOptionError with the words of `parse` */
export function read<T>(values: OwnValues, name: string, parse: (text: string) => T): T | undefined {
  const value = values[name];
  if (typeof value !== 'string') return undefined;
  try {
    return parse(value);
  } catch (error) {
    throw new OwnOptionError(name, `${dashed(name)}: ${(error as Error).message}`);
  }
}

/** All values of an option that may be given several times, in order; none without it. */
export function textsOf(values: OwnValues, name: string): readonly string[] {
  const value = values[name];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

/** A property that is there only with a value. */
export function optional<K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: V });
}

/** Refuses an option's value. @throws OwnOptionError */
export function fail(name: string, expected: string, got: string | number): never {
  throw new OwnOptionError(
    name,
    `${dashed(name)}: expected ${expected}, got ${typeof got === 'number' ? got : `"${got}"`}`,
  );
}

/** The key under which commander keeps the value of `--queue-pairs`: `queuePairs`. */
export function optionKey(longName: string): string {
  return longName.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `queuePairs` as it was typed: `--queue-pairs`. */
function dashed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
