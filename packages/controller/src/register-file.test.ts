import {
  AQA,
  CAP,
  CC,
  CSTS,
  NSSR_RESET_KEY,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CAP,
  REG_CC,
  REG_CRTO,
  REG_CSTS,
  REG_INTMC,
  REG_INTMS,
  REG_NSSR,
  REG_VS,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENABLED, RawHost } from '../test-support/raw-host.js';

const READ_ONLY: readonly (readonly [string, number])[] = [
  ['CAP, low half', REG_CAP],
  ['CAP, high half', REG_CAP + 4],
  ['VS', REG_VS],
  ['CSTS', REG_CSTS],
  ['NSSR', REG_NSSR],
  ['reserved 18h', 0x18],
  ['CRTO', REG_CRTO],
  ['CMBLOC', 0x38],
  ['PMRCAP', 0xe00],
  ['the last register', 0xffc],
];

describe('registers after power-on', () => {
  it('CAP says what was asked for', () => {
    const host = new RawHost({ mqesEntries: 256, readyTimeout: 30 });
    const low = host.read32(REG_CAP);
    const high = host.read32(REG_CAP + 4);
    expect(CAP.MQES0.get(low, high)).toBe(255);
    expect(CAP.CQR.get(low, high)).toBe(1);
    expect(CAP.TO.get(low, high)).toBe(30);
    expect(CAP.DSTRD.get(low, high)).toBe(host.memory.dstrd);
    expect(CAP.NSSRS.get(low, high)).toBe(0);
    expect(CAP.AMS.get(low, high)).toBe(0);
    expect(CAP.MPSMIN.get(low, high)).toBe(0);
    expect(CAP.MPSMAX.get(low, high)).toBe(0);
    expect(CAP.CSS.get(low, high)).toBe(0x41);
  });

  it('VS is 2.0, everything else that is defined is zero', () => {
    const host = new RawHost();
    expect(host.read32(REG_VS)).toBe(0x0002_0000);
    for (const offset of [
      REG_INTMS,
      REG_INTMC,
      REG_CC,
      REG_CSTS,
      REG_AQA,
      REG_ASQ,
      REG_ASQ + 4,
      REG_ACQ,
      REG_ACQ + 4,
    ]) {
      expect(host.read32(offset)).toBe(0);
    }
  });
});

describe('writes', () => {
  it.each(READ_ONLY)('leave %s alone', (_, offset) => {
    const host = new RawHost();
    const before = host.read32(offset);
    host.write32(offset, 0xffff_ffff);
    expect(host.read32(offset)).toBe(before);
    host.write32(offset, 0);
    expect(host.read32(offset)).toBe(before);
  });

  it('of the reset key to NSSR do nothing, since CAP.NSSRS is 0', () => {
    const host = new RawHost().enable();
    host.write32(REG_NSSR, NSSR_RESET_KEY);
    expect(CSTS.RDY.get(host.read32(REG_CSTS))).toBe(1);
  });

  it('of 64 bits to CAP change nothing', () => {
    const host = new RawHost();
    const before = [host.read32(REG_CAP), host.read32(REG_CAP + 4)];
    host.write64(REG_CAP, 2 ** 53 - 1);
    expect([host.read32(REG_CAP), host.read32(REG_CAP + 4)]).toEqual(before);
  });

  it.each([
    ['ASQ', REG_ASQ],
    ['ACQ', REG_ACQ],
  ])('to %s arrive whole or by halves, in either order', (_, offset) => {
    const host = new RawHost();
    host.write64(offset, 0x12_3456_7000);
    expect([host.read32(offset), host.read32(offset + 4)]).toEqual([0x3456_7000, 0x12]);
    host.write32(offset + 4, 0x99);
    expect([host.read32(offset), host.read32(offset + 4)]).toEqual([0x3456_7000, 0x99]);
    host.write32(offset, 0xabcd_e000);
    expect([host.read32(offset), host.read32(offset + 4)]).toEqual([0xabcd_e000, 0x99]);
  });

  it('to ASQ and ACQ read back without their reserved bits', () => {
    const host = new RawHost();
    for (const offset of [REG_ASQ, REG_ACQ]) {
      host.write32(offset, 0x1234_5fff);
      expect(host.read32(offset)).toBe(0x1234_5000);
    }
  });

  it('to AQA keep the two sizes and drop reserved bits', () => {
    const host = new RawHost();
    host.write32(REG_AQA, 0xffff_ffff);
    expect(host.read32(REG_AQA)).toBe(AQA.ASQS0.mask | AQA.ACQS0.mask);
  });

  it('to CC drop reserved bits', () => {
    const host = new RawHost();
    host.write32(REG_CC, 0xfe00_000e);
    expect(host.read32(REG_CC)).toBe(0);
  });

  it('to INTMS set bits and to INTMC clear them; both read as the mask', () => {
    const host = new RawHost();
    host.write32(REG_INTMS, 0x8000_00f0);
    host.write32(REG_INTMS, 0x0000_0001);
    expect([host.read32(REG_INTMS), host.read32(REG_INTMC)]).toEqual([0x8000_00f1, 0x8000_00f1]);
    host.write32(REG_INTMC, 0x8000_0010);
    expect([host.read32(REG_INTMS), host.read32(REG_INTMC)]).toEqual([0x0000_00e1, 0x0000_00e1]);
  });

  it('of 64 bits over INTMC and CC are two writes of 32', () => {
    const host = new RawHost();
    host.write64(REG_INTMC, 0x0046_0000 * 2 ** 32);
    expect(host.read32(REG_CC)).toBe(0x0046_0000);
  });
});

describe('whatever is written, in whatever order', () => {
  const offsets = fc.oneof(
    fc.constantFrom(REG_CC, REG_AQA, REG_ASQ, REG_ASQ + 4, REG_ACQ, REG_ACQ + 4, REG_INTMS, REG_INTMC, REG_CSTS),
    fc.nat({ max: 0x3ff }).map((word) => word * 4),
  );
  const values = fc.oneof(
    fc.constantFrom(0, ENABLED, CC.SHN.set(ENABLED, 1), 0x003f_003f, 0x1000),
    fc.nat(0xffff_ffff),
  );

  it('nothing throws, and EN 1 to 0 always brings a working controller back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(offsets, values, fc.boolean()), { maxLength: 40 }), (writes) => {
        const host = new RawHost({ dataBytes: 64 * 1024 });
        for (const [offset, value, isWide] of writes) {
          if (isWide && offset % 8 === 0) host.write64(offset, value * 4096);
          else host.write32(offset, value);
        }
        host.write32(REG_CC, ENABLED);
        host.write32(REG_CC, 0);
        expect(host.read32(REG_CSTS)).toBe(0);
        host.enable();
      }),
      { numRuns: 60 },
    );
  });
});
