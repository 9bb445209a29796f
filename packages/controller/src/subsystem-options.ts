import { type Clock, type Log, silentLog } from '@phasebit/core';
import { checkRange, checkText } from './checks.js';
import { identifierBytes } from './identifier.js';
import { ANA_GROUPS_MAX, CAPACITY_BYTES_MAX, FIRMWARE_SLOTS_MAX, NAMESPACES_MAX, UUIDS_MAX } from './limits.js';
import type { Medium } from './media/medium.js';
import { RamMedium } from './media/ram-medium.js';
import { checkLbaFormats, LBA_FORMATS_DEFAULT, type LbaFormat } from './namespace-format.js';
import type { NamespaceOptions } from './namespace-options.js';

/** How long what runs in the background takes, by the subsystem's clock; milliseconds, 0 (the default) for done at once. */
export interface SubsystemDurations {
  /** one namespace in a Format NVM command, which completes only then */
  readonly formatMs?: number;
  /** a sanitize operation, each overwrite pass of it */
  readonly sanitizeMs?: number;
  /** a short device self-test */
  readonly shortTestMs?: number;
  /** an extended device self-test */
  readonly extendedTestMs?: number;
}

/** What an NVM subsystem is made of. */
export interface SubsystemOptions {
  /** where durations, the Timestamp feature and the power-on hours come from */
  readonly clock: Clock;
  /** NVM subsystem qualified name, up to 223 bytes */
  readonly subnqn?: string;
  /** serial number, up to 20 printable ASCII characters */
  readonly serial?: string;
  /** model number, up to 40 */
  readonly model?: string;
  /** firmware revision, up to 8 */
  readonly firmware?: string;
  /** namespaces there are at first; a controller that joins shows the shared ones */
  readonly namespaces?: readonly NamespaceOptions[];
  /** Identify Controller NN, the largest valid NSID, 1 to 4096; default the largest NSID of `namespaces` */
  readonly largestNsid?: number;
  /** ANA groups, identifiers 1 to `anaGroups`; 0, the default, for no ANA reporting */
  readonly anaGroups?: number;
  /** the LBA formats, 1 to 64; default 512 and 4096 bytes with 0, 8, 16 and 64 bytes of metadata, and with 64-bit guards */
  readonly lbaFormats?: readonly LbaFormat[];
  /** NVM capacity, bytes; what `namespaces` do not take can be allocated by the host. Default what they take */
  readonly capacityBytes?: number;
  /** makes the medium of a namespace that the host creates; default a `RamMedium`. It reads as zeros */
  readonly createMedium?: (bytes: number) => Medium;
  /** whether a namespace may have fewer blocks than its size says (NCAP below NSZE); default false */
  readonly thinProvisioning?: boolean;
  /** firmware slots, 1 to 7, of which the first is read only; default 3 */
  readonly firmwareSlots?: number;
  /** the UUID List, up to 126 of 32 hexadecimal digits, hyphens allowed; default none, and no list */
  readonly uuids?: readonly string[];
  /** how long format, sanitize and self-test take */
  readonly durations?: SubsystemDurations;
  /** where notable things are said; default nowhere */
  readonly log?: Log;
}

/** {@link SubsystemOptions} with everything decided and checked. */
export interface SubsystemSettings extends Required<SubsystemOptions> {
  readonly durations: Required<SubsystemDurations>;
}

/** The names of the options that belong to the subsystem alone, for whoever takes both kinds. */
export const SUBSYSTEM_OPTION_NAMES: readonly (keyof SubsystemOptions)[] = [
  'subnqn',
  'serial',
  'model',
  'firmware',
  'largestNsid',
  'anaGroups',
  'lbaFormats',
  'capacityBytes',
  'createMedium',
  'thinProvisioning',
  'firmwareSlots',
  'uuids',
  'durations',
];

/** Media are a whole number of pages. */
const MEDIUM_GRANULARITY_BYTES = 4096;
const FIRMWARE_SLOTS_DEFAULT = 3;
/** A year: longer is a mistake in the unit. */
const DURATION_MS_MAX = 365 * 24 * 3600 * 1000;

/** Fills in defaults. @throws RangeError naming the option that is out of range */
export function settleSubsystem(options: SubsystemOptions): SubsystemSettings {
  const { namespaces = [], durations = {} } = options;
  const settings: SubsystemSettings = {
    clock: options.clock,
    subnqn: options.subnqn ?? `nqn.2026-11.dev.phasebit:${options.serial ?? 'PHASEBIT0001'}`,
    serial: options.serial ?? 'PHASEBIT0001',
    model: options.model ?? 'Phasebit NVMe controller model',
    firmware: options.firmware ?? '0',
    namespaces,
    largestNsid: options.largestNsid ?? Math.max(1, ...namespaces.map((each) => each.nsid)),
    anaGroups: options.anaGroups ?? 0,
    lbaFormats: options.lbaFormats ?? LBA_FORMATS_DEFAULT,
    capacityBytes: options.capacityBytes ?? 0,
    createMedium: options.createMedium ?? createRamMedium,
    thinProvisioning: options.thinProvisioning ?? false,
    firmwareSlots: options.firmwareSlots ?? FIRMWARE_SLOTS_DEFAULT,
    uuids: options.uuids ?? [],
    durations: {
      formatMs: durations.formatMs ?? 0,
      sanitizeMs: durations.sanitizeMs ?? 0,
      shortTestMs: durations.shortTestMs ?? 0,
      extendedTestMs: durations.extendedTestMs ?? 0,
    },
    log: options.log ?? silentLog,
  };
  check(settings);
  return settings;
}

function createRamMedium(bytes: number): Medium {
  return new RamMedium({ bytes: Math.ceil(bytes / MEDIUM_GRANULARITY_BYTES) * MEDIUM_GRANULARITY_BYTES });
}

function check(settings: SubsystemSettings): void {
  const { namespaces, durations } = settings;
  checkRange('largestNsid', settings.largestNsid, Math.max(1, ...namespaces.map((each) => each.nsid)), NAMESPACES_MAX);
  checkRange('anaGroups', settings.anaGroups, 0, ANA_GROUPS_MAX);
  checkText('serial', settings.serial, 20);
  checkText('model', settings.model, 40);
  checkText('firmware', settings.firmware, 8);
  checkText('subnqn', settings.subnqn, 223);
  checkLbaFormats(settings.lbaFormats);
  checkRange('capacityBytes', settings.capacityBytes, 0, CAPACITY_BYTES_MAX);
  checkRange('firmwareSlots', settings.firmwareSlots, 1, FIRMWARE_SLOTS_MAX);
  checkRange('uuids', settings.uuids.length, 0, UUIDS_MAX);
  for (const uuid of settings.uuids) identifierBytes('uuids', uuid, 16);
  checkRange('durations.formatMs', durations.formatMs, 0, DURATION_MS_MAX);
  checkRange('durations.sanitizeMs', durations.sanitizeMs, 0, DURATION_MS_MAX);
  checkRange('durations.shortTestMs', durations.shortTestMs, 0, DURATION_MS_MAX);
  checkRange('durations.extendedTestMs', durations.extendedTestMs, 0, DURATION_MS_MAX);
  if (new Set(namespaces.map((each) => each.nsid)).size !== namespaces.length) {
    throw new RangeError('namespaces: expected each nsid once');
  }
}
