import { runProcess } from '../measure/child-run.js';

/** The line of JSON that the loop prints in the modes `inline`, `thread` and `copy`. */
export interface CLoopReport {
  readonly ios: number;
  readonly iops: number;
  readonly errors: number;
}

/** The same in the modes `handover` and `clock`. */
export interface CTimeReport {
  readonly nsPerRoundTrip?: number;
  readonly nsPerRead?: number;
}

/** On a busy machine one of the two threads may not run at all during a window: this often it is tried again. */
export const TRIES_MAX = 5;

const LIMIT_MS = 60_000;
const EXIT_ERRORS = 1;

/**
 * Runs the loop once.
 *
 * @returns undefined after the signal, or when nothing completed in any of {@link TRIES_MAX} tries
 * @throws Error when the loop refuses its arguments
 */
export async function runLoop(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<CLoopReport | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const report = await runOnce<CLoopReport>(program, args, signal);
    if (report === undefined) return undefined;
    if (report.ios > 0 || report.errors > 0) return report;
  }
  return undefined;
}

/** Takes a time with the loop's tools, in nanoseconds; undefined after the signal. */
export async function runTimer(
  program: string,
  mode: 'handover' | 'clock',
  seconds: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const report = await runOnce<CTimeReport>(program, [mode, '--seconds', String(seconds)], signal);
  return report?.nsPerRoundTrip ?? report?.nsPerRead;
}

async function runOnce<T>(program: string, args: readonly string[], signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const ended = await runProcess(program, args, '', LIMIT_MS, signal);
  if (signal.aborted) return undefined;
  const isReport = (ended.code === 0 || ended.code === EXIT_ERRORS) && ended.stdout.startsWith('{');
  if (!isReport) {
    const [reason = ''] = ended.stderr.trim().split('\n');
    throw new Error(`compare-c: ${reason === '' ? `the loop in C ended with ${ended.how}` : reason}`);
  }
  return JSON.parse(ended.stdout) as T;
}
