import type { QueuePairPlace, QueuePairSettings } from './queue-pair-options.js';
import type { RingState } from './ring-state.js';
import type { ShadowPages } from './shadow-use.js';

/**
 * A queue pair on its way to another thread: what `release` gives and `adoptQueuePair` takes. Plain data, to be posted. Its addresses
 * mean the same memory only where the function was reopened: see `describeLink` and `reopenLink` of `@phasebit/pcie`.
 */
export interface QueuePairDescription {
  /** where it is: identifier, ring and list addresses, limits. All memory is the first owner's */
  readonly place: Omit<QueuePairPlace, 'function'>;
  /** the choices it was made with */
  readonly settings: QueuePairSettings;
  /** where its rings stand */
  readonly state: RingState;
  /** shadow doorbells that it rings through; undefined for registers */
  readonly shadow: ShadowPages | undefined;
}

/** Puts a description together. */
export function describePair(
  { function: _, ...place }: QueuePairPlace,
  addresses: Required<Pick<QueuePairPlace, 'listAddress' | 'lossAddress'>>,
  settings: QueuePairSettings,
  state: RingState,
  shadow: ShadowPages | undefined,
): QueuePairDescription {
  return {
    place: { ...place, ...addresses, ringsAreGiven: true },
    settings,
    state,
    shadow: shadow === undefined ? undefined : onlyPages(shadow),
  };
}

function onlyPages({ dstrd, eventIdxAddress, shadowAddress }: ShadowPages): ShadowPages {
  return { dstrd, eventIdxAddress, shadowAddress };
}
