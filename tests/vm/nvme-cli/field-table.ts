/**
 * Tables that say which key of nvme-cli's JSON is which field of ours, and the comparison by such a table. Neither side may have anything
 * that is not in the table.
 */

/** A value that may be another one when the second of the two looks. */
export interface Movement {
  /** why it moves */
  readonly why: string;
  /** whether ours, read later, may follow theirs; both as {@link canonical} has them */
  readonly allows: (theirs: string, ours: string) => boolean;
}

/** One key of nvme-cli. */
export interface FieldRow<Ours> {
  readonly key: string;
  /** our fields that say it; none for what we leave out on purpose */
  readonly fields: readonly (keyof Ours & string)[];
  /** what nvme-cli has to say */
  readonly expected: (ours: Ours) => unknown;
  /** first and last minor version of nvme-cli 2 that has the key; default all */
  readonly since?: number;
  readonly until?: number;
  /** whether the key is there at all, where that depends on the device; default yes */
  readonly when?: (ours: Ours) => boolean;
  readonly moves?: Movement;
}

/** All of one structure. */
export interface FieldTable<Ours> {
  /** what nvme-cli calls the command */
  readonly name: string;
  readonly rows: readonly FieldRow<Ours>[];
  /** fields of ours that nvme-cli never tells, each with the reason */
  readonly untold: Partial<Record<keyof Ours & string, string>>;
}

type Choices<Ours> = Pick<FieldRow<Ours>, 'since' | 'until' | 'when' | 'moves'>;

/** A row for a key that is our field under another name or in another form. */
export function row<Ours>(
  key: string,
  fields: readonly (keyof Ours & string)[],
  expected: (ours: Ours) => unknown,
  choices: Choices<Ours> = {},
): FieldRow<Ours> {
  return { key, fields, expected, ...choices };
}

/** A row for a key that is one of our fields as it is. */
export function renamed<Ours>(key: string, field: keyof Ours & string, choices: Choices<Ours> = {}): FieldRow<Ours> {
  return row<Ours>(key, [field], (ours) => ours[field], choices);
}

/** Rows for keys that are called as our fields are. */
export function same<Ours>(names: string, choices: Choices<Ours> = {}): FieldRow<Ours>[] {
  return names.split(' ').map((name) => renamed<Ours>(name, name as keyof Ours & string, choices));
}

/** Counters that are only ever added to. */
export const COUNTS_ON: Movement = {
  why: 'a counter, which goes on in between',
  allows: (theirs, ours) => BigInt(ours) >= BigInt(theirs),
};

/** Both sides as text: numbers in decimal, text without padding, objects as JSON. Signed numbers of nvme-cli are 32 bits. */
export function canonical(value: unknown): string {
  if (typeof value === 'number') return String(value < 0 ? value >>> 0 : value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'string') return value.replace(/ +$/, '');
  return JSON.stringify(value);
}

/**
 * Compares one object of nvme-cli with ours.
 *
 * @param version - minor version of nvme-cli 2
 * @returns a line for each difference; empty when there is none
 */
export function compareFields<Ours extends object>(
  table: FieldTable<Ours>,
  theirs: Readonly<Record<string, unknown>>,
  ours: Ours,
  version: number,
): string[] {
  const rows = table.rows.filter(({ since = 0, until = Infinity }) => since <= version && version <= until);
  const known = new Set(rows.map(({ key }) => key));
  const problems = Object.keys(theirs)
    .filter((key) => !known.has(key))
    .map((key) => `${table.name}: nvme-cli 2.${version} says ${key}, which is not in the table`);
  for (const each of rows) {
    if (each.when !== undefined && !each.when(ours)) {
      if (each.key in theirs) problems.push(`${table.name}.${each.key}: expected to be left out`);
    } else if (!(each.key in theirs)) {
      problems.push(`${table.name}.${each.key}: expected from nvme-cli 2.${version}, is not there`);
    } else {
      problems.push(...compareValue(table.name, each, theirs[each.key], ours));
    }
  }
  return [...problems, ...untoldFields(table, ours)];
}

function compareValue<Ours>(name: string, each: FieldRow<Ours>, said: unknown, ours: Ours): string[] {
  const theirs = canonical(said);
  const expected = canonical(each.expected(ours));
  if (theirs === expected || each.moves?.allows(theirs, expected) === true) return [];
  const moves = each.moves === undefined ? '' : ` (${each.moves.why})`;
  return [`${name}.${each.key}: nvme-cli says ${theirs}, ours ${expected}${moves}`];
}

/** Fields of ours that no row has, of whatever version, and nobody gave a reason for. */
export function untoldFields<Ours extends object>({ name, rows, untold }: FieldTable<Ours>, ours: Ours): string[] {
  const told = new Set<string>([...rows.flatMap(({ fields }) => fields), ...Object.keys(untold)]);
  return Object.keys(ours)
    .filter((field) => !told.has(field))
    .map((field) => `${name}: our field ${field} is not in the table`);
}

/** Compares lists entry by entry. */
export function compareLists<Ours extends object>(
  table: FieldTable<Ours>,
  theirs: readonly Readonly<Record<string, unknown>>[],
  ours: readonly Ours[],
  version: number,
): string[] {
  if (theirs.length !== ours.length) {
    return [`${table.name}: nvme-cli has ${theirs.length} entries, ours ${ours.length}`];
  }
  return theirs.flatMap((each, index) =>
    compareFields(table, each, ours[index], version).map((problem) => `[${index}] ${problem}`),
  );
}
