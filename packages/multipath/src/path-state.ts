import {
  ANA_STATE_CHANGE,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_PERSISTENT_LOSS,
} from '@phasebit/nvme-spec';

/**
 * What is known of one path, as small integers, and what follows from it. Pure functions; the values of many paths are kept by PathGroup.
 */

/** State of the controller at the end of a path, one of the `CONTROLLER_*` numbers. */
export type ControllerState = number;

/** Up: commands can be sent. */
export const CONTROLLER_LIVE = 0;
/** Being reset: it was up, and is about to be again. */
export const CONTROLLER_RESETTING = 1;
/** Being connected: for the first time, or again after it was lost. */
export const CONTROLLER_CONNECTING = 2;
/** Down, and nobody tries to get it up. */
export const CONTROLLER_FAILED = 3;
/** Being taken away: what is in flight may end, nothing new is sent. */
export const CONTROLLER_DELETING = 4;

/** What is known of the namespace at the end of a path, one of the `NAMESPACE_*` numbers. */
export type NamespaceState = number;

/** The controller does not show the namespace, or shows another one under its identifier. */
export const NAMESPACE_GONE = 0;
/** The controller has answered as if it did not have the namespace: somebody has to look. */
export const NAMESPACE_DOUBTFUL = 1;
/** It is there: the same namespace as on the other paths. */
export const NAMESPACE_READY = 2;

/** How good a path is, one of the `RANK_*` numbers; more is better. */
export type PathRank = number;

/** Nothing may be sent. */
export const RANK_UNUSABLE = 0;
/** Usable while no path is optimized. */
export const RANK_NON_OPTIMIZED = 1;
/** The paths to use. */
export const RANK_OPTIMIZED = 2;

/** The ANA state of a path whose controller does not list the namespace; [Base] has no such state. */
export const ANA_STATE_UNKNOWN = 0;

/**
 * The rank of a path from all that is known of it.
 *
 * ```text
 *   controller live, queue pair connected, namespace ready, ANA state known to be current?
 *     no  -> unusable
 *     yes -> optimized      in ANA Optimized
 *            non-optimized  in ANA Non-Optimized
 *            unusable       in Inaccessible, Persistent Loss, Change, unknown and reserved states
 * ```
 */
export function pathRank(
  controller: ControllerState,
  isConnected: boolean,
  isNamespaceReady: boolean,
  isAnaPending: boolean,
  anaState: number,
): PathRank {
  if (controller !== CONTROLLER_LIVE || !isConnected || !isNamespaceReady || isAnaPending) return RANK_UNUSABLE;
  if (anaState === ANA_STATE_OPTIMIZED) return RANK_OPTIMIZED;
  return anaState === ANA_STATE_NON_OPTIMIZED ? RANK_NON_OPTIMIZED : RANK_UNUSABLE;
}

/**
 * Whether a path that is not usable now may become so without anyone's doing: the controller is up or on its way, and neither the time
 * that its I/O waits for it nor the time of its ANA transition is over. Persistent Loss does not end by itself, and a namespace that is gone
 * does not come back by itself.
 *
 * @param fastFailAtNs - when I/O stops waiting for the controller; infinity while it is up, or when it waits for ever
 * @param anaDeadlineNs - when the ANA transition has taken too long; infinity when there is none
 */
export function mayPathRecover(
  controller: ControllerState,
  namespace: NamespaceState,
  anaState: number,
  nowNs: number,
  fastFailAtNs: number,
  anaDeadlineNs: number,
): boolean {
  if (controller > CONTROLLER_CONNECTING || namespace === NAMESPACE_GONE) return false;
  if (anaState === ANA_STATE_PERSISTENT_LOSS) return false;
  return nowNs < fastFailAtNs && nowNs < anaDeadlineNs;
}

/** Whether an ANA state is one that has to end within ANATT: Inaccessible, Change, or not being listed. */
export function isAnaTransition(anaState: number): boolean {
  return anaState === ANA_STATE_INACCESSIBLE || anaState === ANA_STATE_CHANGE || anaState === ANA_STATE_UNKNOWN;
}

/**
 * The moment by which an ANA transition has to be over. The clock starts once, when the path enters the transition, and does not start
 * again while it goes from one such state to another.
 *
 * @param deadlineNs - the deadline so far, infinity for none
 * @param anattNs - time that the controller gives itself, nanoseconds
 */
export function nextAnaDeadline(anaState: number, deadlineNs: number, nowNs: number, anattNs: number): number {
  if (!isAnaTransition(anaState)) return Infinity;
  return deadlineNs === Infinity ? nowNs + anattNs : deadlineNs;
}

const CONTROLLER_NAMES: readonly string[] = ['live', 'resetting', 'connecting', 'failed', 'deleting'];

/** Name of a controller state for people. Never throws. */
export function describeControllerState(state: ControllerState): string {
  return CONTROLLER_NAMES[state] ?? `unknown controller state ${state}`;
}
