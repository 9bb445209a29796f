/**
 * nvme-cli in an unmodified Linux on our controller: what its commands do to the model, and what the kernel makes of it.
 */
import { createFirmwareImage, RamMedium } from '@phasebit/controller';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { complaints, controllersOf, KernelLog, until } from './support/linux-nvme.js';
import { ServedSubsystem } from './support/served-subsystem.js';

const MIB = 2 ** 20;
const SERIAL = 'PBADMIN01';
const DISK = '/dev/nvme0n1';
/** 17 MiB. */
const CREATED_BLOCKS = 34_816;

guestSuite('nvme-cli on our controller', { qemu: 'vfio-user' }, () => {
  let served: ServedSubsystem;
  let guest: Guest;

  const cli = (command: string): Promise<{ output: string; stdout: string }> => guest.expect(`nvme ${command}`);
  const refused = async (command: string): Promise<string> => {
    const { status, output } = await guest.run(`nvme ${command}`);
    expect({ command, isRefused: status !== 0 }).toEqual({ command, isRefused: true });
    return output;
  };
  /** The name of the block device of a namespace; undefined when the kernel has none. */
  const diskOf = async (nsid: number): Promise<string | undefined> => {
    const [linux] = await controllersOf(guest, SERIAL);
    return linux.disks[nsid];
  };
  const diskComes = async (nsid: number): Promise<string> => {
    await expect.poll(() => diskOf(nsid), { timeout: 15_000 }).toBeDefined();
    return (await diskOf(nsid))!;
  };
  const diskGoes = (nsid: number): Promise<void> =>
    expect.poll(() => diskOf(nsid), { timeout: 15_000 }).toBeUndefined();
  const md5 = async (disk: string, blocks: string): Promise<string> =>
    (await guest.expect(`dd if=${disk} iflag=direct ${blocks} 2>/dev/null | md5sum`)).stdout.slice(0, 32);

  beforeAll(async () => {
    served = new ServedSubsystem({
      serial: SERIAL,
      firmware: '1.0',
      largestNsid: 8,
      capacityBytes: 256 * MIB,
      namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 32 * MIB }), isCounted: true }],
    });
    guest = await Guest.boot({ qemu: 'vfio-user', args: served.args });
    await guest.expect(`dd if=/dev/urandom of=random bs=4096 count=16 2>/dev/null; [ -b ${DISK} ]`);
  });
  afterAll(async () => {
    await guest?.close();
    await served?.close();
  });

  describe('namespaces', () => {
    it('are created, attached, used, detached and deleted by the guest', async () => {
      const { output } = await cli(`create-ns /dev/nvme0 -s ${CREATED_BLOCKS} -c ${CREATED_BLOCKS} -f 0`);
      expect(output).toMatch(/created nsid:2/);
      expect(await diskOf(2)).toBeUndefined();
      await cli('attach-ns /dev/nvme0 -n 2 -c 1');
      const disk = await diskComes(2);
      expect((await guest.expect(`cat /sys/block/${disk}/size`)).stdout.trim()).toBe(`${CREATED_BLOCKS}`);
      await guest.expect(`dd if=random of=/dev/${disk} bs=64k oflag=direct; cmp -n 65536 random /dev/${disk}`);
      await cli('detach-ns /dev/nvme0 -n 2 -c 1');
      await diskGoes(2);
      expect(served.subsystem.find(2)).toBeDefined();
      await cli('delete-ns /dev/nvme0 -n 2');
      expect(served.subsystem.find(2)).toBeUndefined();
    });

    it('are refused when there is no room', async () => {
      expect(await refused('create-ns /dev/nvme0 -s 1000000000 -c 1000000000 -f 0')).toMatch(/Insufficient Capacity/i);
    });

    it('are seen to come and to go when the device does it', async () => {
      const log = await KernelLog.from(guest);
      served.controller.attach({ nsid: 5, medium: new RamMedium({ bytes: 18 * MIB }), blockBytes: 4096 });
      const disk = await diskComes(5);
      expect((await guest.expect(`cd /sys/block/${disk}; cat size queue/logical_block_size`)).stdout).toBe(
        '36864\n4096\n',
      );
      await guest.expect(`dd if=random of=/dev/${disk} bs=64k oflag=direct; cmp -n 65536 random /dev/${disk}`);
      served.controller.detach(5);
      await diskGoes(5);
      const news = await log.news();
      expect(news.match(/nvme0: rescanning namespaces/g)).toHaveLength(2);
      expect(complaints(news).join('\n')).toBe('');
    });

    it('goes from under a running command without harm', async () => {
      served.controller.attach({ nsid: 6, medium: new RamMedium({ bytes: 18 * MIB }) });
      const disk = await diskComes(6);
      const reader = guest.start(`while dd if=/dev/${disk} of=/dev/null bs=4k count=64 iflag=direct; do :; done`);
      await reader.waitFor('records out');
      served.controller.detach(6);
      expect((await reader.finish()).output).toMatch(/not supported|error|No such|can't open/);
      await diskGoes(6);
      await guest.expect(`dd if=${DISK} of=/dev/null bs=4k count=1 iflag=direct`);
    });
  });

  describe('format', () => {
    const shape = async (): Promise<string> =>
      (await guest.expect('cd /sys/block/nvme0n1; cat queue/logical_block_size size')).stdout.replace('\n', ' ').trim();

    it('changes the block size, and the kernel sees it', async () => {
      expect(await shape()).toBe('512 65536');
      await cli(`format ${DISK} -l 4 -f`);
      await until(guest, '[ $(cat /sys/block/nvme0n1/queue/logical_block_size) = 4096 ]');
      expect(await shape()).toBe('4096 65536');
      expect(await guest.json(`nvme id-ns ${DISK} -o json`)).toMatchObject({ flbas: 4, nsze: 8192 });
      await guest.expect(`dd if=random of=${DISK} bs=4096 oflag=direct; cmp -n 65536 random ${DISK}`);
    });

    it('erases what was there, and goes back', async () => {
      await cli(`format ${DISK} -l 0 -s 1 -f`);
      await until(guest, '[ $(cat /sys/block/nvme0n1/queue/logical_block_size) = 512 ]');
      await guest.expect(`cmp -n 65536 /dev/zero ${DISK}`);
      expect(await guest.json(`nvme id-ns ${DISK} -o json`)).toMatchObject({ flbas: 0, nsze: 65_536, nuse: 0 });
    });

    it('gives protection information, which the kernel uses', async () => {
      await cli(`format ${DISK} -l 1 -i 1 -f`);
      await until(guest, 'grep TYPE1 /sys/block/nvme0n1/integrity/format');
      await guest.expect(`dd if=random of=${DISK} bs=64k oflag=direct; cmp -n 65536 random ${DISK}`);
      await cli(`format ${DISK} -l 0 -f`);
      await until(guest, '! grep TYPE1 /sys/block/nvme0n1/integrity/format');
    });

    it('is refused for a format that there is not', async () => {
      expect(await refused(`admin-passthru /dev/nvme0 -o 0x80 -n 1 --cdw10=15`)).toMatch(/Invalid Format/);
    });
  });

  describe('I/O commands', () => {
    it('write, read and compare', async () => {
      await cli(`write ${DISK} -s 16 -c 7 -z 4096 -d random`);
      await cli(`compare ${DISK} -s 16 -c 7 -z 4096 -d random`);
      expect(await refused(`compare ${DISK} -s 17 -c 7 -z 4096 -d random`)).toMatch(/Compare Failure.*0x.?285/);
      await cli(`read ${DISK} -s 16 -c 7 -z 4096 -d read; cmp -n 4096 random read`);
      await cli(`flush ${DISK}`);
    });

    it('copy', async () => {
      await cli(`copy ${DISK} -d 256 -s 16,20 -b 3,3`);
      await cli(`compare ${DISK} -s 256 -c 7 -z 4096 -d random`);
    });

    it('write zeroes, deallocate and verify', async () => {
      await cli(`write ${DISK} -s 64 -c 15 -z 8192 -d random`);
      await cli(`write-zeroes ${DISK} -s 64 -c 7`);
      await guest.expect(`dd if=${DISK} iflag=direct bs=512 skip=64 count=8 2>/dev/null | cmp -n 4096 - /dev/zero`);
      await cli(`dsm ${DISK} -d -s 72 -b 8`);
      await guest.expect(`dd if=${DISK} iflag=direct bs=512 skip=72 count=8 2>/dev/null | cmp -n 4096 - /dev/zero`);
      await cli(`verify ${DISK} -s 64 -c 15`);
      expect(await refused(`verify ${DISK} -s 65536 -c 0`)).toMatch(/LBA Out of Range/i);
    });

    it('make blocks uncorrectable, which reading tells and writing mends', async () => {
      const log = await KernelLog.from(guest);
      await cli(`write-uncor ${DISK} -s 128 -c 0`);
      expect(await refused(`verify ${DISK} -s 120 -c 15`)).toMatch(/Unrecovered Read Error/i);
      const { status, output } = await guest.run(`dd if=${DISK} of=/dev/null bs=512 skip=128 count=1 iflag=direct`);
      expect({ status, output }).toMatchObject({ status: 1, output: expect.stringContaining('No data available') });
      expect(await log.news()).toMatch(/critical medium error, dev nvme0n1, sector 128/);
      await guest.expect(
        `dd if=random of=${DISK} bs=512 seek=128 count=1 oflag=direct; dd if=${DISK} of=/dev/null bs=512 skip=128 count=1 iflag=direct`,
      );
    });

    it('go the way of the block layer: discard, zeroes, secure', async () => {
      const used = async (): Promise<number> => (await guest.json<{ nuse: number }>(`nvme id-ns ${DISK} -o json`)).nuse;
      await guest.expect(`dd if=random of=${DISK} bs=64k oflag=direct`);
      const before = await used();
      await guest.expect(`blkdiscard -o 0 -l 65536 ${DISK}; cmp -n 65536 /dev/zero ${DISK}`);
      expect(before - (await used())).toBe(128);
    });
  });

  describe('reservations', () => {
    it('need a host identifier', async () => {
      expect(await refused(`resv-register ${DISK} --nrkey=0x1234 --rrega=0`)).toMatch(/0x.?027/);
    });

    it('are registered, acquired, reported and released', async () => {
      await guest.expect('printf 0123456789abcdef > host; nvme set-feature /dev/nvme0 -f 0x81 -v 1 -l 16 -d host');
      await cli(`resv-register ${DISK} --nrkey=0x1234 --rrega=0`);
      await cli(`resv-acquire ${DISK} --crkey=0x1234 --rtype=1 --racqa=0`);
      expect(await guest.json(`nvme resv-report ${DISK} -e -o json`)).toMatchObject({
        rtype: 1,
        regctl: 1,
        regctlext: [{ cntlid: 1, rcsts: 1, rkey: 0x1234, hostid: Buffer.from('0123456789abcdef').toString('hex') }],
      });
      expect(await refused(`resv-release ${DISK} --crkey=0x9999 --rtype=1 --rrela=0`)).toMatch(/Reservation Conflict/i);
      await cli(`resv-release ${DISK} --crkey=0x1234 --rtype=1 --rrela=0`);
      await cli(`resv-register ${DISK} --crkey=0x1234 --rrega=1`);
      expect(await guest.json(`nvme resv-report ${DISK} -e -o json`)).toMatchObject({ rtype: 0, regctl: 0 });
    });
  });

  describe('the controller', () => {
    it('tests itself', async () => {
      await cli('device-self-test /dev/nvme0 -s 1 -n 0xffffffff');
      expect((await cli('self-test-log /dev/nvme0 -e 1')).stdout).toMatch(
        /Operation Result\s*: 0\s[^]*Self Test Code\s*: 1/,
      );
    });

    it('takes firmware and runs it after a reset', async () => {
      await guest.copyIn('firmware', createFirmwareImage('2.0'));
      await cli('fw-download /dev/nvme0 -f firmware');
      await cli('fw-commit /dev/nvme0 -s 2 -a 1');
      expect((await cli('fw-log /dev/nvme0')).stdout).toMatch(/2\.0/);
      expect(await guest.json('nvme id-ctrl /dev/nvme0 -o json')).toMatchObject({ fr: '1.0'.padEnd(8) });
      await cli('reset /dev/nvme0');
      await until(guest, '[ $(cat /sys/class/nvme/nvme0/state) = live ]');
      expect(await guest.json('nvme id-ctrl /dev/nvme0 -o json')).toMatchObject({ fr: '2.0'.padEnd(8) });
      await until(guest, '[ $(cat /sys/class/nvme/nvme0/firmware_rev) = 2.0 ]');
    });

    it('refuses firmware that is none', async () => {
      await guest.expect('dd if=/dev/zero of=none bs=4096 count=1; nvme fw-download /dev/nvme0 -f none');
      expect(await refused('fw-commit /dev/nvme0 -s 2 -a 1')).toMatch(/Invalid Firmware Image/);
    });

    it('keeps features, saved or not, as they were set', async () => {
      await cli('set-feature /dev/nvme0 -f 4 -v 0x150');
      expect((await cli('get-feature /dev/nvme0 -f 4')).stdout).toMatch(/0x0*150\b/);
      expect((await cli('get-feature /dev/nvme0 -f 4 -s 1')).stdout).toMatch(/0x0*157\b/);
      await cli('set-feature /dev/nvme0 -f 4 -v 0x152 --save');
      await cli('reset /dev/nvme0');
      await until(guest, '[ $(cat /sys/class/nvme/nvme0/state) = live ]');
      expect((await cli('get-feature /dev/nvme0 -f 4')).stdout).toMatch(/0x0*152\b/);
    });

    it('protects a namespace from writes, and the kernel knows', async () => {
      await cli('set-feature /dev/nvme0 -f 0x84 -n 1 -v 1; echo 1 > /sys/class/nvme/nvme0/rescan_controller');
      await until(guest, '[ $(cat /sys/block/nvme0n1/ro) = 1 ]');
      expect(await refused(`write-zeroes ${DISK} -s 0 -c 0`)).toMatch(/write protected/i);
      await cli('set-feature /dev/nvme0 -f 0x84 -n 1 -v 0; echo 1 > /sys/class/nvme/nvme0/rescan_controller');
      await until(guest, '[ $(cat /sys/block/nvme0n1/ro) = 0 ]');
      await cli(`write-zeroes ${DISK} -s 0 -c 0`);
    });

    it('gives telemetry', async () => {
      await cli('telemetry-log /dev/nvme0 -g 1 -o telemetry');
      const bytes = await guest.copyOut('telemetry');
      expect(bytes.length).toBeGreaterThanOrEqual(512);
      expect(bytes[0]).toBe(0x07);
    });

    it('sanitizes everything, and the kernel finds a disk of zeros', async () => {
      await guest.expect(`dd if=random of=${DISK} bs=64k oflag=direct`);
      const before = await md5(DISK, 'bs=64k count=1');
      await cli('sanitize /dev/nvme0 -a 2');
      await until(guest, 'nvme sanitize-log /dev/nvme0 | grep "SPROG.*65535"');
      expect((await cli('sanitize-log /dev/nvme0 -H')).stdout).toMatch(
        /Completed Successfully[^]*Global Data Erased set/,
      );
      expect(await md5(DISK, 'bs=64k count=1')).not.toBe(before);
      await guest.expect(`cmp -n 65536 /dev/zero ${DISK}`);
    });
  });
});
