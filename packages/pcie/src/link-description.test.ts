import { describe, expect, it } from 'vitest';
import { createDmaArena, createLinkMemory, describeLink, DmaSpace, LinkDevice, openLink, reopenLink } from './index.js';

const clock = { nowNs: () => 0 };
const pause = (): Promise<void> => Promise.resolve();

function openShared() {
  const memory = createLinkMemory({ queues: 4, shared: true });
  const dma = new DmaSpace(4 << 20);
  dma.attach(createDmaArena({ bytes: 1 << 20, shared: true }));
  dma.attach(createDmaArena({ bytes: 1 << 20, iovaBase: 2 ** 40, scatterSeed: 3, shared: true }));
  return { memory, dma, function: openLink({ memory, dma, clock, pause }), device: new LinkDevice(memory) };
}

/** What arrives at another thread. */
function posted<T>(value: T): T {
  return structuredClone(value);
}

describe('memory seen by a second thread', () => {
  it('lies at other addresses, or is another memory', () => {
    const first = openShared();
    const address = first.dma.allocate(1 << 20);
    const second = DmaSpace.adopt(posted(first.dma.describe()));
    first.dma.bytes(address, 8).set([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...second.bytes(address, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(second.iovaLow).toEqual(first.dma.iovaLow);
    expect(second.iovaHigh).toEqual(first.dma.iovaHigh);
    expect(second.contains((2 << 20) + 4096, 1)).toBe(false);
  });

  it('is given out twice: nothing but what was set aside for it is', () => {
    const first = openShared();
    const range = { address: first.dma.allocate(3 * 4096), bytes: 3 * 4096 };
    const description = posted(first.dma.describe());
    expect(() => DmaSpace.adopt(description).allocate(1)).toThrow('found none');
    const second = DmaSpace.adopt(description, [range]);
    const given = [second.allocate(4096), second.allocate(8192)].sort((a, b) => a - b);
    expect(given).toEqual([range.address, range.address + 4096]);
    expect(() => second.allocate(1)).toThrow('found none');
    second.free(range.address);
    expect(second.allocate(4096)).toBe(range.address);
  });

  it.each([
    ['a range inside a page', { address: 4096 + 8, bytes: 8 }, 'expected a multiple of 4096, got 4104'],
    ['a range over the end of an arena', { address: 1 << 20, bytes: 8192 }, 'inside one arena'],
  ])('is taken from %s', (_, range, message) => {
    const description = openShared().dma.describe();
    expect(() => DmaSpace.adopt(description, [range])).toThrow(message);
  });

  it('keeps arenas that are reserved among those to allocate from', () => {
    const first = new DmaSpace(4 << 20);
    const arena = createDmaArena({ bytes: 8192, shared: true });
    first.attach(arena, { reserved: true });
    expect(DmaSpace.adopt(posted(first.describe())).arenas).toEqual([]);
  });

  it('is described although it is not shared', () => {
    const dma = new DmaSpace();
    dma.attach(createDmaArena({ bytes: 4096 }));
    expect(() => dma.describe()).toThrow('arena at 4096: expected memory shared between threads');
  });
});

describe('a link opened by a second thread', () => {
  it('rings other doorbells, shares counters, or reads other registers', async () => {
    const { memory, dma, device, function: first } = openShared();
    const second = reopenLink(posted(describeLink(memory, dma)), { clock, pause });
    second.doorbells.ringSq(2, 5);
    second.doorbells.ringCq(2, 6);
    expect(device.words[device.sqDoorbellWord(2)]).toBe(5);
    expect(device.words[device.cqDoorbellWord(2)]).toBe(6);
    expect(second.counters).toMatchObject({ sqDoorbellWrites: 1, cqDoorbellWrites: 1 });
    expect(first.counters).toMatchObject({ sqDoorbellWrites: 0, cqDoorbellWrites: 0 });
    device.show(0x1c, 9);
    expect(await second.registers.read32(0x1c)).toBe(9);
    expect(await second.registers.read64(0x18)).toEqual({ low: 0, high: 9 });
    device.sendMessage(1);
    expect(second.vectors.received(1)).toBe(1);
    expect(second.memoryOrder).toBe('weak');
  });

  it('writes registers, which has one writer', () => {
    const { memory, dma } = openShared();
    const second = reopenLink(posted(describeLink(memory, dma)), { clock, pause, memoryOrder: 'store-order' });
    expect(() => second.registers.write32(0x14, 0)).toThrow('register 20: expected a write by the thread that opened');
    expect(() => second.registers.write64(0x28, 0, 0)).toThrow('register 40');
    expect(second.memoryOrder).toBe('store-order');
  });

  it('is described although its memory is not shared', () => {
    expect(() => describeLink(createLinkMemory({ queues: 2 }), new DmaSpace())).toThrow('made with shared: true');
  });
});
