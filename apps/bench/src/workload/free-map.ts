import { assert } from '@phasebit/core';

/**
 * Which units of the range this random pass has not touched yet: one bit each. Needed only where commands have
 * different lengths; with one length the permutation alone knows.
 * Hot path: allocates only in the constructor.
 */
export class FreeMap {
  private readonly count: number = 0;
  private readonly taken: Int32Array;

  /** @param count - number of units, 1 to 2^31 */
  constructor(count: number) {
    assert(count >= 1 && count <= 2 ** 31, 'a free map has 1 to 2^31 units');
    this.count = count;
    this.taken = new Int32Array(Math.ceil(count / 32));
  }

  /** Makes every unit free again. */
  clear(): void {
    this.taken.fill(0);
  }

  /** Whether the unit is free. */
  isFree(unit: number): boolean {
    return (this.taken[Math.floor(unit / 32)] & (1 << (unit & 31))) === 0;
  }

  /** How many units from `start` on are free, at most `wanted` and not past the end. */
  freeRun(start: number, wanted: number): number {
    const end = Math.min(start + wanted, this.count);
    let unit = start;
    while (unit < end && this.isFree(unit)) unit++;
    return unit - start;
  }

  /** Takes `units` units that are free. */
  take(start: number, units: number): void {
    for (let unit = start; unit < start + units; unit++) {
      const word = Math.floor(unit / 32);
      this.taken[word] = this.taken[word] | (1 << (unit & 31));
    }
  }
}
