/** Throws with what was expected unless it holds: checks run where there is no test runner. */
export function demand(holds: boolean, expected: string, got: unknown): asserts holds {
  if (!holds) throw new Error(`expected ${expected}, got ${JSON.stringify(got)}`);
}
