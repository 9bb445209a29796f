import type { Prng } from '@phasebit/core';
import { blockSizeBounds, type BlockSizes } from '../job/job-spec.js';

/**
 * Picks the length of each command of one direction, in units.
 *
 * A range gives each multiple of its smallest size the same chance. (fio adds its largest size times a random fraction
 * to the smallest and cuts what is too large, which favours the largest.)
 * Hot path: allocates only in the constructor.
 */
export class BlockSizePicker {
  readonly minUnits: number = 0;
  readonly maxUnits: number = 0;

  /** Sizes in units, and the first 32-bit random number that is past each. */
  private readonly sizes: Float64Array;
  private readonly ends: Float64Array;

  /**
   * @param choice - sizes in bytes, multiples of `unitBytes`
   * @param unitBytes - bytes of a unit
   */
  constructor(choice: BlockSizes, unitBytes: number) {
    const { minBytes, maxBytes } = blockSizeBounds(choice);
    this.minUnits = minBytes / unitBytes;
    // A range ends at the last multiple of its smallest size.
    this.maxUnits = Math.floor(maxBytes / minBytes) * this.minUnits;
    if (choice.kind === 'split') {
      this.maxUnits = maxBytes / unitBytes;
      this.sizes = Float64Array.from(choice.parts, (part) => part.bytes / unitBytes);
      let sum = 0;
      this.ends = Float64Array.from(choice.parts, (part) => (sum += part.share) * 2 ** 32);
      this.ends[this.ends.length - 1] = 2 ** 32;
    } else {
      this.sizes = new Float64Array(0);
      this.ends = new Float64Array(0);
    }
  }

  /** Units of the next command. */
  pick(prng: Prng): number {
    const { minUnits, maxUnits } = this;
    if (minUnits === maxUnits) return minUnits;
    const parts = this.sizes.length;
    if (parts === 0) return minUnits * (1 + prng.below(maxUnits / minUnits));
    const random = prng.nextU32();
    const ends = this.ends;
    let i = 0;
    while (random >= ends[i]) i++;
    return this.sizes[i];
  }
}
