import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { nvmeDisk } from './support/qemu-arguments.js';

const PROGRAM = 'guest/vfio-function.ts';
const DISK = '0000:00:10.0';
const ONE = '0000:00:11.0';
const OTHER = '0000:00:12.0';
const DISK_BYTES = 64 << 20;

interface Seen extends Readonly<Record<string, unknown>> {
  readonly said?: readonly string[];
}

/** The kernel's interfaces, what the program is told of them, and what the kernel has to have. */
const INTERFACES = [
  { kind: 'group', asked: ['--iommu=group'], kernel: [] },
  { kind: 'iommufd', asked: [], kernel: ['VFIO_DEVICE_CDEV'] },
];

for (const { kind, asked, kernel } of INTERFACES) {
  guestSuite(`a controller of QEMU through VFIO, by ${kind}`, { qemu: 'plain', kernel }, () => {
    let folder: string;
    let trace: string;
    let guest: Guest;

    /** Runs a task of the guest's program; gives what it saw. */
    const see = async (...args: readonly string[]): Promise<Seen> => {
      const { status, output, stdout } = await guest.node(PROGRAM, [...asked, ...args]);
      if (status !== 0) throw new Error(output);
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Seen;
    };

    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'phasebit-vfio-'));
      trace = path.join(folder, 'trace');
      for (const name of ['disk', 'shared', 'unplugged']) {
        writeFileSync(path.join(folder, name), '');
        truncateSync(path.join(folder, name), DISK_BYTES);
      }
      const blocks = 'logical_block_size=4096,physical_block_size=4096';
      const file = (name: string): string => path.join(folder, name);
      guest = await Guest.boot({
        iommu: true,
        append: 'hugepages=16',
        args: [
          ...nvmeDisk({ serial: 'PBDISK', file: file('disk'), properties: `addr=10.0,cmb_size_mb=1,${blocks}` }),
          ...[
            '-device',
            'nvme-subsys,id=pair,nqn=nqn.2014-08.org.nvmexpress:uuid:9d1b2c3a-0000-4000-8000-000000000001',
          ],
          ...[
            '-device',
            'nvme,id=one,serial=PBPAIR,subsys=pair,addr=11.0',
            '-device',
            'nvme,serial=PBPAIR,subsys=pair,addr=12.0',
          ],
          ...['-blockdev', `node-name=drive-pair,driver=raw,file.driver=file,file.filename=${file('shared')}`],
          ...['-device', `nvme-ns,bus=one,drive=drive-pair,nsid=1,shared=on,${blocks}`],
          ...['-device', 'pcie-root-port,id=slot9,chassis=9,slot=9,addr=13.0'],
          ...nvmeDisk({ serial: 'PBPLUG', file: file('unplugged'), properties: `bus=slot9,${blocks}` }),
          ...['-trace', 'pci_nvme_mmio_read', '-trace', 'pci_nvme_mmio_write', '-D', trace],
        ],
      });
      await guest.expect(`phasebit-vfio bind ${DISK} ${ONE} ${OTHER}`);
    });
    afterAll(async () => {
      await guest?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('is opened and identified, in huge pages, with as many vectors as asked for', async () => {
      expect(await see('identify', '00:10.0')).toMatchObject({
        ...{ sn: 'PBDISK', mn: 'QEMU NVMe Ctrl', blocks: DISK_BYTES / 4096, blockBytes: 4096 },
        ...{ vectors: 3, kind, bdf: DISK, cmb: 1 << 20, said: [] },
      });
    });

    it('reads and writes verified data, and every access of the register file is one of 4 or 8 bytes', async () => {
      const before = statSync(trace).size;
      const seen = await see('load', DISK);
      expect(seen).toMatchObject({ completed: 2000 + 512, failures: [], refusals: [], surplus: 0, said: [] });
      const lines = readFileSync(trace, 'utf8')
        .slice(before)
        .split('\n')
        .filter((line) => line.includes('pci_nvme_mmio_'));
      const sizes = new Set(lines.map((line) => /size (\d+)/.exec(line)?.[1]));
      expect([...sizes].filter((size) => size !== '4' && size !== '8')).toEqual([]);
      // A doorbell is one write, and no read.
      const doorbells = (access: string): string[] =>
        lines.filter(
          (line) =>
            line.includes(`mmio_${access}`) && parseInt(/addr 0x([0-9a-f]+)/.exec(line)?.[1] ?? '', 16) >= 0x1000,
        );
      const { sqDoorbellWrites, cqDoorbellWrites } = seen.counters as Record<string, number>;
      expect(sqDoorbellWrites).toBeGreaterThan(100);
      expect(doorbells('write')).toHaveLength(sqDoorbellWrites + cqDoorbellWrites);
      expect(doorbells('read')).toEqual([]);
    });

    it('writes what is on the disk then', () => {
      expect(readFileSync(path.join(folder, 'disk')).some((byte) => byte !== 0)).toBe(true);
    });

    it('sends interrupts, which a program waits for', async () => {
      const seen = await see('interrupts', DISK);
      const good = { completed: 500, failures: [], refusals: [], surplus: 0 };
      expect(seen).toMatchObject({ loads: { poll: good, interrupt: good, adaptive: good }, isQuiet: true });
      expect((seen.messages as Record<string, number>).interrupt).toBeGreaterThan(0);
    });

    it('reaches buffers of the caller’s while they are registered', async () => {
      expect(await see('buffers', DISK)).toMatchObject({
        ...{ wrote: 0, read: 0, isEqual: true, isReused: true, once: 0 },
        // Refused by the driver: no such memory.
        afterwards: 'answer 2',
      });
    });

    it('reaches nothing that is not mapped', async () => {
      const seen = await see('unmapped', DISK);
      expect(seen).toMatchObject({ isUntouched: true, afterwards: 0 });
      expect(await guest.dmesg()).toMatch(/DMAR:.*fault/i);
    });

    it('is reset under load, and goes on', async () => {
      expect(await see('reset', DISK)).toMatchObject({
        ...{ completed: 3000 + 512, failures: [], refusals: [], surplus: 0, csts: 0, hasMessages: true },
      });
    });

    it('is closed with commands under way, and opened again', async () => {
      const closed = { state: 'closed', csts: 0xffff_ffff, waiting: 'Error: the function was closed' };
      expect(await see('close', DISK)).toMatchObject({
        rounds: [closed, closed, closed],
        completed: 200,
        failures: [],
      });
    });

    it('shares memory with another controller of its subsystem', async () => {
      expect(await see('shared', ONE, OTHER)).toEqual({
        ...{ wrote: 0, read: 0, isEqual: true, afterwards: 0, serials: ['PBPAIR', 'PBPAIR'] },
      });
    });

    it('moves data into its own memory and out of it', async () => {
      expect(await see('cmb', DISK)).toEqual({
        ...{ bytes: 1 << 20, wrote: 0, read: 0, isEqual: true, wroteFrom: 0, readBack: 0, isBack: true },
      });
    });

    it('is unplugged once its owner has let go of it', async () => {
      const { stdout } = await guest.expect('grep -l PBPLUG /sys/bus/pci/devices/*/nvme/nvme*/serial');
      const [, address] = /devices\/([^/]+)\/nvme/.exec(stdout) ?? [];
      await guest.expect(`phasebit-vfio bind ${address}`);
      const owner = await guest.startNode(PROGRAM, [...asked, 'removal', address]);
      await owner.waitFor('OPEN');
      await guest.qmp.execute('device_del', { id: 'PBPLUG' });
      const { output } = await owner.finish();
      expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual({
        ...{ reasons: ['asked-back'], state: 'asked-back', isBusy: true, failures: [] },
      });
      await expect
        .poll(async () => (await guest.run(`test -e /sys/bus/pci/devices/${address}`)).status, { timeout: 20_000 })
        .toBe(1);
      await expect.poll(() => JSON.stringify(guest.qmp.events), { timeout: 20_000 }).toContain('DEVICE_DELETED');
    });

    it('leaves nothing in the kernel’s log that it should not', async () => {
      expect(await guest.dmesg()).not.toMatch(/WARNING|BUG:|Oops|refused|stuck/);
    });
  });
}
