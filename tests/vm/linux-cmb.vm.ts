/**
 * Linux on our controller that has memory of its own: the kernel puts its submission queues there. Needs a kernel with PCI_P2PDMA, by which it
 * hands out memory of devices; Debian 12's for virtual machines has none.
 */
import { RamMedium } from '@phasebit/controller';
import { NVM_READ, NVM_WRITE } from '@phasebit/nvme-spec';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fioCommand, fioResult, runFio, VERIFIED } from './support/fio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { complaints, controllersWith, type LinuxController } from './support/linux-nvme.js';
import { ServedSubsystem } from './support/served-subsystem.js';

const MIB = 2 ** 20;
const SQE_BYTES = 64;
const PROCESSORS = 2;

guestSuite("memory of our controller in Linux's hands", { qemu: 'vfio-user', kernel: ['PCI_P2PDMA'] }, () => {
  let guest: Guest;
  let served: ServedSubsystem;
  let small: ServedSubsystem;
  let linux: LinuxController;
  let disk: string;

  const serve = (serial: string, cmbBytes: number, mapDoorbells: boolean): ServedSubsystem =>
    new ServedSubsystem({ serial, namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 64 * MIB }) }] }, [
      { cmbBytes, mapDoorbells },
    ]);
  const p2pmem = async (address: string, name: string): Promise<string> =>
    (await guest.expect(`cat /sys/bus/pci/devices/${address}/p2pmem/${name}`)).stdout.trim();
  /** The places of the memory, in entries, that hold a read or a write of namespace 1. */
  const commandsIn = (memory: Uint8Array): number[] => {
    const words = new Uint32Array(memory.buffer);
    return Array.from({ length: memory.length / SQE_BYTES }, (_, i) => i).filter((i) => {
      const opcode = words[16 * i] & 0xff;
      return (opcode === NVM_READ || opcode === NVM_WRITE) && words[16 * i + 1] === 1;
    });
  };

  beforeAll(async () => {
    served = serve('PBCMB01', 2 * MIB, true);
    small = serve('PBCMB02', MIB, false);
    guest = await Guest.boot({ qemu: 'vfio-user', smp: PROCESSORS, args: [...served.args, ...small.args] });
    [linux] = await controllersWith(guest, 'PBCMB01', 1);
    disk = `/dev/${linux.disks[1]}`;
  });
  afterAll(async () => {
    await guest?.close();
    await served?.close();
    await small?.close();
  });

  it('holds the submission queues, which the controller takes commands from', async () => {
    expect(await p2pmem(linux.address, 'size')).toBe(`${2 * MIB}`);
    expect(await p2pmem(linux.address, 'published')).toBe('1');
    const taken = 2 * MIB - Number(await p2pmem(linux.address, 'available'));
    const { stdout } = await guest.expect(`cat /sys/class/nvme/${linux.name}/sqsize`);
    const queueBytes = (Number(stdout) + 1) * SQE_BYTES;
    expect(taken).toBe(PROCESSORS * queueBytes);
    const { stdout: said } = await guest.expect(`cat /sys/class/nvme/${linux.name}/cmb`);
    // Queues, lists, reads and writes; in BAR 2 from its start.
    expect(said).toMatch(/^cmbloc : x[0-9a-f]*2\n/);
    expect(commandsIn(served.controllers[0].cmb).length).toBeGreaterThan(0);
  });

  it('carries verified I/O', async () => {
    const before = new Set(commandsIn(served.controllers[0].cmb));
    const job = await runFio(guest, disk, { ...VERIFIED, bsrange: '4k-64k' });
    expect(Math.min(job.read.total_ios, job.write.total_ios)).toBeGreaterThan(100);
    expect(commandsIn(served.controllers[0].cmb).filter((at) => !before.has(at)).length).toBeGreaterThan(0);
  });

  it('is there again after a reset under load', async () => {
    const available = await p2pmem(linux.address, 'available');
    const load = guest.start(fioCommand(disk, { ...VERIFIED, size: '16m' }));
    for (let i = 0; i < 3; i++) await guest.expect(`nvme reset /dev/${linux.name}`);
    await fioResult(load);
    expect(await p2pmem(linux.address, 'available')).toBe(available);
    await runFio(guest, disk, { ...VERIFIED, size: '8m' });
  });

  it('is left alone where it is smaller than 2 MiB', async () => {
    const [other] = await controllersWith(guest, 'PBCMB02', 1);
    await guest.expect(`test ! -e /sys/bus/pci/devices/${other.address}/p2pmem`);
    await runFio(guest, `/dev/${other.disks[1]}`, { ...VERIFIED, size: '8m' });
    expect(commandsIn(small.controllers[0].cmb)).toEqual([]);
  });

  it('gives the kernel nothing to complain of', async () => {
    const wanted = /nvme\d: resetting controller$/;
    expect(complaints(await guest.dmesg()).filter((line) => !wanted.test(line))).toEqual([]);
  });
});
