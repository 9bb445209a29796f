/**
 * How a numbered table of the specification is printed. Internal to this package.
 */

/**
 * Text of the row of `value`, such as `Identify (06h)`. Values without a row read as vendor specific from C0h to FFh,
 * which is true of opcodes, features and log pages alike, and as reserved elsewhere; `vendorFirst` is where vendor
 * specific values begin in other tables. Never throws.
 */
export function describeRow(
  rows: readonly (readonly [value: number, name: string, text: string])[],
  value: number,
  vendorFirst = 0xc0,
): string {
  const hex = `${value.toString(16).padStart(2, '0').toUpperCase()}h`;
  const row = rows.find(([candidate]) => candidate === value);
  if (row !== undefined) return `${row[2]} (${hex})`;
  return value >= vendorFirst && value <= 0xff ? `Vendor Specific (${hex})` : `Reserved (${hex})`;
}
