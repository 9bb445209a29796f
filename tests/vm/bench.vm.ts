import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindToVfio } from './support/bind-to-vfio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { nvmeFunctions } from './support/nvme-functions.js';

const DISK_BYTES = 16 * 1024 ** 2;
const SERIAL = 'PBBENCH';
/** Everything is emulated, the processor too. */
const JOB_TIMEOUT_MS = 120_000;
/** Eight processes, one after the other. */
const COMPARISON_TIMEOUT_MS = 400_000;

/** What the tests read of the program's report. */
interface Report {
  readonly jobs: readonly { readonly read: { readonly total_ios: number } }[];
  readonly phasebit: {
    readonly jobs: readonly Readonly<Record<string, number>>[];
    readonly run: {
      readonly transport: string;
      readonly devices: readonly { readonly name: string; readonly serial: string; readonly model: string }[];
    };
  };
}

guestSuite('phasebit-bench on PCI functions through VFIO', { qemu: 'plain' }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-vm-bench-'));
  const disk = path.join(folder, 'disk.img');
  const content = Buffer.alloc(DISK_BYTES, 'precious');
  let guest: Guest;
  /** two controllers of one subsystem that share a namespace on a file, and one by itself whose namespace keeps nothing */
  let first: string;
  let second: string;
  let empty: string;

  const benchJson = async (line: string): Promise<Report> => {
    const { stdout } = await guest.expect(`phasebit-bench ${line} --output-format=json --eta=never`, {
      timeoutMs: JOB_TIMEOUT_MS,
    });
    return JSON.parse(stdout) as Report;
  };
  const refusal = async (line: string): Promise<string> => {
    const { status, output } = await guest.run(`phasebit-bench ${line} --eta=never`, { timeoutMs: JOB_TIMEOUT_MS });
    expect(status).toBe(2);
    return output;
  };

  beforeAll(async () => {
    writeFileSync(disk, content);
    guest = await Guest.boot({
      iommu: true,
      append: 'hugepages=32',
      args: [
        ...['-device', 'nvme-subsys,id=shared,nqn=bench'],
        ...['-device', `nvme,id=a,serial=${SERIAL},subsys=shared,addr=0x10`],
        ...['-device', `nvme,id=b,serial=${SERIAL},subsys=shared,addr=0x11`],
        ...['-drive', `file=${disk},format=raw,if=none,id=data`],
        ...['-device', 'nvme-ns,drive=data,bus=a,nsid=1,shared=on'],
        ...['-drive', 'driver=null-co,size=1G,if=none,id=nothing,read-zeroes=off'],
        ...['-device', 'nvme,id=c,serial=PBEMPTY,drive=nothing,addr=0x12'],
      ],
    });
    [first, second, empty] = (await nvmeFunctions(guest)) as [string, string, string];
  });

  afterAll(async () => {
    await guest?.close();
    rmSync(folder, { recursive: true });
  });

  it('leaves a device alone that the kernel has, and says who can change that', async () => {
    expect(await refusal(`--rw=read --device=vfio:${first}`)).toContain(`phasebit-vfio bind ${first}`);
  });

  describe('once they are bound', () => {
    beforeAll(() => bindToVfio(guest, first, second, empty));

    it.each(['--rw=write --verify=crc32c', '--rw=randtrim --allow-writes-to=PBEMPTY'])(
      'changes nothing without permission: %s',
      async (line) => {
        const output = await refusal(`${line} --size=64k --device=vfio:${first}`);
        expect(output).toContain(`vfio:${first} (QEMU NVMe Ctrl, serial ${SERIAL}, firmware `);
        expect(output).toContain('namespace 1: 16MiB in blocks of 512');
        expect(output).toContain(`Expected --allow-writes-to=${SERIAL} for that`);
        expect(readFileSync(disk).equals(content)).toBe(true);
      },
    );

    it('changes nothing without permission on the command line, whatever a job file says', async () => {
      await guest.copyIn('late.fio', `[global]\ndevice=vfio:${first}\n[read]\nrw=read\n[fill]\nstonewall\nrw=write\n`);
      expect(await refusal('late.fio')).toContain('job "fill" writes to');
      await guest.copyIn('own.fio', `[global]\ndevice=vfio:${first}\nallow-writes-to=${SERIAL}\n[fill]\nrw=write\n`);
      expect(await refusal('own.fio')).toContain('allow-writes-to: expected on the command line');
      expect(readFileSync(disk).equals(content)).toBe(true);
    });

    it('reads without being asked for permission, and says on what', async () => {
      const { jobs, phasebit } = await benchJson(`--rw=randread --bs=4k --number_ios=500 --device=vfio:${first}`);
      expect(jobs[0].read.total_ios).toBe(500);
      expect(phasebit.run).toMatchObject({
        transport: 'vfio',
        devices: [{ name: `vfio:${first}`, serial: SERIAL, model: 'QEMU NVMe Ctrl' }],
      });
    });

    it.each([
      ['--layer=bdev --bssplit=512/30:24k/40:1m/30'],
      ['--layer=multipath --bs=64k', 'second'],
      ['--layer=nvme --bs=32k --payload=sgl --iovecs=8 --completion=interrupt'],
      ['--layer=nvme --shadow-doorbells=off --ring=16 --queue-pairs=2'],
    ])('writes with permission, and reads what it wrote: %s', async (line: string, other?: string) => {
      const device = other === undefined ? `vfio:${first}` : `vfio:${first},vfio:${second}`;
      const job = `--rw=randrw --size=2m --iodepth=8 --verify=crc32c --allow-writes-to=${SERIAL}`;
      const { phasebit } = await benchJson(`${job} ${line} --device=${device}`);
      expect(phasebit.jobs[0]).toMatchObject({ errors: 0, verify_errors: 0 });
      expect(phasebit.jobs[0]['verified_bytes']).toBeGreaterThan(0);
      expect(phasebit.run.devices).toHaveLength(other === undefined ? 1 : 2);
    });

    it('refuses two devices that are not one', async () => {
      const output = await refusal(`--rw=read --device=vfio:${first} --device=vfio:${empty}`);
      expect(output).toMatch(/phasebit-bench: .*(subnqn|NOT_SHARED|PATHS_DIFFER)/);
    });

    it('refuses more than the device has, and says what that is', async () => {
      const device = `--rw=read --device=vfio:${empty}`;
      expect(await refusal(`${device} --ring=4096`)).toContain('--ring: expected 2 to 2048 (CAP.MQES + 1), got 4096');
      expect(await refusal(`${device} --queue-pairs=100`)).toContain('expected at most 64 I/O queue pairs in all');
    });

    // Sixteen processes under emulation take minutes; the program's own tests run the comparison outside of a guest.
    it.runIf(process.env['PHASEBIT_VM_LONG'] !== undefined)(
      'compares it with every other transport there is',
      async () => {
        const line = `phasebit-bench compare-transports -q 16 --device=vfio:${empty} --loops=1 --runtime=500ms`;
        const { output } = await guest.expect(line, { timeoutMs: COMPARISON_TIMEOUT_MS });
        console.log(output);
        expect(output).toMatch(new RegExp(`vfio:${empty} +│ off +│`));
        expect(output).toMatch(new RegExp(`vfio:${empty} +│ on +│`));
        expect(output).toContain('not run: qtest: qemu-system-x86_64 is not in PATH');
      },
      COMPARISON_TIMEOUT_MS,
    );
  });
});
