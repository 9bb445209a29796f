import type { Doorbells } from '@phasebit/pcie';

/**
 * Doorbells of a queue pair that stands still or has ended, perhaps in the middle of a poll: nothing is written, since the device does not
 * want it at the moment, or the queue identifier is another pair's by now.
 */
export class SilentDoorbells implements Doorbells {
  /** submission tails that were not told */
  sqQuiet = 0;
  /** completion heads that were not told */
  cqQuiet = 0;

  /** @inheritDoc */
  ringSq(): void {
    this.sqQuiet++;
  }

  /** @inheritDoc */
  ringCq(): void {
    this.cqQuiet++;
  }
}
