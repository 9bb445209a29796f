import { createMmioCounters, type MmioCounters } from '@phasebit/pcie';
import fc from 'fast-check';
import { doorbellOffset } from '@phasebit/nvme-spec';
import { beforeEach, describe, expect, it } from 'vitest';
import { MappedDoorbells } from './mapped-doorbells.js';
import { MappedRegisters } from './mapped-registers.js';

let counters: MmioCounters;
let far: { offset: number; value: number }[];
const reach = {
  read32: (offset: number): number => offset + 7,
  write32: (offset: number, value: number): void => void far.push({ offset, value }),
};

beforeEach(() => {
  counters = createMmioCounters();
  far = [];
});

describe('doorbells', () => {
  it('are written where the specification has another one', () => {
    const value = fc.nat(0xffff);
    fc.assert(
      fc.property(fc.nat(4), fc.nat(200), value, value, fc.boolean(), (dstrd, qid, tail, head, isWeak) => {
        far = [];
        const words = new Uint32Array(1024);
        const doorbells = new MappedDoorbells({ words, dstrd, far: reach, counters, isWeak });
        doorbells.ringSq(qid, tail);
        doorbells.ringCq(qid, head);
        const offsets = [doorbellOffset(qid, false, dstrd), doorbellOffset(qid, true, dstrd)];
        const isMapped = offsets[1] + 4 <= 0x1000 + words.length * 4;
        if (isMapped) expect(offsets.map((offset) => words[(offset - 0x1000) / 4])).toEqual([tail, head]);
        else
          expect(far).toEqual([
            { offset: offsets[0], value: tail },
            { offset: offsets[1], value: head },
          ]);
        expect(words.filter((word) => word !== 0).length).toBeLessThanOrEqual(isMapped ? 2 : 0);
      }),
    );
  });

  it('are not counted, or are lost where nothing is mapped', () => {
    const doorbells = new MappedDoorbells({ words: new Uint32Array(0), dstrd: 0, far: reach, counters, isWeak: false });
    doorbells.ringSq(0, 5);
    doorbells.ringCq(0, 6);
    doorbells.ringCq(3, 7);
    expect(counters).toMatchObject({ sqDoorbellWrites: 1, cqDoorbellWrites: 2, registerWrites: 0 });
    expect(far).toEqual([
      { offset: 0x1000, value: 5 },
      { offset: 0x1004, value: 6 },
      { offset: 0x101c, value: 7 },
    ]);
  });
});

describe('registers', () => {
  it('are mixed up, or not counted', async () => {
    const words = new Uint32Array(1024);
    for (const isWeak of [false, true]) {
      const registers = new MappedRegisters({ words, far: reach, counters, isWeak });
      registers.write32(0x14, 0xffff_fff0);
      registers.write64(0x28, 0x1000, 0x8000_0001);
      expect(await registers.read32(0x14)).toBe(0xffff_fff0);
      expect(await registers.read64(0x28)).toEqual({ low: 0x1000, high: 0x8000_0001 });
    }
    expect(counters).toMatchObject({ registerReads: 4, registerWrites: 4 });
    expect(far).toEqual([]);
  });

  it('are out of reach where they are not mapped', async () => {
    const registers = new MappedRegisters({ words: new Uint32Array(0), far: reach, counters, isWeak: false });
    expect(await registers.read64(8)).toEqual({ low: 15, high: 19 });
    registers.write64(0x28, 1, 2);
    expect(far).toEqual([
      { offset: 0x2c, value: 2 },
      { offset: 0x28, value: 1 },
    ]);
  });

  it('are touched after the device has left', async () => {
    const words = new Uint32Array(1024);
    const registers = new MappedRegisters({ words, far: reach, counters, isWeak: false });
    registers.isGone = true;
    registers.write32(0x14, 1);
    expect(words[5]).toBe(0);
    expect(await registers.read32(0x1c)).toBe(0xffff_ffff);
    expect(await registers.read64(0)).toEqual({ low: 0xffff_ffff, high: 0xffff_ffff });
  });

  it.each([-4, 2, 0x1000, NaN])('are at offset %d', async (offset) => {
    const registers = new MappedRegisters({ words: new Uint32Array(1024), far: reach, counters, isWeak: false });
    await expect(registers.read32(offset)).rejects.toThrow(
      `offset: expected a multiple of 4 below 4096, got ${offset}`,
    );
    expect(() => registers.write64(offset, 0, 0)).toThrow('offset: expected a multiple of 8 below 4096');
    await expect(registers.read64(0xffc)).rejects.toThrow(RangeError);
  });
});
