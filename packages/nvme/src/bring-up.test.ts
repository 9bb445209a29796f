import { ManualClock } from '@phasebit/core';
import { createDmaArena, createLinkMemory, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { type Capabilities, disable, enable, readCapabilities, shutDown } from './bring-up.js';

// Offsets and fields of [Base] 3.1.4, stated here by themselves.
const CAP = 0x00;
const VS = 0x08;
const CC = 0x14;
const CSTS = 0x1c;
const AQA = 0x24;
const ASQ = 0x28;
const ACQ = 0x30;

type Write = [offset: number, low: number, high: number, bytes: number];

/** Registers that a test plays by hand: every write is kept, and `onWrite` shows its effect. */
function openRegisters(onWrite: (offset: number, low: number, show: (csts: number) => void) => void = () => undefined) {
  const memory = createLinkMemory({ queues: 2 });
  const device = new LinkDevice(memory);
  const clock = new ManualClock();
  const dma = new DmaSpace();
  dma.attach(createDmaArena({ bytes: 16 * 4096, iovaBase: 0x12_3456_7000 }));
  const writes: Write[] = [];
  const show = (csts: number): void => device.show(CSTS, csts);
  const pause = (): Promise<void> => {
    clock.advanceNs(1e6);
    device.drain({
      writeRegister: (offset, low, high, bytes) => {
        writes.push([offset, low, high, bytes]);
        if (offset === CC) device.show(CC, low);
        onWrite(offset, low, show);
      },
    });
    return Promise.resolve();
  };
  return { device, clock, writes, fn: openLink({ memory, dma, clock, pause }) };
}

const capabilities: Capabilities = { version: 0x2_0000, queueEntriesMax: 64, readyTimeoutMs: 500, commandSet: 0 };

describe('capabilities', () => {
  it('are read from the wrong bits', async () => {
    const { device, fn } = openRegisters();
    // MQES 255, TO 40, CSS: NVM command set.
    device.show(CAP, 0x2800_00ff);
    device.show(CAP + 4, 1 << 5);
    device.show(VS, 0x0001_0400);
    expect(await readCapabilities(fn)).toEqual({
      version: 0x0001_0400,
      queueEntriesMax: 256,
      readyTimeoutMs: 20_000,
      commandSet: 0,
    });
    // CSS bit 6: one or more I/O command sets, which are chosen with CC.CSS 110b.
    device.show(CAP + 4, 1 << (5 + 6));
    expect(await readCapabilities(fn)).toMatchObject({ commandSet: 6 });
  });
});

describe('enabling', () => {
  it('writes something else than the admin rings, or CC before them', async () => {
    const { writes, fn } = openRegisters((offset, low, show) => {
      if (offset === CC) show(low & 1);
    });
    const rings = { entries: 32, sqAddress: 4096 * 3, cqAddress: 4096 * 5 };
    await enable(fn, new ManualClock(), capabilities, rings);
    expect(writes).toEqual([
      [AQA, (31 << 16) | 31, 0, 4],
      // Host address 4096 is the arena's first page.
      [ASQ, 0x3456_9000, 0x12, 8],
      [ACQ, 0x3456_b000, 0x12, 8],
      // IOCQES 4, IOSQES 6, MPS 0, CSS 0, EN.
      [CC, 0x0046_0001, 0, 4],
    ]);
  });
});

describe('disabling', () => {
  it('keeps an earlier shutdown in CC.SHN, or changes the rest of it', async () => {
    const { device, writes, fn } = openRegisters((_, low, show) => show(low & 1));
    device.show(CC, 0x0046_4001);
    device.show(CSTS, 1);
    await disable(fn, new ManualClock(), 500);
    expect(writes).toEqual([[CC, 0x0046_0000, 0, 4]]);
  });

  it('waits for a failed device to become ready first', async () => {
    const { device, clock, writes, fn } = openRegisters((_, low, show) => show(low & 1));
    device.show(CC, 1);
    device.show(CSTS, 2);
    await disable(fn, clock, 500);
    expect(writes.length).toBe(1);
    expect(clock.nowNs()).toBeLessThan(10e6);
  });
});

describe('a shutdown', () => {
  it('is other than normal, or is over before the device says so', async () => {
    let countdown = 5;
    const { device, clock, writes, fn } = openRegisters((_, __, show) => show(1 | (1 << 2)));
    device.show(CC, 0x0046_0001);
    device.show(CSTS, 1);
    const pause = fn.pause.bind(fn);
    const slow = {
      ...fn,
      pause: () => {
        if (--countdown === 0) device.show(CSTS, 1 | (2 << 2));
        return pause();
      },
    };
    await shutDown(slow, clock, 1000);
    expect(countdown).toBeLessThanOrEqual(0);
    expect(writes).toEqual([[CC, 0x0046_4001, 0, 4]]);
  });

  it('of a device that has left the bus is waited for', async () => {
    const { device, clock, fn } = openRegisters();
    device.vanish();
    await expect(shutDown(fn, clock, 1000)).rejects.toMatchObject({ code: 'CONTROLLER_GONE' });
  });
});
