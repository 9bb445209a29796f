import type { Measurement } from '../measure/measurement.js';
import type { Scenario, Section } from './scenarios.js';

/** What came of a scenario: of each round, its jobs. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly rounds: Measurement[][];
}

/** What came of a section. */
export interface SectionResult {
  readonly section: Section;
  readonly results: readonly ScenarioResult[];
}

/** A section before anything of it was measured. */
export function emptyResult(section: Section): SectionResult {
  return { section, results: section.scenarios.map((scenario) => ({ scenario, rounds: [] })) };
}

/** The last job of the round in which it was fastest; undefined before the first round. */
export function bestOf({ rounds }: ScenarioResult): Measurement | undefined {
  const lasts = rounds.map((jobs) => jobs.at(-1)!);
  return lasts.length === 0 ? undefined : lasts.reduce((best, next) => (next.iops > best.iops ? next : best));
}

/**
 * Time per command, of the best round. Where driver and device share a thread it is that thread's time on a core: what
 * other programs take of the core makes fewer commands a second, and hardly a longer command.
 */
export function nsPerIo({ scenario, rounds }: ScenarioResult): number {
  const isOneThread = scenario.stack.device === 'inline';
  const times = rounds.map((jobs) => {
    const { iops, cores } = jobs.at(-1)!;
    return (1e9 / iops) * (isOneThread ? Math.min(1, cores) : 1);
  });
  return Math.min(...times);
}

/** Whether what failed is what was meant to fail. True before the first round. */
export function isAsExpected({ scenario, rounds }: ScenarioResult): boolean {
  return rounds.flat().every((job) => {
    if (job.verifyErrors > 0) return false;
    if (scenario.expect === 'named errors') return job.errors > 0 && errorNames(job).length > 0;
    return job.errors === 0 && (scenario.ios === undefined ? job.ios > 0 : job.ios === scenario.ios);
  });
}

/**
 * The smallest share of the time for which a scenario's best round had all the cores it could use, 0 to 1. Below 1 other
 * programs took the rest.
 */
export function smallestCoreShare(sections: readonly SectionResult[]): number {
  const shares = sections
    .flatMap(({ results }) => results)
    .filter(({ scenario }) => 'time_based' in scenario.jobs.at(-1)!.settings)
    .flatMap((result) => {
      const best = bestOf(result);
      return best === undefined ? [] : [best.cores / (result.scenario.stack.device === 'thread' ? 2 : 1)];
    });
  return Math.min(1, ...shares);
}

/** Names of the statuses a job's commands failed with, without the direction and the numbers. */
export function errorNames({ errorsByStatus }: Measurement): string[] {
  return Object.keys(errorsByStatus).map((text) => text.replace(/^\w+: /, '').replace(/ \(.*\)$/, ''));
}
