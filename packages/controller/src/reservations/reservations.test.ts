import {
  ADMIN_FORMAT_NVM,
  ADMIN_IDENTIFY,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SANITIZE,
  NAMESPACE_ATTACHMENT_DETACH,
  NAMESPACE_MANAGEMENT_DELETE,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  RESERVATION_CLEAR,
  RESERVATION_PREEMPT_AND_ABORT,
  RESERVATION_REGISTER_CDW10,
  RESERVATION_REPLACE_KEY,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS_REGISTRANTS,
  RESERVATION_TYPE_NONE,
  RESERVATION_TYPE_WRITE_EXCLUSIVE,
  RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL,
  RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS,
  RESERVATION_UNREGISTER_KEY,
  SANITIZE_ACTION_BLOCK_ERASE,
  STATUS_ABORTED_PREEMPT,
  STATUS_INVALID_FIELD,
  STATUS_RESERVATION_CONFLICT,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, resetController, sayWho } from '../../test-support/admin-calls.js';
import { attach } from '../../test-support/namespace-calls.js';
import { ReservingHost, reservingHosts } from '../../test-support/reservation-calls.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import type { Medium } from '../media/medium.js';
import { RamMedium } from '../media/ram-medium.js';

const WE = RESERVATION_TYPE_WRITE_EXCLUSIVE;
const EA = RESERVATION_TYPE_EXCLUSIVE_ACCESS;
const WERO = RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS;
const EARO = RESERVATION_TYPE_EXCLUSIVE_ACCESS_REGISTRANTS;
const WEAR = RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL;
const EAAR = RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL;
const CONFLICT = STATUS_RESERVATION_CONFLICT;
/** Bit 3 of dword 10: the existing key is ignored. */
const IEKEY = RESERVATION_REGISTER_CDW10.IEKEY.set(0, 1);

const hostsOf = (count: number, medium: Medium = new RamMedium({ bytes: 65_536 })): readonly ReservingHost[] =>
  reservingHosts(count, {
    largestNsid: 4,
    namespaces: [
      { nsid: 1, medium, shared: true },
      { nsid: 2, medium: new RamMedium({ bytes: 65_536 }), shared: true },
    ],
  }).hosts;

describe('what a reservation bars hosts from', () => {
  const READS = [NVM_READ, NVM_VERIFY, NVM_COMPARE];
  const WRITES = [NVM_WRITE, NVM_WRITE_ZEROES, NVM_WRITE_UNCORRECTABLE, NVM_DATASET_MANAGEMENT, NVM_FLUSH];

  // Type, then what the holder, another registrant and somebody else may do: r, w.
  it.each([
    ['Write Exclusive', WE, 'rw', 'r', 'r'],
    ['Exclusive Access', EA, 'rw', '', ''],
    ['Write Exclusive - Registrants Only', WERO, 'rw', 'rw', 'r'],
    ['Exclusive Access - Registrants Only', EARO, 'rw', 'rw', ''],
    ['Write Exclusive - All Registrants', WEAR, 'rw', 'rw', 'r'],
    ['Exclusive Access - All Registrants', EAAR, 'rw', 'rw', ''],
  ])('%s', (_, type, ...rights) => {
    const hosts = hostsOf(3);
    hosts[0].register(10);
    hosts[1].register(20);
    expect(hosts[0].acquire(10, type).code).toBe(0);
    hosts.forEach((host, i) => {
      for (const opcode of [...WRITES, ...READS]) {
        const right = READS.includes(opcode) ? 'r' : 'w';
        const isBarred = host.io(opcode, { cdw11: opcode === NVM_DATASET_MANAGEMENT ? 4 : 0 }) === CONFLICT;
        expect([i, opcode, isBarred]).toEqual([i, opcode, !rights[i].includes(right)]);
      }
      // Another namespace is no business of it.
      expect(host.io(NVM_WRITE, { nsid: 2 })).toBe(0);
    });
    expect(hosts[0].release(10, type).code).toBe(0);
    expect(hosts.map((host) => host.io(NVM_WRITE_ZEROES))).toEqual([0, 0, 0]);
  });

  it.each([
    ['Format NVM', { opcode: ADMIN_FORMAT_NVM, nsid: 1 }],
    ['Format NVM of all namespaces', { opcode: ADMIN_FORMAT_NVM, nsid: 0xffff_ffff }],
    [
      'the deletion of the namespace',
      { opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid: 1, cdw10: NAMESPACE_MANAGEMENT_DELETE },
    ],
    ['Sanitize', { opcode: ADMIN_SANITIZE, cdw10: SANITIZE_ACTION_BLOCK_ERASE }],
  ])('admin commands too: %s', (_, command) => {
    const [holder, registrant, stranger] = hostsOf(3);
    holder.register(10);
    registrant.register(20);
    holder.acquire(10, WERO);
    expect(stranger.host.run(command)).toMatchObject({ code: CONFLICT, dnr: true });
    expect(registrant.host.run(command).code).toBe(0);
  });

  it('detaching too, but not looking at it', () => {
    const [holder, stranger] = hostsOf(2);
    holder.register(10);
    holder.acquire(10, EA);
    expect(attach(stranger.host, 1, [1], NAMESPACE_ATTACHMENT_DETACH)).toMatchObject({ code: CONFLICT, dnr: true });
    const identify = { ...buffer(stranger.host, 4096).fields, opcode: ADMIN_IDENTIFY, nsid: 1 };
    expect(stranger.host.run(identify).code).toBe(0);
  });

  it('at every controller of the same host, and not at a controller of nobody', () => {
    const shared = new SharedSubsystem(3, {
      namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 4096 }), shared: true }],
    });
    sayWho(shared.hosts[0], 7);
    sayWho(shared.hosts[1], 7);
    const [a, b, nobody] = shared.hosts.map((host) => new ReservingHost(host));
    a.register(10);
    a.acquire(10, EA);
    expect([a.io(NVM_FLUSH), b.io(NVM_FLUSH), nobody.io(NVM_FLUSH)]).toEqual([0, 0, CONFLICT]);
    expect(b.release(10, EA).code).toBe(0);
    expect(nobody.io(NVM_FLUSH)).toBe(0);
  });

  it('outlives a controller reset, after which the host has to say again who it is', () => {
    const [holder, other] = hostsOf(2);
    holder.register(10);
    holder.acquire(10, WE);
    resetController(holder.host);
    const again = new ReservingHost(holder.host);
    expect([again.io(NVM_WRITE), other.io(NVM_WRITE)]).toEqual([CONFLICT, CONFLICT]);
    sayWho(again.host, 1);
    expect([again.io(NVM_WRITE), other.io(NVM_WRITE)]).toEqual([0, CONFLICT]);
  });

  it('holds for a namespace that is attached later', () => {
    const [holder, other] = hostsOf(2);
    holder.register(10);
    holder.acquire(10, EA);
    attach(holder.host, 1, [2], NAMESPACE_ATTACHMENT_DETACH);
    attach(holder.host, 1, [2]);
    expect(other.io(NVM_READ)).toBe(CONFLICT);
  });
});

describe('registering', () => {
  it('makes a registrant; the same key again is fine, another one conflicts', () => {
    const [a, b] = hostsOf(2);
    expect([a.register(10).code, a.register(10).code, a.register(11).code]).toEqual([0, 0, CONFLICT]);
    // Keys of different hosts may be the same, and zero is one like any other.
    expect(b.register(10).code).toBe(0);
    expect(a.report().registrants).toMatchObject([
      { cntlid: 1, holds: false, rkey: 10n, hostid: '0100000000000000' },
      { cntlid: 2, holds: false, rkey: 10n, hostid: '0200000000000000' },
    ]);
  });

  it('replaces the key, if the current one is given or ignored', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    expect(a.register(11, RESERVATION_REPLACE_KEY, 99).code).toBe(CONFLICT);
    expect(a.register(11, RESERVATION_REPLACE_KEY, 10).code).toBe(0);
    expect(a.register(12, RESERVATION_REPLACE_KEY, 99, IEKEY).code).toBe(0);
    expect(a.report().registrants[0].rkey).toBe(12n);
    expect(b.register(20, RESERVATION_REPLACE_KEY, 0).code).toBe(CONFLICT);
    expect(b.register(20, RESERVATION_REPLACE_KEY, 0, IEKEY).code).toBe(0);
    expect(a.report().registrants).toHaveLength(2);
  });

  it('ends with the key, or with any', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    expect(a.register(0, RESERVATION_UNREGISTER_KEY, 11).code).toBe(CONFLICT);
    expect(a.register(0, RESERVATION_UNREGISTER_KEY, 10).code).toBe(0);
    expect(a.register(0, RESERVATION_UNREGISTER_KEY, 10).code).toBe(CONFLICT);
    expect(b.register(0, RESERVATION_UNREGISTER_KEY, 99, IEKEY).code).toBe(0);
    expect(b.register(0, RESERVATION_UNREGISTER_KEY, 99, IEKEY).code).toBe(CONFLICT);
    expect(a.report().registrants).toEqual([]);
  });

  it.each([WE, EA, WERO, EARO])('ends the reservation of its holder (type %i)', (type) => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    a.acquire(10, type);
    a.register(0, RESERVATION_UNREGISTER_KEY, 10);
    expect(b.report()).toMatchObject({ type: RESERVATION_TYPE_NONE, registrants: [{ rkey: 20n, holds: false }] });
  });

  it.each([WEAR, EAAR])('ends the reservation of all registrants with the last one (type %i)', (type) => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    a.acquire(10, type);
    a.register(0, RESERVATION_UNREGISTER_KEY, 10);
    expect(a.report()).toMatchObject({ type, registrants: [{ rkey: 20n, holds: true }] });
    b.register(0, RESERVATION_UNREGISTER_KEY, 20);
    expect(a.report().type).toBe(RESERVATION_TYPE_NONE);
  });

  it('changes whether it all outlives a loss of power', () => {
    const [a] = hostsOf(1);
    const isPersistent = (): boolean => a.report().persistent;
    const change = (value: number): number => RESERVATION_REGISTER_CDW10.CPTPL.set(0, value);
    a.register(10, 0, 0, change(3));
    expect(isPersistent()).toBe(true);
    a.register(10);
    expect(isPersistent()).toBe(true);
    a.register(10, 0, 0, change(2));
    expect(isPersistent()).toBe(false);
    expect(a.register(10, 0, 0, change(1)).code).toBe(STATUS_INVALID_FIELD);
  });
});

describe('acquiring and releasing', () => {
  it('is for registrants with their key', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    expect([a.acquire(11, WE).code, b.acquire(10, WE).code, b.release(10, WE).code]).toEqual([
      CONFLICT,
      CONFLICT,
      CONFLICT,
    ]);
    expect(a.acquire(10, WE).code).toBe(0);
    expect(a.release(11, WE).code).toBe(CONFLICT);
    expect(a.report()).toMatchObject({ type: WE, registrants: [{ holds: true }] });
  });

  it('is for one at a time; the holder may ask again for the same type', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    a.acquire(10, WERO);
    expect([a.acquire(10, WERO).code, a.acquire(10, WE).code, b.acquire(20, WERO).code]).toEqual([
      0,
      CONFLICT,
      CONFLICT,
    ]);
  });

  it('of a reservation of all registrants: each one holds it, and may release it', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    a.acquire(10, WEAR);
    expect(b.acquire(20, WEAR).code).toBe(0);
    expect(a.report().registrants.map((each) => each.holds)).toEqual([true, true]);
    expect(b.release(20, WEAR).code).toBe(0);
    expect(a.report().type).toBe(RESERVATION_TYPE_NONE);
  });

  it('is to no effect when nothing is held, or by another one', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    expect(a.release(10, WE).code).toBe(0);
    a.acquire(10, WE);
    expect(b.release(20, EA).code).toBe(0);
    expect(a.report().type).toBe(WE);
    // The holder has to know what it holds.
    expect(a.release(10, EA)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });

  it('clearing forgets everybody', () => {
    const [a, b, c] = hostsOf(3);
    a.register(10);
    b.register(20);
    a.acquire(10, EA);
    expect(c.release(0, 0, RESERVATION_CLEAR).code).toBe(CONFLICT);
    expect(b.release(20, 0, RESERVATION_CLEAR).code).toBe(0);
    expect(c.report()).toMatchObject({ type: RESERVATION_TYPE_NONE, registrants: [] });
    expect(c.io(NVM_WRITE)).toBe(0);
  });
});

describe('preempting', () => {
  it('the holder takes its reservation over, and unregisters everybody with its key', () => {
    const [a, b, c, d] = hostsOf(4);
    for (const host of [a, c]) host.register(10);
    b.register(20);
    d.register(40);
    a.acquire(10, WE);
    expect(b.preempt(20, 10, EARO).code).toBe(0);
    expect(b.report()).toMatchObject({ type: EARO, registrants: [{ rkey: 20n, holds: true }, { rkey: 40n }] });
  });

  it('a registrant that holds nothing only unregisters it', () => {
    const [a, b, c] = hostsOf(3);
    a.register(10);
    b.register(20);
    c.register(30);
    a.acquire(10, WE);
    expect(b.preempt(20, 30, EA).code).toBe(0);
    expect(b.report()).toMatchObject({ type: WE, registrants: [{ rkey: 10n, holds: true }, { rkey: 20n }] });
    // A key that nobody has is no mistake, and zero is.
    expect(b.preempt(20, 77, EA).code).toBe(0);
    expect(b.preempt(20, 0, EA)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });

  it('oneself changes the type', () => {
    const [a] = hostsOf(1);
    a.register(10);
    a.acquire(10, WE);
    expect(a.preempt(10, 10, EA).code).toBe(0);
    expect(a.report()).toMatchObject({ type: EA, registrants: [{ rkey: 10n, holds: true }] });
  });

  it('all registrants, who hold the reservation together, is done with a key of zero', () => {
    const [a, b, c] = hostsOf(3);
    a.register(10);
    b.register(20);
    c.register(30);
    a.acquire(10, EAAR);
    expect(b.preempt(20, 77, WE).code).toBe(CONFLICT);
    expect(b.preempt(20, 10, WE).code).toBe(0);
    expect(b.report()).toMatchObject({ type: EAAR, registrants: [{ rkey: 20n }, { rkey: 30n }] });
    expect(b.preempt(20, 0, WE).code).toBe(0);
    expect(b.report()).toMatchObject({ type: WE, registrants: [{ rkey: 20n, holds: true }] });
  });

  it('without a reservation unregisters, and creates none', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    expect(a.preempt(10, 20, EA).code).toBe(0);
    expect(a.report()).toMatchObject({ type: RESERVATION_TYPE_NONE, registrants: [{ rkey: 10n }] });
  });

  it('is for registrants with their key', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    a.acquire(10, WE);
    expect(b.preempt(0, 10, WE).code).toBe(CONFLICT);
    b.register(20);
    expect(b.preempt(21, 10, WE).code).toBe(CONFLICT);
    expect(a.report()).toMatchObject({ type: WE, registrants: [{ holds: true }, { holds: false }] });
  });

  it('and aborting ends what those who were preempted have in flight, before it completes', () => {
    const medium: Medium = Object.assign(new RamMedium({ bytes: 65_536 }), { dueNs: () => 1e12 });
    const [a, b, c] = hostsOf(3, medium);
    a.register(10);
    b.register(20);
    c.register(30);
    a.acquire(10, WERO);
    for (const host of [a, c]) {
      host.queue.push({ ...buffer(host.host, 512).fields, opcode: NVM_READ, cid: 5, nsid: 1 });
      host.queue.ring();
      host.host.settle();
    }
    expect(b.preempt(20, 10, WERO, RESERVATION_PREEMPT_AND_ABORT).code).toBe(0);
    a.host.settle();
    expect(a.queue.completions.drain()).toMatchObject([{ cid: 5, code: STATUS_ABORTED_PREEMPT }]);
    // Who was not preempted goes on.
    c.host.settle();
    expect(c.queue.completions.drain()).toEqual([]);
  });
});
