import type { ControllerState } from './path-state.js';

/** What a new path is like, and what its controller says about itself in Identify. */
export interface PathTraits {
  /** state of the controller; default connecting */
  readonly controller?: ControllerState;
  /** ANA state; default Optimized, which is what a controller without ANA counts as */
  readonly anaState?: number;
  /** cost of the path for the numa selector, less is better; default 0 */
  readonly weight?: number;
  /** ANATT in nanoseconds; default 10 s */
  readonly anattNs?: number;
  /** CRDT1, CRDT2 and CRDT3 in units of 100 ms; default none */
  readonly crdt?: readonly [crdt1: number, crdt2: number, crdt3: number];
  /**
   * nanoseconds after the loss of the path in which commands sent over it may still take effect: the Command Quiesce Time, plus what the
   * controller takes to notice the loss; default 0, unknown
   */
  readonly quiesceNs?: number;
}

/** The fields of Identify Controller that matter to a path. */
export interface IdentifiedTraits {
  /** command retry delays 1 to 3, units of 100 ms */
  readonly crdt1: number;
  /** see {@link IdentifiedTraits.crdt1} */
  readonly crdt2: number;
  /** see {@link IdentifiedTraits.crdt1} */
  readonly crdt3: number;
  /** ANA transition time, seconds; 0 without ANA */
  readonly anatt: number;
  /** command quiesce time, milliseconds; 0 when the controller does not say */
  readonly cqt: number;
}

/**
 * The traits of a path from what its controller says about itself.
 *
 * @param noticeNs - nanoseconds that the controller takes to notice that the host is gone, such as its keep-alive timeout; it counts only
 *   together with a quiesce time
 */
export function pathTraitsOf(identify: IdentifiedTraits, noticeNs = 0): PathTraits {
  const { crdt1, crdt2, crdt3, anatt, cqt } = identify;
  return {
    crdt: [crdt1, crdt2, crdt3],
    quiesceNs: cqt === 0 ? 0 : cqt * 1e6 + noticeNs,
    ...(anatt > 0 ? { anattNs: anatt * 1e9 } : {}),
  };
}
