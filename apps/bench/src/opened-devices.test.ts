/** The program on controllers that it does not model. */
import { noQemu } from '@phasebit/qtest';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bench, benchJson, buildProgram, buildTarget } from './bench-program.test-data.js';

const folder = mkdtempSync(join(tmpdir(), 'phasebit-opened-'));
const path = (name: string): string => join(folder, name);

beforeAll(buildProgram);

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs what is to be refused, and gives the sentence. */
async function refusal(line: string, env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await bench(line.replaceAll('FOLDER', folder), { env });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^phasebit-bench: [^\n]*\n$/);
  return stderr;
}

describe('devices that cannot be had are refused with what is missing', () => {
  it.each([
    ['--rw=read --device=vfio:ffff:ff:1f.7', 'there is no PCI function ffff:ff:1f.7'],
    ['--rw=read --device=vfio-user:FOLDER/nobody', 'nobody: expected a server with an NVMe controller: connect'],
    ['--device=vfio:ffff:ff:1f.7', 'the tour is of devices that this program models'],
    ['compare-c --device=qtest', '--device: expected inline or thread, which the loop in C models too, got qtest'],
  ])('%s', async (line, message) => {
    expect(await refusal(line)).toContain(message);
  });

  it('QEMU, with the package that has it', async () => {
    const line = '--rw=read --device=qtest';
    expect(await refusal(line, { PATH: folder, PHASEBIT_QEMU: '' })).toContain('apt-get install qemu-system-x86');
  });
});

const missing = noQemu();
describe.skipIf(missing !== undefined)(`QEMU's controller${missing === undefined ? '' : `: ${missing}`}`, () => {
  const small = '--device=qtest --media=ram:64m --size=1m --iodepth=8 --verify=crc32c';

  it.each([
    '--rw=randrw --bs=4k --layer=multipath --controllers=2',
    '--rw=write --bs=64k --layer=bdev --lba-bytes=512',
    '--rw=randwrite --bssplit=4k/50:1m/50 --layer=nvme --payload=prp',
    '--rw=write --bs=32k --layer=nvme --payload=sgl --iovecs=8',
    '--rw=write --bs=16k --layer=nvme --format=4096+64',
    '--rw=write --bs=16k --layer=nvme --format=512+8 --pi-type=1 --pi=on',
    '--rw=write --layer=nvme --completion=interrupt',
    '--rw=write --layer=nvme --completion=adaptive --queue-pairs=2',
    '--rw=write --layer=nvme --shadow-doorbells=off --sq-doorbell=command --ring=2 --requests=16',
    '--rw=write --layer=nvme --ring=2048 --numjobs=2 --offset_increment=2m',
  ])('keeps what was written: %s', async (line) => {
    const { code, report } = await benchJson(`${small} ${line}`);
    for (const job of report.phasebit.jobs) expect(job).toMatchObject({ errors: 0, verify_errors: 0 });
    expect(report.phasebit.jobs[0].verified_bytes).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  it('is told from a model and from a drive, with what it granted', async () => {
    const { code, stdout } = await bench(
      '--rw=randread --number_ios=100 --device=qtest:max_ioqpairs=3 --queue-pairs=2',
    );
    expect(stdout).toMatch(
      /^qtest: QEMU NVMe Ctrl, serial PHASEBITQTEST, firmware [\d.]+; namespace 1: 1GiB in blocks/m,
    );
    expect(stdout).toMatch(/^qtest: I\/O queue pairs granted 2, rings of 1024 \(at most 2048\)/m);
    expect(stdout).toMatch(
      /^figures: of the emulation in QEMU [\d.]+, another process on this machine, and of no drive$/m,
    );
    expect(stdout).not.toContain('(modelled)');
    expect(code).toBe(0);
    const { report } = await benchJson('--rw=randread --number_ios=100 --device=qtest');
    const { transport, devices, ring_entries: entries } = report.phasebit.run;
    expect({ transport, entries }).toEqual({ transport: 'qtest', entries: 1024 });
    expect(devices).toMatchObject([{ name: 'qtest', serial: 'PHASEBITQTEST', queue_entries_max: 2048 }]);
  });

  it('uses shadow doorbells where it is let', async () => {
    const line = '--rw=randread --iodepth=4 --number_ios=2000 --layer=nvme --device=qtest';
    const [used, unused] = [await benchJson(line), await benchJson(`${line} --shadow-doorbells=off`)];
    expect(used.report.phasebit.jobs[0].sq_shadow_writes_per_io).toBeGreaterThan(0);
    expect(unused.report.phasebit.jobs[0].sq_shadow_writes_per_io).toBe(0);
  });

  it('trims', async () => {
    const { code, report } = await benchJson('--rw=randtrim --size=1m --device=qtest --media=ram:64m');
    expect(report.phasebit.jobs[0].errors).toBe(0);
    expect(code).toBe(0);
  });

  it.each([
    [
      '--queue-pairs=4 --device=qtest:max_ioqpairs=2',
      'expected at most 2 I/O queue pairs in all, which is what qtest grants, got 4',
    ],
    ['--ring=4096 --device=qtest', '--ring: expected 2 to 2048 (CAP.MQES + 1), got 4096'],
    ['--nsid=2 --device=qtest', '--nsid: expected an active namespace of qtest, one of 1, got 2'],
    [
      '--layer=nvme --completion=interrupt --numjobs=2 --device=qtest:msix_qsize=2',
      '--completion: expected at most 1 queue pairs',
    ],
    ['--offset=2g --device=qtest', "offset: expected less than the device's 1073741824 bytes"],
    ['--bs=1k --device=qtest', 'bs: expected read blocks in multiples of the LBA size 4096, got 1024'],
    ['--device=qtest:nonsense=1', "Property 'nvme.nonsense' not found"],
    ['--device=qtest --media=file:FOLDER', 'expected a regular file'],
  ])('refuses what it does not have: %s', async (line, message) => {
    expect(await refusal(`--rw=randread ${line}`)).toContain(message);
  });

  it('is interrupted like any other', async () => {
    const line = '--rw=randread --iodepth=8 --runtime=60 --time_based --eta=always --device=qtest';
    const { code, stdout, seconds } = await bench(line, { interruptAt: /IOPS/ });
    expect(stdout).toContain('(interrupted)');
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(30);
  });

  describe('on a file that was there before', () => {
    const medium = `--device=qtest --media=file:${path('disk.img')} --media-size=8m`;
    const before = Buffer.alloc(8 * 1024 ** 2, 'precious');

    beforeAll(() => {
      writeFileSync(path('disk.img'), before);
      writeFileSync(path('late.fio'), '[read]\nrw=read\nsize=64k\n[fill]\nstonewall\nrw=write\nsize=64k\n');
      writeFileSync(path('global.fio'), `[global]\ndevice=qtest\nrw=randwrite\nsize=64k\n[a]\n[b]\nrw=read\n`);
    });

    it.each([
      ...['write', 'randwrite', 'trim', 'randtrim', 'rw', 'randrw'].map((rw) => `--rw=${rw} --size=64k`),
      '--rw=write --verify=crc32c --size=64k',
      'FOLDER/late.fio',
      'FOLDER/global.fio',
      '--rw=write --size=64k --allow-writes-to=PHASEBIT',
    ])('nothing is written without permission: %s', async (line) => {
      const message = await refusal(`${line} ${medium}`);
      expect(message).toMatch(/job "\w+" (writes to|trims) qtest \(QEMU NVMe Ctrl, serial PHASEBITQTEST, firmware/);
      expect(message).toContain('namespace 1: 8MiB in blocks of 4096');
      expect(message).toContain('Expected --allow-writes-to=PHASEBITQTEST for that');
      expect(readFileSync(path('disk.img')).equals(before)).toBe(true);
    });

    it('reading needs none', async () => {
      const { code, report } = await benchJson(`--rw=randread --size=1m ${medium}`);
      expect(report.jobs[0].read.total_ios).toBe(256);
      expect(code).toBe(0);
    });

    it('with permission it is what this program reads back through its own controller', async () => {
      const job = '--bs=64k --size=1m --iodepth=4 --verify=crc32c';
      const written = await benchJson(`--rw=write ${job} ${medium} --allow-writes-to=PHASEBITQTEST`);
      expect(written.report.phasebit.jobs[0]).toMatchObject({ verified_bytes: 2 ** 20, verify_errors: 0 });
      const read = await benchJson(`--rw=read ${job} ${medium.replace('qtest', 'inline')}`);
      expect(read.report.phasebit.jobs[0]).toMatchObject({ verified_bytes: 2 ** 20, verify_errors: 0, errors: 0 });
    });
  });

  it('makes a file that is not there, and writes to it without being asked', async () => {
    const medium = `--media=file:${path('fresh.img')} --media-size=2m`;
    const { code } = await benchJson(`--rw=write --size=64k --device=qtest ${medium} --verify=crc32c`);
    expect(code).toBe(0);
    expect(statSync(path('fresh.img')).size).toBe(2 * 1024 ** 2);
  });
});

describe.skipIf(process.platform !== 'linux')('controllers that another program serves over vfio-user', () => {
  const [socket, other] = [path('nvme.sock'), path('other.sock')];
  const device = `--device=vfio-user:${socket}`;
  const permission = '--allow-writes-to=TARGET1';
  let target: ChildProcess;

  beforeAll(async () => {
    const served = buildTarget();
    const media = ['--media=ram:16m', '--namespaces=2', '--lba-size=4096', '--shadow-doorbells'];
    const args = [served, `--socket=${socket}`, `--socket=${other}`, '--serial=TARGET1', '--quiet', ...media];
    target = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(target.stdout!, 'data')) as [Buffer];
    expect(line.toString()).toMatch(/^ready/);
  });

  afterAll(async () => {
    target.kill();
    await once(target, 'close');
  });

  it.each([
    '--layer=nvme --bs=4k',
    '--layer=bdev --bs=64k --nsid=2',
    '--layer=nvme --shadow-doorbells=off --scatter --bs=64k',
    '--layer=nvme --completion=interrupt',
    '--layer=nvme --queue-pairs=2 --numjobs=2 --offset_increment=4m',
  ])('keep what was written: %s', async (line) => {
    const job = '--rw=randrw --size=1m --iodepth=8 --verify=crc32c';
    const { code, report } = await benchJson(`${job} ${device} ${permission} ${line}`);
    for (const each of report.phasebit.jobs) expect(each).toMatchObject({ errors: 0, verify_errors: 0 });
    expect(report.phasebit.run).toMatchObject({ transport: 'vfio-user', devices: [{ serial: 'TARGET1' }] });
    expect(code).toBe(0);
  });

  it('are two paths to one namespace', async () => {
    const job = '--rw=randrw --size=1m --bs=16k --iodepth=8 --verify=crc32c';
    const { code, report } = await benchJson(`${job} ${permission} ${device} --device=vfio-user:${other}`);
    expect(report.phasebit.jobs[0]).toMatchObject({ errors: 0, verify_errors: 0 });
    expect(report.phasebit.run.devices.map(({ name }) => name)).toEqual([`vfio-user:${socket}`, `vfio-user:${other}`]);
    expect(code).toBe(0);
  });

  it.each(['--rw=write', '--rw=randtrim', '--rw=rw'])('are changed with permission alone: %s', async (line) => {
    const message = await refusal(`${line} --size=64k ${device}`);
    expect(message).toContain('Expected --allow-writes-to=TARGET1 for that, got none');
    expect(message).toContain('namespace 1: 16MiB in blocks of 4096, namespace 2: 16MiB in blocks of 4096');
  });

  it('end a run that is under way when they go', async () => {
    const short = spawn(
      process.execPath,
      [buildTarget(), `--socket=${path('short.sock')}`, '--media=null:1g', '--quiet'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(short.stdout, 'data');
    const line = `--rw=randread --runtime=60 --time_based --eta=always --device=vfio-user:${path('short.sock')}`;
    const { code, seconds } = await bench(line, { interruptAt: /IOPS/, act: () => short.kill('SIGKILL') });
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(40);
  });

  it('are compared with all other transports', async () => {
    const line = `compare-transports ${device} --loops=1 --runtime=20ms --ramp_time=10ms -q 4`;
    const { code, stdout } = await bench(`${line} --output-format=json --eta=never`);
    const { rows } = JSON.parse(stdout) as { rows: { transport: string }[] };
    const transports = [...new Set(rows.map(({ transport }) => transport))];
    expect(transports.slice(0, 3)).toEqual(['inline, modelled', 'thread, modelled', 'vfio-user, modelled']);
    expect(transports.at(-1)).toBe(`vfio-user:${socket}`);
    expect(code).toBe(0);
  });
});
