import {
  ANA_STATE_CHANGE,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOf, type RawGroup, rawLog } from '../test/kit.js';
import { ANA_STATE_UNKNOWN, anaLogBytesMax, anaStateOfGroup, anaStateOfNamespace, parseAnaLog } from './index.js';

const LIMITS = { groupIdMax: 8, groupCountMax: 4, nsidMax: 100 };
const ONE: RawGroup = { agid: 1, state: ANA_STATE_OPTIMIZED, nsids: [1, 2] };
const TWO: RawGroup = { agid: 8, state: ANA_STATE_CHANGE, nsids: [5] };

describe('an ANA log', () => {
  it('gives the state of each namespace and group, and of what it does not list', () => {
    const result = parseAnaLog(rawLog([ONE, TWO, { agid: 3, state: ANA_STATE_INACCESSIBLE, nsids: [] }]), LIMITS);
    if (!result.isValid) throw new Error(result.message);
    expect(result.log).toEqual({
      chgcnt: 7,
      groups: [
        { agid: 1, chgcnt: 3, state: 1, nsids: [1, 2] },
        { agid: 8, chgcnt: 3, state: 15, nsids: [5] },
        { agid: 3, chgcnt: 3, state: 3, nsids: [] },
      ],
    });
    expect([1, 2, 5, 6].map((nsid) => anaStateOfNamespace(result.log, nsid))).toEqual([1, 1, 15, ANA_STATE_UNKNOWN]);
    expect([1, 3, 8, 2].map((group) => anaStateOfGroup(result.log, group))).toEqual([1, 3, 15, ANA_STATE_UNKNOWN]);
  });

  it('without groups, and with bytes behind its end, is fine', () => {
    expect(parseAnaLog(rawLog([]), LIMITS)).toMatchObject({ isValid: true });
    const padded = new Uint8Array(4096);
    padded.set(rawLog([ONE, TWO]));
    expect(parseAnaLog(padded, LIMITS)).toMatchObject({ isValid: true, log: { groups: [{ agid: 1 }, { agid: 8 }] } });
  });

  it('with a state of the future is accepted', () => {
    expect(parseAnaLog(rawLog([{ ...ONE, state: 7 }]), LIMITS)).toMatchObject({ isValid: true });
  });

  it.each<[string, Uint8Array, number, number]>([
    ['TRUNCATED', new Uint8Array(0), 0, 16],
    ['TRUNCATED', rawLog([ONE]).subarray(0, 15), 0, 16],
    ['TRUNCATED', rawLog([ONE], { nagd: 2 }), 16 + 40, 16 + 40 + 32],
    ['TRUNCATED', rawLog([ONE]).subarray(0, 47), 16, 48],
    ['TRUNCATED', rawLog([ONE]).subarray(0, 55), 20, 56],
    ['TRUNCATED', rawLog([{ ...ONE, nnv: 3 }]), 20, 60],
    ['CHANGE_COUNT', rawLog([ONE], { chgcntHigh: 0x20_0000 }), 0, 0],
    ['CHANGE_COUNT', rawLog([ONE, { ...TWO, chgcntHigh: 0xffff_ffff }]), 56 + 8, 0],
    ['TOO_MANY_GROUPS', rawLog([], { nagd: 5 }), 8, 0],
    ['TOO_MANY_GROUPS', rawLog([], { nagd: 0xffff }), 8, 0],
    ['GROUP_ID', rawLog([{ ...ONE, agid: 0 }]), 16, 0],
    ['GROUP_ID', rawLog([ONE, { ...TWO, agid: 9 }]), 56, 0],
    ['GROUP_TWICE', rawLog([ONE, { ...TWO, agid: 1 }]), 56, 0],
    ['STATE', rawLog([{ ...ONE, state: 0 }]), 32, 0],
    ['STATE', rawLog([{ ...ONE, state: 0x11 }]), 32, 0],
    ['TOO_MANY_NSIDS', rawLog([{ ...ONE, nnv: 101 }]), 20, 0],
    ['TOO_MANY_NSIDS', rawLog([{ ...ONE, nnv: 0xffff_ffff }]), 20, 0],
    ['NSID', rawLog([{ ...ONE, nsids: [1, 0] }]), 52, 0],
    ['NSID', rawLog([{ ...ONE, nsids: [101] }]), 48, 0],
    ['NSID', rawLog([{ ...ONE, nsids: [0xffff_ffff] }]), 48, 0],
    ['NSID_TWICE', rawLog([{ ...ONE, nsids: [1, 1] }]), 52, 0],
    ['NSID_TWICE', rawLog([ONE, { ...TWO, nsids: [2] }]), 88, 0],
  ])('that is wrong is ignored whole: %s', (problem, bytes, offset, bytesNeeded) => {
    const result = parseAnaLog(bytes, LIMITS);
    expect(result).toMatchObject({ isValid: false, problem, offset, bytesNeeded });
    if (!result.isValid) expect(result.message).not.toBe('');
  });

  it('fits the bytes that are to be read for it', () => {
    const groups = [1, 2, 3, 4].map((agid) => ({
      agid,
      state: 1,
      nsids: Array.from({ length: 25 }, (_, i) => agid * 25 + i - 24),
    }));
    expect(rawLog(groups).length).toBe(anaLogBytesMax(4, 100));
    expect(parseAnaLog(rawLog(groups), LIMITS)).toMatchObject({ isValid: true });
  });

  it('that leaves a namespace out makes its path unusable, and does not keep it pending', () => {
    const result = parseAnaLog(rawLog([ONE]), LIMITS);
    if (!result.isValid) throw new Error(result.message);
    const group = groupOf('O', { anattNs: 1000 });
    expect(group.markAnaPending(0, 0)).toBe(true);
    group.setAnaState(0, anaStateOfNamespace(result.log, 77), 10);
    expect([group.isPathUsable(0), group.mayBecomeUsable(0, 11), group.mayBecomeUsable(0, 1000)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(group.markAnaPending(0, 20)).toBe(true); // it can be asked for again
    group.setAnaState(0, ANA_STATE_NON_OPTIMIZED, 30);
    expect(group.isPathUsable(0)).toBe(true);
  });
});

describe('for any bytes', () => {
  it('parsing never throws, and what is accepted keeps to the limits', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(fc.uint8Array({ minLength: 16, maxLength: 400 }), fc.nat(6))
        .map(([data, groups]) =>
          data.map((byte, i) => (i === 8 ? groups : i === 9 || (i > 4 && i < 8) ? 0 : byte & 7)),
        ),
    );
    fc.assert(
      fc.property(bytes, (data) => checkAccepted(data)),
      { numRuns: 2000 },
    );
  });

  it('nor does a good log with some bytes changed', () => {
    const good = rawLog([ONE, TWO, { agid: 2, state: 2, nsids: [7, 8, 9] }]);
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(good.length), (changes, length) => {
        const data = good.slice(0, length);
        for (const [at, byte] of changes) if (at < length) data[at] = byte;
        checkAccepted(data);
      }),
      { numRuns: 2000 },
    );
  });

  function checkAccepted(data: Uint8Array): void {
    const result = parseAnaLog(data, LIMITS);
    if (!result.isValid) {
      expect(result.bytesNeeded > data.length).toBe(result.problem === 'TRUNCATED');
      expect(result.bytesNeeded).toBeLessThanOrEqual(
        anaLogBytesMax(LIMITS.groupCountMax, LIMITS.groupCountMax * LIMITS.nsidMax),
      );
      return;
    }
    const { groups } = result.log;
    const nsids = groups.flatMap((group) => group.nsids);
    expect(new Set(groups.map((group) => group.agid)).size).toBe(groups.length);
    expect(new Set(nsids).size).toBe(nsids.length);
    for (const { agid, state } of groups) expect(agid >= 1 && agid <= 8 && state >= 1 && state <= 15).toBe(true);
    for (const nsid of nsids) expect(nsid >= 1 && nsid <= 100).toBe(true);
  }
});
