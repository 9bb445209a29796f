import { ManualClock } from '@phasebit/core';
import { createDmaArena, createLinkMemory, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { readCapabilities } from './capabilities.js';
import { disable, enable, resetSubsystem, shutDown, waitReady } from './ready.js';

// Offsets and fields of [Base] 3.1.4, stated here by themselves.
const CAP = 0x00;
const VS = 0x08;
const CC = 0x14;
const CSTS = 0x1c;
const AQA = 0x24;
const ASQ = 0x28;
const NSSR = 0x20;
const ACQ = 0x30;
const CRTO = 0x68;

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

describe('capabilities', () => {
  it('are read from the wrong bits', async () => {
    const { device, fn } = openRegisters();
    // MQES 255, AMS 10b, TO 40, DSTRD 3, NSSRS, CSS: NVM command set.
    device.show(CAP, 0x2800_00ff | (2 << 17));
    device.show(CAP + 4, (1 << 5) | (1 << 4) | 3);
    device.show(VS, 0x0001_0400);
    expect(await readCapabilities(fn)).toEqual({
      version: 0x0001_0400,
      queueEntriesMax: 256,
      readyTimeoutMs: 20_000,
      enableTimeoutMs: 20_000,
      commandSet: 0,
      doorbellStride: 3,
      hasWeightedArbitration: false,
      hasSubsystemReset: true,
    });
    // CSS bit 6: one or more I/O command sets, which are chosen with CC.CSS 110b.
    device.show(CAP, 0x2800_00ff | (1 << 17));
    device.show(CAP + 4, 1 << (5 + 6));
    const other = { commandSet: 6, hasWeightedArbitration: true, hasSubsystemReset: false, doorbellStride: 0 };
    expect(await readCapabilities(fn)).toMatchObject(other);
  });

  it.each([
    [0, 500, 'without CRMS', 20_000],
    [1, 0, 'that is zero', 20_000],
    [1, 39, 'that is less than CAP.TO', 20_000],
    [1, 600, 'that is more than CAP.TO can say', 300_000],
    [2, 600, 'of another ready mode', 20_000],
  ])('believe a CRTO (CRMS %i, CRWMT %i) %s', async (crms, crwmt, _, enableTimeoutMs) => {
    const { device, fn } = openRegisters();
    device.show(CAP, 0x2800_00ff);
    device.show(CAP + 4, ((crms << 27) | (1 << 5)) >>> 0);
    device.show(CRTO, (7 << 16) | crwmt);
    expect(await readCapabilities(fn)).toMatchObject({ readyTimeoutMs: 20_000, enableTimeoutMs });
  });
});

describe('enabling', () => {
  it('writes something else than the admin rings, or CC before them', async () => {
    const { writes, fn } = openRegisters((offset, low, show) => {
      if (offset === CC) show(low & 1);
    });
    const rings = { entries: 32, sqAddress: 4096 * 3, cqAddress: 4096 * 5 };
    enable(fn, 0, false, rings);
    await waitReady(fn, new ManualClock(), 1, 500, false);
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

describe('enabling with weights', () => {
  it('selects another arbitration than weighted round robin, or another command set', async () => {
    const { writes, fn } = openRegisters((offset, low, show) => {
      if (offset === CC) show(low & 1);
    });
    enable(fn, 6, true, { entries: 2, sqAddress: 4096, cqAddress: 8192 });
    await waitReady(fn, new ManualClock(), 1, 500, false);
    // CC.AMS 001b in bits 13:11, CC.CSS 110b in bits 6:4.
    expect(writes.at(-1)).toEqual([CC, 0x0046_0861, 0, 4]);
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

describe('a subsystem reset', () => {
  it('takes a device that leaves the bus for a moment for gone, or does not take note of what happened', async () => {
    const { device, writes, fn, clock } = openRegisters();
    device.show(CSTS, 1);
    let pauses = 0;
    const pause = fn.pause.bind(fn);
    const slow = {
      ...fn,
      pause: () => {
        pauses++;
        if (pauses === 5) device.show(CSTS, 0xffff_ffff);
        if (pauses === 50) device.show(CSTS, 1 << 4);
        return pause();
      },
    };
    await resetSubsystem(slow, clock, 500);
    await fn.pause();
    expect(pauses).toBeGreaterThanOrEqual(50);
    // "NVMe", and CSTS.NSSRO, write 1 to clear.
    expect(writes).toEqual([
      [NSSR, 0x4e56_4d65, 0, 4],
      [CSTS, 1 << 4, 0, 4],
    ]);
  });

  it.each([
    [0xffff_ffff, 'CONTROLLER_GONE'],
    [1, 'READY_TIMEOUT'],
  ])('is waited for without end with CSTS %i', async (csts, code) => {
    const { device, fn, clock } = openRegisters();
    device.show(CSTS, csts);
    await expect(resetSubsystem(fn, clock, 500)).rejects.toMatchObject({ code });
    expect(clock.nowNs() / 1e6).toBeGreaterThan(500);
    expect(clock.nowNs() / 1e6).toBeLessThan(510);
  });
});

describe('a wait for CSTS.RDY', () => {
  it('cannot be given up', async () => {
    const { fn, clock } = openRegisters();
    const reason = new Error('not any more');
    const signal = { aborted: false, reason };
    const waited = waitReady(fn, clock, 1, 60_000, false, signal);
    await fn.pause();
    signal.aborted = true;
    await expect(waited).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
  });
});
