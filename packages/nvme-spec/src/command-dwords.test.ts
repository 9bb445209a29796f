import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

/** Fields of a dword, set one after another on zero. */
function word<F extends string>(dword: spec.Dword<F>, fields: Partial<Record<F, number>>): number {
  let value = 0;
  for (const [name, field] of Object.entries<number>(fields as Record<F, number>)) {
    value = (dword as Record<string, spec.Bits>)[name].set(value, field);
  }
  return value;
}

describe('command dwords', () => {
  it.each([
    [
      'copy 2 ranges of format 1h, limited retry, checked on both sides',
      word(spec.COPY_CDW12, { NR0: 1, DESFMT: 1, PRINFOR: 7, PRINFOW: 7, STCW: 1, STCR: 1, LR: 1 }),
      0x9f00_7101,
    ],
    [
      'copy into placement identifier 5',
      word(spec.COPY_CDW13, { DSPEC: 5 }) | word(spec.COPY_CDW12, { DTYPE: 2 }),
      0x25_0000,
    ],
    ['register a key that persists', word(spec.RESERVATION_REGISTER_CDW10, { CPTPL: 3 }), 0xc000_0000],
    ['replace a key without checking it', word(spec.RESERVATION_REGISTER_CDW10, { RREGA: 2, IEKEY: 1 }), 0xa],
    ['preempt for write exclusive', word(spec.RESERVATION_ACQUIRE_CDW10, { RACQA: 1, RTYPE: 1 }), 0x101],
    ['release exclusive access, all', word(spec.RESERVATION_RELEASE_CDW10, { RTYPE: 6 }), 0x600],
    ['report with 128-bit host identifiers', word(spec.RESERVATION_REPORT_CDW11, { EDS: 1 }), 1],
    ['update three placement identifiers', word(spec.IO_MANAGEMENT_CDW10, { MO: 1, MOS: 2 }), 0x2_0001],
    ['cancel all of queue 4', word(spec.CANCEL_CDW10, { SQID: 4, CID: spec.CANCEL_CID_ALL }), 0xffff_0004],
    ['get LBA status of 16 blocks', word(spec.GET_LBA_STATUS_CDW13, { ATYPE: 0x11, RL: 16 }), 0x1100_0010],
    [
      'format 17 with type 1 last in a separate buffer, erased',
      word(spec.FORMAT_NVM_CDW10, { LBAFL: 1, LBAFU: 1, PI: 1, SES: 1 }),
      0x1221,
    ],
    ['format with metadata at the end of the data', word(spec.FORMAT_NVM_CDW10, { MSET: 1, PIL: 1 }), 0x110],
    [
      'overwrite three times, inverted, not deallocated',
      word(spec.SANITIZE_CDW10, { SANACT: 3, OWPASS: 3, OIPBP: 1, NDAS: 1 }),
      0x333,
    ],
    [
      'crypto erase, unrestricted, with verification',
      word(spec.SANITIZE_CDW10, { SANACT: 4, AUSE: 1, EMVS: 1 }),
      0x40c,
    ],
    ['extended self-test', word(spec.SELF_TEST_CDW10, { STC: spec.SELF_TEST_EXTENDED }), 2],
    ['activate slot 2 at the next reset', word(spec.FIRMWARE_COMMIT_CDW10, { FS: 2, CA: 2 }), 0x12],
    ['mark boot partition 1 active', word(spec.FIRMWARE_COMMIT_CDW10, { CA: 7, BPID: 1 }), 0x8000_0038],
    ['create a zoned namespace', word(spec.NAMESPACE_MANAGEMENT_CDW11, { CSI: spec.CSI_ZONED }), 0x0200_0000],
    ['detach', word(spec.NAMESPACE_ATTACHMENT_CDW10, { SEL: spec.NAMESPACE_ATTACHMENT_DETACH }), 1],
    ['TCG level 0 discovery', word(spec.SECURITY_CDW10, { SECP: 1, SPSP0: 1 }), 0x0100_0100],
    ['enable streams', word(spec.DIRECTIVE_ENABLE_CDW12, { ENDIR: 1, DTYPE: 1 }), 0x101],
    ['release stream 9', word(spec.DIRECTIVE_CDW11, { DSPEC: 9, DTYPE: 1, DOPER: 1 }), 0x0009_0101],
  ])('%s', (_, actual, expected) => {
    expect(actual).toBe(expected);
  });

  it('have the options of a write where the dword has them', () => {
    const everything = (spec.RW_CDW12_LR | spec.RW_CDW12_FUA | spec.RW_CDW12_PRACT | spec.RW_CDW12_STC) >>> 0;
    expect(everything).toBe(0xe100_0000);
    const prchk = spec.RW_CDW12_PRCHK_GUARD | spec.RW_CDW12_PRCHK_APPLICATION | spec.RW_CDW12_PRCHK_REFERENCE;
    expect(prchk).toBe(0x1c00_0000);
    expect((everything | prchk | spec.WRITE_ZEROES_CDW12_DEAC) >>> 0).toBe(0xff00_0000);
    expect((everything & spec.RW_CDW12_OPTIONS_MASK) >>> 0).toBe(everything);
    expect(spec.RW_CDW12_NLB0_MASK & spec.RW_CDW12_OPTIONS_MASK).toBe(0);
    expect(spec.RW_DSM_FREQUENCY_HOT | (spec.RW_DSM_LATENCY_LOW << spec.RW_DSM_LATENCY_SHIFT)).toBe(0x35);
  });

  it('split the format index, and the upper half counts only with LBAFEE', () => {
    expect(spec.formatIndex(0x3005, true)).toBe(0x35);
    expect(spec.formatIndex(0x3005, false)).toBe(5);
  });
});

describe('source ranges of Copy', () => {
  it('have a size for each format', () => {
    expect([0, 1, 2, 3, 4, 15].map(spec.copyRangeBytes)).toEqual([32, 40, 32, 40, 0, 0]);
  });

  it('lie where the figures say', () => {
    const range = new Uint8Array(40);
    spec.CopyRangeLayout.write(range, 'snsid', 2);
    spec.CopyRangeLayout.write(range, 'slba', 0x0102030405060708n);
    spec.CopyRangeLayout.write(range, 'rpars', 7);
    spec.CopyRangeLayout.write(range, 'sopt', spec.COPY_SOPT_FAST_ONLY);
    spec.CopyRangeLayout.write(range, 'elbt', 0x11223344);
    spec.CopyRangeLayout.write(range, 'elbat', 0x5566);
    spec.CopyRangeLayout.write(range, 'elbatm', 0x7788);
    expect(spec.toHex(range.subarray(0, 32))).toBe(
      '02000000000000000807060504030201' + '0700000000000080' + '4433221166558877',
    );
    range.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], spec.COPY_RANGE_EXTENDED_ELBT);
    expect(spec.toHex(spec.CopyRangeExtendedLayout.decode(range).elbt as Uint8Array)).toBe('0102030405060708090a');
    expect(spec.COPY_RANGE_EXTENDED_ELBT).toBe(26);
  });
});

describe('SGL descriptors', () => {
  it('say type and subtype in one byte', () => {
    expect(spec.SGL_ID_BIT_BUCKET).toBe(spec.SGL_TYPE_BIT_BUCKET << spec.SGL_TYPE_SHIFT);
    expect(spec.SGL_ID_KEYED_DATA_BLOCK >>> spec.SGL_TYPE_SHIFT).toBe(spec.SGL_TYPE_KEYED_DATA_BLOCK);
    expect(spec.SGL_ID_TRANSPORT_DATA_BLOCK & spec.SGL_SUBTYPE_MASK).toBe(spec.SGL_SUBTYPE_TRANSPORT);
  });

  it('have a short length and a key when they are keyed', () => {
    const descriptor = Uint8Array.of(0, 0x10, 0, 0, 0, 0, 0, 0, 0x03, 0x02, 0x01, 0xdd, 0xcc, 0xbb, 0xaa, 0x40);
    expect(spec.SglKeyedDescriptorLayout.decode(descriptor)).toEqual({
      address: 0x1000,
      length: 0x010203,
      key: 0xaabbccdd,
      identifier: spec.SGL_ID_KEYED_DATA_BLOCK,
    });
  });
});

describe('controller lists', () => {
  it('come back as they went, ascending and each once', () => {
    const data = spec.encodeControllerList([7, 1, 0xffee, 1]);
    expect(data).toHaveLength(4096);
    expect([...data.subarray(0, 8)]).toEqual([3, 0, 1, 0, 7, 0, 0xee, 0xff]);
    expect(spec.decodeControllerList(data)).toEqual([1, 7, 0xffee]);
    expect(spec.decodeControllerList(spec.encodeControllerList([]))).toEqual([]);
    const most = Array.from({ length: 2047 }, (_, i) => i);
    expect(spec.decodeControllerList(spec.encodeControllerList(most))).toEqual(most);
  });

  it('refuse too many, what is no identifier, and a count that lies', () => {
    const tooMany = Array.from({ length: 2048 }, (_, i) => i);
    expect(() => spec.encodeControllerList(tooMany)).toThrow('2048 identifiers, expected at most 2047');
    expect(() => spec.encodeControllerList([0x10000])).toThrow('controller identifier 0..65535, got 65536');
    expect(() => spec.encodeControllerList([-1])).toThrow(RangeError);
    expect(() => spec.encodeControllerList([0.5])).toThrow(RangeError);
    expect(() => spec.decodeControllerList(new Uint8Array(4096).fill(0xff))).toThrow('65535 identifiers');
    expect(() => spec.decodeControllerList(Uint8Array.of(2, 0, 1, 0))).toThrow('2 bytes at 4');
  });
});

describe('feature data', () => {
  it('an autonomous transition to state 4 after 100 ms', () => {
    const entry = new Uint32Array(2);
    spec.APST_ENTRY.ITPS.set(entry, 4);
    spec.APST_ENTRY.ITPT.set(entry, 100);
    expect([...entry]).toEqual([0x6420, 0]);
  });

  it('a timestamp', () => {
    const ms = Date.UTC(2026, 0, 1);
    const data = spec.encodeTimestamp(ms);
    expect(spec.decodeTimestamp(data)).toEqual({ ms, setByHost: false, mayHaveStopped: false });
    data[spec.TIMESTAMP_ATTRIBUTES] = (spec.TIMESTAMP_ORIGIN_HOST << spec.TIMESTAMP_ORIGIN_SHIFT) | spec.TIMESTAMP_SYNC;
    expect(spec.decodeTimestamp(data)).toEqual({ ms, setByHost: true, mayHaveStopped: true });
    expect(spec.decodeTimestamp(spec.encodeTimestamp(2 ** 48 - 1)).ms).toBe(2 ** 48 - 1);
    for (const odd of [-1, 0.5, 2 ** 48, NaN]) expect(() => spec.encodeTimestamp(odd)).toThrow('2^48 - 1');
    expect(() => spec.decodeTimestamp(data.subarray(1))).toThrow('8 bytes expected, got 7');
  });

  it.each([
    ['write protect until power cycle', word(spec.FEATURE_NAMESPACE_WRITE_PROTECTION_VALUE, { WPS: 2 }), 2],
    [
      'mask two reservation notifications',
      word(spec.FEATURE_RESERVATION_NOTIFICATION_VALUE, { RESREL: 1, RESPRE: 1 }),
      0xc,
    ],
    [
      'throttle at 350 and 360 K',
      word(spec.FEATURE_HOST_THERMAL_MANAGEMENT_VALUE, { TMT1: 350, TMT2: 360 }),
      0x015e_0168,
    ],
    ['return the host memory buffer', word(spec.FEATURE_HOST_MEMORY_BUFFER_VALUE, { EHM: 1, MR: 1 }), 3],
    ['FDP configuration 2', word(spec.FEATURE_FLEXIBLE_DATA_PLACEMENT_VALUE, { FDPE: 1, FDPCIDX: 2 }), 0x201],
    ['events of endurance group 3', word(spec.FEATURE_ENDURANCE_EVENT_CONFIG_VALUE, { ENDGID: 3, EGCW: 1 }), 0x1_0003],
  ])('%s', (_, actual, expected) => {
    expect(actual).toBe(expected);
  });
});

describe('memory registers', () => {
  it('give sizes in bytes', () => {
    const cmbsz = spec.CMBSZ.SZU.set(spec.CMBSZ.SZ.set(0, 16), 2);
    expect(spec.cmbBytes(cmbsz)).toBe(16 * 2 ** 20);
    expect(spec.cmbBytes(spec.CMBSZ.SZU.set(cmbsz, 6))).toBe(16 * 64 * 2 ** 30);
    expect(spec.cmbBytes(spec.CMBSZ.SZU.set(cmbsz, 7))).toBe(0);
    expect(spec.cmbBytes(0)).toBe(0);
    expect([0, 1, 2, 3, 4].map(spec.memoryBufferUnitBytes)).toEqual([1, 1024, 2 ** 20, 2 ** 30, 0]);
  });
});
