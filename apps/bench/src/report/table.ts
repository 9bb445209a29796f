import Table from 'cli-table3';
import pc from 'picocolors';
import { formatCount, formatNs, formatRatio, formatSize } from './format.js';
import {
  totalIos,
  type DirectionResult,
  type JobResult,
  type LatencyHistogram,
  type LatencyStamping,
} from './job-result.js';
import { machineLines, type Machine } from './machine.js';

/** What a cell says where nothing was taken. */
const NOT_MEASURED = 'not measured';

const STAMPING_TEXT: Readonly<Record<LatencyStamping, string>> = {
  batch: 'latency: the clock is read once per poll; commands of one poll share it',
  exact: 'latency: the clock is read for every command, when issued and when completed',
  none: 'latency: not measured',
};

/** One direction of one job: a column. */
interface Column {
  readonly job: JobResult;
  readonly heading: string;
  readonly direction: DirectionResult;
}

/** Colours, or functions that do nothing. */
type Paint = ReturnType<typeof pc.createColors>;

/** Columns per table, so that a table fits a terminal. */
const COLUMNS_MAX = 5;

/**
 * The report for people: the machine, the stack, and a table with one column per job and direction.
 *
 * @param results - in the order of the file
 * @param machine - where it ran
 * @param stackLines - what the stack was made of
 * @param color - by default what picocolors finds out (NO_COLOR, FORCE_COLOR, a terminal)
 * @returns text that ends with a newline
 */
export function renderReport(
  results: readonly JobResult[],
  machine: Machine,
  stackLines: readonly string[],
  color: boolean = pc.isColorSupported,
): string {
  const paint = pc.createColors(color);
  const lines = [...machineLines(machine), ...stackLines, ''];
  for (const result of results) {
    lines.push(
      `${paint.bold(result.name)}: ${optionsText(result)}${result.interrupted ? paint.yellow(' (interrupted)') : ''}`,
    );
  }
  for (const stamping of new Set(results.map((result) => result.latencyStamping)))
    lines.push(paint.dim(STAMPING_TEXT[stamping]));
  for (const group of tableGroups(results)) lines.push(renderTable(group, paint));
  for (const result of results) lines.push(...detailLines(result, paint));
  return `${lines.join('\n')}\n`;
}

function optionsText(result: JobResult): string {
  const text = Object.entries(result.settings)
    .filter(([name]) => name !== 'name' && name !== 'description')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return result.description === '' ? text : `${result.description} (${text})`;
}

/** Splits the columns so that a job's directions stay in one table. */
function tableGroups(results: readonly JobResult[]): Column[][] {
  const groups: Column[][] = [];
  for (const job of results) {
    const columns = columnsOf(job);
    const last = groups.at(-1);
    if (last !== undefined && last.length + columns.length <= COLUMNS_MAX) last.push(...columns);
    else groups.push(columns);
  }
  return groups;
}

function columnsOf(job: JobResult): Column[] {
  const all = (['read', 'write', 'trim'] as const).map((name) => ({
    job,
    heading: `${job.name} ${name}`,
    direction: job[name],
  }));
  const used = all.filter((column) => column.direction.ios > 0);
  return used.length > 0 ? used : [{ job, heading: job.name, direction: job.read }];
}

function renderTable(columns: readonly Column[], paint: Paint): string {
  const table = new Table({
    head: ['', ...columns.map((column) => column.heading)],
    style: { head: [], border: [], compact: true },
  });
  const perColumn = (label: string, cell: (column: Column) => string): void => {
    table.push([label, ...columns.map((column) => ({ content: cell(column), hAlign: 'right' as const }))]);
  };
  // A figure of the whole job spans its directions.
  const perJob = (label: string, cell: (job: JobResult) => string): void => {
    const jobs = [...new Set(columns.map((column) => column.job))];
    const span = (job: JobResult): number => columns.filter((column) => column.job === job).length;
    table.push([label, ...jobs.map((job) => ({ content: cell(job), colSpan: span(job), hAlign: 'right' as const }))]);
  };
  perColumn('IOPS', ({ direction }) => paint.bold(formatCount(perSecond(direction.ios, direction.runtimeMs))));
  perColumn('MiB/s', ({ direction }) => formatCount(perSecond(direction.bytes, direction.runtimeMs) / 1024 ** 2));
  for (const [label, take] of LATENCY_ROWS) perColumn(label, ({ direction }) => latencyCell(direction.latency, take));
  perJob('errors', (job) => (job.errors === 0 ? '0' : paint.red(String(job.errors))));
  perJob('data verified', (job) => verifiedCell(job, paint));
  perJob('MMIO reads per I/O', (job) => perIo(job, job.stack.mmioReads));
  perJob('MMIO writes per I/O', (job) => perIo(job, job.stack.mmioWrites));
  if (columns.some(({ job }) => (job.stack.sqShadowWrites ?? 0) > 0)) {
    perJob('  of these SQ doorbell', (job) => perIo(job, job.stack.sqDoorbellWrites));
    perJob('  of these CQ doorbell', (job) => perIo(job, job.stack.cqDoorbellWrites));
  }
  for (const [label, name] of COUNTED_ROWS) {
    if (columns.some(({ job }) => (job.stack[name] ?? 0) > 0)) perJob(label, (job) => perIo(job, job.stack[name]));
  }
  perJob('completions per poll', completionsPerPoll);
  perJob('bytes allocated per I/O', (job) => perIo(job, job.stack.bytesAllocated));
  perJob('garbage collections', ({ stack }) =>
    stack.garbageCollections === undefined ? NOT_MEASURED : String(stack.garbageCollections),
  );
  perJob('CPU ns per I/O', (job) => perIo(job, cpuNs(job.stack)));
  return table.toString();
}

/** Rows for what most runs do not have. */
const COUNTED_ROWS: readonly (readonly [label: string, name: keyof JobResult['stack']])[] = [
  ['SQ shadow writes per I/O', 'sqShadowWrites'],
  ['CQ shadow writes per I/O', 'cqShadowWrites'],
  ['interrupts per I/O', 'messages'],
  ['sent again per I/O', 'retried'],
  ['stray completions per I/O', 'spurious'],
];

const LATENCY_ROWS: readonly (readonly [label: string, take: (latency: LatencyHistogram) => number])[] = [
  ['latency min', (latency) => latency.minNs],
  ['latency avg', (latency) => latency.meanNs],
  ['latency max', (latency) => latency.maxNs],
  ['latency p50', (latency) => latency.percentileNs(50)],
  ['latency p90', (latency) => latency.percentileNs(90)],
  ['latency p99', (latency) => latency.percentileNs(99)],
  ['latency p99.9', (latency) => latency.percentileNs(99.9)],
  ['latency p99.99', (latency) => latency.percentileNs(99.99)],
];

function latencyCell(latency: LatencyHistogram | undefined, take: (latency: LatencyHistogram) => number): string {
  return latency === undefined || latency.count === 0 ? NOT_MEASURED : formatNs(take(latency));
}

function verifiedCell(job: JobResult, paint: Paint): string {
  if (job.verify === undefined) return 'no';
  const { verifiedBytes, verifiedMetadataBytes } = job.verify;
  const metadata = verifiedMetadataBytes === 0 ? '' : ` + ${formatSize(verifiedMetadataBytes)}`;
  const size = `${formatSize(verifiedBytes)}${metadata}`;
  return job.verify.errors === 0 ? paint.green(size) : paint.red(`${size}, ${job.verify.errors} wrong`);
}

function perIo(job: JobResult, value: number | undefined): string {
  const ios = totalIos(job);
  return value === undefined || ios === 0 ? NOT_MEASURED : formatRatio(value / ios);
}

/** Over polls that found something: idle ones say how long the device took, not how well completions were batched. */
function completionsPerPoll({ stack }: JobResult): string {
  if (stack.completions === undefined || stack.polls === undefined) return NOT_MEASURED;
  const busy = stack.polls - (stack.idlePolls ?? 0);
  return busy <= 0 ? NOT_MEASURED : formatRatio(stack.completions / busy);
}

function cpuNs(stack: JobResult['stack']): number | undefined {
  return stack.cpuUserNs === undefined || stack.cpuSystemNs === undefined
    ? undefined
    : stack.cpuUserNs + stack.cpuSystemNs;
}

function detailLines(result: JobResult, paint: Paint): string[] {
  const lines = Object.entries(result.errorsByStatus).map(([status, count]) =>
    paint.red(`${result.name}: ${count} x ${status}`),
  );
  for (const failure of result.verify?.failures ?? []) lines.push(paint.red(`${result.name}: ${failure}`));
  const skipped = result.verify?.skippedBytes ?? 0;
  if (skipped > 0)
    lines.push(
      `${result.name}: ${formatSize(skipped)} read and not verified: never written, or written at the same time`,
    );
  return lines;
}

function perSecond(amount: number, runtimeMs: number): number {
  return runtimeMs === 0 ? 0 : (amount * 1000) / runtimeMs;
}
