import type { TrackerTable } from './tracker-table.js';

/** Where idle rings stand: what another thread needs to go on with them. Plain data, to be posted. */
export interface RingState {
  /** submission queue tail, which the device knows */
  readonly sqTail: number;
  /** next completion entry to look at */
  readonly cqHead: number;
  /** its phase tag once it is new */
  readonly cqPhase: number;
  /** completion queue head that the device knows */
  readonly cqRung: number;
  /** the coarse time */
  readonly tickNow: number;
  /** the command identifier that each tracker had last, so that its generation goes on */
  readonly cids: Int32Array;
  /** which submission entries hold something in the dwords that a plain transfer does not write */
  readonly wideEntries: Uint8Array;
}

/** The command identifier that each tracker had last. None is in flight. */
export function saveGenerations(trackers: TrackerTable): Int32Array {
  const cids = new Int32Array(trackers.count);
  trackers.saveGenerations(cids);
  return cids;
}
