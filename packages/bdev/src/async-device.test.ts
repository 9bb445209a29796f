import { ManualClock } from '@phasebit/core';
import { describe, expect, it } from 'vitest';
import { ScriptedBdev } from '../test/kit.js';
import {
  AsyncDevice,
  type AsyncDeviceOptions,
  BDEV_STATUS_NVME_ERROR,
  BdevChannel,
  HeapMemory,
  ErrorBdev,
  MallocBdev,
  NullBdev,
} from './index.js';

const BLOCK = 512;

function open(
  options: Partial<AsyncDeviceOptions> = {},
  pages = 64,
): { memory: HeapMemory; device: AsyncDevice; errors: ErrorBdev } {
  const memory = new HeapMemory(pages * 4096);
  const errors = new ErrorBdev(new MallocBdev({ blockCount: 1000, memory }));
  const device = new AsyncDevice(new BdevChannel(errors, { ioCount: 4 }), {
    memory,
    pump: async () => undefined,
    chunkBytes: 0x1_0000,
    ...options,
  });
  return { memory, device, errors };
}

function pattern(blocks: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: blocks * BLOCK }, (_, i) => (i * 13 + seed + (i >>> 8)) & 0xff);
}

describe('blocks with promises', () => {
  it('are written, read, compared, zeroed and unmapped', async () => {
    const { device, memory } = open();
    const bytes = pattern(3);
    await device.write(10, bytes);
    await device.flush();
    expect(await device.read(10, 3)).toEqual(bytes);
    expect(await device.compare(10, bytes)).toBe(true);
    expect(await device.compare(11, bytes)).toBe(false);
    await device.writeZeroes(10, 1);
    await device.unmap(12, 1);
    const expected = bytes.slice();
    expected.fill(0, 0, BLOCK).fill(0, 2 * BLOCK);
    expect(await device.read(10, 3)).toEqual(expected);
    expect(memory.pagesInUse).toBe(0);
    await device.close();
  });

  it('are moved chunk by chunk', async () => {
    const { device, memory } = open({ chunkBytes: 5 * BLOCK + 100 });
    const bytes = pattern(23);
    await device.write(100, bytes);
    expect(await device.read(100, 23)).toEqual(bytes);
    expect(memory.pagesInUse).toBe(0);
  });

  it('may be asked for many times at once, with less memory and fewer I/Os than calls', async () => {
    const { device, memory } = open({}, 2);
    await Promise.all(Array.from({ length: 20 }, (_, i) => device.write(i * 2, pattern(2, i))));
    const read = await Promise.all(Array.from({ length: 20 }, (_, i) => device.read(i * 2, 2)));
    read.forEach((bytes, i) => expect(bytes).toEqual(pattern(2, i)));
    expect(memory.pagesInUse).toBe(0);
  });

  it('are closed by `await using`', async () => {
    const base = new ScriptedBdev();
    const memory = new HeapMemory(16 * 4096);
    {
      await using device = new AsyncDevice(new BdevChannel(base), {
        memory,
        pump: async () => void (base.toComplete = 1),
      });
      await device.flush();
    }
    expect(base.closed).toBe(1);
  });
});

describe('a call that fails', () => {
  it('says what the device said', async () => {
    const { device, errors, memory } = open();
    errors.inject({ effect: 'fail', status: BDEV_STATUS_NVME_ERROR, nvmeStatus: 0x281, count: 1 });
    await expect(device.read(0, 1)).rejects.toMatchObject({
      code: 'IO_FAILED',
      facts: { bdev: 'malloc0-error', status: BDEV_STATUS_NVME_ERROR, what: 'NVMe error', nvmeStatus: 0x281 },
    });
    expect(memory.pagesInUse).toBe(0);
    await device.read(0, 1);
  });

  it.each([
    [-1, 1],
    [0, 0],
    [0.5, 1],
    [999, 2],
    [1000, 1],
    [NaN, 1],
  ])('for want of such a range, %d + %d, is a RangeError', async (lba, blocks) => {
    const { device } = open();
    await expect(device.read(lba, blocks)).rejects.toThrow(RangeError);
    await expect(device.unmap(lba, blocks)).rejects.toThrow(RangeError);
    await expect(device.writeZeroes(lba, blocks)).rejects.toThrow(RangeError);
    if (Number.isInteger(blocks) && blocks > 0)
      await expect(device.write(lba, pattern(blocks))).rejects.toThrow(RangeError);
  });

  it('for bytes that are not whole blocks is a RangeError', async () => {
    const { device } = open();
    await expect(device.write(0, new Uint8Array(511))).rejects.toThrow(/whole blocks of 512 bytes, got 511/);
    await expect(device.write(0, new Uint8Array(0))).rejects.toThrow(RangeError);
  });

  it('for want of support says so', async () => {
    const memory = new HeapMemory(16 * 4096);
    const device = new AsyncDevice(new BdevChannel(new NullBdev()), { memory, pump: async () => undefined });
    await expect(device.compare(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'REFUSED' });
    expect(memory.pagesInUse).toBe(0);
  });

  it('for want of any bounce memory says so instead of waiting', async () => {
    const { device } = open({ chunkBytes: 0x2_0000 }, 16);
    await expect(device.read(0, 256)).rejects.toMatchObject({ code: 'NO_BOUNCE_MEMORY', facts: { bytes: 0x2_0000 } });
  });

  it('for a chunk of no bytes is a RangeError at once', () => {
    expect(() => open({ chunkBytes: 0 })).toThrow(/^chunkBytes/);
  });

  it('after close says so', async () => {
    const { device } = open();
    await device.close();
    await device.close();
    await expect(device.read(0, 1)).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(device.flush()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('a call that is given up', () => {
  it('at its deadline keeps its memory until the device is through with it', async () => {
    const clock = new ManualClock();
    const { device, errors, memory } = open({ clock, pump: async () => clock.advanceNs(1e6) });
    errors.inject({ effect: 'hold', count: 1 });
    await expect(device.read(0, 1, { deadlineMs: 5 })).rejects.toMatchObject({ code: 'DEADLINE' });
    expect(clock.nowNs()).toBe(5e6);
    expect(memory.pagesInUse).toBe(1);
    errors.release();
    await device.close();
    expect(memory.pagesInUse).toBe(0);
  });

  it('by its signal rejects with the reason', async () => {
    const controller = new AbortController();
    let turns = 0;
    const { device, errors } = open({
      pump: async () => {
        if (++turns === 3) controller.abort(new Error('changed my mind'));
      },
    });
    errors.inject({ effect: 'hold', count: 1 });
    await expect(device.write(0, pattern(1), { signal: controller.signal })).rejects.toThrow('changed my mind');
    await expect(device.flush({ signal: { aborted: true } })).resolves.toBeUndefined(); // done before anyone looked
  });

  it('by a signal without a reason rejects with ABORTED', async () => {
    const { device, errors } = open();
    errors.inject({ effect: 'hold' });
    await expect(device.read(0, 1, { signal: { aborted: true } })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('needs a clock for a deadline', async () => {
    const { device } = open();
    await expect(device.read(0, 1, { deadlineMs: 5 })).rejects.toThrow(/a device with a clock/);
    await expect(device.read(0, 1, { deadlineMs: NaN })).rejects.toThrow(/deadlineMs/);
  });

  it('lets close give up too', async () => {
    const clock = new ManualClock();
    const { device, errors } = open({ clock, pump: async () => clock.advanceNs(1e6) });
    errors.inject({ effect: 'hold', count: 1 });
    await expect(device.read(0, 1, { deadlineMs: 1 })).rejects.toMatchObject({ code: 'DEADLINE' });
    await expect(device.close({ deadlineMs: 3 })).rejects.toMatchObject({ code: 'DEADLINE' });
    errors.release();
    await device.close();
  });
});
