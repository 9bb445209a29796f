import type { FaultRule, NandStatistics } from '@phasebit/controller';
import type { FaultChoice, StackOptions } from '../cli/bench-options.js';

/** What the controllers of a run are made of: plain data, so that it can be posted to the device's thread. */
export interface DeviceSpec {
  readonly media: StackOptions['media'];
  /** absent: all that an existing file has */
  readonly mediaBytes: number | undefined;
  readonly lbaBytes: number;
  /** controllers that show the one namespace, each a path to it */
  readonly controllers: number;
  readonly queuePairs: number;
  /** the controller of the first path dies after this many I/O commands */
  readonly failControllerAfter: number | undefined;
  /** bytes of metadata of a block, 0 for none */
  readonly metadataBytes: number;
  /** type of the protection information, 0 for none */
  readonly piType: number;
  /** bits of its guard */
  readonly guardBits: 16 | 64;
  readonly shadowDoorbells: 'off' | 'polling' | 'sleeping';
  readonly faults: readonly FaultChoice[];
  readonly faultSeed: number;
}

/** How often a fault has struck. */
export interface FaultStrikes {
  /** 0-based */
  readonly controller: number;
  readonly rule: FaultRule;
  /** commands, or with `stuck-ready` changes of CC.EN */
  readonly struck: number;
}

/** What the devices say when they end: plain data. */
export interface DeviceReport {
  /** every rule of every controller */
  readonly faults: readonly FaultStrikes[];
  /** commands that at least one rule has struck, of all controllers */
  readonly struckCommands: number;
  /** what modelled flash has done; absent without it */
  readonly nand?: NandStatistics;
}

/** Of devices that had nothing to say. */
export const NO_DEVICE_REPORT: DeviceReport = { faults: [], struckCommands: 0 };

/** Entries of the largest queue the modelled controllers allow: CAP.MQES + 1. */
export const DEVICE_RING_ENTRIES_MAX = 4096;
