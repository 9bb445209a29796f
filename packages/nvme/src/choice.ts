/** Checks an option that is one of a few texts. @throws RangeError naming them */
export function oneOf<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (!choices.includes(value)) throw new RangeError(`${name}: expected ${choices.join(', ')}, got ${value}`);
  return value;
}
