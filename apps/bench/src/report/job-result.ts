/** What the reports read of a latency histogram; `Histogram` of `@phasebit/core` is one. Durations are nanoseconds. */
export interface LatencyHistogram {
  readonly count: number;
  readonly minNs: number;
  readonly maxNs: number;
  readonly meanNs: number;
  readonly stddevNs: number;
  /** @param percent - 0 to 100 */
  percentileNs(percent: number): number;
  /** Each bucket that holds something, smallest first. */
  forEachBucket(visit: (fromNs: number, toNs: number, count: number) => void): void;
}

/**
 * How latency was taken. Reading the clock costs as much as a command, so there is a choice:
 *
 *   batch   the clock is read once per poll, and all that a poll issues and completes shares the reading
 *   exact   the clock is read for every command, when it is issued and when it completes
 *   none    not at all
 */
export type LatencyStamping = 'batch' | 'exact' | 'none';

/** What one direction of a job did. */
export interface DirectionResult {
  /** Commands that ended well. */
  readonly ios: number;
  readonly bytes: number;
  /** How long this direction ran, in milliseconds; 0 when it did not. */
  readonly runtimeMs: number;
  /** From issue to completion. Absent when not taken. */
  readonly latency?: LatencyHistogram;
  /** Rates over each sampling interval (500 ms), per second. */
  readonly iopsSamples: readonly number[];
  readonly bytesPerSecondSamples: readonly number[];
}

/** What the stack's own counters say about a job. Absent: not measured. */
export interface StackCounters {
  readonly mmioReads?: number;
  readonly mmioWrites?: number;
  readonly polls?: number;
  /** Polls that found nothing. */
  readonly idlePolls?: number;
  readonly completions?: number;
  /** Doorbell registers written, and doorbells stored into the shadow page: submission and completion side. */
  readonly sqDoorbellWrites?: number;
  readonly cqDoorbellWrites?: number;
  readonly sqShadowWrites?: number;
  readonly cqShadowWrites?: number;
  /** Commands that waited in the driver, that it cut up, sent again, gave up; completions that it did not believe. */
  readonly queued?: number;
  readonly split?: number;
  readonly retried?: number;
  readonly aborted?: number;
  readonly spurious?: number;
  /** MSI-X messages. */
  readonly messages?: number;
  readonly bytesAllocated?: number;
  readonly garbageCollections?: number;
  readonly cpuUserNs?: number;
  readonly cpuSystemNs?: number;
  readonly contextSwitches?: number;
  readonly majorFaults?: number;
  readonly minorFaults?: number;
}

/** What verification found. Absent from a result when nothing was to be verified. */
export interface VerifyResult {
  readonly verifiedBytes: number;
  /** Bytes of metadata besides; 0 where blocks have none that is the host's. */
  readonly verifiedMetadataBytes: number;
  /** Bytes whose content could not be known. */
  readonly skippedBytes: number;
  readonly errors: number;
  /** One line for each of the first failures. */
  readonly failures: readonly string[];
}

/** What one job, or with group_reporting one group of jobs, did. Everything the reports say comes from here. */
export interface JobResult {
  readonly name: string;
  readonly description: string;
  /** fio's groupid. */
  readonly reportGroup: number;
  /**
   * Options by fio's names. Should hold rw, bs, iodepth and numjobs even where they are defaults: plotting tools look
   * for them.
   */
  readonly settings: Readonly<Record<string, string>>;
  readonly ioDepth: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly runtimeMs: number;
  readonly read: DirectionResult;
  readonly write: DirectionResult;
  readonly trim: DirectionResult;
  readonly flushes: number;
  readonly flushLatency?: LatencyHistogram;
  /** Commands that failed, and how often by the text of their status. They are in no direction's `ios`. */
  readonly errors: number;
  readonly errorsByStatus: Readonly<Record<string, number>>;
  /** Whether the job was told to go on after errors. */
  readonly continuedOnError: boolean;
  readonly latencyStamping: LatencyStamping;
  readonly stack: StackCounters;
  readonly verify?: VerifyResult;
  /** Ended from outside, before its time or amount. */
  readonly interrupted: boolean;
}

/** Commands of all directions that ended well. */
export function totalIos(result: JobResult): number {
  return result.read.ios + result.write.ios + result.trim.ios;
}

/** Minimum, maximum, mean and standard deviation of the population; all 0 without samples. */
export interface SampleSummary {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  readonly count: number;
}

/** Sums samples up. */
export function summarise(samples: readonly number[]): SampleSummary {
  const count = samples.length;
  if (count === 0) return { min: 0, max: 0, mean: 0, stddev: 0, count };
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / count;
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0);
  return { min: Math.min(...samples), max: Math.max(...samples), mean, stddev: Math.sqrt(squares / count), count };
}
