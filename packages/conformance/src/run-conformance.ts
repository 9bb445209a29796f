import type { ConformanceCase } from './conformance-case.js';
import { ConformanceHost } from './conformance-host.js';
import type { ConformanceTarget } from './conformance-target.js';
import type { ControllerFacts } from './controller-facts.js';
import { ConformanceFailure } from './failure.js';
import { gatherFacts } from './gather-facts.js';

/** How a case ended. */
export interface ConformanceResult {
  /** the case */
  readonly case: ConformanceCase;
  /** what became of it */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** why it was skipped, or how it failed; empty when it passed */
  readonly reason: string;
}

/**
 * Runs cases one after another against a controller, each from a controller reset on.
 *
 * @param onResult - told of each result as it comes
 * @throws ConformanceFailure when the controller cannot be brought up at all, before any case
 */
export async function runConformance(
  target: ConformanceTarget,
  cases: readonly ConformanceCase[],
  onResult: (result: ConformanceResult) => void = () => undefined,
): Promise<ConformanceResult[]> {
  const facts = await gatherFacts(target);
  const results: ConformanceResult[] = [];
  for (const each of cases) {
    const result = await runCase(target, facts, each);
    results.push(result);
    onResult(result);
  }
  return results;
}

/** Runs one case from a controller reset on, with facts gathered before. */
export async function runCase(
  target: ConformanceTarget,
  facts: ControllerFacts,
  each: ConformanceCase,
): Promise<ConformanceResult> {
  const isPossible = !each.needsUnmapped || target.unmappedIova !== undefined;
  const reason = isPossible ? each.skip(facts) : 'the target knows no bus address without memory';
  if (reason !== undefined) return { case: each, outcome: 'skipped', reason };
  const host = new ConformanceHost(target, facts);
  const failure = await failureOf(async () => {
    await host.disable();
    await host.enable();
    await each.run(host);
  });
  const failureToEnd = await failureOf(() => host.disable());
  // A controller that cannot be disabled may still write to the memory of the case, so nobody else gets it.
  if (failureToEnd === undefined) host.memory.release();
  const reasons = [failure, failureToEnd].filter((reason) => reason !== undefined);
  if (reasons.length === 0) return { case: each, outcome: 'passed', reason: '' };
  return { case: each, outcome: 'failed', reason: reasons.map(({ message }) => message).join('; then ') };
}

/** Does something and gives the failure that it ended with, if it did. What is no failure of the controller is thrown on. */
async function failureOf(run: () => Promise<void>): Promise<ConformanceFailure | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof ConformanceFailure) return error;
    throw error;
  }
}
