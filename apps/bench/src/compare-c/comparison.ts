import type { StackOptions } from '../cli/bench-options.js';
import type { Case } from './cases.js';

/** One row: what both sides reached, round by round, in commands per second. */
export interface Row {
  readonly case: Case;
  readonly layer: StackOptions['layer'];
  /** shared by the rows of one case */
  readonly c: number[];
  readonly ours: number[];
}

/** Everything that was measured. Lists have one value per round. */
export interface Comparison {
  readonly compiler: string;
  readonly roundsPlanned: number;
  readonly rows: readonly Row[];
  /** a cache line to the other core and back, and one reading of the clock, in nanoseconds */
  readonly handoverNs: number[];
  readonly clockNs: number[];
  /** bare copies of random 4 KiB blocks, per second; nothing when no RAM medium is compared */
  readonly copies: number[];
  /** what failed, in words */
  readonly failures: string[];
}

/** Rows of all cases, with nothing measured yet. */
export function emptyRows(cases: readonly Case[]): Row[] {
  return cases.flatMap((one) => {
    const c: number[] = [];
    return one.layers.map((layer) => ({ case: one, layer, c, ours: [] }));
  });
}
