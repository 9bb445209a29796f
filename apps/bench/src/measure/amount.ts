import type { BenchOptions } from '../cli/bench-options.js';
import type { JobSpec } from '../job/job-spec.js';

/** How much a comparison measures. */
export interface Amount {
  /** how often everything is measured, in turn */
  readonly rounds: number;
  /** measured time of each round */
  readonly runMs: number;
  /** and what goes before it */
  readonly rampMs: number;
}

/** Job options that mean something in a comparison; rw and bs have one possible value each. */
const JOB_OPTIONS = ['name', 'rw', 'bs', 'iodepth', 'runtime', 'time_based', 'ramp_time', 'loops'];

/** What the options say about rounds (`loops`), their measured time (`runtime`) and what goes before it (`ramp_time`). */
export function amountOf(options: BenchOptions, usual: Amount): Amount {
  const job = onlyJob(options);
  return {
    rounds: job?.settings.loops === undefined ? usual.rounds : job.loops,
    runMs: job?.runtimeSeconds === undefined ? usual.runMs : job.runtimeSeconds * 1000,
    rampMs: job?.settings.ramp_time === undefined ? usual.rampMs : job.rampSeconds * 1000,
  };
}

/** The job that the options of a comparison made, if there were any. */
export function onlyJob({ jobs }: BenchOptions): JobSpec | undefined {
  return jobs?.groups[0]?.[0];
}

/**
 * Refuses all but random reads of 4 KiB.
 *
 * @param command - which comparison, for the message
 * @param why - why it has no other load
 * @throws Error
 */
export function refuseOtherLoads(command: string, { settings }: JobSpec, why: string): void {
  const other = Object.keys(settings).find((name) => !JOB_OPTIONS.includes(name));
  const known = JOB_OPTIONS.map((name) => `--${name}`).join(', ');
  if (other !== undefined) throw new Error(`${command}: expected ${known} and options of the stack, got --${other}`);
  const { rw = 'randread', bs = '4k' } = settings;
  if (rw !== 'randread') throw new Error(`${command}: --rw: expected randread, ${why}, got ${rw}`);
  if (!['4k', '4096'].includes(bs)) throw new Error(`${command}: --bs: expected 4k, got ${bs}`);
}
