/**
 * A value of the wrong form or out of its range. It carries the sentence without the option's name or its place:
 * whoever knows those (the job-file parser, the command line) adds them.
 */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

/**
 * Throws a {@link ValueError} in the one form all of them have.
 *
 * @param expected - what would have been right, for example "1 or more"
 * @param got - what was there instead, shown in quotes unless it is a number
 */
export function failValue(expected: string, got: string | number): never {
  throw new ValueError(`expected ${expected}, got ${typeof got === 'number' ? String(got) : quote(got)}`);
}

function quote(text: string): string {
  return text === '' ? 'nothing' : `"${text}"`;
}
