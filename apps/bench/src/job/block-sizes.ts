import { blockSizeBounds, type BlockSizes, type PerDirection } from './job-spec.js';
import { parseInteger } from './units.js';
import { failValue } from './value-error.js';

/** Most sizes a split may list per direction, as in fio. */
export const SPLIT_PARTS_MAX = 64;
/** fio's default block size. */
export const BLOCK_BYTES_DEFAULT = 4096;

/**
 * Spreads fio's comma form over the directions: `8k,32k` gives writes and trims 32k, `8k,32k,` leaves trims at the
 * fallback, `,8k` leaves reads at it.
 *
 * @param text - one to three values separated by commas
 * @param parse - reads one value
 * @param fallback - for directions the text leaves open
 */
export function parsePerDirection<T>(text: string, parse: (one: string) => T, fallback: T): PerDirection<T> {
  const values = text.split(',').map((one) => one.trim());
  if (values.length > 3 && !(values.length === 4 && values[3] === ''))
    failValue('at most three values separated by commas', text);
  if (values.every((one) => one === '')) failValue('a value', text);
  const result: T[] = [];
  for (let direction = 0; direction < 3; direction++) {
    const own = values[direction];
    if (own !== undefined) result.push(own === '' ? fallback : parse(own));
    else result.push(result[direction - 1]);
  }
  return result as unknown as PerDirection<T>;
}

/** Reads `bs`: one size per direction. */
export function parseBlockSize(text: string): BlockSizes {
  const bytes = parseInteger(text);
  if (bytes < 1) failValue('1 byte or more', bytes);
  return { kind: 'fixed', bytes };
}

/** Reads one range of `bsrange`, for example `1k-16k` or `1k:16k`; the larger end may come first. */
export function parseBlockSizeRange(text: string): BlockSizes {
  const ends = text.split(/[-:]/);
  if (ends.length !== 2) failValue('a range such as 4k-16k', text);
  const a = parseInteger(ends[0]);
  const b = parseInteger(ends[1]);
  const minBytes = Math.min(a, b);
  const maxBytes = Math.max(a, b);
  if (minBytes < 1) failValue('1 byte or more', minBytes);
  return minBytes === maxBytes ? { kind: 'fixed', bytes: minBytes } : { kind: 'range', minBytes, maxBytes };
}

/**
 * Reads one direction's `bssplit`, for example `4k/60:16k/30:64k/10`. Parts without a percentage share what the others
 * leave.
 *
 * fio lets percentages add up to anything but an excess with several open parts; what it then draws is an accident of
 * its loop. Here they must add up to 100.
 */
export function parseBlockSizeSplit(text: string): BlockSizes {
  const entries = text.split(':');
  if (entries.length > SPLIT_PARTS_MAX) failValue(`at most ${SPLIT_PARTS_MAX} sizes`, `${entries.length} sizes`);
  let sum = 0;
  let open = 0;
  const parts = entries.map((entry) => {
    const [size = '', share = '', ...rest] = entry.split('/');
    if (rest.length > 0) failValue('size/percentage pairs such as 4k/60:16k/40', text);
    const bytes = parseInteger(size);
    if (bytes < 1) failValue('1 byte or more', bytes);
    if (share.trim() === '') {
      open++;
      return { bytes, percent: -1 };
    }
    const percent = parseInteger(share);
    if (percent < 0 || percent > 100) failValue('a percentage from 0 to 100', share);
    sum += percent;
    return { bytes, percent };
  });
  if (sum > 100) failValue('percentages that add up to 100', `${sum} in ${text}`);
  if (open === 0 && sum !== 100) failValue('percentages that add up to 100', `${sum} in ${text}`);
  const shares = parts.map((part) => ({
    bytes: part.bytes,
    share: (part.percent < 0 ? (100 - sum) / open : part.percent) / 100,
  }));
  return simplify(shares.filter((part) => part.share > 0));
}

function simplify(parts: { bytes: number; share: number }[]): BlockSizes {
  const split: BlockSizes = { kind: 'split', parts };
  const { minBytes, maxBytes } = blockSizeBounds(split);
  return minBytes === maxBytes ? { kind: 'fixed', bytes: minBytes } : split;
}
