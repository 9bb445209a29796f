import Table from 'cli-table3';
import pc from 'picocolors';
import type { BenchOptions } from '../cli/bench-options.js';
import { describeStack, stackSettings } from '../report/describe-stack.js';
import type { JsonObject } from '../report/json-object.js';
import { type Machine, machineJson, machineLines } from '../report/machine.js';
import { cellText, type ColumnName, type MeasuredRow } from './columns.js';
import { bestOf, isAsExpected, type SectionResult, smallestCoreShare } from './scenario-result.js';

type Paint = ReturnType<typeof pc.createColors>;

/** Same widths in every table, so that the eye finds its column again; figures and headings that are longer widen theirs. */
const LABEL_WIDTH = 33;
const COLUMN_WIDTH_MIN = 9;
/** Blanks on both sides of a cell. */
const PADDING = 2;
/** A smaller share of the cores than this deserves a warning. */
const CORE_SHARE_GOOD = 0.9;

/** Choices that each scenario makes itself. */
const OF_A_SCENARIO = [
  'device',
  'media',
  'layer',
  'controllers',
  'sq-doorbell',
  'cq-doorbell',
  'callback-in',
  'look-ahead',
  'memory',
];

/** What the tour was run with. */
export interface TourFacts {
  readonly options: BenchOptions;
  /** as it was before the first measurement */
  readonly machine: Machine;
  /** measured time of a round */
  readonly runMs: number;
}

/** The tour for people. */
export function renderTour(
  sections: readonly SectionResult[],
  { options, machine, runMs }: TourFacts,
  color: boolean = pc.isColorSupported,
): string {
  const paint = pc.createColors(color);
  const lines = [...machineLines(machine), describeStack(options, OF_A_SCENARIO)];
  lines.push(
    `Random reads of 4 KiB unless a row says otherwise, each in a fresh process, ${runMs} ms after a warm-up.`,
    'ns per I/O is time on a core where driver and device share a thread, else time on the clock.',
  );
  const coreShare = smallestCoreShare(sections);
  if (coreShare < CORE_SHARE_GOOD) {
    const percent = Math.round(coreShare * 100);
    lines.push(
      paint.yellow(
        `Other programs were running: some rows had ${percent} % of the cores they need. IOPS and latency suffer.`,
      ),
    );
  }
  const shown = sections.filter(({ results }) => results.some(({ rounds }) => rounds.length > 0));
  for (const [at, section] of shown.entries()) lines.push('', ...sectionLines(section, at + 1, paint));
  if (shown.length < sections.length) lines.push('', paint.yellow('ended early: the rest of the tour was not run'));
  lines.push('', paint.bold('Next'), ...nextCommands());
  return `${lines.join('\n')}\n`;
}

/** The same for tools: every round of every scenario. */
export function tourJson(sections: readonly SectionResult[], { options, machine, runMs }: TourFacts): JsonObject {
  return {
    command: 'tour',
    ...machineJson(machine),
    stack: stackSettings(options, OF_A_SCENARIO),
    window_ms: runMs,
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
  const { title, lesson, columns, rounds } = section;
  const rows: MeasuredRow[] = [];
  for (const result of results) {
    const best = bestOf(result);
    if (best !== undefined) rows.push({ result, best, rows });
  }
  const note = rounds === 1 ? '' : paint.dim(` (best of ${rounds} rounds, taken in turn)`);
  const unmeasured = results
    .filter((result) => result.rounds.length === 0)
    .map(({ scenario }) => `not run: ${scenario.label}`);
  return [`${paint.bold(`${number}. ${title}`)}${note}`, lesson, renderTable(columns, rows, paint), ...unmeasured];
}

function renderTable(columns: readonly ColumnName[], rows: readonly MeasuredRow[], paint: Paint): string {
  const cells = rows.map((row) => columns.map((name) => cellText(name, row)));
  const widthOf = (name: string, at: number): number =>
    Math.max(COLUMN_WIDTH_MIN, PADDING + Math.max(name.length, ...cells.map((line) => line[at].length)));
  const table = new Table({
    head: ['', ...columns],
    colWidths: [LABEL_WIDTH, ...columns.map(widthOf)],
    colAligns: ['left', ...columns.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const [at, { result }] of rows.entries()) {
    const isGood = isAsExpected(result);
    const [first = '', ...others] = cells[at];
    const painted = isGood ? [paint.bold(first), ...others] : cells[at].map((cell) => paint.red(cell));
    table.push([result.scenario.label, ...painted]);
  }
  return table.toString();
}

/** What to type next, in the words of whoever started this: npm in a clone, or the installed program. */
function nextCommands(): string[] {
  const program = process.env.npm_lifecycle_event === 'bench' ? 'npm run bench --' : 'phasebit-bench';
  return [
    `  ${program} --rw=randread --iodepth=32 --runtime=10 --time_based --device=thread --media=ram`,
    `  ${program} compare-c`,
    `  ${program} run --help`,
  ];
}
