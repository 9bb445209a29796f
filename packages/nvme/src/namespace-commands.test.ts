import { DeviceDma } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { busRanges, joined, PointerWalk } from '../test-support/pointer-walk.js';
import { NO_LIMITS, plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import type { CommandLimits } from './command-limits.js';
import { CopySources } from './copy-sources.js';
import { DatasetRanges } from './dataset-ranges.js';
import { ioManagementReceive, ioManagementSend } from './io-management.js';
import type { Namespace } from './namespace.js';
import { reservationAcquire, reservationRegister, reservationRelease, reservationReport } from './reservations.js';
import { IoVector } from './scatter-list.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';
import { Transfer } from './transfer.js';

const ignore = (): void => undefined;
const namespace = plainNamespace({ nsid: 5 });

function limited(limits: Partial<CommandLimits>, changes: Partial<Namespace> = {}): Namespace {
  return plainNamespace({ limits: { ...NO_LIMITS, ...limits }, ...changes });
}

/** Fetches the one command there is, and the bytes that its data pointer names. */
function fetchWith(device: ScriptedDevice, bytes: number): { dwords: number[]; data: Uint8Array } {
  device.pair.poll();
  const [command, ...more] = device.fetchAll();
  expect(more).toEqual([]);
  const bus = new DeviceDma(device.dma.arenas);
  const data: number[] = [];
  const ranges = bytes === 0 ? [] : new PointerWalk(device.dma).data(command.dwords, bytes).ranges;
  for (const { iova, bytes: length } of ranges) {
    const page = bus.bytesOf(bus.pageAt(iova % 2 ** 32, Math.floor(iova / 2 ** 32)));
    data.push(...page.subarray(iova % 4096, (iova % 4096) + length));
  }
  device.complete(command.cid);
  device.pair.poll();
  return { dwords: command.dwords, data: Uint8Array.from(data) };
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

describe('Verify and Write Uncorrectable', () => {
  it('have other dwords than they were given', () => {
    const device = new ScriptedDevice({ entries: 8 });
    expect(device.pair.verify(namespace, 2 ** 33, 65_536, 1 << 30, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    const { dwords } = fetchWith(device, 0);
    expect([dwords[0] & 0xff, dwords[1], dwords[10], dwords[11], dwords[12]]).toEqual([0x0c, 5, 0, 2, 0x4000_ffff]);
    expect(dwords.slice(4, 10)).toEqual(new Array(6).fill(0));
    expect(device.pair.writeUncorrectable(namespace, 9, 2, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    expect(fetchWith(device, 0).dwords.slice(10)).toEqual([9, 0, 1, 0, 0, 0]);
  });

  it('are sent where there are none', () => {
    const device = new ScriptedDevice({ entries: 8 });
    expect(device.pair.verify(limited({ offered: 0xff7f }), 0, 1, 0, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.writeUncorrectable(limited({ offered: 0xfffd }), 0, 1, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.compare(limited({ offered: 0xfffe }), 8192, 0, 1, 0, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain('expected a command that the controller offers');
  });
});

describe('Write Zeroes', () => {
  it.each([
    ['is not offered', limited({ offered: 0 }, { plainZeroesMax: 0 }), SUBMIT_NEVER],
    ['is limited', limited({ writeZeroesBlocksMax: 9 }, { plainZeroesMax: 9 }), SUBMIT_NEVER],
    ['is of protected blocks', plainNamespace({ metadataBytes: 8, piType: 1 }), SUBMIT_ACCEPTED],
    ['is plain', namespace, SUBMIT_ACCEPTED],
  ])('is answered otherwise where it %s', (_, of, answer) => {
    const device = new ScriptedDevice({ entries: 8 });
    expect(device.pair.writeZeroes(of, 7, 10, 0, ignore, 0)).toBe(answer);
    if (answer !== SUBMIT_ACCEPTED) return;
    const { dwords } = fetchWith(device, 0);
    expect([dwords[0] & 0xff, dwords[10], dwords[12]]).toEqual([8, 7, 9]);
    expect(dwords[14]).toBe(of.piType === 0 ? 0 : 7);
  });

  it('leaves pointers or tags of the request that it is built in', () => {
    const device = new ScriptedDevice({ entries: 8, requests: 1 });
    const type1 = plainNamespace({ metadataBytes: 8, piType: 1 });
    const address = device.dma.allocate(1 << 20);
    device.pair.read(namespace, address, 0, 100, 0, ignore, 0);
    fetchWith(device, 100 * 4096);
    device.pair.writeZeroes(type1, 7, 10, 0, ignore, 0);
    expect(fetchWith(device, 0).dwords.slice(4, 10)).toEqual(new Array(6).fill(0));
    device.pair.writeZeroes(namespace, 7, 10, 0, ignore, 0);
    const { dwords } = fetchWith(device, 0);
    expect([...dwords.slice(2, 10), ...dwords.slice(13)]).toEqual(new Array(11).fill(0));
  });
});

describe('Dataset Management', () => {
  it('has other ranges than it was given', () => {
    const device = new ScriptedDevice({ entries: 8 }, 3);
    const ranges = new DatasetRanges(device.dma);
    for (const count of [1, 2, 256]) {
      ranges.clear();
      for (let i = 0; i < count; i++) ranges.add(2 ** 40 + i * 100, i + 1, i * 3);
      expect(device.pair.datasetManagement(namespace, ranges, 0b101, ignore, 0)).toBe(SUBMIT_ACCEPTED);
      const { dwords, data } = fetchWith(device, count * 16);
      expect([dwords[0] & 0xff, dwords[1], dwords[10], dwords[11]]).toEqual([9, 5, count - 1, 0b101]);
      const view = viewOf(data);
      for (let i = 0; i < count; i++) {
        expect(view.getUint32(i * 16, true)).toBe(i * 3);
        expect(view.getUint32(i * 16 + 4, true)).toBe(i + 1);
        expect(Number(view.getBigUint64(i * 16 + 8, true))).toBe(2 ** 40 + i * 100);
      }
    }
  });

  it.each([
    ['is not offered', { offered: 0xfffb }, 'that the controller offers'],
    ['has too many ranges', { datasetRangesMax: 2 }, 'expected 1 to 2, got 3'],
    ['has too long a range', { datasetRangeBlocksMax: 19 }, '1 to 19 blocks in each, got 20'],
    ['has too many blocks', { datasetBlocksMax: 29 }, 'at most 29 blocks in all of them, got 30'],
  ])('is sent although it %s', (_, limits, why) => {
    const device = new ScriptedDevice({ entries: 8 });
    const ranges = new DatasetRanges(device.dma, 4);
    expect(device.pair.datasetManagement(namespace, ranges, 4, ignore, 0)).toBe(SUBMIT_NEVER);
    for (const blocks of [5, 20, 5]) ranges.add(0, blocks, 0);
    expect(device.pair.datasetManagement(limited(limits), ranges, 4, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain(why);
    expect(
      device.pair.datasetManagement(
        limited({ datasetRangesMax: 3, datasetRangeBlocksMax: 20, datasetBlocksMax: 30 }),
        ranges,
        4,
        ignore,
        0,
      ),
    ).toBe(0);
  });

  it('with one range goes past the limits of the controller', () => {
    const { pair } = new ScriptedDevice({ entries: 8 });
    const few = limited({ datasetRangeBlocksMax: 20, datasetBlocksMax: 10 });
    expect(pair.deallocate(few, 0, 11, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('1 to 10 blocks in each, got 11');
    expect(pair.deallocate(few, 0, 10, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    expect(pair.deallocate(limited({ offered: 0 }), 0, 1, ignore, 0)).toBe(SUBMIT_NEVER);
  });

  it('takes what is no range, or more than there is room for', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const ranges = new DatasetRanges(device.dma, 2);
    for (const [lba, blocks] of [
      [-1, 1],
      [2 ** 53, 1],
      [0.5, 1],
      [0, 0],
      [0, 2 ** 32],
      [0, 1.5],
      [0, NaN],
    ]) {
      expect(() => ranges.add(lba, blocks, 0)).toThrow('range: expected 1 to 2^32 - 1 blocks');
    }
    expect(ranges.count).toBe(0);
    ranges.add(0, 1, 0);
    ranges.add(0, 2 ** 32 - 1, 0);
    expect(() => ranges.add(0, 1, 0)).toThrow('ranges: expected at most 2');
    ranges.free();
    for (const capacity of [0, 257, 1.5]) expect(() => new DatasetRanges(device.dma, capacity)).toThrow('1 to 256');
  });
});

describe('Copy', () => {
  const type1 = plainNamespace({ metadataBytes: 8, piType: 1 });
  const type2 = plainNamespace({ metadataBytes: 16, piType: 2, guardBits: 64, storageTagBits: 8 });

  it('has other sources or another destination than it was given', () => {
    const device = new ScriptedDevice({ entries: 8 }, 3);
    const sources = new CopySources(device.dma, namespace, 128);
    expect(sources.format).toBe(0);
    sources.add(2 ** 40, 65_536);
    sources.add(3, 1);
    const to = new Transfer();
    to.lba = 2 ** 41 + 1;
    to.flags = 1 << 30;
    to.directiveType = 1;
    to.directiveSpecific = 9;
    expect(device.pair.copy(namespace, sources, to, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    const { dwords, data } = fetchWith(device, 64);
    expect(dwords[0] & 0xff).toBe(0x19);
    expect(dwords.slice(10)).toEqual([1, 2 ** 9, (1 << 30) | (1 << 20) | 1, 9 << 16, 0, 0]);
    const view = viewOf(data);
    expect(Number(view.getBigUint64(8, true))).toBe(2 ** 40);
    expect(view.getUint32(16, true)).toBe(65_535);
    expect(Number(view.getBigUint64(32 + 8, true))).toBe(3);
    expect(view.getUint32(32 + 16, true)).toBe(0);
    for (const at of [0, 4, 20, 24, 28, 32, 36, 52, 56, 60]) expect(view.getUint32(at, true)).toBe(0);
  });

  it('of 16-bit guards has other tags than its blocks', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const sources = new CopySources(device.dma, type1, 4);
    sources.checks = 0b111;
    sources.applicationTag = 0x1234;
    sources.applicationTagMask = 0xff0f;
    sources.add(2 ** 32 + 77, 2);
    const to = new Transfer();
    to.lba = 99;
    expect(device.pair.copy(type1, sources, to, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    const { dwords, data } = fetchWith(device, 32);
    expect(dwords[12]).toBe(0b111 << 12);
    expect(dwords[14]).toBe(99);
    const view = viewOf(data);
    expect([view.getUint32(24, true), view.getUint16(28, true), view.getUint16(30, true)]).toEqual([
      77, 0x1234, 0xff0f,
    ]);
  });

  it('of 64-bit guards has another format, or tags in another order', () => {
    const device = new ScriptedDevice({ entries: 8 }, 5);
    const sources = new CopySources(device.dma, type2, 4);
    expect(sources.format).toBe(1);
    sources.storageTag = 0xab;
    sources.applicationTag = 0x1234;
    sources.referenceTag = 0x01_0203_0405;
    sources.add(1, 1);
    sources.add(2, 1);
    const to = new Transfer();
    // PRACT is for both sides alike.
    to.flags = 1 << 29;
    expect(device.pair.copy(type2, sources, to, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    const { dwords, data } = fetchWith(device, 80);
    expect(dwords[12]).toBe((1 << 29) | (8 << 12) | (1 << 8) | 1);
    expect(Number(viewOf(data).getBigUint64(40 + 8, true))).toBe(2);
    expect([...data.subarray(40 + 0x1a, 40 + 0x24)]).toEqual([0, 0, 0, 0, 0xab, 1, 2, 3, 4, 5]);
    expect([...data.subarray(40 + 0x24, 80)]).toEqual([0x34, 0x12, 0, 0]);
  });

  it.each([
    ['is not offered', { offered: 0xfeff }, 'that the controller offers'],
    ['has too many ranges', { copyRangesMax: 2 }, 'expected 1 to 2, got 3'],
    ['has too long a range', { copyRangeBlocksMax: 19 }, '1 to 19 blocks in each, got 20'],
    ['has too many blocks', { copyBlocksMax: 29 }, 'at most 29 blocks in all of them, got 30'],
    ['has another format', { copyFormats: 2 }, 'copy: expected descriptors of format 0'],
  ])('is sent although it %s', (_, limits, why) => {
    const device = new ScriptedDevice({ entries: 8 });
    const sources = new CopySources(device.dma, namespace, 4);
    const to = new Transfer();
    expect(device.pair.copy(namespace, sources, to, ignore, 0)).toBe(SUBMIT_NEVER);
    for (const blocks of [5, 20, 5]) sources.add(0, blocks);
    expect(device.pair.copy(limited(limits), sources, to, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain(why);
    expect(
      device.pair.copy(
        limited({ copyRangesMax: 3, copyRangeBlocksMax: 20, copyBlocksMax: 30, copyFormats: 1 }),
        sources,
        to,
        ignore,
        0,
      ),
    ).toBe(0);
    sources.clear();
    expect(sources.bytes).toBe(0);
  });

  it('is sent with flags, tags or a destination that it cannot have', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const { pair } = device;
    const sources = new CopySources(device.dma, namespace, 4);
    sources.add(0, 1);
    const copy = (changes: Partial<Transfer>): number =>
      pair.copy(namespace, sources, Object.assign(new Transfer(), changes), ignore, 0);
    expect(copy({ flags: 1 << 25 })).toBe(SUBMIT_NEVER);
    expect(copy({ flags: 1 << 29 })).toBe(SUBMIT_NEVER);
    expect(copy({ applicationTag: 1 })).toBe(SUBMIT_NEVER);
    expect(copy({ directiveType: 9 })).toBe(SUBMIT_NEVER);
    expect(() => copy({ lba: -1 })).toThrow(RangeError);
    expect(pair.copy(type2, sources, new Transfer(), ignore, 0)).toBe(SUBMIT_NEVER);
    pair.disconnect();
    expect(copy({})).toBe(SUBMIT_FAILED);
    expect(() => sources.add(0, 65_537)).toThrow('range: expected 1 to 65536 blocks');
    expect(() => new CopySources(device.dma, namespace, 0)).toThrow('capacity: expected 1 to 256');
    for (let i = 1; i < 4; i++) sources.add(0, 1);
    expect(() => sources.add(0, 1)).toThrow('ranges: expected at most 4');
    sources.free();
  });
});

describe('reservations', () => {
  const key = 0x1122_3344_5566_7788n;

  it('have other keys or another action than was asked for', () => {
    const device = new ScriptedDevice({ entries: 8 }, 2);
    const { pair } = device;
    reservationRegister(
      pair,
      namespace,
      { action: 'replace', currentKey: 5, newKey: key, ignoreCurrentKey: true, persistence: 'set' },
      ignore,
      0,
    );
    let { dwords, data } = fetchWith(device, 16);
    expect([dwords[0] & 0xff, dwords[1], dwords[10]]).toEqual([0x0d, 5, 0xc000_000a]);
    expect([viewOf(data).getBigUint64(0, true), viewOf(data).getBigUint64(8, true)]).toEqual([5n, key]);
    reservationRegister(pair, namespace, { action: 'register', newKey: 7 }, ignore, 0);
    ({ dwords, data } = fetchWith(device, 16));
    expect([dwords[10], viewOf(data).getBigUint64(0, true), viewOf(data).getBigUint64(8, true)]).toEqual([0, 0n, 7n]);
    reservationRegister(pair, namespace, { action: 'unregister', currentKey: 7, persistence: 'clear' }, ignore, 0);
    expect(fetchWith(device, 16).dwords[10]).toBe(0x8000_0001);
    reservationAcquire(
      pair,
      namespace,
      { action: 'preemptAndAbort', type: 6, currentKey: key, preemptKey: 9 },
      ignore,
      0,
    );
    ({ dwords, data } = fetchWith(device, 16));
    expect([dwords[0] & 0xff, dwords[10]]).toEqual([0x11, 0x602]);
    expect([viewOf(data).getBigUint64(0, true), viewOf(data).getBigUint64(8, true)]).toEqual([key, 9n]);
    reservationRelease(pair, namespace, { action: 'clear', currentKey: key }, ignore, 0);
    ({ dwords, data } = fetchWith(device, 8));
    expect([dwords[0] & 0xff, dwords[10], viewOf(data).getBigUint64(0, true)]).toEqual([0x15, 1, key]);
    reservationRelease(pair, namespace, { action: 'release', type: 3, currentKey: 1 }, ignore, 0);
    expect(fetchWith(device, 8).dwords[10]).toBe(0x300);
    const address = device.dma.allocate(4096);
    reservationReport(pair, namespace, address, 4096, true, ignore, 0);
    ({ dwords } = fetchWith(device, 4096));
    expect([dwords[0] & 0xff, dwords[10], dwords[11]]).toEqual([0x0e, 1023, 1]);
  });

  it('have the keys of one that was submitted later', () => {
    const device = new ScriptedDevice({ entries: 3, requests: 16 });
    for (let i = 1; i <= 12; i++) {
      reservationRegister(device.pair, namespace, { action: 'register', newKey: i }, ignore, 0);
    }
    const walk = new PointerWalk(device.dma);
    const bus = new DeviceDma(device.dma.arenas);
    const keys: number[] = [];
    while (keys.length < 12) {
      device.pair.poll();
      for (const { cid, dwords } of device.fetchAll()) {
        const [{ iova }] = walk.data(dwords, 16).ranges;
        const words = bus.wordsOf(bus.pageAt(iova % 2 ** 32, Math.floor(iova / 2 ** 32)));
        keys.push(words[((iova % 4096) + 8) / 4]);
        device.complete(cid);
      }
    }
    expect(keys).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  it('are sent where there are none, or of a type or with a key that there is not', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const { pair } = device;
    const without = limited({ offered: 0xffdf });
    expect(reservationRegister(pair, without, { action: 'register', newKey: 1 }, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(reservationAcquire(pair, without, { action: 'acquire', type: 1, currentKey: 1 }, ignore, 0)).toBe(
      SUBMIT_NEVER,
    );
    expect(reservationRelease(pair, without, { action: 'clear', currentKey: 1 }, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(reservationReport(pair, without, 8192, 64, false, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('that the controller offers');
    const some = limited({ reservations: 0b100 });
    for (const type of [0, 1, 3, 7, 8, 2.5]) {
      expect(reservationAcquire(pair, some, { action: 'acquire', type, currentKey: 1 }, ignore, 0)).toBe(SUBMIT_NEVER);
      expect(pair.lastRefusal).toContain('of which RESCAP has the bit');
    }
    expect(reservationAcquire(pair, some, { action: 'acquire', type: 2, currentKey: 1 }, ignore, 0)).toBe(
      SUBMIT_ACCEPTED,
    );
    for (const newKey of [-1, 2n ** 64n]) {
      expect(() => reservationRegister(pair, namespace, { action: 'register', newKey }, ignore, 0)).toThrow(
        'key: expected 64 bits',
      );
    }
    for (const bytes of [0, 3, -4, NaN]) {
      expect(reservationReport(pair, namespace, 8192, bytes, false, ignore, 0)).toBe(SUBMIT_NEVER);
    }
  });
});

describe('I/O management', () => {
  it('has other dwords than it was given', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const address = device.dma.allocate(8192);
    expect(ioManagementReceive(device.pair, namespace, address, 8192, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    let { dwords } = fetchWith(device, 8192);
    expect([dwords[0] & 0xff, dwords[1], dwords[10], dwords[11]]).toEqual([0x12, 5, 1, 2047]);
    expect(ioManagementSend(device.pair, namespace, address, 3, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    ({ dwords } = fetchWith(device, 6));
    expect([dwords[0] & 0xff, dwords[10], dwords[11]]).toEqual([0x1d, 0x2_0001, 0]);
  });

  it('is sent without flexible data placement, or for nothing', () => {
    const { pair } = new ScriptedDevice({ entries: 8 });
    const without = limited({ hasPlacement: false });
    expect(ioManagementReceive(pair, without, 8192, 64, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(ioManagementSend(pair, without, 8192, 1, ignore, 0)).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('flexible data placement');
    for (const bytes of [0, 2, NaN])
      expect(ioManagementReceive(pair, namespace, 8192, bytes, ignore, 0)).toBe(SUBMIT_NEVER);
    for (const count of [0, 65_537, 1.5])
      expect(ioManagementSend(pair, namespace, 8192, count, ignore, 0)).toBe(SUBMIT_NEVER);
  });
});

describe('a command of the caller’s own', () => {
  const command = Int32Array.from({ length: 16 }, (_, i) => (i === 0 ? 0x1234_ffc1 : i * 3));

  it.each([
    ['prp', 0, 0],
    ['sgl', 1, 1],
    ['sgl', 1 | (1 << 19), 2],
  ] as const)('with payload and metadata by %s and SGLS %i is sent otherwise', (payload, sgls, psdt) => {
    const device = new ScriptedDevice({ entries: 8, payload }, 4, { sgls });
    const transfer = new Transfer();
    const base = device.dma.allocate(1 << 20);
    const vector = new IoVector(2);
    vector.add(base + 100, 4096 - 100);
    vector.add(base + 40_960, 1000);
    transfer.scatter = vector;
    transfer.metadata = base + 8192;
    expect(device.pair.submitVector(command, transfer, 4996, 64, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    device.pair.poll();
    const { dwords } = device.fetch()!;
    const walk = new PointerWalk(device.dma);
    expect(PointerWalk.psdt(dwords)).toBe(psdt);
    expect([dwords[0] & 0x3fff, ...dwords.slice(1, 4), ...dwords.slice(10)]).toEqual([
      0xc1, 3, 6, 9, 30, 33, 36, 39, 42, 45,
    ]);
    expect(joined(walk.data(dwords, 4996).ranges)).toEqual(
      joined([...busRanges(device.dma, base + 100, 3996), ...busRanges(device.dma, base + 40_960, 1000)]),
    );
    expect(walk.metadata(dwords, 64)).toEqual(busRanges(device.dma, base + 8192, 64));
  });

  it('without data has pointers, or PSDT', () => {
    const device = new ScriptedDevice({ entries: 8, payload: 'sgl' }, 4, { sgls: 1 });
    expect(device.pair.submitVector(command, new Transfer(), 0, 0, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    device.pair.poll();
    const { dwords } = device.fetch()!;
    expect([PointerWalk.psdt(dwords), ...dwords.slice(4, 10)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('is split, or sent from memory that is not there', () => {
    const device = new ScriptedDevice({ entries: 8, requests: 2 });
    const { pair } = device;
    const base = device.dma.allocate(1 << 20);
    const submit = (changes: Partial<Transfer>, bytes: number, metadataBytes = 0): number =>
      pair.submitVector(command, Object.assign(new Transfer(), changes), bytes, metadataBytes, ignore, 0);
    for (const bytes of [-4, 0.5, NaN, (512 << 10) + 4]) {
      expect(submit({ address: base }, bytes)).toBe(SUBMIT_NEVER);
      expect(pair.lastRefusal).toContain('bytes: expected at most 524288');
    }
    expect(submit({ address: 0 }, 4)).toBe(SUBMIT_NEVER);
    expect(submit({ address: base + 1 }, 4)).toBe(SUBMIT_NEVER);
    expect(submit({ address: base, metadata: 0 }, 4, 8)).toBe(SUBMIT_NEVER);
    expect(submit({ address: base, metadata: base + 2 }, 4, 8)).toBe(SUBMIT_NEVER);
    const vector = new IoVector(2);
    vector.add(base, 100);
    vector.add(base + 8192, 100);
    expect(submit({ scatter: vector }, 200)).toBe(SUBMIT_NEVER);
    expect(submit({ scatter: vector }, 100)).toBe(SUBMIT_ACCEPTED);
    expect(submit({ address: base }, 512 << 10)).toBe(SUBMIT_ACCEPTED);
    expect(submit({ address: base }, 4)).toBe(SUBMIT_AGAIN);
    expect(pair.outstanding).toBe(2);
    pair.disconnect();
    expect(submit({ address: base }, 4)).toBe(SUBMIT_FAILED);
  });

  it('with a few bytes has others', () => {
    const device = new ScriptedDevice({ entries: 8, requests: 3 }, 4);
    const data = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(device.pair.submitCopied(command, data, ignore, 0)).toBe(SUBMIT_ACCEPTED);
    data.fill(0);
    expect(fetchWith(device, 256).data).toEqual(Uint8Array.from({ length: 256 }, (_, i) => i));
    expect(device.pair.submitCopied(command, new Uint8Array(257), ignore, 0)).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toBe('data: expected at most 256 bytes, what is copied with a command, got 257');
  });
});
