import { assert, type Prng } from '@phasebit/core';

/** Ranks that have a bucket of their own; the hottest ones, where the distribution is steepest. */
const SINGLE_RANKS_MAX = 2_048;
/** Buckets that share out all other ranks, each wider than the one before by the same factor. */
const TAIL_BUCKETS_MAX = 2_048;
const BUCKET_BITS = 12;
const BUCKETS = 1 << BUCKET_BITS;

/**
 * Draws ranks (0 is the hottest) from a skewed distribution in constant time, by Walker's alias method over buckets of
 * ranks.
 *
 *   rank     0   1   2  ...  2047 | 2048..2055 | 2056..2064 | ...          | ..count-1
 *   bucket   0   1   2  ...  2047 |    2048    |    2049    | ...
 *
 * Bucket masses are exact. Within a tail bucket all ranks are equally likely: at 2^31 ranks its ends differ by 0.7 % in
 * rank, so the error is far below what any run can see. Up to 2,048 ranks nothing is approximated. A table per rank
 * would be exact for all and would miss the cache on every draw; fio's formula costs a `pow` per draw.
 * Hot path: allocates only in the constructor.
 */
export class RankSampler {
  private readonly firstRank = new Float64Array(BUCKETS);
  private readonly ranks = new Float64Array(BUCKETS);
  private readonly threshold = new Uint32Array(BUCKETS);
  private readonly alias = new Uint16Array(BUCKETS);

  /**
   * @param count - number of ranks, 1 to 2^31
   * @param massOf - weight of the ranks from `first` (inside) to `end` (outside); any scale
   */
  constructor(count: number, massOf: (first: number, end: number) => number) {
    assert(count >= 1 && count <= 2 ** 31, 'a sampler has 1 to 2^31 ranks');
    const bounds = bucketBounds(count);
    const masses = new Float64Array(BUCKETS);
    for (let i = 0; i + 1 < bounds.length; i++) {
      this.firstRank[i] = bounds[i]!;
      this.ranks[i] = bounds[i + 1] - bounds[i];
      masses[i] = massOf(bounds[i], bounds[i + 1]);
    }
    fillAliasTable(masses, this.threshold, this.alias);
  }

  /** A rank from 0 to `count - 1`. */
  draw(prng: Prng): number {
    const random = prng.nextU32();
    let bucket = random >>> (32 - BUCKET_BITS);
    if ((random << BUCKET_BITS) >>> 0 >= this.threshold[bucket]) bucket = this.alias[bucket]!;
    const ranks = this.ranks[bucket];
    return ranks === 1 ? this.firstRank[bucket] : this.firstRank[bucket] + prng.below(ranks);
  }
}

/** The first rank of each bucket, and `count` at the end. */
function bucketBounds(count: number): number[] {
  const singles = Math.min(count, SINGLE_RANKS_MAX);
  const bounds = Array.from({ length: singles }, (_, rank) => rank);
  if (count > singles) {
    const factor = (count / singles) ** (1 / TAIL_BUCKETS_MAX);
    for (let i = 0, at = singles; i < TAIL_BUCKETS_MAX && at < count; i++) {
      bounds.push(at);
      at = Math.max(at + 1, Math.round(singles * factor ** (i + 1)));
    }
  }
  bounds.push(count);
  return bounds;
}

/**
 * Vose's way to build an alias table: slot i answers i below its threshold (of 2^32) and its alias from there on.
 * A threshold of 2^32 does not fit 32 bits; such slots get 2^32 - 1 and themselves as alias, which comes to the same.
 */
function fillAliasTable(masses: Float64Array, threshold: Uint32Array, alias: Uint16Array): void {
  const slots = masses.length;
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const scaled = masses.map((mass) => (mass / total) * slots);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < slots; i++) (scaled[i] < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.pop()!;
    threshold[less] = Math.floor(scaled[less] * 2 ** 32);
    alias[less] = more;
    scaled[more] = scaled[more] - (1 - scaled[less]);
    (scaled[more] < 1 ? small : large).push(more);
  }
  for (const i of [...small, ...large]) {
    threshold[i] = masses[i] === 0 ? 0 : 0xffff_ffff;
    alias[i] = masses[i] === 0 ? 0 : i;
  }
}
