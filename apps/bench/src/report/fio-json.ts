import type { JsonObject } from './json-object.js';
import { type DirectionResult, type JobResult, type LatencyHistogram, summarise, totalIos } from './job-result.js';
import { type Machine, machineJson } from './machine.js';

/** The version of fio whose JSON this follows; the suffix says that it is not fio that ran. */
const SCHEMA_VERSION = 'fio-3.42-phasebit';

/** fio's default percentiles, written with six decimals as keys. */
const PERCENTILES = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];

/** Input/output error, the number that fio reports for failed I/O. */
const EIO = 5;

/** What the report needs beside the results. */
export interface RunFacts {
  readonly machine: Machine;
  /** What the stack was made of, for the block under `phasebit`. */
  readonly stack: Readonly<Record<string, unknown>>;
  /** What happened to the stack in the whole run, for the same block. */
  readonly run?: JsonObject;
  /** Options that all jobs share, by fio's names. */
  readonly globalSettings: Readonly<Record<string, string>>;
  /** When the report is made, in milliseconds since 1970. */
  readonly nowMs: number;
  /** Whole milliseconds since the program began. */
  readonly elapsedMs: number;
}

/**
 * The report for tools: fio's own schema, so that whatever plots fio plots this, and one more key, `phasebit`, with
 * what fio has no place for.
 *
 * Where this knows less than fio: `slat_ns` is empty and `clat_ns` equals `lat_ns`, since issuing is not timed apart;
 * the three `iodepth_*` distributions are nominal (the configured depth, the mean batch); `disk_util` is empty.
 */
export function fioJson(results: readonly JobResult[], facts: RunFacts): JsonObject {
  return {
    'fio version': SCHEMA_VERSION,
    timestamp: Math.floor(facts.nowMs / 1000),
    timestamp_ms: Math.floor(facts.nowMs),
    time: clockText(facts.nowMs),
    'global options': facts.globalSettings,
    jobs: results.map((result) => jobJson(result, results, facts)),
    disk_util: [],
    phasebit: {
      ...machineJson(facts.machine),
      stack: facts.stack,
      ...(facts.run === undefined ? {} : { run: facts.run }),
      jobs: results.map(ownJson),
    },
  };
}

function jobJson(result: JobResult, all: readonly JobResult[], facts: RunFacts): JsonObject {
  const group = all.filter((other) => other.reportGroup === result.reportGroup);
  return {
    jobname: result.name,
    groupid: result.reportGroup,
    job_start: Math.floor(result.startedAtMs),
    error: result.errors > 0 || (result.verify?.errors ?? 0) > 0 ? EIO : 0,
    eta: 0,
    elapsed: Math.ceil(facts.elapsedMs / 1000),
    'job options': { name: result.name, ...result.settings },
    read: directionJson(result, 'read', group),
    write: directionJson(result, 'write', group),
    trim: directionJson(result, 'trim', group),
    sync: { total_ios: result.flushes, lat_ns: latencyJson(result.flushLatency, true) },
    job_runtime: Math.round(result.runtimeMs),
    usr_cpu: cpuPercent(result.stack.cpuUserNs, result.runtimeMs),
    sys_cpu: cpuPercent(result.stack.cpuSystemNs, result.runtimeMs),
    ctx: result.stack.contextSwitches ?? 0,
    majf: result.stack.majorFaults ?? 0,
    minf: result.stack.minorFaults ?? 0,
    ...depthJson(result),
    ...latencyShares(result),
    ...(result.continuedOnError ? { total_err: result.errors, first_error: result.errors > 0 ? EIO : 0 } : {}),
    latency_depth: result.ioDepth,
    latency_target: 0,
    latency_target_ns: 0,
    latency_percentile: 100,
    latency_window: 0,
    latency_window_us: 0,
    ...(result.description === '' ? {} : { desc: result.description }),
  };
}

type DirectionName = 'read' | 'write' | 'trim';

function directionJson(result: JobResult, name: DirectionName, group: readonly JobResult[]): JsonObject {
  const direction = result[name];
  const bytesPerSecond = perSecond(direction.bytes, direction);
  const bandwidth = summarise(direction.bytesPerSecondSamples.map((sample) => sample / 1024));
  const iops = summarise(direction.iopsSamples);
  const groupBytes = group.reduce((sum, one) => sum + perSecond(one[name].bytes, one[name]), 0);
  const share = groupBytes === 0 ? 0 : Math.min(100, ((bandwidth.mean * 1024) / groupBytes) * 100);
  return {
    io_bytes: direction.bytes,
    io_kbytes: Math.floor(direction.bytes / 1024),
    bw_bytes: Math.floor(bytesPerSecond),
    bw: Math.floor(bytesPerSecond / 1024),
    iops: sixDecimals(perSecond(direction.ios, direction)),
    runtime: Math.round(direction.runtimeMs),
    total_ios: direction.ios,
    short_ios: 0,
    drop_ios: 0,
    slat_ns: latencyJson(undefined, false),
    clat_ns: latencyJson(direction.latency, true),
    lat_ns: latencyJson(direction.latency, true),
    bw_min: Math.floor(bandwidth.min),
    bw_max: Math.floor(bandwidth.max),
    bw_agg: sixDecimals(share),
    bw_mean: sixDecimals(bandwidth.mean),
    bw_dev: sixDecimals(bandwidth.stddev),
    bw_samples: bandwidth.count,
    iops_min: Math.floor(iops.min),
    iops_max: Math.floor(iops.max),
    iops_mean: sixDecimals(iops.mean),
    iops_stddev: sixDecimals(iops.stddev),
    iops_samples: iops.count,
  };
}

function latencyJson(latency: LatencyHistogram | undefined, percentiles: boolean): JsonObject {
  if (latency === undefined || latency.count === 0) return { min: 0, max: 0, mean: 0, stddev: 0, N: 0 };
  const percentile = Object.fromEntries(
    PERCENTILES.map((percent) => [percent.toFixed(6), Math.round(latency.percentileNs(percent))]),
  );
  return {
    min: Math.round(latency.minNs),
    max: Math.round(latency.maxNs),
    mean: sixDecimals(latency.meanNs),
    stddev: sixDecimals(latency.stddevNs),
    N: latency.count,
    ...(percentiles ? { percentile } : {}),
  };
}

/** Powers of two from `first`, and everything from 64 on: the classes of the three depth distributions. */
function depthClasses(names: readonly string[], depth: number, bounds: readonly number[]): JsonObject {
  let chosen = 0;
  for (let i = 0; i < bounds.length; i++) if (depth >= bounds[i]) chosen = i;
  return Object.fromEntries(names.map((name, i) => [name, depth > 0 && i === chosen ? 100 : 0]));
}

function depthJson(result: JobResult): JsonObject {
  const ran = totalIos(result) > 0;
  const { completions = 0, polls = 0, idlePolls = 0 } = result.stack;
  const batch = polls > idlePolls ? completions / (polls - idlePolls) : ran ? 1 : 0;
  const batchNames = ['0', '4', '8', '16', '32', '64', '>=64'];
  const batchBounds = [0, Number.MIN_VALUE, 4.5, 8.5, 16.5, 32.5, 64.5];
  return {
    iodepth_level: depthClasses(
      ['1', '2', '4', '8', '16', '32', '>=64'],
      ran ? result.ioDepth : 0,
      [1, 2, 4, 8, 16, 32, 64],
    ),
    iodepth_submit: depthClasses(batchNames, batch, batchBounds),
    iodepth_complete: depthClasses(batchNames, batch, batchBounds),
  };
}

/** Upper ends of fio's latency classes, in units of their section. */
const SHARE_BOUNDS = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000];

/** Per cent of all commands by latency: below 1 us in ns, below 1 ms in us, the rest in ms, as fio does it. */
function latencyShares(result: JobResult): JsonObject {
  const sections = [
    { key: 'latency_ns', unitNs: 1, bounds: SHARE_BOUNDS },
    { key: 'latency_us', unitNs: 1e3, bounds: SHARE_BOUNDS },
    { key: 'latency_ms', unitNs: 1e6, bounds: [...SHARE_BOUNDS, 2000, Infinity] },
  ];
  const classes = sections.flatMap(({ key, unitNs, bounds }) =>
    bounds.map((bound) => ({
      key,
      name: bound === Infinity ? '>=2000' : String(bound),
      endNs: bound * unitNs,
      count: 0,
    })),
  );
  let all = 0;
  for (const direction of [result.read, result.write, result.trim]) {
    direction.latency?.forEachBucket((fromNs, _toNs, count) => {
      classes.find(({ endNs }) => fromNs < endNs)!.count += count;
      all += count;
    });
  }
  const shareOf = (count: number): number => (all === 0 ? 0 : sixDecimals((count / all) * 100));
  return Object.fromEntries(
    sections.map(({ key }) => [
      key,
      Object.fromEntries(classes.filter((one) => one.key === key).map((one) => [one.name, shareOf(one.count)])),
    ]),
  );
}

/** What fio has no place for. Unmeasured values are null. */
function ownJson(result: JobResult): JsonObject {
  const { stack } = result;
  const ios = totalIos(result);
  const per = (value: number | undefined): number | null => (value === undefined || ios === 0 ? null : value / ios);
  const cpuNs =
    stack.cpuUserNs === undefined || stack.cpuSystemNs === undefined ? undefined : stack.cpuUserNs + stack.cpuSystemNs;
  return {
    jobname: result.name,
    interrupted: result.interrupted,
    latency_stamping: result.latencyStamping,
    errors: result.errors,
    errors_by_status: result.errorsByStatus,
    mmio_reads: stack.mmioReads ?? null,
    mmio_writes: stack.mmioWrites ?? null,
    mmio_reads_per_io: per(stack.mmioReads),
    mmio_writes_per_io: per(stack.mmioWrites),
    sq_doorbell_writes_per_io: per(stack.sqDoorbellWrites),
    cq_doorbell_writes_per_io: per(stack.cqDoorbellWrites),
    sq_shadow_writes_per_io: per(stack.sqShadowWrites),
    cq_shadow_writes_per_io: per(stack.cqShadowWrites),
    interrupts_per_io: per(stack.messages),
    queued: stack.queued ?? null,
    split: stack.split ?? null,
    retried: stack.retried ?? null,
    aborted: stack.aborted ?? null,
    spurious_completions: stack.spurious ?? null,
    polls: stack.polls ?? null,
    idle_polls: stack.idlePolls ?? null,
    completions: stack.completions ?? null,
    bytes_allocated: stack.bytesAllocated ?? null,
    bytes_allocated_per_io: per(stack.bytesAllocated),
    garbage_collections: stack.garbageCollections ?? null,
    cpu_ns: cpuNs ?? null,
    cpu_ns_per_io: per(cpuNs),
    verified_bytes: result.verify?.verifiedBytes ?? 0,
    verified_metadata_bytes: result.verify?.verifiedMetadataBytes ?? 0,
    verify_skipped_bytes: result.verify?.skippedBytes ?? 0,
    verify_errors: result.verify?.errors ?? 0,
    verify_failures: result.verify?.failures ?? [],
  };
}

function perSecond(amount: number, direction: DirectionResult): number {
  return direction.runtimeMs === 0 ? 0 : (amount * 1000) / direction.runtimeMs;
}

function cpuPercent(ns: number | undefined, runtimeMs: number): number {
  return ns === undefined || runtimeMs === 0 ? 0 : sixDecimals((ns / (runtimeMs * 1e6)) * 100);
}

function sixDecimals(value: number): number {
  return Number(value.toFixed(6));
}

/** Local time as the C library writes it: `Sat Nov 21 09:58:21 2026`. */
function clockText(ms: number): string {
  const [day, month, date, year, time] = new Date(ms).toString().split(' ');
  return `${day} ${month} ${Number(date) < 10 ? ` ${Number(date)}` : date} ${time} ${year}`;
}
