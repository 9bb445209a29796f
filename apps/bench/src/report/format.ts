/** Writes a count with three significant digits and a decimal prefix, for example 12345678 as `12.3M`. */
export function formatCount(value: number): string {
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  let scaled = value;
  let prefix = 0;
  while (Math.abs(scaled) >= 999.5 && prefix < prefixes.length - 1) {
    scaled /= 1000;
    prefix++;
  }
  return `${threeDigits(scaled)}${prefixes[prefix]}`;
}

/** Writes a duration with three significant digits, for example 1234 as `1.23us`. */
export function formatNs(ns: number): string {
  const units: readonly (readonly [scale: number, unit: string])[] = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'us'],
  ];
  const found = units.find(([scale]) => ns >= scale * 0.9995);
  return found === undefined ? `${threeDigits(ns)}ns` : `${threeDigits(ns / found[0])}${found[1]}`;
}

/** Writes bytes with three significant digits and a binary unit, for example 68157440 as `65MiB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let scaled = bytes;
  let unit = 0;
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${threeDigits(scaled)}${units[unit]}`;
}

/** Writes seconds as `5s`, `1m05s` or `2h03m`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
}

/** Three significant digits without exponent or trailing zeros; small numbers keep at most four decimals. */
function threeDigits(value: number): string {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(4, Math.max(0, 2 - magnitude));
  return String(Number(value.toFixed(decimals)));
}

/** The same for a bare ratio such as MMIO writes per I/O. */
export function formatRatio(value: number): string {
  return threeDigits(value);
}
