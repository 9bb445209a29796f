import {
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
  RESERVATION_CLEAR,
  RESERVATION_REPLACE_KEY,
  RESERVATION_TYPE_NONE,
  RESERVATION_TYPE_WRITE_EXCLUSIVE,
  SGL_ID_DATA_BLOCK,
  SGL_ID_LAST_SEGMENT,
  STATUS_DATA_SGL_LENGTH_INVALID,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_HOST_IDENTIFIER_INCONSISTENT,
  STATUS_HOST_IDENTIFIER_NOT_INITIALIZED,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, resetController, send } from '../../test-support/admin-calls.js';
import { NOWHERE } from '../../test-support/raw-host.js';
import { ReservingHost, reservingHosts } from '../../test-support/reservation-calls.js';
import { encodeDescriptor } from '../../test-support/sgl-memory.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { RamMedium } from '../media/ram-medium.js';

const WE = RESERVATION_TYPE_WRITE_EXCLUSIVE;

const hostsOf = (count: number): readonly ReservingHost[] =>
  reservingHosts(count, {
    largestNsid: 4,
    namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 65_536 }), shared: true }],
  }).hosts;

describe('reporting', () => {
  it('counts changes of registrations', () => {
    const [a, b] = hostsOf(2);
    const generation = (): number => a.report().generation;
    const steps: [() => unknown, number][] = [
      [() => a.register(10), 1],
      [() => b.register(20), 1],
      [() => a.register(11), 0],
      [() => a.acquire(10, WE), 0],
      [() => a.register(12, RESERVATION_REPLACE_KEY, 10), 1],
      [() => b.preempt(20, 12, WE), 1],
      [() => b.release(20, WE), 0],
      [() => b.release(20, 0, RESERVATION_CLEAR), 1],
    ];
    for (const [act, change] of steps) {
      const before = generation();
      act();
      expect(generation()).toBe(before + change);
    }
  });

  it('gives a registrant that no controller speaks for the controller identifier FFFFh', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    resetController(a.host);
    expect(b.report().registrants).toMatchObject([{ cntlid: 0xffff, hostid: '0100000000000000' }]);
  });

  it('with identifiers of 128 bits takes the extended structure, and only that', () => {
    const shared = new SharedSubsystem(1, {
      namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 4096 }), shared: true }],
    });
    const [raw] = shared.hosts;
    send(raw, new Uint8Array(16).fill(0xab), { opcode: 0x09, cdw10: 0x81, cdw11: 1 });
    const host = new ReservingHost(raw);
    host.register(10);
    expect(host.report(true).registrants).toMatchObject([{ rkey: 10n, hostid: 'ab'.repeat(16) }]);
    const refused = { ...buffer(raw, 4096).fields, opcode: NVM_RESERVATION_REPORT, nsid: 1, cdw10: 1023 };
    expect(host.queue.execute(refused)).toMatchObject({ code: STATUS_HOST_IDENTIFIER_INCONSISTENT, dnr: true });
    const [small] = hostsOf(1);
    const extended = { ...refused, ...buffer(small.host, 4096).fields, opcode: NVM_RESERVATION_REPORT, cdw11: 1 };
    expect(small.queue.execute(extended)).toMatchObject({ code: STATUS_HOST_IDENTIFIER_INCONSISTENT, dnr: true });
  });

  it('transfers what was asked for, and no more than there is', () => {
    const [a] = hostsOf(1);
    a.register(10);
    const run = (dwords: number): Uint8Array => {
      const { data, fields } = buffer(a.host, 4096, 0xee);
      a.queue.execute({ ...fields, opcode: NVM_RESERVATION_REPORT, nsid: 1, cdw10: dwords - 1 });
      return data;
    };
    expect([run(1)[3], run(1)[4]]).toEqual([0, 0xee]);
    expect([run(1024)[47], run(1024)[48]]).toEqual([0, 0xee]);
  });

  it.each<[string, number[], number, 'taken' | 'refused']>([
    ['as long as the buffer', [4096], 1024, 'taken'],
    ['as long as the buffer, in pieces', [20, 20, 4056], 1024, 'taken'],
    ['as long as the structure', [48], 1024, 'taken'],
    ['as long as what is asked for, and less than the structure', [24], 6, 'taken'],
    ['shorter than the structure', [44], 1024, 'refused'],
    ['between the two', [2048], 1024, 'refused'],
    ['longer than the buffer', [4100], 1024, 'refused'],
  ])('goes by a list that is %s, or not', (_, lengths, dwords, outcome) => {
    const [a] = hostsOf(1);
    a.register(10);
    const { data, fields } = buffer(a.host, 8192, 0xee);
    const segment = buffer(a.host, 4096);
    const words = new Uint32Array(segment.data.buffer, segment.data.byteOffset);
    let at = 0;
    lengths.forEach((length, i) => {
      words.set(encodeDescriptor({ identifier: SGL_ID_DATA_BLOCK, address: fields.prp1! + at, length }), i * 4);
      at += length;
    });
    const sgl = { identifier: SGL_ID_LAST_SEGMENT, address: segment.fields.prp1!, length: lengths.length * 16 };
    const { code } = a.queue.execute({ opcode: NVM_RESERVATION_REPORT, psdt: 1, sgl, nsid: 1, cdw10: dwords - 1 });
    expect(code).toBe(outcome === 'taken' ? 0 : STATUS_DATA_SGL_LENGTH_INVALID);
    const moved = Math.min(48, dwords * 4);
    expect(data.slice(0, moved).includes(0xee)).toBe(outcome === 'refused');
    expect(data.slice(moved).every((byte) => byte === 0xee)).toBe(true);
  });
});

describe('a reservation command is refused', () => {
  const ALL_OPCODES = [
    ['Register', NVM_RESERVATION_REGISTER],
    ['Acquire', NVM_RESERVATION_ACQUIRE],
    ['Release', NVM_RESERVATION_RELEASE],
    ['Report', NVM_RESERVATION_REPORT],
  ] as const;

  it.each(ALL_OPCODES)('of a host that has not said who it is: %s', (_, opcode) => {
    const shared = new SharedSubsystem(1, {
      namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 4096 }), shared: true }],
    });
    const host = new ReservingHost(shared.hosts[0]);
    expect(host.send(opcode, 0x100, [0, 0])).toMatchObject({
      code: STATUS_HOST_IDENTIFIER_NOT_INITIALIZED,
      dnr: true,
    });
  });

  it.each(ALL_OPCODES)('without a namespace: %s', (_, opcode) => {
    const [host] = hostsOf(1);
    for (const [nsid, code] of [
      [0, STATUS_INVALID_NAMESPACE],
      [0xffff_ffff, STATUS_INVALID_FIELD],
      [9, STATUS_INVALID_NAMESPACE],
      [3, STATUS_INVALID_FIELD],
    ]) {
      expect(host.send(opcode, 0x100, [0, 0], { nsid })).toMatchObject({ code, dnr: true });
    }
  });

  it.each(ALL_OPCODES)('with data nowhere: %s', (_, opcode) => {
    const [host] = hostsOf(1);
    expect(host.send(opcode, 0x100, [0, 0], { prp1: NOWHERE })).toMatchObject({
      code: STATUS_DATA_TRANSFER_ERROR,
      dnr: false,
    });
  });

  it.each([
    ['Register: a reserved action', NVM_RESERVATION_REGISTER, 3],
    ['Register: action 7', NVM_RESERVATION_REGISTER, 7],
    ['Register: a reserved change of persistence', NVM_RESERVATION_REGISTER, 1 << 30],
    ['Acquire: a reserved action', NVM_RESERVATION_ACQUIRE, 0x103],
    ['Acquire: a key that is ignored', NVM_RESERVATION_ACQUIRE, 0x108],
    ['Acquire: no type', NVM_RESERVATION_ACQUIRE, 0x000],
    ['Acquire: a reserved type', NVM_RESERVATION_ACQUIRE, 0x700],
    ['Acquire: type FFh', NVM_RESERVATION_ACQUIRE, 0xff00],
    ['Release: a reserved action', NVM_RESERVATION_RELEASE, 0x102],
    ['Release: a key that is ignored', NVM_RESERVATION_RELEASE, 0x108],
  ])('for %s', (_, opcode, cdw10) => {
    const [host] = hostsOf(1);
    host.register(10);
    expect(host.send(opcode, cdw10 >>> 0, [10, 10])).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    expect(host.report()).toMatchObject({ type: RESERVATION_TYPE_NONE, generation: 1 });
  });
});
