import { describe, expect, it } from 'vitest';
import { parseArguments } from '../cli/arguments.js';
import type { Measurement } from '../measure/measurement.js';
import { describeMachine } from '../report/machine.js';
import { emptyResult, isAsExpected, nsPerIo, type SectionResult, smallestCoreShare } from './scenario-result.js';
import { tourSections } from './scenarios.js';
import { renderTour, tourJson } from './tour-report.js';

function measured(changes: Partial<Measurement> = {}): Measurement {
  return {
    ...{
      name: 'read',
      ios: 1000,
      bytes: 4_096_000,
      iops: 10e6,
      bytesPerSecond: 40.96e9,
      mmioWritesPerIo: 0.01,
      sqShadowWritesPerIo: 0,
      cores: 1,
    },
    ...{ errors: 0, errorsByStatus: {}, verifiedBytes: 0, verifyErrors: 0 },
    ...changes,
  };
}

/** The tour with `iops` measured for the scenarios of the first section. */
function layersOf(...iops: number[]): SectionResult[] {
  const sections = tourSections('/tmp/medium').map(emptyResult);
  for (const [at, one] of iops.entries()) sections[0].results[at].rounds.push([measured({ iops: one })]);
  return sections;
}

const parsed = parseArguments(['tour']);
if (parsed.kind === 'exit') throw new Error(parsed.stderr);
const facts = { options: parsed.options, machine: describeMachine(), runMs: 500 };
const render = (sections: readonly SectionResult[]): string => renderTour(sections, facts, false);

describe('the tour', () => {
  it('fits a terminal of 100 columns', () => {
    const sections = tourSections('/tmp/medium').map(emptyResult);
    const one = measured({
      latency: { p50Ns: 123_456, p99Ns: 123_456, maxNs: 123_456 },
      ios: 1_000_000,
      verifiedBytes: 1e9,
    });
    for (const { results } of sections) for (const { rounds } of results) rounds.push([one]);
    const text = render(sections);
    const body = text.slice(text.indexOf('1. What'));
    for (const line of body.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it('says what each layer adds', () => {
    const text = render(layersOf(20e6, 16e6, 12.5e6));
    const row = (label: string) =>
      text
        .split('\n')
        .find((line) => line.includes(label))
        ?.split(/ *│ */)
        .slice(2, -1);
    expect(row('driver and controller model')).toEqual(['20M', '50.0', '50.0', '63 %']);
    expect(row('+ block layer')).toEqual(['16M', '62.5', '12.5', '16 %']);
    expect(row('+ path policy')).toEqual(['12.5M', '80.0', '17.5', '22 %']);
  });

  it('ended early shows what there is', () => {
    const text = render(layersOf(20e6));
    expect(text).toContain('not run: + block layer, one path');
    expect(text).toContain('ended early');
    expect(text).not.toContain('A controller that dies');
  });

  it('takes the best round', () => {
    const [{ results }] = layersOf(10e6);
    results[0].rounds.push([measured({ iops: 20e6 })], [measured({ iops: 5e6 })]);
    expect(nsPerIo(results[0])).toBe(50);
  });

  it('counts the time on the core when driver and device share it, and says when that was little', () => {
    const sections = layersOf();
    sections[0].results[0].rounds.push([measured({ iops: 10e6, cores: 0.5 })]);
    expect(nsPerIo(sections[0].results[0])).toBe(50);
    expect(smallestCoreShare(sections)).toBe(0.5);
    expect(render(sections)).toContain('some rows had 50 % of the cores');
    expect(render(layersOf(10e6))).not.toContain('Other programs');
  });

  it('knows which failure is meant to be', () => {
    const { results } = tourSections('/tmp/medium').map(emptyResult)[5];
    const [twoPaths, onePath] = results;
    const failed = measured({
      ios: 500_000,
      errors: 32,
      errorsByStatus: { 'read: Command Aborted By Host (sct=3 sc=0x71)': 32 },
    });
    const outcomes = (result: typeof twoPaths, ...all: Measurement[]) =>
      all.map((one) => isAsExpected({ ...result, rounds: [[one]] }));
    expect(outcomes(twoPaths, measured({ ios: 1_000_000 }), measured({ ios: 999_999 }), failed)).toEqual([
      true,
      false,
      false,
    ]);
    expect(outcomes(onePath, failed, measured(), measured({ errors: 1 }))).toEqual([true, false, false]);
  });

  it('as JSON has every round', () => {
    const { sections } = tourJson(layersOf(20e6), facts) as { sections: { scenarios: object[] }[] };
    expect(sections[0].scenarios[0]).toMatchObject({ as_expected: true, rounds: [[{ iops: 20e6 }]] });
  });
});
