import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTree } from '../../test-support/fake-tree.js';
import { runCommandLine } from './run-command-line.js';

const BDF = '0000:01:00.0';

let tree: FakeTree;
beforeEach(() => (tree = new FakeTree()));
afterEach(() => tree.remove());

function run(...args: readonly string[]): { status: number; out: string; error: string } {
  const out: string[] = [];
  const error: string[] = [];
  const around = { places: tree.places, actions: tree.actions };
  const status = runCommandLine(args, {
    ...around,
    out: (text) => void out.push(text),
    error: (text) => void error.push(text),
  });
  return { status, out: out.join('\n').replaceAll(tree.root, ''), error: error.join('\n').replaceAll(tree.root, '') };
}

describe('the list', () => {
  it('keeps something back that decides on binding', () => {
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    tree.addController(BDF, 'nvme0', [
      { name: 'nvme0n1', partitions: [{ name: 'nvme0n1p1', number: '259:1' }] },
      { name: 'nvme0n2', number: '259:5' },
    ]);
    tree.write('proc/self/mountinfo', '22 1 259:1 / / rw - ext4 /dev/nvme0n1p1 rw');
    tree.addFunction({ bdf: '0000:02:00.0', driver: 'nvme', group: 15, id: ['0x144d', '0xa80a'] });
    tree.addFunction({ bdf: '0000:03:00.0', driver: 'vfio-pci', override: 'vfio-pci', group: 16, cdev: 'vfio2' });
    tree.addFunction({ bdf: '0000:03:00.1', group: 16, override: 'vfio-pci' });
    tree.write('proc/77/comm', 'node\n');
    tree.link('proc/77/fd/9', `${tree.places.dev}/vfio/16`);
    tree.addFunction({ bdf: '0000:04:00.0', driver: 'nvme' });
    tree.addFunction({ bdf: '0000:05:00.0', classCode: '0x020000', driver: 'igb', group: 17 });
    const { status, out } = run('list');
    expect(status).toBe(0);
    expect(out.replaceAll(/(cannot be bound \([a-z-]+\)):.*/g, '$1')).toBe(
      `
0000:01:00.0  Fast Disk 9000, serial S1234
    driver: nvme
    IOMMU group: 14, alone
    disks: nvme0n1, nvme0n1p1, nvme0n2
    in use: nvme0n1p1 is mounted at /
    cannot be bound (in-use)
0000:02:00.0  device 144d:a80a
    driver: nvme
    IOMMU group: 15, alone
    can be bound
0000:03:00.0  device 1b36:0010
    driver: vfio-pci
    IOMMU group: 16, with 0000:03:00.1 (no driver)
    character device: /dev/vfio/devices/vfio2
    open: node (77)
    bound
0000:03:00.1  device 1b36:0010
    driver: none (only vfio-pci may have it)
    IOMMU group: 16, with 0000:03:00.0 (vfio-pci)
    can be bound
0000:04:00.0  device 1b36:0010
    driver: nvme
    IOMMU group: none: there is no IOMMU
    cannot be bound (no-iommu)`.trim(),
    );
  });

  it('for programs is no JSON, or tells less', () => {
    tree.addFunction({ bdf: BDF, driver: 'nvme' });
    const [only] = JSON.parse(run('list', '--json').out) as { bdf: string; obstacle: { code: string } }[];
    expect(only).toMatchObject({ bdf: BDF, driver: 'nvme', users: [], obstacle: { code: 'no-iommu' } });
  });

  it('is silent where there is nothing', () => {
    expect(run('list').out).toBe('There is no NVMe controller on the PCI bus.');
  });
});

describe('bind and unbind', () => {
  it('do not say what became of it', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    expect(run('bind', '01:00.0', '--dry-run').out).toBe(
      `  echo vfio-pci > /sys/bus/pci/devices/${BDF}/driver_override
  echo ${BDF} > /sys/bus/pci/devices/${BDF}/driver/unbind
  echo ${BDF} > /sys/bus/pci/drivers_probe
${BDF}: these steps were not carried out`,
    );
    expect(tree.driverOf(BDF)).toBe('nvme');
    expect(run('bind', '01:00.0').out).toMatch(/\n0000:01:00.0: bound to vfio-pci$/);
    expect(run('bind', '01:00.0').out).toBe('0000:01:00.0: bound to vfio-pci already');
    expect(run('bind', '01:00.0', '--dry-run').out).toBe('0000:01:00.0: there is nothing to do');
    expect(run('unbind', BDF).out).toMatch(/^ {2}echo > \/sys.*\n0000:01:00.0: given back$/s);
    expect(run('unbind', BDF).out).toBe('0000:01:00.0: given back already');
  });

  it('take one of several although another cannot be had', () => {
    tree.loadVfio();
    tree.addFunction({ bdf: BDF, driver: 'nvme', group: 14 });
    tree.addFunction({ bdf: '0000:02:00.0', driver: 'nvme' });
    const { status, error } = run('bind', BDF, '02:00.0');
    expect(status).toBe(1);
    expect(error).toMatch(/^phasebit-vfio: 0000:02:00.0 is behind no IOMMU/);
    expect(tree.driverOf(BDF)).toBe('nvme');
  });
});

describe('a command line', () => {
  it.each([
    [[], 'expected list, bind or unbind, got nothing'],
    [['steal'], 'expected list, bind or unbind, got steal'],
    [['bind'], 'bind: expected the address of a PCI function, such as 0000:01:00.0'],
    [['bind', '01:00.0', '--force'], "Unknown option '--force'\nTry"],
    [['unbind', '01:00.0', '--user', 'ann'], 'unbind: --user is for binding'],
    [['bind', '01:00.0', '--json'], 'bind: --json is for list'],
    [['list', '01:00.0'], 'list: expected no address, got 01:00.0'],
  ])('%j is taken', (args, message) => {
    const { status, error } = run(...args);
    expect(status).toBe(2);
    expect(error).toContain(message);
    expect(error).toContain("Try 'phasebit-vfio --help'.");
  });

  it('that asks for help does something', () => {
    expect(run('bind', '--help')).toMatchObject({ status: 0, error: '' });
    expect(run('-h').out).toContain('phasebit-vfio bind ADDRESS...');
  });

  it('with an address that is none ends as if something was wrong here', () => {
    expect(run('bind', 'nvme0n1')).toEqual({
      status: 1,
      out: '',
      error: "phasebit-vfio: expected a PCI address such as 0000:01:00.0 or 01:00.0, got 'nvme0n1'",
    });
  });
});
