import { ManualClock } from '@phasebit/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createDmaArena,
  createLinkMemory,
  DmaSpace,
  LinkDevice,
  type LinkMemoryOptions,
  openLink,
  POSTED_WRITES_MAX,
  READ_TIMEOUT_MS,
} from './index.js';

type Write = [offset: number, low: number, high: number, bytes: number];

/** Both ends of a link. The device keeps what is written to it, and carries it out only when it is told to. */
class TwoEnds {
  readonly memory;
  readonly clock = new ManualClock();
  readonly device: LinkDevice;
  readonly host;
  readonly writes: Write[] = [];
  /** what a pause does beside letting a millisecond pass */
  onPause: () => void = () => void this.drain();

  constructor(options: Partial<LinkMemoryOptions> = {}) {
    this.memory = createLinkMemory({ queues: 4, ...options });
    this.device = new LinkDevice(this.memory);
    const dma = new DmaSpace();
    dma.attach(createDmaArena({ bytes: 4096 }));
    const pause = (): Promise<void> => {
      this.clock.advanceNs(1e6);
      this.onPause();
      return Promise.resolve();
    };
    this.host = openLink({ memory: this.memory, dma, clock: this.clock, pause });
  }

  drain(): number {
    return this.device.drain({ writeRegister: (...write) => void this.writes.push(write) });
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a register write', () => {
  it('overtakes another one, loses a half, or arrives twice', () => {
    const { host, writes, ...ends } = new TwoEnds();
    host.registers.write32(0x14, 0xffff_fffe);
    host.registers.write64(0x28, 0x8000_0001, 0x7fff_ffff);
    host.registers.write32(0x14, 1);
    expect(writes).toEqual([]);
    const device = ends.device;
    const target = { writeRegister: (...write: Write): void => void writes.push(write) };
    expect(device.drain(target)).toBe(3);
    expect(device.drain(target)).toBe(0);
    expect(writes).toEqual([
      [0x14, 0xffff_fffe, 0, 4],
      [0x28, 0x8000_0001, 0x7fff_ffff, 8],
      [0x14, 1, 0, 4],
    ]);
  });

  it('is carried out after a read that follows it', async () => {
    const ends = new TwoEnds();
    ends.host.registers.write32(0x14, 7);
    // The device shows the effect as it carries the write out.
    ends.onPause = () => void ends.device.drain({ writeRegister: (_, low) => ends.device.show(0x1c, low * 10) });
    expect(await ends.host.registers.read32(0x1c)).toBe(70);
  });

  it('to a device that does not listen overwrites an earlier one', () => {
    const ends = new TwoEnds();
    for (let i = 0; i < POSTED_WRITES_MAX + 50; i++) ends.host.registers.write32(0x14, i);
    ends.drain();
    expect(ends.writes.map(([, low]) => low)).toEqual(Array.from({ length: POSTED_WRITES_MAX }, (_, i) => i));
    // And there is room again.
    ends.host.registers.write32(0x14, 1000);
    expect(ends.drain()).toBe(1);
    expect(ends.writes.at(-1)).toEqual([0x14, 1000, 0, 4]);
  });

  it('gets lost when the counters wrap', () => {
    const ends = new TwoEnds();
    for (let i = 0; i < 5 * POSTED_WRITES_MAX; i++) {
      ends.host.registers.write32(0x14, i);
      expect(ends.drain()).toBe(1);
    }
    expect(ends.writes.map(([, low]) => low)).toEqual(Array.from({ length: 5 * POSTED_WRITES_MAX }, (_, i) => i));
  });
});

describe('a register read', () => {
  it('gives a signed number, or a half too few', async () => {
    const { host, device } = new TwoEnds();
    device.show(0, 0xdead_beef);
    device.show(4, 0x8000_0000);
    expect(await host.registers.read32(0)).toBe(0xdead_beef);
    expect(await host.registers.read64(0)).toEqual({ low: 0xdead_beef, high: 0x8000_0000 });
  });

  it('of a device that is gone gives anything but ones, or waits', async () => {
    const ends = new TwoEnds();
    ends.device.show(0, 5);
    ends.device.vanish();
    ends.host.registers.write32(0x14, 1);
    expect(await ends.host.registers.read32(0)).toBe(0xffff_ffff);
    expect(await ends.host.registers.read64(0)).toEqual({ low: 0xffff_ffff, high: 0xffff_ffff });
    expect(ends.clock.nowNs()).toBe(0);
  });

  it('waits without end for a device that does not listen', async () => {
    const ends = new TwoEnds();
    ends.onPause = () => undefined;
    ends.host.registers.write32(0x14, 1);
    expect(await ends.host.registers.read32(0)).toBe(0xffff_ffff);
    expect(ends.clock.nowNs() / 1e6).toBeGreaterThan(READ_TIMEOUT_MS);
    expect(ends.clock.nowNs() / 1e6).toBeLessThan(READ_TIMEOUT_MS + 5);
  });

  it.each([-4, 2, 4096, NaN])('at offset %d is made', async (offset) => {
    const { registers } = new TwoEnds().host;
    await expect(registers.read32(offset)).rejects.toThrow(/^offset: expected a multiple of 4 below 4096/);
    expect(() => registers.write32(offset, 0)).toThrow(RangeError);
    await expect(registers.read64(offset)).rejects.toThrow(/multiple of 8/);
    expect(() => registers.write64(4, 0, 0)).toThrow(RangeError);
  });
});

describe('accesses', () => {
  it('are not counted, or are counted as something else', async () => {
    const { host } = new TwoEnds();
    await host.registers.read32(0);
    await host.registers.read64(8);
    host.registers.write32(0x14, 0);
    host.registers.write64(0x28, 0, 0);
    host.registers.write64(0x30, 0, 0);
    host.doorbells.ringSq(0, 1);
    for (let i = 0; i < 3; i++) host.doorbells.ringCq(1, i);
    expect(host.counters).toEqual({
      registerReads: 2,
      registerWrites: 3,
      sqDoorbellWrites: 1,
      cqDoorbellWrites: 3,
      sqShadowWrites: 0,
      cqShadowWrites: 0,
    });
  });
});

describe('a doorbell', () => {
  it.each([
    [0, false],
    [0, true],
    [2, false],
    [4, true],
    [15, false],
  ])('is another one on the other end: DSTRD %i, shared memory %s', (dstrd, shared) => {
    const { host, device, memory } = new TwoEnds({ queues: 3, dstrd, shared });
    for (let qid = 0; qid < 3; qid++) {
      host.doorbells.ringSq(qid, 100 + qid);
      host.doorbells.ringCq(qid, 200 + qid);
    }
    const seen = [0, 1, 2].map((qid) => [
      device.words[device.sqDoorbellWord(qid)],
      device.words[device.cqDoorbellWord(qid)],
    ]);
    expect(seen).toEqual([
      [100, 200],
      [101, 201],
      [102, 202],
    ]);
    // [PCIe] 3.1.2.1: submission and completion doorbells alternate, 4 << DSTRD bytes apart.
    expect((device.cqDoorbellWord(1) - device.sqDoorbellWord(1)) * 4).toBe(4 << dstrd);
    expect((device.sqDoorbellWord(2) - device.sqDoorbellWord(1)) * 4).toBe(8 << dstrd);
    expect(device.cqDoorbellWord(2)).toBeLessThan(memory.words.length);
  });

  it('of memory that two threads share is written without order', () => {
    const store = vi.spyOn(Atomics, 'store');
    const local = new TwoEnds();
    const shared = new TwoEnds({ shared: true });
    store.mockClear();
    local.host.doorbells.ringSq(1, 5);
    expect(store).not.toHaveBeenCalled();
    shared.host.doorbells.ringSq(1, 5);
    shared.host.doorbells.ringCq(1, 6);
    expect(store).toHaveBeenCalledTimes(2);
    expect(local.host.memoryOrder).toBe('same-thread');
    expect(shared.host.memoryOrder).toBe('weak');
  });
});

describe('a message', () => {
  it('is not counted, or counted on another vector', () => {
    const { host, device } = new TwoEnds({ vectors: 3 });
    expect(host.vectors.count).toBe(3);
    device.sendMessage(1);
    device.sendMessage(1);
    device.sendMessage(2);
    expect([0, 1, 2].map((vector) => host.vectors.received(vector))).toEqual([0, 2, 1]);
  });

  it('of a masked vector gets through, gets lost, or comes more than once', () => {
    const { host, device } = new TwoEnds({ vectors: 2 });
    host.vectors.setMasked(1, true);
    for (let i = 0; i < 5; i++) device.sendMessage(1);
    device.sendMessage(0);
    expect([host.vectors.received(0), host.vectors.received(1)]).toEqual([1, 0]);
    host.vectors.setMasked(1, false);
    expect(host.vectors.received(1)).toBe(1);
    host.vectors.setMasked(1, true);
    host.vectors.setMasked(1, false);
    expect(host.vectors.received(1)).toBe(1);
    device.sendMessage(1);
    expect(host.vectors.received(1)).toBe(2);
  });

  it('stays pending for ever when the mask goes while it is being sent', () => {
    const { host, device } = new TwoEnds({ vectors: 1, shared: true });
    host.vectors.setMasked(0, true);
    const load = Atomics.load.bind(Atomics);
    // The other thread unmasks between the device's look at the mask and what it does about it.
    vi.spyOn(Atomics, 'load').mockImplementationOnce(((words: Int32Array, index: number) => {
      const mask = load(words, index);
      host.vectors.setMasked(0, false);
      return mask;
    }) as typeof Atomics.load);
    device.sendMessage(0);
    expect(host.vectors.received(0)).toBe(1);
    device.sendMessage(0);
    expect(host.vectors.received(0)).toBe(2);
  });

  it.each([-1, 4, NaN])('of vector %d is asked for', (vector) => {
    const { vectors } = new TwoEnds().host;
    expect(() => vectors.received(vector)).toThrow(`vector: expected 0 to 3, got ${vector}`);
    expect(() => vectors.setMasked(vector, true)).toThrow(RangeError);
  });
});

describe('the memory of a link', () => {
  it.each<[string, LinkMemoryOptions]>([
    ['queues', { queues: 1 }],
    ['queues', { queues: 65_537 }],
    ['vectors', { queues: 2, vectors: 0 }],
    ['vectors', { queues: 2, vectors: 2049 }],
    ['dstrd', { queues: 2, dstrd: 16 }],
    ['dstrd', { queues: 2, dstrd: -1 }],
  ])('is made with %s out of range', (name, options) => {
    expect(() => createLinkMemory(options)).toThrow(new RegExp(`^${name}: expected`));
  });

  it('has a line that both sides write', () => {
    // Lines of 64 bytes. What the device writes: the image, the count of drained writes, vectors. What the host writes: the rest.
    const { host, device, memory } = new TwoEnds({ queues: 3, vectors: 2 });
    const before = memory.words.slice();
    const changed = (): Set<number> => {
      const lines = new Set<number>();
      memory.words.forEach((word, i) => {
        if (word !== before[i]) lines.add(i >>> 4);
      });
      before.set(memory.words);
      return lines;
    };
    host.registers.write32(0x14, -1);
    for (const qid of [0, 1, 2]) {
      host.doorbells.ringSq(qid, 1);
      host.doorbells.ringCq(qid, 1);
    }
    const byHost = changed();
    device.drain({ writeRegister: () => undefined });
    device.show(0x1c, 1);
    device.vanish();
    const byDevice = changed();
    expect([...byHost].filter((line) => byDevice.has(line))).toEqual([]);
    expect(byHost.size).toBe(2 + 6);
  });
});
