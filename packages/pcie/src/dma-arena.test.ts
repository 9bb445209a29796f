import { describe, expect, it } from 'vitest';
import { createDmaArena, IOVA_BASE_DEFAULT, wrapDmaArena } from './dma-arena.js';

describe('an arena', () => {
  it('has a page twice, none, or one outside of its range', () => {
    for (const scatterSeed of [undefined, 0, 1, 77]) {
      const options = { bytes: 64 * 4096, iovaBase: 2 ** 40, ...(scatterSeed === undefined ? {} : { scatterSeed }) };
      const { buffer, iovaPages } = createDmaArena(options);
      expect(buffer.byteLength).toBe(64 * 4096);
      const sorted = [...iovaPages].sort((a, b) => a - b);
      expect(sorted).toEqual(Array.from({ length: 64 }, (_, i) => 2 ** 28 + i));
      expect([...iovaPages].every((page, i) => page === sorted[i])).toBe(scatterSeed === undefined);
    }
  });

  it('is scattered in another way the next time', () => {
    const first = createDmaArena({ bytes: 32 * 4096, scatterSeed: 5 });
    expect(createDmaArena({ bytes: 32 * 4096, scatterSeed: 5 }).iovaPages).toEqual(first.iovaPages);
    expect(createDmaArena({ bytes: 32 * 4096, scatterSeed: 6 }).iovaPages).not.toEqual(first.iovaPages);
  });

  it('lies below 4 GiB by itself, where an upper half that is forgotten is not missed', () => {
    expect(createDmaArena({ bytes: 4096 }).iovaPages[0] * 4096).toBe(IOVA_BASE_DEFAULT);
    expect(IOVA_BASE_DEFAULT).toBeGreaterThanOrEqual(2 ** 32);
  });

  it('is shared when nobody asked for it, or is not', () => {
    expect(createDmaArena({ bytes: 4096 }).buffer).toBeInstanceOf(ArrayBuffer);
    expect(createDmaArena({ bytes: 4096, shared: true }).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.each([0, -4096, 100, 4097, NaN, 2 ** 53])('of %d bytes is made', (bytes) => {
    expect(() => createDmaArena({ bytes })).toThrow(/^bytes: expected a positive multiple of 4096/);
  });

  it.each([1, -4096, 2 ** 52, NaN])('at address %d is made', (iovaBase) => {
    expect(() => createDmaArena({ bytes: 4096, iovaBase })).toThrow(/^iovaBase: expected/);
  });

  it('is wrapped around memory of odd size', () => {
    expect(() => wrapDmaArena(new ArrayBuffer(0), 0)).toThrow(/^buffer: expected/);
    expect(() => wrapDmaArena(new ArrayBuffer(4095), 0)).toThrow(/^buffer: expected/);
    expect(wrapDmaArena(new ArrayBuffer(8192), 0).iovaPages).toEqual(Float64Array.of(0, 1));
  });
});
