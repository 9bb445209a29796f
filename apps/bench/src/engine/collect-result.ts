import type { JobSpec } from '../job/job-spec.js';
import { effectiveSettings } from '../report/effective-settings.js';
import type { DirectionResult, JobResult, LatencyStamping, StackCounters, VerifyResult } from '../report/job-result.js';
import { failureText } from '../verify/check-block.js';
import { DirectionStatistics } from './direction-statistics.js';
import type { JobRunner } from './job-runner.js';
import type { RateSamples } from './rate-samples.js';

/** What is known of a group's run beside what its runners know. */
export interface GroupFacts {
  readonly startedAtMs: number;
  readonly stamping: LatencyStamping;
  readonly stack: StackCounters;
  readonly interrupted: boolean;
}

/** One job, or several that are reported as one, as the reports want it. */
export function collectResult(
  runners: readonly JobRunner[],
  samples: readonly RateSamples[],
  facts: GroupFacts,
): JobResult {
  const { job } = runners[0];
  const fromNs = Math.min(...runners.map((runner) => runner.countedFromNs));
  const toNs = Math.max(...runners.map((runner) => runner.countedToNs));
  const runtimeMs = Math.max(0, toNs - fromNs) / 1e6;
  const [read, write, trim] = [0, 1, 2].map((direction) =>
    collectDirection(runners, samples, direction, runtimeMs, facts),
  );
  const verify = collectVerify(runners);
  return {
    name: job.name,
    description: job.description,
    reportGroup: job.reportGroup,
    settings: effectiveSettings(job),
    ioDepth: job.ioDepth,
    startedAtMs: facts.startedAtMs,
    runtimeMs,
    read: read,
    write: write,
    trim: trim,
    flushes: runners.reduce((sum, runner) => sum + runner.flushes, 0),
    errors: runners.reduce((sum, runner) => sum + runner.errors.count, 0),
    errorsByStatus: mergeErrors(runners),
    continuedOnError: job.continueOnError !== 'none',
    latencyStamping: facts.stamping,
    stack: facts.stack,
    ...(verify === undefined ? {} : { verify }),
    interrupted: facts.interrupted,
  };
}

/** Jobs that are reported as one: those of a report group that asked for it, and each other one by itself. */
export function reportGroups<T extends { readonly job: JobSpec }>(runners: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const runner of runners) {
    const { groupReporting, reportGroup, index } = runner.job;
    const key = groupReporting ? `group ${reportGroup}` : `job ${index}`;
    groups.set(key, [...(groups.get(key) ?? []), runner]);
  }
  return [...groups.values()];
}

function collectDirection(
  runners: readonly JobRunner[],
  samples: readonly RateSamples[],
  direction: number,
  runtimeMs: number,
  facts: GroupFacts,
): DirectionResult {
  const sum = new DirectionStatistics();
  for (const { statistics } of runners) {
    const each = statistics[direction];
    sum.ios += each.ios;
    sum.bytes += each.bytes;
    sum.latency.add(each.latency);
  }
  const used = runners.some((runner) => runner.job.directions[direction]);
  return {
    ios: sum.ios,
    bytes: sum.bytes,
    runtimeMs: used ? runtimeMs : 0,
    iopsSamples: addSamples(samples.map((each) => each.iops[direction])),
    bytesPerSecondSamples: addSamples(samples.map((each) => each.bytes[direction])),
    ...(facts.stamping === 'none' ? {} : { latency: sum.latency }),
  };
}

function collectVerify(runners: readonly JobRunner[]): VerifyResult | undefined {
  const verifiers = runners.flatMap((runner) => (runner.verification === null ? [] : [runner.verification.verifier]));
  if (verifiers.length === 0) return undefined;
  return {
    verifiedBytes: verifiers.reduce((sum, each) => sum + each.verifiedBytes, 0),
    verifiedMetadataBytes: verifiers.reduce((sum, each) => sum + each.verifiedMetadataBytes, 0),
    skippedBytes: verifiers.reduce((sum, each) => sum + each.skippedBytes, 0),
    errors: verifiers.reduce((sum, each) => sum + each.errors, 0),
    failures: verifiers.flatMap((each) => each.failures.map(failureText)),
  };
}

function addSamples(rows: readonly (readonly number[])[]): number[] {
  const length = Math.min(...rows.map((row) => row.length));
  return Array.from({ length }, (_, i) => rows.reduce((sum, row) => sum + row[i], 0));
}

function mergeErrors(runners: readonly JobRunner[]): Record<string, number> {
  const merged: Record<string, number> = {};
  for (const runner of runners) {
    for (const [name, count] of runner.errors.byName) merged[name] = (merged[name] ?? 0) + count;
  }
  return merged;
}
