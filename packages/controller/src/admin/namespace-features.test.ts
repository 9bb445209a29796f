import {
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  FEATURE_ERROR_RECOVERY,
  FEATURE_LBA_RANGE_TYPE,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  FEATURE_RESERVATION_NOTIFICATION_MASK,
  FEATURE_RESERVATION_PERSISTENCE,
  IDENTIFY_CNS_NAMESPACE,
  IDNS_NSATTR,
  LBA_RANGE_TYPE_BYTES,
  LBA_RANGE_TYPE_NLB0,
  LBA_RANGE_TYPE_SLBA,
  LBA_RANGE_TYPE_TYPE,
  LBA_RANGE_TYPES_BYTES,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK,
  STATUS_FEATURE_NOT_CHANGEABLE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_OVERLAPPING_RANGE,
  WRITE_PROTECTION_NONE,
  WRITE_PROTECTION_ON,
  WRITE_PROTECTION_PERMANENT,
  WRITE_PROTECTION_UNTIL_POWER_CYCLE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import {
  buffer,
  getFeature,
  identify,
  receive,
  resetController,
  send,
  setFeature,
} from '../../test-support/admin-calls.js';
import type { RawCompletion, RawHost } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { RamMedium } from '../media/ram-medium.js';

const ALL = 0xffff_ffff;
const BLOCKS = 128;

const hosts = (isCounted = false): readonly RawHost[] =>
  new SharedSubsystem(2, {
    largestNsid: 4,
    namespaces: [1, 2].map((nsid) => ({
      nsid,
      medium: new RamMedium({ bytes: BLOCKS * 512 }),
      shared: true,
      isCounted,
    })),
  }).hosts;

describe('Namespace Write Protection', () => {
  const protect = (host: RawHost, state: number, nsid = 1): RawCompletion =>
    setFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, state, { nsid });
  const protection = (host: RawHost, nsid = 1): number =>
    getFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, { nsid }).result;

  it('stops what changes the namespace, at every controller, and nothing else', () => {
    const [a, b] = hosts();
    expect(protect(a, WRITE_PROTECTION_ON).code).toBe(0);
    expect([protection(a), protection(b), protection(a, 2)]).toEqual([WRITE_PROTECTION_ON, WRITE_PROTECTION_ON, 0]);
    expect(identify(b, IDENTIFY_CNS_NAMESPACE, 1)[IDNS_NSATTR]).toBe(1);
    const queue = b.createPair(1);
    const { fields } = buffer(b, 4096);
    const run = (opcode: number, nsid = 1, cdw11 = 0): RawCompletion =>
      queue.execute({ ...fields, opcode, nsid, cdw11 });
    for (const opcode of [NVM_WRITE, NVM_WRITE_ZEROES]) {
      expect(run(opcode)).toMatchObject({ code: STATUS_NAMESPACE_WRITE_PROTECTED, dnr: true });
    }
    expect(run(NVM_DATASET_MANAGEMENT, 1, 4).code).toBe(STATUS_NAMESPACE_WRITE_PROTECTED);
    expect([run(NVM_READ).code, run(NVM_FLUSH).code, run(NVM_WRITE, 2).code]).toEqual([0, 0, 0]);
    expect(protect(b, WRITE_PROTECTION_NONE).code).toBe(0);
    expect([run(NVM_WRITE).code, protection(a)]).toEqual([0, WRITE_PROTECTION_NONE]);
  });

  it('survives a reset', () => {
    const [host] = hosts();
    protect(host, WRITE_PROTECTION_ON);
    resetController(host);
    expect(protection(host)).toBe(WRITE_PROTECTION_ON);
  });

  it('is for one namespace, or for all', () => {
    const [host] = hosts();
    expect(protect(host, WRITE_PROTECTION_ON, ALL).code).toBe(0);
    expect([protection(host, 1), protection(host, 2)]).toEqual([WRITE_PROTECTION_ON, WRITE_PROTECTION_ON]);
  });

  it.each([
    ['protection until a power cycle', WRITE_PROTECTION_UNTIL_POWER_CYCLE, 1, STATUS_FEATURE_NOT_CHANGEABLE],
    ['permanent protection', WRITE_PROTECTION_PERMANENT, 1, STATUS_FEATURE_NOT_CHANGEABLE],
    ['a reserved state', 4, 1, STATUS_INVALID_FIELD],
    ['namespace 0', WRITE_PROTECTION_ON, 0, STATUS_INVALID_NAMESPACE],
    ['an inactive namespace', WRITE_PROTECTION_ON, 3, STATUS_INVALID_FIELD],
  ])('is refused for %s', (_, state, nsid, code) => {
    const [host] = hosts();
    expect(protect(host, state, nsid)).toMatchObject({ code, dnr: true });
    expect(protection(host)).toBe(WRITE_PROTECTION_NONE);
  });
});

describe('Error Recovery', () => {
  const DULBE = 1 << 16;

  it('makes blocks that nobody wrote unreadable, for this controller, where blocks are counted', () => {
    const [a, b] = hosts(true);
    const read = [a, b].map((host) => {
      const queue = host.createPair(1);
      const { fields } = buffer(host, 512);
      return (): number => queue.execute({ ...fields, opcode: NVM_READ, nsid: 1, cdw10: 5 }).code;
    });
    expect(setFeature(a, FEATURE_ERROR_RECOVERY, DULBE, { nsid: 1 }).code).toBe(0);
    expect([read[0](), read[1]()]).toEqual([STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK, 0]);
  });

  it('is refused that where they are not, and all of it when one namespace refuses', () => {
    const { hosts: all, subsystem } = new SharedSubsystem(1, {
      namespaces: [true, false].map((isCounted, i) => ({
        nsid: i + 1,
        medium: new RamMedium({ bytes: 4096 }),
        shared: true,
        isCounted,
      })),
    });
    const [host] = all;
    expect(setFeature(host, FEATURE_ERROR_RECOVERY, DULBE, { nsid: 2 })).toMatchObject({ code: STATUS_INVALID_FIELD });
    expect(setFeature(host, FEATURE_ERROR_RECOVERY, DULBE | 5, { nsid: ALL }).code).toBe(STATUS_INVALID_FIELD);
    expect(getFeature(host, FEATURE_ERROR_RECOVERY, { nsid: 1 }).result).toBe(0);
    expect(subsystem.find(1)!.isCounted).toBe(true);
  });
});

describe('reservation features', () => {
  it('Reservation Notification Mask is the controller’s own, and forgotten by a reset', () => {
    const [a, b] = hosts();
    const mask = (host: RawHost): number => getFeature(host, FEATURE_RESERVATION_NOTIFICATION_MASK, { nsid: 1 }).result;
    expect(setFeature(a, FEATURE_RESERVATION_NOTIFICATION_MASK, 0xff, { nsid: 1 }).code).toBe(0);
    expect([mask(a), mask(b)]).toEqual([0b1110, 0]);
    resetController(a);
    expect(mask(a)).toBe(0);
  });

  it('Reservation Persistence is the namespace’s, and survives a reset', () => {
    const [a, b] = hosts();
    const isPersistent = (host: RawHost): number =>
      getFeature(host, FEATURE_RESERVATION_PERSISTENCE, { nsid: 1 }).result;
    setFeature(a, FEATURE_RESERVATION_PERSISTENCE, 1, { nsid: 1 });
    resetController(a);
    expect([isPersistent(a), isPersistent(b)]).toEqual([1, 1]);
  });

  it.each([FEATURE_RESERVATION_NOTIFICATION_MASK, FEATURE_RESERVATION_PERSISTENCE])(
    'feature %i has no value for all namespaces, but can be set for all',
    (id) => {
      const [host] = hosts();
      expect(getFeature(host, id, { nsid: ALL })).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
      expect(setFeature(host, id, 1 << (id & 1), { nsid: ALL }).code).toBe(0);
    },
  );
});

describe('LBA Range Type', () => {
  type Range = readonly [slba: bigint, blocks0: bigint, type?: number];

  function encode(ranges: readonly Range[]): Uint8Array {
    const data = new Uint8Array(ranges.length * LBA_RANGE_TYPE_BYTES);
    const view = new DataView(data.buffer);
    ranges.forEach(([slba, blocks0, type = 1], i) => {
      const at = i * LBA_RANGE_TYPE_BYTES;
      view.setUint8(at + LBA_RANGE_TYPE_TYPE, type);
      view.setBigUint64(at + LBA_RANGE_TYPE_SLBA, slba, true);
      view.setBigUint64(at + LBA_RANGE_TYPE_NLB0, blocks0, true);
    });
    return data;
  }

  const set = (host: RawHost, ranges: readonly Range[], nsid = 1): RawCompletion =>
    send(host, encode(ranges), {
      opcode: ADMIN_SET_FEATURES,
      cdw10: FEATURE_LBA_RANGE_TYPE,
      cdw11: ranges.length - 1,
      nsid,
    });
  const read = (host: RawHost, select = 0): Uint8Array =>
    receive(host, LBA_RANGE_TYPES_BYTES, {
      opcode: ADMIN_GET_FEATURES,
      cdw10: FEATURE_LBA_RANGE_TYPE | (select << 8),
      nsid: 1,
    });

  it('is one range over the whole namespace at first', () => {
    const [host] = hosts();
    const data = read(host);
    const view = new DataView(data.buffer, data.byteOffset);
    expect([data[0], data[1], view.getBigUint64(LBA_RANGE_TYPE_NLB0, true)]).toEqual([0, 1, BigInt(BLOCKS - 1)]);
    expect(data.subarray(LBA_RANGE_TYPE_BYTES).every((byte) => byte === 0)).toBe(true);
    const command = { ...buffer(host, LBA_RANGE_TYPES_BYTES).fields, opcode: ADMIN_GET_FEATURES, nsid: 1 };
    expect(getFeature(host, FEATURE_LBA_RANGE_TYPE, command).result).toBe(0);
  });

  it('is read back at every controller, and survives a reset', () => {
    const [a, b] = hosts();
    const ranges: readonly Range[] = [
      [0n, 9n],
      [100n, 27n, 0x80],
      [10n, 0n, 4],
    ];
    expect(set(a, ranges).code).toBe(0);
    resetController(a);
    for (const host of [a, b]) {
      expect([...read(host).subarray(0, 3 * LBA_RANGE_TYPE_BYTES)]).toEqual([...encode(ranges)]);
      const command = { ...buffer(host, LBA_RANGE_TYPES_BYTES).fields, opcode: ADMIN_GET_FEATURES, nsid: 1 };
      expect(getFeature(host, FEATURE_LBA_RANGE_TYPE, command).result).toBe(2);
    }
    expect(read(a, 1)[LBA_RANGE_TYPE_TYPE]).toBe(0);
  });

  it.each<[string, readonly Range[], number]>([
    ['a reserved type', [[0n, 0n, 5]], STATUS_INVALID_FIELD],
    ['the last reserved type', [[0n, 0n, 0x7f]], STATUS_INVALID_FIELD],
    ['a range past the end', [[100n, 28n]], STATUS_LBA_OUT_OF_RANGE],
    ['a start past the end', [[128n, 0n]], STATUS_LBA_OUT_OF_RANGE],
    ['a length of 2^64', [[0n, 2n ** 64n - 1n]], STATUS_LBA_OUT_OF_RANGE],
    ['a start of 2^63', [[2n ** 63n, 0n]], STATUS_LBA_OUT_OF_RANGE],
    [
      'the same range twice',
      [
        [5n, 0n],
        [5n, 0n],
      ],
      STATUS_OVERLAPPING_RANGE,
    ],
    [
      'ranges that share a block',
      [
        [10n, 5n],
        [0n, 10n],
      ],
      STATUS_OVERLAPPING_RANGE,
    ],
    [
      'a range inside of another',
      [
        [0n, 50n],
        [10n, 1n],
      ],
      STATUS_OVERLAPPING_RANGE,
    ],
  ])('is refused for %s', (_, ranges, code) => {
    const [host] = hosts();
    expect(set(host, ranges)).toMatchObject({ code, dnr: true });
    expect(read(host)[LBA_RANGE_TYPE_TYPE]).toBe(0);
  });

  it('is refused for all namespaces when it does not fit one of them', () => {
    const { hosts: all } = new SharedSubsystem(1, {
      namespaces: [4096, 8192].map((bytes, i) => ({ nsid: i + 1, medium: new RamMedium({ bytes }), shared: true })),
    });
    expect(set(all[0], [[0n, 15n]], ALL).code).toBe(STATUS_LBA_OUT_OF_RANGE);
    expect(set(all[0], [[0n, 7n]], ALL).code).toBe(0);
  });
});
