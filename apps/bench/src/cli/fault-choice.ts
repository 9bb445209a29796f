import { FaultPlan, type FaultRule } from '@phasebit/controller';
import {
  NVM_COMPARE,
  NVM_COPY,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  STATUS_DNR,
} from '@phasebit/nvme-spec';
import * as spec from '@phasebit/nvme-spec';
import { nearestName } from '../job/nearest-name.js';
import { parseBoolean, parseDurationUs, parseInteger } from '../job/units.js';
import { failValue, ValueError } from '../job/value-error.js';
import { nodeClock } from '../stack/node-clock.js';
import type { FaultChoice } from './bench-options.js';

/** The I/O commands by the names that a rule gives them. */
const OPCODES: ReadonlyMap<string, number> = new Map([
  ['flush', NVM_FLUSH],
  ['write', NVM_WRITE],
  ['read', NVM_READ],
  ['write_uncorrectable', NVM_WRITE_UNCORRECTABLE],
  ['compare', NVM_COMPARE],
  ['write_zeroes', NVM_WRITE_ZEROES],
  ['trim', NVM_DATASET_MANAGEMENT],
  ['verify', NVM_VERIFY],
  ['copy', NVM_COPY],
]);

/** Exports of the specification that begin like a status and are a part of one. */
const NOT_A_STATUS = /^STATUS_(SUCCESS|MORE|DNR|.*_(MASK|SHIFT))$/;

/** Status codes by their names, `unrecovered_read_error`. */
const STATUSES: ReadonlyMap<string, number> = new Map(
  Object.entries(spec).flatMap(([name, value]) =>
    typeof value === 'number' && name.startsWith('STATUS_') && !NOT_A_STATUS.test(name)
      ? [[name.slice('STATUS_'.length).toLowerCase(), value] as const]
      : [],
  ),
);

/** Where a rule is read into: the fields of a `FaultRule`, not yet checked. */
type Fields = Record<string, unknown>;

/** Names of the short form that are not numbers under the rule's own name. */
const READERS: ReadonlyMap<string, (fields: Fields, text: string) => void> = new Map([
  ['opcode', (fields: Fields, text: string) => void (fields.opcode = OPCODES.get(text) ?? number(text, OPCODES))],
  ['status', (fields: Fields, text: string) => void (fields.status = readStatus(text))],
  ['probability', (fields: Fields, text: string) => void (fields.probability = readChance(text))],
  ['delay', (fields: Fields, text: string) => void (fields.delayNs = parseDurationUs(text, 'us') * 1000)],
  ['within', (fields: Fields, text: string) => void (fields.withinNs = parseDurationUs(text, 'us') * 1000)],
  ['duration', (fields: Fields, text: string) => void (fields.durationNs = parseDurationUs(text, 'us') * 1000)],
  ['enable', (fields: Fields, text: string) => void (fields.enable = parseBoolean(text))],
]);

/**
 * Reads one `--fault`: a kind and its fields, `status:opcode=read,status=unrecovered_read_error,probability=1/1000`, or a rule as JSON, or
 * several in a JSON array. `controller` says which controller has it.
 *
 * @throws ValueError
 */
export function parseFaults(text: string): FaultChoice[] {
  const isJson = /^\s*[[{]/.test(text);
  const all = isJson ? [parseJson(text)].flat() : [parseShort(text)];
  return all.map(settle);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return failValue(`JSON (${(error as Error).message})`, text);
  }
}

function parseShort(text: string): Fields {
  const [kind = '', ...rest] = text.split(':');
  const fields: Fields = { kind };
  const list = rest.join(':');
  if (list === '') return fields;
  for (const each of list.split(',')) {
    const [name = '', value, ...more] = each.split('=');
    if (name === '' || value === undefined || more.length > 0) failValue('kind:name=value,...', text);
    readField(fields, name, value);
  }
  return fields;
}

function readField(fields: Fields, name: string, text: string): void {
  try {
    const read = READERS.get(name);
    if (read === undefined) fields[name] = parseInteger(text);
    else read(fields, text);
  } catch (error) {
    if (error instanceof ValueError) throw new ValueError(`${name}: ${error.message}`);
    throw error;
  }
}

/** A name, or a number; with `+dnr` behind it, retries are pointless. */
function readStatus(text: string): number {
  const [name = '', ...flags] = text.toLowerCase().split('+');
  if (flags.length > 1 || (flags[0] ?? 'dnr') !== 'dnr') failValue('a status, or a status and +dnr', text);
  const code = STATUSES.get(name) ?? number(name, STATUSES);
  return flags.length === 0 ? code : code | STATUS_DNR;
}

function number(text: string, names: ReadonlyMap<string, number>): number {
  if (/^\d/.test(text)) return parseInteger(text);
  const nearest = nearestName(text, names.keys());
  const hint = nearest === undefined ? 'such as 0x281' : `or did you mean ${nearest}`;
  return failValue(`a name of the specification in small letters, or a number (${hint})`, text);
}

function readChance(text: string): { num: number; den: number } {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  return match === null ? failValue('a chance such as 1/1000', text) : { num: Number(match[1]), den: Number(match[2]) };
}

/** The controller model itself says what is wrong with a rule. */
function settle(given: unknown): FaultChoice {
  if (typeof given !== 'object' || given === null) return failValue('a rule, { "kind": ... }', JSON.stringify(given));
  const { controller, ...rule } = given as Fields & { controller?: unknown };
  if (controller !== undefined && !(Number.isInteger(controller) && (controller as number) >= 0)) {
    failValue('controller: 0 or more', JSON.stringify(controller));
  }
  try {
    void new FaultPlan(nodeClock, { rules: [rule as unknown as FaultRule] });
  } catch (error) {
    if (error instanceof RangeError) throw new ValueError(error.message.replace(/^faults: /, ''));
    throw error;
  }
  return {
    rule: rule as unknown as FaultRule,
    ...(controller === undefined ? {} : { controller: controller as number }),
  };
}

/** One fault as JSON, which {@link parseFaults} reads back. */
export function faultText({ rule, controller }: FaultChoice): string {
  return JSON.stringify(controller === undefined ? rule : { ...rule, controller });
}
