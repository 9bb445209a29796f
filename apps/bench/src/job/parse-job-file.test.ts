import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPTIONS } from './options.js';
import { JobFileError, parseJobFile, type ParseOptions } from './parse-job-file.js';
import type { JobSpec } from './job-spec.js';

const parse = (text: string, options: ParseOptions = {}) => parseJobFile(text, 'test.fio', options);
const only = (options: string): JobSpec => parse(`[job]\n${options}`).groups[0][0];

describe('the grammar', () => {
  it('lets global sections apply to the jobs after them, and add up', () => {
    const { groups } = parse(
      ['[global]', 'bs=8k', 'iodepth=2', '[a]', '[global]', 'iodepth=4', '[b]', 'rw=randread', '[c]', 'bs=512'].join(
        '\n',
      ),
    );
    expect(groups).toHaveLength(1);
    expect(groups[0].map((job) => [job.name, job.ioDepth, job.blockSizes[0]])).toEqual([
      ['a', 2, { kind: 'fixed', bytes: 8192 }],
      ['b', 4, { kind: 'fixed', bytes: 8192 }],
      ['c', 4, { kind: 'fixed', bytes: 512 }],
    ]);
  });

  it('skips blanks and comments, also behind a value', () => {
    const text = '; first\r\n\r\n  [ job ]  # named\r\n\t iodepth = 7 ; seven\r\n # last\r\n time_based\r\nruntime=1';
    expect(parse(text).groups[0][0]).toMatchObject({ name: 'job', ioDepth: 7, timeBased: true });
  });

  it('lets the last of several counts', () => {
    expect(only('iodepth=1\niodepth=9\nbs=4k\nblocksize=8k')).toMatchObject({
      ioDepth: 9,
      settings: { iodepth: '9', bs: '8k' },
    });
  });

  it('puts in environment variables, and says when one is missing', () => {
    const file = parse('[job]\niodepth=${DEPTH}\ndescription=a${MISSING}b', { environment: { DEPTH: '12' } });
    expect(file.groups[0][0]).toMatchObject({ ioDepth: 12, description: 'ab' });
    expect(file.warnings).toEqual(['test.fio:3: ${MISSING}: no such environment variable, taken as nothing']);
  });

  it.each([
    ['iodepth=1', 'test.fio:1: expected a [section] before any option, got "iodepth"'],
    ['[job]\n\niodpeth=4', 'test.fio:3: expected an option that is known here, got "iodpeth"; did you mean "iodepth"?'],
    ['[job]\nqwertyuiop=4', 'test.fio:2: expected an option that is known here, got "qwertyuiop"'],
    ['[job]\n=4', 'test.fio:2: expected [section], key=value or key, got "=4"'],
    ['[job]\nio depth', 'test.fio:2: expected [section], key=value or key, got "io depth"'],
    ['[]', 'test.fio:1: expected a section name, got "[]"'],
    ['[job', 'test.fio:1: expected "]" at the end of a section line, got "[job"'],
    ['[global]\nbs=4k', 'test.fio: expected at least one job section, got none'],
    ['', 'test.fio: expected at least one job section, got none'],
    ['[job]\niodepth', 'test.fio:2: iodepth: expected a value (int), got none'],
    ['[job]\niodepth=', 'test.fio:2: iodepth: expected a whole number such as 4096, 4k or 1m, got nothing'],
    ['[job]\niodepth=0', 'test.fio:2: iodepth: expected 1 or more, got 0'],
    ['[global]\nbs=0\n[job]', 'test.fio:2: bs: expected 1 byte or more, got 0'],
    ['[job]\ninclude other.fio', 'test.fio:2: include: not done: other files are not read in'],
    ['[job]\nread_iolog=x', 'test.fio:2: read_iolog: not done: recorded I/O is not replayed'],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: 'JobFileError', message }));
  });
});

describe('options that are known and not done', () => {
  it('warns once per key, with the reason and the first line', () => {
    const { warnings } = parse('[global]\ndirect=1\nioengine=libaio\n[a]\ndirect=0\n[b]\ninvalidate=1');
    expect(warnings).toEqual([
      'test.fio:2: direct: not done: the stack has no page cache to bypass',
      'test.fio:3: ioengine: not done: there is one engine here: the stack itself',
      'test.fio:7: invalidate: not done: the stack has no page cache to drop or to fill',
    ]);
  });
});

describe('values', () => {
  it.each([
    [
      'rw=trimwrite',
      'rw: expected one of read, write, trim, randread, randwrite, randtrim, rw, randrw; fio has trimwrite, which is not done',
    ],
    ['rw=randread:8', 'rw: expected a workload without a ":" modifier, which is not done'],
    ['rw=rread', 'rw: expected one of read, write'],
    ['rwmixread=101', 'rwmixread: expected at most 100, got 101'],
    ['rwmixwrite=-1', 'rwmixwrite: expected 0 or more, got -1'],
    ['size=-5k', 'size: expected 1 or more, got -5120'],
    ['offset=-4k', 'offset: expected 0 or more, got -4096'],
    ['size=0', 'size: expected 1 or more, got 0'],
    ['numjobs=0', 'numjobs: expected 1 or more, got 0'],
    [
      'verify=md5',
      'verify: expected none, crc32c or pattern (this one is not done, and to leave the check out would be wrong), got "md5"',
    ],
    ['verify=md6', 'verify: expected none, crc32c or pattern, got "md6"'],
    [
      'random_distribution=normal:10',
      'random_distribution: expected random, zipf or pareto (fio has more; they are not done here), got "normal"',
    ],
    ['random_distribution=zipf:0', 'random_distribution: expected a zipf theta above 0'],
    ['random_distribution=pareto:1', 'random_distribution: expected a pareto power between 0 and 1'],
    ['random_distribution=zipf:1.1:2', 'random_distribution: expected a center from 0 to 1'],
    ['continue_on_error=constructor', 'continue_on_error: expected one of none, read'],
    ['time_based=2', 'time_based: expected 0 or 1, got "2"'],
    ['runtime=1.5', 'runtime: expected a duration'],
    ['bssplit=4k/60:8k/50', 'bssplit: expected percentages that add up to 100'],
  ])('refuses %s', (line, message) => {
    expect(() => only(line)).toThrow(`test.fio:2: ${message}`);
  });

  it.each([
    ['time_based', 'test.fio:2: time_based: expected a runtime with it, got none'],
    ['rate=1m\nrate_iops=100', 'test.fio:3: rate_iops: expected either rate or rate_iops, got both'],
    ['verify=pattern', 'test.fio:2: verify: pattern: expected a verify_pattern with it, got none'],
    [
      'zero_buffers\nbuffer_pattern=0xff',
      'test.fio:3: buffer_pattern: expected either zero_buffers or buffer_pattern, got both',
    ],
    [
      'verify=crc32c\nverify_interval=3k',
      'test.fio:3: verify_interval: expected a divisor of the block size 4096, got 3072',
    ],
  ])('refuses what does not go together: %j', (lines, message) => {
    expect(() => only(lines)).toThrow(message);
  });

  it('brings every value to one unit', () => {
    const job = only(
      [
        'rw=randrw',
        'rwmixwrite=30',
        'bs=4k,8k',
        'size=50%',
        'offset=1m',
        'io_size=2g',
        'runtime=1m',
        'time_based=1',
        'ramp_time=1500ms',
        'rate=1m,500k,',
        'thinktime=2ms',
        'thinktime_blocks=4',
        'fsync=32',
        'norandommap',
        'loops=3',
        'number_ios=1k',
        'verify=crc32c',
        'verify_pattern=0xab',
        'do_verify=0',
        'verify_fatal=1',
        'continue_on_error=1',
        'buffer_pattern="x"',
        'group_reporting',
        'name=n',
      ].join('\n'),
    );
    expect(job).toMatchObject({
      name: 'n',
      workload: 'randrw',
      random: true,
      directions: [true, true, false],
      readShare: 0.7,
      size: { percent: 50 },
      offset: { bytes: 1_048_576 },
      ioSize: { bytes: 2 ** 31 },
      runtimeSeconds: 60,
      rampSeconds: 1.5,
      rateBytes: [1_048_576, 512_000, 0],
      rateIops: [0, 0, 0],
      thinkTimeUs: 2000,
      thinkTimeBlocks: 4,
      fsyncEveryWrites: 32,
      fullCoverage: false,
      loops: 3,
      numberIos: 1024,
      verify: 'crc32c',
      doVerify: false,
      verifyFatal: true,
      continueOnError: 'all',
      groupReporting: true,
    });
    expect(job.blockSizes.map((sizes) => sizes.kind === 'fixed' && sizes.bytes)).toEqual([4096, 8192, 8192]);
    expect(job.bufferFill).toEqual({ kind: 'pattern', bytes: Uint8Array.of(0x78) });
  });

  it('prefers bssplit to bsrange to bs, each direction for itself', () => {
    const job = only('bs=1k\nbssplit=4k/50:8k/50,,\nbsrange=1k-2k,2k-4k,');
    expect(job.blockSizes.map((sizes) => sizes.kind)).toEqual(['split', 'range', 'fixed']);
  });

  it('turns full coverage off for skewed and independent draws', () => {
    expect(only('rw=randread').fullCoverage).toBe(true);
    expect(only('rw=read').fullCoverage).toBe(false);
    expect(only('rw=randread\nrandom_distribution=zipf').distribution).toEqual({ kind: 'zipf', theta: 1.1 });
    expect(only('rw=randread\nrandom_distribution=pareto:0.3:0.5')).toMatchObject({
      fullCoverage: false,
      distribution: { kind: 'pareto', h: 0.3, center: 0.5 },
    });
  });
});

describe('groups, clones and seeds', () => {
  it('starts a group at each stonewall and a report group also at new_group', () => {
    const { groups } = parse('[a]\nstonewall\n[b]\n[c]\nwait_for_previous=1\nnumjobs=2\n[d]\nnew_group');
    expect(groups.map((group) => group.map((job) => `${job.name}${job.cloneIndex}`))).toEqual([
      ['a0', 'b0'],
      ['c0', 'c1', 'd0'],
    ]);
    expect(groups.flat().map((job) => [job.index, job.startGroup, job.reportGroup])).toEqual([
      [0, 0, 0],
      [1, 0, 0],
      [2, 1, 1],
      [3, 1, 1],
      [4, 1, 2],
    ]);
  });

  it('gives each job a seed of its own, the same in each run', () => {
    const seeds = (text: string, options?: ParseOptions) =>
      parse(text, options)
        .groups.flat()
        .map((job) => job.seed);
    const text = '[a]\nnumjobs=3\n[b]';
    expect(new Set(seeds(text)).size).toBe(4);
    expect(seeds(text)).toEqual(seeds(text));
    expect(seeds('[a]\nrandseed=42')).not.toEqual(seeds('[a]'));
    expect(seeds('[a]\nrandrepeat=0', { freshSeed: 1 })).not.toEqual(seeds('[a]\nrandrepeat=0', { freshSeed: 2 }));
    expect(seeds('[a]\nrandrepeat=0\nrandseed=7', { freshSeed: 1 })).toEqual(seeds('[a]\nrandseed=7'));
  });

  it('warns where clones would overwrite what each other verifies', () => {
    const warn = (lines: string) => parse(`[a]\nrw=write\nverify=crc32c\nnumjobs=2\nsize=1m\n${lines}`).warnings;
    expect(warn('')).toEqual([expect.stringContaining('test.fio:3: verify: clones write the same blocks')]);
    expect(warn('offset_increment=1m')).toEqual([]);
  });
});

describe('any text', () => {
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('4k', '1', '0', '-1', '50%', 'randrw', 'crc32c', '4k/50:8k/50', 'zipf:1.1', '1s', '0xff', ','),
  );
  const line = fc.oneof(
    fc.string(),
    fc.tuple(fc.constantFrom(...OPTIONS.map((option) => option.name)), value).map(([name, text]) => `${name}=${text}`),
    fc.constantFrom('[job]', '[global]', 'stonewall', 'direct=1', '; comment'),
  );

  it('is a job file or a JobFileError with a place, never anything else', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        try {
          const { groups } = parse(['[first]', ...lines].join('\n'));
          expect(groups.flat().length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(JobFileError);
          expect((error as JobFileError).message).toMatch(/^test\.fio(:\d+)?: /);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
