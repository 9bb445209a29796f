/**
 * Two controllers of one subsystem of ours as two paths of Linux's native multipath: what the kernel shows of them, and that no I/O fails
 * while paths change, die and come back.
 */
import { RamMedium } from '@phasebit/controller';
import {
  ANA_STATE_CHANGE,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_PERSISTENT_LOSS,
} from '@phasebit/nvme-spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fioCommand, fioResult, type FioOptions, VERIFIED } from './support/fio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { complaints, controllersWith, KernelLog, type LinuxController, until } from './support/linux-nvme.js';
import { ServedSubsystem } from './support/served-subsystem.js';

const MIB = 2 ** 20;
const SERIAL = 'PBPATHS01';
const SECONDS = process.env['PHASEBIT_VM_LONG'] === undefined ? 4 : 30;
const UNDER_LOAD: FioOptions = { ...VERIFIED, bs: '4k', size: '8m', time_based: 1, runtime: SECONDS };
const GROUP = 1;

/** One path as `nvme list-subsys` tells it. */
interface CliPath {
  readonly Name: string;
  readonly Address: string;
  readonly State: string;
  readonly ANAState?: string;
}

guestSuite('two controllers of ours under native multipath', { qemu: 'vfio-user' }, () => {
  let served: ServedSubsystem;
  let guest: Guest;
  let linux: LinuxController[];
  /** The subsystem has the number of the controller that was ready first. */
  let subsystem: string;
  let disk: string;

  const setState = (path: 0 | 1, state: number): void => served.controllers[path].controller.setAnaState(GROUP, state);
  const messages = (): [number, number] => [served.controllers[0].messages, served.controllers[1].messages];
  const paths = async (device = ''): Promise<CliPath[]> => {
    const [host] = await guest.json<[{ Subsystems: [{ Paths: CliPath[] }] }]>(`nvme list-subsys -o json ${device}`);
    return [...host.Subsystems[0].Paths].sort((a, b) => (a.Address < b.Address ? -1 : 1));
  };
  const states = async (): Promise<(string | undefined)[]> => (await paths(disk)).map((each) => each.ANAState);
  /** Which paths carried I/O during a while; a message or two are events and their log pages. */
  const carriers = async (what: () => Promise<unknown>): Promise<[boolean, boolean]> => {
    const before = messages();
    await what();
    const after = messages();
    return [after[0] - before[0] > 20, after[1] - before[1] > 20];
  };
  const read = (): Promise<unknown> =>
    guest.expect(`dd if=${disk} of=/dev/null bs=4k count=60 iflag=direct`, { timeoutMs: 60_000 });

  async function underLoad(disturb: () => Promise<unknown>): Promise<void> {
    const [first, second] = messages();
    const fio = guest.start(fioCommand(disk, UNDER_LOAD));
    await expect.poll(() => messages()[0] + messages()[1] - first - second, { timeout: 20_000 }).toBeGreaterThan(50);
    await disturb();
    const { read: reads, write } = await fioResult(fio, 120_000);
    expect(Math.min(reads.total_ios, write.total_ios)).toBeGreaterThan(50);
  }

  beforeAll(async () => {
    served = new ServedSubsystem(
      {
        serial: SERIAL,
        anaGroups: 2,
        largestNsid: 4,
        namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 64 * MIB }), shared: true, anaGroupId: GROUP }],
      },
      [{}, {}],
    );
    guest = await Guest.boot({ qemu: 'vfio-user', args: served.args, append: 'nvme_core.io_timeout=2' });
    linux = await controllersWith(guest, SERIAL, 1);
    disk = `/dev/${linux[0].disks[1]}`;
    subsystem = /nvme\d+/.exec(disk)![0];
  });
  afterAll(async () => {
    await guest?.close();
    await served?.close();
  });

  describe('at rest', () => {
    it('are one subsystem with one disk', async () => {
      expect(linux.map(({ disks }) => `/dev/${disks[1]}`)).toEqual([disk, disk]);
      const live = { Transport: 'pcie', State: 'live' };
      expect(await paths()).toMatchObject(
        linux.map(({ name, address }) => ({ ...live, Name: name, Address: address })),
      );
      const { Devices: devices } = await guest.json<{ Devices: unknown[] }>('nvme list -o json');
      expect(devices).toHaveLength(1);
      expect(complaints(await guest.dmesg()).join('\n')).toBe('');
    });

    it('tell the same of their groups', async () => {
      const descriptors = [
        { grpid: 1, state: 'optimized', NSIDS: [{ nsid: 1 }] },
        { grpid: 2, state: 'optimized', NSIDS: [] },
      ];
      for (const { name } of linux) {
        const page = await guest.json<Record<string, unknown>>(`nvme ana-log /dev/${name} -o json`);
        expect(page).toMatchObject({ chgcnt: 0, ngrps: 2, 'ANA DESC LIST ': descriptors });
      }
      expect(await guest.json('nvme id-ctrl /dev/nvme0 -o json')).toMatchObject({
        cmic: 0xb,
        anagrpmax: 2,
        nanagrpid: 2,
      });
      expect(await states()).toEqual(['optimized', 'optimized']);
    });

    it.each([
      [ANA_STATE_NON_OPTIMIZED, 'non-optimized'],
      [ANA_STATE_INACCESSIBLE, 'inaccessible'],
      [ANA_STATE_CHANGE, 'change'],
      [ANA_STATE_OPTIMIZED, 'optimized'],
    ])('tell the kernel of ANA state %d by an event', async (state, name) => {
      setState(1, state);
      await expect.poll(states).toEqual(['optimized', name]);
    });

    it('are used by their states', async () => {
      setState(0, ANA_STATE_NON_OPTIMIZED);
      await expect.poll(states).toEqual(['non-optimized', 'optimized']);
      expect(await carriers(read)).toEqual([false, true]);
      setState(1, ANA_STATE_INACCESSIBLE);
      await expect.poll(states).toEqual(['non-optimized', 'inaccessible']);
      expect(await carriers(read)).toEqual([true, false]);
      setState(0, ANA_STATE_OPTIMIZED);
      setState(1, ANA_STATE_OPTIMIZED);
      await expect.poll(states).toEqual(['optimized', 'optimized']);
    });

    it('both show a namespace that comes, as one more disk', async () => {
      served.subsystem.allocate({ nsid: 2, medium: new RamMedium({ bytes: 17 * MIB }), shared: true, anaGroupId: 2 });
      served.subsystem.attach(2, 1);
      served.subsystem.attach(2, 2);
      await until(guest, `[ -b /dev/${subsystem}n2 ] && [ $(ls -d /sys/block/${subsystem}c*n2 | wc -l) = 2 ]`);
      served.subsystem.detach(2, 1);
      await until(guest, `[ $(ls -d /sys/block/${subsystem}c*n2 | wc -l) = 1 ]`);
      await guest.expect(`dd if=/dev/${subsystem}n2 of=/dev/null bs=4k count=1 iflag=direct`);
      served.subsystem.detach(2, 2);
      await until(guest, `[ ! -e /dev/${subsystem}n2 ]`);
    });

    it('keep the host of the one from writing when the host of the other has reserved', async () => {
      const write = (): Promise<{ status: number; output: string }> =>
        guest.run(`dd if=/dev/zero of=${disk} bs=4k count=1 oflag=direct`);
      const only = async (path: 0 | 1): Promise<void> => {
        setState(path, ANA_STATE_OPTIMIZED);
        setState(path === 0 ? 1 : 0, ANA_STATE_INACCESSIBLE);
        await expect.poll(states).toEqual(path === 0 ? ['optimized', 'inaccessible'] : ['inaccessible', 'optimized']);
      };
      for (const [index, { name }] of linux.entries()) {
        await guest.expect(
          `printf 'the host number${index}' > id; nvme set-feature /dev/${name} -f 0x81 -v 1 -l 16 -d id`,
        );
      }
      await only(0);
      await guest.expect(`nvme resv-register ${disk} --nrkey=1; nvme resv-acquire ${disk} --crkey=1 --rtype=1`);
      expect(await write()).toMatchObject({ status: 0 });
      await only(1);
      expect(await write()).toMatchObject({ status: 1, output: expect.stringContaining('Invalid exchange') });
      await guest.expect(`dd if=${disk} of=/dev/null bs=4k count=1 iflag=direct`);
      // The second host takes it away from the first.
      await guest.expect(`nvme resv-register ${disk} --nrkey=2`);
      await guest.expect(`nvme resv-acquire ${disk} --crkey=2 --prkey=1 --rtype=1 --racqa=1`);
      expect(await write()).toMatchObject({ status: 0 });
      await guest.expect(`nvme resv-register ${disk} --crkey=2 --rrega=1`);
      await only(0);
      expect(await write()).toMatchObject({ status: 0 });
      setState(1, ANA_STATE_OPTIMIZED);
      await expect.poll(states).toEqual(['optimized', 'optimized']);
    });

    it('share the work when they are told to', async () => {
      await guest.expect(`echo round-robin > /sys/class/nvme-subsystem/nvme-subsys${subsystem.slice(4)}/iopolicy`);
      expect(await carriers(read)).toEqual([true, true]);
    });
  });

  describe('under load', () => {
    it('no I/O fails while states change on both, none left for a moment included', async () => {
      const log = await KernelLog.from(guest);
      const changes: [0 | 1, number][] = [
        [0, ANA_STATE_INACCESSIBLE],
        [1, ANA_STATE_NON_OPTIMIZED],
        [1, ANA_STATE_INACCESSIBLE], // none is left
        [0, ANA_STATE_NON_OPTIMIZED],
        [1, ANA_STATE_OPTIMIZED],
        [0, ANA_STATE_PERSISTENT_LOSS],
        [1, ANA_STATE_CHANGE],
        [1, ANA_STATE_OPTIMIZED],
        [0, ANA_STATE_OPTIMIZED],
      ];
      await underLoad(async () => {
        for (const [path, state] of changes) {
          setState(path, state);
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      });
      const news = await log.news();
      expect(news).toMatch(/nvme\dn1: no usable path - requeuing I\/O/);
      expect(news).not.toMatch(/failing I\/O|I\/O error|timeout/);
      await expect.poll(states).toEqual(['optimized', 'optimized']);
    });

    it('no I/O fails while one path is reset, and then the other', async () => {
      await underLoad(() =>
        guest.expect(`nvme reset /dev/${linux[0].name}; sleep 0.3; nvme reset /dev/${linux[1].name}`),
      );
    });

    it('no I/O fails while one path is unbound, and it is used again when it is back', async () => {
      const [{ address }] = linux;
      await underLoad(async () => {
        await guest.expect(`echo ${address} > /sys/bus/pci/drivers/nvme/unbind`);
        expect(await paths()).toHaveLength(1);
        await guest.expect(`echo ${address} > /sys/bus/pci/drivers/nvme/bind`);
        await until(guest, '[ $(nvme list-subsys | grep -c live) = 2 ]');
      });
      expect(await carriers(read)).toEqual([true, true]);
    });

    it('no I/O fails when one path loses a completion', async () => {
      const log = await KernelLog.from(guest);
      served.controllers[0].controller.faults.add({ kind: 'lost', skip: 30, count: 1 });
      await underLoad(() =>
        expect
          .poll(async () => /timeout, reset controller/.test(await guest.dmesg()), { timeout: 60_000, interval: 500 })
          .toBe(true),
      );
      expect(await log.news()).not.toMatch(/failing I\/O|I\/O error/);
      await until(guest, '[ $(nvme list-subsys | grep -c live) = 2 ]');
    });

    it('no I/O fails when one path has a fatal status, and it comes back', async () => {
      const { controller } = served.controllers[0];
      await underLoad(async () => {
        controller.fail('fatal');
        await expect.poll(() => controller.state, { timeout: 60_000 }).toBe('ready');
      });
      await until(guest, '[ $(nvme list-subsys | grep -c live) = 2 ]');
      expect(await states()).toEqual(['optimized', 'optimized']);
    });

    it('no I/O fails when one path is torn out for good', async () => {
      const log = await KernelLog.from(guest);
      await underLoad(async () => {
        served.controllers[1].controller.fail('remove');
        // What a hot plug controller would tell the kernel. Left to its timeouts, Linux 6.1 goes on choosing a path whose reset has failed for
        // as long as it takes to delete it, and fails what it sends there.
        await guest.expect(`echo 1 > /sys/bus/pci/devices/${linux[1].address}/remove`);
      });
      expect(await log.news()).not.toMatch(/failing I\/O|I\/O error/);
      expect(await paths()).toHaveLength(1);
      expect(await carriers(read)).toEqual([true, false]);
    });
  });
});
