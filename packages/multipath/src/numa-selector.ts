import type { PathGroup } from './path-group.js';
import { RANK_UNUSABLE } from './path-state.js';
import type { PathSelector } from './selector.js';

/**
 * The best path with the least weight, by `group.weights`: the nearest one. Among equals the current one stays, else the first.
 */
export class NumaSelector implements PathSelector {
  readonly name = 'numa';
  readonly isSticky = true;

  /** @inheritDoc */
  select(group: PathGroup, current: number): number {
    const { bestRank, end, ranks, weights } = group;
    if (bestRank === RANK_UNUSABLE) return -1;
    let chosen = -1;
    for (let path = 0; path < end; path++) {
      if (ranks[path] !== bestRank) continue;
      const isLess = chosen < 0 || weights[path] < weights[chosen];
      if (isLess || (path === current && weights[path] === weights[chosen])) chosen = path;
    }
    return chosen;
  }
}
