import type { JobDraft } from './job-draft.js';
import {
  blockSizeBounds,
  READ,
  TRIM,
  WRITE,
  type BlockSizes,
  type BufferFill,
  type JobSpec,
  type PerDirection,
  type Workload,
} from './job-spec.js';

/** A job whose options are right one by one and wrong together. `option` is the one to name in the message. */
export class JobConflictError extends Error {
  override readonly name = 'JobConflictError';

  constructor(
    readonly option: string,
    message: string,
  ) {
    super(message);
  }
}

/** Where a job stands in its file. Counts are 0-based. */
export interface JobPlace {
  readonly sectionName: string;
  readonly firstIndex: number;
  readonly startGroup: number;
  readonly reportGroup: number;
  /** The seed without randseed, and the one with randrepeat=0. */
  readonly defaultSeed: number;
  readonly freshSeed: number;
}

const DIRECTIONS: Readonly<Record<Workload, PerDirection<boolean>>> = {
  read: [true, false, false],
  write: [false, true, false],
  trim: [false, false, true],
  randread: [true, false, false],
  randwrite: [false, true, false],
  randtrim: [false, false, true],
  rw: [true, true, false],
  randrw: [true, true, false],
};

/**
 * Checks a section's options as a whole and makes its jobs, one per clone.
 *
 * @param draft - what the options said
 * @param place - where the job stands
 * @param settings - the options as given, for the report
 * @param warn - takes a sentence about something that is legal and probably not meant
 * @throws JobConflictError
 */
export function finishJob(
  draft: JobDraft,
  place: JobPlace,
  settings: Readonly<Record<string, string>>,
  warn: (option: string, sentence: string) => void,
): JobSpec[] {
  refuseConflicts(draft);
  const directions = DIRECTIONS[draft.workload];
  const blockSizes = chooseBlockSizes(draft);
  refuseBadInterval(draft, blockSizes[WRITE]);
  const writes = directions[WRITE];
  if (draft.verify !== 'none' && writes && draft.numJobs > 1 && !isPositive(draft.offsetIncrement)) {
    warn(
      'verify',
      "clones write the same blocks: give each its own range with offset_increment, or they may find each other's data",
    );
  }
  if (draft.verify !== 'none' && writes && !directions[READ] && draft.doVerify && draft.timeBased) {
    warn('verify', 'the read-back starts only after runtime, so the job takes longer than runtime says');
  }
  const seed = draft.randSeed ?? (draft.randRepeat ? place.defaultSeed : place.freshSeed);
  const common = commonFields(draft, place, settings, blockSizes);
  const clones: JobSpec[] = [];
  for (let clone = 0; clone < draft.numJobs; clone++) {
    const index = place.firstIndex + clone;
    clones.push(Object.freeze({ ...common, index, cloneIndex: clone, seed: mixSeed(seed, index), baseSeed: seed }));
  }
  return clones;
}

function commonFields(
  draft: JobDraft,
  place: JobPlace,
  settings: Readonly<Record<string, string>>,
  blockSizes: PerDirection<BlockSizes>,
): Omit<JobSpec, 'index' | 'cloneIndex' | 'seed' | 'baseSeed'> {
  const directions = DIRECTIONS[draft.workload];
  const random = draft.workload.startsWith('rand');
  return {
    name: draft.name ?? place.sectionName,
    description: draft.description,
    cloneCount: draft.numJobs,
    startGroup: place.startGroup,
    reportGroup: place.reportGroup,
    workload: draft.workload,
    random,
    directions,
    readShare: directions[READ] && directions[WRITE] ? draft.readPercent / 100 : directions[READ] ? 1 : 0,
    blockSizes,
    distribution: draft.distribution,
    fullCoverage: random && !draft.noRandomMap && draft.distribution.kind === 'random',
    offset: draft.offset,
    offsetIncrement: draft.offsetIncrement,
    ...(draft.size === undefined ? {} : { size: draft.size }),
    ...(draft.ioSize === undefined ? {} : { ioSize: draft.ioSize }),
    loops: draft.loops,
    numberIos: draft.numberIos,
    ioDepth: draft.ioDepth,
    ...(draft.runtimeUs === 0 ? {} : { runtimeSeconds: draft.runtimeUs / 1e6 }),
    timeBased: draft.timeBased,
    rampSeconds: draft.rampUs / 1e6,
    rateIops: draft.rateIops,
    rateBytes: draft.rateBytes,
    thinkTimeUs: draft.thinkTimeUs,
    thinkTimeBlocks: draft.thinkTimeBlocks,
    fsyncEveryWrites: draft.fsyncEveryWrites,
    verify: draft.verify,
    ...(draft.verifyPattern === undefined ? {} : { verifyPattern: draft.verifyPattern }),
    doVerify: draft.doVerify,
    verifyFatal: draft.verifyFatal,
    verifyIntervalBytes: draft.verifyIntervalBytes,
    bufferFill: chooseBufferFill(draft),
    continueOnError: draft.continueOnError,
    groupReporting: draft.groupReporting,
    ...(draft.queuePriority === undefined ? {} : { queuePriority: draft.queuePriority }),
    settings,
  };
}

function refuseConflicts(draft: JobDraft): void {
  if (draft.timeBased && draft.runtimeUs === 0) {
    throw new JobConflictError('time_based', 'expected a runtime with it, got none');
  }
  if (draft.rateBytes.some((rate) => rate > 0) && draft.rateIops.some((rate) => rate > 0)) {
    throw new JobConflictError('rate_iops', 'expected either rate or rate_iops, got both');
  }
  if (draft.verify === 'pattern' && draft.verifyPattern === undefined) {
    throw new JobConflictError('verify', 'pattern: expected a verify_pattern with it, got none');
  }
  if (draft.zeroBuffers && draft.bufferPattern !== undefined) {
    throw new JobConflictError('buffer_pattern', 'expected either zero_buffers or buffer_pattern, got both');
  }
}

function refuseBadInterval(draft: JobDraft, sizes: BlockSizes): void {
  const interval = draft.verifyIntervalBytes;
  if (interval === 0 || draft.verify === 'none') return;
  const all = sizes.kind === 'split' ? sizes.parts.map((part) => part.bytes) : [blockSizeBounds(sizes).minBytes];
  const odd = all.find((bytes) => bytes % interval !== 0);
  if (odd !== undefined)
    throw new JobConflictError('verify_interval', `expected a divisor of the block size ${odd}, got ${interval}`);
}

/** bssplit goes before bsrange, bsrange before bs, each direction for itself. */
function chooseBlockSizes(draft: JobDraft): PerDirection<BlockSizes> {
  const choose = (direction: 0 | 1 | 2): BlockSizes =>
    draft.blockSizeSplit?.[direction] ?? draft.blockSizeRange?.[direction] ?? draft.blockSize[direction];
  return [choose(READ), choose(WRITE), choose(TRIM)];
}

function chooseBufferFill(draft: JobDraft): BufferFill {
  if (draft.zeroBuffers) return { kind: 'zero' };
  if (draft.bufferPattern !== undefined) return { kind: 'pattern', bytes: draft.bufferPattern };
  return { kind: 'random' };
}

function isPositive(extent: JobDraft['offsetIncrement']): boolean {
  return 'percent' in extent || extent.bytes > 0;
}

/** Gives each job of a file its own stream from one seed: the 32-bit finaliser of MurmurHash3 over both. */
function mixSeed(seed: number, index: number): number {
  let x = (seed ^ Math.imul(index + 1, 0x9e37_79b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
