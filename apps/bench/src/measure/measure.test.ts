import { describe, expect, it } from 'vitest';
import { parseJobFile } from '../job/parse-job-file.js';
import { fioJson } from '../report/fio-json.js';
import { describeMachine } from '../report/machine.js';
import { sampleResult } from '../report/sample-result.test-data.js';
import { bestAndMedian } from './best-and-median.js';
import { jobFileText } from './job-text.js';
import { readMeasurements } from './measurement.js';

describe('the job file of a measurement', () => {
  it('runs job after job, and those by time for the time of the window', () => {
    const jobs = [
      { name: 'fill', settings: { rw: 'write', bs: '128k' } },
      { name: 'read', settings: { rw: 'randread', iodepth: 32, time_based: 1 } },
    ];
    const { groups, warnings } = parseJobFile(jobFileText(jobs, { rampMs: 250, runMs: 600 }), 'text');
    expect(warnings).toEqual([]);
    expect(groups).toMatchObject([
      [{ name: 'fill', workload: 'write', timeBased: false, rampSeconds: 0 }],
      [{ name: 'read', ioDepth: 32, timeBased: true, rampSeconds: 0.25, runtimeSeconds: 0.6 }],
    ]);
  });
});

describe('a measurement', () => {
  it('is read from the report of a run', () => {
    const result = sampleResult({ errors: 2, errorsByStatus: { 'read: Data Transfer Error': 2 } });
    const facts = { machine: describeMachine(), stack: {}, globalSettings: {}, nowMs: 0, elapsedMs: 2000 };
    const [measurement] = readMeasurements(JSON.stringify(fioJson([result], facts)));
    expect(measurement).toMatchObject({
      name: 'mix',
      ios: 1500,
      bytes: 4_096_000 + 2_048_000,
      iops: 750,
      mmioWritesPerIo: 0.02,
      cores: 0.5,
      errors: 2,
      errorsByStatus: { 'read: Data Transfer Error': 2 },
      verifiedBytes: 0,
    });
    expect(measurement.latency!.p50Ns).toBeCloseTo(500, -2);
    expect(measurement.latency!.maxNs).toBe(3_000_000);
  });

  it('is not made of anything else', () => {
    expect(() => readMeasurements('Killed')).toThrow('expected a JSON report');
  });

  it('has a best and a median over its rounds', () => {
    expect(bestAndMedian([3])).toEqual({ best: 3, median: 3 });
    expect(bestAndMedian([3, 1, 2])).toEqual({ best: 3, median: 2 });
    expect(bestAndMedian([4, 1, 2, 3])).toEqual({ best: 4, median: 2.5 });
  });
});
