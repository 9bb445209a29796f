import { type Log, silentLog } from '@phasebit/core';
import { parseArgs } from 'node:util';
import { bindFunction, type BindOptions, unbindFunction } from '../bind/bind-function.js';
import type { SystemActions } from '../bind/system-actions.js';
import { parseBdf } from '../bdf.js';
import type { Places } from '../places.js';
import { errorText, VfioRefusal } from '../refusal.js';
import { listNvmeFunctions } from '../sysfs/nvme-functions.js';
import { describeFunctions } from './describe-functions.js';
import { HELP_TEXT } from './help-text.js';

/** Exit codes: done; refused or failed; the command line is wrong. */
const EXIT_DONE = 0;
const EXIT_REFUSED = 1;
const EXIT_USAGE = 2;

/** Where the command prints to and acts on. */
export interface CommandSurroundings {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly places?: Partial<Places>;
  readonly actions?: SystemActions;
}

/** A command line that cannot be understood. */
class UsageError extends Error {}

const OPTIONS = {
  user: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What was typed. */
interface CommandLine {
  readonly command: string | undefined;
  readonly addresses: readonly string[];
  readonly user: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** Runs `phasebit-vfio` with arguments. @returns its exit status */
export function runCommandLine(args: readonly string[], around: CommandSurroundings): number {
  try {
    const line = parse(args);
    if (line.help) around.out(HELP_TEXT);
    else if (line.command === 'list') list(line, around);
    else if (line.command === 'bind') bind(line, around);
    else if (line.command === 'unbind') unbind(line, around);
    else throw new UsageError(`expected list, bind or unbind, got ${line.command ?? 'nothing'}`);
    return EXIT_DONE;
  } catch (error) {
    if (error instanceof VfioRefusal) {
      around.error(`phasebit-vfio: ${error.message}`);
      return EXIT_REFUSED;
    }
    if (!(error instanceof UsageError)) throw error;
    around.error(`phasebit-vfio: ${error.message}\nTry 'phasebit-vfio --help'.`);
    return EXIT_USAGE;
  }
}

function parse(args: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const [command, ...addresses] = positionals;
    return { command, addresses, user: values.user, dryRun: values['dry-run'], json: values.json, help: values.help };
  } catch (error) {
    // Of an option that is unknown, Node explains at length how it could be an argument, which it cannot be here.
    throw new UsageError(errorText(error).replace(/\. To specify a positional.*/s, ''));
  }
}

function list({ addresses, json }: CommandLine, { out, places }: CommandSurroundings): void {
  if (addresses.length > 0) throw new UsageError(`list: expected no address, got ${addresses.join(' ')}`);
  const functions = listNvmeFunctions(places);
  if (!json) {
    out(describeFunctions(functions));
    return;
  }
  const plain = functions.map(({ obstacle, ...rest }) => {
    return { ...rest, obstacle: obstacle && { code: obstacle.code, message: obstacle.message } };
  });
  out(JSON.stringify(plain, undefined, 2));
}

function bind(line: CommandLine, around: CommandSurroundings): void {
  const alongside = addressesOf(line);
  const options = { ...bindOptions(line, around), user: line.user, alongside };
  // Nothing is done to any of them unless all can be had.
  for (const bdf of alongside) bindFunction(bdf, { ...options, dryRun: true, log: silentLog });
  for (const bdf of alongside) {
    const isChanged = bindFunction(bdf, options);
    conclude(bdf, isChanged, 'bound to vfio-pci', line, around);
  }
}

function unbind(line: CommandLine, around: CommandSurroundings): void {
  if (line.user !== undefined) throw new UsageError('unbind: --user is for binding');
  for (const bdf of addressesOf(line)) {
    const isChanged = unbindFunction(bdf, bindOptions(line, around));
    conclude(bdf, isChanged, 'given back', line, around);
  }
}

function addressesOf({ command, addresses, json }: CommandLine): string[] {
  if (json) throw new UsageError(`${command}: --json is for list`);
  if (addresses.length === 0)
    throw new UsageError(`${command}: expected the address of a PCI function, such as 0000:01:00.0`);
  return addresses.map(parseBdf);
}

function bindOptions({ dryRun }: CommandLine, { out, error, places, actions }: CommandSurroundings): BindOptions {
  const log: Log = { info: (step) => out(`  ${step}`), warn: (message) => error(`phasebit-vfio: ${message}`) };
  return { dryRun, log, places, actions };
}

function conclude(
  bdf: string,
  isChanged: boolean,
  what: string,
  { dryRun }: CommandLine,
  { out }: CommandSurroundings,
): void {
  if (dryRun) out(isChanged ? `${bdf}: these steps were not carried out` : `${bdf}: there is nothing to do`);
  else out(isChanged ? `${bdf}: ${what}` : `${bdf}: ${what} already`);
}
