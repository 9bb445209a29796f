import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replace(/\s+/g, '').match(/../g)!, (byte) => Number.parseInt(byte, 16));

describe('a submission queue entry', () => {
  // Read, CID 1234h, NSID 1, eight blocks from LBA 100000005h, data at 7000h and a PRP list at 9008h, FUA.
  const golden = fromHex(`
    02 00 34 12  01 00 00 00  00 00 00 00  00 00 00 00
    00 00 00 00  00 00 00 00  00 70 00 00  00 00 00 00
    08 90 00 00  00 00 00 00  05 00 00 00  01 00 00 00
    07 00 00 40  00 00 00 00  00 00 00 00  00 00 00 00`);

  it('reads as the fields it was written from', () => {
    expect(spec.SubmissionLayout.decode(golden)).toMatchObject({
      opc: spec.NVM_READ,
      flags: 0,
      cid: 0x1234,
      nsid: 1,
      prp1: 0x7000,
      prp2: 0x9008,
      cdw10: 5,
      cdw11: 1,
      cdw12: 0x4000_0007,
    });
  });

  it('is what flat constants and 32-bit stores produce', () => {
    const entry = new Uint8Array(spec.SQE_BYTES);
    const view = new DataView(entry.buffer);
    view.setUint32(spec.SQE_CDW0, spec.NVM_READ | (0x1234 << spec.SQE_CDW0_CID_SHIFT), true);
    view.setUint32(spec.SQE_NSID, 1, true);
    view.setUint32(spec.SQE_PRP1, 0x7000, true);
    view.setUint32(spec.SQE_PRP2, 0x9008, true);
    view.setUint32(spec.SQE_CDW10, 5, true);
    view.setUint32(spec.SQE_CDW11, 1, true);
    view.setUint32(spec.SQE_CDW12, 7 | spec.RW_CDW12_FUA, true);
    expect(spec.SubmissionLayout.diff(entry, golden)).toEqual([]);
  });

  it('has command dword 0 fields that cover 32 bits', () => {
    const inPlace = [
      spec.SQE_CDW0_OPC_MASK,
      spec.SQE_CDW0_FUSE_MASK << spec.SQE_CDW0_FUSE_SHIFT,
      spec.SQE_CDW0_RESERVED_MASK << spec.SQE_CDW0_RESERVED_SHIFT,
      spec.SQE_CDW0_PSDT_MASK << spec.SQE_CDW0_PSDT_SHIFT,
      spec.SQE_CDW0_CID_MASK << spec.SQE_CDW0_CID_SHIFT,
    ];
    expect(inPlace.reduce((sum, mask) => sum + (mask >>> 0), 0)).toBe(0xffff_ffff);
    expect(inPlace.reduce((union, mask) => union | mask, 0)).toBe(-1);
  });

  it('has command dword 12 flags of Read and Write that do not overlap', () => {
    const inPlace = [
      spec.RW_CDW12_NLB0_MASK,
      0xf0000, // reserved
      spec.RW_CDW12_DTYPE_MASK << spec.RW_CDW12_DTYPE_SHIFT,
      spec.RW_CDW12_STC,
      spec.WRITE_ZEROES_CDW12_DEAC,
      spec.RW_CDW12_PRINFO_MASK << spec.RW_CDW12_PRINFO_SHIFT,
      spec.RW_CDW12_FUA,
      spec.RW_CDW12_LR,
    ];
    expect(inPlace.reduce((sum, mask) => sum + (mask >>> 0), 0)).toBe(0xffff_ffff);
  });

  it('has sizes that agree with their logarithms', () => {
    expect(2 ** spec.SQE_BYTES_LOG2).toBe(spec.SQE_BYTES);
    expect(2 ** spec.CQE_BYTES_LOG2).toBe(spec.CQE_BYTES);
    expect(2 ** spec.PAGE_BYTES_LOG2).toBe(spec.PAGE_BYTES);
    expect(spec.PRP_ENTRIES_PER_PAGE * spec.PRP_ENTRY_BYTES).toBe(spec.PAGE_BYTES);
    expect(spec.SQE_DWORDS * 4).toBe(spec.SQE_BYTES);
    expect(spec.CQE_DWORDS * 4).toBe(spec.CQE_BYTES);
  });
});

describe('a completion queue entry', () => {
  // Dword 0 AABBCCDDh; queue 3 head 17; CID 1234h, phase 1, LBA Out of Range with DNR: (4080h << 1 | 1) = 8101h.
  const golden = fromHex('dd cc bb aa  00 00 00 00  11 00 03 00  34 12 01 81');

  it('reads as the fields it was written from', () => {
    expect(spec.CompletionLayout.decode(golden)).toEqual({
      dw0: 0xaabb_ccdd,
      dw1: 0,
      sqhd: 17,
      sqid: 3,
      cid: 0x1234,
      status: 0x8101,
    });
  });

  it('reads by dwords, as a poll loop does', () => {
    const view = new DataView(golden.buffer);
    const dw2 = view.getUint32(spec.CQE_DW2, true);
    const dw3 = view.getUint32(spec.CQE_DW3, true);
    expect(dw2 & spec.CQE_DW2_SQHD_MASK).toBe(17);
    expect(dw2 >>> spec.CQE_DW2_SQID_SHIFT).toBe(3);
    expect(dw3 & spec.CQE_DW3_CID_MASK).toBe(0x1234);
    expect((dw3 >>> spec.CQE_DW3_PHASE_SHIFT) & 1).toBe(1);
    const status = dw3 >>> spec.CQE_DW3_STATUS_SHIFT;
    expect(status).toBe(spec.STATUS_LBA_OUT_OF_RANGE | spec.STATUS_DNR);
    expect(spec.describeStatus(status)).toBe('LBA Out of Range (sct=0 sc=0x80) DNR');
  });
});
