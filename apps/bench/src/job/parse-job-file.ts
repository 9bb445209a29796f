import { randomInt } from 'node:crypto';
import { finishJob, JobConflictError } from './finish-job.js';
import { newDraft, SEED_DEFAULT } from './job-draft.js';
import type { JobFile, JobSpec, StackSetting } from './job-spec.js';
import { namesNotDone, reasonNotDone, reasonRefused } from './known-options.js';
import { nearestName } from './nearest-name.js';
import { findOption, optionNames, type JobOption } from './options.js';
import { ValueError } from './value-error.js';

/**
 * A job file, or a command line, that cannot be run. The message starts with the place: `file.fio:12: iodepth: expected
 * ...`.
 */
export class JobFileError extends Error {
  override readonly name = 'JobFileError';

  /**
   * @param place - `file:line` or `command line`
   * @param detail - what was expected and what came
   */
  constructor(
    readonly place: string,
    readonly detail: string,
  ) {
    super(`${place}: ${detail}`);
  }
}

/** One option as it was given. */
export interface Setting {
  readonly option: JobOption;
  readonly text: string;
  /** `file:line`, for messages. */
  readonly place: string;
}

/** Options of one section by canonical name; a later one replaces an earlier one. Order is that of the last mention. */
export type Settings = Map<string, Setting>;

/** A named section with everything that applies to it, global settings first. */
interface Section {
  readonly name: string;
  readonly place: string;
  readonly settings: Settings;
}

/** What the environment adds to a job file. */
export interface ParseOptions {
  /** Replaces `${NAME}` in values; missing names become nothing, with a warning. Default: none are known. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The seed for `randrepeat=0`. Default: drawn anew. */
  readonly freshSeed?: number;
  /** The seed of jobs that have no randseed. Default: fio's. */
  readonly defaultSeed?: number;
  /** Options of the stack that a global section may have, and whether each mention counts. Default: none. */
  readonly stackOptions?: ReadonlyMap<string, { readonly isRepeatable: boolean }>;
  /** Options that only a command line may have. Default: none are known. */
  readonly commandLineOptions?: ReadonlySet<string>;
}

/** Collects sentences, each once. */
export class Warnings {
  private readonly seen = new Set<string>();
  /** In the order they were given. */
  readonly sentences: string[] = [];

  /**
   * @param key - what makes two warnings the same
   * @param sentence - what to say the first time
   */
  add(key: string, sentence: string): void {
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.sentences.push(sentence);
  }
}

/**
 * Reads a fio job file.
 *
 * Grammar, line by line, after everything from `;` or `#` on is cut off and blanks are trimmed:
 *
 *   [global]        settings here go to every job section below, until the file ends
 *   [name]          a job
 *   key=value       a setting of the section above
 *   key             the same as key=1, for flags only
 *
 * @param text - the file's contents
 * @param fileName - for messages
 * @throws JobFileError with file and line
 */
export function parseJobFile(text: string, fileName: string, options: ParseOptions = {}): JobFile {
  const warnings = new Warnings();
  const stack = new Map<string, StackSetting>();
  const sections = readSections(text, fileName, options, warnings, stack);
  if (sections.length === 0) throw new JobFileError(fileName, 'expected at least one job section, got none');
  return { ...groupJobs(sections, options, warnings), stack };
}

/**
 * Makes the jobs of one set of settings that came from somewhere else than a file, such as the command line.
 *
 * @param settings - by canonical name
 * @param name - the job's name unless the settings have one
 * @param place - for messages about the job as a whole
 */
export function jobsFromSettings(
  settings: Settings,
  name: string,
  place: string,
  warnings: Warnings,
  options: ParseOptions = {},
): JobFile {
  return groupJobs([{ name, place, settings }], options, warnings);
}

/**
 * Looks a key up and checks its value.
 *
 * @param text - the value, undefined for a bare key
 * @returns the setting, or undefined when the key is known and not done (then there is a warning)
 * @throws JobFileError when the key is unknown or refused, or the value wrong
 */
export function readSetting(
  key: string,
  text: string | undefined,
  place: string,
  warnings: Warnings,
): Setting | undefined {
  const option = findOption(key);
  if (option === undefined) {
    const refused = reasonRefused(key);
    if (refused !== undefined) throw new JobFileError(place, `${key}: not done: ${refused}`);
    const reason = reasonNotDone(key);
    if (reason === undefined) throw new JobFileError(place, unknownKey(key));
    warnings.add(key, `${place}: ${key}: not done: ${reason}`);
    return undefined;
  }
  if (text === undefined && !option.bare)
    throw new JobFileError(place, `${key}: expected a value (${option.form}), got none`);
  const setting: Setting = { option, text: text ?? '1', place };
  applySetting(setting, newDraft());
  return setting;
}

function readSections(
  text: string,
  fileName: string,
  { environment = {}, stackOptions, commandLineOptions }: ParseOptions,
  warnings: Warnings,
  stack: Map<string, StackSetting>,
): Section[] {
  const global: Settings = new Map();
  const sections: Section[] = [];
  let current: Settings | undefined;
  const lines = text.split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length; i++) {
    const place = `${fileName}:${i + 1}`;
    const line = lines[i].replace(/[;#].*$/, '').trim();
    if (line === '') continue;
    if (line.startsWith('[')) {
      const name = sectionName(line, place);
      current = name === 'global' ? global : new Map(global);
      if (name !== 'global') sections.push({ name, place, settings: current });
      continue;
    }
    const [key, value] = splitSetting(line, place);
    if (current === undefined) throw new JobFileError(place, `expected a [section] before any option, got "${key}"`);
    if (commandLineOptions?.has(key) === true)
      throw new JobFileError(place, `${key}: expected on the command line, where whoever runs the jobs gives it`);
    const expanded = value === undefined ? undefined : expandVariables(value, environment, place, warnings);
    const stackOption = stackOptions?.get(key);
    if (stackOption !== undefined) {
      if (current !== global)
        throw new JobFileError(place, `${key}: expected in [global], since all jobs share one stack`);
      if (expanded === undefined) throw new JobFileError(place, `${key}: expected a value, got none`);
      const before = stackOption.isRepeatable ? (stack.get(key)?.texts ?? []) : [];
      stack.set(key, { texts: [...before, expanded], place });
      continue;
    }
    const setting = readSetting(key, expanded, place, warnings);
    if (setting === undefined) continue;
    current.delete(setting.option.name);
    current.set(setting.option.name, setting);
  }
  return sections;
}

function sectionName(line: string, place: string): string {
  if (!line.endsWith(']')) throw new JobFileError(place, `expected "]" at the end of a section line, got "${line}"`);
  const name = line.slice(1, -1).trim();
  if (name === '') throw new JobFileError(place, 'expected a section name, got "[]"');
  return name;
}

function splitSetting(line: string, place: string): [key: string, value: string | undefined] {
  const equals = line.indexOf('=');
  const key = (equals < 0 ? line : line.slice(0, equals)).trim();
  if (/^include\s/.test(key)) throw new JobFileError(place, `include: not done: ${reasonRefused('include')}`);
  if (!/^[A-Za-z][\w.-]*$/.test(key))
    throw new JobFileError(place, `expected [section], key=value or key, got "${line}"`);
  return [key, equals < 0 ? undefined : line.slice(equals + 1).trim()];
}

function expandVariables(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  place: string,
  warnings: Warnings,
): string {
  return text.replace(/\$\{([^}]*)\}/g, (whole, name: string) => {
    const value = environment[name];
    if (value === undefined) warnings.add(whole, `${place}: ${whole}: no such environment variable, taken as nothing`);
    return value ?? '';
  });
}

function unknownKey(key: string): string {
  const nearest = nearestName(key, [...optionNames(), ...namesNotDone()]);
  return `expected an option that is known here, got "${key}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
}

function applySetting(setting: Setting, draft: ReturnType<typeof newDraft>): void {
  try {
    setting.option.read(draft, setting.text);
  } catch (error) {
    if (error instanceof ValueError) throw new JobFileError(setting.place, `${setting.option.name}: ${error.message}`);
    throw error;
  }
}

function groupJobs(sections: readonly Section[], options: ParseOptions, warnings: Warnings): JobFile {
  const seeds = {
    defaultSeed: options.defaultSeed ?? SEED_DEFAULT,
    freshSeed: options.freshSeed ?? randomInt(2 ** 32),
  };
  const groups: JobSpec[][] = [];
  let index = 0;
  let reportGroup = 0;
  for (const section of sections) {
    const draft = newDraft();
    for (const setting of section.settings.values()) applySetting(setting, draft);
    if (groups.length === 0 || draft.stonewall) groups.push([]);
    if (index > 0 && (draft.stonewall || draft.newGroup)) reportGroup++;
    const place = {
      sectionName: section.name,
      firstIndex: index,
      startGroup: groups.length - 1,
      reportGroup,
      ...seeds,
    };
    const given = Object.fromEntries([...section.settings].map(([name, setting]) => [name, setting.text]));
    const placeOf = (option: string): string => section.settings.get(option)?.place ?? section.place;
    try {
      const clones = finishJob(draft, place, Object.freeze(given), (option, sentence) =>
        warnings.add(`${section.name} ${option} ${sentence}`, `${placeOf(option)}: ${option}: ${sentence}`),
      );
      groups.at(-1)!.push(...clones);
      index += clones.length;
    } catch (error) {
      if (error instanceof JobConflictError)
        throw new JobFileError(placeOf(error.option), `${error.option}: ${error.message}`);
      throw error;
    }
  }
  return { groups, warnings: warnings.sentences, stack: new Map() };
}
