import { DeviceDma } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';

const namespace = plainNamespace({ nsid: 5 });
const ignore = (): void => undefined;

/** The one command that a queue pair has sent. */
function sent(device: ScriptedDevice) {
  device.pair.poll();
  const commands = device.fetchAll();
  expect(commands.length).toBe(1);
  device.complete(commands[0].cid);
  device.pair.poll();
  return commands[0];
}

describe('a command', () => {
  it('has another opcode, range or flag than was asked for', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const address = device.dma.allocate(8192);
    const fua = 1 << 30;
    const { pair } = device;
    expect(pair.write(namespace, address, 7, 2, fua, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    expect(sent(device)).toMatchObject({ opcode: 1, nsid: 5, slba: 7, nlb0: 1 });
    expect(pair.write(namespace, address, 7, 2, fua, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    expect(sent(device).dwords[12]).toBe(fua | 1);
    expect(pair.compare(namespace, address, 2 ** 33, 1, 0, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    expect(sent(device)).toMatchObject({ opcode: 5, slba: 2 ** 33, nlb0: 0 });
    expect(pair.writeZeroes(namespace, 2 ** 52, 65_536, 0, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    expect(sent(device)).toMatchObject({ opcode: 8, nsid: 5, slba: 2 ** 52, nlb0: 65_535, prp1: 0, prp2: 0 });
    expect(pair.flush(namespace, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    expect(sent(device)).toMatchObject({ opcode: 0, nsid: 5, prp1: 0, prp2: 0 });
  });

  it('carries something of the one that had its place in the ring before', () => {
    const device = new ScriptedDevice({ entries: 3, requests: 1 });
    const address = device.dma.allocate(1 << 20);
    const large = plainNamespace({ transferBlocksMax: 128 });
    const { pair } = device;
    for (let lap = 0; lap < 6; lap++) {
      expect(pair.submitCommand(new Int32Array(16).fill(-1), 0, 0, ignore, 0)).toBe(SUBMIT_ACCEPTED);
      expect(sent(device).dwords.slice(10)).toEqual(new Array(6).fill(0xffff_ffff));
      expect(pair.flush(namespace, ignore, 0)).toBe(SUBMIT_ACCEPTED);
      expect(sent(device).dwords.slice(2)).toEqual(new Array(14).fill(0));
      expect(pair.read(large, address, lap, 100, 0, ignore, 0)).toBe(SUBMIT_ACCEPTED);
      expect(sent(device).prp2).not.toBe(0);
      // Three entries on from the wide command, and so in its place.
      expect(pair.read(namespace, address, lap, 1, 0, ignore, 0)).toBe(SUBMIT_ACCEPTED);
      const small = sent(device);
      expect(small).toMatchObject({ opcode: 2, slba: lap, nlb0: 0, prp2: 0 });
      expect([...small.dwords.slice(2, 6), ...small.dwords.slice(13)]).toEqual(new Array(7).fill(0));
    }
  });

  it('deallocates another range, or one that was overwritten before the device came to read it', () => {
    const device = new ScriptedDevice({ entries: 8, requests: 16 }, 4);
    const ranges = Array.from({ length: 12 }, (_, i) => ({ lba: 2 ** 40 + i * 100, blocks: 2 ** 32 - 1 - i }));
    for (const { lba, blocks } of ranges) {
      expect(device.pair.deallocate(namespace, lba, blocks, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    }
    const bus = new DeviceDma(device.dma.arenas);
    const found: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) {
      device.pair.poll();
      for (const { cid, opcode, prp1, dwords } of device.fetchAll()) {
        // Number of ranges 0's based, and the attribute "deallocate". [NVM] 3.2.3
        expect([opcode, dwords[10], dwords[11]]).toEqual([9, 0, 4]);
        const words = bus.wordsOf(bus.pageAt(prp1 % 2 ** 32, Math.floor(prp1 / 2 ** 32)));
        const at = (prp1 % 4096) / 4;
        found.push({ lba: words[at + 3] * 2 ** 32 + words[at + 2], blocks: words[at + 1] });
        device.complete(cid);
      }
    }
    expect(found).toEqual(ranges);
  });

  it('of a size that there is no field for is sent', () => {
    const { pair } = new ScriptedDevice({ entries: 8 });
    expect(pair.writeZeroes(namespace, 0, 65_537, 0, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.writeZeroes(namespace, 0, 0, 0, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.deallocate(namespace, 0, 2 ** 32, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.deallocate(namespace, 0, 0, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.submitCommand(new Int32Array(16), 4096, (512 << 10) + 4, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.submitCommand(new Int32Array(16), 4097, 4, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.outstanding).toBe(0);
  });

  it.each(['tracker', 'request'] as const)('calls another one’s callback, kept in the %s', (callbackIn) => {
    const device = new ScriptedDevice({ entries: 4, requests: 32, callbackIn, retriesMax: 0 });
    const address = device.dma.allocate(4096);
    const called: string[] = [];
    for (let i = 0; i < 20; i++) {
      const callback = (context: unknown, status: number, dw0: number): void =>
        void called.push(`${i} ${context as string} ${status} ${dw0}`);
      device.pair.read(namespace, address, i, 1, 0, callback, `context ${i}`);
    }
    const expected: string[] = [];
    for (let turn = 0; turn < 10; turn++) {
      device.pair.poll();
      for (const { cid, slba } of device.fetchAll().reverse()) {
        device.complete(cid, slba * 2, slba + 1000);
        expected.push(`${slba} context ${slba} ${slba * 2} ${slba + 1000}`);
      }
    }
    expect(called).toEqual(expected);
  });

  it('is refused while there is room, or accepted without', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 3 });
    const { pair } = device;
    const all = [
      () => pair.flush(namespace, ignore, 0),
      () => pair.writeZeroes(namespace, 0, 1, 0, ignore, 0),
      () => pair.deallocate(namespace, 0, 1, ignore, 0),
    ];
    expect(all.map((submit) => submit())).toEqual([SUBMIT_ACCEPTED, SUBMIT_ACCEPTED, SUBMIT_ACCEPTED]);
    expect(all.map((submit) => submit())).toEqual([SUBMIT_AGAIN, SUBMIT_AGAIN, SUBMIT_AGAIN]);
    pair.disconnect();
    expect(all.map((submit) => submit())).toEqual([SUBMIT_FAILED, SUBMIT_FAILED, SUBMIT_FAILED]);
    expect(pair.statistics.refused).toBe(3);
  });
});

describe('a transfer that is split', () => {
  it('reports success although a later piece could not be carried out', () => {
    for (const failing of [0, 1, 2]) {
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
      ]) {
        const device = new ScriptedDevice({ entries: 8 });
        const address = device.dma.allocate(2 << 20);
        const statuses: number[] = [];
        device.pair.read(namespace, address, 0, 300, 0, (_, status) => void statuses.push(status), 0);
        device.pair.poll();
        const pieces = device.fetchAll();
        expect(pieces.map(({ slba, nlb0 }) => [slba, nlb0 + 1])).toEqual([
          [0, 128],
          [128, 128],
          [256, 44],
        ]);
        for (const piece of order) device.complete(pieces[piece].cid, piece === failing ? 0x281 : 0);
        device.pair.poll();
        expect(statuses).toEqual([0x281]);
        expect(device.pair.outstanding).toBe(0);
      }
    }
  });

  it('is called back before all of its pieces are, or twice, when the connection ends', () => {
    const device = new ScriptedDevice({ entries: 3, requests: 16 });
    const address = device.dma.allocate(2 << 20);
    const statuses: number[] = [];
    device.pair.read(namespace, address, 0, 128 * 4, 0, (_, status) => void statuses.push(status), 0);
    device.pair.poll();
    device.complete(device.fetch()!.cid);
    device.pair.poll();
    expect(statuses).toEqual([]);
    device.pair.disconnect(0x370);
    expect(statuses).toEqual([0x370]);
    expect(device.pair.outstanding).toBe(0);
  });
});

describe('the age of commands', () => {
  it('counts those that have ended, those that wait, or goes wrong when time wraps', () => {
    const device = new ScriptedDevice({ entries: 3, requests: 8 });
    const address = device.dma.allocate(4096);
    const { pair } = device;
    const read = (): number => pair.read(namespace, address, 0, 1, 0, ignore, 0);
    expect(pair.oldestTicks()).toBe(0);
    pair.setTick(2 ** 31 - 10);
    read();
    pair.setTick(2 ** 31 + 5);
    read();
    read();
    expect(pair.oldestTicks()).toBe(15);
    pair.poll();
    device.complete(device.fetch()!.cid);
    pair.poll();
    // What has waited until now is as old as its time in the ring.
    expect(pair.oldestTicks()).toBe(0);
    pair.setTick(2 ** 32 + 3);
    expect(pair.oldestTicks()).toBe(2 ** 31 - 2);
    pair.disconnect();
    expect(pair.oldestTicks()).toBe(0);
  });
});

describe('a queue pair whose connection has ended', () => {
  it('still believes the ring, or rings a doorbell that may be another’s by now', () => {
    const device = new ScriptedDevice({ entries: 4, sqDoorbell: 'poll', cqDoorbell: 'poll' });
    const address = device.dma.allocate(4096);
    device.pair.read(namespace, address, 0, 1, 0, ignore, 0);
    device.pair.poll();
    device.pair.read(namespace, address, 1, 1, 0, ignore, 0);
    const { cid } = device.fetch()!;
    device.pair.disconnect();
    device.complete(cid);
    const before = { ...device.function.counters };
    expect(device.pair.poll()).toBe(0);
    expect(device.function.counters).toEqual(before);
    expect(device.pair.statistics.spurious).toBe(0);
  });

  it('does not give its memory back, or gives it back twice', () => {
    const device = new ScriptedDevice({ entries: 64 });
    const { dma, pair } = device;
    expect(() => pair.free()).toThrow('rings are closed before their memory is freed');
    pair.disconnect();
    pair.free();
    dma.free(dma.allocate(1 << 20));
    dma.free(dma.allocate(8 << 20));
    expect(() => pair.free()).toThrow(RangeError);
  });
});
