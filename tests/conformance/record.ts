import type { ConformanceResult } from '@phasebit/conformance';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = new URL('../../coverage/conformance/', import.meta.url);
const SUMMARY = new URL('../../docs/conformance.json', import.meta.url);

/** Cases of an area: passed, skipped, failed. */
export type AreaCounts = readonly [passed: number, skipped: number, failed: number];

/** What a transport's results come to, as `docs/conformance.json` keeps it. */
export interface TransportSummary {
  /** name of the column */
  readonly transport: string;
  /** whose controller it is, and its release */
  readonly device: string;
  /** by area, in order */
  readonly areas: Readonly<Record<string, AreaCounts>>;
}

/** The results of one transport, for the table in `docs/conformance.md`. */
export class ConformanceRecord {
  private readonly results: ConformanceResult[] = [];

  /**
   * @param transport - name of the column, and of the file
   * @param device - whose controller it is, and its release
   */
  constructor(
    private readonly transport: string,
    private readonly device: string,
  ) {}

  /** Adds a result. */
  add(result: ConformanceResult): void {
    this.results.push(result);
  }

  /** Writes all results to `coverage/conformance/`, from where `pnpm conformance` takes them. */
  write(): void {
    const { transport, device } = this;
    const cases = this.results.map(({ case: { area, name }, outcome, reason }) => ({ area, name, outcome, reason }));
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(new URL(`${transport}.json`, FOLDER), JSON.stringify({ transport, device, cases }, null, 1));
  }

  /** How many cases of each area passed, were skipped, and failed. */
  get counts(): Record<string, AreaCounts> {
    const counts: Record<string, [number, number, number]> = {};
    for (const { case: each, outcome } of this.results) {
      const area = (counts[each.area] ??= [0, 0, 0]);
      area[outcome === 'passed' ? 0 : outcome === 'skipped' ? 1 : 2]++;
    }
    return counts;
  }

  /** What the page says of this transport; undefined when it says nothing of it, or was made with another device. */
  get published(): TransportSummary | undefined {
    const { transports } = JSON.parse(readFileSync(SUMMARY, 'utf8')) as { transports: readonly TransportSummary[] };
    return transports.find(({ transport, device }) => transport === this.transport && device === this.device);
  }
}
