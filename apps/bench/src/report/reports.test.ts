import { describe, expect, it } from 'vitest';
import { fioJson, type RunFacts } from './fio-json.js';
import { formatCount, formatNs, formatRatio, formatSeconds, formatSize } from './format.js';
import { summarise } from './job-result.js';
import type { JsonObject } from './json-object.js';
import { LiveLine, progressText } from './live-line.js';
import { describeMachine, machineLines, type Machine } from './machine.js';
import { IDLE, sampleResult } from './sample-result.test-data.js';
import { renderReport } from './table.js';

const machine: Machine = {
  cpu: 'Test CPU',
  cores: 4,
  memoryBytes: 8 * 1024 ** 3,
  load: [0.5, 1, 2],
  system: 'linux 6.0 x64',
  node: 'v20.20.2',
  v8: '11.3',
  version: '1.2.3',
  commit: 'abc1234',
};

describe('formats', () => {
  it.each([
    [formatCount, 0, '0'],
    [formatCount, 999, '999'],
    [formatCount, 999.6, '1k'],
    [formatCount, 12_345_678, '12.3M'],
    [formatNs, 57, '57ns'],
    [formatNs, 999.9, '1us'],
    [formatNs, 1234, '1.23us'],
    [formatNs, 2.5e6, '2.5ms'],
    [formatNs, 3e9, '3s'],
    [formatSize, 68_157_440, '65MiB'],
    [formatSize, 500, '500B'],
    [formatRatio, 0.0195, '0.0195'],
    [formatRatio, 0.00004, '0'],
    [formatRatio, 123.456, '123'],
    [formatSeconds, 5, '5s'],
    [formatSeconds, 65, '1m05s'],
    [formatSeconds, 7380, '2h03m'],
  ] as const)('%o of %d is %s', (format, value, text) => {
    expect(format(value)).toBe(text);
  });

  it('sums samples up', () => {
    expect(summarise([])).toEqual({ min: 0, max: 0, mean: 0, stddev: 0, count: 0 });
    expect(summarise([2, 4, 6])).toEqual({ min: 2, max: 6, mean: 4, stddev: expect.closeTo(1.633, 3), count: 3 });
  });
});

describe('the table', () => {
  const cell = (text: string, label: string) =>
    text
      .split('\n')
      .find((line) => line.includes(`│ ${label} `))
      ?.split('│')
      .slice(2, -1)
      .map((one) => one.trim());

  it('has a column per direction, and figures of the whole job across them', () => {
    const text = renderReport([sampleResult()], machine, ['layer nvme'], false);
    expect(text).toContain(
      'phasebit-bench 1.2.3 (abc1234), Node v20.20.2, V8 11.3\nTest CPU, 4 cores, 8.0 GiB, linux 6.0 x64, load 0.50 1.00 2.00\nlayer nvme\n',
    );
    expect(text).toContain('mix: rw=randrw bs=4k iodepth=16 numjobs=1');
    expect(text).toContain('the clock is read once per poll');
    expect(text).toContain('│ mix read │ mix write │');
    expect(cell(text, 'IOPS')).toEqual(['500', '250']);
    expect(cell(text, 'MiB/s')).toEqual(['1.95', '0.977']);
    expect(cell(text, 'latency p50')).toEqual(['501ns', '501ns']);
    expect(cell(text, 'latency p99.99')).toEqual(['3ms', '3ms']);
    expect(cell(text, 'errors')).toEqual(['0']);
    expect(cell(text, 'data verified')).toEqual(['no']);
    expect(cell(text, 'MMIO writes per I/O')).toEqual(['0.02']);
    expect(cell(text, 'completions per poll')).toEqual(['5']);
    expect(cell(text, 'bytes allocated per I/O')).toEqual(['0.5']);
    expect(cell(text, 'CPU ns per I/O')).toEqual(['666667']);
  });

  it('says what was not measured', () => {
    const read = { ...sampleResult().read };
    delete (read as { latency?: unknown }).latency;
    const text = renderReport(
      [sampleResult({ read, write: IDLE, latencyStamping: 'none', stack: {} })],
      machine,
      [''],
      false,
    );
    expect(text).toContain('latency: not measured');
    for (const label of [
      'latency avg',
      'MMIO reads per I/O',
      'completions per poll',
      'garbage collections',
      'CPU ns per I/O',
    ]) {
      expect(cell(text, label)).toEqual(['not measured']);
    }
  });

  it('shows errors, failed verification and interruption', () => {
    const counts = { verifiedBytes: 1024 ** 2, verifiedMetadataBytes: 2048, skippedBytes: 4096 };
    const verify = { ...counts, errors: 2, failures: ['verify: stale'] };
    const text = renderReport(
      [sampleResult({ errors: 7, errorsByStatus: { 'Unrecovered Read Error': 7 }, verify, interrupted: true })],
      machine,
      [''],
      false,
    );
    expect(cell(text, 'errors')).toEqual(['7']);
    expect(cell(text, 'data verified')).toEqual(['1MiB + 2KiB, 2 wrong']);
    expect(text).toContain('mix: 7 x Unrecovered Read Error\nmix: verify: stale\nmix: 4KiB read and not verified');
    expect(text).toContain('(interrupted)');
  });

  it('starts a new table when a terminal would be too narrow, and draws a job that did nothing', () => {
    const many = Array.from({ length: 4 }, (_, i) => sampleResult({ name: `j${i}` }));
    expect(renderReport(many, machine, [], false).match(/IOPS/g)).toHaveLength(2);
    expect(renderReport([sampleResult({ read: IDLE, write: IDLE })], machine, [], false)).toContain('not measured');
  });

  it('has colour only when asked', () => {
    const escape = '\u001b[';
    expect(renderReport([sampleResult()], machine, [], false)).not.toContain(escape);
    expect(renderReport([sampleResult()], machine, [], true)).toContain(escape);
  });
});

/** The key paths of an object; what stands under `job options` and `percentile` is data, not schema. */
function keyPaths(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || /options|percentile$/.test(path))
    return [path];
  return Object.entries(value).flatMap(([key, inner]) => keyPaths(inner, path === '' ? key : `${path}.${key}`));
}

/** What fio 3.42 writes for a job, as observed. */
const LATENCY_KEYS = ['min', 'max', 'mean', 'stddev', 'N'];
const DIRECTION_KEYS =
  'io_bytes io_kbytes bw_bytes bw iops runtime total_ios short_ios drop_ios bw_min bw_max bw_agg bw_mean bw_dev bw_samples iops_min iops_max iops_mean iops_stddev iops_samples'.split(
    ' ',
  );
const JOB_KEYS = [
  'jobname',
  'groupid',
  'job_start',
  'error',
  'eta',
  'elapsed',
  'job options',
  'job_runtime',
  'usr_cpu',
  'sys_cpu',
  'ctx',
  'majf',
  'minf',
  'sync.total_ios',
  'latency_depth',
  'latency_target',
  'latency_target_ns',
  'latency_percentile',
  'latency_window',
  'latency_window_us',
  ...['read', 'write', 'trim'].flatMap((name) => [
    ...DIRECTION_KEYS.map((key) => `${name}.${key}`),
    ...['slat_ns', 'clat_ns', 'lat_ns'].flatMap((latency) => LATENCY_KEYS.map((key) => `${name}.${latency}.${key}`)),
  ]),
  ...LATENCY_KEYS.map((key) => `sync.lat_ns.${key}`),
  ...['1', '2', '4', '8', '16', '32', '>=64'].map((key) => `iodepth_level.${key}`),
  ...['iodepth_submit', 'iodepth_complete'].flatMap((name) =>
    ['0', '4', '8', '16', '32', '64', '>=64'].map((key) => `${name}.${key}`),
  ),
  ...['latency_ns', 'latency_us', 'latency_ms'].flatMap((name) =>
    ['2', '4', '10', '20', '50', '100', '250', '500', '750', '1000'].map((key) => `${name}.${key}`),
  ),
  'latency_ms.2000',
  'latency_ms.>=2000',
];

describe('the JSON', () => {
  const facts: RunFacts = {
    machine,
    stack: { layer: 'nvme' },
    globalSettings: { bs: '4k' },
    nowMs: 1_795_255_101_038,
    elapsedMs: 2100,
  };
  const make = (...results: Parameters<typeof fioJson>[0]) =>
    JSON.parse(JSON.stringify(fioJson(results, facts))) as JsonObject & { jobs: JsonObject[] };
  const jobOf = (json: { jobs: JsonObject[] }) => json.jobs[0] as Record<string, Record<string, unknown>>;

  it("has all of fio's keys, and one key of its own", () => {
    const json = make(sampleResult());
    expect(Object.keys(json).sort()).toEqual([
      'disk_util',
      'fio version',
      'global options',
      'jobs',
      'phasebit',
      'time',
      'timestamp',
      'timestamp_ms',
    ]);
    const paths = keyPaths(json.jobs[0]).filter((path) => !path.endsWith('.percentile'));
    expect(paths.sort()).toEqual([...JOB_KEYS].sort());
  });

  it('has the units of fio', () => {
    const job = jobOf(make(sampleResult()));
    expect(job.read).toMatchObject({
      io_bytes: 4_096_000,
      io_kbytes: 4000,
      bw_bytes: 2_048_000,
      bw: 2000,
      iops: 500,
      runtime: 2000,
      total_ios: 1000,
      bw_min: 1600,
      bw_max: 2400,
      bw_mean: 2000,
      bw_dev: 400,
      bw_samples: 2,
      bw_agg: 100,
      iops_min: 400,
      iops_max: 600,
      iops_mean: 500,
      iops_stddev: 100,
      iops_samples: 2,
      lat_ns: {
        min: 500,
        max: 3_000_000,
        mean: 300_750,
        N: 1000,
        percentile: { '50.000000': 501, '99.990000': 3_000_000 },
      },
    });
    expect(job).toMatchObject({ usr_cpu: 45, sys_cpu: 5, job_runtime: 2000, elapsed: 3, error: 0 });
    expect(job.trim).toMatchObject({ total_ios: 0, iops: 0, lat_ns: { min: 0, N: 0 } });
    expect(Object.keys((job.read.lat_ns as JsonObject).percentile as JsonObject)).toHaveLength(17);
  });

  it('sorts latencies into classes that add up to all commands', () => {
    const job = jobOf(make(sampleResult()));
    expect(job.latency_ns).toMatchObject({ '500': 0, '750': 60 });
    expect(job.latency_us).toMatchObject({ '2': 30, '4': 0 });
    expect(job.latency_ms).toMatchObject({ '4': 10, '>=2000': 0 });
    const sum = ['latency_ns', 'latency_us', 'latency_ms']
      .flatMap((key) => Object.values(job[key]) as number[])
      .reduce((a, b) => a + b);
    expect(sum).toBeCloseTo(100, 6);
  });

  it('has depth classes, errors and the options that plotting tools look for', () => {
    const job = jobOf(make(sampleResult({ errors: 2, continuedOnError: true })));
    expect(job.iodepth_level).toMatchObject({ '8': 0, '16': 100, '32': 0 });
    expect(job.iodepth_complete).toMatchObject({ '4': 0, '8': 100 });
    expect(job).toMatchObject({ error: 5, total_err: 2, first_error: 5 });
    expect(job['job options']).toEqual({ name: 'mix', rw: 'randrw', bs: '4k', iodepth: '16', numjobs: '1' });
  });

  it('carries what fio has no place for', () => {
    const verify = { verifiedBytes: 100, verifiedMetadataBytes: 0, skippedBytes: 0, errors: 0, failures: [] };
    const own = make(sampleResult({ verify, stack: { mmioWrites: 30 } })).phasebit as Record<string, unknown>;
    expect(own).toMatchObject({
      version: '1.2.3',
      commit: 'abc1234',
      node: 'v20.20.2',
      stack: { layer: 'nvme' },
      machine: { cpu: 'Test CPU', cores: 4 },
    });
    expect(own.jobs).toEqual([
      expect.objectContaining({
        jobname: 'mix',
        mmio_writes_per_io: 0.02,
        mmio_reads_per_io: null,
        verified_bytes: 100,
        latency_stamping: 'batch',
        cpu_ns: null,
      }),
    ]);
  });

  it('shares the bandwidth of a report group', () => {
    const json = make(
      sampleResult({ name: 'a' }),
      sampleResult({ name: 'b' }),
      sampleResult({ name: 'c', reportGroup: 1 }),
    );
    expect(json.jobs.map((job) => (job.read as JsonObject).bw_agg)).toEqual([50, 50, 100]);
  });

  it('writes the time as the C library does', () => {
    expect(make(sampleResult()).time).toMatch(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/);
  });
});

describe('the live line', () => {
  const progress = {
    title: 'qd16',
    elapsedMs: 2000,
    fraction: 0.4,
    iops: 12_300_000,
    bytesPerSecond: 2 ** 30,
    latencyNs: 1234,
  };

  it('says how far, how fast, how long', () => {
    expect(progressText(progress)).toBe('qd16: 40% 12.3M IOPS 1.02k MiB/s 1.23us eta 3s');
    const { title, elapsedMs, iops, bytesPerSecond } = progress;
    expect(progressText({ title, elapsedMs, iops, bytesPerSecond })).toBe('qd16: 2s 12.3M IOPS 1.02k MiB/s');
  });

  it('is a plain line every five seconds off a terminal', () => {
    const written: string[] = [];
    const line = new LiveLine({ write: (text) => written.push(text) }, 'auto');
    for (const elapsedMs of [500, 4999, 5000, 5500, 9999, 17_000, 19_000]) line.update({ ...progress, elapsedMs });
    expect(written).toHaveLength(2);
    expect(written.every((text) => text.endsWith('\n') && !text.includes('\u001b'))).toBe(true);
  });

  it('renews itself on a terminal, and is silent when told so', () => {
    const written: string[] = [];
    const stream = { isTTY: true, columns: 80, rows: 24, write: (text: string) => written.push(text) };
    const line = new LiveLine(stream, 'auto');
    line.update(progress);
    line.update({ ...progress, fraction: 0.5 });
    line.clear();
    expect(written.join('')).toContain('qd16: 50%');
    expect(written.length).toBeGreaterThan(1);
    const silent: string[] = [];
    new LiveLine({ isTTY: true, write: (text) => silent.push(text) }, 'never').update(progress);
    expect(silent).toEqual([]);
  });
});

describe('the machine', () => {
  it('is described', () => {
    const here = describeMachine();
    expect(here.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(here.cores).toBeGreaterThan(0);
    expect(machineLines(here)[0]).toContain(process.version);
  });
});
