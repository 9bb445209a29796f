import { PAGE_BYTES } from '@phasebit/pcie';
import { mkdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeKernel } from '../test-support/fake-kernel.js';
import { BDF, FakeMachine } from '../test-support/fake-machine.js';
import { VfioMemory } from './vfio-memory.js';

const GIB = 2 ** 30;

let machine: FakeMachine;
let kernel: FakeKernel;
beforeEach(() => {
  machine = new FakeMachine();
  kernel = machine.kernel;
});
afterEach(() => machine.tree.remove());

function busAddress(memory: VfioMemory, address: number): number {
  return memory.dma.iovaHigh[address >>> 12] * 2 ** 32 + memory.dma.iovaLow[address >>> 12];
}

describe('memory for devices', () => {
  it('is huge pages although there are none, or small ones in silence', async () => {
    const fn = await machine.open({ dmaBytes: 5000 });
    expect([...kernel.mapped]).toEqual([[4 * GIB, 2 * PAGE_BYTES]]);
    expect(machine.infos).toEqual([
      'no huge pages for 2097152 bytes of DMA memory, pages of 4 KiB are used (ENOMEM (as the test wants it))',
    ]);
    kernel.hugePages = true;
    fn.memory.grow(5000);
    expect([...kernel.mapped]).toContainEqual([4 * GIB + (2 << 20), 2 << 20]);
    expect(machine.infos).toHaveLength(1);
    await fn.close();
    await (await machine.open({ dmaBytes: 5000, hugePages: false })).close();
    expect(machine.infos).toHaveLength(1);
  });

  it('grows where it cannot be allocated from, or leaves something when it cannot grow', async () => {
    const fn = await machine.open({ dmaBytes: PAGE_BYTES });
    expect(fn.dma.allocate(PAGE_BYTES)).toBe(PAGE_BYTES);
    expect(() => fn.dma.allocate(1)).toThrow(RangeError);
    expect(fn.memory.grow(3 * PAGE_BYTES)).toBe(2 * PAGE_BYTES);
    expect(fn.dma.allocate(3 * PAGE_BYTES)).toBe(2 * PAGE_BYTES);
    kernel.failing.set('VFIO_IOMMU_MAP_DMA', 'ENOMEM');
    expect(() => fn.memory.grow(PAGE_BYTES)).toThrow(/ulimit -l/);
    expect(kernel.mapped.size).toBe(2);
    expect(kernel.detached).toEqual(['memory 0 4096']);
    fn.memory.grow(PAGE_BYTES);
    expect([...kernel.mapped.keys()]).toEqual([4 * GIB, 4 * GIB + PAGE_BYTES, 4 * GIB + 4 * PAGE_BYTES]);
    expect(() => fn.memory.grow(0)).toThrow('bytes: expected 1 or more, got 0');
    await fn.close();
    expect(() => fn.memory.grow(PAGE_BYTES)).toThrow('expected a function to be open');
  });

  it('lies where the IOMMU does not reach, or in pages smaller than its own', async () => {
    kernel.ranges = [
      [0, 0xfedf_ffff],
      [0xfef0_0000, 2 ** 34 - 1],
    ];
    const fn = await machine.open({ dmaBytes: PAGE_BYTES });
    expect([...kernel.mapped.keys()]).toEqual([4 * GIB]);
    const reserved = fn.memory.reserveBusAddresses(5000);
    expect(reserved).toBe(4 * GIB + PAGE_BYTES);
    fn.memory.grow(PAGE_BYTES);
    expect([...kernel.mapped.keys()][1]).toBe(reserved + 2 * PAGE_BYTES);
    await fn.close();
  });

  it.each([0, -1, NaN])('of %d bytes is made', (bytes) => {
    expect(() => new VfioMemory({ bytes })).toThrow(`bytes: expected 1 or more, got ${bytes}`);
  });
});

describe('memory that two functions share', () => {
  const SECOND = '0000:02:00.0';

  it('is mapped twice, or taken from the second when the first is closed', async () => {
    machine.tree.addFunction({ bdf: SECOND, driver: 'vfio-pci', group: 15 });
    const memory = new VfioMemory({ bytes: PAGE_BYTES, ...machine.surroundings });
    const first = await machine.open({ memory });
    const second = await machine.open({ memory }, SECOND);
    expect(first.dma).toBe(second.dma);
    expect(memory.iommuKind).toBe('group');
    expect(kernel.mapped.size).toBe(1);
    expect(kernel.done.filter((each) => each.startsWith('iommu'))).toHaveLength(1);
    await first.close();
    expect(kernel.mapped.size).toBe(1);
    expect(() => memory.close()).toThrow('expected all functions of this memory to be closed first');
    await second.close();
    expect(kernel.mapped.size).toBe(0);
    memory.close();
    memory.close();
    expect([...kernel.open_.values()]).toEqual([]);
    await expect(machine.open({ memory })).rejects.toThrow('the memory was closed');
  });

  it('is out of reach for a function that is opened when all others are closed', async () => {
    const memory = new VfioMemory({ bytes: PAGE_BYTES, ...machine.surroundings });
    const first = await machine.open({ memory });
    const grown = memory.grow(PAGE_BYTES);
    await first.close();
    kernel.failing.set('VFIO_IOMMU_MAP_DMA', 'ENOMEM');
    await expect(machine.open({ memory })).rejects.toMatchObject({ code: 'memory-limit' });
    expect(kernel.mapped.size).toBe(0);
    const again = await machine.open({ memory });
    expect([...kernel.mapped]).toEqual([
      [4 * GIB, PAGE_BYTES],
      [busAddress(memory, grown), PAGE_BYTES],
    ]);
    await again.close();
    memory.close();
  });

  it('keeps two functions of one group from each other', async () => {
    machine.tree.addFunction({ bdf: SECOND, driver: 'vfio-pci', group: 14 });
    const memory = new VfioMemory({ bytes: PAGE_BYTES, ...machine.surroundings });
    const first = await machine.open({ memory });
    const second = await machine.open({ memory }, SECOND);
    await first.close();
    expect([...kernel.open_.values()]).toContain('/dev/vfio/14');
    await second.close();
    expect([...kernel.open_.values()]).toEqual(['/dev/vfio/vfio']);
    memory.close();
  });
});

describe('a registered buffer', () => {
  it('is copied, or reaches beyond its whole pages', async () => {
    const fn = await machine.open({ dmaBytes: PAGE_BYTES });
    const { memory } = fn;
    // The fake process has buffers begin 16 bytes into a page, as malloc does.
    const registered = memory.register(new ArrayBuffer(5 * PAGE_BYTES));
    expect(registered).toMatchObject({ offset: PAGE_BYTES - 16, bytes: 4 * PAGE_BYTES });
    expect(kernel.mapped.get(busAddress(memory, registered.address))).toBe(4 * PAGE_BYTES);
    const view = memory.register(new Uint16Array(new ArrayBuffer(5 * PAGE_BYTES), 2 * PAGE_BYTES, PAGE_BYTES));
    expect(view).toMatchObject({ offset: PAGE_BYTES - 16, bytes: PAGE_BYTES });
    expect(fn.dma.contains(registered.address, registered.bytes)).toBe(true);
    // It is nobody's to allocate.
    fn.dma.allocate(PAGE_BYTES);
    expect(() => fn.dma.allocate(1)).toThrow(RangeError);
    await fn.close();
  });

  it('stays within reach of the device when it is taken back', async () => {
    const fn = await machine.open({ dmaBytes: PAGE_BYTES });
    const { memory } = fn;
    const registered = memory.register(new ArrayBuffer(3 * PAGE_BYTES));
    const iova = busAddress(memory, registered.address);
    memory.unregister(registered);
    expect(kernel.mapped.has(iova)).toBe(false);
    expect(() => fn.dma.bytes(registered.address, 1)).toThrow(RangeError);
    expect(() => memory.unregister(registered)).toThrow('expected what register gave, once');
    expect(() => memory.unregister({ address: 4096, bytes: 4096, offset: 0 })).toThrow(RangeError);
    expect(memory.register(new ArrayBuffer(3 * PAGE_BYTES)).address).toBe(registered.address);
    await fn.close();
    expect(kernel.mapped.size).toBe(0);
  });

  it('has no whole page, or may be moved or shared', async () => {
    const fn = await machine.open({ dmaBytes: PAGE_BYTES });
    const { memory } = fn;
    expect(() => memory.register(new ArrayBuffer(2 * PAGE_BYTES - 17))).toThrow(
      /expected a whole page of 4096 bytes, got 8175 bytes/,
    );
    expect(() => memory.register(new Uint8Array(new SharedArrayBuffer(8 * PAGE_BYTES)))).toThrow(
      'expected an ArrayBuffer',
    );
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;
    const resizable = new Resizable(8 * PAGE_BYTES, { maxByteLength: 16 * PAGE_BYTES });
    expect(() => memory.register(resizable)).toThrow('fixed length');
    kernel.failing.set('VFIO_IOMMU_MAP_DMA', 'ENOMEM');
    expect(() => memory.register(new ArrayBuffer(3 * PAGE_BYTES))).toThrow(/ulimit -l/);
    expect(kernel.mapped.size).toBe(1);
    const buffer = new ArrayBuffer(3 * PAGE_BYTES);
    memory.register(buffer);
    // Node refuses the transfer, or makes it a copy.
    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage(buffer, [buffer]);
    } catch (error) {
      expect(error).toMatchObject({ name: 'DataCloneError' });
    }
    port1.close();
    port2.close();
    expect(buffer.byteLength).toBe(3 * PAGE_BYTES);
    await fn.close();
    expect(() => memory.register(buffer)).toThrow('expected a function to be open');
  });
});

describe('iommufd', () => {
  beforeEach(() => {
    machine.tree.addFunction({ bdf: '0000:02:00.0', driver: 'vfio-pci', group: 15, cdev: 'vfio3' });
  });

  it('is not taken where it is there, or taken where it is not', async () => {
    const kind = async (options = {}): Promise<string | undefined> => {
      const fn = await machine.open(options, '02:00.0');
      const { iommuKind } = fn.memory;
      await fn.close();
      expect([...kernel.open_.values()]).toEqual([]);
      return iommuKind;
    };
    expect(await kind()).toBe('group');
    machine.tree.write('dev/iommu', '');
    expect(await kind()).toBe('group');
    mkdirSync(`${machine.tree.places.dev}/vfio/devices`);
    machine.tree.write('dev/vfio/devices/vfio3', '');
    expect(await kind()).toBe('iommufd');
    expect(await kind({ iommu: 'group' })).toBe('group');
  });

  it('maps, unmaps or chooses addresses otherwise than a container', async () => {
    // More ranges than there is room for at first.
    kernel.ranges = Array.from({ length: 40 }, (_, i) => [4 * GIB + i * GIB, 4 * GIB + i * GIB + 0x1f_ffff] as const);
    const fn = await machine.open({ iommu: 'iommufd', dmaBytes: 1 << 20 }, '02:00.0');
    fn.memory.grow(2 << 20);
    expect([...kernel.mapped]).toEqual([
      [4 * GIB, 1 << 20],
      [5 * GIB, 2 << 20],
    ]);
    await fn.close();
    expect(kernel.mapped.size).toBe(0);
    expect(kernel.done.slice(-2)).toEqual(['close /dev/vfio/devices/vfio3', 'close /dev/iommu']);
  });

  it.each([
    ['IOMMU_IOAS_ALLOC', 'ENOMEM', 'unsupported'],
    ['VFIO_DEVICE_BIND_IOMMUFD', 'EBUSY', 'busy'],
    ['VFIO_DEVICE_BIND_IOMMUFD', 'EPERM', 'unsupported'],
    ['VFIO_DEVICE_BIND_IOMMUFD', 'ENODEV', 'unsupported'],
    ['VFIO_DEVICE_ATTACH_IOMMUFD_PT', 'EINVAL', 'unsupported'],
    ['IOMMU_IOAS_MAP', 'ENOMEM', 'memory-limit'],
  ])('goes on although %s fails with %s', async (name, code, expected) => {
    kernel.failing.set(name, code);
    await expect(machine.open({ iommu: 'iommufd' }, '02:00.0')).rejects.toMatchObject({ code: expected });
    expect([...kernel.open_.values()]).toEqual([]);
  });

  it('gives a function to a second opener, or does not say that there is a first', async () => {
    const options = { iommu: 'iommufd' } as const;
    const first = await machine.open(options, '02:00.0');
    const held = [...kernel.open_.values()];
    await expect(machine.open(options, '02:00.0')).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringMatching(/devices\/vfio3 is bound already: another process uses 0000:02:00\.0/),
    });
    expect([...kernel.open_.values()]).toEqual(held);
    await first.close();
    await (await machine.open(options, '02:00.0')).close();
  });

  it('takes another function of the group that is in use for interrupts that are not remapped', async () => {
    machine.tree.addFunction({ bdf: '0000:02:00.1', driver: 'vfio-pci', group: 15, cdev: 'vfio4' });
    kernel.failing.set('VFIO_DEVICE_BIND_IOMMUFD', 'EPERM');
    await expect(machine.open({ iommu: 'iommufd' }, '02:00.0')).rejects.toMatchObject({
      code: 'busy',
      message: 'another device of IOMMU group 15 of 0000:02:00.0 is in use, by another process or with other memory',
    });
  });

  it('keeps what is mapped for a function that is opened when all others are closed, and maps it twice', async () => {
    const memory = new VfioMemory({ bytes: PAGE_BYTES, iommu: 'iommufd', ...machine.surroundings });
    await (await machine.open({ memory }, '02:00.0')).close();
    expect(kernel.mapped.size).toBe(0);
    const again = await machine.open({ memory }, '02:00.0');
    expect([...kernel.mapped]).toEqual([[4 * GIB, PAGE_BYTES]]);
    await again.close();
    memory.close();
    expect([...kernel.open_.values()]).toEqual([]);
  });

  it('is not named where it is all that the kernel has', async () => {
    rmSync(`${machine.tree.places.dev}/vfio/vfio`);
    await expect(machine.open({}, '02:00.0')).resolves.toMatchObject({ memory: { iommuKind: 'iommufd' } });
    kernel.closedFiles.set('/dev/iommu', 'EACCES');
    await expect(machine.open({}, '02:00.0')).rejects.toMatchObject({
      code: 'no-permission',
      message: expect.stringContaining('/dev/iommu, which this user'),
    });
  });

  it('is asked for in vain without a word of what is missing', async () => {
    kernel.closedFiles.set('/dev/iommu', 'ENOENT');
    await expect(machine.open({ iommu: 'iommufd' })).rejects.toMatchObject({
      code: 'no-vfio',
      message: expect.stringContaining('/iommu'),
    });
    kernel.closedFiles.clear();
    await expect(machine.open({ iommu: 'iommufd' })).rejects.toMatchObject({
      code: 'no-vfio',
      message: expect.stringContaining(BDF),
    });
    kernel.closedFiles.set('/dev/vfio/devices/vfio3', 'EACCES');
    await expect(machine.open({ iommu: 'iommufd' }, '02:00.0')).rejects.toMatchObject({ code: 'no-permission' });
  });
});
