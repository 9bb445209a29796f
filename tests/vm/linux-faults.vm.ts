/**
 * Our controller fails in ways that the kernel has to deal with: it loses and delays completions, answers with errors, dies, hangs, and is
 * torn out.
 */
import { type FaultRule, RamMedium } from '@phasebit/controller';
import {
  NVM_READ,
  NVM_WRITE,
  STATUS_CAPACITY_EXCEEDED,
  STATUS_DNR,
  STATUS_INTERNAL_ERROR,
  STATUS_UNRECOVERED_READ_ERROR,
} from '@phasebit/nvme-spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fioCommand, fioResult, type FioOptions, runFio, VERIFIED } from './support/fio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { controllersWith, KernelLog, type LinuxController, until } from './support/linux-nvme.js';
import { ServedSubsystem } from './support/served-subsystem.js';

const MIB = 2 ** 20;
/** Seconds after which the kernel aborts a command, and after twice which it resets the controller. */
const IO_TIMEOUT_S = 2;
const ADMIN_TIMEOUT_S = 2;
/** CAP.TO, so long the kernel waits for CSTS.RDY: 500 ms units. */
const READY_TIMEOUT = 2;
const SECOND_NS = 1e9;
const READ_4K = 'bs=4k count=1 iflag=direct of=/dev/null';
const WRITE_4K = 'bs=4k count=1 oflag=direct if=/dev/zero';

/** A disk of its own for each way to go for good. */
const DISKS = ['PBFAULTS', 'PBHANGS', 'PBREMOVED', 'PBTORNOUT', 'PBSTUCK'] as const;

guestSuite('Linux on our failing controller', { qemu: 'vfio-user' }, () => {
  let guest: Guest;
  let log: KernelLog;
  const served = new Map<string, ServedSubsystem>();
  const linux = new Map<string, LinuxController>();

  const device = (serial: string): ServedSubsystem => served.get(serial)!;
  const diskOf = (serial: string): string => `/dev/${linux.get(serial)!.disks[1]}`;
  const nameOf = (serial: string): string => linux.get(serial)!.name;
  /** Waits until the kernel has given a controller up: 6.1 takes its disk away, later ones keep it and answer for it. */
  const givenUp = (serial: string, timeoutMs: number): Promise<void> =>
    until(guest, `[ ! -e ${diskOf(serial)} ] || [ $(cat /sys/class/nvme/${nameOf(serial)}/state) = dead ]`, timeoutMs);
  const fault = (rule: FaultRule): void => void device('PBFAULTS').controller.faults.add(rule);
  const read = (serial: string): Promise<{ status: number; output: string }> =>
    guest.run(`dd if=${diskOf(serial)} ${READ_4K}`, { timeoutMs: 120_000 });

  beforeAll(async () => {
    for (const serial of DISKS) {
      const namespaces = [{ nsid: 1, medium: new RamMedium({ bytes: 32 * MIB }) }];
      served.set(serial, new ServedSubsystem({ serial, namespaces }, [{ readyTimeout: READY_TIMEOUT, queues: 3 }]));
    }
    guest = await Guest.boot({
      qemu: 'vfio-user',
      args: [...served.values()].flatMap(({ args }) => args),
      append: `nvme_core.io_timeout=${IO_TIMEOUT_S} nvme_core.admin_timeout=${ADMIN_TIMEOUT_S}`,
    });
    for (const serial of DISKS) linux.set(serial, (await controllersWith(guest, serial, 1))[0]);
    log = await KernelLog.from(guest);
  });
  afterAll(async () => {
    await guest?.close();
    await Promise.all([...served.values()].map((each) => each.close()));
  });

  describe('completions', () => {
    it('a lost one is recovered by a reset after the kernel’s timeout', async () => {
      fault({ kind: 'lost', opcode: NVM_READ, count: 1 });
      const begun = performance.now();
      expect(await read('PBFAULTS')).toMatchObject({ status: 0 });
      expect(performance.now() - begun).toBeGreaterThan(2 * IO_TIMEOUT_S * 900);
      const news = await log.news();
      expect(news).toMatch(/nvme\d: I\/O .*\(I\/O Cmd\) QID \d timeout, aborting/);
      expect(news).toMatch(/nvme\d: Abort status: 0x0/);
      expect(news).toMatch(/nvme\d: I\/O .*QID \d timeout, reset controller/);
      expect(news).toMatch(/default\/read\/poll queues/);
    });

    it('lost ones among many do no harm to verified I/O', async () => {
      fault({ kind: 'lost', skip: 300, count: 2 });
      const { read: reads, write } = await runFio(
        guest,
        diskOf('PBFAULTS'),
        { ...VERIFIED, bs: '4k', size: '4m' },
        120_000,
      );
      expect(reads.total_ios + write.total_ios).toBeGreaterThan(1000);
      expect(await log.news()).toMatch(/timeout, reset controller/);
    });

    it('a late one is aborted and sent again, without a reset', async () => {
      fault({ kind: 'late', opcode: NVM_READ, delayNs: 60 * SECOND_NS, count: 1 });
      expect(await read('PBFAULTS')).toMatchObject({ status: 0 });
      const news = await log.news();
      expect(news).toMatch(/timeout, aborting/);
      expect(news).not.toMatch(/reset controller/);
    });

    it('one that is only slow is waited for', async () => {
      fault({ kind: 'late', opcode: NVM_READ, delayNs: 0.4 * SECOND_NS, skip: 20, count: 1 });
      const { read: reads } = await runFio(guest, diskOf('PBFAULTS'), {
        rw: 'randread',
        bs: '4k',
        number_ios: 50,
        size: '1m',
      });
      expect(reads.clat_ns.max).toBeGreaterThan(0.4 * SECOND_NS);
      expect(reads.clat_ns.max).toBeLessThan(IO_TIMEOUT_S * SECOND_NS);
      expect(await log.news()).not.toMatch(/timeout/);
    });

    it('one that comes twice is seen for what it is', async () => {
      fault({ kind: 'duplicate', opcode: NVM_READ, count: 1 });
      expect(await read('PBFAULTS')).toMatchObject({ status: 0 });
      expect(await log.news()).toMatch(/genctr mismatch|invalid id \d+ completed/);
    });

    it('all of them out of order do no harm', async () => {
      fault({ kind: 'reorder', commands: 3, count: 500 });
      await runFio(guest, diskOf('PBFAULTS'), { ...VERIFIED, bs: '4k', size: '4m' });
      expect((await log.news()).trim()).toBe('');
    });
  });

  describe('statuses', () => {
    it('a media error is told to the program, and the sector to the log', async () => {
      fault({ kind: 'status', status: STATUS_UNRECOVERED_READ_ERROR | STATUS_DNR, lba: 40, count: 1 });
      const { status, output } = await guest.run(`dd if=${diskOf('PBFAULTS')} ${READ_4K} skip=5`);
      expect({ status, output }).toMatchObject({ status: 1, output: expect.stringContaining('No data available') });
      const news = await log.news();
      expect(news).toMatch(/critical medium error, dev nvme\dn1, sector 40 op 0x0:\(READ\)/);
      expect(news).toMatch(/I\/O Error \(sct 0x2 \/ sc 0x81\) .*DNR/);
      expect(await guest.run(`dd if=${diskOf('PBFAULTS')} ${READ_4K} skip=5`)).toMatchObject({ status: 0 });
    });

    it('an error that may pass is tried again, and nobody knows', async () => {
      fault({ kind: 'status', status: STATUS_INTERNAL_ERROR, opcode: NVM_READ, count: 4 });
      expect(await read('PBFAULTS')).toMatchObject({ status: 0 });
      expect((await log.news()).trim()).toBe('');
    });

    it('one that does not pass is told in the end', async () => {
      fault({ kind: 'status', status: STATUS_INTERNAL_ERROR, opcode: NVM_READ, lba: 80, count: 6 });
      const { status, output } = await guest.run(`dd if=${diskOf('PBFAULTS')} ${READ_4K} skip=10`);
      expect({ status, output }).toMatchObject({ status: 1, output: expect.stringContaining('Input/output error') });
      expect(await log.news()).toMatch(/I\/O error, dev nvme\dn1, sector 80/);
    });

    it('a full device is told as such', async () => {
      fault({ kind: 'status', status: STATUS_CAPACITY_EXCEEDED | STATUS_DNR, opcode: NVM_WRITE, count: 1 });
      const { output } = await guest.run(`dd of=${diskOf('PBFAULTS')} ${WRITE_4K}`);
      expect(output).toContain('No space left on device');
      await log.news();
    });
  });

  describe('the controller', () => {
    const underLoad: FioOptions = { ...VERIFIED, bs: '4k', size: '8m', time_based: 1, runtime: 4 };

    it('a fatal status under load leads to a reset, and nothing is lost', async () => {
      const { controller } = device('PBFAULTS');
      const messages = device('PBFAULTS').messages;
      const fio = guest.start(fioCommand(diskOf('PBFAULTS'), underLoad));
      await expect.poll(() => device('PBFAULTS').messages - messages, { timeout: 20_000 }).toBeGreaterThan(50);
      controller.fail('fatal');
      expect(controller.state).toBe('failed');
      await fioResult(fio, 120_000);
      expect(controller.state).toBe('ready');
      expect(await log.news()).toMatch(/controller is down; will reset: CSTS=0x3/);
    });

    it('a short hang is not even noticed', async () => {
      const { controller } = device('PBFAULTS');
      controller.fail('hang');
      setTimeout(() => controller.revive(), 700);
      expect(await read('PBFAULTS')).toMatchObject({ status: 0 });
      expect((await log.news()).trim()).toBe('');
    });

    it('one that never becomes ready again is given up', async () => {
      device('PBSTUCK').controller.faults.add({ kind: 'stuck-ready', enable: true });
      await guest.run(`timeout 30 nvme reset /dev/${nameOf('PBSTUCK')}`);
      await givenUp('PBSTUCK', 30_000);
      const news = await log.news();
      expect(news).toMatch(/Device not ready; aborting (reset|initialisation), CSTS=0x0/);
      expect(news).toMatch(/Removing after probe failure status: -19|Disabling device after reset failure: -19/);
    });

    it('one that hangs for good is given up, and the program hears of it; later kernels reset the function, which helps', async () => {
      const { controller } = device('PBHANGS');
      controller.fail('hang');
      const { output } = await read('PBHANGS');
      const news = await log.news();
      expect(news).toMatch(/Device not ready; aborting reset, CSTS=0x1/);
      if (/controller reset completed after pcie flr/.test(news)) {
        expect([output, controller.state]).toEqual([expect.stringContaining('1+0 records out'), 'ready']);
      } else {
        expect(output).toContain('Input/output error');
        await givenUp('PBHANGS', 30_000);
      }
    });

    it('one that has left the bus is given up at once', async () => {
      device('PBREMOVED').controller.fail('remove');
      expect((await read('PBREMOVED')).output).toMatch(/Input\/output error|No such device/);
      await givenUp('PBREMOVED', 30_000);
      const news = await log.news();
      expect(news).toMatch(/controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0xffff/);
      expect(news).toMatch(/Removing after probe failure status: -19|Disabling device after reset failure: -19/);
    });

    it('one that is torn out, its server gone, is given up, and others go on', async () => {
      await device('PBTORNOUT').close();
      expect((await read('PBTORNOUT')).output).toMatch(/Input\/output error|No such device/);
      await givenUp('PBTORNOUT', 60_000);
      await runFio(guest, diskOf('PBFAULTS'), { ...VERIFIED, bs: '4k', size: '1m' });
    });
  });
});
