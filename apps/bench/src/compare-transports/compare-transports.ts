import type { BenchOptions } from '../cli/bench-options.js';
import { measure } from '../measure/child-run.js';
import { interruptSignal } from '../measure/interrupt.js';
import { ProgressLines } from '../measure/progress-lines.js';
import { formatCount } from '../report/format.js';
import { describeMachine } from '../report/machine.js';
import { colorOf, writeReport } from '../report/write-report.js';
import { chooseAmount, chooseDepths, isWanted, jobsOf, makeRows, type Row } from './rows.js';
import { type ServedController, serveController } from './served-controller.js';
import { renderTransports, type TransportFacts, transportsJson } from './transports-report.js';

const EXIT_GOOD = 0;
const EXIT_ERRORS = 1;

/** What a process costs beside its jobs, for the guess at how long it all takes. */
const OVERHEAD_MS = 800;

/**
 * Runs the same reads through every transport there is, in turn: what each costs, by queue depth, and what shadow doorbells save.
 *
 * @returns the exit code: 1 when an I/O failed
 * @throws Error when the comparison cannot be made as asked
 */
export async function compareTransports(options: BenchOptions): Promise<number> {
  const depths = chooseDepths(options);
  const amount = chooseAmount(options);
  const machine = describeMachine();
  const progress = new ProgressLines(process.stderr, options.report.eta);
  const signal = interruptSignal((text) => process.stderr.write(`\n${text}`));
  const notRun: string[] = [];
  const hasQemu = await canRunQemu(options, notRun);
  const served = isWanted('vfio-user', options) ? await serve(notRun) : undefined;
  const failures: string[] = [];
  let rows: Row[];
  try {
    rows = makeRows(options, { hasQemu, ...(served === undefined ? {} : { servedPath: served.path }) });
    const perRound = rows.length * (depths.length * (amount.rampMs + amount.runMs) + OVERHEAD_MS);
    const rounds = amount.rounds === 1 ? 'One round' : `${amount.rounds} rounds`;
    progress.say(`${rounds} of ${rows.length} rows in turn, about ${Math.ceil((amount.rounds * perRound) / 1000)} s`);
    for (let round = 1; round <= amount.rounds && !signal.aborted; round++) {
      const title = `round ${round} of ${amount.rounds}`;
      for (const row of rows) {
        progress.now(`${title}: ${nameOf(row)}`);
        const plan = {
          stack: row.stack,
          jobs: jobsOf(depths),
          window: amount,
          stamping: options.report.latencyStamping,
        };
        const jobs = await measure(plan, signal);
        if (jobs === undefined) break;
        row.rounds.push(jobs);
        for (const { errorsByStatus } of jobs)
          failures.push(...Object.keys(errorsByStatus).map((text) => `${nameOf(row)}: ${text}`));
        progress.say(`${title}: ${nameOf(row)}: ${jobs.map(({ iops }) => formatCount(iops)).join(', ')}`);
      }
    }
  } finally {
    progress.clear();
    await served?.close();
  }
  const facts: TransportFacts = { options, machine, amount, depths, notRun, failures };
  const text =
    options.report.outputFormat === 'json'
      ? `${JSON.stringify(transportsJson(rows, facts), null, 2)}\n`
      : renderTransports(rows, facts, colorOf(options.report));
  writeReport(text, options.report);
  return failures.length > 0 ? EXIT_ERRORS : EXIT_GOOD;
}

async function canRunQemu(options: BenchOptions, notRun: string[]): Promise<boolean> {
  if (!isWanted('qtest', options)) return false;
  const { noQemu } = await import('@phasebit/qtest');
  const reason = noQemu();
  if (reason !== undefined) notRun.push(`qtest: ${reason}`);
  return reason === undefined;
}

async function serve(notRun: string[]): Promise<ServedController | undefined> {
  if (process.platform !== 'linux') {
    notRun.push(`vfio-user: it passes descriptors as Linux does, this is ${process.platform}`);
    return undefined;
  }
  return serveController();
}

/** A row as progress and failures name it. */
function nameOf({ label, hasShadowDoorbells }: Row): string {
  return hasShadowDoorbells ? `${label}, shadow doorbells` : label;
}
