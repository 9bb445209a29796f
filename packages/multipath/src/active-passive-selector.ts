import type { PathGroup } from './path-group.js';
import { RANK_UNUSABLE } from './path-state.js';
import { nextBest, type PathSelector } from './selector.js';

/** How {@link ActivePassiveSelector} chooses. */
export interface ActivePassiveOptions {
  /** the path to use while it is among the best; default -1, none */
  readonly preferred?: number;
  /** whether to leave a usable path for a better one, or for the preferred one; default true. Without it only a failure moves I/O */
  readonly failback?: boolean;
}

/**
 * One path carries everything until it fails.
 *
 * With failback I/O moves back as soon as it can: from a non-optimized path to an optimized one, and to the preferred path when that is
 * as good as any. Without it I/O stays where it is while that path is usable at all, so that paths which come and go do not move it;
 * ask with `current = -1` to choose anew.
 */
export class ActivePassiveSelector implements PathSelector {
  readonly name = 'active-passive';
  readonly isSticky = true;
  private readonly preferred: number;
  private readonly failback: boolean;

  constructor(options: ActivePassiveOptions = {}) {
    this.preferred = options.preferred ?? -1;
    this.failback = options.failback ?? true;
  }

  /** @inheritDoc */
  select(group: PathGroup, current: number): number {
    const best = group.bestRank;
    if (best === RANK_UNUSABLE) return -1;
    const isUsable = group.isPathUsable(current);
    if (isUsable && !this.failback) return current;
    if (group.isPathUsable(this.preferred) && group.ranks[this.preferred] === best) return this.preferred;
    return isUsable && group.ranks[current] === best ? current : nextBest(group, current);
  }
}
