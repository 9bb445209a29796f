import { describe, expect, it } from 'vitest';
import { parseArguments, type ArgumentSources } from './arguments.js';
import type { BenchOptions } from './bench-options.js';

const FILES: Readonly<Record<string, string>> = {
  'ok.fio': '[global]\nrw=randread\n[a]\n[b]\nstonewall\ndirect=1',
  'bad.fio': '[a]\niodepth=0',
  'stack.fio':
    '[global]\nlayer=nvme\nmedia=ram\nmedia-size=64m\nfault=lost:count=1\nfault=late:delay=1ms\narbitration=wrr\n' +
    '[a]\nqueue-priority=high\n[b]\nqueue_priority=low\n[c]',
  'bad-stack.fio': '[global]\nrw=read\n\nfault=lots\n[a]',
  'late-stack.fio': '[a]\nmedia=ram',
  'bare-stack.fio': '[global]\nmedia\n[a]',
  'permission.fio': '[global]\ndevice=vfio:01:00.0\nallow-writes-to=S1\n[fill]\nrw=write',
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
    expect(parse(line).stack).toEqual({
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
  });

  it('takes every choice of queues, failures and metadata', () => {
    const line =
      '--layer=nvme --media=ram --format=4096+8 --pi-type=1 --pi=on --payload=sgl --iovecs=4 --shadow-doorbells=sleeping ' +
      '--arbitration=wrr:8/4/1 --completion=interrupt --fault=lost:count=1 --fault=hang:skip=9 --fault-seed=3 ' +
      '--io-timeout=50 --on-lost=reset --retries=2';
    expect(parse(line).stack).toMatchObject({
      lbaBytes: 4096,
      metadataBytes: 8,
      piType: 1,
      pi: true,
      payload: 'sgl',
      iovecs: 4,
      shadowDoorbells: 'sleeping',
      arbitration: { highWeight: 8, mediumWeight: 4, lowWeight: 1 },
      completion: 'interrupt',
      faults: [{ rule: { kind: 'lost', count: 1 } }, { rule: { kind: 'hang', skip: 9 } }],
      faultSeed: 3,
      ioTimeoutMs: 50,
      onLost: 'reset',
      retriesMax: 2,
    });
    expect(parse(line).typed).toContain('fault');
    expect(parse('--format=512').stack.lbaBytes).toBe(512);
  });

  it('may be chosen in the global section of a job file, and the command line goes before it', () => {
    const options = parse('stack.fio');
    const faults = [{ rule: { kind: 'lost', count: 1 } }, { rule: { kind: 'late', delayNs: 1e6 } }];
    expect(options.stack).toMatchObject({ layer: 'nvme', media: { kind: 'ram' }, mediaBytes: 2 ** 26, faults });
    expect(options.jobs!.groups[0].map((one) => one.queuePriority)).toEqual(['high', 'low', undefined]);
    const changed = parse('stack.fio --media=null --fault=remove:skip=1');
    expect(changed.stack).toMatchObject({
      media: { kind: 'null' },
      mediaBytes: 2 ** 26,
      faults: [{ rule: { kind: 'remove', skip: 1 } }],
    });
  });

  it('may be on devices that are not modelled, which say themselves what they are made of', () => {
    expect(parse('--device=vfio:0000:01:00.0 --nsid=3 --shadow-doorbells=off --allow-writes-to=S1').stack).toEqual({
      device: { kind: 'vfio', addresses: ['0000:01:00.0'] },
      nsid: 3,
      media: { kind: 'own' },
      mediaBytes: 0,
      layer: 'multipath',
      queuePairs: 1,
      controllers: 1,
      sqDoorbell: 'poll',
      cqDoorbell: 'half',
      callbackIn: 'tracker',
      lookAhead: true,
      lbaBytes: 4096,
      seed: 0x89,
      shadowDoorbells: 'off',
      allowWritesTo: ['S1'],
    });
    const twoPaths = parse('--device=vfio:01:00.0,vfio:02:00.0 --allow-writes-to=A --allow-writes-to=B');
    expect(twoPaths.stack).toMatchObject({ controllers: 2, allowWritesTo: ['A', 'B'] });
    expect(parse('--device=vfio-user:/a --device=vfio-user:/b').stack.controllers).toBe(2);
    expect(parse('--device=vfio-user:/a --scatter=3').stack.scatterSeed).toBe(3);
  });

  it('may be on a QEMU that is made for the run', () => {
    const made = '--device=qtest:mdts=5 --media=ram:64m --controllers=2 --format=512+8 --pi-type=1 --layer=multipath';
    expect(refusal(made)).toContain('--format: expected no metadata with --layer multipath');
    expect(parse('--device=qtest:mdts=5 --media=ram:64m --controllers=2').stack).toMatchObject({
      device: { kind: 'qtest', properties: 'mdts=5' },
      media: { kind: 'ram' },
      mediaBytes: 2 ** 26,
      controllers: 2,
    });
    expect(parse('--device=qtest').stack).not.toHaveProperty('ringEntries');
    expect(parse('--device=qtest --ring=64').stack.ringEntries).toBe(64);
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
    ['--iodpeth=4', 'expected an option that is known here, got "--iodpeth=4"; did you mean "--iodepth"?'],
    ['--queue-pair=4', 'did you mean "--queue-pairs"?'],
    ['-x', 'expected an option that is known here, got "-x"'],
    ['--bs', 'expected a value for -o, --bs, got none'],
    ['one.fio two.fio', 'expected at most one job file, got more'],
    ['tour extra', 'expected at most one job file, got more'],
    ['none.fio', 'expected a job file that can be read, got "none.fio": ENOENT: no such file'],
    ['bad.fio', 'bad.fio:2: iodepth: expected 1 or more, got 0'],
    ['ok.fio -q 3', 'expected a job file or job options, got both: ok.fio and --iodepth'],
    ['--layer=top', '--layer: expected one of nvme, bdev, multipath, got "top"'],
    ['--media=disk', '--media: expected null, ram, file:PATH or nand, got "disk"'],
    ['--media=nand:qlc', '--media: expected nand:tlc or nand:slc, got "nand:qlc"'],
    ['--media=file:', '--media: expected null, ram, file:PATH or nand, got "file:"'],
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
    ['--format=4096+8', '--format: expected no metadata with --layer multipath, which moves data alone, got "4096+8"'],
    ['--format=512 --lba-bytes=4096', '--lba-bytes: expected 512 as --format, got 4096'],
    [
      '--layer=nvme --format=512+4 --pi-type=1',
      '--pi-type: expected a --format with 8 bytes of metadata or more, got 1',
    ],
    ['--layer=nvme --format=4096+16 --pi-guard=64', '--pi-guard: expected a --pi-type from 1 to 3 with it, got 64'],
    ['--layer=nvme --format=512+16 --pi-type=1 --pi-guard=64', '--pi-guard: expected a --format of 4096 bytes and 16'],
    ['--layer=nvme --format=4096+8 --pi-type=1 --pi-guard=64', '--pi-guard: expected a --format of 4096 bytes and 16'],
    [
      '--device=qtest --layer=nvme --format=4096+16 --pi-type=1 --pi-guard=64',
      '--pi-guard: expected a modelled device',
    ],
    ['--layer=nvme --format=512+8 --pi=on', '--pi: expected a --pi-type from 1 to 3 with it, got "on"'],
    ['--layer=nvme --format=512+8 --pi-type=1 --pi=on', '--pi: expected media that keep protection information'],
    ['--layer=nvme --format=512+8 --scatter=1', '--scatter: expected contiguous memory with metadata'],
    ['--payload=dma', '--payload: expected one of auto, prp, sgl, got "dma"'],
    ['--iovecs=2', '--iovecs: expected 1 with --layer multipath, got 2'],
    ['--iovecs=33 --layer=nvme', '--iovecs: expected at most 32, got 33'],
    ['--completion=interrupt --layer=bdev', '--completion: expected poll with --layer bdev, got "interrupt"'],
    ['--shadow-doorbells=on', '--shadow-doorbells: expected one of off, polling, sleeping, got "on"'],
    ['--device=qtest --shadow-doorbells=polling', '--shadow-doorbells: expected one of off, on, got "polling"'],
    ['--device=disk', '--device: expected inline, thread, vfio:BDF, vfio-user:PATH or qtest, got "disk"'],
    ['--device=vfio:1', '--device: expected a PCI address such as 0000:01:00.0, got "1"'],
    [
      '--device=vfio:01:00.0 --device=thread',
      '--device: expected devices of one kind, vfio as the first, got "thread"',
    ],
    ['--device=vfio:01:00.0,vfio:02:00.0 --layer=nvme', '--device: expected one device with --layer nvme, got 2'],
    ['--device=vfio:01:00.0 --fault=lost', '--fault: expected a modelled device (--device=inline or thread): nobody'],
    ['--device=qtest --fail-controller-after=5', '--fail-controller-after: expected a modelled device'],
    ['--device=qtest --fault-seed=5', '--fault-seed: expected a modelled device'],
    ['--device=qtest --scatter', '--scatter: expected a modelled device (--device=inline or thread) or vfio-user'],
    [
      '--device=vfio:01:00.0 --media=ram',
      '--media: expected a device that is made for the run: this one says its media',
    ],
    ['--device=vfio-user:/x --media-size=1g', '--media-size: expected a device that is made for the run'],
    ['--device=vfio:01:00.0 --lba-bytes=512', '--lba-bytes: expected a device that is made for the run'],
    ['--device=vfio:01:00.0 --format=512', '--format: expected a device that is made for the run'],
    ['--device=vfio:01:00.0 --pi-type=1', '--pi-type: expected a device that is made for the run'],
    ['--device=vfio:01:00.0 --controllers=2', '--controllers: expected as many --device as there are paths, got "2"'],
    ['--device=vfio:01:00.0 --pi=on', '--pi: expected off with --layer multipath'],
    ['--device=qtest --media=nand', '--media: expected null, ram or file:PATH with QEMU, got "nand"'],
    ['--media=ram:64m --media-size=32m', '--media-size: expected 67108864 as --media, got 33554432'],
    ['--device=qtest --verify=crc32c --rw=write', 'expected media that keep data'],
    ['--allow-writes-to=S1', '--allow-writes-to: expected a device that somebody may have data on, got "inline"'],
    ['--device=qtest --allow-writes-to=', '--allow-writes-to: expected a serial number, got ""'],
    ['--nsid=0', '--nsid: expected 1 or more, got 0'],
    ['permission.fio', 'permission.fio:3: allow-writes-to: expected on the command line, where whoever runs the jobs'],
    ['--arbitration=wrr:1', '--arbitration: expected rr, wrr, wrr:HIGH/MEDIUM/LOW'],
    ['--fault=lots', '--fault: kind: expected one of status, lost, late'],
    ['--fault=lost:controller=1', '--fault: expected a controller below 1, got 1'],
    ['--fault-seed=3', '--fault-seed: expected a --fault with it, got "none"'],
    ['--on-lost=retry', '--on-lost: expected one of fail, reset, got "retry"'],
    ['--io-timeout=-1', '--io-timeout: expected 0 or more, got -1'],
    ['--retries=256', '--retries: expected at most 255, got 256'],
    ['--queue-priority=top --arbitration=wrr', 'queue-priority: expected one of urgent, high, medium, low, got "top"'],
    ['--queue-priority=low', 'queue-priority=low: expected --arbitration=wrr with it, got --arbitration=rr'],
    ['stack.fio --arbitration=rr', 'job "a": queue-priority=high: expected --arbitration=wrr with it'],
    ['bad-stack.fio', 'bad-stack.fio:4: fault: kind: expected one of'],
    ['late-stack.fio', 'late-stack.fio:2: media: expected in [global], since all jobs share one stack'],
    ['bare-stack.fio', 'bare-stack.fio:2: media: expected a value, got none'],
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
    ['--help', 'compare-transports'],
    ['run --help', '--iodepth'],
    ['--version', '1.2.3'],
  ])('%s goes to standard output with exit code 0', (line, text) => {
    const parsed = parseArguments(line.split(' '), sources);
    expect(parsed).toMatchObject({ kind: 'exit', exitCode: 0, stderr: '' });
    expect(parsed.kind === 'exit' && parsed.stdout).toContain(text);
  });

  it('fits a terminal, with descriptions beside or below the options', () => {
    const parsed = parseArguments(['run', '--help'], sources);
    const lines = (parsed.kind === 'exit' ? parsed.stdout : '').split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(process.stdout.columns ?? 80);
    const at = lines.findIndex((line) => line.startsWith('  -w, --rw <'));
    expect(lines[at + 1]).toMatch(/^ {34}What is done/);
    expect(lines).toContain(`  --name <str>${' '.repeat(20)}Name of the job, instead of the section name`);
  });

  it('hides aliases and what is not done', () => {
    const parsed = parseArguments(['run', '--help'], sources);
    expect(parsed.kind === 'exit' && parsed.stdout).not.toMatch(/--blocksize|--ioengine/);
  });
});
