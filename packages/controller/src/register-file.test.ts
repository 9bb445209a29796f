import {
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  ADMIN_IDENTIFY,
  AQA,
  CAP,
  CC,
  CRTO,
  CSTS,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_BPINFO,
  REG_CAP,
  REG_CC,
  REG_CRTO,
  REG_CSTS,
  REG_INTMC,
  REG_INTMS,
  REG_NSSD,
  REG_NSSR,
  REG_VS,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENABLED, RawHost } from '../test-support/raw-host.js';
import type { Internals } from './internals.js';

const READ_ONLY: readonly (readonly [string, number])[] = [
  ['CAP, low half', REG_CAP],
  ['CAP, high half', REG_CAP + 4],
  ['VS', REG_VS],
  ['CSTS', REG_CSTS],
  ['NSSR', REG_NSSR],
  ['BPINFO', REG_BPINFO],
  ['NSSD', REG_NSSD],
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
    expect(CAP.NSSRS.get(low, high)).toBe(1);
    expect(CAP.AMS.get(low, high)).toBe(1);
    expect(CAP.BPS.get(low, high)).toBe(0);
    expect(CAP.NSSS.get(low, high)).toBe(0);
    expect(CAP.CMBS.get(low, high)).toBe(0);
    expect(CAP.PMRS.get(low, high)).toBe(0);
    expect(CAP.CRMS.get(low, high)).toBe(1);
    expect(CRTO.CRWMT.get(host.read32(REG_CRTO))).toBe(30);
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

  it.each([0, 1, 0x4e56_4d64, 0x6d65_5649, 0xffff_ffff])('of %i to NSSR, which is not the key, do nothing', (value) => {
    const host = new RawHost().enable();
    host.write32(REG_NSSR, value);
    expect(host.read32(REG_CSTS)).toBe(CSTS.RDY.mask);
  });

  it.each([
    ['1 byte wide', REG_AQA, 1],
    ['2 bytes wide', REG_AQA, 2],
    ['16 bytes wide', REG_ASQ, 16],
    ['of 4 bytes at an odd offset', REG_AQA + 1, 4],
    ['of 4 bytes at an even offset', REG_AQA + 2, 4],
    ['of 8 bytes at an offset of 4', REG_ACQ - 4, 8],
    ['past the last register', 0x1000 + REG_AQA, 4],
    ['at a negative offset', -4, 4],
  ])('%s change nothing', (_, offset, bytes) => {
    const host = new RawHost();
    const before = host.memory.words.slice(0, 1024);
    // The host's end of the link refuses them, so they are given to the device's end.
    const { registers } = (host.controller as unknown as { inside: Internals }).inside;
    registers.writeRegister(offset, 0x00ff_00ff, 0x00ff_00ff, bytes);
    expect(host.memory.words.slice(0, 1024)).toEqual(before);
  });

  it('to CC change command set, page size and arbitration only while the controller is disabled', () => {
    const host = new RawHost().enable();
    const other = CC.CSS.set(CC.AMS.set(CC.MPS.set(ENABLED, 3), 1), 6);
    host.write32(REG_CC, other);
    expect(host.read32(REG_CC)).toBe(ENABLED);
    expect(host.run({ opcode: ADMIN_IDENTIFY, prp1: host.iova(host.page()), cdw10: 1 }).code).toBe(0);
    host.write32(REG_CC, CC.EN.set(other, 0));
    expect(host.read32(REG_CC)).toBe(0);
    host.write32(REG_CC, CC.EN.set(other, 0));
    expect(host.read32(REG_CC)).toBe(CC.EN.set(other, 0));
  });

  it('to CC change the size of entries only while there is no I/O queue of the kind', () => {
    const host = new RawHost().enable();
    const other = CC.IOCQES.set(CC.IOSQES.set(ENABLED, 7), 5);
    host.write32(REG_CC, other);
    expect(host.read32(REG_CC)).toBe(other);
    host.write32(REG_CC, ENABLED);
    host.createPair(1);
    host.write32(REG_CC, other);
    expect(host.read32(REG_CC)).toBe(ENABLED);
    host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 });
    host.write32(REG_CC, other);
    expect(host.read32(REG_CC)).toBe(CC.IOSQES.set(ENABLED, 7));
    host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 });
    host.write32(REG_CC, other);
    expect(host.read32(REG_CC)).toBe(other);
  });

  it('to AQA, ASQ and ACQ do nothing while the controller is enabled', () => {
    const host = new RawHost().enable();
    const offsets = [REG_AQA, REG_ASQ, REG_ASQ + 4, REG_ACQ, REG_ACQ + 4];
    const before = offsets.map((offset) => host.read32(offset));
    for (const offset of offsets) host.write32(offset, 0x0123_7000);
    expect(offsets.map((offset) => host.read32(offset))).toEqual(before);
    host.write32(REG_CC, 0);
    host.write32(REG_AQA, 0x0003_0003);
    expect(host.read32(REG_AQA)).toBe(0x0003_0003);
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
