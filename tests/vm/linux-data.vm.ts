/**
 * Linux's file system and fio on namespaces of our controller, with every kind of block that the kernel knows: 512 and 4096 bytes, and
 * protection information that the kernel makes and checks.
 */
import { RamMedium } from '@phasebit/controller';
import { NVM_READ } from '@phasebit/nvme-spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fioCommand, fioResult, runFio, VERIFIED } from './support/fio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { complaints, controllersWith, KernelLog } from './support/linux-nvme.js';
import { ServedSubsystem } from './support/served-subsystem.js';

const MIB = 2 ** 20;
const SERIAL = 'PBDATA01';
const IS_LONG = process.env['PHASEBIT_VM_LONG'] !== undefined;

/** Namespaces by identifier, and what the kernel calls the protection of each. */
const NAMESPACES = [
  { nsid: 1, kind: '512-byte blocks', profile: 'none', options: {} },
  { nsid: 2, kind: '4096-byte blocks', profile: 'none', options: { blockBytes: 4096 } },
  {
    nsid: 3,
    kind: '512-byte blocks, type 1 protection',
    profile: 'T10-DIF-TYPE1-CRC',
    options: { metadataBytes: 8, piType: 1 },
  },
  {
    nsid: 4,
    kind: '4096-byte blocks, type 3 protection, metadata of 64 bytes',
    // Linux 6.1 takes only metadata that is protection information and nothing else for that, 6.12 others too.
    profile: 'nop|T10-DIF-TYPE3-CRC',
    options: { blockBytes: 4096, metadataBytes: 64, piType: 3 },
  },
  {
    nsid: 5,
    kind: '4096-byte blocks, type 1 protection by 64-bit guards',
    profile: 'EXT-DIF-TYPE1-CRC64',
    options: { blockBytes: 4096, metadataBytes: 16, piType: 1, guardBits: 64 },
  },
  {
    nsid: 6,
    kind: '4096-byte blocks, type 2 protection',
    profile: 'T10-DIF-TYPE1-CRC',
    options: { blockBytes: 4096, metadataBytes: 8, piType: 2 },
  },
];

/** Files from a byte to some MiB, in folders, and a list of their checksums. */
const FILL = `cd /mnt; for i in $(seq 60); do
    mkdir -p d$((i % 7)); dd if=/dev/urandom of=d$((i % 7))/f$i bs=$((i * i * 3 + 1)) count=$((i % 5 + 1)) 2>/dev/null
  done; dd if=/dev/urandom of=big bs=1M count=8 2>/dev/null; find . -type f | xargs md5sum > /tmp/sums; cd /`;
const CHECK =
  'cd /mnt; md5sum -c /tmp/sums | grep -v ": OK"; n=$(md5sum -c /tmp/sums | grep -c ": OK"); cd /; [ $n = 61 ]';

guestSuite('data of Linux on our controller', { qemu: 'vfio-user' }, () => {
  let served: ServedSubsystem;
  let guest: Guest;
  let disks: Readonly<Record<number, string>>;

  beforeAll(async () => {
    const namespaces = NAMESPACES.map(({ nsid, options }) => {
      const medium = new RamMedium({ bytes: (nsid === 1 ? 128 : 33) * MIB });
      return { nsid, medium, isCounted: nsid === 1, ...options };
    });
    const plain = namespaces.filter((each) => !('metadataBytes' in each));
    served = new ServedSubsystem({ serial: SERIAL, largestNsid: namespaces.length, namespaces: plain });
    guest = await Guest.boot({ qemu: 'vfio-user', args: served.args, append: 'nvme.poll_queues=1' });
    // Only now: SeaBIOS takes namespaces with metadata for disks and reads them with a metadata pointer of 0, and what is then put there
    // are its interrupt vectors.
    for (const each of namespaces) if (!plain.includes(each)) served.controller.attach(each);
    [{ disks }] = await controllersWith(guest, SERIAL, ...NAMESPACES.map(({ nsid }) => nsid));
  });
  afterAll(async () => {
    await guest?.close();
    await served?.close();
  });

  describe('a file system', () => {
    it('is made, filled, unmounted, and is there again', async () => {
      await guest.expect('mkfs.ext4 -q -E discard /dev/nvme0n1; mount /dev/nvme0n1 /mnt');
      await guest.expect(FILL);
      await guest.expect('umount /mnt; mount -o ro /dev/nvme0n1 /mnt');
      await guest.expect(CHECK);
      await guest.expect('umount /mnt');
    });

    it('is clean', async () => {
      const { stdout } = await guest.expect('fsck.ext4 -f -n /dev/nvme0n1');
      expect(stdout).not.toMatch(/[Ff]ix|error|corrupt/);
    });

    it('gives back what it does not use, and keeps the rest', async () => {
      const used = async (): Promise<number> =>
        Number((await guest.json<{ nuse: number }>('nvme id-ns /dev/nvme0n1 -o json')).nuse) / 2048;
      await guest.expect('mount /dev/nvme0n1 /mnt; rm /mnt/big; sed -i "/big$/d" /tmp/sums; sync');
      const before = await used();
      const { stdout } = await guest.expect('fstrim -v /mnt; umount /mnt; mount /dev/nvme0n1 /mnt');
      expect(Number(/(\d+) bytes/.exec(stdout)![1])).toBeGreaterThan(64 * MIB);
      expect(before - (await used())).toBeGreaterThan(7); // MiB, of the eight that were in the file
      await guest.expect(CHECK.replace('61', '60'));
      await guest.expect('umount /mnt; fsck.ext4 -f -n /dev/nvme0n1');
    });
  });

  describe.each(NAMESPACES)('on $kind', ({ nsid, profile }) => {
    it('the kernel knows how they are protected', async () => {
      const { stdout } = await guest.expect(`cat /sys/block/${disks[nsid]}/integrity/format 2>/dev/null || echo none`);
      expect(profile.split('|')).toContain(stdout.trim());
    });

    it('everything that is written is read back, 32 at a time, in all sizes', async () => {
      const sizes = { bsrange: nsid === 1 || nsid === 3 ? '512-256k' : '4k-256k', size: IS_LONG ? '30m' : '6m' };
      const { read, write } = await runFio(guest, `/dev/${disks[nsid]}`, {
        ...VERIFIED,
        ...sizes,
        loops: IS_LONG ? 10 : 1,
      });
      expect(Math.min(read.total_ios, write.total_ios)).toBeGreaterThan(10);
    });
  });

  it('is read by polling, without interrupts', async () => {
    expect(await guest.dmesg()).toContain('2/0/1 default/read/poll queues');
    const before = served.messages;
    const job = { ioengine: 'io_uring', hipri: 1, iodepth: 4, rw: 'randread', bs: '4k', size: '4m', number_ios: 300 };
    expect((await runFio(guest, '/dev/nvme0n2', job)).read.total_ios).toBe(300);
    expect(served.messages - before).toBeLessThan(50);
  });

  it('went without a complaint', async () => {
    expect(complaints(await guest.dmesg()).join('\n')).toBe('');
  });

  it('a bit that the controller inverts is found by fio', async () => {
    const job = fioCommand('/dev/nvme0n1', { ...VERIFIED, rw: 'randwrite', bs: '4k', size: '2m' });
    served.controller.faults.add({ kind: 'corrupt', nsid: 1, opcode: NVM_READ, skip: 100, count: 1 });
    await expect(fioResult(guest.start(job))).rejects.toThrow(/verify: bad|crc32c: verify failed/);
  });

  it.each([
    [3, /guard tag error|protection error/],
    [5, /guard tag error|protection error/],
  ])('a bit that the controller inverts in protected namespace %d is found by the kernel', async (nsid, message) => {
    const log = await KernelLog.from(guest);
    // Blocks that were never written are not checked.
    await guest.expect(`dd if=/dev/urandom of=/dev/${disks[nsid]} bs=4k count=1 oflag=direct`);
    served.controller.faults.add({ kind: 'corrupt', nsid, opcode: NVM_READ, count: 1 });
    const { status, output } = await guest.run(`dd if=/dev/${disks[nsid]} of=/dev/null bs=4k count=1 iflag=direct`);
    expect(status).not.toBe(0);
    expect(output).toMatch(/Illegal byte sequence|Invalid or incomplete multibyte|Input\/output error/);
    expect(await log.news()).toMatch(message);
    await guest.expect(`dd if=/dev/${disks[nsid]} of=/dev/null bs=4k count=1 iflag=direct`);
  });
});
