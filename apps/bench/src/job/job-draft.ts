import type { QueuePriority } from '@phasebit/nvme';
import type {
  BlockSizes,
  ContinueOnError,
  PerDirection,
  RandomDistribution,
  VerifyKind,
  Workload,
} from './job-spec.js';
import type { Extent } from './units.js';

/** fio's default seed, so that runs repeat unless told otherwise. */
export const SEED_DEFAULT = 0x89;

/**
 * What the options of one section have said so far. The option table writes into it; `finishJob` checks it as a whole
 * and makes the {@link JobSpec}. Values are in the units of their names.
 */
export interface JobDraft {
  name: string | undefined;
  description: string;
  stonewall: boolean;
  newGroup: boolean;
  numJobs: number;
  groupReporting: boolean;

  workload: Workload;
  readPercent: number;
  blockSize: PerDirection<BlockSizes>;
  blockSizeRange: PerDirection<BlockSizes | undefined> | undefined;
  blockSizeSplit: PerDirection<BlockSizes | undefined> | undefined;
  distribution: RandomDistribution;
  noRandomMap: boolean;
  randRepeat: boolean;
  randSeed: number | undefined;

  offset: Extent;
  offsetIncrement: Extent;
  size: Extent | undefined;
  ioSize: Extent | undefined;
  loops: number;
  numberIos: number;

  ioDepth: number;
  runtimeUs: number;
  timeBased: boolean;
  rampUs: number;
  rateIops: PerDirection<number>;
  rateBytes: PerDirection<number>;
  thinkTimeUs: number;
  thinkTimeBlocks: number;
  fsyncEveryWrites: number;

  verify: VerifyKind;
  verifyPattern: Uint8Array | undefined;
  doVerify: boolean;
  verifyFatal: boolean;
  verifyIntervalBytes: number;
  zeroBuffers: boolean;
  bufferPattern: Uint8Array | undefined;
  continueOnError: ContinueOnError;
  queuePriority: QueuePriority | undefined;
}

/** fio's defaults. */
export function newDraft(): JobDraft {
  const fixed: BlockSizes = { kind: 'fixed', bytes: 4096 };
  return {
    name: undefined,
    description: '',
    stonewall: false,
    newGroup: false,
    numJobs: 1,
    groupReporting: false,
    workload: 'read',
    readPercent: 50,
    blockSize: [fixed, fixed, fixed],
    blockSizeRange: undefined,
    blockSizeSplit: undefined,
    distribution: { kind: 'random' },
    noRandomMap: false,
    randRepeat: true,
    randSeed: undefined,
    offset: { bytes: 0 },
    offsetIncrement: { bytes: 0 },
    size: undefined,
    ioSize: undefined,
    loops: 1,
    numberIos: 0,
    ioDepth: 1,
    runtimeUs: 0,
    timeBased: false,
    rampUs: 0,
    rateIops: [0, 0, 0],
    rateBytes: [0, 0, 0],
    thinkTimeUs: 0,
    thinkTimeBlocks: 1,
    fsyncEveryWrites: 0,
    verify: 'none',
    verifyPattern: undefined,
    doVerify: true,
    verifyFatal: false,
    verifyIntervalBytes: 0,
    zeroBuffers: false,
    bufferPattern: undefined,
    continueOnError: 'none',
    queuePriority: undefined,
  };
}
