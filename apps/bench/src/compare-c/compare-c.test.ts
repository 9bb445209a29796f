import { describe, expect, it } from 'vitest';
import { parseArguments } from '../cli/arguments.js';
import type { BenchOptions } from '../cli/bench-options.js';
import { describeMachine } from '../report/machine.js';
import { chooseAmount, chooseCases, jobsOf, loopArguments, stackOf } from './cases.js';
import { type Comparison, emptyRows } from './comparison.js';
import { comparisonJson, renderComparison } from './comparison-report.js';

function optionsOf(line: string): BenchOptions {
  const parsed = parseArguments(['compare-c', ...line.split(' ').filter(Boolean)]);
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  return parsed.options;
}

const casesOf = (line: string): string[] =>
  chooseCases(optionsOf(line)).map(
    ({ device, media, ioDepth, layers }) => `${device} ${media} ${ioDepth} ${layers.join('+')}`,
  );

describe('what is compared', () => {
  it('is a small table by default', () => {
    expect(casesOf('')).toEqual([
      'inline null 1 nvme+multipath',
      'inline null 32 nvme+multipath',
      'inline null 128 nvme+multipath',
      'thread null 1 nvme',
      'thread null 32 nvme',
      'thread null 128 nvme',
      'inline ram 32 nvme',
      'thread ram 32 nvme',
    ]);
  });

  it.each([
    ['--device=thread --media=ram', ['thread ram 32 nvme']],
    ['-q 4 --media=null', ['inline null 4 nvme+multipath', 'thread null 4 nvme']],
    ['--layer=bdev --device=inline -q 8', ['inline null 8 bdev', 'inline ram 8 bdev']],
  ])('is narrowed by what is typed: %s', (line, cases) => {
    expect(casesOf(line)).toEqual(cases);
  });

  it.each([
    ['--rw=write', 'expected randread'],
    ['--bs=8k', 'expected 4k'],
    ['--numjobs=2', 'got --numjobs'],
    ['--fail-controller-after=5', 'expected a run without failures'],
  ])('is not %s', (line, message) => {
    expect(() => casesOf(line)).toThrow(message);
  });

  it('is the same on both sides', () => {
    const options = optionsOf(
      '--media-size=64m --ring=256 --sq-doorbell=command --device=inline --media=ram --runtime=2',
    );
    const [one] = chooseCases(options);
    const stack = stackOf(options, one, 'nvme');
    expect(stack).toMatchObject({
      device: 'inline',
      media: { kind: 'ram' },
      mediaBytes: 64 * 1024 ** 2,
      layer: 'nvme',
    });
    const line =
      'inline --media copy --qd 32 --ring 256 --bytes 67108864 --sq-doorbell command --cq-doorbell half --seconds 2';
    expect(loopArguments(one, stack, chooseAmount(options)).join(' ')).toBe(line);
  });

  it('reads a RAM medium only after all of it was written', () => {
    const [fill, read] = jobsOf({ device: 'inline', media: 'ram', ioDepth: 32, layers: ['nvme'] });
    expect(fill.settings.rw).toBe('write');
    expect(read.settings.rw).toBe('randread');
  });

  it('takes its rounds from loops and their time from runtime', () => {
    expect(chooseAmount(optionsOf(''))).toEqual({ rounds: 5, runMs: 600, rampMs: 250 });
    expect(chooseAmount(optionsOf('--loops=3 --runtime=2 --ramp_time=1'))).toEqual({
      rounds: 3,
      runMs: 2000,
      rampMs: 1000,
    });
  });
});

describe('the report', () => {
  const options = optionsOf('-q 8 --device=inline --media=null');
  const amount = chooseAmount(options);
  const rows = emptyRows(chooseCases(options));
  rows[0].c.push(100e6, 80e6, 90e6);
  rows[0].ours.push(20e6, 40e6, 27e6);
  const comparison: Comparison = {
    ...{ compiler: 'gcc 1', roundsPlanned: 3, rows, failures: ['C, inline: 1 errors'] },
    ...{ handoverNs: [100, 120, 90], clockNs: [25], copies: [] },
  };

  it('has best, median, ratios and what the machine does by itself', () => {
    const text = renderComparison(comparison, options, describeMachine(), amount, false);
    const cells = text.split('\n').find((line) => line.includes('inline null, nvme'))!;
    expect(cells.split('│').map((cell) => cell.trim())).toEqual([
      ...['', 'inline null, nvme', '8', '100M', '90M', '40M', '27M', '0.40', '0.30', '11.1', '37.0', ''],
    ]);
    expect(text).toContain('none');
    expect(text).not.toContain('not run');
    expect(text).toContain('a cache line to the other core and back: 100.0 ns');
    expect(text).toContain('C, inline: 1 errors');
  });

  it('as JSON has every round', () => {
    const { cases } = comparisonJson(comparison, options, describeMachine(), amount) as { cases: object[] };
    expect(cases[0]).toMatchObject({
      ...{ device: 'inline', iodepth: 8, layer: 'nvme', ratio_of_bests: 0.4, ratio_of_medians: 0.3 },
      c: { iops_rounds: [100e6, 80e6, 90e6], iops_best: 100e6 },
    });
    expect(cases[1]).toMatchObject({ layer: 'multipath', ratio_of_bests: null });
  });
});
