import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StackOptions } from '../cli/bench-options.js';
import { stackArguments } from '../cli/stack-arguments.js';
import type { LatencyStamping } from '../report/job-result.js';
import { jobFileText, type MeasuredJob, type Window } from './job-text.js';
import { type Measurement, readMeasurements } from './measurement.js';

/**
 * Flags of the measuring processes: the allocation count starts from a collected heap, and what was set up survives in
 * the young generation instead of being copied during the run.
 */
const MEASURE_FLAGS = ['--expose-gc', '--max-semi-space-size=64'];
/** Flags of this process that would be wrong in another one. */
const OWN_FLAGS = /^--(import|require|inspect|eval|print)/;
/** A child that is this much later than its jobs' time is lost: starting, filling media and a machine that is busy. */
const LATE_MS = 90_000;
/** Time between asking a child to end and making it. */
const LAST_WORDS_MS = 3_000;

const EXIT_ERRORS = 1;

/** One measurement: a stack, the jobs on it, and how long. */
export interface MeasurePlan {
  readonly stack: StackOptions;
  readonly jobs: readonly MeasuredJob[];
  readonly window: Window;
  readonly stamping: LatencyStamping;
}

/**
 * Runs jobs in a fresh process of this same program: V8 has then seen one shape at each call, as in a program that does
 * one thing.
 *
 * @param signal - ends the process early
 * @returns a measurement per job, or undefined after the signal
 * @throws Error when the process refuses, with its own words, or does not end
 */
export async function measure(plan: MeasurePlan, signal: AbortSignal): Promise<Measurement[] | undefined> {
  if (signal.aborted) return undefined;
  const program = fileURLToPath(new URL('./main.js', import.meta.url));
  const flags = [...MEASURE_FLAGS, ...process.execArgv.filter((flag) => !OWN_FLAGS.test(flag))];
  const report = [`--clock=${plan.stamping}`, '--output-format=json', '--eta=never'];
  const args = [...flags, program, 'run', ...stackArguments(plan.stack), ...report, '-'];
  const { window, jobs } = plan;
  const limitMs = jobs.length * (window.rampMs + window.runMs) + LATE_MS;
  const ended = await runProcess(process.execPath, args, jobFileText(jobs, window), limitMs, signal);
  if (signal.aborted) return undefined;
  if (ended.code !== 0 && ended.code !== EXIT_ERRORS) {
    throw new Error(
      ended.stderr.trim().replace(/^phasebit-bench: /, '') || `a measuring process ended with ${ended.how}`,
    );
  }
  return readMeasurements(ended.stdout);
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  /** the exit code or the signal, in words */
  readonly how: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a process to its end. @throws Error when it cannot be started or takes longer than `limitMs` */
export function runProcess(
  command: string,
  args: readonly string[],
  input: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, limitMs);
    const end = (): void => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGKILL'), LAST_WORDS_MS).unref();
    };
    signal.addEventListener('abort', end, { once: true });
    const settle = (): void => {
      clearTimeout(late);
      signal.removeEventListener('abort', end);
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', (code, killedBy) => {
      settle();
      if (isLate) reject(new Error(`${command}: expected to end within ${limitMs / 1000} s, it did not`));
      else resolve({ code, how: killedBy ?? `exit code ${code}`, stdout, stderr });
    });
    // A process that refuses its arguments may be gone before it has read anything: its exit code says more.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
