import type { BenchOptions } from '../cli/bench-options.js';
import { isMadeForRun } from '../cli/device-choice.js';
import type { PollGroup, QueuePriority } from '@phasebit/nvme';
import { blockSizeBounds, type JobSpec } from '../job/job-spec.js';
import { validateAgainstDevice } from '../job/validate-against-device.js';
import type { JobResult, StackCounters } from '../report/job-result.js';
import type { LiveLine } from '../report/live-line.js';
import { PAGE_BYTES } from '@phasebit/pcie';
import { nodeClock } from '../stack/node-clock.js';
import type { IoTarget } from '../stack/io-target.js';
import { Stack, type StackReport } from '../stack/open-stack.js';
import { refuseUnallowedWrites } from '../stack/write-guard.js';
import { collectResult, reportGroups } from './collect-result.js';
import { bufferBytesOf, largestCommandBytes } from './job-buffers.js';
import { JobRunner } from './job-runner.js';
import { RateSamples } from './rate-samples.js';
import { ResourceMeter } from './resource-meter.js';
import { runGroup } from './run-group.js';

/** Period of a timer that does nothing. */
const ALIVE_MS = 60_000;

/** What a run has to say. */
export interface RunResults {
  /** in the order of the jobs */
  readonly results: JobResult[];
  /** of the stack as a whole */
  readonly report: StackReport;
}

/** What a run is asked and watched by. */
export interface RunHooks {
  readonly live: LiveLine;
  /** gives true once the run is to end early */
  readonly isInterrupted: () => boolean;
}

/**
 * Runs all jobs, group after group, on one stack, and gives what there is to report: all of it, or, after an interrupt, what there is so far.
 *
 * @throws Error when the stack cannot be had as asked; JobDeviceError when a job does not fit the device
 */
export async function runJobs(
  groups: readonly (readonly JobSpec[])[],
  options: BenchOptions,
  hooks: RunHooks,
): Promise<RunResults> {
  for (const job of groups.flat()) {
    checkVerifiable(job, options);
    checkElements(job, options);
  }
  const priorities = targetPriorities(groups);
  // Nothing that is waited for has to keep the process alive: a device that is silent would end the run without a word.
  const alive = setInterval(() => undefined, ALIVE_MS);
  try {
    return await runOnStack(groups, priorities, options, hooks);
  } finally {
    clearInterval(alive);
  }
}

async function runOnStack(
  groups: readonly (readonly JobSpec[])[],
  priorities: readonly Priority[],
  options: BenchOptions,
  hooks: RunHooks,
): Promise<RunResults> {
  const jobs = groups.flat();
  const stack = await Stack.open(options.stack, {
    jobs: priorities.length,
    commandBytesMax: Math.max(...jobs.map(largestCommandBytes)),
    ioDepthMax: Math.max(...jobs.map((job) => job.ioDepth)),
    dataBytes: Math.max(...groups.map((group) => group.reduce((sum, job) => sum + bufferBytesOf(job), 0))),
  });
  const meter = new ResourceMeter();
  const results: JobResult[] = [];
  let report: StackReport;
  const isInterrupted = (): boolean => hooks.isInterrupted() || stack.isWantedBack;
  try {
    if (stack.isGuarded) refuseUnallowedWrites(jobs, stack.used.devices, options.stack.allowWritesTo ?? []);
    for (const job of jobs) checkDepth(job, options, stack);
    const { lbaBytes, blocks } = stack;
    const device = { lbaBytes, deviceBytes: lbaBytes * blocks, isMade: isMadeForRun(options.stack.device) };
    const geometries = groups.map((group) => group.map((job) => validateAgainstDevice(job, device)));
    const targets: IoTarget[] = [];
    for (const priority of priorities) targets.push(await stack.openTarget(priority));
    for (const [at, group] of groups.entries()) {
      if (isInterrupted()) break;
      const time = new Float64Array(1);
      const used = targetsOf(group, priorities, targets);
      const runners = group.map((job, i) => {
        const base = { clock: nodeClock, time, dma: stack.dma, stamping: options.report.latencyStamping };
        return new JobRunner({ ...base, job, geometry: geometries[at][i], target: used[i] });
      });
      const waiter = stack.waitGroup(used);
      results.push(
        ...(await runOneGroup(runners, time, { stack, waiter }, meter, options, { ...hooks, isInterrupted })),
      );
      for (const pair of [...(waiter?.pairs ?? [])]) waiter?.remove(pair);
      for (const runner of runners) runner.close();
    }
  } finally {
    meter.close();
    report = await stack.close();
  }
  return { results, report };
}

async function runOneGroup(
  runners: readonly JobRunner[],
  time: Float64Array,
  { stack, waiter }: { readonly stack: Stack; readonly waiter: PollGroup | undefined },
  meter: ResourceMeter,
  options: BenchOptions,
  hooks: RunHooks,
): Promise<JobResult[]> {
  const samples = runners.map(() => new RateSamples());
  const startedAtMs = Date.now();
  const startedNs = nodeClock.nowNs();
  let before = countersOf(stack);
  const onSlice = (nowNs: number): boolean => {
    for (const runner of runners) runner.settle();
    const isDue = runners.map((runner, i) => samples[i].take(runner, nowNs)).some(Boolean);
    if (isDue) hooks.live.update(progressOf(runners, samples, startedNs, nowNs));
    return hooks.isInterrupted();
  };
  const stamping = options.report.latencyStamping;
  const tick = (nowNs: number): boolean => {
    stack.tick();
    for (const runner of runners) runner.tick(nowNs);
    return stack.isRecovering;
  };
  const onRampEnd = (): void => {
    before = countersOf(stack);
  };
  await runGroup(runners, {
    clock: nodeClock,
    time,
    meter,
    step: stack.step,
    nap: stack.nap,
    tick,
    waiter,
    onRampEnd,
    onSlice,
  });
  hooks.live.clear();
  const used = usedSince(before, stack, meter);
  return reportGroups(runners).map((reported) => {
    const own = reported.map((runner) => samples[runners.indexOf(runner)]);
    // Counters belong to the stack: they are shared out among jobs that ran side by side by what each did.
    const share = shareOf(reported, runners);
    const facts = { startedAtMs, stamping, stack: scale(used, share), interrupted: hooks.isInterrupted() };
    return collectResult(reported, own, facts);
  });
}

type Priority = QueuePriority | undefined;

/** The targets that a run needs, by their classes: of each class as many as any group has jobs of it. */
function targetPriorities(groups: readonly (readonly JobSpec[])[]): Priority[] {
  const classes = new Set(groups.flat().map(({ queuePriority }) => queuePriority));
  return [...classes].flatMap((priority) => {
    const counts = groups.map((group) => group.filter((job) => job.queuePriority === priority).length);
    return Array<Priority>(Math.max(...counts)).fill(priority);
  });
}

/** A target of its own class for each job of a group. */
function targetsOf(
  group: readonly JobSpec[],
  priorities: readonly Priority[],
  targets: readonly IoTarget[],
): IoTarget[] {
  const free = priorities.map((priority, i) => ({ priority, target: targets[i] }));
  return group.map((job) => {
    const at = free.findIndex(({ priority }) => priority === job.queuePriority);
    return free.splice(at, 1)[0].target;
  });
}

/** Elements of a payload are equal, and such that PRPs or SGLs can describe them. */
function checkElements(job: JobSpec, { stack }: BenchOptions): void {
  const { iovecs = 1, payload } = stack;
  if (iovecs === 1) return;
  const unit = iovecs * (payload === 'prp' ? PAGE_BYTES : 4);
  for (const [direction, sizes] of job.blockSizes.entries()) {
    if (!job.directions[direction]) continue;
    const all = sizes.kind === 'split' ? sizes.parts.map((part) => part.bytes) : [blockSizeBounds(sizes).minBytes];
    const odd = all.find((bytes) => bytes % unit !== 0);
    if (odd === undefined) continue;
    const why = payload === 'prp' ? 'whole pages, as PRPs need them' : 'multiples of 4 bytes';
    throw new Error(
      `job "${job.name}": bs: expected a multiple of ${unit}, for --iovecs=${iovecs} elements of ${why}, got ${odd}`,
    );
  }
}

function checkVerifiable(job: JobSpec, options: BenchOptions): void {
  if (job.verify !== 'none' && options.stack.media.kind === 'null') {
    throw new Error(
      `job "${job.name}": verify=${job.verify} expects a medium that keeps data (--media ram or file:PATH), got --media null`,
    );
  }
}

/** A queue pair refuses a command when it is out of requests, and the jobs do not ask twice. */
function checkDepth(job: JobSpec, { stack }: BenchOptions, { used, transferBytesMax }: Stack): void {
  const room = (stack.requests ?? used.ringEntries * 2) * stack.queuePairs;
  const needed = job.ioDepth * requestsPerCommand(largestCommandBytes(job), transferBytesMax);
  if (needed <= room) return;
  throw new Error(
    `job "${job.name}": iodepth: expected commands that need at most ${room} requests of the queue pairs (--requests, --ring, --queue-pairs), got ${job.ioDepth} that need ${needed}`,
  );
}

/** A command that is split takes a request for each piece, and one for the whole. */
function requestsPerCommand(bytes: number, transferBytesMax: number): number {
  const pieces = Math.ceil(bytes / transferBytesMax);
  return pieces === 1 ? 1 : pieces + 1;
}

function countersOf(stack: Stack) {
  const { registerReads, registerWrites, ...doorbells } = stack.mmio;
  const { polls, idlePolls, completions, queued, split, retried, aborted, spurious } = stack.statistics;
  return {
    mmioReads: registerReads,
    mmioWrites: registerWrites + doorbells.sqDoorbellWrites + doorbells.cqDoorbellWrites,
    ...doorbells,
    ...{ polls, idlePolls, completions, queued, split, retried, aborted, spurious },
    messages: stack.messages,
  };
}

type Counters = ReturnType<typeof countersOf>;

function usedSince(before: Counters, stack: Stack, meter: ResourceMeter): StackCounters {
  const after = countersOf(stack);
  const { userNs, systemNs, bytesAllocated, garbageCollections } = meter.read();
  const names = Object.keys(before) as (keyof Counters)[];
  return {
    ...Object.fromEntries(names.map((name) => [name, after[name] - before[name]])),
    bytesAllocated,
    garbageCollections,
    cpuUserNs: userNs,
    cpuSystemNs: systemNs,
  };
}

function shareOf(reported: readonly JobRunner[], runners: readonly JobRunner[]): number {
  const iosOf = (some: readonly JobRunner[]): number =>
    some.reduce((sum, runner) => sum + runner.statistics.reduce((ios, each) => ios + each.ios, 0), 0);
  const all = iosOf(runners);
  return all === 0 ? 1 / runners.length : iosOf(reported) / all;
}

function scale(counters: StackCounters, share: number): StackCounters {
  return Object.fromEntries(Object.entries(counters).map(([name, value]) => [name, value * share]));
}

function progressOf(runners: readonly JobRunner[], samples: readonly RateSamples[], startedNs: number, nowNs: number) {
  const histograms = runners.flatMap((runner) => runner.statistics.map((each) => each.latency));
  const count = histograms.reduce((sum, each) => sum + each.count, 0);
  const totalNs = histograms.reduce((sum, each) => sum + each.meanNs * each.count, 0);
  return {
    title: runners.map((runner) => runner.job.name + (runner.isVerifying ? ': verify' : '')).join(', '),
    elapsedMs: (nowNs - startedNs) / 1e6,
    fraction: Math.min(...runners.map((runner) => runner.progress(nowNs))),
    iops: samples.reduce((sum, each) => sum + each.lastIops, 0),
    bytesPerSecond: samples.reduce((sum, each) => sum + each.lastBytes, 0),
    ...(count === 0 ? {} : { latencyNs: totalNs / count }),
  };
}
