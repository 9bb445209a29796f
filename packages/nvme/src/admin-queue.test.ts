import { ManualClock } from '@phasebit/core';
import {
  ADMIN_GET_FEATURES,
  ADMIN_IDENTIFY,
  ADMIN_SET_FEATURES,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import { AdminQueue } from './admin-queue.js';

const DEADLINE_MS = 50;

/** An admin queue over a device that does what a test says, once with each pause; a pause takes a millisecond. */
function openAdmin(requests = 8) {
  const device = new ScriptedDevice({ entries: 4, requests, sqDoorbell: 'command', cqDoorbell: 'poll' });
  const clock = new ManualClock();
  const answers = { onPause: (): void => undefined };
  const fn: PcieFunction = {
    ...device.function,
    pause: () => {
      clock.advanceNs(1e6);
      answers.onPause();
      return Promise.resolve();
    },
  };
  return { device, clock, answers, admin: new AdminQueue(device.pair, fn, clock, DEADLINE_MS) };
}

/** Bytes that can still be had in one piece of the larger arena. */
function freeBytes({ dma }: ScriptedDevice): number {
  for (let bytes = 8 << 20; ; bytes -= 4096) {
    try {
      dma.free(dma.allocate(bytes));
      return bytes;
    } catch {
      continue;
    }
  }
}

describe('an admin command', () => {
  it('ends with another completion than its own', async () => {
    const { device, answers, admin } = openAdmin();
    // The device answers two at a time, the later one first.
    answers.onPause = () => {
      const commands = device.fetchAll();
      for (const { cid, dwords } of commands.reverse()) device.complete(cid, 0, dwords[10] + 100);
    };
    const sent = [1, 2, 3, 4, 5].map((cdw10) => admin.execute({ opcode: ADMIN_GET_FEATURES, cdw10 }));
    expect((await Promise.all(sent)).map(({ dw0 }) => dw0)).toEqual([101, 102, 103, 104, 105]);
  });

  it('loses a dword on the way', async () => {
    const { device, answers, admin } = openAdmin();
    const command = { nsid: 2, cdw10: 10, cdw11: 11, cdw12: 12, cdw13: 13, cdw14: 14, cdw15: -1 };
    const seen: unknown[] = [];
    answers.onPause = () => {
      for (const { cid, opcode, nsid, dwords } of device.fetchAll()) {
        seen.push([opcode, nsid, ...dwords.slice(2, 6), ...dwords.slice(10)]);
        device.complete(cid, 0, 0xffff_ffff);
      }
    };
    const { dw0 } = await admin.execute({ opcode: 0xc1, ...command });
    expect(seen).toEqual([[0xc1, 2, 0, 0, 0, 0, 10, 11, 12, 13, 14, 0xffff_ffff]]);
    expect(dw0).toBe(0xffff_ffff);
  });

  it('that fails is not distinguished from one that does not', async () => {
    const { device, answers, admin } = openAdmin();
    const status = STATUS_INVALID_FIELD | STATUS_DNR;
    answers.onPause = () => {
      for (const { cid } of device.fetchAll()) device.complete(cid, status);
    };
    await expect(admin.execute({ opcode: ADMIN_IDENTIFY })).resolves.toEqual({ status, dw0: 0 });
    await expect(admin.demand({ opcode: ADMIN_IDENTIFY })).rejects.toMatchObject({
      name: 'DriverError',
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(
        /^a command completed with an error status \(opcode=Identify .*Invalid Field.*\)$/,
      ),
      facts: { statusCode: status },
    });
    await expect(admin.receive({ opcode: 0x7f }, 512)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  it('waits past its deadline, or past another one’s', async () => {
    const { clock, admin } = openAdmin();
    await expect(admin.execute({ opcode: ADMIN_IDENTIFY })).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
      facts: { deadlineMs: DEADLINE_MS, opcode: expect.stringContaining('Identify') },
    });
    expect(clock.nowNs() / 1e6).toBe(DEADLINE_MS + 1);
    await expect(admin.execute({ opcode: ADMIN_IDENTIFY }, { deadlineMs: 3 })).rejects.toMatchObject({
      facts: { deadlineMs: 3 },
    });
    expect(clock.nowNs() / 1e6).toBe(DEADLINE_MS + 1 + 4);
  });

  it('is refused, or lost, when the queue is full for a moment', async () => {
    const { device, answers, admin } = openAdmin(2);
    let pauses = 0;
    answers.onPause = () => {
      if (++pauses % 5 !== 0) return;
      for (const { cid, dwords } of device.fetchAll()) device.complete(cid, 0, dwords[10]);
    };
    const sent = [1, 2, 3, 4, 5, 6].map((cdw10) => admin.execute({ opcode: ADMIN_GET_FEATURES, cdw10 }));
    expect((await Promise.all(sent)).map(({ dw0 }) => dw0)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('waits for a place in a full queue past its deadline', async () => {
    const { clock, device, admin } = openAdmin(1);
    let endedNs = 0;
    const first = admin.execute({ opcode: ADMIN_IDENTIFY }, { deadlineMs: 20 }).catch((error: unknown) => error);
    const second = admin.execute({ opcode: ADMIN_GET_FEATURES }, { deadlineMs: 3 }).finally(() => {
      endedNs = clock.nowNs();
    });
    const facts = { deadlineMs: 3, opcode: expect.stringContaining('Get Features') };
    await expect(second).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT', facts });
    expect(endedNs).toBeLessThan(10e6);
    expect(await first).toMatchObject({ code: 'COMMAND_TIMEOUT' });
    expect(device.fetchAll().length).toBe(1);
  });

  it('is sent on a queue that is gone, and nobody is told', async () => {
    const { device, admin } = openAdmin();
    const first = admin.execute({ opcode: ADMIN_IDENTIFY });
    device.pair.disconnect();
    await expect(first).resolves.toMatchObject({ status: 0x371 });
    await expect(admin.receive({ opcode: ADMIN_IDENTIFY }, 4096)).rejects.toMatchObject({ code: 'NOT_READY' });
  });
});

/** The page of host memory that a device names. */
function pageAt({ dma }: ScriptedDevice, iova: number): Uint8Array {
  const [low, high] = [iova % 2 ** 32, Math.floor(iova / 2 ** 32)];
  return dma.page(dma.iovaLow.findIndex((each, i) => each === low && dma.iovaHigh[i] === high));
}

describe('what an admin command takes with it', () => {
  it('is not what the device finds, or is written over behind its owner’s back', async () => {
    const { device, answers, admin } = openAdmin();
    const found: number[] = [];
    answers.onPause = () => {
      for (const { cid, prp1 } of device.fetchAll()) {
        const page = pageAt(device, prp1);
        found.push(...page.subarray(0, 4));
        page.set([9, 9, 9, 9]);
        device.complete(cid, 0, 77);
      }
    };
    const payload = Uint8Array.of(1, 2, 3, 4);
    expect(await admin.send({ opcode: ADMIN_SET_FEATURES }, payload)).toEqual({ status: 0, dw0: 77 });
    expect(found).toEqual([1, 2, 3, 4]);
    expect(payload).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('does not come back changed from an exchange, or an exchange takes a status for a failure', async () => {
    const { device, answers, admin } = openAdmin();
    answers.onPause = () => {
      for (const { cid, prp1 } of device.fetchAll()) {
        const page = pageAt(device, prp1);
        page[0] = page[0] + 1;
        device.complete(cid, STATUS_INVALID_FIELD);
      }
    };
    const payload = Uint8Array.of(41, 2, 3);
    expect(await admin.exchange({ opcode: 0xc3 }, payload)).toEqual({ status: STATUS_INVALID_FIELD, dw0: 0 });
    expect(payload).toEqual(Uint8Array.of(42, 2, 3));
    await expect(admin.transfer({ opcode: 0xc3 }, payload)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  it('is more than one command carries, and sent all the same', async () => {
    const { device, admin } = openAdmin();
    admin.transferBytesMax = 8192;
    const before = freeBytes(device);
    await expect(admin.send({ opcode: 0xc1 }, new Uint8Array(8196))).rejects.toThrow(
      new RangeError('payload: expected at most 8192 bytes of one command, got 8196'),
    );
    expect(device.fetchAll()).toEqual([]);
    expect(freeBytes(device)).toBe(before);
  });
});

describe('what an admin command gives back', () => {
  it('is other than what the device wrote, or changes afterwards', async () => {
    const { device, answers, admin } = openAdmin();
    let payload: Uint8Array = new Uint8Array(0);
    answers.onPause = () => {
      for (const { cid, prp1 } of device.fetchAll()) {
        const page = device.dma.iovaLow.findIndex(
          (low, i) => low === prp1 % 2 ** 32 && device.dma.iovaHigh[i] === Math.floor(prp1 / 2 ** 32),
        );
        payload = device.dma.page(page);
        expect(payload.every((byte) => byte === 0)).toBe(true);
        payload.set([1, 2, 3]);
        device.complete(cid);
      }
    };
    const received = await admin.receive({ opcode: ADMIN_IDENTIFY }, 512);
    payload.fill(9);
    expect([received.length, ...received.subarray(0, 4)]).toEqual([512, 1, 2, 3, 0]);
    // What was left there is not seen by the next one.
    expect((await admin.receive({ opcode: ADMIN_IDENTIFY }, 4096)).length).toBe(4096);
  });

  it('stays behind in memory, or is given back while the device may still write to it', async () => {
    const { device, answers, admin } = openAdmin();
    const before = freeBytes(device);
    await expect(admin.receive({ opcode: ADMIN_IDENTIFY }, 4096)).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
    // The device has the command and may answer at any time.
    const [late] = device.fetchAll();
    const heldPage = late.prp1;
    answers.onPause = () => {
      for (const { cid, prp1 } of device.fetchAll()) {
        expect(prp1).not.toBe(heldPage);
        device.complete(cid);
      }
    };
    await admin.receive({ opcode: ADMIN_IDENTIFY }, 4096);
    device.complete(late.cid);
    device.pair.poll();
    expect(device.pair.outstanding).toBe(0);
    expect(freeBytes(device)).toBe(before);
    // Now it is the host's again, and the next command's.
    const seen: number[] = [];
    answers.onPause = () => {
      for (const { cid, prp1 } of device.fetchAll()) {
        seen.push(prp1);
        device.complete(cid);
      }
    };
    await admin.receive({ opcode: ADMIN_IDENTIFY }, 4096);
    expect(seen).toEqual([heldPage]);
  });

  it('takes memory with each failure', async () => {
    const { device, answers, admin } = openAdmin();
    const before = freeBytes(device);
    answers.onPause = () => {
      for (const { cid } of device.fetchAll()) device.complete(cid, STATUS_INVALID_FIELD);
    };
    for (let i = 0; i < 20; i++) await expect(admin.receive({ opcode: 0x7f }, 4096)).rejects.toThrow();
    device.pair.disconnect();
    for (let i = 0; i < 20; i++) await expect(admin.receive({ opcode: 0x7f }, 4096)).rejects.toThrow();
    expect(freeBytes(device)).toBe(before);
  });
});
