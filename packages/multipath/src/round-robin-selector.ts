import type { PathGroup } from './path-group.js';
import { nextBest, type PathSelector } from './selector.js';

/** How {@link RoundRobinSelector} chooses. */
export interface RoundRobinOptions {
  /** commands on one path before it is the next one's turn, 1 and up; default 1 */
  readonly minIo?: number;
}

/** The best paths in turn, each for `minIo` commands. */
export class RoundRobinSelector implements PathSelector {
  readonly name = 'round-robin';
  readonly isSticky = false;
  private readonly minIo: number;
  private sent = 0;

  /** @throws RangeError when `minIo` is not a positive integer */
  constructor(options: RoundRobinOptions = {}) {
    const { minIo = 1 } = options;
    if (!(Number.isSafeInteger(minIo) && minIo >= 1)) {
      throw new RangeError(`minIo: expected an integer of 1 or more, got ${minIo}`);
    }
    this.minIo = minIo;
  }

  /** @inheritDoc */
  select(group: PathGroup, current: number): number {
    const isBest = group.isPathUsable(current) && group.ranks[current] === group.bestRank;
    if (isBest && this.sent < this.minIo) {
      this.sent++;
      return current;
    }
    this.sent = 1;
    return nextBest(group, current);
  }
}
