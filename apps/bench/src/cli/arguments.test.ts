import { describe, expect, it } from 'vitest';
import { parseArguments, type ArgumentSources } from './arguments.js';
import type { BenchOptions } from './bench-options.js';
import { stackText } from './own-options.js';

const FILES: Readonly<Record<string, string>> = {
  'ok.fio': '[global]\nrw=randread\n[a]\n[b]\nstonewall\ndirect=1',
  'bad.fio': '[a]\niodepth=0',
  'verify.fio': '[fill]\nrw=write\nverify=crc32c',
};
const sources: ArgumentSources = {
  readFile: (path) =>
    FILES[path] ??
    (() => {
      throw new Error('ENOENT: no such file');
    })(),
  version: '1.2.3',
};

function parse(line: string): BenchOptions {
  const parsed = parseArguments(line.split(' ').filter(Boolean), sources);
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  return parsed.options;
}

function refusal(line: string): string {
  const parsed = parseArguments(line.split(' ').filter(Boolean), sources);
  if (parsed.kind !== 'exit') throw new Error('was accepted');
  expect(parsed.exitCode).toBe(2);
  expect(parsed.stdout).toBe('');
  return parsed.stderr;
}

const job = (line: string) => parse(line).jobs!.groups[0][0];

describe('commands', () => {
  it('gives the tour without arguments, also with options of the stack alone', () => {
    expect(parse('').command).toBe('tour');
    expect(parse('tour')).toEqual(parse(''));
    expect(parse('--media=ram')).toMatchObject({ command: 'tour', stack: { media: { kind: 'ram' } } });
    expect(parse('').jobs).toBeUndefined();
  });

  it.each(['run ok.fio', 'ok.fio', '--layer=nvme ok.fio', 'ok.fio --layer nvme'])('reads a job file: %s', (line) => {
    const options = parse(line);
    expect(options).toMatchObject({ command: 'run', jobFileName: 'ok.fio' });
    expect(options.jobs!.groups.map((group) => group.map((one) => one.name))).toEqual([['a'], ['b']]);
    expect(options.jobs!.warnings).toEqual(['ok.fio:6: direct: not done: the stack has no page cache to bypass']);
  });

  it('makes one job of options, named after its workload', () => {
    expect(job('--rw=randread --bs=4k --iodepth=32 --runtime=5 --time_based')).toMatchObject({
      name: 'randread',
      ioDepth: 32,
      runtimeSeconds: 5,
      timeBased: true,
      settings: { rw: 'randread', bs: '4k', iodepth: '32', runtime: '5', time_based: '1' },
    });
    expect(job('run').name).toBe('read');
    expect(job('--name=mine --readwrite write --blocksize 8k')).toMatchObject({ name: 'mine', workload: 'write' });
  });

  it('takes jobs for the comparison with C, or none', () => {
    expect(parse('compare-c').jobs).toBeUndefined();
    expect(parse('compare-c -q 4 --device=thread')).toMatchObject({
      command: 'compare-c',
      stack: { device: 'thread' },
    });
    expect(parse('compare-c -q 4').jobs!.groups[0][0].ioDepth).toBe(4);
  });
});

describe("SPDK's letters", () => {
  it('mean what they mean there', () => {
    const options = parse('-q 128 -o 4096 -w rw -M 70 -t 10 -P 4 -c 16');
    expect(options.jobs!.groups[0][0]).toMatchObject({
      ioDepth: 128,
      workload: 'rw',
      readShare: 0.7,
      runtimeSeconds: 10,
      timeBased: true,
    });
    expect(options.stack).toMatchObject({ queuePairs: 4, completionsPerPollMax: 16 });
  });

  it('and the long names are one option: the later counts', () => {
    expect(job('-q 8 --iodepth=4').ioDepth).toBe(4);
    expect(job('--iodepth=4 -q 8').ioDepth).toBe(8);
  });
});

describe("fio's manners", () => {
  it('flags take a value only with "="', () => {
    expect(job('--rw=read --norandommap=0 --group_reporting --runtime=1 --time_based')).toMatchObject({
      groupReporting: true,
      timeBased: true,
    });
    expect(refusal('--time_based ok.fio')).toContain(
      'expected a job file or job options, got both: ok.fio and --time_based',
    );
  });

  it('what is known and not done is a warning', () => {
    expect(parse('--rw=read --ioengine=libaio --direct=1 --thread').jobs!.warnings).toEqual([
      'command line: ioengine: not done: there is one engine here: the stack itself',
      'command line: direct: not done: the stack has no page cache to bypass',
      'command line: thread: not done: there is one engine here: the stack itself',
    ]);
  });
});

describe('the stack', () => {
  it('has its defaults', () => {
    expect(parse('').stack).toEqual({
      device: 'inline',
      media: { kind: 'null' },
      mediaBytes: 1024 ** 3,
      layer: 'multipath',
      queuePairs: 1,
      ringEntries: 1024,
      controllers: 1,
      sqDoorbell: 'poll',
      cqDoorbell: 'half',
      callbackIn: 'tracker',
      lookAhead: true,
      lbaBytes: 4096,
      seed: 0x89,
    });
  });

  it('takes every choice', () => {
    const line =
      '--device thread --media file:/tmp/x --media-size 64m --layer multipath --queue-pairs 2 --ring 256 --controllers 3 --sq-doorbell command ' +
      '--cq-doorbell poll --callback-in request --no-look-ahead --scatter=7 --lba-bytes 512 --requests 99 --seed 5';
    const { stack } = parse(line);
    expect(stack).toEqual({
      device: 'thread',
      media: { kind: 'file', path: '/tmp/x' },
      mediaBytes: 64 * 1024 ** 2,
      layer: 'multipath',
      queuePairs: 2,
      ringEntries: 256,
      controllers: 3,
      sqDoorbell: 'command',
      cqDoorbell: 'poll',
      callbackIn: 'request',
      lookAhead: false,
      scatterSeed: 7,
      lbaBytes: 512,
      requests: 99,
      seed: 5,
    });
    expect(stackText(stack)).toContain('memory scattered by 7');
  });

  it('scatters by the seed when none is given', () => {
    expect(parse('--seed=5 --scatter').stack.scatterSeed).toBe(5);
  });

  it.each([
    ['', 2],
    ['--controllers=1', 1],
    ['--controllers=3', 3],
    ['--layer=bdev', 1],
    ['--layer=nvme', 1],
  ])('when one controller is to fail, %s has %i of them', (line, controllers) => {
    expect(parse(`--fail-controller-after=1000 ${line}`).stack).toMatchObject({
      controllers,
      failControllerAfter: 1000,
    });
  });

  it('gives its seed to jobs without one', () => {
    expect(job('-q 1 --seed=5').seed).not.toBe(job('-q 1').seed);
    expect(job('-q 1 --seed=5 --randseed=9').seed).toBe(job('-q 1 --randseed=9').seed);
  });
});

describe('the report', () => {
  it('has its choices', () => {
    expect(parse('').report).toEqual({ outputFormat: 'normal', eta: 'auto', latencyStamping: 'batch' });
    expect(parse('--output-format=json --output=x.json --eta=never --clock=none').report).toEqual({
      outputFormat: 'json',
      outputFile: 'x.json',
      eta: 'never',
      latencyStamping: 'none',
    });
  });
});

describe('what cannot be run', () => {
  it.each([
    ['--iodepth=0', 'command line: iodepth: expected 1 or more, got 0'],
    ['-q 0', 'command line: iodepth: expected 1 or more, got 0'],
    ['--bs=5q', 'command line: bs: expected a size suffix out of k, m, g, t, p (b, kb, kib and so on), got "5q"'],
    ['--rw=readd', 'command line: rw: expected one of read, write'],
    ['--time_based', 'command line: time_based: expected a runtime with it, got none'],
    ['--iodpeth=4', 'expected an option, got "--iodpeth=4"; did you mean "--iodepth"?'],
    ['--queue-pair=4', 'did you mean "--queue-pairs"?'],
    ['-x', 'expected an option, got "-x"'],
    ['--bs', 'expected a value for -o, --bs, got none'],
    ['one.fio two.fio', 'expected at most one job file, got more'],
    ['tour extra', 'expected at most one job file, got more'],
    ['none.fio', 'expected a job file that can be read, got "none.fio": ENOENT: no such file'],
    ['bad.fio', 'bad.fio:2: iodepth: expected 1 or more, got 0'],
    ['ok.fio -q 3', 'expected a job file or job options, got both: ok.fio and --iodepth'],
    ['--layer=top', '--layer: expected one of nvme, bdev, multipath, got "top"'],
    ['--media=disk', '--media: expected null, ram or file:PATH, got "disk"'],
    ['--media=file:', '--media: expected null, ram or file:PATH, got "file:"'],
    ['--media-size=5000', '--media-size: expected a multiple of the LBA size 4096, got 5000'],
    ['--ring=1', '--ring: expected 2 or more, got 1'],
    ['--ring=100000', '--ring: expected at most 65536, got 100000'],
    ['--queue-pairs=x', '--queue-pairs: expected a whole number such as 4096, 4k or 1m, got "x"'],
    ['--controllers=2 --layer=bdev', '--controllers: expected 1 with --layer bdev, got 2'],
    [
      '--verify=crc32c --rw=write',
      'job "write": verify=crc32c: expected media that keep data (--media ram or --media file:PATH), got --media null',
    ],
    ['verify.fio', 'job "fill": verify=crc32c: expected media that keep data'],
    ['--output-format=xml', '--output-format: expected one of normal, json, got "xml"'],
  ])('refuses %s', (line, message) => {
    expect(refusal(line)).toContain(message);
  });

  it('verifies on media that keep data', () => {
    expect(parse('verify.fio --media=ram').jobs!.groups[0][0].verify).toBe('crc32c');
  });
});

describe('help and version', () => {
  it.each([
    ['--help', 'compare-c'],
    ['run --help', '--iodepth'],
    ['--version', '1.2.3'],
  ])('%s goes to standard output with exit code 0', (line, text) => {
    const parsed = parseArguments(line.split(' '), sources);
    expect(parsed).toMatchObject({ kind: 'exit', exitCode: 0, stderr: '' });
    expect(parsed.kind === 'exit' && parsed.stdout).toContain(text);
  });

  it('hides aliases and what is not done', () => {
    const parsed = parseArguments(['run', '--help'], sources);
    expect(parsed.kind === 'exit' && parsed.stdout).not.toMatch(/--blocksize|--ioengine/);
  });
});
