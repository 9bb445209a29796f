import Table, { type Cell } from 'cli-table3';
import pc from 'picocolors';
import type { BenchOptions } from '../cli/bench-options.js';
import { bestAndMedian } from '../measure/best-and-median.js';
import { describeStack, stackSettings } from '../report/describe-stack.js';
import { formatCount } from '../report/format.js';
import type { JsonObject } from '../report/json-object.js';
import { type Machine, machineJson, machineLines } from '../report/machine.js';
import type { Amount } from '../measure/amount.js';
import type { Comparison, Row } from './comparison.js';

/** Where nothing completed: the machine gave one of the two threads no time. */
const STARVED = 'none';

/** Choices that each row makes itself. */
const OF_A_ROW = ['device', 'media', 'layer'];

/** The comparison for people. */
export function renderComparison(
  comparison: Comparison,
  options: BenchOptions,
  machine: Machine,
  amount: Amount,
  color: boolean = pc.isColorSupported,
): string {
  const paint = pc.createColors(color);
  const shown = comparison.rows.filter(({ c, ours }) => c.length + ours.length > 0);
  const lines = [
    ...machineLines(machine),
    comparison.compiler,
    describeStack(options, OF_A_ROW),
    '',
    paint.bold('4 KiB random reads: a minimal loop in C, and this stack'),
    `${roundsText(comparison)} of ${amount.runMs} ms each, in turn; this stack in a fresh process each time`,
    renderTable(shown),
    ...(shown.length < comparison.rows.length ? [`not run: ${comparison.rows.length - shown.length} rows`] : []),
    ...machineFigures(comparison),
    ...comparison.failures.map((failure) => paint.red(failure)),
  ];
  return `${lines.join('\n')}\n`;
}

/** The same for tools: every round of both sides. */
export function comparisonJson(
  comparison: Comparison,
  options: BenchOptions,
  machine: Machine,
  amount: Amount,
): JsonObject {
  const { compiler, rows, handoverNs, clockNs, copies, failures } = comparison;
  return {
    command: 'compare-c',
    ...machineJson(machine),
    compiler,
    stack: stackSettings(options, OF_A_ROW),
    window_ms: amount.runMs,
    cases: rows.map((row) => ({
      device: row.case.device,
      media: row.case.media,
      iodepth: row.case.ioDepth,
      layer: row.layer,
      c: sideJson(row.c),
      ours: sideJson(row.ours),
      ratio_of_bests: ratio(row, 'best') ?? null,
      ratio_of_medians: ratio(row, 'median') ?? null,
    })),
    handover_ns: handoverNs,
    clock_read_ns: clockNs,
    copies_per_second: copies,
    failures,
  };
}

function sideJson(iops: readonly number[]): JsonObject {
  if (iops.length === 0) return { iops_rounds: iops };
  const { best, median } = bestAndMedian(iops);
  return {
    iops_rounds: iops,
    iops_best: best,
    iops_median: median,
    ns_per_io_best: 1e9 / best,
    ns_per_io_median: 1e9 / median,
  };
}

function renderTable(rows: readonly Row[]): string {
  const table = new Table({ style: { head: [], border: [], compact: true } });
  const center = (content: string, colSpan: number): Cell => ({ content, colSpan, hAlign: 'center' });
  table.push([
    { content: 'device, media, layer', rowSpan: 2, vAlign: 'bottom' },
    { content: 'QD', rowSpan: 2, vAlign: 'bottom', hAlign: 'right' },
    center('C, IOPS', 2),
    center('this stack, IOPS', 2),
    center('stack / C', 2),
    center('ns per I/O, median', 2),
  ]);
  table.push(['best', 'median', 'best', 'median', 'best', 'median', 'C', 'stack'].map(right));
  for (const row of rows) {
    const { device, media, ioDepth } = row.case;
    const cells = [
      ...rates(row.c),
      ...rates(row.ours),
      share(row, 'best'),
      share(row, 'median'),
      ns(row.c),
      ns(row.ours),
    ];
    table.push([`${device} ${media}, ${row.layer}`, right(String(ioDepth)), ...cells.map(right)]);
  }
  return table.toString();
}

function right(content: string): Cell {
  return { content, hAlign: 'right' };
}

function rates(iops: readonly number[]): string[] {
  if (iops.length === 0) return [STARVED, STARVED];
  const { best, median } = bestAndMedian(iops);
  return [formatCount(best), formatCount(median)];
}

function ns(iops: readonly number[]): string {
  return iops.length === 0 ? STARVED : (1e9 / bestAndMedian(iops).median).toFixed(1);
}

function share(row: Row, which: 'best' | 'median'): string {
  return ratio(row, which)?.toFixed(2) ?? STARVED;
}

function ratio({ c, ours }: Row, which: 'best' | 'median'): number | undefined {
  return c.length === 0 || ours.length === 0 ? undefined : bestAndMedian(ours)[which] / bestAndMedian(c)[which];
}

function roundsText({ rows, roundsPlanned }: Comparison): string {
  const done = Math.min(...rows.map(({ c, ours }) => Math.min(c.length, ours.length)));
  const unit = roundsPlanned === 1 ? 'round' : 'rounds';
  return done === roundsPlanned ? `${done} ${unit}` : `${done} whole ${unit} of ${roundsPlanned}`;
}

/** What the machine does by itself: no stack can be faster than what it is made of. */
function machineFigures({ handoverNs, clockNs, copies, rows }: Comparison): string[] {
  const lines: string[] = [];
  const medianOf = (values: readonly number[]): string => bestAndMedian(values).median.toFixed(1);
  if (handoverNs.length > 0) lines.push(`a cache line to the other core and back: ${medianOf(handoverNs)} ns (median)`);
  if (clockNs.length > 0) {
    lines.push(
      `one reading of the clock in C: ${medianOf(clockNs)} ns; this stack reads it once per poll, the loop never (--clock=none: neither)`,
    );
  }
  if (copies.length > 0) {
    const { best } = bestAndMedian(copies);
    const shares = rows
      .filter((row) => row.case.media === 'ram' && row.ours.length > 0)
      .map((row) => `${row.case.device} ${((bestAndMedian(row.ours).best / best) * 100).toFixed(0)} %`);
    const reached = shares.length === 0 ? '' : `; this stack reaches ${shares.join(', ')} of that`;
    lines.push(
      `bare copies of the same blocks in C: ${formatCount(best)}/s, ${(1e9 / best).toFixed(1)} ns each${reached}`,
    );
  }
  return lines;
}
