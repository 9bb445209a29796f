import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guestSuite } from './support/guest-suite.js';
import type { CommandResult } from './support/guest-command.js';
import { Guest } from './support/guest.js';
import { nvmeDisk } from './support/qemu-arguments.js';

const PROGRAM = 'guest/vfio-function.ts';
/** A disk with an IOMMU group of its own, and two that share one: functions of one device. */
const DISK = '0000:00:10.0';
const ONE = '0000:00:11.0';
const OTHER = '0000:00:11.1';

interface Listed {
  readonly bdf: string;
  readonly driver?: string;
  readonly driverOverride?: string;
  readonly group: number;
  readonly openBy: readonly string[];
}

guestSuite('phasebit-vfio', { qemu: 'plain' }, () => {
  let guest: Guest;
  let folder: string;

  const vfio = (line: string): Promise<CommandResult> => guest.run(`phasebit-vfio ${line}`);

  /** Runs the command; expects that it refuses, and gives what it says. */
  const refusal = async (line: string): Promise<string> => {
    const { status, output } = await vfio(line);
    expect([status, output]).toEqual([1, expect.stringMatching(/^phasebit-vfio: /)]);
    return output;
  };

  const listed = async (bdf: string): Promise<Listed> => {
    const all = await guest.json<Listed[]>('phasebit-vfio list --json');
    const found = all.find((each) => each.bdf === bdf);
    if (found === undefined) throw new Error(`${bdf} is not in the list`);
    return found;
  };

  /** The name of the disk's block device, once the kernel has found it again. */
  const diskName = async (): Promise<string> => {
    let name = '';
    const look = async (): Promise<boolean> => {
      name = (await guest.run(`ls /sys/bus/pci/devices/${DISK}/nvme/*/ | grep -E '^nvme[0-9]+n[0-9]+$'`)).stdout.trim();
      return name !== '' && (await guest.run(`test -b /dev/${name}`)).status === 0;
    };
    await expect.poll(look, { timeout: 20_000 }).toBe(true);
    return `/dev/${name}`;
  };

  /** What the program in the guest saw. */
  const see = async (...args: readonly string[]): Promise<unknown> => {
    const { status, output, stdout } = await guest.node(PROGRAM, [...args]);
    if (status !== 0) throw new Error(output);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'phasebit-vfio-'));
    const file = path.join(folder, 'disk');
    writeFileSync(file, '');
    truncateSync(file, 64 << 20);
    const blocks = 'logical_block_size=4096,physical_block_size=4096';
    guest = await Guest.boot({
      iommu: true,
      args: [
        ...nvmeDisk({ serial: 'PBDISK', file, properties: `addr=10.0,${blocks}` }),
        ...nvmeDisk({ serial: 'PBONE', properties: `addr=11.0,multifunction=on,${blocks}` }),
        ...nvmeDisk({ serial: 'PBOTHER', properties: `addr=11.1,${blocks}` }),
      ],
    });
  });
  afterAll(async () => {
    await guest?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lists what there is, and what can be bound', async () => {
    const { status, stdout } = await vfio('list');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^0000:00:10\.0 {2}QEMU NVMe Ctrl, serial PBDISK\n {4}driver: nvme\n {4}IOMMU group: \d+, alone\n/,
    );
    expect(stdout).toMatch(/disks: nvme\dn1\n {4}can be bound\n0000:00:11\.0/);
    expect(stdout).toMatch(
      /IOMMU group: \d+, with 0000:00:11\.1 \(nvme\)\n.*\n {4}cannot be bound \(group-not-viable\)/,
    );
  });

  it('takes no disk away that is mounted', async () => {
    const disk = await diskName();
    await guest.expect(`mkfs.ext4 -q ${disk} && mkdir -p '/mnt/a disk' && mount ${disk} '/mnt/a disk'`);
    expect(await refusal(`bind ${DISK}`)).toContain(`${disk.slice(5)} is mounted at /mnt/a disk`);
    // Nor one that is mounted where the command cannot see it: in a mount namespace of another process.
    const other = guest.start(
      `unshare -m sh -c "mount ${disk} /media 2>/dev/null || mount ${disk} /tmp; echo MOUNTED; sleep 60"`,
    );
    await other.waitFor('MOUNTED');
    await guest.expect("umount '/mnt/a disk'");
    expect(await refusal(`bind ${DISK}`)).toContain(`${disk.slice(5)} is held exclusively by somebody`);
    other.signal('SIGKILL');
    await other.finish();
    expect((await listed(DISK)).driver).toBe('nvme');
  });

  it('takes no disk away that is swapped to, or held by a process', async () => {
    const disk = await diskName();
    await guest.expect(`mkswap ${disk} && swapon ${disk}`);
    expect(await refusal(`bind ${DISK}`)).toContain(`${disk.slice(5)} is swapped to`);
    await guest.expect(`swapoff ${disk}`);
    const program = `const fs = require('fs'); fs.openSync('${disk}', fs.constants.O_RDONLY | fs.constants.O_EXCL); console.log('HELD'); setTimeout(() => 0, 60000)`;
    const holder = guest.start(`node -e "${program}"`);
    await holder.waitFor('HELD');
    expect(await refusal(`bind ${DISK}`)).toMatch(/is held exclusively by node \(\d+\)/);
    expect((await vfio('list')).stdout).toMatch(/in use: nvme\dn1 is held exclusively by node/);
    holder.signal('SIGKILL');
    await holder.finish();
  });

  it('takes no function of a group without the others', async () => {
    expect(await refusal(`bind ${ONE}`)).toMatch(
      /shares IOMMU group \d+ with 0000:00:11\.1 \(1b36:0010, driver nvme\)/,
    );
    expect((await listed(ONE)).driver).toBe('nvme');
    await guest.expect(`phasebit-vfio bind ${ONE} ${OTHER}`);
    expect(await see('identify', ONE)).toMatchObject({ sn: 'PBONE' });
    expect(await see('identify', OTHER)).toMatchObject({ sn: 'PBOTHER' });
    await guest.expect(`phasebit-vfio unbind ${ONE}`);
    // The kernel has one of the group again, so the other cannot be used.
    expect(await see('identify', OTHER)).toMatchObject({
      refused: 'group-not-viable',
      message: expect.stringContaining(ONE),
    });
    await guest.expect(`phasebit-vfio unbind ${OTHER}`);
    expect((await listed(OTHER)).driver).toBe('nvme');
  });

  it('says what it would do, and does nothing', async () => {
    const { stdout } = await guest.expect(`phasebit-vfio bind --dry-run --user 1000 ${DISK}`);
    expect(stdout).toContain(`echo ${DISK} > /sys/bus/pci/devices/${DISK}/driver/unbind`);
    expect((await listed(DISK)).driver).toBe('nvme');
  });

  it('is needed before a function can be opened', async () => {
    expect(await see('identify', DISK)).toMatchObject({
      refused: 'not-bound',
      message: expect.stringContaining('bound to nvme'),
    });
    expect(await see('identify', '0000:00:1e.0')).toMatchObject({ refused: 'no-device' });
  });

  it('binds, once and again', async () => {
    const { stdout } = await guest.expect(`phasebit-vfio bind 00:10.0`);
    expect(stdout).toMatch(/\n0000:00:10\.0: bound to vfio-pci\n$/);
    expect((await guest.expect(`phasebit-vfio bind ${DISK}`)).stdout).toBe('0000:00:10.0: bound to vfio-pci already\n');
    expect((await vfio('list')).stdout).toMatch(
      /^0000:00:10\.0 {2}device 1b36:0010\n {4}driver: vfio-pci\n.*\n( {4}character device.*\n)? {4}bound\n/,
    );
  });

  it('lets another user open the function if told so, with as much memory as he may lock', async () => {
    expect(await see('user', DISK)).toMatchObject({
      refused: 'no-permission',
      message: expect.stringMatching(/\/dev\/vfio\/\d+,/),
    });
    await guest.expect(`phasebit-vfio bind --user 1000 ${DISK}`);
    expect(await see('user', DISK)).toEqual({ isOpened: true, kind: 'group' });
    const { status, output } = await guest.run(
      `sh -c 'ulimit -l 2048; node $0 user ${DISK} ${16 << 20}' $(ls /app/tests/vfio-function-*.mjs)`,
    );
    expect([status, output]).toEqual([0, expect.stringContaining('"refused":"memory-limit"')]);
  });

  it('does not wait for a process that has the function open, and lets nobody else open it', async () => {
    const owner = await guest.startNode(PROGRAM, ['hold', DISK]);
    await owner.waitFor('OPEN');
    expect(await refusal(`unbind ${DISK}`)).toMatch(/0000:00:10\.0 is open: node \(\d+\)\. End that first/);
    expect(await see('identify', DISK)).toMatchObject({ refused: 'busy' });
    expect((await listed(DISK)).openBy).toEqual([expect.stringMatching(/^node \(\d+\)$/)]);
    owner.signal('SIGKILL');
    await owner.finish();
  });

  it('finds the function as it should be after its owner was killed in the middle of I/O', async () => {
    const kill = async (): Promise<void> => {
      const owner = await guest.startNode(PROGRAM, ['hold', DISK]);
      await owner.waitFor('OPEN');
      owner.signal('SIGKILL');
      await owner.finish();
    };
    await kill();
    expect((await guest.expect(`phasebit-vfio bind ${DISK}`)).stdout).toContain('already');
    expect(await see('load', DISK)).toMatchObject({ failures: [], surplus: 0 });
    await kill();
    await guest.expect(`phasebit-vfio unbind ${DISK}`);
    await expect
      .poll(async () => (await guest.run(`nvme id-ctrl ${await diskName()}`)).output, { timeout: 20_000 })
      .toContain('PBDISK');
  });

  it('goes on from wherever it was interrupted', async () => {
    const at = `/sys/bus/pci/devices/${DISK}`;
    const override = `echo vfio-pci > ${at}/driver_override`;
    for (const interrupted of [override, `${override}; echo ${DISK} > ${at}/driver/unbind`]) {
      const state = `basename $(readlink ${at}/driver); cat ${at}/driver_override`;
      for (const [goal, expected] of [
        ['bind', 'vfio-pci\nvfio-pci\n'],
        ['unbind', 'nvme\n(null)\n'],
      ]) {
        await guest.expect(interrupted);
        await guest.expect(`phasebit-vfio ${goal} ${DISK}`);
        expect((await guest.expect(state)).stdout).toBe(expected);
        if (goal === 'bind') await guest.expect(`phasebit-vfio unbind ${DISK}`);
      }
    }
  });

  it('gives a disk back on which the kernel finds what was there', async () => {
    const disk = await diskName();
    await guest.expect(`mkfs.ext4 -q ${disk} && mount ${disk} /mnt && echo kept > /mnt/file && umount /mnt`);
    await guest.expect(`phasebit-vfio bind ${DISK}`);
    expect(await see('identify', DISK)).toMatchObject({ sn: 'PBDISK' });
    await guest.expect(`phasebit-vfio unbind ${DISK}`);
    const again = await diskName();
    expect(
      (await guest.expect(`fsck.ext4 -fn ${again} && mount ${again} /mnt && cat /mnt/file && umount /mnt`)).stdout,
    ).toContain('kept');
  });
});
