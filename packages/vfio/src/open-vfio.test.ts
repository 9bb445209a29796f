import { DOORBELL_BASE, REG_CC, REG_CMBLOC, REG_CMBMSC, REG_CMBSZ, REG_PMRCAP } from '@phasebit/nvme-spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BAR0_BYTES, type FakeKernel } from '../test-support/fake-kernel.js';
import { BDF, FakeMachine } from '../test-support/fake-machine.js';
import { IRQ_ERROR, IRQ_MSIX, IRQ_REQUEST } from './abi/vfio-requests.js';
import { VfioRefusal } from './refusal.js';
import type { VfioOptions } from './open-vfio.js';

let machine: FakeMachine;
let kernel: FakeKernel;
beforeEach(() => {
  machine = new FakeMachine();
  kernel = machine.kernel;
});
afterEach(() => machine.tree.remove());

/** The refusal of an attempt to open the function, after which nothing may be left open. */
async function refusal(options?: VfioOptions): Promise<{ code: string; message: string }> {
  const error = await machine.open(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof VfioRefusal)) throw new Error('expected a refusal', { cause: error });
  expect([...kernel.open_.values()]).toEqual([]);
  expect(kernel.mapped.size).toBe(0);
  return { code: error.code, message: error.message };
}

describe('a function that is open', () => {
  it('has no registers, doorbells, memory or vectors', async () => {
    const fn = await machine.open({ vectors: 4 }, '01:00.0');
    const bar0 = new Uint32Array(kernel.bar0);
    expect(fn).toMatchObject({ bdf: BDF, state: 'open', cmb: undefined, pmr: undefined });
    expect(fn.vectors.count).toBe(4);
    expect(await fn.registers.read32(8)).toBe(0x0001_0400);
    expect(await fn.registers.read64(0)).toEqual({ low: 0x0f01_07ff, high: 0x0040_1820 });
    expect([...kernel.mapped]).toEqual([[2 ** 32, 1 << 20]]);
    const address = fn.dma.allocate(8192);
    expect([fn.dma.iovaLow[address >>> 12], fn.dma.iovaHigh[address >>> 12]]).toEqual([0, 1]);
    kernel.signal(kernel.irqs.get(IRQ_MSIX)![3]);
    expect(fn.vectors.received(3)).toBe(1);
    fn.registers.write32(REG_CC, 0x46_0001);
    expect(bar0[REG_CC / 4]).toBe(0);
    expect(fn.counters).toMatchObject({ registerReads: 2, registerWrites: 1, sqDoorbellWrites: 0 });
    expect(kernel.command).toBe('memory master');
    await fn.close();
  });

  it('leaves something behind when it is closed, or takes it back in the wrong order', async () => {
    const fn = await machine.open();
    const address = fn.dma.allocate(4096);
    kernel.done.length = 0;
    await Promise.all([fn.close(), fn.close()]);
    await fn.close();
    expect(kernel.done).toEqual([
      ...['irqs 2 0', 'irqs 4 0', 'irqs 3 0', 'command memory -', 'command - -', 'unmap'],
      ...[`close device ${BDF}`, 'close /dev/vfio/14', 'close /dev/vfio/vfio'],
    ]);
    expect([kernel.open_.size, kernel.events.size, kernel.mapped.size, kernel.isWatched]).toEqual([0, 0, 0, false]);
    // Nothing of it is mapped any more, and nobody falls over that.
    expect(kernel.detached.map((each) => each.replace(/ \d+$/, ''))).toEqual(['bar 0 0', 'bar 4096 0', 'memory 0']);
    expect(await fn.registers.read32(8)).toBe(0xffff_ffff);
    fn.doorbells.ringSq(0, 1);
    fn.registers.write32(REG_CC, 1);
    expect(fn.dma.bytes(address, 1)[0]).toBe(0);
    expect(fn.state).toBe('closed');
    expect(() => fn.reset()).toThrow(`${BDF} is closed`);
    await expect(fn.vectors.wait(0, 0)).rejects.toThrow('closed');
    expect(machine.warnings).toEqual([]);
  });

  it('stays half closed when the kernel refuses a step', async () => {
    const fn = await machine.open();
    for (const name of ['VFIO_DEVICE_SET_IRQS', 'VFIO_IOMMU_UNMAP_DMA']) kernel.failing.set(name, 'EIO');
    await fn.close();
    expect(kernel.open_.size).toBe(0);
    expect(machine.warnings).toHaveLength(2);
  });

  it('has more vectors than it asked for, than the device has, or than the machine has left', async () => {
    const count = async (options?: VfioOptions): Promise<number> => {
      const fn = await machine.open(options);
      const { count } = fn.vectors;
      expect(kernel.irqs.get(IRQ_MSIX)?.length ?? 0).toBe(count);
      await fn.close();
      return count;
    };
    expect(await count()).toBe(64);
    expect(await count({ vectors: 500 })).toBe(65);
    expect(await count({ vectors: 1 })).toBe(1);
    kernel.interruptsLeft = 9;
    expect(await count()).toBe(9);
    expect(machine.warnings).toEqual([`${BDF}: 64 interrupts were asked for, 9 can be had`]);
    kernel.irqCounts = [1, 1, 0, 1, 1];
    expect(await count()).toBe(0);
    expect(machine.warnings.at(-1)).toContain('no MSI-X');
    await expect(machine.open({ vectors: 0 })).rejects.toThrow('vectors: expected 1 or more, got 0');
  });

  it('makes accesses of its own before everything is in place', async () => {
    const fn = await machine.open();
    expect(kernel.done.at(-1)).toBe('command memory master');
    expect(kernel.done.filter((each) => each.endsWith('master'))).toHaveLength(1);
    await fn.close();
  });

  it('is reset although it cannot be', async () => {
    const fn = await machine.open();
    fn.reset();
    expect(kernel.done.at(-1)).toBe('reset');
    kernel.failing.set('VFIO_DEVICE_RESET', 'EIO');
    expect(() => fn.reset()).toThrow(`${BDF} was not reset: EIO`);
    await fn.close();
    kernel.canReset = false;
    const other = await machine.open();
    expect(() => other.reset()).toThrow(`${BDF} cannot be reset by itself`);
    await other.close();
  });

  it('lets no turn of the event loop pass in a pause', async () => {
    const fn = await machine.open();
    let turns = 0;
    kernel.timers.push(() => turns++);
    await fn.pause();
    expect(turns).toBe(1);
    await fn.close();
  });
});

describe('a BAR', () => {
  it('is written through the descriptor although it is mapped, or the other way round', async () => {
    // As kernels before 4.16 do it: the page with the MSI-X table is left out.
    kernel.sparse = [[0, 0x3000]];
    const fn = await machine.open();
    fn.doorbells.ringSq(1, 7);
    fn.doorbells.ringCq(1023, 9);
    expect(kernel.done.filter((each) => each.startsWith('pwrite'))).toEqual([]);
    fn.doorbells.ringCq(1024, 11);
    expect(kernel.done.at(-1)).toBe(`pwrite ${DOORBELL_BASE + (1024 * 2 + 1) * 4}`);
    await fn.close();
    fn.doorbells.ringCq(1024, 12);
    expect(new Uint32Array(kernel.bar0)[(DOORBELL_BASE + (1024 * 2 + 1) * 4) / 4]).toBe(11);
  });

  it('that cannot be mapped cannot be used', async () => {
    kernel.sparse = [];
    const fn = await machine.open();
    expect(await fn.registers.read32(8)).toBe(0x0001_0400);
    fn.registers.write64(0x28, 0x1000, 1);
    fn.doorbells.ringSq(0, 3);
    const bar0 = new Uint32Array(kernel.bar0);
    expect([bar0[10], bar0[11], bar0[DOORBELL_BASE / 4]]).toEqual([0x1000, 1, 3]);
    expect(machine.warnings).toEqual([
      `${BDF}: registers cannot be mapped, each access is a system call`,
      `${BDF}: doorbells cannot be mapped, each is a system call`,
    ]);
    await fn.close();
  });
});

describe('memory of the controller', () => {
  const CAP_CMBS = 1 << 25;
  const CAP_PMRS = 1 << 24;

  beforeEach(() => (kernel.bar2 = new ArrayBuffer(1 << 20)));

  it('is left out although it can be mapped, or is mapped beyond its BAR', async () => {
    // Registers through the descriptor, so that what is written is seen.
    kernel.sparse = [];
    const bar0 = new Uint32Array(kernel.bar0);
    bar0[1] |= CAP_CMBS;
    bar0[REG_CMBLOC / 4] = 2 | (16 << 12);
    bar0[REG_CMBSZ / 4] = 0x1f | (64 << 12);
    const fn = await machine.open();
    expect(fn.cmb?.byteLength).toBe(64 * 4096);
    expect(bar0[REG_CMBMSC / 4]).toBe(0);
    await fn.close();
    for (const [location, size] of [
      [2 | (16 << 12), 250 << 12],
      [7, 1 << 12],
      [6, 1 << 12],
      [3, 1 << 12],
      [2, 0],
      [2, (1 << 12) | (7 << 8)],
      [2 | (0xfffff << 12), (0xfffff << 12) | (6 << 8)],
    ]) {
      bar0[REG_CMBLOC / 4] = location;
      bar0[REG_CMBSZ / 4] = size;
      const other = await machine.open();
      expect(other.cmb).toBeUndefined();
      await other.close();
    }
  });

  it('that persists is left out', async () => {
    kernel.sparse = [];
    const bar0 = new Uint32Array(kernel.bar0);
    bar0[1] |= CAP_PMRS;
    bar0[REG_PMRCAP / 4] = 2 << 5;
    const fn = await machine.open();
    expect(fn.pmr?.byteLength).toBe(1 << 20);
    await fn.close();
    bar0[REG_PMRCAP / 4] = 7 << 5;
    const other = await machine.open();
    expect(other.pmr).toBeUndefined();
    await other.close();
  });
});

describe('opening goes on although', () => {
  it('there is no VFIO, no permission, or somebody else has the function', async () => {
    kernel.closedFiles.set('/dev/vfio/vfio', 'ENOENT');
    expect(await refusal()).toMatchObject({ code: 'no-vfio', message: expect.stringContaining('modprobe vfio-pci') });
    kernel.closedFiles.set('/dev/vfio/vfio', 'EACCES');
    expect(await refusal()).toMatchObject({
      code: 'no-permission',
      message: expect.stringContaining(`read and write ${machine.tree.places.dev}/vfio/vfio`),
    });
    kernel.closedFiles.clear();
    kernel.closedFiles.set('/dev/vfio/14', 'EACCES');
    expect(await refusal()).toMatchObject({
      code: 'no-permission',
      message: expect.stringContaining('/vfio/14, which this user'),
    });
    kernel.closedFiles.set('/dev/vfio/14', 'EBUSY');
    expect(await refusal()).toMatchObject({ code: 'busy', message: expect.stringContaining('another process') });
    kernel.closedFiles.set('/dev/vfio/14', 'ENOENT');
    expect(await refusal()).toMatchObject({ code: 'no-vfio' });
    kernel.closedFiles.set('/dev/vfio/14', 'EMFILE');
    expect(await refusal()).toMatchObject({ code: 'unsupported' });
  });

  it('another driver has the function, or none', async () => {
    machine.tree.addFunction({ bdf: '0000:02:00.0', driver: 'nvme', group: 15 });
    machine.tree.addFunction({ bdf: '0000:03:00.0', group: 16 });
    await expect(machine.open({}, '02:00.0')).rejects.toMatchObject({
      code: 'not-bound',
      message: "0000:02:00.0 is bound to nvme: 'phasebit-vfio bind 0000:02:00.0' gives it to VFIO",
    });
    await expect(machine.open({}, '03:00.0')).rejects.toMatchObject({
      code: 'not-bound',
      message: expect.stringContaining('without a driver'),
    });
    await expect(machine.open({}, '04:00.0')).rejects.toMatchObject({ code: 'no-device' });
  });

  it('there is no IOMMU, or the kernel uses the rest of the group', async () => {
    machine.tree.addFunction({ bdf: '0000:02:00.0', driver: 'vfio-pci' });
    await expect(machine.open({}, '02:00.0')).rejects.toMatchObject({ code: 'no-iommu' });
    kernel.isViable = false;
    expect(await refusal()).toMatchObject({ code: 'group-not-viable' });
    machine.tree.addFunction({ bdf: '0000:01:00.1', driver: 'snd_hda_intel', group: 14, classCode: '0x040300' });
    expect(await refusal()).toMatchObject({
      code: 'group-not-viable',
      message: expect.stringContaining('0000:01:00.1 (1b36:0010, driver snd_hda_intel)'),
    });
  });

  it.each([
    ['VFIO_GROUP_SET_CONTAINER', 'EINVAL', 'unsupported', 'IOMMU group 14 cannot be used: EINVAL'],
    ['VFIO_SET_IOMMU', 'EPERM', 'unsupported', 'does not remap interrupts'],
    ['VFIO_GROUP_GET_DEVICE_FD', 'EINVAL', 'busy', 'cannot be had from its group'],
    ['VFIO_GROUP_GET_DEVICE_FD', 'EPERM', 'unsupported', 'does not remap interrupts'],
    ['VFIO_IOMMU_MAP_DMA', 'ENOMEM', 'memory-limit', 'ulimit -l'],
    ['VFIO_IOMMU_MAP_DMA', 'EINVAL', 'bus-address', 'cannot be mapped'],
  ])('%s fails with %s', async (name, code, expected, message) => {
    kernel.failing.set(name, code);
    expect(await refusal()).toMatchObject({ code: expected, message: expect.stringContaining(message) });
    // Nothing stands in the way of the next attempt.
    await (await machine.open()).close();
  });

  it('what answers is no PCI function with registers and doorbells', async () => {
    kernel.config.fill(0xff);
    expect(await refusal()).toMatchObject({ code: 'no-device', message: expect.stringContaining('all ones') });
  });

  it('there is no room among the bus addresses', async () => {
    kernel.ranges = [[0x10_0000, 0x10_ffff]];
    expect(await refusal()).toMatchObject({
      code: 'bus-address',
      message: expect.stringContaining('0x100000-0x10ffff'),
    });
  });

  it('a later step fails: what was done stays done', async () => {
    kernel.failing.set('VFIO_DEVICE_SET_IRQS', 'ENOSPC');
    await expect(machine.open()).rejects.toThrow('ENOSPC');
    expect([...kernel.open_.values()]).toEqual([]);
    expect([kernel.mapped.size, kernel.events.size, kernel.isWatched]).toEqual([0, 0, false]);
  });
});

describe('a function that is asked back', () => {
  it('is closed behind its owner’s back, or he is told twice', async () => {
    const told: string[] = [];
    const fn = await machine.open({ onRemoval: (reason) => told.push(reason) });
    kernel.tick(3);
    expect(told).toEqual([]);
    const [request] = kernel.irqs.get(IRQ_REQUEST)!;
    kernel.signal(request);
    kernel.tick();
    kernel.signal(request);
    kernel.tick();
    expect(told).toEqual(['asked-back']);
    expect(fn.state).toBe('asked-back');
    expect(await fn.registers.read32(8)).toBe(0x0001_0400);
    await fn.close();
    expect(fn.state).toBe('closed');
  });

  it('is not told of errors', async () => {
    const told: string[] = [];
    const fn = await machine.open();
    fn.onRemoval = (reason) => told.push(reason);
    const [error] = kernel.irqs.get(IRQ_ERROR)!;
    kernel.signal(error);
    kernel.tick();
    expect([told, fn.state]).toEqual([['error'], 'open']);
    await fn.close();
  });

  it('needs eventfds that the device does not have', async () => {
    kernel.irqCounts = [1, 1, 65, 0, 0];
    const fn = await machine.open();
    kernel.tick(30);
    expect(fn.state).toBe('open');
    await fn.close();
    expect(machine.warnings).toEqual([]);
  });
});

describe('a function that has left', () => {
  it('is touched once more', async () => {
    const told: string[] = [];
    const fn = await machine.open({ onRemoval: (reason) => told.push(reason) });
    const waiting = expect(fn.vectors.wait(0, 0)).rejects.toThrow('the device has left');
    kernel.config.fill(0xff);
    kernel.tick(20);
    expect([told, fn.state]).toEqual([['gone'], 'gone']);
    await waiting;
    expect(kernel.detached).toEqual([`bar 0 0 ${DOORBELL_BASE}`, `bar 4096 0 ${BAR0_BYTES - DOORBELL_BASE}`]);
    expect(await fn.registers.read32(8)).toBe(0xffff_ffff);
    expect(() => fn.reset()).toThrow(`${BDF} is gone`);
    kernel.tick(40);
    expect(told).toEqual(['gone']);
    await fn.close();
    expect([...kernel.open_.values()]).toEqual([]);
  });

  it('is noticed late, when it also asked', async () => {
    const told: string[] = [];
    const fn = await machine.open({ onRemoval: (reason) => told.push(reason) });
    kernel.config.fill(0xff);
    kernel.signal(kernel.irqs.get(IRQ_REQUEST)![0]);
    kernel.tick();
    expect(told).toEqual(['gone']);
    await fn.close();
  });
});
