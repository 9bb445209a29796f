/**
 * Linux resets our controller in every way that it has, while fio writes, reads and verifies: nothing is lost.
 */
import { RamMedium } from '@phasebit/controller';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fioCommand, fioResult, type FioOptions, runFio, VERIFIED } from './support/fio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { complaints, controllersWith, KernelLog, until } from './support/linux-nvme.js';
import { ServedSubsystem } from './support/served-subsystem.js';

const MIB = 2 ** 20;
const SERIAL = 'PBRESETS01';
const DISK = '/dev/nvme0n1';
/** Seconds after which the kernel does something about a command. */
const IO_TIMEOUT_S = 2;
const SECONDS = process.env['PHASEBIT_VM_LONG'] === undefined ? 3 : 20;
const UNDER_LOAD: FioOptions = { ...VERIFIED, bs: '4k', size: '8m', time_based: 1, runtime: SECONDS };

guestSuite('Linux resetting our controller', { qemu: 'vfio-user' }, () => {
  let served: ServedSubsystem;
  let guest: Guest;
  let address: string;

  /** Does something while fio runs, as often as there is time, and gives what the kernel said of it. */
  async function underLoad(disturb: () => Promise<unknown>): Promise<string> {
    const log = await KernelLog.from(guest);
    const messages = served.messages;
    const fio = guest.start(fioCommand(DISK, UNDER_LOAD));
    await expect.poll(() => served.messages - messages, { timeout: 20_000 }).toBeGreaterThan(50);
    await disturb();
    const { read, write } = await fioResult(fio, 120_000);
    expect(Math.min(read.total_ios, write.total_ios)).toBeGreaterThan(50);
    expect(served.controller.state).toBe('ready');
    return log.news();
  }

  beforeAll(async () => {
    served = new ServedSubsystem({
      serial: SERIAL,
      namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 64 * MIB }) }],
    });
    guest = await Guest.boot({
      qemu: 'vfio-user',
      args: served.args,
      // Rings as small as these are wrapped all the time.
      append: `nvme_core.io_timeout=${IO_TIMEOUT_S} nvme.io_queue_depth=12`,
    });
    [{ address }] = await controllersWith(guest, SERIAL, 1);
  });
  afterAll(async () => {
    await guest?.close();
    await served?.close();
  });

  describe('under load', () => {
    it('goes on after controller resets, one after the other', async () => {
      const news = await underLoad(() => guest.expect('for i in 1 2 3; do nvme reset /dev/nvme0; sleep 0.2; done'));
      expect(news.match(/nvme0: resetting controller/g)).toHaveLength(3);
      expect(news.match(/default\/read\/poll queues/g)).toHaveLength(3);
      expect(news).not.toMatch(/timeout|error|Removing/);
    });

    it('goes on after a function level reset', async () => {
      const reset = `echo 1 > /sys/bus/pci/devices/${address}/reset`;
      expect((await guest.expect(`cat /sys/bus/pci/devices/${address}/reset_method`)).stdout.trim()).toBe('flr');
      const news = await underLoad(() => guest.expect(`${reset}; sleep 0.3; ${reset}`));
      expect(news.match(/default\/read\/poll queues/g)).toHaveLength(2);
      expect(news).not.toMatch(/timeout|error|Removing/);
    });

    it('is found out after an NVM subsystem reset, and goes on', async () => {
      const news = await underLoad(async () => {
        await guest.expect('nvme subsystem-reset /dev/nvme0');
        // CSTS.NSSRO tells: the kernel looks when a command takes too long.
        await expect.poll(() => served.controller.state, { timeout: 60_000 }).toBe('ready');
      });
      expect(news).toMatch(/nvme0: controller is down; will reset: CSTS=0x10/);
      expect(news).toMatch(/default\/read\/poll queues/);
      expect(news).not.toMatch(/I\/O error|Removing/);
    });

    it('goes on while its namespaces are looked for again and again', async () => {
      const news = await underLoad(() =>
        guest.expect('for i in 1 2 3 4 5; do echo 1 > /sys/class/nvme/nvme0/rescan_controller; sleep 0.1; done'),
      );
      expect(complaints(news).join('\n')).toBe('');
    });
  });

  describe('between writing and verifying', () => {
    const written: FioOptions = { ...VERIFIED, rw: 'randwrite', size: '4m', bsrange: '512-64k', do_verify: 0 };

    it.each([
      [
        'the driver was unbound and bound',
        () =>
          `echo ${address} > /sys/bus/pci/drivers/nvme/unbind; [ ! -e ${DISK} ] && echo ${address} > /sys/bus/pci/drivers/nvme/bind`,
      ],
      [
        'the function was removed and found again',
        () => `echo 1 > /sys/bus/pci/devices/${address}/remove; [ ! -e ${DISK} ] && echo 1 > /sys/bus/pci/rescan`,
      ],
      [
        'the function was reset without a driver',
        () =>
          `cd /sys/bus/pci; echo ${address} > drivers/nvme/unbind; echo 1 > devices/${address}/reset; echo ${address} > drivers/nvme/bind`,
      ],
    ])('all is there when %s', async (_, command) => {
      const log = await KernelLog.from(guest);
      await runFio(guest, DISK, written);
      await guest.expect(command());
      await until(guest, `[ -b ${DISK} ]`);
      await runFio(guest, DISK, { ...written, verify_only: 1 });
      expect(complaints(await log.news()).join('\n')).toBe('');
    });
  });

  it('counts no loss of power in all that', async () => {
    expect(await guest.json('nvme smart-log /dev/nvme0 -o json')).toMatchObject({
      power_cycles: '1',
      unsafe_shutdowns: '0',
      media_errors: '0',
    });
  });
});
