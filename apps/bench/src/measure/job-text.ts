/** A job by fio's option names. */
export interface MeasuredJob {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number>>;
}

/** How long a timed job runs: uncounted first, while V8 compiles, then counted. */
export interface Window {
  readonly rampMs: number;
  readonly runMs: number;
}

/**
 * The job file of one measurement. Its jobs run one after the other; those that are `time_based` get their times from
 * the window.
 */
export function jobFileText(jobs: readonly MeasuredJob[], { rampMs, runMs }: Window): string {
  return jobs
    .map(({ name, settings }) => {
      const times = 'time_based' in settings ? { ramp_time: `${rampMs}ms`, runtime: `${runMs}ms` } : {};
      const lines = Object.entries({ stonewall: 1, ...settings, ...times }).map(([key, value]) => `${key}=${value}`);
      return `[${name}]\n${lines.join('\n')}\n`;
    })
    .join('\n');
}
