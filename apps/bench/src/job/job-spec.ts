import type { QueuePriority } from '@phasebit/nvme';
import type { Extent } from './units.js';

/** Data directions, as indexes into every per-direction triple of this app. */
export const READ = 0;
/** See {@link READ}. */
export const WRITE = 1;
/** See {@link READ}. */
export const TRIM = 2;
/** The directions' names, by index. */
export const DIRECTION_NAMES = ['read', 'write', 'trim'] as const;

/** One value for reads, one for writes, one for trims. */
export type PerDirection<T> = readonly [read: T, write: T, trim: T];

/** The workloads that are done, in fio's names (`readwrite` is folded into `rw`). */
export const WORKLOADS = ['read', 'write', 'trim', 'randread', 'randwrite', 'randtrim', 'rw', 'randrw'] as const;
/** See {@link WORKLOADS}. */
export type Workload = (typeof WORKLOADS)[number];

/** Which sizes a direction's commands have. Sizes are bytes. */
export type BlockSizes =
  | { readonly kind: 'fixed'; readonly bytes: number }
  /** Any multiple of `minBytes` up to `maxBytes`, equally likely. */
  | { readonly kind: 'range'; readonly minBytes: number; readonly maxBytes: number }
  /** `share` is a probability; the shares add up to 1. */
  | { readonly kind: 'split'; readonly parts: readonly { readonly bytes: number; readonly share: number }[] };

/**
 * How random offsets are spread over the range. `center` (0 to 1) says where the hottest block lies; absent means by
 * seed.
 */
export type RandomDistribution =
  | { readonly kind: 'random' }
  | { readonly kind: 'zipf'; readonly theta: number; readonly center?: number }
  | { readonly kind: 'pareto'; readonly h: number; readonly center?: number };

/** What write buffers hold when nothing is verified. */
export type BufferFill =
  { readonly kind: 'random' } | { readonly kind: 'zero' } | { readonly kind: 'pattern'; readonly bytes: Uint8Array };

/** How what was written is checked. `crc32c` puts a header in each block; `pattern` compares bytes and needs none. */
export type VerifyKind = 'none' | 'crc32c' | 'pattern';

/** Which errors a job survives. */
export type ContinueOnError = 'none' | 'read' | 'write' | 'io' | 'verify' | 'all';

/**
 * One job, with every value checked and in one unit. A clone (numjobs) is a job of its own.
 * What needs the device, above all the byte range, is added by `validateAgainstDevice`.
 */
export interface JobSpec {
  readonly name: string;
  readonly description: string;
  /** 0-based position in the file, clones counted. */
  readonly index: number;
  /** 0-based among the clones of one section, and how many there are. */
  readonly cloneIndex: number;
  readonly cloneCount: number;
  /** 0-based: jobs of one start group run together, after all jobs of the groups before it. */
  readonly startGroup: number;
  /** 0-based: jobs of one report group are reported as one when `groupReporting` is set. fio's groupid. */
  readonly reportGroup: number;

  readonly workload: Workload;
  readonly random: boolean;
  /** Which directions this workload uses. */
  readonly directions: PerDirection<boolean>;
  /** Probability of a read: 1, 0, or between for mixed workloads. */
  readonly readShare: number;
  readonly blockSizes: PerDirection<BlockSizes>;
  readonly distribution: RandomDistribution;
  /** True: a random pass touches each block exactly once. False: each offset is drawn independently. */
  readonly fullCoverage: boolean;
  /** 32-bit seed of this very clone, already mixed with its place in the file. */
  readonly seed: number;
  /** What it was mixed from: as randseed, it repeats the run. */
  readonly baseSeed: number;

  readonly offset: Extent;
  /** Added to the offset once per clone index. */
  readonly offsetIncrement: Extent;
  /** Absent: the rest of the device. */
  readonly size?: Extent;
  /** Absent: as much as the size. */
  readonly ioSize?: Extent;
  readonly loops: number;
  /** 0: no limit. */
  readonly numberIos: number;

  readonly ioDepth: number;
  /** Absent: no limit. */
  readonly runtimeSeconds?: number;
  readonly timeBased: boolean;
  readonly rampSeconds: number;
  /** 0: not limited. */
  readonly rateIops: PerDirection<number>;
  /** Bytes per second; 0: not limited. */
  readonly rateBytes: PerDirection<number>;
  readonly thinkTimeUs: number;
  readonly thinkTimeBlocks: number;
  /** A flush after every so many writes; 0: none. */
  readonly fsyncEveryWrites: number;

  readonly verify: VerifyKind;
  readonly verifyPattern?: Uint8Array;
  readonly doVerify: boolean;
  readonly verifyFatal: boolean;
  /** Bytes between headers; 0: the smallest block a write can have. */
  readonly verifyIntervalBytes: number;
  readonly bufferFill: BufferFill;
  readonly continueOnError: ContinueOnError;
  readonly groupReporting: boolean;
  /** Class of the job's submission queues; absent: the driver's choice. */
  readonly queuePriority?: QueuePriority;

  /** Every option that was given, canonical name to text, for the report. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A job file, read and checked. */
export interface JobFile {
  /** Jobs that start together, group after group. */
  readonly groups: readonly (readonly JobSpec[])[];
  /** What was understood but not done, one sentence each. */
  readonly warnings: readonly string[];
  /** Options of the stack that the file's global sections have, by long name; a later mention replaces an earlier one unless all count. */
  readonly stack: ReadonlyMap<string, StackSetting>;
}

/** An option of the stack in a job file. */
export interface StackSetting {
  /** as typed; several only of an option that may be repeated */
  readonly texts: readonly string[];
  /** where the last one stands, for messages */
  readonly place: string;
}

/** Smallest and largest size of a choice, in bytes. */
export function blockSizeBounds(sizes: BlockSizes): { readonly minBytes: number; readonly maxBytes: number } {
  switch (sizes.kind) {
    case 'fixed':
      return { minBytes: sizes.bytes, maxBytes: sizes.bytes };
    case 'range':
      return { minBytes: sizes.minBytes, maxBytes: sizes.maxBytes };
    case 'split': {
      const all = sizes.parts.map((part) => part.bytes);
      return { minBytes: Math.min(...all), maxBytes: Math.max(...all) };
    }
  }
}
