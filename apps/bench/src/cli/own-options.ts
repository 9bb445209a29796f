import { parseInteger } from '../job/units.js';
import { failValue } from '../job/value-error.js';
import type { MediaChoice, ReportOptions, StackOptions } from './bench-options.js';

/** An option of this program that fio does not have. */
export interface OwnOption {
  /** In commander's notation, for example `-P, --queue-pairs <n>`. */
  readonly flags: string;
  readonly help: string;
  readonly defaultText: string;
  readonly group: 'Stack' | 'Report';
}

/** Options of the stack and of the report, in the order of the help text. */
export const OWN_OPTIONS: readonly OwnOption[] = [
  stack('--layer <nvme|bdev|multipath>', 'multipath', 'The top layer that the jobs drive'),
  stack('--device <inline|thread>', 'inline', 'Run the controller model on the same thread or on a worker'),
  stack('--media <null|ram|file:PATH>', 'null', 'What holds the data; null holds none and is the fastest'),
  stack('--media-size <bytes>', '1g', 'Size of the device; a file that does not exist is made this long'),
  stack('--lba-bytes <512|4096>', '4096', 'Bytes of a logical block'),
  stack('-P, --queue-pairs <n>', '1', 'I/O queue pairs per controller'),
  stack('--ring <entries>', '1024', 'Entries of each submission and completion queue'),
  stack('--requests <n>', '', "Requests in each queue pair's pool"),
  stack(
    '--controllers <n>',
    '1, or 2 with --fail-controller-after at layer multipath',
    'Controllers, each a path to the namespace (layer multipath)',
  ),
  stack('--fail-controller-after <n>', '', 'Let the controller of the first path die after n commands'),
  stack('--sq-doorbell <command|poll>', 'poll', 'Ring the submission doorbell for each command or once per poll'),
  stack('--cq-doorbell <poll|half>', 'half', 'Ring the completion doorbell once per poll or for half a ring'),
  stack('-c, --completions-per-poll <n>', '', 'Most completions that one poll takes'),
  stack('--callback-in <tracker|request>', 'tracker', 'Where a completion finds its callback'),
  stack('--look-ahead', 'on', 'Load the next completion entry before it is needed'),
  stack('--no-look-ahead', '', 'Do not'),
  stack('--scatter [seed]', 'off', 'Permute the pages of the DMA memory'),
  stack('--seed <n>', '0x89', 'Seed of all that is random, unless a job has randseed'),
  report(
    '--clock <batch|exact|none>',
    'batch',
    'Take latency with one clock reading per poll, two per command, or not at all',
  ),
  report('--output-format <normal|json>', 'normal', "A table, or fio's JSON"),
  report('--output <file>', 'standard output', 'Where the report goes'),
  report(
    '--eta <auto|always|never>',
    'auto',
    'Progress on standard error: a live line on a terminal, else a line now and then',
  ),
];

function stack(flags: string, defaultText: string, help: string): OwnOption {
  return { flags, defaultText, help, group: 'Stack' };
}

function report(flags: string, defaultText: string, help: string): OwnOption {
  return { flags, defaultText, help, group: 'Report' };
}

/** Values of own options as typed, by commander's names. */
export type OwnValues = Readonly<Record<string, string | boolean | undefined>>;

/** An own option whose value is wrong. */
export class OwnOptionError extends Error {
  override readonly name = 'OwnOptionError';
}

const RING_ENTRIES_MIN = 2;
const RING_ENTRIES_MAX = 65_536;
const QUEUE_PAIRS_MAX = 1_024;
const CONTROLLERS_MAX = 64;
const COUNT_MAX = 2 ** 32 - 1;
const SEED_DEFAULT = 0x89;
const GIB = 1024 ** 3;

/** Checks the stack's options. @throws OwnOptionError */
export function readStackOptions(values: OwnValues): StackOptions {
  const layer = oneOf(values, 'layer', ['nvme', 'bdev', 'multipath'], 'multipath');
  const failControllerAfter = count(values, 'failControllerAfter', 1, COUNT_MAX);
  // A controller that dies is of interest where another path is left, if the layer knows paths at all.
  const controllersDefault = failControllerAfter !== undefined && layer === 'multipath' ? 2 : 1;
  const controllers = count(values, 'controllers', 1, CONTROLLERS_MAX) ?? controllersDefault;
  if (controllers > 1 && layer !== 'multipath') fail('controllers', `1 with --layer ${layer}`, controllers);
  const seed = count(values, 'seed', 0, COUNT_MAX) ?? SEED_DEFAULT;
  const lbaBytes = oneOf(values, 'lbaBytes', ['512', '4096'], '4096') === '512' ? 512 : 4096;
  const mediaBytes = count(values, 'mediaSize', 1, Number.MAX_SAFE_INTEGER) ?? GIB;
  if (mediaBytes % lbaBytes !== 0) fail('mediaSize', `a multiple of the LBA size ${lbaBytes}`, mediaBytes);
  return {
    device: oneOf(values, 'device', ['inline', 'thread'], 'inline'),
    media: read(values, 'media', parseMedia) ?? { kind: 'null' },
    mediaBytes,
    layer,
    queuePairs: count(values, 'queuePairs', 1, QUEUE_PAIRS_MAX) ?? 1,
    ringEntries: count(values, 'ring', RING_ENTRIES_MIN, RING_ENTRIES_MAX) ?? 1024,
    controllers,
    sqDoorbell: oneOf(values, 'sqDoorbell', ['command', 'poll'], 'poll'),
    cqDoorbell: oneOf(values, 'cqDoorbell', ['poll', 'half'], 'half'),
    callbackIn: oneOf(values, 'callbackIn', ['tracker', 'request'], 'tracker'),
    lookAhead: values.lookAhead !== false,
    ...optional('scatterSeed', values.scatter === true ? seed : count(values, 'scatter', 0, COUNT_MAX)),
    lbaBytes,
    ...optional('completionsPerPollMax', count(values, 'completionsPerPoll', 1, COUNT_MAX)),
    ...optional('failControllerAfter', failControllerAfter),
    ...optional('requests', count(values, 'requests', 1, COUNT_MAX)),
    seed,
  };
}

/** Checks the report's options. @throws OwnOptionError */
export function readReportOptions(values: OwnValues): ReportOptions {
  const file = values.output;
  if (file === '') fail('output', 'a file name', '');
  return {
    outputFormat: oneOf(values, 'outputFormat', ['normal', 'json'], 'normal'),
    ...(typeof file === 'string' ? { outputFile: file } : {}),
    eta: oneOf(values, 'eta', ['auto', 'always', 'never'], 'auto'),
    latencyStamping: oneOf(values, 'clock', ['batch', 'exact', 'none'], 'batch'),
  };
}

/** One line that says what the stack is made of, for the report. */
export function stackText(stackOptions: StackOptions): string {
  const { media } = stackOptions;
  const words = [
    `layer ${stackOptions.layer}`,
    `device ${stackOptions.device}`,
    `media ${media.kind === 'file' ? `file:${media.path}` : media.kind} ${stackOptions.mediaBytes} bytes`,
    `LBA ${stackOptions.lbaBytes}`,
    `${stackOptions.controllers} controller(s)`,
    `${stackOptions.queuePairs} queue pair(s)`,
    `ring ${stackOptions.ringEntries}`,
    `SQ doorbell per ${stackOptions.sqDoorbell}`,
    `CQ doorbell per ${stackOptions.cqDoorbell === 'half' ? 'half ring' : 'poll'}`,
    `callback in ${stackOptions.callbackIn}`,
    `look-ahead ${stackOptions.lookAhead ? 'on' : 'off'}`,
    stackOptions.scatterSeed === undefined ? 'memory contiguous' : `memory scattered by ${stackOptions.scatterSeed}`,
  ];
  return words.join(', ');
}

function parseMedia(text: string): MediaChoice {
  if (text === 'null' || text === 'ram') return { kind: text };
  const path = text.startsWith('file:') ? text.slice('file:'.length) : '';
  return path === '' ? failValue('null, ram or file:PATH', text) : { kind: 'file', path };
}

function oneOf<T extends string>(values: OwnValues, name: string, choices: readonly T[], fallback: T): T {
  const value = values[name];
  if (value === undefined) return fallback;
  return choices.find((choice) => choice === value) ?? fail(name, `one of ${choices.join(', ')}`, String(value));
}

function count(values: OwnValues, name: string, min: number, max: number): number | undefined {
  const value = read(values, name, parseInteger);
  if (value !== undefined && value < min) fail(name, `${min} or more`, value);
  if (value !== undefined && value > max) fail(name, `at most ${max}`, value);
  return value;
}

function read<T>(values: OwnValues, name: string, parse: (text: string) => T): T | undefined {
  const value = values[name];
  if (typeof value !== 'string') return undefined;
  try {
    return parse(value);
  } catch (error) {
    throw new OwnOptionError(`${dashed(name)}: ${(error as Error).message}`);
  }
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: V });
}

function fail(name: string, expected: string, got: string | number): never {
  throw new OwnOptionError(`${dashed(name)}: expected ${expected}, got ${typeof got === 'number' ? got : `"${got}"`}`);
}

/** The key under which commander keeps the value of `--queue-pairs`: `queuePairs`. */
export function optionKey(longName: string): string {
  return longName.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `queuePairs` as it was typed: `--queue-pairs`. */
function dashed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
