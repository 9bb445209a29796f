import { assert } from '@phasebit/core';

/** What {@link WrittenMap.expect} found out about a unit. */
/** Nothing is known of the content: never written, or lost by a trim, a failed write or overlapping writes. */
export const EXPECT_NOTHING = 0;
/** Exactly `generation`. */
export const EXPECT_EXACT = 1;
/** `generation` or, where a write in flight has come that far, `otherGeneration`. */
export const EXPECT_EITHER = 2;
/** Writes came and went while the read was under way: what it saw cannot be told. */
export const EXPECT_RACED = 3;

/** A write that ended well. */
export const WRITE_DONE = 0;
/** A write whose effect is not known: it failed, or it was a trim. */
export const WRITE_LOST = 1;

const NOTHING = 0;
/** Stands for a generation: content is not known. */
const UNKNOWN = 0xffff_ffff;
const GENERATION_MAX = 0xffff_fffe;

/** Most units a map can hold: 14 bytes each, 3.5 GiB in all. */
export const WRITTEN_UNITS_MAX = 2 ** 28;

/**
 * What was last written to each unit of a job's range, and what is on its way.
 *
 * The job tells it four things: a write begins, a write has ended, a read begins (it takes a {@link ticket}), and a
 * read has ended (it asks {@link expect} with that ticket). Time is counted in events: a unit is certain for a read if
 * no write to it was in flight when the read ended and none had ended since the read began; otherwise the two
 * overlapped.
 *
 * Invariants: `last[u]` is the generation the device must hold when nothing is in flight to u. While exactly one write
 * is in flight, `pending[u]` is its generation. While several are, it is UNKNOWN, and so is `last[u]` when the last of
 * them has ended, since the device may have done them in any order. Event numbers wrap at 2^32 and are compared as
 * 32-bit differences: a unit not written for 2^31 events may be taken for raced, never for certain.
 * Hot path: allocates only in the constructor.
 */
export class WrittenMap {
  /** Results of {@link expect}. */
  generation = 0;
  otherGeneration = 0;
  /** Results of {@link nextKnownRun}. */
  runStart = 0;
  runUnits = 0;

  private readonly last: Uint32Array;
  private readonly pending: Uint32Array;
  private readonly lastEnd: Uint32Array;
  private readonly inFlight: Uint16Array;
  private generationCount = 0;
  private events = 0;

  /** @param unitCount - units of the range, 1 to {@link WRITTEN_UNITS_MAX} */
  constructor(unitCount: number) {
    if (!(unitCount >= 1 && unitCount <= WRITTEN_UNITS_MAX)) {
      throw new RangeError(`verify: expected a range of 1 to ${WRITTEN_UNITS_MAX} blocks, got ${unitCount}`);
    }
    this.last = new Uint32Array(unitCount);
    this.pending = new Uint32Array(unitCount);
    this.lastEnd = new Uint32Array(unitCount);
    this.inFlight = new Uint16Array(unitCount);
  }

  /** Whether a write to any of the units is in flight. */
  busy(start: number, units: number): boolean {
    const { inFlight } = this;
    for (let unit = start; unit < start + units; unit++) if (inFlight[unit] !== 0) return true;
    return false;
  }

  /**
   * A write is about to be issued.
   *
   * @returns its generation, which goes into the block headers and back into {@link endWrite}
   */
  beginWrite(start: number, units: number): number {
    const generation = this.generationCount === GENERATION_MAX ? 1 : this.generationCount + 1;
    this.generationCount = generation;
    this.events = (this.events + 1) >>> 0;
    const { pending, inFlight } = this;
    for (let unit = start; unit < start + units; unit++) {
      const writes = inFlight[unit];
      assert(writes < 0xffff, 'fewer than 65,536 writes to a block are in flight');
      inFlight[unit] = writes + 1;
      pending[unit] = writes === 0 ? generation : UNKNOWN;
    }
    return generation;
  }

  /**
   * A write has ended.
   *
   * @param outcome - {@link WRITE_DONE} or {@link WRITE_LOST}
   */
  endWrite(start: number, units: number, generation: number, outcome: number): void {
    const events = (this.events + 1) >>> 0;
    this.events = events;
    const { last, pending, inFlight, lastEnd } = this;
    for (let unit = start; unit < start + units; unit++) {
      const writes = inFlight[unit] - 1;
      assert(writes >= 0, 'a write that ends was in flight');
      inFlight[unit] = writes;
      lastEnd[unit] = events;
      // Others are still under way: the last of them settles the block.
      if (writes > 0) continue;
      last[unit] = outcome === WRITE_DONE && pending[unit] === generation ? generation : UNKNOWN;
      pending[unit] = NOTHING;
    }
  }

  /** A read is about to be issued: keep the answer for {@link expect}. */
  ticket(): number {
    return this.events;
  }

  /**
   * A read that began at `ticket` has ended: what may it have seen in this unit? Fills `generation` and
   * `otherGeneration`.
   *
   * @returns one of the EXPECT codes
   */
  expect(unit: number, ticket: number): number {
    const last = this.last[unit];
    const writes = this.inFlight[unit];
    if (last === NOTHING || last === UNKNOWN) return EXPECT_NOTHING;
    if (((ticket - this.lastEnd[unit]) | 0) < 0) return EXPECT_RACED;
    this.generation = last;
    this.otherGeneration = last;
    if (writes === 0) return EXPECT_EXACT;
    const pending = this.pending[unit];
    if (pending === UNKNOWN) return EXPECT_RACED;
    this.otherGeneration = pending;
    return EXPECT_EITHER;
  }

  /**
   * Finds the next units whose content is known, for reading everything back: fills `runStart` and `runUnits`.
   *
   * @param from - first unit to look at
   * @param unitsMax - longest run wanted
   * @returns false when there are none left
   */
  nextKnownRun(from: number, unitsMax: number): boolean {
    const { last, inFlight } = this;
    const count = last.length;
    let unit = from;
    while (unit < count && !isKnown(last[unit], inFlight[unit])) unit++;
    const start = unit;
    const end = Math.min(count, start + unitsMax);
    while (unit < end && isKnown(last[unit], inFlight[unit])) unit++;
    this.runStart = start;
    this.runUnits = unit - start;
    return unit > start;
  }

  /** How many units have a known content. */
  knownUnits(): number {
    let known = 0;
    for (let unit = 0; unit < this.last.length; unit++) if (isKnown(this.last[unit], this.inFlight[unit])) known++;
    return known;
  }
}

function isKnown(last: number, writes: number): boolean {
  return last !== NOTHING && last !== UNKNOWN && writes === 0;
}
