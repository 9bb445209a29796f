import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDmaArena, DeviceDma, DmaSpace, PAGE_BYTES } from './index.js';

/** A space with a contiguous arena of 32 pages and a scattered one of 64. */
function openSpace(scatterSeed = 3) {
  const space = new DmaSpace();
  const contiguous = createDmaArena({ bytes: 32 * PAGE_BYTES });
  const scattered = createDmaArena({ bytes: 64 * PAGE_BYTES, iovaBase: 2 ** 45, scatterSeed });
  const first = space.attach(contiguous);
  const second = space.attach(scattered);
  return { space, contiguous, scattered, first, second };
}

/** Bus address of a host address, from the page table. */
function iovaOf(space: DmaSpace, address: number): number {
  const page = address >>> 12;
  return space.iovaHigh[page] * 2 ** 32 + space.iovaLow[page] + (address & 0xfff);
}

describe('host addresses', () => {
  it('begin with 0, which is nobody’s, or overlap from arena to arena', () => {
    const { space, first, second, contiguous, scattered } = openSpace();
    expect(first).toBe(PAGE_BYTES);
    expect(second).toBe(first + 32 * PAGE_BYTES);
    expect(space.arenas).toEqual([contiguous, scattered]);
    expect(iovaOf(space, 0)).toBe(0);
  });

  it('are translated to another page than the device finds there', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(96 * PAGE_BYTES - 1), fc.nat(255), (seed, offset, value) => {
        const { space } = openSpace(seed);
        const device = new DeviceDma(space.arenas);
        const address = PAGE_BYTES + offset;
        const iova = iovaOf(space, address);
        const page = device.pageAt(iova % 2 ** 32, Math.floor(iova / 2 ** 32));
        expect(page).toBeGreaterThanOrEqual(0);
        // What the host writes is what the device reads, and the other way round.
        space.bytes(address, 1)[0] = value;
        expect(device.bytesOf(page)[iova % PAGE_BYTES]).toBe(value);
        device.bytesOf(page)[iova % PAGE_BYTES] = value ^ 0xff;
        expect(space.bytes(address, 1)[0]).toBe(value ^ 0xff);
        expect(space.page(address >>> 12)[address & 0xfff]).toBe(value ^ 0xff);
      }),
    );
  });

  it('outside of what is attached are said to be memory', () => {
    const { space } = openSpace();
    const end = 97 * PAGE_BYTES;
    expect(space.contains(PAGE_BYTES, 96 * PAGE_BYTES)).toBe(true);
    for (const [address, bytes] of [
      [0, 1],
      [PAGE_BYTES - 1, 2],
      [end - 1, 2],
      [end, 0 + 1],
      [-1, 1],
      [PAGE_BYTES, -1],
      [NaN, 1],
      [PAGE_BYTES, NaN],
      [PAGE_BYTES, Infinity],
    ]) {
      expect(space.contains(address, bytes)).toBe(false);
    }
  });

  it('give a view that reaches from one arena into the next, or past the end', () => {
    const { space, second } = openSpace();
    expect(() => space.bytes(second - 4, 8)).toThrow(/^address: expected 8 bytes inside one arena/);
    expect(() => space.words(second - 4, 2)).toThrow(RangeError);
    expect(() => space.bytes(97 * PAGE_BYTES - 4, 8)).toThrow(RangeError);
    expect(() => space.bytes(0, 8)).toThrow(RangeError);
    expect(space.bytes(second - 4, 4).length).toBe(4);
    expect(space.words(second, 2).length).toBe(2);
  });

  it('have a page view that is made anew each time', () => {
    const { space } = openSpace();
    expect(space.page(5)).toBe(space.page(5));
    expect(space.page(5).length).toBe(PAGE_BYTES);
  });
});

describe('an allocation', () => {
  it('is not on a page boundary, overlaps another one, or lies across two arenas', () => {
    const { space, second } = openSpace();
    const seen = new Set<number>();
    for (const bytes of [1, 4096, 4097, 20_000, 65_536, 1, 100_000]) {
      const address = space.allocate(bytes);
      expect(address % PAGE_BYTES).toBe(0);
      const pages = Math.ceil(bytes / PAGE_BYTES);
      for (let i = 0; i < pages; i++) {
        expect(seen.has(address + i * PAGE_BYTES)).toBe(false);
        seen.add(address + i * PAGE_BYTES);
      }
      expect(address < second).toBe(address + pages * PAGE_BYTES <= second);
    }
  });

  it('is contiguous for the host only when the bus was asked for', () => {
    for (let seed = 0; seed < 20; seed++) {
      const { space } = openSpace(seed);
      const runs: number[] = [];
      for (;;) {
        try {
          runs.push(space.allocate(3 * PAGE_BYTES, { contiguous: true }));
        } catch {
          break;
        }
      }
      expect(runs.length).toBeGreaterThanOrEqual(10);
      for (const address of runs) {
        for (let i = 1; i < 3; i++) {
          expect(iovaOf(space, address + i * PAGE_BYTES)).toBe(iovaOf(space, address) + i * PAGE_BYTES);
        }
      }
    }
  });

  it('is refused in scattered memory although the host would not mind, or the other way round', () => {
    const space = new DmaSpace();
    space.attach(createDmaArena({ bytes: 64 * PAGE_BYTES, scatterSeed: 3 }));
    expect(() => space.allocate(32 * PAGE_BYTES, { contiguous: true })).toThrow(
      'bytes: expected a free bus-contiguous run of DMA pages, found none of 131072 bytes',
    );
    expect(space.allocate(64 * PAGE_BYTES)).toBe(PAGE_BYTES);
    expect(() => space.allocate(1)).toThrow('bytes: expected a free run of DMA pages, found none of 1 bytes');
  });

  it('cannot be had again after it was given back', () => {
    const { space } = openSpace();
    for (let round = 0; round < 50; round++) {
      const all = [space.allocate(32 * PAGE_BYTES), space.allocate(64 * PAGE_BYTES)];
      expect(() => space.allocate(1)).toThrow(RangeError);
      for (const address of round % 2 === 0 ? all : all.reverse()) space.free(address);
    }
    expect(() => space.free(PAGE_BYTES)).toThrow('free: expected the start of an allocation, got page 1');
  });

  it.each([0, -1, 1.5, NaN, Infinity])('of %d bytes is made', (bytes) => {
    expect(() => openSpace().space.allocate(bytes)).toThrow(`bytes: expected 1 or more, got ${bytes}`);
  });
});

describe('a space', () => {
  it('takes an arena that it has no room for', () => {
    const space = new DmaSpace(4 * PAGE_BYTES);
    space.attach(createDmaArena({ bytes: 2 * PAGE_BYTES }));
    const arena = createDmaArena({ bytes: 2 * PAGE_BYTES });
    expect(() => space.attach(arena)).toThrow(
      'arena: expected at most 4096 bytes, which are left of the space, got 8192',
    );
    expect(space.attach(createDmaArena({ bytes: PAGE_BYTES }))).toBe(3 * PAGE_BYTES);
  });

  it.each([0, 100, 2 ** 31 + 4096, NaN])('of %d bytes is made', (bytes) => {
    expect(() => new DmaSpace(bytes)).toThrow(/^capacityBytes: expected/);
  });
});

describe('a reserved arena that is taken out', () => {
  it('leaves its addresses to be read, or lost for good', () => {
    const { space, second } = openSpace();
    const guest = createDmaArena({ bytes: 4 * PAGE_BYTES, iovaBase: 2 ** 46 });
    const address = space.attach(guest, { reserved: true });
    const behind = createDmaArena({ bytes: 2 * PAGE_BYTES, iovaBase: 2 ** 47 });
    const end = space.attach(behind, { reserved: true });
    const stale = space.page(address / PAGE_BYTES);
    space.detach(guest);
    expect(() => space.bytes(address, 1)).toThrow(RangeError);
    expect(new DeviceDma(space.arenas).pageAt(space.iovaLow[address >>> 12], space.iovaHigh[address >>> 12])).toBe(-1);
    // The gap is used again by what fits, and by nothing else.
    const large = createDmaArena({ bytes: 5 * PAGE_BYTES, iovaBase: 2 ** 48 });
    expect(space.attach(large, { reserved: true })).toBe(end + 2 * PAGE_BYTES);
    const small = createDmaArena({ bytes: 3 * PAGE_BYTES, iovaBase: 2 ** 49 });
    expect(space.attach(small, { reserved: true })).toBe(address);
    expect(space.page(address / PAGE_BYTES)).not.toBe(stale);
    expect(iovaOf(space, address)).toBe(2 ** 49);
    expect(space.bytes(second, 1).length).toBe(1);
  });

  it('at the end leaves the space as long as it was', () => {
    const { space } = openSpace();
    const guest = createDmaArena({ bytes: PAGE_BYTES, iovaBase: 2 ** 46 });
    const address = space.attach(guest, { reserved: true });
    expect(space.contains(address, PAGE_BYTES)).toBe(true);
    space.detach(guest);
    expect(space.contains(address, 1)).toBe(false);
    expect(space.attach(guest, { reserved: true })).toBe(address);
  });

  it('moves what lies behind it, to another thread', () => {
    const space = new DmaSpace();
    const guest = createDmaArena({ bytes: 2 * PAGE_BYTES, shared: true });
    space.attach(guest, { reserved: true });
    const address = space.attach(createDmaArena({ bytes: PAGE_BYTES, shared: true, iovaBase: 2 ** 40 }));
    space.detach(guest);
    const adopted = DmaSpace.adopt(space.describe());
    space.bytes(address, 1)[0] = 7;
    expect(adopted.bytes(address, 1)[0]).toBe(7);
    expect(iovaOf(adopted, address)).toBe(2 ** 40);
  });

  it('was never attached, or anybody may have allocated from it', () => {
    const { space, contiguous } = openSpace();
    const stranger = createDmaArena({ bytes: PAGE_BYTES });
    for (const arena of [contiguous, stranger]) {
      expect(() => space.detach(arena)).toThrow('arena: expected one that is attached and reserved');
    }
  });
});

describe('the device', () => {
  it('reaches memory that was not mapped', () => {
    const device = new DeviceDma([createDmaArena({ bytes: 4 * PAGE_BYTES, iovaBase: 2 ** 33 })]);
    device.map(createDmaArena({ bytes: 4 * PAGE_BYTES, iovaBase: 2 ** 40 }));
    expect(device.pageAt(0, 2)).toBe(0);
    expect(device.pageAt(3 * PAGE_BYTES + 17, 2)).toBe(3);
    expect(device.pageAt(0, 256)).toBe(4);
    for (const [low, high] of [
      [0, 0],
      [4 * PAGE_BYTES, 2],
      [0xffff_f000, 1],
      [0, 3],
      [4 * PAGE_BYTES, 256],
      [0xffff_ffff, 0xffff_ffff],
      [0, 0x8000_0000],
    ]) {
      expect(device.pageAt(low, high)).toBe(-1);
    }
    expect(new DeviceDma().pageAt(0, 0)).toBe(-1);
  });

  it('finds holes of a range that is only partly there', () => {
    // Two arenas in one range of addresses, interleaved.
    const odd = createDmaArena({ bytes: 2 * PAGE_BYTES, iovaBase: 0 });
    const even = createDmaArena({ bytes: 2 * PAGE_BYTES, iovaBase: 0 });
    odd.iovaPages.set([1, 5]);
    even.iovaPages.set([2, 4]);
    const device = new DeviceDma([odd]);
    expect([1, 2, 3, 4, 5, 6].map((page) => device.pageAt(page * PAGE_BYTES, 0))).toEqual([0, -1, -1, -1, 1, -1]);
    device.map(even);
    expect([2, 4].map((page) => device.pageAt(page * PAGE_BYTES, 0)).every((page) => page >= 0)).toBe(true);
  });

  it('asks for a page that it was never given', () => {
    const device = new DeviceDma([createDmaArena({ bytes: PAGE_BYTES })]);
    expect(device.wordsOf(0).length).toBe(1024);
    expect(device.bytesOf(0)).toBe(device.bytesOf(0));
    expect(() => device.bytesOf(1)).toThrow('page: expected 0 to 0, got 1');
  });
});
