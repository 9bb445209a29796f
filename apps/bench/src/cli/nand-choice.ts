import { NAND_SLC, NAND_TLC, NandMedium, type NandProfile, NullMedium } from '@phasebit/controller';
import { parseBoolean, parseDurationUs, parseFloatStrict, parseInteger } from '../job/units.js';
import { failValue, ValueError } from '../job/value-error.js';
import { nodeClock } from '../stack/node-clock.js';

/** Flash that is modelled, around memory that keeps the data: plain data. */
export interface NandChoice extends NandProfile {
  readonly kind: 'nand';
  /** as it was typed */
  readonly text: string;
  /** where the profile's figures come from, for the report: none of them is measured */
  readonly source: string;
  /** bytes; absent: the model's choice */
  readonly cacheBytes?: number;
  readonly garbageCollection?: boolean;
  /** a part of what the medium shows; absent: the model's choice */
  readonly overProvisioning?: number;
}

interface Preset {
  readonly profile: NandProfile;
  readonly source: string;
}

const PRESETS: ReadonlyMap<string, Preset> = new Map([
  [
    'tlc',
    {
      profile: NAND_TLC,
      source:
        'NAND_TLC: page size, planes, transfer rate and times of a page are typical of TLC flash, the rest is assumed',
    },
  ],
  [
    'slc',
    {
      profile: NAND_SLC,
      source: 'NAND_SLC: page size, read and program time are typical of low-latency SLC flash, the rest is assumed',
    },
  ],
]);

/** What a medium is checked on: only numbers of the profile are looked at. */
const TRIAL_BYTES = 2 ** 20;

/** A profile in the making. */
interface Draft {
  geometry: Record<keyof NandProfile['geometry'], number>;
  times: Record<keyof NandProfile['times'], number>;
  cacheBytes?: number;
  garbageCollection?: boolean;
  overProvisioning?: number;
}

const SETTERS: ReadonlyMap<string, (draft: Draft, text: string) => void> = new Map([
  ['channels', (draft: Draft, text: string) => void (draft.geometry.channels = parseInteger(text))],
  ['dies', (draft: Draft, text: string) => void (draft.geometry.diesPerChannel = parseInteger(text))],
  ['planes', (draft: Draft, text: string) => void (draft.geometry.planesPerDie = parseInteger(text))],
  ['page', (draft: Draft, text: string) => void (draft.geometry.pageBytes = parseInteger(text))],
  ['pages', (draft: Draft, text: string) => void (draft.geometry.pagesPerBlock = parseInteger(text))],
  ['read', (draft: Draft, text: string) => void (draft.times.readUs = parseDurationUs(text, 'us'))],
  ['program', (draft: Draft, text: string) => void (draft.times.programUs = parseDurationUs(text, 'us'))],
  ['erase', (draft: Draft, text: string) => void (draft.times.eraseUs = parseDurationUs(text, 'us'))],
  ['command', (draft: Draft, text: string) => void (draft.times.commandUs = parseDurationUs(text, 'us'))],
  ['channel-mbps', (draft: Draft, text: string) => void (draft.times.channelMBps = parseFloatStrict(text))],
  ['cache', (draft: Draft, text: string) => void (draft.cacheBytes = parseInteger(text))],
  ['gc', (draft: Draft, text: string) => void (draft.garbageCollection = parseBoolean(text))],
  ['op', (draft: Draft, text: string) => void (draft.overProvisioning = parseFloatStrict(text))],
]);

/**
 * Reads `nand` or `nand:PROFILE`, and `,name=value,...` behind either.
 *
 * @throws ValueError
 */
export function parseNand(text: string): NandChoice {
  const [head = '', ...overrides] = text.split(',');
  const name = head === 'nand' ? 'tlc' : head.slice('nand:'.length);
  const preset = PRESETS.get(name);
  if (preset === undefined) return failValue(`nand:${[...PRESETS.keys()].join(' or nand:')}`, text);
  const { profile } = preset;
  const draft: Draft = { geometry: { ...profile.geometry }, times: { ...profile.times } };
  for (const each of overrides) override(draft, each);
  check(draft);
  const source = overrides.length === 0 ? preset.source : `${preset.source}; changed: ${overrides.join(' ')}`;
  return { kind: 'nand', text, source, ...draft };
}

function override(draft: Draft, text: string): void {
  const [name = '', value, ...more] = text.split('=');
  const set = SETTERS.get(name);
  if (set === undefined) failValue(`nand with any of ${[...SETTERS.keys()].join(', ')}`, name);
  if (value === undefined || more.length > 0) failValue(`${name}=value`, text);
  try {
    set(draft, value);
  } catch (error) {
    if (error instanceof ValueError) throw new ValueError(`${name}: ${error.message}`);
    throw error;
  }
}

/** The model itself says what is out of range. */
function check(draft: Draft): void {
  try {
    void new NandMedium({ ...draft, medium: new NullMedium(TRIAL_BYTES), clock: nodeClock });
  } catch (error) {
    if (error instanceof RangeError) throw new ValueError(error.message);
    throw error;
  }
}
