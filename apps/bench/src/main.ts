#!/usr/bin/env node
import './v8-flags.js';
import { parseArguments } from './cli/arguments.js';
import type { BenchOptions } from './cli/bench-options.js';
import { compareWithC } from './compare-c/compare-c.js';
import { compareTransports } from './compare-transports/compare-transports.js';
import { runJobs } from './engine/run-jobs.js';
import { interruptSignal } from './measure/interrupt.js';
import { describeStack, stackSettings } from './report/describe-stack.js';
import { fioJson } from './report/fio-json.js';
import { LiveLine } from './report/live-line.js';
import { describeMachine } from './report/machine.js';
import { stackReportJson, stackReportText } from './report/stack-report.js';
import { renderReport } from './report/table.js';
import { usedDeviceLines } from './report/used-devices.js';
import { checkOutput, colorOf, watchOutput, writeReport } from './report/write-report.js';
import { runTour } from './tour/tour.js';
import { packageVersion } from './version.js';

/** Exit codes: all well; an I/O failed or data was wrong; the run could not be done as asked. */
const EXIT_GOOD = 0;
const EXIT_ERRORS = 1;
const EXIT_REFUSED = 2;

async function main(): Promise<number> {
  const parsed = parseArguments(process.argv.slice(2), { version: packageVersion() });
  if (parsed.kind === 'exit') {
    process.stdout.write(parsed.stdout);
    process.stderr.write(parsed.stderr);
    return parsed.exitCode;
  }
  const { options } = parsed;
  for (const warning of options.jobs?.warnings ?? []) process.stderr.write(`warning: ${warning}\n`);
  checkOutput(options.report);
  if (options.command === 'compare-c') return compareWithC(options);
  if (options.command === 'compare-transports') return compareTransports(options);
  if (options.command === 'tour') return runTour(options);
  return run(options);
}

async function run(options: BenchOptions): Promise<number> {
  const startedMs = performance.now();
  // Before the run: afterwards the load would be the run's own.
  const machine = describeMachine();
  const signal = interruptSignal((text) => process.stderr.write(`\n${text}`));
  const hooks = { live: new LiveLine(process.stderr, options.report.eta), isInterrupted: () => signal.aborted };
  const { results, report } = await runJobs(options.jobs!.groups, options, hooks);
  const elapsedMs = performance.now() - startedMs;
  const run = stackReportJson(report, options.stack);
  const facts = { machine, stack: stackSettings(options), run, globalSettings: {}, nowMs: Date.now(), elapsedMs };
  const color = colorOf(options.report);
  const text =
    options.report.outputFormat === 'json'
      ? `${JSON.stringify(fioJson(results, facts), null, 2)}\n`
      : renderReport(results, machine, [describeStack(options), ...usedDeviceLines(report.used)], color) +
        stackReportText(report, options.stack, color);
  writeReport(text, options.report);
  const failed = results.some((result) => result.errors > 0 || (result.verify?.errors ?? 0) > 0);
  return failed || report.shutdownErrors.length > 0 ? EXIT_ERRORS : EXIT_GOOD;
}

watchOutput(EXIT_REFUSED);
main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`phasebit-bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_REFUSED;
  },
);
