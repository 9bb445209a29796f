import { describe, expect, it } from 'vitest';
import * as all from './index.js';
import { ACQ, AQA, CAP, CC, CRTO, CSTS, NSSR_RESET_KEY, VS } from './registers.js';
import { BPMBL, CMBLOC, CMBSZ, NSSD_ABRUPT_KEY, NSSD_NORMAL_KEY, PMRMSCL } from './registers-memory.js';
import { describeRegister, type RegisterHead } from './register.js';

const ascii = (word: number): string =>
  [24, 16, 8, 0].map((shift) => String.fromCharCode((word >>> shift) & 0xff)).join('');

describe('the register map', () => {
  const offsets = Object.entries(all).filter((entry): entry is [string, number] => /^REG_/.test(entry[0]));

  it('describes every register that has an offset, at that offset', () => {
    for (const [name, offset] of offsets) {
      const register = (all as unknown as Record<string, RegisterHead>)[name.slice(4)];
      expect(register, name).toBeDefined();
      expect(register.offset, name).toBe(offset);
      expect(`REG_${register.registerName}`).toBe(name);
    }
  });

  it('aligns registers naturally and lets none overlap the next', () => {
    const sorted = offsets
      .map(([name, offset]) => ({
        name,
        offset,
        bytes: (all as unknown as Record<string, RegisterHead>)[name.slice(4)].width / 8,
      }))
      .sort((a, b) => a.offset - b.offset);
    let end = 0;
    for (const { name, offset, bytes } of sorted) {
      expect(offset, name).toBeGreaterThanOrEqual(end);
      expect(offset % bytes, name).toBe(0);
      end = offset + bytes;
    }
    expect(end).toBeLessThanOrEqual(all.DOORBELL_BASE);
  });
});

describe('fields of known values', () => {
  it('CAP: 1024 entries, contiguous, 7.5 s, stride 0, NVM command set, 4 KiB to 64 KiB pages, ready with media', () => {
    //     63:61 CRMS 58:56 MPSMAX MPSMIN CPS BPS CSS      NSSRS DSTRD
    // high 000   01   000   0100   0000   00  0   00000001 0     0000  = 0x08400020
    // low  TO 0x0f, reserved 0, AMS 0, CQR 1, MQES 0x03ff             = 0x0f0103ff
    const [low, high] = [0x0f01_03ff, 0x0840_0020];
    expect(CAP.MQES0.get(low, high)).toBe(1023);
    expect(CAP.CQR.get(low, high)).toBe(1);
    expect(CAP.TO.get(low, high)).toBe(15);
    expect(CAP.DSTRD.get(low, high)).toBe(0);
    expect(CAP.CSS.get(low, high)).toBe(all.CAP_CSS_NVM);
    expect(CAP.MPSMIN.get(low, high)).toBe(0);
    expect(CAP.MPSMAX.get(low, high)).toBe(4);
    expect(CAP.CRMS.get(low, high)).toBe(1);
    const words = new Uint32Array(2);
    CAP.MQES0.set(words, 1023);
    CAP.CQR.set(words, 1);
    CAP.TO.set(words, 15);
    CAP.CSS.set(words, 1);
    CAP.MPSMAX.set(words, 4);
    CAP.CRMS.set(words, 1);
    expect([...words]).toEqual([low, high]);
  });

  it('CAP: no field straddles the two words', () => {
    for (const name of CAP.fieldNames) {
      const { hi, lo } = CAP[name as 'MQES0'];
      expect(hi < 32 || lo >= 32, name).toBe(true);
    }
  });

  it('CC: the value that enables a controller with 64-byte and 16-byte entries', () => {
    let cc = CC.EN.set(0, 1);
    cc = CC.IOSQES.set(cc, all.SQE_BYTES_LOG2);
    cc = CC.IOCQES.set(cc, all.CQE_BYTES_LOG2);
    expect(cc).toBe(0x0046_0001);
    expect(describeRegister(CC, cc)).toBe('CC=0x00460001 EN=1 CSS=0 MPS=0 AMS=0 SHN=0 IOSQES=6 IOCQES=4 CRIME=0');
    expect(() => CC.EN.set(cc, 2)).toThrow('bits 0:0 hold 0..1, got 2');
  });

  it('CSTS, VS, AQA, CRTO', () => {
    expect(CSTS.SHST.get(0b1001)).toBe(all.CSTS_SHST_COMPLETE);
    expect(CSTS.CFS.get(0b0010)).toBe(1);
    expect([VS.MJR, VS.MNR, VS.TER].map((field) => field.get(0x0002_0100))).toEqual([2, 1, 0]);
    expect(AQA.ACQS0.set(AQA.ASQS0.set(0, 31), 63)).toBe(0x003f_001f);
    expect(CRTO.CRIMT.get(0x0014_001e)).toBe(20);
  });

  it('64-bit addresses divided by 4096', () => {
    const words = new Uint32Array(2);
    ACQ.ACQB.set(words, 0x12_3456_7000 / 4096);
    expect([...words]).toEqual([0x3456_7000, 0x12]);
    expect(BPMBL.BMBBA.get(0x3456_7000, 0x12)).toBe(0x12_3456_7000 / 4096);
  });

  it('CMB and PMR', () => {
    expect(CMBLOC.OFST.get(0x0001_2002)).toBe(0x12);
    expect(CMBLOC.BIR.get(0x0001_2002)).toBe(2);
    expect(CMBSZ.SZ.get(0x0010_0213)).toBe(0x100);
    expect(CMBSZ.SZU.get(0x0010_0213)).toBe(2);
    expect(PMRMSCL.CMSE.get(2)).toBe(1);
  });

  it('keys are the words they spell', () => {
    expect(ascii(NSSR_RESET_KEY)).toBe('NVMe');
    expect(ascii(NSSD_NORMAL_KEY)).toBe('Nrml');
    expect(ascii(NSSD_ABRUPT_KEY)).toBe('Abrt');
  });
});
