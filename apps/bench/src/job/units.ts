import { failValue } from './value-error.js';

/**
 * fio's units, as the program reads them with its default `kb_base=1024`:
 *
 *   k, kb, ki   1024        kib   1000        (m, g, t, p alike)
 *
 * The suffixes are the wrong way round on purpose, for old scripts: `4kib` is 4,000 bytes. fio's manual says the same
 * of the short form `4ki`; the program (3.42, tried) reads that as 4,096, and a job has to mean here what it means
 * there.
 *
 * Stricter than fio in one way: fio stops reading at the first character it does not know, so that `1.5g` is one byte.
 * Here such a value is refused.
 */
const BINARY_SUFFIX = /^([kmgtp])(?:b|i)?$/;
const DECIMAL_SUFFIX = /^([kmgtp])ib$/;
const NUMBER_WITH_SUFFIX = /^([+-]?)(0x[0-9a-f]+|\d+)([a-z%]*)$/i;
const PREFIXES = 'kmgtp';

/** A number of bytes, or a share of a device that is not known yet. */
export type Extent = { readonly bytes: number } | { readonly percent: number };

/**
 * Reads an integer with fio's size suffixes, for example `4k`, `0x1000` or `128MB`.
 *
 * @returns the number, bytes if it stands for a size
 * @throws ValueError when the text is not of that form or the number is past 2^53
 */
export function parseInteger(text: string): number {
  const match = NUMBER_WITH_SUFFIX.exec(text.trim());
  if (match === null) failValue('a whole number such as 4096, 4k or 1m', text);
  const value = Number(match[2]) * suffixFactor(match[3].toLowerCase(), text) * (match[1] === '-' ? -1 : 1);
  if (!Number.isSafeInteger(value)) failValue('a number below 2^53', text);
  return value === 0 ? 0 : value;
}

/** Reads a size that may also be a percentage of the device, for example `64m` or `20%`. */
export function parseExtent(text: string): Extent {
  const trimmed = text.trim();
  if (!trimmed.endsWith('%')) return { bytes: parseInteger(trimmed) };
  const percent = parseInteger(trimmed.slice(0, -1));
  if (percent < 1 || percent > 100) failValue('a percentage from 1% to 100%', text);
  return { percent };
}

function suffixFactor(suffix: string, text: string): number {
  if (suffix === '' || suffix === 'b') return 1;
  const binary = BINARY_SUFFIX.exec(suffix);
  if (binary !== null) return 1024 ** (PREFIXES.indexOf(binary[1]) + 1);
  const decimal = DECIMAL_SUFFIX.exec(suffix);
  if (decimal !== null) return 1000 ** (PREFIXES.indexOf(decimal[1]) + 1);
  return failValue('a size suffix out of k, m, g, t, p (b, kb, kib and so on)', text);
}

const DURATION = /^(\d+)([a-z]*)$/i;
const DURATION_US = new Map([
  ['us', 1],
  ['usec', 1],
  ['ms', 1_000],
  ['msec', 1_000],
  ['s', 1_000_000],
  ['sec', 1_000_000],
  ['m', 60_000_000],
  ['h', 3_600_000_000],
  ['d', 86_400_000_000],
]);

/**
 * Reads a duration, for example `30`, `1500ms`, `10m` or `250us`.
 *
 * @param text - the value
 * @param defaultUnit - the unit of a number without a suffix; options differ in it
 * @returns microseconds
 * @throws ValueError when the text is not of that form
 */
export function parseDurationUs(text: string, defaultUnit: 's' | 'us'): number {
  const match = DURATION.exec(text.trim());
  const suffix = match?.[2]?.toLowerCase();
  const factor = suffix === undefined ? undefined : DURATION_US.get(suffix === '' ? defaultUnit : suffix);
  if (match === null || factor === undefined) return failValue('a duration such as 30s, 500ms, 10m or 250us', text);
  const us = Number(match[1]) * factor;
  if (!Number.isSafeInteger(us)) failValue('a duration below 2^53 microseconds', text);
  return us;
}

/** Reads a decimal number such as `1.1`. */
export function parseFloatStrict(text: string): number {
  const trimmed = text.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) failValue('a number such as 1.1', text);
  return Number(trimmed);
}

/** Reads `0` or `1`. */
export function parseBoolean(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed !== '0' && trimmed !== '1') failValue('0 or 1', text);
  return trimmed === '1';
}

/** Writes a number of bytes with the largest binary unit that divides it, for example 65536 as `64KiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value !== 0 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value}${units[unit]}`;
}
