import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { JobFile } from '../job/job-spec.js';
import { namesNotDone } from '../job/known-options.js';
import { nearestName } from '../job/nearest-name.js';
import { OPTIONS, type JobOption } from '../job/options.js';
import {
  JobFileError,
  jobsFromSettings,
  parseJobFile,
  readSetting,
  Warnings,
  type Settings,
} from '../job/parse-job-file.js';
import type { BenchCommand, BenchOptions, StackOptions } from './bench-options.js';
import { helpLayout } from './help-layout.js';
import type { MediaChoice } from './media-choice.js';
import { isForJobFiles, OWN_OPTIONS, readReportOptions, readSeed, readStackOptions } from './own-options.js';
import { optionKey, OwnOptionError, type OwnValues } from './own-values.js';

/** What a command line comes to: options to run with, or a text to print and an exit code. */
export type ParsedArguments =
  | { readonly kind: 'options'; readonly options: BenchOptions }
  | { readonly kind: 'exit'; readonly exitCode: number; readonly stdout: string; readonly stderr: string };

/** What the outside adds to the command line. */
export interface ArgumentSources {
  /** Reads a job file; `-` is standard input. */
  readonly readFile?: (path: string) => string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly version?: string;
}

/** Exit code of a command line that cannot be understood. */
export const EXIT_USAGE = 2;

/** Letters that SPDK's perf gives these options. */
const SPDK_LETTERS = new Map([
  ['iodepth', 'q'],
  ['bs', 'o'],
  ['rw', 'w'],
  ['rwmixread', 'M'],
]);

/** The comparisons, and what help says about them. */
const COMPARISONS = [
  ['compare-c', 'run side by side with the minimal loop in C'],
  ['compare-transports', 'run the same reads through every transport there is, by queue depth'],
] as const;

/** A command line that cannot be run. */
class UsageError extends Error {}

/** One job option as it was typed. */
interface GivenOption {
  readonly key: string;
  readonly text: string;
}

/**
 * Reads the command line.
 *
 *   phasebit-bench                         the tour
 *   phasebit-bench [run] FILE.fio          the jobs of a file
 *   phasebit-bench [run] --rw=randread ... one job
 *   phasebit-bench compare-c ...           side by side with the C loop
 *   phasebit-bench compare-transports ...  the same reads through every transport
 *
 * @param args - without the program's own two
 * @returns never throws for what the user typed: errors become an exit code and a text
 */
export function parseArguments(args: readonly string[], sources: ArgumentSources = {}): ParsedArguments {
  let stdout = '';
  let stderr = '';
  let found: { command: BenchCommand; file: string | undefined; given: GivenOption[]; own: OwnValues } | undefined;
  const program = buildProgram(sources.version ?? 'unknown', {
    writeOut: (text) => (stdout += text),
    writeErr: (text) => (stderr += text),
    onCommand: (command, file, given, own) => (found = { command, file, given, own }),
  });
  try {
    program.parse(withBareFlags(args), { from: 'user' });
    if (found === undefined) throw new UsageError('expected a command, got none');
    return { kind: 'options', options: finish(found.command, found.file, found.given, found.own, sources) };
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'exit', exitCode: 0, stdout, stderr };
    const message = usageMessage(error);
    if (message === undefined) throw error;
    return { kind: 'exit', exitCode: EXIT_USAGE, stdout: '', stderr: `phasebit-bench: ${message}\n` };
  }
}

interface ProgramHooks {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  readonly onCommand: (command: BenchCommand, file: string | undefined, given: GivenOption[], own: OwnValues) => void;
}

function buildProgram(version: string, hooks: ProgramHooks): Command {
  const program = new Command('phasebit-bench')
    .description('Benchmarks the whole Phasebit stack with the vocabulary of fio.')
    .version(version)
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureHelp(helpLayout)
    .configureOutput({ writeOut: hooks.writeOut, writeErr: hooks.writeErr, outputError: () => undefined })
    .addHelpText('after', '\nWithout arguments it gives the tour. The options of a job: phasebit-bench run --help');
  const run = program
    .command('run [file]', { isDefault: true })
    .description('run the jobs of a fio job file, or one job made of options');
  const runGiven = addJobOptions(run);
  addOwnOptions(run).action((file: string | undefined) => {
    const own: OwnValues = run.opts();
    const nothing = file === undefined && runGiven.length === 0 && run.parent?.args[0] !== 'run';
    hooks.onCommand(nothing ? 'tour' : 'run', file, runGiven, own);
  });
  const tour = program.command('tour').description('show what each layer and each idea is worth (the default)');
  const tourGiven = addRuntime(tour);
  addOwnOptions(tour).action(() => hooks.onCommand('tour', undefined, tourGiven, tour.opts()));
  for (const [name, description] of COMPARISONS) {
    const compare = program.command(name).description(description);
    const compareGiven = addJobOptions(compare);
    addOwnOptions(compare).action(() => hooks.onCommand(name, undefined, compareGiven, compare.opts()));
  }
  for (const command of program.commands) command.copyInheritedSettings(program).allowExcessArguments(false);
  return program;
}

/**
 * Adds every option of the job table, and those of fio that are known and not done, hidden. Returns where they are
 * collected.
 */
function addJobOptions(command: Command): GivenOption[] {
  const given: GivenOption[] = [];
  const collect = (key: string) => (text: string) => {
    given.push({ key, text });
    return text;
  };
  for (const option of OPTIONS) {
    command.addOption(jobOption(option).argParser(collect(option.name)).helpGroup(`${option.group}:`));
    for (const alias of option.aliases)
      command.addOption(new Option(`--${alias} <value>`).argParser(collect(alias)).hideHelp());
  }
  for (const name of namesNotDone())
    command.addOption(new Option(`--${name} <value>`).argParser(collect(name)).hideHelp());
  const time = new Option('-t <seconds>', 'runtime and time_based in one, as in SPDK').helpGroup('Amount and time:');
  command.addOption(
    time.argParser((text: string) => {
      given.push({ key: 'runtime', text }, { key: 'time_based', text: '1' });
      return text;
    }),
  );
  return given;
}

/** The tour has jobs of its own; only how long each is measured is for the user to say. */
function addRuntime(tour: Command): GivenOption[] {
  const given: GivenOption[] = [];
  const time = new Option('--runtime <time>', 'Measured time of each round, for example 2s or 300ms (500ms)');
  tour.addOption(time.argParser((text: string) => given.push({ key: 'runtime', text })));
  return given;
}

function jobOption(option: JobOption): Option {
  const letter = SPDK_LETTERS.get(option.name);
  const value = option.bare ? option.form : `<${option.form}>`;
  const flags = `${letter === undefined ? '' : `-${letter}, `}--${option.name} ${value}`;
  return new Option(flags, option.defaultText === '' ? option.help : `${option.help} (${option.defaultText})`);
}

function addOwnOptions(command: Command): Command {
  for (const { flags, help, defaultText, group, isRepeatable } of OWN_OPTIONS) {
    const text = defaultText === '' ? help : `${help} (${defaultText})`;
    const option = new Option(flags, text).helpGroup(`${group}:`);
    if (isRepeatable) option.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    command.addOption(option);
  }
  return command;
}

/**
 * As in fio, a flag takes a value only with "=": so that `--time_based job.fio` is a flag and a file. The same for
 * options that are known and not done, of which any may be a flag.
 */
function withBareFlags(args: readonly string[]): string[] {
  const bare = new Set<string>(namesNotDone());
  for (const option of OPTIONS) if (option.bare) for (const name of [option.name, ...option.aliases]) bare.add(name);
  return args.map((arg) => (arg.startsWith('--') && bare.has(arg.slice(2)) ? `${arg}=1` : arg));
}

function finish(
  command: BenchCommand,
  file: string | undefined,
  given: readonly GivenOption[],
  own: OwnValues,
  sources: ArgumentSources,
): BenchOptions {
  const seed = readSeed(own);
  const report = readReportOptions(own);
  const [first] = given;
  if (file !== undefined && first !== undefined)
    throw new UsageError(`expected a job file or job options, got both: ${file} and --${first.key}`);
  const jobs = file === undefined ? jobsFromOptions(command, given, seed) : readJobs(file, seed, sources);
  const stack = readWholeStack(own, jobs);
  if (jobs !== undefined) {
    refuseImpossibleVerify(jobs, stack.media);
    refuseIdlePriority(jobs, stack);
  }
  return {
    command,
    ...(jobs === undefined ? {} : { jobs }),
    ...(file === undefined ? {} : { jobFileName: file }),
    stack,
    report,
    typed: typedOptions(own),
  };
}

/** Options of the stack that a job file may have: those that take a value, except the seed, which jobs have already when it is read. */
const STACK_OPTIONS = new Map(
  OWN_OPTIONS.filter((one) => isForJobFiles(one) && /[<[]/.test(one.flags) && longName(one.flags) !== 'seed').map(
    (option) => [longName(option.flags), option] as const,
  ),
);

/** Those that it may not have, by long name. */
const COMMAND_LINE_OPTIONS: ReadonlySet<string> = new Set(
  OWN_OPTIONS.filter((one) => !isForJobFiles(one)).map(({ flags }) => longName(flags)),
);

/** The stack as the file and the command line say; where both do, the command line does. */
function readWholeStack(own: OwnValues, jobs: JobFile | undefined): StackOptions {
  const values: Record<string, OwnValues[string]> = {};
  for (const [name, { texts }] of jobs?.stack ?? []) {
    values[optionKey(name)] = STACK_OPTIONS.get(name)?.isRepeatable === true ? texts : texts.at(-1);
  }
  for (const [key, value] of Object.entries(own)) if (value !== undefined) values[key] = value;
  try {
    return readStackOptions(values);
  } catch (error) {
    if (!(error instanceof OwnOptionError)) throw error;
    const name = [...(jobs?.stack.keys() ?? [])].find((one) => optionKey(one) === error.option);
    if (name === undefined || own[error.option] !== undefined) throw error;
    throw new UsageError(`${jobs!.stack.get(name)!.place}: ${error.message.slice('--'.length)}`);
  }
}

function typedOptions(own: OwnValues): string[] {
  return OWN_OPTIONS.map((option) => longName(option.flags)).filter((name) => own[optionKey(name)] !== undefined);
}

function readJobs(file: string, defaultSeed: number, sources: ArgumentSources): JobFile {
  const readFile = sources.readFile ?? ((path: string) => readFileSync(path === '-' ? 0 : path, 'utf8'));
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    throw new UsageError(`expected a job file that can be read, got "${file}": ${(error as Error).message}`);
  }
  return parseJobFile(text, file, {
    environment: sources.environment ?? {},
    defaultSeed,
    stackOptions: STACK_OPTIONS,
    commandLineOptions: COMMAND_LINE_OPTIONS,
  });
}

function jobsFromOptions(
  command: BenchCommand,
  given: readonly GivenOption[],
  defaultSeed: number,
): JobFile | undefined {
  if (command !== 'run' && given.length === 0) return undefined;
  const warnings = new Warnings();
  const settings: Settings = new Map();
  for (const { key, text } of given) {
    const setting = readSetting(key, text, 'command line', warnings);
    if (setting === undefined) continue;
    settings.delete(setting.option.name);
    settings.set(setting.option.name, setting);
  }
  const name = settings.get('rw')?.text ?? 'read';
  return jobsFromSettings(settings, name, 'command line', warnings, { defaultSeed });
}

/** Media without data gives back nothing that was written: a verification would fail on every block. */
function refuseImpossibleVerify(jobs: JobFile, media: MediaChoice): void {
  if (media.kind !== 'null') return;
  const job = jobs.groups.flat().find((one) => one.verify !== 'none');
  if (job === undefined) return;
  throw new UsageError(
    `job "${job.name}": verify=${job.verify}: expected media that keep data (--media ram or --media file:PATH), got --media null`,
  );
}

/** Without weighted round robin a class would mean nothing. */
function refuseIdlePriority(jobs: JobFile, stack: StackOptions): void {
  if (stack.arbitration !== undefined) return;
  const job = jobs.groups.flat().find(({ queuePriority }) => queuePriority !== undefined);
  if (job === undefined) return;
  throw new UsageError(
    `job "${job.name}": queue-priority=${job.queuePriority}: expected --arbitration=wrr with it, got --arbitration=rr`,
  );
}

/** The sentence for standard error, or undefined when the error is not the user's. */
function usageMessage(error: unknown): string | undefined {
  if (error instanceof CommanderError) return commanderMessage(error);
  if (error instanceof UsageError || error instanceof JobFileError || error instanceof OwnOptionError)
    return error.message;
  return undefined;
}

/** Commander's sentences in the form that all others here have: what was expected, what came. */
function commanderMessage(error: CommanderError): string {
  const [, quoted = ''] = /'([^']*)'/.exec(error.message) ?? [];
  switch (error.code) {
    case 'commander.unknownOption': {
      const names = [
        ...OPTIONS.flatMap((option) => [option.name, ...option.aliases]),
        ...OWN_OPTIONS.map((option) => longName(option.flags)),
      ];
      const nearest = nearestName(quoted.replace(/^-+/, '').replace(/=.*$/, ''), names);
      return `expected an option that is known here, got "${quoted}"${nearest === undefined ? '' : `; did you mean "--${nearest}"?`}`;
    }
    case 'commander.optionMissingArgument': {
      const [flag = ''] = quoted.split(' <');
      return `expected a value for ${flag}, got none`;
    }
    case 'commander.excessArguments':
      return `expected at most one job file, got more (a value needs "=" before it: --option=value)`;
    default:
      return error.message.replace(/^error: /, '');
  }
}

function longName(flags: string): string {
  return /--([a-z-]+)/.exec(flags)?.[1] ?? '';
}
