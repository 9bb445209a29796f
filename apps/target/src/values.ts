const UNITS = ['', 'k', 'm', 'g', 't'];

/** Reads a size such as `64M`, `1G` or `4096`: whole numbers of bytes, or of 1024 and its powers. @throws Error */
export function parseSize(text: string): number {
  const match = /^(\d+)([kmgt]?)(?:ib|b)?$/i.exec(text.trim());
  const bytes = match === null ? NaN : Number(match[1]) * 1024 ** UNITS.indexOf(match[2].toLowerCase());
  if (!(Number.isSafeInteger(bytes) && bytes > 0)) throw new Error(`expected a size such as 64M or 1G, got '${text}'`);
  return bytes;
}

/** Reads a whole number, decimal or `0x` hexadecimal, from `min` to `max`. @throws Error */
export function parseNumber(text: string, min: number, max: number): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text.trim()) ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw new Error(`expected a whole number from ${min} to ${max}, got '${text}'`);
  return value;
}

/** Reads milliseconds, fractions allowed. @throws Error */
export function parseMs(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value <= 60_000)) throw new Error(`expected milliseconds from 0 to 60000, got '${text}'`);
  return value;
}

/** Writes bytes with the largest unit that divides them: 67108864 as `64 MiB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value % 1024 === 0 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${value} bytes` : `${value} ${UNITS[unit].toUpperCase()}iB`;
}
