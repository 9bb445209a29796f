import { describe, expect, it } from 'vitest';
import { createDmaArena, DeviceDma, DmaSpace, PAGE_BYTES, wrapDmaArena } from './index.js';

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
