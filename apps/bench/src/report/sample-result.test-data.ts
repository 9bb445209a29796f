import { Histogram } from '@phasebit/core';
import type { DirectionResult, JobResult } from './job-result.js';

/** A direction that did nothing. */
export const IDLE: DirectionResult = { ios: 0, bytes: 0, runtimeMs: 0, iopsSamples: [], bytesPerSecondSamples: [] };

/** A made-up mixed job for the tests of the reports. */
export function sampleResult(changes: Partial<JobResult> = {}): JobResult {
  const latency = new Histogram();
  latency.record(500, 600);
  latency.record(1500, 300);
  latency.record(3_000_000, 100);
  const read: DirectionResult = {
    ios: 1000,
    bytes: 4_096_000,
    runtimeMs: 2000,
    latency,
    iopsSamples: [400, 600],
    bytesPerSecondSamples: [1_638_400, 2_457_600],
  };
  return {
    name: 'mix',
    description: '',
    reportGroup: 0,
    settings: { rw: 'randrw', bs: '4k', iodepth: '16', numjobs: '1' },
    ioDepth: 16,
    startedAtMs: 1_795_255_098_889,
    runtimeMs: 2000,
    read,
    write: { ...read, ios: 500, bytes: 2_048_000 },
    trim: IDLE,
    flushes: 3,
    errors: 0,
    errorsByStatus: {},
    continuedOnError: false,
    latencyStamping: 'batch',
    stack: {
      mmioReads: 0,
      mmioWrites: 30,
      polls: 400,
      idlePolls: 100,
      completions: 1500,
      bytesAllocated: 750,
      garbageCollections: 0,
      cpuUserNs: 900_000_000,
      cpuSystemNs: 100_000_000,
    },
    interrupted: false,
    ...changes,
  };
}
