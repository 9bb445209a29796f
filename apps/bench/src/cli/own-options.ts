import { type FaultChoice, type ReportOptions, RING_ENTRIES_DEFAULT, type StackOptions } from './bench-options.js';
import { type DeviceChoice, deviceTexts, isMadeForRun, isModelled, parseDevices } from './device-choice.js';
import { refuseForeignOptions } from './device-rules.js';
import { parseFaults } from './fault-choice.js';
import { type MediaChoice, parseMedia } from './media-choice.js';
import { count, fail, oneOf, optional, OwnOptionError, type OwnValues, read, textsOf } from './own-values.js';
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

/** Headings of these options, in the order of the reference. */
export const OWN_GROUPS = ['Stack', 'Queues', 'Failures', 'Permission', 'Report'] as const;

/** Whether an option may stand in the `[global]` of a job file too. A permission may not: files are handed on, and run by others. */
export function isForJobFiles({ group }: OwnOption): boolean {
  return group !== 'Report' && group !== 'Permission';
}

/** Options of the stack and of the report, in the order of the help text. */
export const OWN_OPTIONS: readonly OwnOption[] = [
  stack('--layer <nvme|bdev|multipath>', 'multipath', 'The top layer that the jobs drive'),
  repeatable(
    stack(
      '--device <inline|thread|vfio:BDF|vfio-user:PATH|qtest[:name=value,...]>',
      'inline',
      "The controllers: modelled on the same thread or on a worker; a PCI device through VFIO; one that another process serves; QEMU's. " +
        'Several devices, given several times or with commas, are paths to one namespace (layer multipath)',
    ),
  ),
  stack('--nsid <n>', '1, or the first that there is', 'The namespace'),
  stack(
    '--media <null[:SIZE]|ram[:SIZE]|file:PATH|nand[:tlc|:slc][,name=value...]>',
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
  stack('--pi-guard <16|64>', '16', 'Bits of its guard; 64 with blocks of 4096 bytes, of a modelled device'),
  stack('--pi <off|on>', 'off', 'Let the controller make protection information and check it'),
  stack('-P, --queue-pairs <n>', '1', 'I/O queue pairs per controller'),
  stack('--ring <entries>', '1024, or what the device has', 'Entries of each submission and completion queue'),
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
    '--shadow-doorbells <off|on|polling|sleeping>',
    'off, or on where the device is not modelled',
    'Doorbells through memory: none, or where the device offers them; modelled: one that polls them, or behaves as if it slept',
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
  repeatable(
    failures(
      '--fault <KIND[:name=value,...]|JSON>',
      '',
      'Something that goes wrong in the controllers, and when; may be given several times',
    ),
  ),
  failures('--fault-seed <n>', 'the seed', 'Seed of the chances of faults'),
  failures(
    '--io-timeout <ms>',
    '30000',
    'Longest time of an I/O command before the controller counts as lost; 0 is for ever',
  ),
  failures('--on-lost <fail|reset>', 'fail', 'What becomes of a lost controller: given up, or reset'),
  failures('--retries <n>', '4, or 0 above the driver', 'How often the driver sends a failed command again'),
  {
    ...repeatable(
      stack(
        '--allow-writes-to <SERIAL>',
        '',
        'Let jobs write to the device with this serial number, and lose what is on it; may be given several times',
      ),
    ),
    group: 'Permission',
  },
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

function repeatable(option: OwnOption): OwnOption {
  return { ...option, isRepeatable: true };
}

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

const RING_ENTRIES_MIN = 2;
const RING_ENTRIES_MAX = 65_536;
/** NSID FFFFFFFEh is the largest that names one namespace. [Base] 3.2.1.2 */
const NSID_MAX = 2 ** 32 - 2;
const QUEUE_PAIRS_MAX = 1_024;
const CONTROLLERS_MAX = 64;
const COUNT_MAX = 2 ** 32 - 1;
const SEED_DEFAULT = 0x89;
/** Most elements of a payload: descriptors that a request's list holds for certain. */
const IOVECS_MAX = 32;
/** Bytes of protection information with guards of 16 bits. [NVM] 5.3.1 */
const PI_BYTES = 8;
/** The same with guards of 64 bits. */
const PI_BYTES_64 = 16;
const MS_MAX = 2 ** 31 - 1;
const RETRIES_MAX = 255;
const GIB = 1024 ** 3;

/** Checks the stack's options. @throws OwnOptionError */
export function readStackOptions(values: OwnValues): StackOptions {
  const device = readDevices(values);
  refuseForeignOptions(values, device);
  const layer = oneOf(values, 'layer', ['nvme', 'bdev', 'multipath'], 'multipath');
  const failControllerAfter = count(values, 'failControllerAfter', 1, COUNT_MAX);
  const controllers = readControllers(values, device, layer, failControllerAfter !== undefined);
  const seed = readSeed(values);
  const lbaBytes = readBlockBytes(values);
  const { media, mediaBytes } = readMedia(values, device, lbaBytes);
  const faults = readFaults(values, controllers);
  const faultSeed = count(values, 'faultSeed', 0, COUNT_MAX);
  if (faultSeed !== undefined && faults.length === 0) fail('faultSeed', 'a --fault with it', 'none');
  const allowWritesTo = readPermissions(values);
  return {
    device,
    ...optional('nsid', count(values, 'nsid', 1, NSID_MAX)),
    media,
    mediaBytes,
    layer,
    queuePairs: count(values, 'queuePairs', 1, QUEUE_PAIRS_MAX) ?? 1,
    ...optional('ringEntries', readRing(values, device)),
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
    ...readProtection(values, layer, device, media),
    ...readQueues(values, layer, device),
    ...(faults.length === 0 ? {} : { faults }),
    ...optional('faultSeed', faultSeed),
    ...optional('ioTimeoutMs', count(values, 'ioTimeout', 0, MS_MAX)),
    ...(oneOf(values, 'onLost', ['fail', 'reset'], 'fail') === 'reset' ? { onLost: 'reset' } : {}),
    ...optional('retriesMax', count(values, 'retries', 0, RETRIES_MAX)),
    ...(allowWritesTo.length === 0 ? {} : { allowWritesTo }),
  };
}

function readDevices(values: OwnValues): DeviceChoice {
  try {
    return parseDevices(textsOf(values, 'device'));
  } catch (error) {
    throw new OwnOptionError('device', `--device: ${(error as Error).message}`);
  }
}

/** Paths: as many as there are devices, or as many controllers as a device that is made for the run is to have. */
function readControllers(values: OwnValues, device: DeviceChoice, layer: Layer, isOneToFail: boolean): number {
  const devices = deviceTexts(device).length;
  if (devices > 1 && layer !== 'multipath') fail('device', `one device with --layer ${layer}`, devices);
  // A controller that dies is of interest where another path is left, if the layer knows paths at all.
  const usual = isOneToFail && layer === 'multipath' ? 2 : devices;
  const controllers = count(values, 'controllers', 1, CONTROLLERS_MAX) ?? usual;
  if (controllers > 1 && layer !== 'multipath') fail('controllers', `1 with --layer ${layer}`, controllers);
  return controllers;
}

function readMedia(
  values: OwnValues,
  device: DeviceChoice,
  lbaBytes: number,
): Pick<StackOptions, 'media' | 'mediaBytes'> {
  if (!isMadeForRun(device)) return { media: { kind: 'own' }, mediaBytes: 0 };
  const { media, bytes } = read(values, 'media', parseMedia) ?? { media: { kind: 'null' } };
  if (!isModelled(device) && media.kind === 'nand') fail('media', 'null, ram or file:PATH with QEMU', 'nand');
  const given = count(values, 'mediaSize', 1, Number.MAX_SAFE_INTEGER);
  if (bytes !== undefined && given !== undefined && bytes !== given) fail('mediaSize', `${bytes} as --media`, given);
  const mediaBytes = bytes ?? given ?? GIB;
  if (mediaBytes % lbaBytes !== 0) fail('mediaSize', `a multiple of the LBA size ${lbaBytes}`, mediaBytes);
  return { media, mediaBytes };
}

/** A device that is not modelled says itself how deep its queues may be. */
function readRing(values: OwnValues, device: DeviceChoice): number | undefined {
  const given = count(values, 'ring', RING_ENTRIES_MIN, RING_ENTRIES_MAX);
  return given ?? (isModelled(device) ? RING_ENTRIES_DEFAULT : undefined);
}

function readPermissions(values: OwnValues): readonly string[] {
  return textsOf(values, 'allowWritesTo').map((text) => {
    const serial = text.trim();
    return serial === '' ? fail('allowWritesTo', 'a serial number', text) : serial;
  });
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
  device: DeviceChoice,
  media: MediaChoice,
): Pick<StackOptions, 'metadataBytes' | 'pi' | 'piType' | 'guardBits'> {
  const { metadataBytes } = read(values, 'format', parseFormat) ?? {};
  const piType = Number(oneOf(values, 'piType', ['0', '1', '2', '3'], '0'));
  const pi = oneOf(values, 'pi', ['off', 'on'], 'off') === 'on';
  const isWide = oneOf(values, 'piGuard', ['16', '64'], '16') === '64';
  if (isWide) checkWideGuard(values, device, piType, metadataBytes ?? 0);
  if (metadataBytes !== undefined && layer !== 'nvme') {
    fail('format', `no metadata with --layer ${layer}, which moves data alone`, String(values.format));
  }
  if (piType !== 0 && (metadataBytes ?? 0) < PI_BYTES) {
    fail('piType', `a --format with ${PI_BYTES} bytes of metadata or more`, piType);
  }
  if (metadataBytes !== undefined && values.scatter !== undefined) {
    fail('scatter', 'contiguous memory with metadata, which is one run on the bus', String(values.scatter));
  }
  if (pi && piType === 0 && isMadeForRun(device)) fail('pi', 'a --pi-type from 1 to 3 with it', 'on');
  if (pi && layer !== 'nvme') fail('pi', `off with --layer ${layer}, which moves data alone`, 'on');
  if (pi && media.kind === 'null') fail('pi', 'media that keep protection information, not --media null', 'on');
  return {
    ...optional('metadataBytes', metadataBytes),
    ...(piType === 0 ? {} : { piType }),
    ...(isWide ? { guardBits: 64 } : {}),
    ...(pi ? { pi } : {}),
  };
}

function checkWideGuard(values: OwnValues, device: DeviceChoice, piType: number, metadataBytes: number): void {
  if (!isModelled(device)) fail('piGuard', 'a modelled device (--device=inline or thread) with 64', 'another');
  if (piType === 0) fail('piGuard', 'a --pi-type from 1 to 3 with it', 64);
  // [NVM] 5.3.1.3: no smaller blocks have such guards.
  if (readBlockBytes(values) !== 4096 || metadataBytes < PI_BYTES_64) {
    fail('piGuard', `a --format of 4096 bytes and ${PI_BYTES_64} of metadata or more with 64`, String(values.format));
  }
}

function readQueues(
  values: OwnValues,
  layer: Layer,
  device: DeviceChoice,
): Pick<StackOptions, 'arbitration' | 'completion' | 'iovecs' | 'payload' | 'shadowDoorbells'> {
  const payload = oneOf(values, 'payload', ['auto', 'prp', 'sgl'], 'auto');
  const iovecs = count(values, 'iovecs', 1, IOVECS_MAX) ?? 1;
  if (iovecs > 1 && layer !== 'nvme') fail('iovecs', `1 with --layer ${layer}`, iovecs);
  const shadowDoorbells = readShadowDoorbells(values, device);
  const completion = oneOf(values, 'completion', ['poll', 'interrupt', 'adaptive'], 'poll');
  if (completion !== 'poll' && layer !== 'nvme') fail('completion', `poll with --layer ${layer}`, completion);
  return {
    ...(payload === 'auto' ? {} : { payload }),
    ...(iovecs === 1 ? {} : { iovecs }),
    ...optional('shadowDoorbells', shadowDoorbells),
    ...optional('arbitration', read(values, 'arbitration', parseArbitration)),
    ...(completion === 'poll' ? {} : { completion }),
  };
}

/** A modelled controller has none unless it is told how to use them; another has what it has, and the driver may leave them alone. */
function readShadowDoorbells(values: OwnValues, device: DeviceChoice): StackOptions['shadowDoorbells'] {
  if (isModelled(device)) {
    const choice = oneOf(values, 'shadowDoorbells', ['off', 'polling', 'sleeping'], 'off');
    return choice === 'off' ? undefined : choice;
  }
  return oneOf(values, 'shadowDoorbells', ['off', 'on'], 'on') === 'off' ? 'off' : undefined;
}

function readFaults(values: OwnValues, controllers: number): FaultChoice[] {
  const faults = textsOf(values, 'fault').flatMap((text) => read({ fault: text }, 'fault', parseFaults)!);
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
