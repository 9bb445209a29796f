import { InvariantError } from '@phasebit/core';
import { createDmaArena, DeviceDma, DmaSpace } from '@phasebit/pcie';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import { ListMemory } from './list-memory.js';
import { SUBMIT_ACCEPTED } from './submit-result.js';

const BLOCKS_MAX = 1024;
const namespace = plainNamespace({ blockBytes: 512, blockShift: 9, transferBlocksMax: BLOCKS_MAX });

/** Bus address of a host address. */
function iovaOf(dma: DmaSpace, address: number): number {
  const page = address >>> 12;
  return dma.iovaHigh[page] * 2 ** 32 + dma.iovaLow[page] + (address & 0xfff);
}

function readEntry(device: DeviceDma, iova: number): number {
  const page = device.pageAt(iova % 2 ** 32, Math.floor(iova / 2 ** 32));
  expect(page).toBeGreaterThanOrEqual(0);
  const words = device.wordsOf(page);
  const at = (iova % 4096) / 4;
  return words[at + 1] * 2 ** 32 + words[at];
}

/** Walks a data pointer as [Base] 4.3.1 says it, and gives the bus address of each byte range, page by page. */
function walk(device: DeviceDma, prp1: number, prp2: number, bytes: number): [iova: number, bytes: number][] {
  const first = Math.min(bytes, 4096 - (prp1 % 4096));
  const ranges: [number, number][] = [[prp1, first]];
  let left = bytes - first;
  if (left === 0) expect(prp2).toBe(0);
  else if (left <= 4096) {
    expect(prp2 % 4096).toBe(0);
    ranges.push([prp2, left]);
  } else {
    expect(prp2 % 8).toBe(0);
    // A list that crossed a page would have to be chained there; this driver's never do.
    expect(Math.floor(prp2 / 4096)).toBe(Math.floor((prp2 + Math.ceil(left / 4096) * 8 - 1) / 4096));
    for (let at = prp2; left > 0; at += 8) {
      const entry = readEntry(device, at);
      expect(entry % 4096).toBe(0);
      ranges.push([entry, Math.min(left, 4096)]);
      left -= Math.min(left, 4096);
    }
  }
  return ranges;
}

describe('a data pointer', () => {
  it('names other memory than the payload’s, wherever that begins and however long it is', () => {
    const length = fc.oneof(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: BLOCKS_MAX }));
    fc.assert(
      fc.property(fc.nat(), fc.nat(1023), length, fc.integer({ min: 0, max: 100 }), (seed, dwords, blocks, page) => {
        const device = new ScriptedDevice({ entries: 4 }, seed);
        const bus = new DeviceDma(device.dma.arenas);
        const address = device.dma.allocate(2 << 20) + page * 4096 + dwords * 4;
        const bytes = blocks * 512;
        expect(device.pair.read(namespace, address, 0, blocks, 0, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
        device.pair.poll();
        const { prp1, prp2 } = device.fetch()!;
        let at = address;
        for (const [iova, count] of walk(bus, prp1, prp2, bytes)) {
          expect(iova).toBe(iovaOf(device.dma, at));
          at += count;
        }
        expect(at).toBe(address + bytes);
      }),
      { numRuns: 120 },
    );
  });

  it('of one command is that of another one in flight', () => {
    // As many large transfers at once as there are trackers, and again, with the lists of the first round used again.
    const device = new ScriptedDevice({ entries: 8, requests: 16 }, 9);
    const bus = new DeviceDma(device.dma.arenas);
    const data = device.dma.allocate(4 << 20);
    const expected = new Map<number, number>();
    for (let lba = 0; lba < 16; lba++) {
      expected.set(lba, data + lba * 200 * 1024 + lba * 4);
      device.pair.read(namespace, expected.get(lba)!, lba, 300, 0, () => undefined, 0);
    }
    for (let turn = 0; turn < 20; turn++) {
      device.pair.poll();
      const commands = device.fetchAll();
      for (const { prp1, prp2, slba } of commands) {
        let at = expected.get(slba)!;
        for (const [iova, count] of walk(bus, prp1, prp2, 300 * 512)) {
          expect(iova).toBe(iovaOf(device.dma, at));
          at += count;
        }
      }
      for (const { cid } of commands.reverse()) device.complete(cid);
    }
    expect(device.pair.statistics.completions).toBe(16);
  });
});

describe('PRP lists', () => {
  it('cross a page, or overlap', () => {
    const dma = new DmaSpace();
    dma.attach(createDmaArena({ bytes: 4 << 20, scatterSeed: 2 }));
    const payload = dma.allocate(1 << 20);
    for (const transferPages of [1, 2, 3, 31, 32, 100, 127, 128, 511, 512]) {
      const lists = new ListMemory(dma, 16, transferPages);
      const bytes = transferPages * 4096;
      const found = new Set<number>();
      for (let list = 0; list < 16 && bytes < 1 << 20; list++) {
        const address = lists.writePages(list, payload + 4, bytes);
        expect(address % 8).toBe(0);
        expect(address >>> 12).toBe((address + transferPages * 8 - 1) >>> 12);
        for (let entry = 0; entry < transferPages; entry++) {
          expect(found.has(address + entry * 8)).toBe(false);
          found.add(address + entry * 8);
        }
      }
      dma.free(lists.address);
    }
  });

  it.each([0, 513])('are made for transfers of %i pages', (transferPages) => {
    expect(() => new ListMemory(new DmaSpace(), 1, transferPages)).toThrow(InvariantError);
  });
});
