import type { PathGroup } from './path-group.js';
import { RANK_UNUSABLE } from './path-state.js';

/**
 * Chooses the path of the next command. All policies agree on this much: only usable paths, and no non-optimized one while any is
 * optimized. They differ in which of the best-ranked paths it is.
 *
 * A selector may count, so one of them serves one group on one thread.
 */
export interface PathSelector {
  /** what the policy is called */
  readonly name: string;
  /** whether a choice stands until `group.version` changes, so that the caller may keep it and need not ask for every command */
  readonly isSticky: boolean;
  /**
   * The path for the next command, or -1 when none is usable. Never allocates.
   *
   * @param current - the path chosen last, -1 for none
   */
  select(group: PathGroup, current: number): number;
}

/**
 * The first path of the best rank behind `current`, going round and looking at `current` last; -1 when none is usable.
 */
export function nextBest(group: PathGroup, current: number): number {
  const best = group.bestRank;
  if (best === RANK_UNUSABLE) return -1;
  const ranks = group.ranks;
  const end = group.end;
  let path = current;
  for (let i = 0; i < end; i++) {
    path++;
    if (path >= end) path = 0;
    if (ranks[path] === best) return path;
  }
  return -1;
}
