import { ManualClock } from '@phasebit/core';
import { describe, expect, it } from 'vitest';
import {
  createLinkMemory,
  DmaSpace,
  doorbellsBytes,
  LinkDevice,
  LinkPort,
  openLink,
  POSTED_WRITES_MAX,
} from './index.js';

function opened() {
  const memory = createLinkMemory({ queues: 4 });
  const device = new LinkDevice(memory);
  const port = new LinkPort(memory);
  const writes: number[][] = [];
  const drain = (): number => device.drain({ writeRegister: (...write) => void writes.push(write) });
  return { device, port, writes, drain };
}

describe('an access carried over from elsewhere', () => {
  it('loses a half, or is taken for carried out before it is', () => {
    const { port, writes, drain } = opened();
    expect(port.isSettled).toBe(true);
    expect(port.write(0x28, 0x8000_0001, 0x7fff_ffff, 8)).toBe(true);
    expect(port.write(0x14, 1, 0, 4)).toBe(true);
    expect(port.isSettled).toBe(false);
    expect(drain()).toBe(2);
    expect(port.isSettled).toBe(true);
    expect(writes).toEqual([
      [0x28, 0x8000_0001, 0x7fff_ffff, 8],
      [0x14, 1, 0, 4],
    ]);
  });

  it('reads a signed register, or one outside of the image', () => {
    const { device, port } = opened();
    device.show(0x1c, 0x8000_0000);
    expect(port.read(0x1c)).toBe(0x8000_0000);
    expect(port.read(0x101c)).toBe(0x8000_0000);
  });

  it('overwrites what was not carried out when there are too many', () => {
    const { port, writes, drain } = opened();
    for (let i = 0; i < POSTED_WRITES_MAX; i++) expect(port.write(0x14, i, 0, 4)).toBe(true);
    expect(port.write(0x14, 9999, 0, 4)).toBe(false);
    drain();
    expect(writes.map(([, low]) => low)).toEqual(Array.from({ length: POSTED_WRITES_MAX }, (_, i) => i));
  });

  it('does not notice that the function is gone', () => {
    const { device, port } = opened();
    expect(port.isGone).toBe(false);
    device.vanish();
    expect(port.isGone).toBe(true);
  });
});

describe('a message for somebody elsewhere', () => {
  it('is told of without being asked for, or not told of', () => {
    const { device, port } = opened();
    const told: number[] = [];
    device.onMessage = (vector) => void told.push(vector);
    device.sendMessage(1);
    port.listen(1);
    device.sendMessage(1);
    device.sendMessage(2);
    expect(told).toEqual([1]);
  });

  it('comes through a mask, is forgotten behind it, or comes twice when it goes', () => {
    const { device, port } = opened();
    const told: number[] = [];
    device.onMessage = (vector) => void told.push(vector);
    port.listen(3);
    expect(port.setMasked(3, true)).toBe(false);
    device.sendMessage(3);
    device.sendMessage(3);
    expect([port.isPending(3), port.isPending(2), told]).toEqual([true, false, []]);
    expect([port.setMasked(3, false), port.setMasked(3, false)]).toEqual([true, false]);
    expect(port.isPending(3)).toBe(false);
  });

  it('survives a reset behind a mask', () => {
    const { device, port } = opened();
    port.setMasked(0, true);
    device.sendMessage(0);
    port.clearPending(0);
    expect(port.setMasked(0, false)).toBe(false);
  });
});

describe('doorbells with memory of their own', () => {
  const words = new Int32Array(new ArrayBuffer(4096), 0, doorbellsBytes(4, 0) / 4);
  const memory = { ...createLinkMemory({ queues: 4, dstrd: 0 }), doorbells: words };

  it('are rung in the rest of the link, or beside each other', () => {
    const device = new LinkDevice(memory);
    const pause = (): Promise<void> => Promise.resolve();
    const { doorbells } = openLink({ memory, dma: new DmaSpace(), clock: new ManualClock(), pause });
    const before = memory.words.slice();
    doorbells.ringSq(3, 5);
    doorbells.ringCq(1, 6);
    expect([...words]).toEqual([0, 0, 0, 6, 0, 0, 5, 0]);
    expect(device.doorbells[device.sqDoorbellWord(3)]).toBe(5);
    expect(device.doorbells[device.cqDoorbellWord(1)]).toBe(6);
    expect(memory.words).toEqual(before);
  });

  it.each([
    [{}, false],
    [{ isConcurrent: true }, true],
    [{ isConcurrent: false }, false],
  ])('hide from the device who runs at the same time: %o', (more, isConcurrent) => {
    expect(new LinkDevice({ ...memory, ...more }).isConcurrent).toBe(isConcurrent);
  });

  it('hide that a shared link’s host runs at the same time', () => {
    expect(new LinkDevice(createLinkMemory({ queues: 2, shared: true })).isConcurrent).toBe(true);
  });
});

describe('a target that throws', () => {
  it('is given the same write again, or not the one behind it', () => {
    const { device, port } = opened();
    const seen: number[] = [];
    const target = {
      writeRegister: (_offset: number, low: number): void => {
        seen.push(low);
        if (low === 1) throw new Error('no memory');
      },
    };
    port.write(0x14, 1, 0, 4);
    port.write(0x14, 2, 0, 4);
    expect(() => device.drain(target)).toThrow('no memory');
    expect(port.isSettled).toBe(false);
    device.drain(target);
    expect(seen).toEqual([1, 2]);
    expect(port.isSettled).toBe(true);
  });
});
