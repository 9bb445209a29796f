import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTree } from '../../test-support/fake-tree.js';
import { VfioRefusal } from '../refusal.js';
import { bindFunction, type BindOptions, unbindFunction } from './bind-function.js';

const BDF = '0000:01:00.0';
const AT = `sys/bus/pci/devices/${BDF}`;

let tree: FakeTree;
beforeEach(() => (tree = new FakeTree()));
afterEach(() => tree.remove());

function options(more: BindOptions = {}): BindOptions {
  return { places: tree.places, actions: tree.actions, ...more };
}

/** The refusal of a call. */
function refusal(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof VfioRefusal) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('binding', () => {
  it('leaves out a step, or says another than it does', () => {
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    const said: string[] = [];
    const log = { info: (line: string) => void said.push(line), warn: () => undefined };
    expect(bindFunction('01:00.0', options({ log }))).toBe(true);
    expect(tree.done).toEqual([
      'run modprobe vfio-pci',
      'run modprobe vfio_iommu_type1',
      `write ${AT}/driver_override vfio-pci`,
      `write ${AT}/driver/unbind ${BDF}`,
      `write sys/bus/pci/drivers_probe ${BDF}`,
    ]);
    expect(said.map((line) => line.replaceAll(`${tree.root}/`, '/'))).toEqual([
      'modprobe vfio-pci',
      'modprobe vfio_iommu_type1',
      `echo vfio-pci > /${AT}/driver_override`,
      `echo ${BDF} > /${AT}/driver/unbind`,
      `echo ${BDF} > /sys/bus/pci/drivers_probe`,
    ]);
    expect(tree.driverOf(BDF)).toBe('vfio-pci');
  });

  it('loads what is there already, or does again what is done', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    bindFunction(BDF, options());
    expect(tree.done).toHaveLength(3);
    expect(bindFunction(BDF, options())).toBe(false);
    expect(tree.done).toHaveLength(3);
  });

  it('does something in a dry run', () => {
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    const said: string[] = [];
    const log = { info: (line: string) => void said.push(line), warn: () => undefined };
    expect(bindFunction(BDF, options({ dryRun: true, user: '1000', log }))).toBe(true);
    expect(said).toHaveLength(6);
    expect(said[5]).toBe(`chown 1000 ${tree.root}/dev/vfio/14`);
    expect([tree.done, tree.driverOf(BDF), tree.overrideOf(BDF)]).toEqual([[], 'nvme', '(null)']);
  });

  it('gives the group to nobody, or to somebody whom the system does not know', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    tree.answers.set('id -u -- ann', { status: 0, output: '1000\n' });
    tree.answers.set('id -u -- bob', { status: 1, output: "id: 'bob': no such user\n" });
    expect(refusal(() => bindFunction(BDF, options({ user: 'bob' })))).toEqual({
      code: 'no-user',
      message: "there is no user 'bob': expected a name or a number",
    });
    expect(tree.driverOf(BDF)).toBe('nvme');
    bindFunction(BDF, options({ user: 'ann' }));
    expect(tree.done.at(-1)).toBe('chown dev/vfio/14 1000');
    expect(bindFunction(BDF, options({ user: '1001' }))).toBe(true);
    expect(tree.done.at(-1)).toBe('chown dev/vfio/14 1001');
  });

  it('succeeds although the module cannot be loaded, or the driver does not take the function', () => {
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    tree.answers.set('modprobe vfio-pci', { status: 1, output: 'modprobe: FATAL: Module vfio-pci not found.\n' });
    expect(refusal(() => bindFunction(BDF, options()))).toEqual({
      code: 'no-vfio',
      message: 'the kernel module vfio-pci cannot be loaded: modprobe: FATAL: Module vfio-pci not found.',
    });
    expect(tree.driverOf(BDF)).toBe('nvme');
    // modprobe says yes, and still there is no driver.
    tree.answers.set('modprobe vfio-pci', { status: 0, output: '' });
    tree.answers.set('modprobe vfio_iommu_type1', { status: 0, output: '' });
    expect(refusal(() => bindFunction(BDF, options())).code).toBe('not-taken');
  });

  it('does not say what to do when files may not be written', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    const denied = (): never => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    };
    const actions = { ...tree.actions, writeFile: denied, chown: denied };
    expect(refusal(() => bindFunction(BDF, options({ actions })))).toEqual({
      code: 'no-permission',
      message: `expected to be allowed to write ${tree.places.sysfs}/bus/pci/devices/${BDF}/driver_override: run this as root`,
    });
    bindFunction(BDF, options());
    expect(refusal(() => bindFunction(BDF, options({ actions, user: '7' }))).message).toBe(
      `${tree.places.dev}/vfio/14 cannot be given to user 7: EACCES: permission denied`,
    );
  });
});

describe('binding takes', () => {
  it('a function that is not there, or no NVMe controller', () => {
    tree.addFunction({ bdf: '0000:02:00.0', classCode: '0x020000', id: ['0x8086', '0x1533'], driver: 'igb', group: 2 });
    expect(refusal(() => bindFunction(BDF, options()))).toEqual({
      code: 'no-device',
      message: "there is no PCI function 0000:01:00.0: 'phasebit-vfio list' shows those that are NVMe controllers",
    });
    expect(refusal(() => bindFunction('02:00.0', options()))).toEqual({
      code: 'not-nvme',
      message: '0000:02:00.0 is no NVMe controller: expected class 0x010802, got 0x020000 (device 8086:1533)',
    });
    expect(refusal(() => bindFunction('nvme0', options())).code).toBe('bad-address');
  });

  it('a function without an IOMMU, or in the mode without', () => {
    tree.addFunction({ bdf: BDF, driver: 'nvme' });
    expect(refusal(() => bindFunction(BDF, options()))).toMatchObject({
      code: 'no-iommu',
      message: expect.stringMatching(/VT-d.*intel_iommu=on/),
    });
    tree.addFunction({ bdf: '0000:03:00.0', driver: 'nvme', group: 0 });
    tree.write('sys/kernel/iommu_groups/0/name', 'vfio-noiommu\n');
    expect(refusal(() => bindFunction('03:00.0', options()))).toMatchObject({
      code: 'no-iommu',
      message: expect.stringContaining('overwrites any memory of the machine'),
    });
  });

  it('one of a group that the kernel uses, without naming the others', () => {
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 9 });
    tree.addFunction({ bdf: '0000:01:00.1', driver: 'igb', group: 9, classCode: '0x020000', id: ['0x8086', '0x1533'] });
    tree.addFunction({ bdf: '0000:01:00.2', group: 9 });
    tree.addFunction({ bdf: '0000:00:1c.0', driver: 'pcieport', group: 9, classCode: '0x060400' });
    expect(refusal(() => bindFunction(BDF, options()))).toEqual({
      code: 'group-not-viable',
      message:
        '0000:01:00.0 shares IOMMU group 9 with 0000:01:00.1 (8086:1533, driver igb), which the kernel uses: ' +
        'all of a group are had together or not at all. Bind them too, or put the disk into another slot',
    });
  });

  it('two of a group only one after the other', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 9 });
    tree.addFunction({ bdf: '0000:02:00.0', driver: 'nvme', group: 9 });
    expect(refusal(() => bindFunction(BDF, options())).code).toBe('group-not-viable');
    const alongside = [BDF, '0000:02:00.0'];
    for (const bdf of alongside) bindFunction(bdf, options({ alongside }));
    expect(alongside.map((bdf) => tree.driverOf(bdf))).toEqual(['vfio-pci', 'vfio-pci']);
  });
});

describe('binding takes a disk away that', () => {
  const disk = { name: 'nvme0n1', number: '259:0', partitions: [{ name: 'nvme0n1p1', number: '259:1' }] };

  function refusedUsers(): string {
    const { code, message } = refusal(() => bindFunction(BDF, options()));
    expect(code).toBe('in-use');
    expect(tree.done).toEqual([]);
    return message;
  }

  beforeEach(() => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
  });

  it('is mounted, whole or in part', () => {
    tree.addController(BDF, 'nvme0', [disk]);
    tree.write(
      'proc/self/mountinfo',
      [
        '22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw',
        '23 22 259:0 /a /mnt/my\\040disk rw - ext4 /dev/nvme0n1 rw',
        '24 22 8:1 / /boot rw - ext4 /dev/sda1 rw',
        '25 22 0:45 / /pool rw - btrfs /dev/nvme0n1p1 rw',
        'garbage',
      ].join('\n'),
    );
    expect(refusedUsers()).toBe(
      '0000:01:00.0 is in use: nvme0n1 is mounted at /mnt/my disk; nvme0n1p1 is mounted at /; nvme0n1p1 is mounted at /pool. ' +
        'Nothing here takes a disk away that is used',
    );
  });

  it('is swapped to', () => {
    tree.addController(BDF, 'nvme0', [disk]);
    tree.write('proc/swaps', 'Filename Type Size Used Priority\n/dev/nvme0n1p1 partition 1048572 0 -2\n');
    expect(refusedUsers()).toContain('nvme0n1p1 is swapped to');
  });

  it('is part of another device', () => {
    tree.addController(BDF, 'nvme0', [
      { name: 'nvme0n1', holders: ['md127'], partitions: [{ name: 'nvme0n1p1', number: '259:1', holders: ['dm-0'] }] },
    ]);
    tree.write('sys/class/block/dm-0/dm/name', 'vault-home\n');
    expect(refusedUsers()).toContain('nvme0n1 is part of md127; nvme0n1p1 is part of dm-0 (vault-home)');
  });

  it('is reached over several paths, under the name of the head', () => {
    tree.addController(BDF, 'nvme1', [{ name: 'nvme0n2', number: '259:7' }], ['nvme0c1n2', 'ng0n2', 'hwmon1']);
    tree.write('proc/self/mountinfo', '23 22 259:7 / /mnt rw - ext4 /dev/nvme0n2 rw');
    expect(refusedUsers()).toContain('nvme0n2 is mounted at /mnt');
  });

  it('nobody uses: refused', () => {
    tree.addController(BDF, 'nvme0', [disk]);
    tree.write('proc/self/mountinfo', '24 22 8:1 / /boot rw - ext4 /dev/sda1 rw');
    tree.write('dev/nvme0n1', '');
    expect(bindFunction(BDF, options())).toBe(true);
  });
});

describe('giving back', () => {
  it('leaves out a step', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'vfio-pci', override: 'vfio-pci', group: 14 });
    expect(unbindFunction(BDF, options())).toBe(true);
    expect(tree.done).toEqual([
      `write ${AT}/driver_override`,
      `write ${AT}/driver/unbind ${BDF}`,
      `write sys/bus/pci/drivers_probe ${BDF}`,
    ]);
    expect(tree.driverOf(BDF)).toBe('nvme');
    expect(unbindFunction(BDF, options())).toBe(false);
  });

  it('waits inside of the kernel for a process that has the function open', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'vfio-pci', override: 'vfio-pci', group: 14 });
    tree.write('proc/4711/comm', 'phasebit-bench\n');
    tree.link('proc/4711/fd/20', `${tree.places.dev}/vfio/14`);
    tree.link('proc/4712/fd/20', '/dev/null');
    expect(refusal(() => unbindFunction(BDF, options()))).toEqual({
      code: 'busy',
      message: '0000:01:00.0 is open: phasebit-bench (4711). End that first',
    });
    expect(tree.done).toEqual([]);
  });

  it('is done although vfio-pci takes the function again, or nobody does', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'vfio-pci', override: 'vfio-pci', group: 14 });
    tree.nvmeDriver = 'vfio-pci';
    expect(refusal(() => unbindFunction(BDF, options()))).toMatchObject({
      code: 'not-taken',
      message: expect.stringContaining('told to take all devices 1b36:0010'),
    });
    tree.nvmeDriver = undefined;
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (line: string) => void warnings.push(line) };
    expect(unbindFunction(BDF, options({ log }))).toBe(true);
    expect(warnings).toEqual([
      '0000:01:00.0: no driver took it. Is the kernel’s module nvme loaded?'.replace('’', "'"),
    ]);
  });
});

describe('a run that is killed', () => {
  const goals = [
    ['binding', (): unknown => bindFunction(BDF, options({ user: '1000' })), 'vfio-pci'],
    ['giving back', (): unknown => unbindFunction(BDF, options()), 'nvme'],
  ] as const;
  const starts = [
    ['the kernel', { driver: 'nvme' }],
    ['VFIO', { driver: 'vfio-pci', override: 'vfio-pci' }],
    ['VFIO, without an override', { driver: 'vfio-pci' }],
    ['nobody', {}],
    ['nobody, with an override', { override: 'vfio-pci' }],
    ['the kernel, with an override', { driver: 'nvme', override: 'vfio-pci' }],
  ] as const;

  for (const [first, run] of goals) {
    for (const [second, again, goal] of goals) {
      it.each(starts)(
        `while ${first} cannot be followed by ${second}, from a state where the function belongs to %s`,
        (_, start) => {
          for (let killedAfter = 0; killedAfter < 8; killedAfter++) {
            tree.remove();
            tree = new FakeTree();
            tree.addFunction({ bdf: BDF, group: 14, ...start });
            if ('driver' in start && start.driver === 'vfio-pci') tree.loadVfio();
            tree.actionsLeft = killedAfter;
            try {
              run();
            } catch (error) {
              expect((error as Error).message).toContain('killed');
            }
            tree.actionsLeft = Infinity;
            again();
            expect(tree.driverOf(BDF)).toBe(goal);
            expect(tree.overrideOf(BDF)).toBe(goal === 'nvme' ? '(null)' : 'vfio-pci');
          }
        },
      );
    }
  }
});
