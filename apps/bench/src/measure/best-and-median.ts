/** Best and median of what several rounds gave. On a machine that others use the best is what the program can do. */
export interface BestAndMedian {
  readonly best: number;
  readonly median: number;
}

/** @param values - at least one; the largest is the best */
export function bestAndMedian(values: readonly number[]): BestAndMedian {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { best: sorted.at(-1)!, median };
}
