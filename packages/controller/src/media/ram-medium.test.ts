import { createDmaArena, DeviceDma, PAGE_BYTES } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { Transfer } from '../transfer.js';
import { RamMedium } from './ram-medium.js';

const CHUNK = 16 * 1024 * 1024;

function memory(pages = 4): { transfer: Transfer; bytes: Uint8Array } {
  const arena = createDmaArena({ bytes: pages * PAGE_BYTES });
  return { transfer: new Transfer(new DeviceDma([arena]), pages * PAGE_BYTES), bytes: new Uint8Array(arena.buffer) };
}

function aim(transfer: Transfer, byteOffset: number, bytes: number): Transfer {
  transfer.byteOffset = byteOffset;
  transfer.bytes = bytes;
  transfer.count = Math.ceil(bytes / PAGE_BYTES);
  for (let i = 0; i < transfer.count; i++) {
    transfer.pages[i] = i;
    transfer.offsets[i] = 0;
    transfer.lengths[i] = Math.min(PAGE_BYTES, bytes - i * PAGE_BYTES);
  }
  return transfer;
}

describe('a RAM medium', () => {
  it('is zeros at first, also where nothing was ever written', () => {
    const medium = new RamMedium({ bytes: 3 * CHUNK });
    const { transfer, bytes } = memory();
    for (const at of [0, 512, CHUNK - 1024, 2 * CHUNK + 3584]) {
      bytes.fill(0xff);
      expect(medium.read(aim(transfer, at, 8192))).toBe(0);
      expect(bytes.subarray(0, 8192).every((byte) => byte === 0)).toBe(true);
      expect(bytes[8192]).toBe(0xff);
    }
  });

  it('keeps data across chunk borders and past 4 GiB', () => {
    const medium = new RamMedium({ bytes: 2 ** 33 });
    const { transfer, bytes } = memory();
    for (const at of [CHUNK - 4096, CHUNK - 512, 2 ** 32 - 2048, 2 ** 33 - 8192]) {
      bytes.forEach((_, i) => (bytes[i] = i + at / 512));
      medium.write(aim(transfer, at, 8192));
      const copy = bytes.slice(0, 8192);
      bytes.fill(0);
      medium.read(aim(transfer, at, 8192));
      expect(bytes.subarray(0, 8192)).toEqual(copy);
    }
  });

  it('a page that was given up is zeros, also around what is then written into it', () => {
    const medium = new RamMedium({ bytes: CHUNK });
    const { transfer, bytes } = memory();
    bytes.fill(0xaa);
    medium.write(aim(transfer, 0, 4096));
    medium.deallocate(aim(transfer, 0, 4096));
    medium.write(aim(transfer, 512, 512));
    medium.read(aim(transfer, 0, 4096));
    expect([bytes[0], bytes[511], bytes[512], bytes[1023], bytes[1024], bytes[4095]]).toEqual([0, 0, 0xaa, 0xaa, 0, 0]);
  });

  it('gives up a range of many chunks of which few exist, quickly', () => {
    const medium = new RamMedium({ bytes: 2 ** 43 });
    const { transfer, bytes } = memory();
    bytes.fill(0xaa);
    medium.write(aim(transfer, 2 ** 42, 4096));
    medium.write(aim(transfer, 2 ** 42 + 8192, 4096));
    transfer.byteOffset = 512;
    transfer.bytes = 2 ** 42 + 4096 - 512;
    expect(medium.zero(transfer)).toBe(0);
    medium.read(aim(transfer, 2 ** 42, 4096));
    expect(bytes[0]).toBe(0);
    medium.read(aim(transfer, 2 ** 42 + 8192, 4096));
    expect(bytes[0]).toBe(0xaa);
  });

  it('shows a buffer that it was given, and writes into it', () => {
    const buffer = new SharedArrayBuffer(8192);
    const shared = new Uint8Array(buffer).fill(3);
    const medium = new RamMedium({ bytes: 8192, buffer });
    const { transfer, bytes } = memory();
    medium.read(aim(transfer, 4096, 4096));
    expect(bytes[4095]).toBe(3);
    bytes.fill(9);
    medium.write(aim(transfer, 512, 512));
    expect([shared[511], shared[512], shared[1023], shared[1024]]).toEqual([3, 9, 9, 3]);
  });

  it('copies whole pages with the function it was given', () => {
    let pages = 0;
    const copyPage = (target: Uint8Array, source: Uint8Array): void => {
      pages++;
      target.set(source);
    };
    const medium = new RamMedium({ bytes: CHUNK, copyPage });
    const { transfer, bytes } = memory();
    bytes.fill(7);
    medium.write(aim(transfer, 0, 8192));
    bytes.fill(0);
    medium.read(aim(transfer, 0, 8192));
    expect([pages, bytes[8191]]).toEqual([4, 7]);
  });

  it.each([
    ['no bytes', { bytes: 0 }],
    ['a part of a page', { bytes: 512 }],
    ['more than 2^43', { bytes: 2 ** 43 + 4096 }],
    ['a buffer of another size', { bytes: 8192, buffer: new ArrayBuffer(4096) }],
  ])('refuses %s', (_, options) => {
    expect(() => new RamMedium(options)).toThrow(RangeError);
  });
});
