import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type MediaChoice, parseMedia } from './media.js';
import type { TargetOptions } from './target-options.js';
import { parseMs, parseNumber, parseSize } from './values.js';

/** What a command line comes to: options to serve with, or a text to print and an exit code. */
export type ParsedArguments =
  | { readonly kind: 'options'; readonly options: TargetOptions }
  | { readonly kind: 'exit'; readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** Exit code of a command line that cannot be understood, and of a target that cannot be served. */
export const EXIT_REFUSED = 2;

/** The values as commander collects them. */
interface Values {
  readonly socket?: string[];
  readonly controllers: number;
  readonly media?: MediaChoice[];
  readonly namespaces?: number;
  readonly lbaSize: string;
  readonly serial?: string;
  readonly model?: string;
  readonly subnqn?: string;
  readonly queues: number;
  readonly entries: number;
  readonly mdts: number;
  readonly shadowDoorbells?: string | true;
  readonly cmb?: number;
  readonly pmr?: number;
  readonly anaGroups: number;
  readonly vendorId?: number;
  readonly deviceId?: number;
  readonly mapDoorbells: boolean;
  readonly idleSleep: number;
  readonly idleSpin: number;
  readonly quiet?: boolean;
}

/** Reads the command line; never throws for what the user typed. @param args - without the program's own two */
export function parseArguments(args: readonly string[], version: string): ParsedArguments {
  let stdout = '';
  let stderr = '';
  const program = buildProgram(version).configureOutput({
    writeOut: (text) => (stdout += text),
    writeErr: (text) => (stderr += text),
  });
  try {
    program.parse(args, { from: 'user' });
    return { kind: 'options', options: settle(program.opts<Values>()) };
  } catch (error) {
    if (error instanceof CommanderError) {
      return { kind: 'exit', exitCode: error.exitCode === 0 ? 0 : EXIT_REFUSED, stdout, stderr };
    }
    return { kind: 'exit', exitCode: EXIT_REFUSED, stdout: '', stderr: `error: ${(error as Error).message}\n` };
  }
}

function buildProgram(version: string): Command {
  const number = (min: number, max: number) => checked((text) => parseNumber(text, min, max));
  return new Command('phasebit-target')
    .description('Serves a modelled NVMe controller over vfio-user: a virtual machine sees it as a PCI NVMe disk.')
    .version(version)
    .exitOverride()
    .option('--socket <path>', 'UNIX socket to serve at; once more for each further controller (needed)', collect)
    .option(
      '--controllers <n>',
      'controllers of one subsystem, at PATH.0, PATH.1 ... of one --socket',
      number(1, 64),
      1,
    )
    .option(
      '--media <medium>',
      'ram:SIZE, null:SIZE or file:PATH; once more for each namespace (default: ram:64M)',
      collectMedia,
    )
    .option('--namespaces <n>', 'namespaces with a medium each like the one given (default: 1)', number(1, 128))
    .addOption(new Option('--lba-size <bytes>', 'bytes of a logical block').choices(['512', '4096']).default('512'))
    .option('--serial <text>', 'serial number, up to 20 characters')
    .option('--model <text>', 'model number, up to 40 characters')
    .option('--subnqn <nqn>', 'NVM subsystem qualified name')
    .option('--queues <n>', 'I/O queue pairs of each controller', number(1, 1024), 64)
    .option('--entries <n>', 'entries of the largest queue', number(2, 65_536), 1024)
    .option('--mdts <n>', 'largest transfer: 4096 * 2^n bytes', number(1, 16), 7)
    .addOption(
      new Option('--shadow-doorbells [policy]', 'offer Doorbell Buffer Config').choices(['polling', 'sleeping']),
    )
    .option('--cmb <size>', 'Controller Memory Buffer', checked(parseSize))
    .option('--pmr <size>', 'Persistent Memory Region', checked(parseSize))
    .option('--ana-groups <n>', 'ANA groups; 0 for no ANA reporting', number(0, 128), 0)
    .option('--vendor-id <n>', 'PCI vendor identifier', number(0, 0xfffe))
    .option('--device-id <n>', 'PCI device identifier', number(0, 0xffff))
    .option('--no-map-doorbells', 'have a message for each doorbell: nothing is polled, and an idle target sleeps')
    .option('--idle-sleep <ms>', 'sleep at a time while there is nothing to do', checked(parseMs), 1)
    .option('--idle-spin <ms>', 'look on for so long before sleeping', checked(parseMs), 2)
    .option('--quiet', 'say nothing of clients and controllers');
}

function settle(values: Values): TargetOptions {
  const { socket = [], controllers, media = [], namespaces, shadowDoorbells } = values;
  if (socket.length === 0) throw new Error('--socket: expected a path to serve at');
  if (new Set(socket).size < socket.length) throw new Error('--socket: expected each path once');
  if (socket.length > 1 && controllers > 1) throw new Error('--controllers: expected one --socket with it');
  if (namespaces !== undefined && media.length > 1) throw new Error('--namespaces: expected one --media with it');
  const [first = { kind: 'ram', bytes: 64 << 20 } as const] = media;
  if (namespaces !== undefined && namespaces > 1 && first.kind === 'file') {
    throw new Error('--namespaces: expected a --media file:PATH for each of them instead');
  }
  return {
    sockets: controllers === 1 ? socket : Array.from({ length: controllers }, (_, i) => `${socket[0]}.${i}`),
    media: media.length > 1 ? media : new Array<MediaChoice>(namespaces ?? 1).fill(first),
    lbaBytes: Number(values.lbaSize),
    ...(values.serial === undefined ? {} : { serial: values.serial }),
    ...(values.model === undefined ? {} : { model: values.model }),
    ...(values.subnqn === undefined ? {} : { subnqn: values.subnqn }),
    queuePairs: values.queues,
    entries: values.entries,
    mdts: values.mdts,
    shadowDoorbells:
      shadowDoorbells === 'polling' || shadowDoorbells === true
        ? 'polling'
        : ((shadowDoorbells ?? 'off') as 'off' | 'sleeping'),
    cmbBytes: values.cmb ?? 0,
    pmrBytes: values.pmr ?? 0,
    anaGroups: values.anaGroups,
    ...(values.vendorId === undefined ? {} : { vendorId: values.vendorId }),
    ...(values.deviceId === undefined ? {} : { deviceId: values.deviceId }),
    mapDoorbells: values.mapDoorbells,
    idleSleepMs: values.idleSleep,
    idleSpinMs: values.idleSpin,
    quiet: values.quiet ?? false,
  };
}

/** Has commander say what is wrong with a value, and of which option. */
function checked<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function collectMedia(text: string, before: MediaChoice[] = []): MediaChoice[] {
  return [...before, checked(parseMedia)(text)];
}
