import Table from 'cli-table3';
import pc from 'picocolors';
import type { BenchOptions } from '../cli/bench-options.js';
import type { Amount } from '../measure/amount.js';
import { bestAndMedian } from '../measure/best-and-median.js';
import type { Measurement } from '../measure/measurement.js';
import { describeStack, stackSettings } from '../report/describe-stack.js';
import { formatCount, formatRatio } from '../report/format.js';
import type { JsonObject } from '../report/json-object.js';
import { type Machine, machineJson, machineLines } from '../report/machine.js';
import type { Row } from './rows.js';

/** Choices that each row makes itself. */
const OF_A_ROW = ['device', 'media', 'layer', 'controllers', 'shadow-doorbells'];

const NOT_OFFERED = 'not offered';

/** What the comparison was made with. */
export interface TransportFacts {
  readonly options: BenchOptions;
  /** as it was before the first measurement */
  readonly machine: Machine;
  readonly amount: Amount;
  readonly depths: readonly number[];
  /** what is missing, and why */
  readonly notRun: readonly string[];
  readonly failures: readonly string[];
}

/** The comparison for people. */
export function renderTransports(
  rows: readonly Row[],
  facts: TransportFacts,
  color: boolean = pc.isColorSupported,
): string {
  const paint = pc.createColors(color);
  const { options, machine, amount, depths, notRun, failures } = facts;
  const shown = rows.filter(({ rounds }) => rounds.length > 0);
  const rounds = Math.min(...rows.map((row) => row.rounds.length), amount.rounds);
  const lines = [
    ...machineLines(machine),
    describeStack(options, OF_A_ROW),
    `4 KiB random reads, the driver alone; ${rounds} rounds of ${amount.runMs} ms, in turn, each row in a fresh process`,
    '',
    paint.bold('IOPS by queue depth, best round'),
    renderTable(shown, depths, (row, at) => formatCount(bestAndMedian(row.rounds.map((jobs) => jobs[at].iops)).best)),
    '',
    paint.bold('MMIO writes per I/O, that round'),
    renderTable(shown, depths, (row, at) => formatRatio(bestOf(row, at).mmioWritesPerIo)),
    ...figuresOf(shown),
    ...notRun.map((text) => paint.yellow(`not run: ${text}`)),
    ...failures.map((text) => paint.red(text)),
  ];
  return `${lines.join('\n')}\n`;
}

/** The same for tools: every round. */
export function transportsJson(rows: readonly Row[], facts: TransportFacts): JsonObject {
  const { options, machine, amount, depths, notRun, failures } = facts;
  return {
    command: 'compare-transports',
    ...machineJson(machine),
    stack: stackSettings(options, OF_A_ROW),
    window_ms: amount.runMs,
    rows: rows.map((row) => ({
      transport: row.label,
      figures: figuresOfRow(row) ?? null,
      shadow_doorbells: row.hasShadowDoorbells,
      shadow_doorbells_offered: row.rounds[0]?.[0]?.offersShadowDoorbells ?? null,
      depths: depths.map((iodepth, at) => ({
        iodepth,
        rounds: row.rounds.map((jobs) => ({
          iops: jobs[at].iops,
          mmio_writes_per_io: jobs[at].mmioWritesPerIo,
          sq_shadow_writes_per_io: jobs[at].sqShadowWritesPerIo,
          latency: jobs[at].latency ?? null,
          errors: jobs[at].errors,
        })),
      })),
    })),
    not_run: notRun,
    failures,
  };
}

function renderTable(
  rows: readonly Row[],
  depths: readonly number[],
  cell: (row: Row, depthAt: number) => string,
): string {
  const table = new Table({
    head: ['', 'shadow doorbells', ...depths.map((depth) => `QD ${depth}`)],
    colAligns: ['left', 'left', ...depths.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([row.label, shadowText(row), ...depths.map((_, at) => cell(row, at))]);
  return table.toString();
}

/** A driver that may use them does so only where the controller offers them. */
function shadowText({ hasShadowDoorbells, rounds }: Row): string {
  if (!hasShadowDoorbells) return 'off';
  return rounds[0][0].offersShadowDoorbells === true ? 'on' : NOT_OFFERED;
}

function bestOf({ rounds }: Row, at: number): Measurement {
  return rounds.map((jobs) => jobs[at]).reduce((best, next) => (next.iops > best.iops ? next : best));
}

/** Whose figures they are: no two transports have a device of the same kind. */
function figuresOf(rows: readonly Row[]): string[] {
  const byLabel = new Map(rows.map((row) => [row.label, figuresOfRow(row)]));
  return [...byLabel].map(([label, figures]) => `${label}: figures ${figures ?? 'of an unknown device'}`);
}

function figuresOfRow({ figures, rounds }: Row): string | undefined {
  return figures ?? rounds[0]?.[0]?.figures;
}
