import { NSID_BROADCAST, STATUS_DNR, statusIsError, statusCrd } from '@phasebit/nvme-spec';
import { isRangeOpcode, movesData } from './armed-rule.js';
import type { CommandFault, FaultKind, FaultRule } from './fault-rule.js';

/** Largest 15-bit status. */
const STATUS_MAX = 0x7fff;
/** Most bits that one rule inverts in one command. */
const BITS_MAX = 4096;
const CHANCE_MAX = 2 ** 32;

/** The values that a kind of fault has besides its conditions: name, least, most, and whether it may be left out. */
type Value = readonly [name: string, from: number, to: number, isOptional?: boolean];

const VALUES: Record<FaultKind, readonly Value[]> = {
  status: [['status', 1, STATUS_MAX]],
  lost: [],
  late: [['delayNs', 1, Number.MAX_SAFE_INTEGER]],
  duplicate: [],
  reorder: [
    ['commands', 1, 0xffff],
    ['withinNs', 1, Number.MAX_SAFE_INTEGER, true],
  ],
  corrupt: [['bits', 1, BITS_MAX, true]],
  fatal: [],
  hang: [],
  remove: [],
  'doorbells-lost': [['durationNs', 1, Number.MAX_SAFE_INTEGER]],
  'stuck-ready': [],
};

const CONDITIONS: readonly Value[] = [
  ['opcode', 0, 0xff, true],
  ['queue', 0, 0xffff, true],
  ['nsid', 0, NSID_BROADCAST, true],
  ['lba', 0, Number.MAX_SAFE_INTEGER, true],
  ['blocks', 1, Number.MAX_SAFE_INTEGER, true],
];

const COUNTS: readonly Value[] = [
  ['skip', 0, Number.MAX_SAFE_INTEGER, true],
  ['count', 1, Number.MAX_SAFE_INTEGER, true],
];

/**
 * Checks a rule, which may have been read from JSON.
 *
 * @throws RangeError naming what is unknown, missing or out of range
 */
export function checkRule(rule: FaultRule): void {
  const given = new Map<string, unknown>(Object.entries(rule));
  if (!Object.hasOwn(VALUES, rule.kind)) {
    failWith('kind', `one of ${Object.keys(VALUES).join(', ')}`, given.get('kind'));
  }
  given.delete('kind');
  for (const value of VALUES[rule.kind]) checkValue(given, value);
  for (const value of COUNTS) checkValue(given, value);
  if (rule.kind === 'stuck-ready') {
    const enable = given.get('enable');
    if (enable !== undefined && typeof enable !== 'boolean') failWith('enable', 'true or false', enable);
    given.delete('enable');
  } else {
    if (given.has('blocks') && !given.has('lba')) failWith('lba', 'a logical block, since blocks is given', undefined);
    for (const value of CONDITIONS) checkValue(given, value);
    checkChance(given.get('probability'));
    given.delete('probability');
    if (rule.kind === 'status') checkStatus(rule.status);
    checkReach(rule);
  }
  for (const name of given.keys()) failWith(name, `no such field in a ${rule.kind} fault`, given.get(name));
}

function checkValue(given: Map<string, unknown>, [name, from, to, isOptional = false]: Value): void {
  const value = given.get(name);
  given.delete(name);
  if (value === undefined && isOptional) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < from || value > to) {
    failWith(name, `an integer from ${from} to ${to}`, value);
  }
}

/** A status that a device may send for a failure. [Base] 4.2.3 */
function checkStatus(status: number): void {
  if (!statusIsError(status)) failWith('status', 'a status code other than success, whatever DNR and CRD are', status);
  if ((status & STATUS_DNR) !== 0 && statusCrd(status) !== 0) {
    failWith('status', 'no retry delay (CRD) together with DNR', status);
  }
}

/** Some command can have everything that the rule asks for. */
function checkReach({ kind, queue, opcode, lba }: CommandFault): void {
  if (kind === 'corrupt' && queue === 0)
    failWith('queue', 'an I/O queue, since the admin queue moves no blocks', queue);
  if (kind === 'corrupt' && opcode !== undefined && !movesData(opcode)) {
    failWith('opcode', 'Read or Write, since no other command is corrupted', opcode);
  }
  if (lba === undefined) return;
  if (queue === 0) failWith('queue', 'an I/O queue, since lba is given', queue);
  if (opcode !== undefined && !isRangeOpcode(opcode)) {
    failWith('opcode', 'a command that names a range of logical blocks, since lba is given', opcode);
  }
}

function checkChance(chance: unknown): void {
  if (chance === undefined) return;
  const { num, den } = (typeof chance === 'object' && chance !== null ? chance : {}) as Record<string, unknown>;
  const isGood =
    typeof num === 'number' &&
    typeof den === 'number' &&
    Number.isInteger(num) &&
    Number.isInteger(den) &&
    num >= 0 &&
    num <= den &&
    den >= 1 &&
    den <= CHANCE_MAX;
  if (!isGood)
    failWith('probability', `{ num, den }, integers, num from 0 to den, den from 1 to ${CHANCE_MAX}`, chance);
}

function failWith(name: string, expected: string, got: unknown): never {
  throw new RangeError(`faults: ${name}: expected ${expected}, got ${JSON.stringify(got)}`);
}
