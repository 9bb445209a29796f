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

/** Whether what failed is what was meant to fail. True before the first round. */
export function isAsExpected({ scenario, rounds }: ScenarioResult): boolean {
  return rounds.flat().every((job) => {
    if (job.verifyErrors > 0) return false;
    if (scenario.expect === 'no errors') return job.errors === 0 && job.ios > 0;
    return job.errors > 0 && errorNames(job).length > 0;
  });
}

/** Names of the statuses a job's commands failed with, without the direction and the numbers. */
export function errorNames({ errorsByStatus }: Measurement): string[] {
  return Object.keys(errorsByStatus).map((text) => text.replace(/^\w+: /, '').replace(/ \(.*\)$/, ''));
}
