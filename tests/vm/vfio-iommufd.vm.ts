/**
 * What is different about iommufd: whose a device is is decided by binding, not by opening a file, and permission is had on two files. I/O
 * by it is in `vfio-function.vm.ts`. Needs a kernel that has it, which Debian's is not: see the README.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GuestCommand } from './support/guest-command.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { nvmeDisk } from './support/qemu-arguments.js';

const PROGRAM = 'guest/vfio-function.ts';
const kernel = ['VFIO_DEVICE_CDEV'];
/** A disk with an IOMMU group of its own, and two that share one: functions of one device. */
const DISK = '0000:00:10.0';
const ONE = '0000:00:11.0';
const OTHER = '0000:00:11.1';
const BY_GROUP = '--iommu=group';
const BY_IOMMUFD = '--iommu=iommufd';

/** What the program in the guest saw, or why it was refused. */
async function see(guest: Guest, ...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { status, output, stdout } = await guest.node(PROGRAM, args);
  if (status !== 0) throw new Error(output);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;
}

const refusal = (code: string, message: string | RegExp): Record<string, unknown> => ({
  refused: code,
  message: expect.stringMatching(message) as unknown,
});

const disks = (file?: string): string[] => [
  ...nvmeDisk({
    ...{ serial: 'PBDISK', properties: 'addr=10.0,logical_block_size=4096,physical_block_size=4096' },
    ...(file === undefined ? {} : { file }),
  }),
  ...nvmeDisk({ serial: 'PBONE', properties: 'addr=11.0,multifunction=on' }),
  ...nvmeDisk({ serial: 'PBOTHER', properties: 'addr=11.1' }),
];

guestSuite('iommufd', { qemu: 'plain', kernel }, () => {
  let guest: Guest;
  let folder: string;
  let cdev: string;

  /** Runs `work` while a process has a function open with I/O under way, and kills that process. */
  const whileHeld = async (args: readonly string[], work: (owner: GuestCommand) => Promise<void>): Promise<void> => {
    const owner = await guest.startNode(PROGRAM, args);
    await owner.waitFor('OPEN');
    try {
      await work(owner);
    } finally {
      owner.signal('SIGKILL');
      // Had it ended by itself, nobody would have held anything.
      expect((await owner.finish()).status).toBe(128 + 9);
    }
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'phasebit-iommufd-'));
    const file = path.join(folder, 'disk');
    writeFileSync(file, '');
    truncateSync(file, 64 << 20);
    guest = await Guest.boot({ iommu: true, args: disks(file) });
    expect(await see(guest, BY_IOMMUFD, 'identify', DISK)).toMatchObject(refusal('not-bound', 'bound to nvme'));
    await guest.expect(`phasebit-vfio bind ${DISK} ${ONE} ${OTHER}`);
    cdev = (await guest.expect(`ls /sys/bus/pci/devices/${DISK}/vfio-dev`)).stdout.trim();
  });
  afterAll(async () => {
    await guest?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has a file for each function, which the list names', async () => {
    await guest.expect(`test -c /dev/iommu && test -c /dev/vfio/devices/${cdev}`);
    const { stdout } = await guest.expect('phasebit-vfio list');
    expect(stdout).toMatch(
      new RegExp(
        `^${DISK} .*\\n    driver: vfio-pci\\n.*\\n    character device: /dev/vfio/devices/${cdev}\\n    bound\\n`,
      ),
    );
    const listed = await guest.json<{ bdf: string; cdev?: string }[]>('phasebit-vfio list --json');
    expect(new Set(listed.map((each) => each.cdev)).size).toBe(3);
  });

  it('is taken where it can be had, else groups are', async () => {
    expect(await see(guest, 'identify', DISK)).toMatchObject({ sn: 'PBDISK', kind: 'iommufd' });
    expect(await see(guest, BY_GROUP, 'identify', DISK)).toMatchObject({ sn: 'PBDISK', kind: 'group' });
    await guest.expect('mv /dev/iommu /dev/away');
    expect(await see(guest, 'identify', DISK)).toMatchObject({ kind: 'group' });
    expect(await see(guest, BY_IOMMUFD, 'identify', DISK)).toMatchObject(
      refusal('no-vfio', 'there is no /dev/iommu: this kernel has no iommufd'),
    );
    await guest.expect('mv /dev/away /dev/iommu');
    await guest.expect('mv /dev/vfio/vfio /dev/vfio/away');
    expect(await see(guest, 'identify', DISK)).toMatchObject({ kind: 'iommufd' });
    await guest.expect('mv /dev/vfio/away /dev/vfio/vfio');
  });

  it('gives a function to one process, whichever way the other one tries', async () => {
    await whileHeld([BY_IOMMUFD, 'hold', DISK], async () => {
      expect(await see(guest, BY_IOMMUFD, 'identify', DISK)).toMatchObject(
        refusal('busy', `/dev/vfio/devices/${cdev} is bound already: another process uses ${DISK}`),
      );
      expect(await see(guest, BY_GROUP, 'identify', DISK)).toMatchObject(
        refusal('busy', /\/dev\/vfio\/\d+ is open already/),
      );
      const { output } = await guest.run(`phasebit-vfio unbind ${DISK}`);
      expect(output).toMatch(/0000:00:10\.0 is open: node \(\d+\)\. End that first/);
      const { stdout } = await guest.expect('phasebit-vfio list');
      expect(stdout).toMatch(/open: node \(\d+\)\n {4}bound\n0000:00:11\.0/);
    });
    await whileHeld([BY_GROUP, 'hold', DISK], async () => {
      expect(await see(guest, BY_IOMMUFD, 'identify', DISK)).toMatchObject(
        refusal('busy', /another process has IOMMU group \d+ of 0000:00:10\.0 open/),
      );
    });
  });

  it('gives a group to one process, and both functions of it to the same', async () => {
    const held = [BY_IOMMUFD, 'wait', ONE];
    await whileHeld(held, async () => {
      expect(await see(guest, BY_IOMMUFD, 'identify', OTHER)).toMatchObject(
        refusal('busy', /another device of IOMMU group \d+ of 0000:00:11\.1 is in use/),
      );
    });
    expect(await see(guest, BY_IOMMUFD, 'both', ONE, OTHER)).toEqual({ serials: ['PBONE', 'PBOTHER'] });
  });

  it('leaves nothing behind when its process is killed in the middle of I/O', async () => {
    for (let round = 0; round < 3; round++) await whileHeld([BY_IOMMUFD, 'hold', DISK], () => Promise.resolve());
    expect((await guest.expect(`phasebit-vfio bind ${DISK}`)).stdout).toContain('already');
    expect(await see(guest, BY_IOMMUFD, 'identify', DISK)).toMatchObject({ sn: 'PBDISK', kind: 'iommufd' });
    await whileHeld([BY_IOMMUFD, 'hold', DISK], () => Promise.resolve());
    await guest.expect(`phasebit-vfio unbind ${DISK}`);
    await expect.poll(async () => (await guest.run('nvme list')).output, { timeout: 20_000 }).toContain('PBDISK');
    await guest.expect(`phasebit-vfio bind ${DISK}`);
    cdev = (await guest.expect(`ls /sys/bus/pci/devices/${DISK}/vfio-dev`)).stdout.trim();
  });

  it('needs permission on two files, and as much memory as may be locked', async () => {
    const none = (file: string): unknown =>
      expect.objectContaining(refusal('no-permission', `expected to be allowed to read and write ${file}, which`));
    expect(await see(guest, BY_IOMMUFD, 'user', DISK)).toEqual(none('/dev/iommu'));
    await guest.expect('chmod 666 /dev/iommu');
    expect(await see(guest, BY_IOMMUFD, 'user', DISK)).toEqual(none(`/dev/vfio/devices/${cdev}`));
    expect(await see(guest, 'user', DISK)).toEqual(none('/dev/vfio/\\d+'));
    await guest.expect(`phasebit-vfio bind --user 1000 ${DISK}`);
    expect(await see(guest, 'user', DISK)).toEqual({ isOpened: true, kind: 'iommufd' });
    const program = `node $(ls -t /app/tests/vfio-function-*.mjs) ${BY_IOMMUFD} user ${DISK} ${16 << 20}`;
    const { status, output } = await guest.run(`sh -c 'ulimit -l 2048; ${program}'`);
    expect([status, output]).toEqual([0, expect.stringContaining('"refused":"memory-limit"')]);
    // What was counted against the limit is given back.
    expect(await see(guest, 'user', DISK)).toEqual({ isOpened: true, kind: 'iommufd' });
  });

  it('leaves nothing in the kernel’s log that it should not', async () => {
    expect(await guest.dmesg()).not.toMatch(/WARNING|BUG:|Oops|refused|stuck/);
  });
});

guestSuite('iommufd without remapping of interrupts', { qemu: 'plain', kernel }, () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await Guest.boot({ iommu: true, append: 'intremap=off', args: disks() });
    await guest.expect(`phasebit-vfio bind ${DISK}`);
  });
  afterAll(() => guest?.close());

  it.each([BY_IOMMUFD, BY_GROUP])('refuses a device that could forge interrupts (%s)', async (asked) => {
    expect(await see(guest, asked, 'identify', DISK)).toMatchObject(
      refusal('unsupported', /the IOMMU of group \d+ does not remap interrupts/),
    );
  });
});
