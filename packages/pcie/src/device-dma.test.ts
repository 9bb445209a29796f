import { InvariantError } from '@phasebit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDmaArena, DeviceDma, type DmaArena, DmaSpace, PAGE_BYTES, wrapDmaArena } from './index.js';

const HOST = 2 ** 33;

/** Host memory of eight pages from 2^33 on, and two pages of the device's own. */
function opened() {
  const host = createDmaArena({ bytes: 8 * PAGE_BYTES, iovaBase: HOST });
  new Uint8Array(host.buffer).fill(0xaa);
  const own = new ArrayBuffer(2 * PAGE_BYTES);
  new Uint8Array(own).fill(0xdd);
  const dma = new DeviceDma([host]);
  const read = (address: number): number | undefined => {
    const page = dma.pageAt(address % 2 ** 32, Math.floor(address / 2 ** 32));
    return page < 0 ? undefined : dma.bytesOf(page)[0];
  };
  const overlaid = (address: number): ArrayBufferLike | undefined =>
    dma.overlayOf(dma.pageAt(address % 2 ** 32, Math.floor(address / 2 ** 32)));
  return { dma, own, read, overlaid };
}

describe('memory of the device’s own', () => {
  it('is reached before it is mapped, or elsewhere than it was', () => {
    const { dma, own, read, overlaid } = opened();
    expect(dma.hasOverlays).toBe(false);
    expect(read(2 ** 40)).toBeUndefined();
    dma.overlay(own, 2 ** 40);
    expect([read(2 ** 40 - 1), read(2 ** 40), read(2 ** 40 + PAGE_BYTES), read(2 ** 40 + 2 * PAGE_BYTES)]).toEqual([
      undefined,
      0xdd,
      0xdd,
      undefined,
    ]);
    expect(dma.hasOverlays).toBe(true);
    expect([overlaid(2 ** 40), overlaid(HOST)]).toEqual([own, undefined]);
    dma.overlay(own, 2 ** 41);
    expect([read(2 ** 40), read(2 ** 41)]).toEqual([undefined, 0xdd]);
    dma.removeOverlay(own);
    expect([read(2 ** 41), dma.hasOverlays]).toEqual([undefined, false]);
  });

  it('does not hide host memory at its addresses, or hides it for ever', () => {
    const { dma, own, read } = opened();
    const all = (): (number | undefined)[] => Array.from({ length: 9 }, (_, i) => read(HOST + i * PAGE_BYTES));
    const before = all();
    expect(before).toEqual([...Array<number>(8).fill(0xaa), undefined]);
    dma.overlay(own, HOST + 7 * PAGE_BYTES);
    expect(all()).toEqual([...Array<number>(7).fill(0xaa), 0xdd, 0xdd]);
    dma.overlay(own, HOST + 2 * PAGE_BYTES);
    expect(all()).toEqual([0xaa, 0xaa, 0xdd, 0xdd, 0xaa, 0xaa, 0xaa, 0xaa, undefined]);
    dma.removeOverlay(own);
    dma.removeOverlay(own);
    expect(all()).toEqual(before);
  });

  it('loses its content when it moves', () => {
    const { dma, own, read } = opened();
    dma.overlay(own, 2 ** 40);
    dma.bytesOf(dma.pageAt(0, 2 ** 8))[0] = 7;
    dma.overlay(own, 2 ** 44);
    expect([read(2 ** 44), new Uint8Array(own)[0]]).toEqual([7, 7]);
  });
});

describe('a reserved arena', () => {
  it('is given out to somebody who did not name it, or not to somebody who did', () => {
    const space = new DmaSpace(64 * PAGE_BYTES);
    const own = wrapDmaArena(new ArrayBuffer(4 * PAGE_BYTES), 2 ** 40);
    space.attach(own, { reserved: true });
    space.attach(createDmaArena({ bytes: 4 * PAGE_BYTES }));
    for (let i = 0; i < 4; i++) expect(space.iovaHigh[space.allocate(PAGE_BYTES) >>> 12]).toBe(1);
    expect(() => space.allocate(PAGE_BYTES)).toThrow(RangeError);
    const address = space.allocate(3 * PAGE_BYTES, { from: own, contiguous: true });
    expect(space.iovaHigh[address >>> 12]).toBe(2 ** 8);
    expect(() => space.allocate(2 * PAGE_BYTES, { from: own })).toThrow(RangeError);
    space.free(address);
    expect(space.allocate(4 * PAGE_BYTES, { from: own })).toBe(address);
  });

  it('is given to a device as host memory', () => {
    const space = new DmaSpace(64 * PAGE_BYTES);
    const host = createDmaArena({ bytes: PAGE_BYTES });
    space.attach(wrapDmaArena(new ArrayBuffer(PAGE_BYTES), 2 ** 40), { reserved: true });
    space.attach(host);
    expect(space.arenas).toEqual([host]);
  });

  it('that nobody attached is allocated from', () => {
    const space = new DmaSpace(64 * PAGE_BYTES);
    expect(() => space.allocate(1, { from: createDmaArena({ bytes: PAGE_BYTES }) })).toThrow(
      /^from: expected an arena/,
    );
  });
});

/** The device's number of the page at an address below 2^53. */
function pageAt(dma: DeviceDma, address: number): number {
  return dma.pageAt(address % 2 ** 32, Math.floor(address / 2 ** 32));
}

describe('memory that is taken back', () => {
  it('can still be reached, or takes other memory with it', () => {
    const first = createDmaArena({ bytes: 2 * PAGE_BYTES, iovaBase: HOST });
    const second = createDmaArena({ bytes: 2 * PAGE_BYTES, iovaBase: HOST + 2 * PAGE_BYTES });
    const dma = new DeviceDma([first, second]);
    const kept = pageAt(dma, HOST + 2 * PAGE_BYTES);
    expect(pageAt(dma, HOST)).toBe(0);
    expect([dma.unmap(first), dma.unmap(first)]).toEqual([true, false]);
    expect([pageAt(dma, HOST), pageAt(dma, HOST + PAGE_BYTES)]).toEqual([-1, -1]);
    expect(pageAt(dma, HOST + 2 * PAGE_BYTES)).toBe(kept);
  });

  it('loses its numbers while somebody may have them, or has others when it comes back', () => {
    const buffer = new ArrayBuffer(2 * PAGE_BYTES);
    const dma = new DeviceDma();
    const before = wrapDmaArena(buffer, HOST);
    dma.map(before);
    const page = pageAt(dma, HOST + PAGE_BYTES);
    const words = dma.keptWordsOf(page);
    dma.unmap(before);
    const other = createDmaArena({ bytes: 2 * PAGE_BYTES, iovaBase: HOST });
    dma.map(other);
    expect(pageAt(dma, HOST + PAGE_BYTES)).not.toBe(page);
    words[0] = 7;
    expect(dma.wordsOf(page)[0]).toBe(7);
    dma.map(wrapDmaArena(buffer, 2 ** 41));
    expect(pageAt(dma, 2 ** 41 + PAGE_BYTES)).toBe(page);
    expect(dma.firstPageOf(buffer)).toBe(page - 1);
  });

  it('keeps its numbers after it was released, or is released while it is mapped', () => {
    const first = createDmaArena({ bytes: 4 * PAGE_BYTES, iovaBase: HOST });
    const dma = new DeviceDma([first]);
    dma.bytesOf(0)[0] = 1;
    expect(() => dma.release(first.buffer)).toThrow(InvariantError);
    dma.unmap(first);
    dma.release(first.buffer);
    dma.release(first.buffer);
    expect(dma.firstPageOf(first.buffer)).toBe(-1);
    expect(() => dma.bytesOf(0)).toThrow('page: expected 0 to 3, got 0');
    const second = createDmaArena({ bytes: 3 * PAGE_BYTES, iovaBase: HOST });
    dma.map(second);
    expect([pageAt(dma, HOST), dma.bytesOf(0)[0]]).toEqual([0, 0]);
    const own = new ArrayBuffer(PAGE_BYTES);
    dma.overlay(own, 2 ** 41);
    expect(() => dma.release(own)).toThrow(InvariantError);
  });

  it('is mapped twice', () => {
    const arena = createDmaArena({ bytes: PAGE_BYTES });
    expect(() => new DeviceDma([arena, arena])).toThrow('an arena is mapped once');
  });

  it('is not hidden when it comes after what hides it, or stays hidden when that goes', () => {
    const { dma, own, read } = opened();
    const late = createDmaArena({ bytes: 2 * PAGE_BYTES, iovaBase: 2 ** 40 });
    new Uint8Array(late.buffer).fill(0xbb);
    dma.overlay(own, 2 ** 40 + PAGE_BYTES);
    dma.map(late);
    expect([read(2 ** 40), read(2 ** 40 + PAGE_BYTES)]).toEqual([0xbb, 0xdd]);
    dma.removeOverlay(own);
    expect(read(2 ** 40 + PAGE_BYTES)).toBe(0xbb);
    dma.overlay(own, 2 ** 40);
    dma.unmap(late);
    dma.removeOverlay(own);
    expect([read(2 ** 40), read(2 ** 40 + PAGE_BYTES)]).toEqual([undefined, undefined]);
  });

  it('leads anywhere but where the last mapping says, whatever was mapped and taken back', () => {
    const change = fc.record({ slot: fc.nat(7), pages: fc.integer({ min: 1, max: 3 }), isRelease: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const dma = new DeviceDma();
        const slots: (DmaArena | undefined)[] = new Array<undefined>(8).fill(undefined);
        changes.forEach(({ slot, pages, isRelease }, i) => {
          const before = slots[slot];
          if (before !== undefined) {
            dma.unmap(before);
            if (isRelease) dma.release(before.buffer);
            slots[slot] = undefined;
            return;
          }
          const arena = createDmaArena({ bytes: pages * PAGE_BYTES, iovaBase: HOST + slot * 4 * PAGE_BYTES });
          new Uint8Array(arena.buffer).fill(i + 1);
          slots[slot] = arena;
          dma.map(arena);
        });
        for (let at = 0; at < 32; at++) {
          const page = pageAt(dma, HOST + at * PAGE_BYTES);
          const arena = slots[at >> 2];
          const isThere = arena !== undefined && at % 4 < arena.iovaPages.length;
          expect(page >= 0).toBe(isThere);
          if (isThere) expect(dma.bytesOf(page)[5]).toBe(new Uint8Array(arena.buffer)[5]);
        }
      }),
    );
  });
});

describe('memory that is elsewhere', () => {
  function copied() {
    const arena = createDmaArena({ bytes: 4 * PAGE_BYTES, iovaBase: HOST });
    const calls: string[] = [];
    const copies = {
      fetch: (page: number) => void calls.push(`fetch ${page}`),
      hold: (page: number) => void calls.push(`hold ${page}`),
    };
    const dma = new DeviceDma([createDmaArena({ bytes: PAGE_BYTES })]);
    dma.map(arena, copies);
    return { dma, calls, page: pageAt(dma, HOST + 2 * PAGE_BYTES) };
  }

  it('is used before it was fetched, or fetched at each use', () => {
    const { dma, calls, page } = copied();
    expect(calls).toEqual([]);
    dma.bytesOf(page);
    dma.wordsOf(page);
    expect(calls).toEqual(['fetch 2']);
    dma.expire(page);
    dma.wordsOf(page);
    expect(calls).toEqual(['fetch 2', 'fetch 2']);
  });

  it('is kept without a word, or memory that is here is held', () => {
    const { dma, calls, page } = copied();
    expect(dma.keptWordsOf(page).length).toBe(1024);
    expect(calls).toEqual(['fetch 2', 'hold 2']);
    dma.keptWordsOf(0);
    expect(calls.length).toBe(2);
    expect([dma.isCopy(page), dma.isCopy(0)]).toEqual([true, false]);
  });

  it('is looked at although it could not be fetched', () => {
    const dma = new DeviceDma();
    const fail = (): never => {
      throw new Error('gone');
    };
    dma.map(createDmaArena({ bytes: PAGE_BYTES, iovaBase: HOST }), { fetch: fail, hold: fail });
    expect(() => dma.bytesOf(0)).toThrow('gone');
    expect(() => dma.bytesOf(0)).toThrow('gone');
  });
});
