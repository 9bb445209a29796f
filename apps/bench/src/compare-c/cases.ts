import type { BenchOptions, StackOptions } from '../cli/bench-options.js';
import type { JobSpec } from '../job/job-spec.js';
import type { MeasuredJob } from '../measure/job-text.js';

/** What is compared: one run of the loop in C with one or more of this stack. */
export interface Case {
  readonly device: 'inline' | 'thread';
  readonly media: 'null' | 'ram';
  readonly ioDepth: number;
  /** top layers of this stack, each a row of the table */
  readonly layers: readonly StackOptions['layer'][];
}

/** How much is measured. */
export interface Amount {
  readonly rounds: number;
  readonly runMs: number;
  readonly rampMs: number;
}

const DEPTHS: Readonly<Record<Case['media'], readonly number[]>> = { null: [1, 32, 128], ram: [32] };
const BYTES = 256 * 1024 ** 2;
const ROUNDS = 5;
const RUN_MS = 600;
const RAMP_MS = 250;
/** Job options that mean something here; rw and bs have one possible value each. */
const JOB_OPTIONS = ['name', 'rw', 'bs', 'iodepth', 'runtime', 'time_based', 'ramp_time', 'loops'];

/** The cases that the command line asks for. @throws Error when the loop in C cannot do what is asked */
export function chooseCases(options: BenchOptions): Case[] {
  const { stack, typed } = options;
  const job = onlyJob(options);
  if (job !== undefined) refuseOtherLoads(job);
  const { kind } = stack.media;
  if (kind === 'file' || kind === 'nand') {
    throw new Error(`compare-c: --media: expected null or ram, got ${kind === 'file' ? 'a file' : kind}`);
  }
  if (stack.faults !== undefined) throw new Error('compare-c: --fault: expected a run without failures');
  if (stack.failControllerAfter !== undefined) {
    throw new Error('compare-c: --fail-controller-after: expected a run without failures');
  }
  const devices = typed.includes('device') ? [stack.device] : (['inline', 'thread'] as const);
  const medias = typed.includes('media') ? [kind] : (['null', 'ram'] as const);
  const depths = job?.settings.iodepth === undefined ? undefined : [job.ioDepth];
  const cases: Case[] = [];
  for (const media of medias) {
    for (const device of devices) {
      const both = device === 'inline' && media === 'null';
      const layers = typed.includes('layer')
        ? [stack.layer]
        : both
          ? (['nvme', 'multipath'] as const)
          : (['nvme'] as const);
      for (const ioDepth of depths ?? DEPTHS[media]) cases.push({ device, media, ioDepth, layers });
    }
  }
  return cases;
}

/** Rounds (`loops`), their measured time (`runtime`) and what goes before it (`ramp_time`). */
export function chooseAmount(options: BenchOptions): Amount {
  const job = onlyJob(options);
  return {
    rounds: job?.settings.loops === undefined ? ROUNDS : job.loops,
    runMs: (job?.runtimeSeconds ?? RUN_MS / 1000) * 1000,
    rampMs: job?.settings.ramp_time === undefined ? RAMP_MS : job.rampSeconds * 1000,
  };
}

/** The stack of one row. */
export function stackOf(options: BenchOptions, one: Case, layer: StackOptions['layer']): StackOptions {
  const { stack, typed } = options;
  return {
    ...stack,
    device: one.device,
    media: { kind: one.media },
    layer,
    controllers: layer === 'multipath' ? stack.controllers : 1,
    mediaBytes: typed.includes('media-size') ? stack.mediaBytes : BYTES,
  };
}

/**
 * The jobs of one row. A RAM medium is written in full before it is read: pages that were never written all map to one
 * page of zeroes, which stays in the cache.
 */
export function jobsOf({ media, ioDepth }: Case): MeasuredJob[] {
  const fill = { name: 'fill', settings: { rw: 'write', bs: '128k', iodepth: 8 } };
  const read = { name: 'read', settings: { rw: 'randread', bs: '4k', iodepth: ioDepth, time_based: 1 } };
  return media === 'ram' ? [fill, read] : [read];
}

/** The same for the loop in C. */
export function loopArguments(one: Case, stack: StackOptions, { runMs }: Amount): string[] {
  const values = {
    media: one.media === 'ram' ? 'copy' : 'null',
    qd: one.ioDepth,
    ring: stack.ringEntries,
    bytes: stack.mediaBytes,
    'sq-doorbell': stack.sqDoorbell,
    'cq-doorbell': stack.cqDoorbell,
    seconds: runMs / 1000,
  };
  return [one.device, ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])];
}

function onlyJob({ jobs }: BenchOptions): JobSpec | undefined {
  return jobs?.groups[0]?.[0];
}

function refuseOtherLoads({ settings }: JobSpec): void {
  const other = Object.keys(settings).find((name) => !JOB_OPTIONS.includes(name));
  const known = JOB_OPTIONS.map((name) => `--${name}`).join(', ');
  if (other !== undefined) throw new Error(`compare-c: expected ${known} and options of the stack, got --${other}`);
  const { rw = 'randread', bs = '4k' } = settings;
  if (rw !== 'randread')
    throw new Error(`compare-c: --rw: expected randread, which is all the loop in C does, got ${rw}`);
  if (!['4k', '4096'].includes(bs)) throw new Error(`compare-c: --bs: expected 4k, got ${bs}`);
}
