import { describe, expect, it } from 'vitest';
import { parseArguments } from '../cli/arguments.js';
import type { BenchOptions } from '../cli/bench-options.js';
import { stackArguments } from '../cli/stack-arguments.js';
import type { Measurement } from '../measure/measurement.js';
import { describeMachine } from '../report/machine.js';
import { chooseAmount, chooseDepths, jobsOf, makeRows, type Row, type Surroundings } from './rows.js';
import { renderTransports, transportsJson } from './transports-report.js';

function optionsOf(line: string): BenchOptions {
  const parsed = parseArguments(['compare-transports', ...line.split(' ').filter(Boolean)]);
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  return parsed.options;
}

const ALL: Surroundings = { servedPath: '/s', hasQemu: true };
const labelsOf = (line: string, surroundings = ALL): string[] => [
  ...new Set(makeRows(optionsOf(line), surroundings).map(({ label }) => label)),
];

describe('the transports that are compared', () => {
  it('are all there are', () => {
    const all = ['inline, modelled', 'thread, modelled', 'vfio-user, modelled', 'qtest, emulated by QEMU'];
    expect(labelsOf('')).toEqual(all);
    expect(labelsOf('', { hasQemu: false })).toEqual(all.slice(0, 2));
    expect(labelsOf('--device=vfio:01:00.0')).toEqual([...all, 'vfio:01:00.0']);
    expect(labelsOf('--device=vfio-user:/x')).toEqual([...all, 'vfio-user:/x']);
  });

  it.each([
    ['--device=inline', ['inline, modelled']],
    ['--device=qtest:mdts=4', ['qtest, emulated by QEMU']],
  ])('are one alone with %s', (line, labels) => {
    expect(labelsOf(line, { hasQemu: true })).toEqual(labels);
  });

  it('are measured without and with shadow doorbells, on arguments that another process reads as the same stack', () => {
    const rows = makeRows(optionsOf('--device=vfio:01:00.0'), ALL);
    expect(rows.map(({ hasShadowDoorbells }) => hasShadowDoorbells)).toEqual(rows.map((_, at) => at % 2 === 1));
    const shadow = rows.map(({ stack }) => stack.shadowDoorbells);
    expect(shadow).toEqual([
      ...[undefined, 'polling', undefined, 'polling'],
      ...['off', undefined, 'off', undefined, 'off', undefined],
    ]);
    for (const { stack } of rows) {
      const parsed = parseArguments(['run', ...stackArguments(stack)]);
      expect(parsed).toMatchObject({ kind: 'options' });
    }
  });

  it('have as deep queues as each device has, unless somebody says how deep', () => {
    expect(makeRows(optionsOf(''), ALL).every(({ stack }) => stack.ringEntries === undefined)).toBe(true);
    expect(makeRows(optionsOf('--ring=64'), ALL).every(({ stack }) => stack.ringEntries === 64)).toBe(true);
  });

  it('get reads and nothing else', () => {
    expect(chooseDepths(optionsOf(''))).toEqual([1, 4, 16, 64]);
    expect(chooseDepths(optionsOf('-q 8'))).toEqual([8]);
    expect(jobsOf([8])).toEqual([{ name: 'qd8', settings: { rw: 'randread', bs: '4k', iodepth: 8, time_based: 1 } }]);
    expect(chooseAmount(optionsOf('--loops=2 --runtime=1'))).toEqual({ rounds: 2, runMs: 1000, rampMs: 300 });
  });

  it.each([
    ['--rw=write', '--rw: expected randread, which needs no permission'],
    ['--numjobs=2', 'got --numjobs'],
    ['--media=ram', '--media: expected none, each row chooses its own'],
    ['--shadow-doorbells=polling', '--shadow-doorbells: expected none'],
    ['--fault=lost', '--fault: expected none'],
  ])('are not compared with %s', (line, message) => {
    expect(() => chooseDepths(optionsOf(line))).toThrow(message);
  });
});

describe('the report', () => {
  const measured = (iops: number, offers: boolean): Measurement => ({
    ...{
      name: 'qd1',
      ios: iops,
      bytes: 0,
      iops,
      bytesPerSecond: 0,
      mmioWritesPerIo: 1 / iops,
      sqShadowWritesPerIo: offers ? 1 : 0,
    },
    ...{
      figures: 'of a model',
      offersShadowDoorbells: offers,
      cores: 1,
      errors: 0,
      errorsByStatus: {},
      verifiedBytes: 0,
      verifyErrors: 0,
    },
  });
  const facts = (options: BenchOptions) => ({
    ...{ options, machine: describeMachine(), amount: chooseAmount(options), depths: [1] },
    ...{ notRun: ['qtest: no QEMU'], failures: [] },
  });
  const rowsOf = (options: BenchOptions): Row[] => {
    const rows = makeRows(options, { hasQemu: false }).slice(0, 2);
    rows[0].rounds.push([measured(100, false)], [measured(200, false)]);
    rows[1].rounds.push([measured(50, true)], [measured(40, true)]);
    return rows;
  };

  it('has the best round, whose figures they are, and what is missing', () => {
    const options = optionsOf('');
    const text = renderTransports(rowsOf(options), facts(options), false);
    expect(text).toMatch(/inline, modelled │ off +│ +200 │/);
    expect(text).toMatch(/inline, modelled │ on +│ +50 │/);
    expect(text).toMatch(/inline, modelled │ off +│ +0.005 │/);
    expect(text).toContain('inline, modelled: figures of a model');
    expect(text).toContain('not run: qtest: no QEMU');
  });

  it('says where shadow doorbells were wanted and are not there', () => {
    const options = optionsOf('');
    const rows = rowsOf(options);
    rows[1].rounds.splice(0, 2, [measured(50, false)]);
    expect(renderTransports(rows, facts(options), false)).toContain('│ not offered ');
    expect(transportsJson(rows, facts(options))).toMatchObject({
      rows: [
        {
          transport: 'inline, modelled',
          shadow_doorbells: false,
          depths: [{ iodepth: 1, rounds: [{ iops: 100 }, { iops: 200 }] }],
        },
        { shadow_doorbells: true, shadow_doorbells_offered: false },
      ],
      not_run: ['qtest: no QEMU'],
    });
  });
});
