import type { RingPair } from './ring-pair.js';
import type { CountedShadows } from './shadow-use.js';

/** What a queue pair has counted since it was made. Plain numbers: subtract two, or add those of several pairs. */
export interface QueuePairStatistics {
  /** calls of poll */
  readonly polls: number;
  /** polls that found nothing */
  readonly idlePolls: number;
  /** commands put into the ring, those that were sent again included */
  readonly submitted: number;
  /** completions taken from the ring and believed */
  readonly completions: number;
  /** completions that named no command in flight, for either reason below: dropped */
  readonly spurious: number;
  /** of these, completions that named the command which was in the slot before: they came late, or twice */
  readonly duplicates: number;
  /** of these, completions whose command identifier was never given */
  readonly unknownCid: number;
  /** submission queue heads outside of the ring, among those looked at: the one of each failure, and one for each completion doorbell. Never used */
  readonly sqHeadOutOfRange: number;
  /** requests that had to wait for a tracker */
  readonly queued: number;
  /** submissions refused for want of a request */
  readonly refused: number;
  /** transfers that were cut into pieces */
  readonly split: number;
  /** commands that were sent again, once for each time */
  readonly retried: number;
  /** commands that were reported as taking too long */
  readonly timedOut: number;
  /** commands that were given up on request before they were put into the ring */
  readonly aborted: number;
  /** commands that an injected error hit */
  readonly injected: number;
  /** writes of the submission queue tail doorbell register */
  readonly sqDoorbells: number;
  /** writes of the completion queue head doorbell register */
  readonly cqDoorbells: number;
  /** submission queue tails stored into the shadow page, the register written too or not */
  readonly sqShadowWrites: number;
  /** completion queue heads stored into the shadow page, likewise */
  readonly cqShadowWrites: number;
}

/** The statistics that are not those of the rings. */
type PairCounters = Pick<QueuePairStatistics, 'idlePolls' | 'polls' | 'refused' | 'split' | 'timedOut'>;

/** Puts the statistics of a queue pair together. @internal */
export function countRings(rings: RingPair, shadows: CountedShadows, counters: PairCounters): QueuePairStatistics {
  const { silent, slow } = rings;
  const spurious = slow.late + slow.unknownCids;
  return {
    ...counters,
    submitted: rings.submitted,
    completions: rings.reaped - spurious,
    spurious,
    duplicates: slow.late,
    unknownCid: slow.unknownCids,
    sqHeadOutOfRange: rings.badSqHeads,
    queued: rings.queued,
    retried: slow.retried,
    aborted: slow.aborted,
    injected: slow.errors.injected,
    sqDoorbells: rings.sqRings - shadows.sqQuiet - silent.sqQuiet,
    cqDoorbells: rings.cqRings - shadows.cqQuiet - silent.cqQuiet,
    sqShadowWrites: shadows.sqWrites,
    cqShadowWrites: shadows.cqWrites,
  };
}

/** Adds the statistics of several queue pairs up. */
export function addStatistics(all: readonly QueuePairStatistics[]): QueuePairStatistics {
  const sums: Record<keyof QueuePairStatistics, number> = {
    polls: 0,
    idlePolls: 0,
    submitted: 0,
    completions: 0,
    spurious: 0,
    duplicates: 0,
    unknownCid: 0,
    sqHeadOutOfRange: 0,
    queued: 0,
    refused: 0,
    split: 0,
    retried: 0,
    timedOut: 0,
    aborted: 0,
    injected: 0,
    sqDoorbells: 0,
    cqDoorbells: 0,
    sqShadowWrites: 0,
    cqShadowWrites: 0,
  };
  for (const each of all) for (const key of Object.keys(sums) as (keyof QueuePairStatistics)[]) sums[key] += each[key];
  return sums;
}
