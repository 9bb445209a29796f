import { assert, Prng } from '@phasebit/core';
import { READ, WRITE, type JobSpec } from '../job/job-spec.js';
import type { JobGeometry } from '../job/validate-against-device.js';
import { BlockPermutation } from './block-permutation.js';
import { BlockSizePicker } from './block-size-picker.js';
import { FreeMap } from './free-map.js';
import { RankSampler } from './rank-sampler.js';
import { RankSpread } from './rank-spread.js';
import { paretoMass, zipfMass } from './skewed-masses.js';

/** How offsets come about. */
const SEQUENTIAL = 0;
const PERMUTED = 1;
const MAPPED = 2;
const INDEPENDENT = 3;
const SKEWED = 4;

/** What one direction draws from. */
interface Stream {
  readonly sizes: BlockSizePicker;
  /** Random offsets are multiples of the direction's smallest block: this many of them fit the range. */
  readonly slots: number;
  readonly sampler: RankSampler | undefined;
  readonly spread: RankSpread | undefined;
  /** Where the next sequential command starts, in units. */
  cursor: number;
}

/**
 * What a job does next: call {@link next}, then read `direction`, `lba` and `blocks`.
 *
 *   sequential    each direction goes through the range with a cursor of its own and wraps at the end
 *   permuted      random, each block once per pass; one block size
 *   mapped        the same with several sizes: a command is cut short where a block behind it was already touched
 *   independent   random, norandommap
 *   skewed        zipf or pareto
 *
 * All lengths are counted in units (see `JobGeometry`); LBAs come out only at the end.
 * Invariants: a command lies inside the range; it starts and ends at a multiple of the unit; the same seed gives the
 * same commands.
 * Hot path: allocates only in the constructor. A permuted or sequential `next` with one size and one direction costs a
 * few nanoseconds: it draws no random number and touches no table.
 */
export class IoPattern {
  /** {@link READ}, {@link WRITE} or TRIM. */
  direction = 0;
  /** First LBA of the command. */
  lba = 0;
  /** Length of the command in LBAs. */
  blocks = 0;

  private readonly mode: number = 0;
  private readonly simple: boolean = false;
  private readonly mixed: boolean = false;
  private readonly firstLba: number = 0;
  private readonly unitBlocks: number = 0;
  private readonly unitBytes: number = 0;
  private readonly unitCount: number = 0;
  private readonly commandBytesMax: number = 0;
  /** Where the next command starts if all is sequential, simple and one direction; else each stream has a cursor. */
  private cursor = 0;
  /** Reads below this 32-bit random number; only for mixed workloads. */
  private readonly readBelow: number = 0;
  private readonly prng: Prng;
  private readonly streams: readonly Stream[];
  private readonly permutation: BlockPermutation;
  private readonly map: FreeMap;
  /** Infinity when nothing but time or bytes ends the job. */
  private commandsLeft = 0;
  private bytesLeft = 0;

  /**
   * @param job - the workload
   * @param geometry - its range on the device, from `validateAgainstDevice`
   * @param seed - 32-bit seed; the job's own by default
   */
  constructor(job: JobSpec, geometry: JobGeometry, seed: number = job.seed) {
    const prng = new Prng(seed);
    const pickers = job.blockSizes.map((sizes, direction) =>
      job.directions[direction] ? new BlockSizePicker(sizes, geometry.unitBytes) : undefined,
    );
    const used = pickers.filter((picker) => picker !== undefined);
    const oneSize = used.every((picker) => picker.minUnits === 1 && picker.maxUnits === 1);
    this.prng = prng;
    this.mode = chooseMode(job, oneSize);
    this.mixed = used.length > 1;
    this.direction = job.directions.indexOf(true);
    this.readBelow = job.readShare * 2 ** 32;
    this.firstLba = geometry.firstLba;
    this.unitBlocks = geometry.unitBlocks;
    this.unitBytes = geometry.unitBytes;
    this.unitCount = geometry.unitCount;
    this.commandBytesMax = Math.max(...used.map((picker) => picker.maxUnits)) * geometry.unitBytes;
    this.lba = geometry.firstLba;
    this.blocks = geometry.unitBlocks;
    this.simple = oneSize && !this.mixed && (this.mode === PERMUTED || this.mode === SEQUENTIAL);
    this.permutation = new BlockPermutation(
      this.mode === PERMUTED || this.mode === MAPPED ? geometry.unitCount : 1,
      prng,
    );
    this.map = new FreeMap(this.mode === MAPPED ? geometry.unitCount : 1);
    this.streams = makeStreams(job, pickers, used[0], geometry.unitCount, prng);
    this.commandsLeft = oneSize
      ? Math.min(geometry.totalIos, Math.ceil(geometry.totalBytes / geometry.unitBytes))
      : geometry.totalIos;
    this.bytesLeft = geometry.totalBytes;
  }

  /** Whether the amount of the job is used up. {@link next} still works then: a job that runs by time goes on. */
  get finished(): boolean {
    return this.commandsLeft <= 0 || this.bytesLeft <= 0;
  }

  /**
   * Bytes still to issue; Infinity when only time ends the job. An upper bound when number_ios ends it and sizes vary.
   */
  get remainingBytes(): number {
    return Math.max(0, Math.min(this.commandsLeft * this.commandBytesMax, this.bytesLeft));
  }

  /** Fills `direction`, `lba` and `blocks` with the next command and counts it. */
  next(): void {
    if (this.simple) {
      this.commandsLeft--;
      const unit = this.mode === PERMUTED ? this.permutation.next() : this.nextSequentialUnit();
      this.lba = this.firstLba + unit * this.unitBlocks;
      return;
    }
    this.nextGeneral();
  }

  private nextSequentialUnit(): number {
    const unit = this.cursor;
    this.cursor = unit + 1 === this.unitCount ? 0 : unit + 1;
    return unit;
  }

  private nextGeneral(): void {
    if (this.mixed) this.direction = this.prng.nextU32() < this.readBelow ? READ : WRITE;
    const stream = this.streams[this.direction];
    let units = stream.sizes.pick(this.prng);
    let start: number;
    switch (this.mode) {
      case SEQUENTIAL:
        start = stream.cursor;
        if (start + units > this.unitCount) units = stream.sizes.minUnits;
        if (start + units > this.unitCount) start = 0;
        stream.cursor = start + units === this.unitCount ? 0 : start + units;
        break;
      case PERMUTED:
        start = this.permutation.next();
        break;
      case MAPPED:
        this.takeMapped(stream, units);
        return;
      default:
        start = this.drawSlot(stream) * stream.sizes.minUnits;
        if (start + units > this.unitCount) units = stream.sizes.minUnits;
    }
    this.issue(start, units);
  }

  private drawSlot(stream: Stream): number {
    if (this.mode === INDEPENDENT) return this.prng.below(stream.slots);
    return stream.spread!.blockOf(stream.sampler!.draw(this.prng));
  }

  /**
   * The next untouched unit, from its direction's own boundary if all from there on is free, else from the unit itself.
   */
  private takeMapped(stream: Stream, wanted: number): void {
    const { permutation, map } = this;
    let unit: number;
    do {
      if (permutation.left === 0) map.clear();
      unit = permutation.next();
    } while (!map.isFree(unit));
    const { minUnits } = stream.sizes;
    const aligned = unit - (unit % minUnits);
    const start = aligned === unit || map.freeRun(aligned, minUnits) < minUnits ? unit : aligned;
    const units = map.freeRun(start, wanted);
    map.take(start, units);
    this.issue(start, units);
  }

  private issue(start: number, units: number): void {
    this.lba = this.firstLba + start * this.unitBlocks;
    this.blocks = units * this.unitBlocks;
    this.commandsLeft--;
    this.bytesLeft -= units * this.unitBytes;
  }
}

function chooseMode(job: JobSpec, oneSize: boolean): number {
  if (!job.random) return SEQUENTIAL;
  if (job.distribution.kind !== 'random') return SKEWED;
  if (!job.fullCoverage) return INDEPENDENT;
  return oneSize ? PERMUTED : MAPPED;
}

/**
 * One stream per direction, so that `direction` indexes them. A workload with one direction has its stream at every
 * index, and directions with the same smallest block share their hot blocks.
 */
function makeStreams(
  job: JobSpec,
  pickers: readonly (BlockSizePicker | undefined)[],
  only: BlockSizePicker,
  unitCount: number,
  prng: Prng,
): Stream[] {
  const bySlots = new Map<number, Pick<Stream, 'sampler' | 'spread'>>();
  const oneDirection = job.directions.filter(Boolean).length === 1;
  let shared: Stream | undefined;
  return pickers.map((picker) => {
    if (oneDirection && shared !== undefined) return shared;
    const sizes = oneDirection ? only : (picker ?? only);
    const slots = Math.floor(unitCount / sizes.minUnits);
    assert(slots >= 1, 'the range holds at least one block');
    const skew = bySlots.get(slots) ?? makeSkew(job, slots, prng);
    bySlots.set(slots, skew);
    shared = { sizes, slots, sampler: skew.sampler, spread: skew.spread, cursor: 0 };
    return shared;
  });
}

function makeSkew(job: JobSpec, slots: number, prng: Prng): Pick<Stream, 'sampler' | 'spread'> {
  const { distribution } = job;
  if (!job.random || distribution.kind === 'random') return { sampler: undefined, spread: undefined };
  const center = distribution.center;
  const origin = center === undefined ? prng.below(slots) : Math.min(slots - 1, Math.floor(center * slots));
  const massOf = distribution.kind === 'zipf' ? zipfMass(distribution.theta) : paretoMass(distribution.h, slots);
  return { sampler: new RankSampler(slots, massOf), spread: new RankSpread(slots, origin) };
}
