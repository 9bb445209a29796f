import type { FaultRule } from '@phasebit/controller';
import type { ArbitrationOptions, CompletionMode, PayloadChoice } from '@phasebit/nvme';
import type { JobFile } from '../job/job-spec.js';
import type { LatencyStamping } from '../report/job-result.js';
import type { EtaMode } from '../report/live-line.js';
import type { DeviceChoice } from './device-choice.js';
import type { MediaChoice } from './media-choice.js';

/** What the program is to do. */
export type BenchCommand = 'tour' | 'run' | 'compare-c' | 'compare-transports';

/** A fault of the controllers, and which of them it is in. */
export interface FaultChoice {
  readonly rule: FaultRule;
  /** 0-based; absent: each controller has one of its own */
  readonly controller?: number;
}

/** Entries of each ring where nobody says how many, and the device has as many. */
export const RING_ENTRIES_DEFAULT = 1024;

/** How the stack under the jobs is built. */
export interface StackOptions {
  /** Where the controllers are. */
  readonly device: DeviceChoice;
  /** Namespace identifier; absent: 1, or the first that the device has. */
  readonly nsid?: number;
  readonly media: MediaChoice;
  /** Of a device that is made for the run: its size. 0 of one that is found as it is. */
  readonly mediaBytes: number;
  /** The top layer that the jobs drive. */
  readonly layer: 'nvme' | 'bdev' | 'multipath';
  readonly queuePairs: number;
  /** Entries of each ring; absent: {@link RING_ENTRIES_DEFAULT}, or as many as the device has where these are fewer. */
  readonly ringEntries?: number;
  /** Controllers, each a path to the same namespace. */
  readonly controllers: number;
  /** Submission doorbells: one per command, or one per poll. */
  readonly sqDoorbell: 'command' | 'poll';
  /** Completion doorbells: one per poll, or held back for half a ring. */
  readonly cqDoorbell: 'poll' | 'half';
  /** Where a completion finds its callback. */
  readonly callbackIn: 'tracker' | 'request';
  /** Whether a poll looks one completion entry ahead. */
  readonly lookAhead: boolean;
  /** Seed by which pages of the DMA memory are permuted; absent: contiguous. */
  readonly scatterSeed?: number;
  /** Of a device that is made for the run; one that is found as it is says it itself. */
  readonly lbaBytes: 512 | 4096;
  /** Most completions one poll takes; absent: no limit. */
  readonly completionsPerPollMax?: number;
  /** The controller of the first path dies after this many commands; absent: never. */
  readonly failControllerAfter?: number;
  /** Requests in each queue pair's pool; absent: the driver's choice. */
  readonly requests?: number;
  /** Seed of all that is random in the stack. */
  readonly seed: number;
  /** Bytes of metadata of a logical block, in a buffer of its own; absent: none. */
  readonly metadataBytes?: number;
  /** Type of the protection information, 1 to 3; absent: none. */
  readonly piType?: number;
  /** Bits of its guard; absent: 16. */
  readonly guardBits?: 64;
  /** Whether the controller makes and checks protection information (PRACT, PRCHK); absent: no. */
  readonly pi?: boolean;
  /** How payloads are described; absent: the driver's choice. */
  readonly payload?: PayloadChoice;
  /** Elements that each payload is cut into; absent: it is contiguous. */
  readonly iovecs?: number;
  /** How modelled controllers use shadow doorbells, absent: they have none; `off`: what another controller offers is left alone. */
  readonly shadowDoorbells?: 'polling' | 'sleeping' | 'off';
  /** Weights and burst of weighted round robin; absent: plain round robin. */
  readonly arbitration?: ArbitrationOptions;
  /** How completions are waited for; absent: by polling. */
  readonly completion?: Exclude<CompletionMode, 'poll'>;
  /** What goes wrong in the controllers; absent: nothing. */
  readonly faults?: readonly FaultChoice[];
  /** Seed of the chances of faults; absent: `seed`. */
  readonly faultSeed?: number;
  /** Milliseconds that an I/O command may take, 0 for ever; absent: the driver's choice. */
  readonly ioTimeoutMs?: number;
  /** What becomes of a controller that is lost; absent: it is given up. */
  readonly onLost?: 'reset';
  /** How often the driver sends a failed command again; absent: the layer's choice. */
  readonly retriesMax?: number;
  /** Serial numbers of devices that jobs may write to although somebody may have data on them; absent: of none. */
  readonly allowWritesTo?: readonly string[];
}

/** What is reported and where. */
export interface ReportOptions {
  readonly outputFormat: 'normal' | 'json';
  /** Absent: standard output. */
  readonly outputFile?: string;
  readonly eta: EtaMode;
  readonly latencyStamping: LatencyStamping;
}

/** The command line, read and checked. */
export interface BenchOptions {
  readonly command: BenchCommand;
  /** Jobs from the file or from the options; absent: none were given, the command decides. */
  readonly jobs?: JobFile;
  /** Name of the job file, if the jobs came from one. */
  readonly jobFileName?: string;
  readonly stack: StackOptions;
  readonly report: ReportOptions;
  /** Options of the stack and of the report that were typed, by their long names: the others are defaults. */
  readonly typed: readonly string[];
}
