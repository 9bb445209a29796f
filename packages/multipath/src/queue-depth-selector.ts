import type { PathGroup } from './path-group.js';
import { RANK_UNUSABLE } from './path-state.js';
import type { PathSelector } from './selector.js';

/**
 * The best path with the fewest commands in flight, by `group.outstanding`. Among equals it is the first behind the current one, so that
 * idle paths take turns.
 */
export class QueueDepthSelector implements PathSelector {
  readonly name = 'queue-depth';
  readonly isSticky = false;

  /** @inheritDoc */
  select(group: PathGroup, current: number): number {
    const { bestRank, end, ranks, outstanding } = group;
    if (bestRank === RANK_UNUSABLE) return -1;
    let chosen = -1;
    let fewest = 0x7fff_ffff;
    let path = current;
    for (let i = 0; i < end; i++) {
      path++;
      if (path >= end) path = 0;
      if (ranks[path] !== bestRank || outstanding[path] >= fewest) continue;
      chosen = path;
      fewest = outstanding[path];
    }
    return chosen;
  }
}
