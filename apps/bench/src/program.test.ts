/** The program as users start it: the bundle, in a process of its own. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bench, benchJson, buildProgram, program, type Report } from './bench-program.test-data.js';

const folder = mkdtempSync(join(tmpdir(), 'phasebit-test-'));
const path = (name: string): string => join(folder, name);

beforeAll(buildProgram);

afterAll(() => rmSync(folder, { recursive: true }));

describe('a run that cannot be done as asked ends with exit code 2, a sentence and nothing on standard output', () => {
  beforeAll(() => {
    writeFileSync(path('bad.fio'), '[global]\nrw=randread\n\n[job]\niodeph=4\n');
    writeFileSync(path('small.img'), '');
    truncateSync(path('small.img'), 8192);
  });

  it.each([
    ['FOLDER/bad.fio', 'bad.fio:5: expected an option that is known here, got "iodeph"; did you mean "iodepth"?'],
    ['FOLDER/none.fio', 'expected a job file that can be read'],
    ['--rw=read --media=file:FOLDER/small.img', 'small.img: expected a file of at least 1073741824 bytes, found 8192'],
    ['--rw=read --media=file:FOLDER --device=inline', ': expected a file that can be read and written: EISDIR'],
    ['--rw=read --media=file:FOLDER --device=thread', ': expected a file that can be read and written: EISDIR'],
    ['--rw=randread --iodepth=0', 'iodepth: expected 1 or more, got 0'],
    ['--rw=randread --bs=5000', 'bs: expected read blocks in multiples of the LBA size 4096, got 5000'],
    ['--rw=read --bs=4k --offset=512 --lba-bytes=4096', 'offset: expected a multiple of the LBA size 4096, got 512'],
    ['--rw=read --offset=1g', "offset: expected less than the device's 1073741824 bytes, got 1073741824"],
    ['--rw=read --offset=512m --size=1g', "size: expected offset + size of at most the device's 1073741824 bytes"],
    ['--rw=read --ring=4097', 'expected 2 to 4096 (CAP.MQES + 1), got 4097'],
    ['--rw=read --ring=4097 --device=thread --layer=nvme', 'expected 2 to 4096 (CAP.MQES + 1), got 4097'],
    ['--rw=write --verify=crc32c', 'verify=crc32c: expected media that keep data (--media ram or --media file:PATH)'],
    ['--rw=randread --iodepth=129 --ring=64', 'iodepth: expected commands that need at most 128 requests'],
    ['--rw=read --bs=4m --iodepth=15 --ring=64', 'got 15 that need 135'],
    ['--rw=randread --output=FOLDER', ': expected a file that can be written: EISDIR'],
    [
      '--rw=read --layer=nvme --iovecs=3',
      'bs: expected a multiple of 12, for --iovecs=3 elements of multiples of 4 bytes, got 4096',
    ],
    [
      '--rw=read --layer=nvme --iovecs=2 --payload=prp',
      'bs: expected a multiple of 8192, for --iovecs=2 elements of whole pages',
    ],
    ['tour --fault=lost', '--fault: the tour chooses it itself'],
    ['compare-c --fault=lost', '--fault: expected a run without failures'],
    ['compare-c --media=nand', '--media: expected null or ram, got nand'],
    ['tour --media=ram', '--media: the tour chooses it itself'],
    ['compare-c --rw=write', '--rw: expected randread'],
    ['compare-c --numjobs=2', 'got --numjobs'],
    ['compare-c --media=file:FOLDER/x', '--media: expected null or ram, got a file'],
  ])('%s', async (line, message) => {
    const { code, stdout, stderr } = await bench(line.replaceAll('FOLDER', folder));
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^phasebit-bench: [^\n]*\n$/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('the largest ring that the device allows is taken', async () => {
    const { code } = await benchJson('--rw=randread --ring=4096 --number_ios=10000 --iodepth=128');
    expect(code).toBe(0);
  });
});

describe('the report', () => {
  it('as JSON is alone on standard output, with progress on standard error', async () => {
    const line = '--rw=randread --iodepth=32 --runtime=700ms --time_based --output-format=json --eta=always';
    const { code, stdout, stderr } = await bench(line);
    const { jobs } = JSON.parse(stdout) as Report;
    expect(jobs[0].read.iops).toBeGreaterThan(0);
    expect(stderr).toContain('IOPS');
    expect(code).toBe(0);
  });

  it('has no colour in a file', async () => {
    const env = { FORCE_COLOR: '1', NO_COLOR: '' };
    const onStdout = await bench('--rw=randread --number_ios=1000', { env });
    expect(onStdout.stdout).toContain('\u001b[1m');
    const toFile = await bench(`--rw=randread --number_ios=1000 --output=${path('report.txt')}`, { env });
    expect(toFile.stdout).toBe('');
    const text = readFileSync(path('report.txt'), 'utf8');
    expect(text).toContain('IOPS');
    expect(text).not.toContain('\u001b');
  });

  it('counts only what came after the ramp', async () => {
    const line =
      '--rw=randread --iodepth=1 --layer=nvme --ramp_time=400ms --runtime=200ms --time_based --cq-doorbell=half';
    const { report } = await benchJson(line);
    const { mmio_writes_per_io: writes } = report.phasebit.jobs[0];
    // One submission doorbell per read, and a completion doorbell for every 512.
    expect(writes).toBeGreaterThan(0.99);
    expect(writes).toBeLessThan(1.02);
  });
});

describe('output', () => {
  const run = (into: string) =>
    spawnSync('sh', ['-c', `'${process.execPath}' '${program}' --rw=randread --number_ios=1000 ${into}`], {
      encoding: 'utf8',
    });

  it('that nobody reads to its end, as behind head, is no failure', () => {
    const { status, stderr } = run('| true');
    expect([status, stderr]).toEqual([0, '']);
    expect(run('2>&1 | true')).toMatchObject({ status: 0 });
  });

  it.runIf(process.platform === 'linux')('that a full disk does not take is a sentence and exit code 2', () => {
    const toPipe = run('> /dev/full');
    expect(toPipe.stderr).toMatch(/^phasebit-bench: standard output: ENOSPC.*\n$/);
    const toFile = run('--output=/dev/full');
    expect(toFile.stderr).toMatch(
      /^phasebit-bench: --output \/dev\/full: the report could not be written: ENOSPC.*\n$/,
    );
    expect([toPipe.status, toFile.status]).toEqual([2, 2]);
  });
});

describe('Ctrl-C', () => {
  it('ends a run early with what there is, and exit code 0 when nothing failed', async () => {
    const line = '--rw=randread --iodepth=8 --runtime=60 --time_based --eta=always';
    const { code, stdout, stderr, seconds } = await bench(line, { interruptAt: /IOPS/ });
    expect(stderr).toContain('interrupted: what there is so far');
    expect(stdout).toContain('(interrupted)');
    expect(stdout).toMatch(/IOPS +│ +[\d.]+[kM]/);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(20);
  });

  it('ends the tour early with the sections that are done', async () => {
    const { code, stdout } = await bench('tour --runtime=10ms --eta=always', { interruptAt: /2\/6/ });
    expect(stdout).toContain('1. What each layer costs');
    expect(stdout).toContain('ended early');
    expect(stdout).not.toContain('A controller that dies');
    expect(code).toBe(0);
  });
});

describe('a controller that dies', () => {
  const reads = '--rw=randread --iodepth=32 --number_ios=60000 --fail-controller-after=20000';

  it.each(['inline', 'thread'])('costs nothing where there is a second path (%s)', async (device) => {
    const { code, report } = await benchJson(`${reads} --controllers=2 --device=${device}`);
    expect(report.phasebit.jobs[0]).toMatchObject({ errors: 0, errors_by_status: {} });
    expect(report.jobs[0]).toMatchObject({ error: 0, read: { total_ios: 60_000 } });
    expect(code).toBe(0);
  });

  it.each([
    ['inline', 'multipath'],
    ['thread', 'multipath'],
    ['inline', 'bdev'],
    ['inline', 'nvme'],
  ])('ends the run with named errors where there is none (%s, %s)', async (device, layer) => {
    const { code, report, seconds } = await benchJson(`${reads} --controllers=1 --device=${device} --layer=${layer}`);
    const { errors, errors_by_status: names } = report.phasebit.jobs[0];
    expect(errors).toBe(32);
    expect(Object.keys(names)).toEqual([expect.stringMatching(/^read: [A-Z]\w+ .*\(sct=3 sc=0x\w+\)/)]);
    expect(report.jobs[0].read.total_ios).toBeLessThan(60_000);
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(20);
  });
});

describe('faults that were asked for', () => {
  const reads = '--rw=randread --iodepth=8 --number_ios=2000 --layer=nvme';

  it.each(['inline', 'thread'])('strike, are counted and stay failures (%s)', async (device) => {
    const line = `${reads} --device=${device} --continue_on_error=all --fault-seed=7`;
    const status = '--fault=status:opcode=read,status=unrecovered_read_error+dnr,probability=1/50';
    const { code, report } = await benchJson(`${line} ${status}`);
    const [fault] = report.phasebit.run.faults;
    expect(fault.struck).toBeGreaterThan(0);
    expect(report.phasebit.run.struck_commands).toBe(fault.struck);
    expect(report.phasebit.jobs[0].errors).toBe(fault.struck);
    expect(report.jobs[0].read.total_ios).toBe(2000 - fault.struck);
    expect(Object.keys(report.phasebit.jobs[0].errors_by_status)).toEqual([
      expect.stringContaining('Unrecovered Read Error'),
    ]);
    expect(code).toBe(1);
  });

  it.each([
    ['inline', 'nvme', 'fatal', 'CONTROLLER_FATAL'],
    ['thread', 'nvme', 'lost', 'COMMAND_TIMEOUT'],
    ['thread', 'multipath', 'fatal', 'CONTROLLER_FATAL'],
  ])('cost no read where the controller is reset (%s, %s, %s)', async (device, layer, kind, reason) => {
    const fault = `--fault=${kind}:skip=500,count=1 --on-lost=reset --io-timeout=1000`;
    const { code, report } = await benchJson(`${reads} --layer=${layer} --device=${device} ${fault}`);
    expect(report.phasebit.run).toMatchObject({ resets: { [reason]: 1 }, lost: {}, struck_commands: 1 });
    expect(report.jobs[0]).toMatchObject({ error: 0, read: { total_ios: 2000 } });
    if (layer === 'nvme') expect(report.phasebit.jobs[0].retried).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  it('end the run where the controller is given up', async () => {
    const { code, report } = await benchJson(`${reads} --fault=remove:skip=500,count=1`);
    expect(report.phasebit.run).toMatchObject({ resets: {}, lost: { CONTROLLER_GONE: 1 } });
    expect(report.phasebit.jobs[0].errors).toBe(8);
    expect(code).toBe(1);
  });

  it('of completions cost nothing but time, and what comes twice is not believed', async () => {
    const faults = '--fault=late:delay=1ms,count=3 --fault=reorder:commands=3,count=5 --fault=duplicate:count=2';
    const { code, report } = await benchJson(`${reads} ${faults} --fault=doorbells-lost:duration=2ms,skip=100,count=1`);
    expect(report.phasebit.run.faults.map(({ struck }) => struck)).toEqual([3, 5, 2, 1]);
    expect(report.phasebit.jobs[0].spurious_completions).toBe(2);
    expect(report.jobs[0]).toMatchObject({ error: 0, read: { total_ios: 2000 } });
    expect(code).toBe(0);
  });

  it('of data are found by verification, and earlier by protection information', async () => {
    const write =
      '--rw=write --bs=4k --size=1m --layer=nvme --media=ram --verify=crc32c --fault=corrupt:opcode=write,count=3';
    const plain = await benchJson(write);
    expect(plain.report.phasebit.jobs[0]).toMatchObject({ verify_errors: 3 });
    const { code, report } = await benchJson(`${write} --format=4096+8 --pi-type=1 --pi=on`);
    expect(Object.keys(report.phasebit.jobs[0].errors_by_status)).toEqual([expect.stringContaining('Guard Check')]);
    expect([plain.code, code]).toEqual([1, 1]);
  });
});

describe('queues and payloads', () => {
  const verified =
    '--rw=write --iodepth=4 --bs=32k --size=2m --layer=nvme --media=ram --media-size=64m --verify=crc32c';

  it.each([
    '--payload=sgl --iovecs=8',
    '--payload=sgl --scatter',
    '--payload=prp --iovecs=8 --scatter',
    '--iovecs=32 --device=thread',
    '--format=512+8',
    '--format=4096+64 --pi-type=2 --pi=on',
    '--format=512+8 --pi-type=3 --pi=on --iovecs=2',
    '--completion=interrupt --device=thread',
    '--completion=adaptive',
    '--shadow-doorbells=sleeping --device=thread',
  ])('data are what was written: %s', async (line) => {
    const { code, report } = await benchJson(`${verified} ${line}`);
    expect(report.phasebit.jobs[0]).toMatchObject({ errors: 0, verified_bytes: 2 * 1024 ** 2, verify_errors: 0 });
    expect(code).toBe(0);
  });

  it('shadow doorbells take the place of registers', async () => {
    const line = '--rw=randread --iodepth=1 --number_ios=2000 --layer=nvme --sq-doorbell=command';
    const { report } = await benchJson(`${line} --shadow-doorbells=polling`);
    const [job] = report.phasebit.jobs;
    expect(job.sq_shadow_writes_per_io).toBe(1);
    expect(job.cq_shadow_writes_per_io).toBeGreaterThan(0);
    expect(job.mmio_writes_per_io).toBeLessThan(0.01);
  });

  it('messages are waited for, and none come where completions are polled for', async () => {
    const line = '--rw=randread --iodepth=1 --number_ios=500 --layer=nvme';
    const waited = await benchJson(`${line} --completion=interrupt`);
    expect(waited.report.phasebit.jobs[0].interrupts_per_io).toBe(1);
    const polled = await benchJson(line);
    expect(polled.report.phasebit.jobs[0].interrupts_per_io).toBe(0);
  });

  it('a job of higher priority is done first', async () => {
    writeFileSync(
      path('classes.fio'),
      '[global]\nlayer=nvme\narbitration=wrr:32/4/1/1\nfault=late:delay=1us,count=1\nrw=randread\niodepth=64\nnumber_ios=20000\n' +
        '[low]\nqueue-priority=low\n[high]\nqueue-priority=high\n',
    );
    const { code, report } = await benchJson(path('classes.fio'));
    expect(report.jobs[1].read.iops).toBeGreaterThan(report.jobs[0].read.iops);
    expect(report.phasebit.run.struck_commands).toBe(1);
    expect(code).toBe(0);
  });
});

describe('modelled flash', () => {
  it.each(['inline', 'thread'])('takes its time, keeps the data and says that it is a model (%s)', async (device) => {
    const line = `--rw=randread --bs=16k --iodepth=1 --number_ios=50 --size=16m --media-size=32m --device=${device}`;
    const filled = '--rw=write --bs=128k --iodepth=4 --size=16m --media-size=32m --verify=crc32c';
    const { report } = await benchJson(`${filled} --media=nand:tlc,program=10us,cache=0 --device=${device}`);
    expect(report.phasebit.jobs[0]).toMatchObject({ errors: 0, verified_bytes: 16 * 1024 ** 2 });
    expect(report.phasebit.run.modelled_media).toMatchObject({
      source: expect.stringMatching(/^NAND_TLC: .* changed: program=10us cache=0$/),
      statistics: { programs: 1024 },
    });
    const { stdout } = await bench(`${line} --media=nand`);
    expect(stdout).toContain('media nand (modelled) 32 MiB');
    expect(stdout).toContain('flash: modelled, not measured');
  });
});

describe('data', () => {
  const medium = `--media=file:${path('medium.img')} --media-size=8m --bs=64k --iodepth=4 --verify=crc32c`;

  it('written to a file is there for the next process', async () => {
    const written = await benchJson(`--rw=write --device=thread ${medium}`);
    expect(written.report.phasebit.jobs[0]).toMatchObject({ verified_bytes: 8 * 1024 ** 2, verify_errors: 0 });
    const read = await benchJson(`--rw=read --device=inline ${medium}`);
    expect(read.report.phasebit.jobs[0]).toMatchObject({ verified_bytes: 8 * 1024 ** 2, verify_errors: 0, errors: 0 });
    expect([written.code, read.code]).toEqual([0, 0]);
  });

  it('that was changed behind its back is found, with its place, and exit code 1', async () => {
    const file = openSync(path('medium.img'), 'r+');
    writeSync(file, 'x', 3 * 1024 ** 2 + 70_000);
    closeSync(file);
    const { code, report } = await benchJson(`--rw=read ${medium}`);
    const { verify_errors: errors, verify_failures: failures } = report.phasebit.jobs[0];
    expect(errors).toBe(1);
    expect(failures.join()).toContain(String(3 * 1024 ** 2 + 65_536));
    expect(code).toBe(1);
  });
});

describe('compare-c', () => {
  it('says so when there is no compiler', async () => {
    const { code, stdout, stderr } = await bench('compare-c', { env: { CC: 'no-such-compiler' } });
    expect(stderr).toContain('expected a C compiler (no-such-compiler)');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  const hasCompiler = process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0;
  it.runIf(hasCompiler)('measures both sides in turn', async () => {
    const line = 'compare-c -q 8 --media=null --device=inline --layer=nvme --loops=2 --runtime=20ms --ramp_time=10ms';
    const { code, stdout } = await bench(`${line} --output-format=json --eta=never`);
    const { cases } = JSON.parse(stdout) as { cases: { c: object; ours: object; ratio_of_bests: number }[] };
    const rounds = { iops_rounds: [expect.any(Number), expect.any(Number)] };
    expect(cases).toMatchObject([
      { device: 'inline', media: 'null', iodepth: 8, layer: 'nvme', c: rounds, ours: rounds },
    ]);
    expect(cases[0].ratio_of_bests).toBeGreaterThan(0);
    expect(code).toBe(0);
  });
});
