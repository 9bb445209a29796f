import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

const noise = Uint8Array.from({ length: 4096 }, (_, i) => (i * 37 + 11) & 0x7f);

describe.each([
  ['CNS 05h', spec.decodeIdentifyNvmNamespace, spec.IdentifyNvmNamespaceLayout, ['elbaf']],
  ['CNS 06h', spec.decodeIdentifyNvmController, spec.IdentifyNvmControllerLayout, []],
  ['CNS 08h', spec.decodeIdentifyIndependentNamespace, spec.IdentifyIndependentNamespaceLayout, []],
] as const)('the structure of %s', (_, decode, layout, special) => {
  it('has a property per field of the layout, read where the layout has it', () => {
    const expected = layout.decode(noise);
    const actual = decode(noise) as unknown as Record<string, unknown>;
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const name of Object.keys(expected)) {
      if (!(special as readonly string[]).includes(name)) expect(actual[name], name).toEqual(expected[name]);
    }
  });

  it('needs 4096 bytes', () => {
    expect(() => decode(noise.subarray(1))).toThrow('4096 bytes expected, got 4095');
  });
});

describe('extended LBA formats', () => {
  it('say guard and storage tag, and take the qualified format where it is asked for', () => {
    const data = new Uint8Array(4096);
    const put = (index: number, word: number): void =>
      new DataView(data.buffer).setUint32(spec.IDNVMNS_ELBAF + 4 * index, word, true);
    put(0, 0);
    put(1, 0x0000_0090); // PIF 1, STS 16
    put(2, 0x0000_0130); // PIF 2, STS 48
    put(63, 0x0000_0590); // PIF 3, QPIF 2, STS 16
    const { elbaf } = spec.decodeIdentifyNvmNamespace(data);
    expect(elbaf).toHaveLength(64);
    expect([0, 1, 2, 63].map((index) => elbaf[index])).toEqual([
      { sts: 0, pif: spec.PIF_GUARD_16 },
      { sts: 16, pif: spec.PIF_GUARD_32 },
      { sts: 48, pif: spec.PIF_GUARD_64 },
      { sts: 16, pif: spec.PIF_GUARD_64 },
    ]);
  });
});

describe('CNS values', () => {
  it('have a row that names the constant, ascending', () => {
    expect(spec.IDENTIFY_STRUCTURES).toHaveLength(28);
    for (const [cns, name] of spec.IDENTIFY_STRUCTURES) {
      expect((spec as unknown as Record<string, unknown>)[`IDENTIFY_CNS_${name}`], name).toBe(cns);
    }
    const values = spec.IDENTIFY_STRUCTURES.map(([cns]) => cns);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  });

  it('have words, and none is vendor specific', () => {
    expect(spec.describeIdentifyCns(0x01)).toBe('Identify Controller (01h)');
    expect(spec.describeIdentifyCns(0x0b)).toBe('Reserved (0Bh)');
    expect(spec.describeIdentifyCns(0xc0)).toBe('Reserved (C0h)');
  });
});

describe('lists', () => {
  it('of Endurance Groups end where their count says, which is not believed', () => {
    const data = new Uint8Array(4096);
    data.set([2, 0, 1, 0, 3, 1]);
    expect(spec.decodeEnduranceGroupList(data)).toEqual([1, 0x103]);
    data.set([0, 8]);
    expect(() => spec.decodeEnduranceGroupList(data)).toThrow('2048 entries, expected at most 2047');
    expect(() => spec.decodeEnduranceGroupList(Uint8Array.of(1, 0))).toThrow(RangeError);
  });

  it('of UUIDs end at the first zero one', () => {
    const data = new Uint8Array(4096);
    data.set(
      Uint8Array.from({ length: 16 }, (_, i) => i * 17),
      48,
    );
    data.fill(1, 80, 96);
    data.fill(2, 4096 - 16); // entry 127, behind the zero ones
    expect(spec.decodeUuidList(data)).toEqual([
      '00112233-4455-6677-8899-aabbccddeeff',
      '01010101-0101-0101-0101-010101010101',
    ]);
    expect(spec.decodeUuidList(new Uint8Array(4096).fill(1))).toHaveLength(126);
    expect(() => spec.decodeUuidList(data.subarray(1))).toThrow('4096 bytes expected, got 4095');
  });

  it('of command set combinations end at the first zero one', () => {
    const data = new Uint8Array(4096);
    data[0] = spec.COMMAND_SET_VECTOR_NVM;
    data[8] = spec.COMMAND_SET_VECTOR_NVM | spec.COMMAND_SET_VECTOR_ZONED;
    expect(spec.decodeCommandSetCombinations(data)).toEqual([1, 5]);
    expect(spec.decodeCommandSetCombinations(new Uint8Array(4096).fill(1))).toHaveLength(512);
    expect(() => spec.decodeCommandSetCombinations(new Uint8Array(8).fill(1))).toThrow(RangeError);
  });
});
