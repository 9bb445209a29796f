/** @throws RangeError unless the option is an integer from `from` to `to` */
export function checkRange(name: string, value: number, from: number, to: number): void {
  if (!(Number.isInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected ${from} to ${to}, got ${value}`);
  }
}

/** @throws RangeError unless the option is 1 to `charactersMax` printable ASCII characters */
export function checkText(name: string, text: string, charactersMax: number): void {
  if (!(text.length >= 1 && text.length <= charactersMax && /^[ -~]*$/.test(text))) {
    throw new RangeError(
      `${name}: expected 1 to ${charactersMax} printable ASCII characters, got ${JSON.stringify(text)}`,
    );
  }
}
