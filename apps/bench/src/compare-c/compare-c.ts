import type { BenchOptions } from '../cli/bench-options.js';
import { measure } from '../measure/child-run.js';
import { interruptSignal } from '../measure/interrupt.js';
import { ProgressLines } from '../measure/progress-lines.js';
import { formatCount } from '../report/format.js';
import { describeMachine } from '../report/machine.js';
import { colorOf, writeReport } from '../report/write-report.js';
import { compileReference } from './c-compiler.js';
import { runLoop, runTimer, TRIES_MAX } from './c-run.js';
import type { Amount } from '../measure/amount.js';
import { type Case, chooseAmount, chooseCases, jobsOf, loopArguments, stackOf } from './cases.js';
import { type Comparison, emptyRows, type Row } from './comparison.js';
import { comparisonJson, renderComparison } from './comparison-report.js';

const EXIT_GOOD = 0;
const EXIT_ERRORS = 1;

/** Time for the machine's own figures, per round. */
const TIMER_SECONDS = 0.2;
/** What a window costs beside itself, for the guess at how long it all takes: starting, filling, ending. */
const OVERHEAD_MS = 400;

/**
 * Runs the loop in C and this stack in turn, and says what share of it the stack reaches.
 *
 * @returns the exit code: 1 when an I/O failed on either side
 * @throws Error when there is no compiler, or the comparison cannot be made as asked
 */
export async function compareWithC(options: BenchOptions): Promise<number> {
  const cases = chooseCases(options);
  const amount = chooseAmount(options);
  const { program, compiler } = compileReference();
  const machine = describeMachine();
  const progress = new ProgressLines(process.stderr, options.report.eta);
  const signal = interruptSignal((text) => process.stderr.write(`\n${text}`));
  const comparison: Comparison = {
    compiler,
    roundsPlanned: amount.rounds,
    rows: emptyRows(cases),
    handoverNs: [],
    clockNs: [],
    copies: [],
    failures: [],
  };
  const runs = cases.reduce((sum, { layers }) => sum + 1 + layers.length, 0);
  const seconds = (amount.rounds * runs * (amount.runMs + amount.rampMs + OVERHEAD_MS)) / 1000;
  const rounds = amount.rounds === 1 ? 'One round' : `${amount.rounds} rounds`;
  progress.say(`${rounds} of the loop in C and this stack in turn, about ${Math.ceil(seconds)} s`);
  for (let round = 0; round < amount.rounds && !signal.aborted; round++) {
    const context = {
      options,
      program,
      amount,
      comparison,
      progress,
      signal,
      title: `round ${round + 1} of ${amount.rounds}`,
    };
    await oneRound(cases, context);
  }
  progress.clear();
  const json = options.report.outputFormat === 'json';
  const text = json
    ? `${JSON.stringify(comparisonJson(comparison, options, machine, amount), null, 2)}\n`
    : renderComparison(comparison, options, machine, amount, colorOf(options.report));
  writeReport(text, options.report);
  return comparison.failures.length > 0 ? EXIT_ERRORS : EXIT_GOOD;
}

interface Round {
  readonly options: BenchOptions;
  readonly program: string;
  readonly amount: Amount;
  readonly comparison: Comparison;
  readonly progress: ProgressLines;
  readonly signal: AbortSignal;
  readonly title: string;
}

async function oneRound(cases: readonly Case[], context: Round): Promise<void> {
  const { comparison, program, signal, progress, title } = context;
  progress.now(`${title}: the machine itself`);
  await machineFigures(cases, context);
  for (const one of cases) {
    if (signal.aborted) return;
    const rows = comparison.rows.filter((row) => row.case === one);
    const name = `${one.device} ${one.media}, QD ${one.ioDepth}`;
    progress.now(`${title}: ${name}, C`);
    const stack = stackOf(context.options, one, one.layers[0]);
    const loop = await runLoop(program, loopArguments(one, stack, context.amount), signal);
    if (loop !== undefined) rows[0].c.push(loop.iops);
    if (loop !== undefined && loop.errors > 0) comparison.failures.push(`C, ${name}: ${loop.errors} errors`);
    for (const row of rows) {
      progress.now(`${title}: ${name}, this stack at layer ${row.layer}`);
      await ourSide(row, name, context);
    }
    if (!signal.aborted) progress.say(`${title}: ${name}: ${roundText(rows)}`);
  }
}

async function ourSide(row: Row, name: string, { options, amount, comparison, signal }: Round): Promise<void> {
  const stack = stackOf(options, row.case, row.layer);
  const plan = { stack, jobs: jobsOf(row.case), window: amount, stamping: options.report.latencyStamping };
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const jobs = await measure(plan, signal);
    if (jobs === undefined) return;
    const { ios, iops } = jobs.at(-1)!;
    for (const { errors, errorsByStatus } of jobs) {
      if (errors > 0) comparison.failures.push(`this stack, ${name}: ${Object.keys(errorsByStatus).join(', ')}`);
    }
    if (ios > 0) row.ours.push(iops);
    if (ios > 0 || comparison.failures.length > 0) return;
  }
}

async function machineFigures(
  cases: readonly Case[],
  { program, comparison, amount, options, signal }: Round,
): Promise<void> {
  const handover = await runTimer(program, 'handover', TIMER_SECONDS, signal);
  if (handover !== undefined) comparison.handoverNs.push(handover);
  const clock = await runTimer(program, 'clock', TIMER_SECONDS, signal);
  if (clock !== undefined) comparison.clockNs.push(clock);
  const copying = cases.find(({ media }) => media === 'ram');
  if (copying === undefined) return;
  const { mediaBytes } = stackOf(options, copying, 'nvme');
  const args = [
    'copy',
    '--qd',
    String(copying.ioDepth),
    '--bytes',
    String(mediaBytes),
    '--seconds',
    String(amount.runMs / 1000),
  ];
  const copies = await runLoop(program, args, signal);
  if (copies !== undefined) comparison.copies.push(copies.iops);
}

function roundText(rows: readonly Row[]): string {
  const last = (values: readonly number[]): string => (values.length === 0 ? 'nothing' : formatCount(values.at(-1)!));
  return [`C ${last(rows[0].c)}`, ...rows.map((row) => `${row.layer} ${last(row.ours)}`)].join(', ');
}
