import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigSpace } from './config-space.js';

/** Configuration space over bytes. */
function configOf(bytes: Uint8Array): ConfigSpace {
  return new ConfigSpace({
    read: (offset, into) => {
      if (offset + into.length > bytes.length) throw new RangeError(`read of ${into.length} at ${offset}`);
      into.set(bytes.subarray(offset, offset + into.length));
    },
    write: (offset, from) => bytes.set(from, offset),
  });
}

/** 256 bytes with a list of capabilities: offset, number, offset of the next. */
function withCapabilities(...chain: readonly (readonly [at: number, id: number, next: number])[]): Uint8Array {
  const bytes = new Uint8Array(256);
  bytes[6] = 0x10;
  bytes[0x34] = chain[0]?.[0] ?? 0;
  for (const [at, id, next] of chain) bytes.set([id, next], at);
  return bytes;
}

describe('the MSI-X capability', () => {
  it('is not found behind others', () => {
    const bytes = withCapabilities([0x40, 1, 0x80], [0x80, 0x10, 0x60], [0x60, 0x11, 0]);
    bytes.set([0x40, 0x80, 0x00, 0x20, 0x00, 0x00], 0x62);
    expect(configOf(bytes).findMsix()).toEqual({ vectors: 65, bar: 0, offset: 0x2000 });
    bytes.set([0xff, 0x87, 0x04, 0x00, 0x00, 0xf0], 0x62);
    expect(configOf(bytes).findMsix()).toEqual({ vectors: 2048, bar: 4, offset: 0xf000_0000 });
  });

  it.each([
    ['there are no capabilities', withCapabilities([0x40, 0x11, 0]).fill(0, 6, 7)],
    ['the chain goes round in a circle', withCapabilities([0x40, 1, 0x48], [0x48, 2, 0x40])],
    ['the chain points into the header', withCapabilities([0x40, 1, 0x10], [0x10, 0x11, 0])],
    ['nobody answers', new Uint8Array(256).fill(0xff)],
    ['its table is in a BAR that there is not', withCapabilities([0x40, 0x11, 0]).fill(7, 0x44, 0x45)],
  ])('is found although %s', (_, bytes) => {
    expect(configOf(bytes).findMsix()).toBeUndefined();
  });

  it('leads the walk out of the first 256 bytes, or round forever', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), (bytes) => {
        bytes[6] |= 0x10;
        const found = configOf(bytes).findMsix();
        if (found !== undefined) expect(found.vectors).toBeLessThanOrEqual(2048);
      }),
    );
  });
});

describe('the command register', () => {
  it('loses its other bits, or keeps the function from memory', () => {
    const bytes = new Uint8Array(256);
    bytes.set([0x01, 0x04], 4);
    const config = configOf(bytes);
    config.enable(true);
    expect(config.command).toBe(0x0407);
    config.enable(false);
    expect(config.command).toBe(0x0403);
    config.restore(0x0505);
    expect(config.command).toBe(0x0501);
  });

  it('is there although nobody answers', () => {
    expect(configOf(new Uint8Array(256).fill(0xff)).isPresent()).toBe(false);
    expect(configOf(new Uint8Array(256)).isPresent()).toBe(true);
  });
});
