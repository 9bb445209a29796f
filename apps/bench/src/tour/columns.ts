import type { Measurement } from '../measure/measurement.js';
import { formatCount, formatNs, formatRatio, formatSize } from '../report/format.js';
import { errorNames, isAsExpected, nsPerIo, type ScenarioResult } from './scenario-result.js';

/** A scenario that was measured, with the best round of it and the rows above. */
export interface MeasuredRow {
  readonly result: ScenarioResult;
  readonly best: Measurement;
  /** The measured rows of the table, in order, this one among them. */
  readonly rows: readonly MeasuredRow[];
}

export type ColumnName = keyof typeof COLUMNS;

/** What a cell says that has nothing to say. */
const NOTHING = '';

const COLUMNS = {
  IOPS: ({ best }: MeasuredRow) => formatCount(best.iops),
  'ns per I/O': ({ result }: MeasuredRow) => nsText(nsPerIo(result)),
  'this layer, ns': (row: MeasuredRow) => nsText(layerNs(row)),
  'of the whole': (row: MeasuredRow) => {
    const whole = nsPerIo(row.rows.at(-1)!.result);
    return `${Math.round((layerNs(row) / whole) * 100)} %`;
  },
  'against all on': ({ result, rows }: MeasuredRow) => `${(nsPerIo(rows[0].result) / nsPerIo(result)).toFixed(2)} x`,
  'doorbells per I/O': ({ best }: MeasuredRow) => formatRatio(best.mmioWritesPerIo),
  'latency p50': ({ best }: MeasuredRow) => latency(best, 'p50Ns'),
  'latency p99': ({ best }: MeasuredRow) => latency(best, 'p99Ns'),
  'longest read': ({ best }: MeasuredRow) => latency(best, 'maxNs'),
  'MiB/s': ({ best }: MeasuredRow) => formatCount(best.bytesPerSecond / 1024 ** 2),
  moved: ({ best }: MeasuredRow) => formatSize(best.bytes),
  verified: ({ best }: MeasuredRow) => formatSize(best.verifiedBytes),
  'reads done': ({ best }: MeasuredRow) => best.ios.toLocaleString('en'),
  errors: ({ best }: MeasuredRow) => {
    const count = best.errors + best.verifyErrors;
    const names = errorNames(best);
    return names.length === 0 ? String(count) : `${count}: ${names.join(', ')}`;
  },
  'as expected': ({ result }: MeasuredRow) => (isAsExpected(result) ? 'yes' : 'NO'),
} as const;

/** The text of one cell. */
export function cellText(name: ColumnName, row: MeasuredRow): string {
  return COLUMNS[name](row);
}

/** What this row takes more than the row above. Below 0 when noise is larger than the layer. */
function layerNs({ result, rows }: MeasuredRow): number {
  const above = rows[rows.findIndex((row) => row.result === result) - 1];
  return nsPerIo(result) - (above === undefined ? 0 : nsPerIo(above.result));
}

/** To a tenth while a tenth can be told from noise. */
function nsText(ns: number): string {
  return Math.abs(ns) < 1000 ? ns.toFixed(1) : Math.round(ns).toLocaleString('en');
}

function latency({ latency: taken }: Measurement, which: 'p50Ns' | 'p99Ns' | 'maxNs'): string {
  return taken === undefined ? NOTHING : formatNs(taken[which]);
}
