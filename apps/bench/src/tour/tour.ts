import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions, StackOptions } from '../cli/bench-options.js';
import { deviceTexts, isModelled } from '../cli/device-choice.js';
import { measure } from '../measure/child-run.js';
import { interruptSignal } from '../measure/interrupt.js';
import { ProgressLines } from '../measure/progress-lines.js';
import { formatCount } from '../report/format.js';
import { describeMachine } from '../report/machine.js';
import { colorOf, writeReport } from '../report/write-report.js';
import { bestOf, emptyResult, isAsExpected, type ScenarioResult, type SectionResult } from './scenario-result.js';
import { type Scenario, tourSections } from './scenarios.js';
import { renderTour, tourJson } from './tour-report.js';

const EXIT_GOOD = 0;
const EXIT_ERRORS = 1;

const RAMP_MS = 400;
const RUN_MS = 500;

/** Options that each scenario chooses itself. */
const CHOSEN = [
  ...['device', 'media', 'media-size', 'layer', 'controllers', 'fail-controller-after', 'fault'],
  ...['sq-doorbell', 'cq-doorbell', 'callback-in', 'look-ahead', 'scatter'],
];

/** What all scenarios are run with. */
interface TourContext {
  readonly options: BenchOptions;
  readonly runMs: number;
  readonly progress: ProgressLines;
  readonly signal: AbortSignal;
}

/**
 * Shows what each layer costs and what each idea is worth, in about a minute.
 *
 * @returns the exit code: 1 when an I/O failed that was not meant to, or one that was meant to did not
 */
export async function runTour(options: BenchOptions): Promise<number> {
  refuseChosen(options);
  const progress = new ProgressLines(process.stderr, options.report.eta);
  const signal = interruptSignal((text) => process.stderr.write(`\n${text}`));
  const machine = describeMachine();
  const runMs = (options.jobs?.groups[0][0].runtimeSeconds ?? RUN_MS / 1000) * 1000;
  const folder = mkdtempSync(join(tmpdir(), 'phasebit-tour-'));
  const sections = tourSections(join(folder, 'medium.img')).map(emptyResult);
  try {
    progress.say('A tour of the stack, about a minute. Ctrl-C ends it early and shows what there is.');
    for (const [at, section] of sections.entries()) {
      progress.say(`\n${at + 1}/${sections.length} ${section.section.title}`);
      await runSection(section, { options, runMs, progress, signal });
      if (signal.aborted) break;
    }
  } finally {
    progress.clear();
    rmSync(folder, { recursive: true });
  }
  progress.say('');
  const facts = { options, machine, runMs };
  const text =
    options.report.outputFormat === 'json'
      ? `${JSON.stringify(tourJson(sections, facts), null, 2)}\n`
      : renderTour(sections, facts, colorOf(options.report));
  writeReport(text, options.report);
  return sections.every(({ results }) => results.every(isAsExpected)) ? EXIT_GOOD : EXIT_ERRORS;
}

/** Measures the scenarios of a section in turn, round after round. */
async function runSection({ section, results }: SectionResult, context: TourContext): Promise<void> {
  const { options, runMs, progress, signal } = context;
  for (let round = 1; round <= section.rounds; round++) {
    for (const result of results) {
      const { scenario, rounds } = result;
      progress.now(`  ${scenario.label}${section.rounds === 1 ? '' : `, round ${round} of ${section.rounds}`}`);
      const window = { rampMs: RAMP_MS, runMs };
      const stack = stackOf(options.stack, scenario);
      const jobs = await measure(
        { stack, jobs: scenario.jobs, window, stamping: options.report.latencyStamping },
        signal,
      );
      if (jobs === undefined) return;
      rounds.push(jobs);
      if (round === section.rounds) progress.say(`  ${resultText(result)}`);
    }
  }
}

function stackOf(common: StackOptions, scenario: Scenario): StackOptions {
  return { ...common, ...scenario.stack };
}

function resultText(result: ScenarioResult): string {
  const best = bestOf(result)!;
  const isData = best.verifiedBytes > 0;
  const rate = isData ? `${formatCount(best.bytesPerSecond / 1024 ** 2)} MiB/s` : `${formatCount(best.iops)} IOPS`;
  return `${result.scenario.label.padEnd(33)} ${rate.padStart(12)}${isAsExpected(result) ? '' : '   NOT AS EXPECTED'}`;
}

function refuseChosen({ typed, stack }: BenchOptions): void {
  if (!isModelled(stack.device)) {
    const device = deviceTexts(stack.device).join();
    throw new Error(
      `--device: the tour is of devices that this program models; expected jobs for ${device}, for example --rw=randread --iodepth=32 --runtime=5 --time_based`,
    );
  }
  const name = typed.find((one) => CHOSEN.includes(one) || CHOSEN.includes(one.replace(/^no-/, '')));
  if (name === undefined) return;
  throw new Error(
    `--${name}: the tour chooses it itself; expected it with a job, for example --rw=randread --iodepth=32 --runtime=5 --time_based`,
  );
}
