import { Histogram } from '@phasebit/core';
import type { DeviceFacts } from '../stack/device-facts.js';
import type { UsedDevices } from '../stack/open-stack.js';
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

/** A made-up SSD for the tests of what is said about devices. */
export function sampleDevice(changes: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    name: 'vfio:0000:01:00.0',
    model: 'Example SSD 1TB',
    serial: 'S1X2Y3',
    firmware: '1.0',
    namespaces: [
      { nsid: 1, blocks: 2 ** 21, blockBytes: 512, metadataBytes: 0, isExtended: false, piType: 0 },
      { nsid: 2, blocks: 2 ** 18, blockBytes: 4096, metadataBytes: 8, isExtended: false, piType: 1 },
    ],
    queueEntriesMax: 1024,
    queuePairs: 4,
    transferBytesMax: 2 ** 19,
    vectors: 5,
    offersShadowDoorbells: false,
    ...changes,
  };
}

/** A run on it. */
export function sampleUsedDevices(changes: Partial<UsedDevices> = {}): UsedDevices {
  const figures = 'of a PCI device of this machine, through VFIO';
  return { transport: 'vfio', figures, devices: [sampleDevice()], nsid: 1, ringEntries: 256, ...changes };
}
