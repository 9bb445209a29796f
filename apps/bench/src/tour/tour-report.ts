import Table from 'cli-table3';
import pc from 'picocolors';
import type { BenchOptions } from '../cli/bench-options.js';
import { describeShared, stackSettings } from '../report/describe-stack.js';
import type { JsonObject } from '../report/json-object.js';
import { type Machine, machineJson, machineLines } from '../report/machine.js';
import { cellText, type MeasuredRow } from './columns.js';
import { bestOf, isAsExpected, type ScenarioResult, type SectionResult } from './scenario-result.js';

type Paint = ReturnType<typeof pc.createColors>;

/** Same widths in every table, so that the eye finds its column again. */
const LABEL_WIDTH = 33;
const COLUMN_WIDTH_MIN = 12;

/** The tour for people. */
export function renderTour(
  sections: readonly SectionResult[],
  options: BenchOptions,
  machine: Machine,
  color: boolean = pc.isColorSupported,
): string {
  const paint = pc.createColors(color);
  const lines = [
    ...machineLines(machine),
    describeShared(options),
    'Random reads of 4 KiB unless a row says otherwise; each figure from a fresh process; of several rounds the best.',
  ];
  const shown = sections.filter(({ results }) => results.some(({ rounds }) => rounds.length > 0));
  for (const [at, section] of shown.entries()) lines.push('', ...sectionLines(section, at + 1, paint));
  if (shown.length < sections.length) lines.push('', paint.yellow('ended early: the rest of the tour was not run'));
  lines.push('', paint.bold('Next'), ...nextCommands());
  return `${lines.join('\n')}\n`;
}

/** The same for tools: every round of every scenario. */
export function tourJson(sections: readonly SectionResult[], options: BenchOptions, machine: Machine): JsonObject {
  return {
    command: 'tour',
    ...machineJson(machine),
    stack: stackSettings(options),
    sections: sections.map(({ section, results }) => ({
      title: section.title,
      scenarios: results.map((result) => ({
        label: result.scenario.label,
        stack: result.scenario.stack,
        expected: result.scenario.expect,
        as_expected: isAsExpected(result),
        rounds: result.rounds,
      })),
    })),
  };
}

function sectionLines({ section, results }: SectionResult, number: number, paint: Paint): string[] {
  const rows: MeasuredRow[] = [];
  for (const result of results) {
    const best = bestOf(result);
    if (best !== undefined) rows.push({ result, best, rows });
  }
  const table = new Table({
    head: ['', ...section.columns],
    colWidths: [LABEL_WIDTH, ...section.columns.map((name) => Math.max(COLUMN_WIDTH_MIN, name.length + 2))],
    colAligns: ['left', ...section.columns.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
  });
  for (const row of rows) {
    const cells = section.columns.map((name) => cellText(name, row));
    const isGood = isAsExpected(row.result);
    table.push([row.result.scenario.label, ...cells.map((cell) => (isGood ? cell : paint.red(cell)))]);
  }
  const unmeasured = results.filter(({ rounds }) => rounds.length === 0).map(notRun);
  return [paint.bold(`${number}. ${section.title}`), section.lesson, table.toString(), ...unmeasured];
}

function notRun({ scenario }: ScenarioResult): string {
  return `not run: ${scenario.label}`;
}

/** What to type next, in the words of whoever started this: npm in a clone, or the installed program. */
function nextCommands(): string[] {
  const program = process.env.npm_lifecycle_event === 'bench' ? 'npm run bench --' : 'phasebit-bench';
  return [
    `  ${program} --rw=randread --bs=4k --iodepth=32 --runtime=10 --time_based --device=thread --media=ram`,
    `  ${program} compare-c            side by side with a minimal loop in C`,
    `  ${program} run --help           every option of a job and of the stack`,
  ];
}
