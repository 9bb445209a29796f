import { parseInteger } from '../job/units.js';
import { failValue } from '../job/value-error.js';
import type { FaultChoice, MediaChoice, ReportOptions, StackOptions } from './bench-options.js';
import { parseFaults } from './fault-choice.js';
import { parseNand } from './nand-choice.js';
import { parseArbitration, parseFormat } from './queue-choices.js';

/** An option of this program that fio does not have. */
export interface OwnOption {
  /** In commander's notation, for example `-P, --queue-pairs <n>`. */
  readonly flags: string;
  readonly help: string;
  readonly defaultText: string;
  readonly group: (typeof OWN_GROUPS)[number];
  /** whether it may be given several times, and all of them count */
  readonly isRepeatable: boolean;
}

/** Headings of these options, in the order of the reference. All but the last may stand in the `[global]` of a job file. */
export const OWN_GROUPS = ['Stack', 'Queues', 'Failures', 'Report'] as const;

/** Options of the stack and of the report, in the order of the help text. */
export const OWN_OPTIONS: readonly OwnOption[] = [
  stack('--layer <nvme|bdev|multipath>', 'multipath', 'The top layer that the jobs drive'),
  stack('--device <inline|thread>', 'inline', 'Run the controller model on the same thread or on a worker'),
  stack(
    '--media <null|ram|file:PATH|nand[:tlc|:slc][,name=value...]>',
    'null',
    'What holds the data; null holds none and is the fastest, nand takes the time that a model of flash says',
  ),
  stack('--media-size <bytes>', '1g', 'Size of the device; a file that does not exist is made this long'),
  stack('--lba-bytes <512|4096>', '4096', 'Bytes of a logical block'),
  stack(
    '--format <BLOCK[+METADATA]>',
    '4096',
    'Bytes of a logical block and of its metadata: 512, 4096, 512+8, 4096+64 ... (metadata: layer nvme)',
  ),
  stack('--pi-type <0|1|2|3>', '0', 'Type of the protection information in the metadata'),
  stack('--pi <off|on>', 'off', 'Let the controller make protection information and check it'),
  stack('-P, --queue-pairs <n>', '1', 'I/O queue pairs per controller'),
  stack('--ring <entries>', '1024', 'Entries of each submission and completion queue'),
  stack('--requests <n>', '', "Requests in each queue pair's pool"),
  stack(
    '--controllers <n>',
    '1, or 2 with --fail-controller-after at layer multipath',
    'Controllers, each a path to the namespace (layer multipath)',
  ),
  stack('--sq-doorbell <command|poll>', 'poll', 'Ring the submission doorbell for each command or once per poll'),
  stack('--cq-doorbell <poll|half>', 'half', 'Ring the completion doorbell once per poll or for half a ring'),
  stack('-c, --completions-per-poll <n>', '', 'Most completions that one poll takes'),
  stack('--callback-in <tracker|request>', 'tracker', 'Where a completion finds its callback'),
  stack('--look-ahead', 'on', 'Load the next completion entry before it is needed'),
  stack('--no-look-ahead', '', 'Do not'),
  stack('--scatter [seed]', 'off', 'Permute the pages of the DMA memory'),
  stack('--seed <n>', '0x89', 'Seed of all that is random, unless a job has randseed'),
  queues('--payload <auto|prp|sgl>', 'auto', 'How payloads are described: by PRPs, or by SGLs'),
  queues('--iovecs <n>', '1', 'Elements that each payload is cut into, each with a descriptor of its own (layer nvme)'),
  queues(
    '--shadow-doorbells <off|polling|sleeping>',
    'off',
    'Doorbells through memory: none, a controller that polls them, or one that behaves as if it slept',
  ),
  queues(
    '--arbitration <rr|wrr|wrr:HIGH/MEDIUM/LOW[/BURST]>',
    'rr',
    'How the controller shares itself out among queues; see queue-priority',
  ),
  queues(
    '--completion <poll|interrupt|adaptive>',
    'poll',
    'Poll for completions, wait for MSI-X messages, or poll while there is work (the last two: layer nvme)',
  ),
  failures('--fail-controller-after <n>', '', 'Let the controller of the first path die after n commands'),
  {
    ...failures(
      '--fault <KIND[:name=value,...]|JSON>',
      '',
      'Something that goes wrong in the controllers, and when; may be given several times',
    ),
    isRepeatable: true,
  },
  failures('--fault-seed <n>', 'the seed', 'Seed of the chances of faults'),
  failures(
    '--io-timeout <ms>',
    '30000',
    'Longest time of an I/O command before the controller counts as lost; 0 is for ever',
  ),
  failures('--on-lost <fail|reset>', 'fail', 'What becomes of a lost controller: given up, or reset'),
  failures('--retries <n>', '4, or 0 above the driver', 'How often the driver sends a failed command again'),
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
  return { flags, defaultText, help, group: 'Stack', isRepeatable: false };
}

function queues(flags: string, defaultText: string, help: string): OwnOption {
  return { ...stack(flags, defaultText, help), group: 'Queues' };
}

function failures(flags: string, defaultText: string, help: string): OwnOption {
  return { ...stack(flags, defaultText, help), group: 'Failures' };
}

function report(flags: string, defaultText: string, help: string): OwnOption {
  return { ...stack(flags, defaultText, help), group: 'Report' };
}

/** Values of own options as typed, by commander's names. */
export type OwnValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** An own option whose value is wrong. */
export class OwnOptionError extends Error {
  override readonly name = 'OwnOptionError';

  /** @param option - commander's name of it */
  constructor(
    readonly option: string,
    message: string,
  ) {
    super(message);
  }
}

const RING_ENTRIES_MIN = 2;
const RING_ENTRIES_MAX = 65_536;
const QUEUE_PAIRS_MAX = 1_024;
const CONTROLLERS_MAX = 64;
const COUNT_MAX = 2 ** 32 - 1;
const SEED_DEFAULT = 0x89;
/** Most elements of a payload: descriptors that a request's list holds for certain. */
const IOVECS_MAX = 32;
/** Bytes of protection information with guards of 16 bits. [NVM] 5.3.1 */
const PI_BYTES = 8;
const MS_MAX = 2 ** 31 - 1;
const RETRIES_MAX = 255;
const GIB = 1024 ** 3;

/** Checks the stack's options. @throws OwnOptionError */
export function readStackOptions(values: OwnValues): StackOptions {
  const layer = oneOf(values, 'layer', ['nvme', 'bdev', 'multipath'], 'multipath');
  const failControllerAfter = count(values, 'failControllerAfter', 1, COUNT_MAX);
  // A controller that dies is of interest where another path is left, if the layer knows paths at all.
  const controllersDefault = failControllerAfter !== undefined && layer === 'multipath' ? 2 : 1;
  const controllers = count(values, 'controllers', 1, CONTROLLERS_MAX) ?? controllersDefault;
  if (controllers > 1 && layer !== 'multipath') fail('controllers', `1 with --layer ${layer}`, controllers);
  const seed = readSeed(values);
  const media = read(values, 'media', parseMedia) ?? { kind: 'null' };
  const lbaBytes = readBlockBytes(values);
  const faults = readFaults(values, controllers);
  const faultSeed = count(values, 'faultSeed', 0, COUNT_MAX);
  if (faultSeed !== undefined && faults.length === 0) fail('faultSeed', 'a --fault with it', 'none');
  const mediaBytes = count(values, 'mediaSize', 1, Number.MAX_SAFE_INTEGER) ?? GIB;
  if (mediaBytes % lbaBytes !== 0) fail('mediaSize', `a multiple of the LBA size ${lbaBytes}`, mediaBytes);
  return {
    device: oneOf(values, 'device', ['inline', 'thread'], 'inline'),
    media,
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
    ...readProtection(values, layer, media),
    ...readQueues(values, layer),
    ...(faults.length === 0 ? {} : { faults }),
    ...optional('faultSeed', faultSeed),
    ...optional('ioTimeoutMs', count(values, 'ioTimeout', 0, MS_MAX)),
    ...(oneOf(values, 'onLost', ['fail', 'reset'], 'fail') === 'reset' ? { onLost: 'reset' } : {}),
    ...optional('retriesMax', count(values, 'retries', 0, RETRIES_MAX)),
  };
}

/** The seed of a run. @throws OwnOptionError */
export function readSeed(values: OwnValues): number {
  return count(values, 'seed', 0, COUNT_MAX) ?? SEED_DEFAULT;
}

function readBlockBytes(values: OwnValues): 512 | 4096 {
  const format = read(values, 'format', parseFormat);
  const given = oneOf(values, 'lbaBytes', ['512', '4096'], '4096') === '512' ? 512 : 4096;
  if (format === undefined) return given;
  if (values.lbaBytes !== undefined && format.lbaBytes !== given)
    fail('lbaBytes', `${format.lbaBytes} as --format`, given);
  return format.lbaBytes;
}

type Layer = StackOptions['layer'];

function readProtection(
  values: OwnValues,
  layer: Layer,
  media: MediaChoice,
): Pick<StackOptions, 'metadataBytes' | 'pi' | 'piType'> {
  const { metadataBytes } = read(values, 'format', parseFormat) ?? {};
  const piType = Number(oneOf(values, 'piType', ['0', '1', '2', '3'], '0'));
  const pi = oneOf(values, 'pi', ['off', 'on'], 'off') === 'on';
  if (metadataBytes !== undefined && layer !== 'nvme') {
    fail('format', `no metadata with --layer ${layer}, which moves data alone`, String(values.format));
  }
  if (piType !== 0 && (metadataBytes ?? 0) < PI_BYTES) {
    fail('piType', `a --format with ${PI_BYTES} bytes of metadata or more`, piType);
  }
  if (metadataBytes !== undefined && values.scatter !== undefined) {
    fail('scatter', 'contiguous memory with metadata, which is one run on the bus', String(values.scatter));
  }
  if (pi && piType === 0) fail('pi', 'a --pi-type from 1 to 3 with it', 'on');
  if (pi && media.kind === 'null') fail('pi', 'media that keep protection information, not --media null', 'on');
  return {
    ...optional('metadataBytes', metadataBytes),
    ...(piType === 0 ? {} : { piType }),
    ...(pi ? { pi } : {}),
  };
}

function readQueues(
  values: OwnValues,
  layer: Layer,
): Pick<StackOptions, 'arbitration' | 'completion' | 'iovecs' | 'payload' | 'shadowDoorbells'> {
  const payload = oneOf(values, 'payload', ['auto', 'prp', 'sgl'], 'auto');
  const iovecs = count(values, 'iovecs', 1, IOVECS_MAX) ?? 1;
  if (iovecs > 1 && layer !== 'nvme') fail('iovecs', `1 with --layer ${layer}`, iovecs);
  const shadow = oneOf(values, 'shadowDoorbells', ['off', 'polling', 'sleeping'], 'off');
  const completion = oneOf(values, 'completion', ['poll', 'interrupt', 'adaptive'], 'poll');
  if (completion !== 'poll' && layer !== 'nvme') fail('completion', `poll with --layer ${layer}`, completion);
  return {
    ...(payload === 'auto' ? {} : { payload }),
    ...(iovecs === 1 ? {} : { iovecs }),
    ...(shadow === 'off' ? {} : { shadowDoorbells: shadow }),
    ...optional('arbitration', read(values, 'arbitration', parseArbitration)),
    ...(completion === 'poll' ? {} : { completion }),
  };
}

function readFaults(values: OwnValues, controllers: number): FaultChoice[] {
  const { fault } = values;
  const texts = typeof fault === 'string' ? [fault] : Array.isArray(fault) ? (fault as readonly string[]) : [];
  const faults = texts.flatMap((text) => read({ fault: text }, 'fault', parseFaults)!);
  const stray = faults.find(({ controller = 0 }) => controller >= controllers);
  if (stray !== undefined) fail('fault', `a controller below ${controllers}`, stray.controller!);
  return faults;
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
    `media ${mediaName(media)} ${stackOptions.mediaBytes} bytes`,
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

/** A medium as it is asked for. */
export function mediaName(media: MediaChoice): string {
  if (media.kind === 'file') return `file:${media.path}`;
  return media.kind === 'nand' ? media.text : media.kind;
}

function parseMedia(text: string): MediaChoice {
  if (text === 'null' || text === 'ram') return { kind: text };
  if (/^nand($|:|,)/.test(text)) return parseNand(text);
  const path = text.startsWith('file:') ? text.slice('file:'.length) : '';
  return path === '' ? failValue('null, ram, file:PATH or nand', text) : { kind: 'file', path };
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
    throw new OwnOptionError(name, `${dashed(name)}: ${(error as Error).message}`);
  }
}

function optional<K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: V });
}

function fail(name: string, expected: string, got: string | number): never {
  throw new OwnOptionError(
    name,
    `${dashed(name)}: expected ${expected}, got ${typeof got === 'number' ? got : `"${got}"`}`,
  );
}

/** The key under which commander keeps the value of `--queue-pairs`: `queuePairs`. */
export function optionKey(longName: string): string {
  return longName.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `queuePairs` as it was typed: `--queue-pairs`. */
function dashed(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
