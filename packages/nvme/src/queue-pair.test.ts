import { describe, expect, it } from 'vitest';
import { plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';

const namespace = plainNamespace();

function reader(device: ScriptedDevice, done: [unknown, number][] = []) {
  const address = device.dma.allocate(1 << 20);
  const callback = (context: unknown, status: number): void => void done.push([context, status]);
  return {
    done,
    address,
    read: (lba: number, blocks = 1) => device.pair.read(namespace, address, lba, blocks, 0, callback, lba),
  };
}

describe('a command on the wire', () => {
  it('has opcode, namespace, LBA as 64 bits and NLB 0’s based where the figure puts them', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const { read } = reader(device);
    expect(read(2 ** 40 + 5, 16)).toBe(SUBMIT_ACCEPTED);
    device.pair.poll();
    const command = device.fetch()!;
    expect(command).toMatchObject({ opcode: 2, nsid: 1, slba: 2 ** 40 + 5, nlb0: 15 });
    expect(command.dwords.slice(2, 6)).toEqual([0, 0, 0, 0]);
    expect(command.dwords.slice(13)).toEqual([0, 0, 0]);
  });

  it('never uses FFFFh as an identifier, nor one that is in flight', () => {
    const device = new ScriptedDevice({ entries: 4 });
    const { read } = reader(device);
    const seen = new Set<number>();
    for (let lap = 0; lap < 70_000; lap++) {
      read(0);
      device.pair.poll();
      const { cid } = device.fetch()!;
      seen.add(cid);
      device.complete(cid);
      device.pair.poll();
    }
    expect(seen.has(0xffff)).toBe(false);
    expect(seen.size).toBeGreaterThan(10_000);
  });
});

describe('the lab of the queue machine: depth 4, CIDs completed out of order', () => {
  it('moves tail by submission, head by consumption, and flips the phase at the wrap only', () => {
    const device = new ScriptedDevice({ entries: 4, sqDoorbell: 'command', cqDoorbell: 'poll' });
    const { read, done } = reader(device);
    // One entry stays empty: three in flight, the fourth waits in software.
    expect([10, 11, 12, 13].map((lba) => read(lba))).toEqual([0, 0, 0, 0]);
    expect(device.sqTailDoorbell).toBe(3);
    expect(device.pair.statistics).toMatchObject({ submitted: 3, queued: 1 });
    const [a, b, c] = device.fetchAll();
    device.complete(b.cid);
    device.complete(a.cid);
    expect(device.pair.poll()).toBe(2);
    expect(done.map(([lba]) => lba)).toEqual([11, 10]);
    expect(device.cqHeadDoorbell).toBe(2);
    // The waiting command took the place of the first one; the tail wrapped.
    expect(device.sqTailDoorbell).toBe(0);
    const d = device.fetch()!;
    expect(d.slba).toBe(13);
    device.complete(d.cid);
    device.complete(c.cid);
    expect(device.pair.poll()).toBe(2);
    expect(done.map(([lba]) => lba)).toEqual([11, 10, 13, 12]);
    // The completion ring wrapped: its entries still hold phase 1 of the first lap, and none of them is taken for new.
    expect(device.cqHeadDoorbell).toBe(0);
    expect(device.pair.poll()).toBe(0);
  });

  it('keeps commands and completions apart over many laps of rings of every small size', () => {
    for (const entries of [2, 3, 4, 5, 7, 8, 16]) {
      for (const lookAhead of [true, false]) {
        const device = new ScriptedDevice({ entries, requests: 64, lookAhead });
        const { read, done } = reader(device);
        let submitted = 0;
        const open: { cid: number; slba: number }[] = [];
        const expected: number[] = [];
        for (let turn = 0; turn < 400; turn++) {
          for (let i = 0; i <= turn % 5 && device.pair.outstanding < 60; i++) read(submitted++);
          device.pair.poll();
          open.push(...device.fetchAll());
          // Complete some, the newest first.
          for (let i = 0; i < 1 + (turn % 3) && open.length > 0; i++) {
            const { cid, slba } = turn % 2 === 0 ? open.pop()! : open.shift()!;
            device.complete(cid);
            expected.push(slba);
          }
          device.pair.poll();
          expect(done.map(([lba]) => lba)).toEqual(expected);
        }
        expect(done.every(([, status]) => status === 0)).toBe(true);
      }
    }
  });
});

describe('the software queue', () => {
  it('lets nothing overtake: commands reach the ring in the order of submission', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 32 });
    const { read } = reader(device);
    for (let lba = 0; lba < 20; lba++) read(lba);
    const order: number[] = [];
    for (let turn = 0; turn < 30; turn++) {
      device.pair.poll();
      for (const { cid, slba } of device.fetchAll()) {
        order.push(slba);
        device.complete(cid);
      }
      if (turn < 12) read(20 + turn);
    }
    expect(order).toEqual(Array.from({ length: 32 }, (_, lba) => lba));
  });

  it('answers AGAIN when requests run out, and takes the command that a callback submits for the one that completed', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 2 });
    const answers: number[] = [];
    const address = device.dma.allocate(4096);
    const again = (): void => void answers.push(device.pair.read(namespace, address, 9, 1, 0, () => undefined, 0));
    expect(device.pair.read(namespace, address, 0, 1, 0, again, 0)).toBe(SUBMIT_ACCEPTED);
    expect(device.pair.read(namespace, address, 1, 1, 0, again, 0)).toBe(SUBMIT_ACCEPTED);
    expect(device.pair.read(namespace, address, 2, 1, 0, again, 0)).toBe(SUBMIT_AGAIN);
    expect(device.pair.statistics.refused).toBe(1);
    device.pair.poll();
    for (const { cid } of device.fetchAll()) device.complete(cid);
    device.pair.poll();
    expect(answers).toEqual([SUBMIT_ACCEPTED, SUBMIT_ACCEPTED]);
  });
});

describe('completions that cannot be', () => {
  it('drops duplicates, identifiers never given, and every value of 16 bits, and counts them', () => {
    const device = new ScriptedDevice({ entries: 16, cqDoorbell: 'poll' });
    const { read, done } = reader(device);
    read(1);
    device.pair.poll();
    const { cid } = device.fetch()!;
    for (const wrong of [cid ^ 0x8000, cid + 1, 0xffff, 0, cid ^ 1]) device.complete(wrong & 0xffff);
    device.pair.poll();
    expect(done).toEqual([]);
    device.complete(cid);
    device.complete(cid);
    device.pair.poll();
    expect(done).toEqual([[1, 0]]);
    expect(device.pair.statistics).toMatchObject({ completions: 1, spurious: 6 });
  });

  it('tells a late completion of an earlier generation from the command that has the slot now', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 1 });
    const { read, done } = reader(device);
    read(1);
    device.pair.poll();
    const first = device.fetch()!.cid;
    device.complete(first);
    device.pair.poll();
    read(2);
    device.pair.poll();
    const second = device.fetch()!.cid;
    expect(second & 1).toBe(first & 1);
    device.complete(first);
    device.pair.poll();
    expect(done.length).toBe(1);
    device.complete(second, 0x281);
    device.pair.poll();
    expect(done[1]).toEqual([2, 0x281]);
  });
});

describe('doorbells', () => {
  const count = (options: object): { sq: number; cq: number } => {
    const device = new ScriptedDevice({ entries: 8, requests: 8, ...options });
    const { read } = reader(device);
    for (let round = 0; round < 64; round++) {
      for (let i = 0; i < 4; i++) read(i);
      device.pair.poll();
      for (const { cid } of device.fetchAll()) device.complete(cid);
      device.pair.poll();
    }
    const { sqDoorbellWrites, cqDoorbellWrites } = device.function.counters;
    return { sq: sqDoorbellWrites, cq: cqDoorbellWrites };
  };

  it('are written per command or once per batch, and held back to half of the ring or not', () => {
    expect(count({ sqDoorbell: 'command', cqDoorbell: 'poll' })).toEqual({ sq: 256, cq: 64 });
    expect(count({ sqDoorbell: 'poll', cqDoorbell: 'poll' })).toEqual({ sq: 64, cq: 64 });
    expect(count({ sqDoorbell: 'poll', cqDoorbell: 'half' })).toEqual({ sq: 64, cq: 64 });
  });

  it('hold completions back while fewer than half of the entries are owed, and never so many that the device must stop', () => {
    const device = new ScriptedDevice({ entries: 16, requests: 16 });
    const { read } = reader(device);
    const heads = new Set<number>();
    for (let i = 0; i < 160; i++) {
      read(i);
      device.pair.poll();
      device.complete(device.fetch()!.cid);
      device.pair.poll();
      heads.add(device.cqHeadDoorbell);
    }
    expect([...heads].sort((a, b) => a - b)).toEqual([0, 8]);
    expect(device.function.counters.cqDoorbellWrites).toBe(20);
  });
});

describe('refusals', () => {
  it('says NEVER for no blocks, memory that is not DMA memory, a misaligned address, and an impossible split', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 4 });
    const callback = (): void => undefined;
    const address = device.dma.allocate(4096);
    const end = (9 << 20) + 4096;
    expect(device.pair.read(namespace, address, 0, 0, 0, callback, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.read(namespace, address + 2, 0, 1, 0, callback, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.read(namespace, 0, 0, 1, 0, callback, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.read(namespace, end, 0, 1, 0, callback, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.read(namespace, end - 4096, 0, 2, 0, callback, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.read(namespace, 4096, 0, 128 * 4, 0, callback, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.outstanding).toBe(0);
  });

  it('throws on an LBA past 2^53 or below 0, with what was expected and what came', () => {
    const device = new ScriptedDevice({ entries: 4 });
    const { read } = reader(device);
    for (const lba of [2 ** 53, -1, NaN]) {
      expect(() => read(lba)).toThrow(`lba: expected 0 to 2^53 - 1, got ${lba}`);
      expect(() => read(lba, 200)).toThrow(RangeError);
      expect(() => device.pair.writeZeroes(namespace, lba, 1, 0, () => undefined, 0)).toThrow(RangeError);
      expect(() => device.pair.deallocate(namespace, lba, 1, () => undefined, 0)).toThrow(RangeError);
    }
    expect(device.pair.outstanding).toBe(0);
  });
});

describe('the end of the connection', () => {
  it('completes everything accepted once, in flight first, then what waits, and refuses what comes later', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 8 });
    const { read, done } = reader(device);
    for (let lba = 0; lba < 6; lba++) read(lba);
    device.pair.poll();
    device.pair.disconnect();
    expect(done.map(([lba]) => lba)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(done.every(([, status]) => status === 0x371)).toBe(true);
    expect(read(9)).toBe(SUBMIT_FAILED);
    expect(device.pair.outstanding).toBe(0);
    device.pair.disconnect();
    expect(done.length).toBe(6);
  });

  it('survives a callback that throws: nothing is lost, nothing is called twice', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const { read, done, address } = reader(device);
    const fail = (): void => {
      throw new Error('from the callback');
    };
    device.pair.read(namespace, address, 0, 1, 0, fail, 0);
    read(1);
    device.pair.poll();
    for (const { cid } of device.fetchAll()) device.complete(cid);
    expect(() => device.pair.poll()).toThrow('from the callback');
    expect(device.pair.poll()).toBe(1);
    expect(done).toEqual([[1, 0]]);
  });

  it('refuses to be polled from a callback', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const address = device.dma.allocate(4096);
    device.pair.read(namespace, address, 0, 1, 0, () => device.pair.poll(), 0);
    device.pair.poll();
    device.complete(device.fetch()!.cid);
    expect(() => device.pair.poll()).toThrow('must not poll');
  });
});
