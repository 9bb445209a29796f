import {
  ASYNC_EVENT_COMMAND_SET_RESERVATION,
  ASYNC_EVENT_TYPE_COMMAND_SET,
  decodeReservationLog,
  FEATURE_RESERVATION_NOTIFICATION_MASK,
  LOG_RESERVATION_NOTIFICATION,
  RESERVATION_CLEAR,
  RESERVATION_LOG_BYTES,
  RESERVATION_NOTIFICATION_EMPTY,
  RESERVATION_NOTIFICATION_PREEMPTED,
  RESERVATION_NOTIFICATION_REGISTRATION_PREEMPTED,
  RESERVATION_NOTIFICATION_RELEASED,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS,
  RESERVATION_TYPE_WRITE_EXCLUSIVE,
  RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL,
  RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS,
  RESERVATION_UNREGISTER_KEY,
  type ReservationLog,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { heard, listen, readLog, resetController, sayWho, setFeature } from '../../test-support/admin-calls.js';
import { ReservingHost, reservingHosts } from '../../test-support/reservation-calls.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { RESERVATION_NOTICES_MAX } from '../limits.js';
import { RamMedium } from '../media/ram-medium.js';
import type { NamespaceOptions } from '../namespace-options.js';

const WE = RESERVATION_TYPE_WRITE_EXCLUSIVE;
const EA = RESERVATION_TYPE_EXCLUSIVE_ACCESS;
const WERO = RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS;
const WEAR = RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL;
/** Bit 15 of dword 10: retain the event. */
const RETAIN = 1 << 15;

const fresh = (): NamespaceOptions[] => [{ nsid: 1, medium: new RamMedium({ bytes: 4096 }), shared: true }];
const hostsOf = (count: number): readonly ReservingHost[] => reservingHosts(count, { namespaces: fresh() }).hosts;
const log = (host: ReservingHost, flags = 0): ReservationLog =>
  decodeReservationLog(readLog(host.host, LOG_RESERVATION_NOTIFICATION, RESERVATION_LOG_BYTES, 0, flags));
/** What every host is told, one after the other. */
const toldTo = (hosts: readonly ReservingHost[]): number[][] =>
  hosts.map((host) => {
    const types: number[] = [];
    for (let entry = log(host); entry.type !== RESERVATION_NOTIFICATION_EMPTY; entry = log(host))
      types.push(entry.type);
    return types;
  });

/** Three registrants with the keys 10, 20 and 30, of whom the first one holds a reservation. */
function three(type: number): readonly ReservingHost[] {
  const hosts = hostsOf(3);
  hosts.forEach((host, i) => host.register(10 * (i + 1)));
  hosts[0].acquire(10, type);
  return hosts;
}

describe('registrants are told', () => {
  it.each([
    [WERO, [[], [RESERVATION_NOTIFICATION_RELEASED], [RESERVATION_NOTIFICATION_RELEASED]]],
    [WEAR, [[], [RESERVATION_NOTIFICATION_RELEASED], [RESERVATION_NOTIFICATION_RELEASED]]],
    [WE, [[], [], []]],
    [EA, [[], [], []]],
  ])('that a reservation of type %i was released', (type, expected) => {
    const hosts = three(type);
    hosts[0].release(10, type);
    expect(toldTo(hosts)).toEqual(expected);
  });

  it.each([
    [WERO, [[], [RESERVATION_NOTIFICATION_RELEASED], [RESERVATION_NOTIFICATION_RELEASED]]],
    [WE, [[], [], []]],
    // The others go on holding it.
    [WEAR, [[], [], []]],
  ])('that a reservation of type %i ended with its holder', (type, expected) => {
    const hosts = three(type);
    hosts[0].register(0, RESERVATION_UNREGISTER_KEY, 10);
    expect(toldTo(hosts)).toEqual(expected);
  });

  it('that everything was cleared', () => {
    const hosts = three(WE);
    hosts[1].release(20, 0, RESERVATION_CLEAR);
    expect(toldTo(hosts)).toEqual([[RESERVATION_NOTIFICATION_PREEMPTED], [], [RESERVATION_NOTIFICATION_PREEMPTED]]);
  });

  it('that their registration was preempted, and those who remain that the type has changed', () => {
    const hosts = three(WE);
    hosts[1].preempt(20, 10, EA);
    expect(toldTo(hosts)).toEqual([
      [RESERVATION_NOTIFICATION_REGISTRATION_PREEMPTED],
      [],
      [RESERVATION_NOTIFICATION_RELEASED],
    ]);
  });

  it('nothing of the type when it stays the same', () => {
    const hosts = three(WE);
    hosts[1].preempt(20, 10, WE);
    expect(toldTo(hosts)).toEqual([[RESERVATION_NOTIFICATION_REGISTRATION_PREEMPTED], [], []]);
  });

  it('at each of their controllers, and hosts that are none are not told', () => {
    const shared = new SharedSubsystem(4, { namespaces: fresh() });
    [1, 2, 2, 3].forEach((id, i) => sayWho(shared.hosts[i], id));
    const hosts = shared.hosts.map((host) => new ReservingHost(host));
    hosts[0].register(10);
    hosts[1].register(20);
    hosts[0].acquire(10, WERO);
    hosts[0].release(10, WERO);
    expect(toldTo(hosts)).toEqual([[], [RESERVATION_NOTIFICATION_RELEASED], [RESERVATION_NOTIFICATION_RELEASED], []]);
  });
});

describe('a reservation notification', () => {
  it('raises an event, once until the log is read', () => {
    const [a, b] = hostsOf(2);
    a.register(10);
    b.register(20);
    listen(b.host, 1, 2);
    for (let i = 0; i < 2; i++) {
      a.acquire(10, WERO);
      a.release(10, WERO);
    }
    const event = {
      type: ASYNC_EVENT_TYPE_COMMAND_SET,
      information: ASYNC_EVENT_COMMAND_SET_RESERVATION,
      page: LOG_RESERVATION_NOTIFICATION,
    };
    expect(heard(b.host)).toEqual([{ cid: 1, ...event }]);
    expect(log(b)).toEqual({ lpc: 1, type: RESERVATION_NOTIFICATION_RELEASED, waiting: 1, nsid: 1 });
    expect(log(b)).toEqual({ lpc: 2, type: RESERVATION_NOTIFICATION_RELEASED, waiting: 0, nsid: 1 });
    expect(log(b)).toEqual({ lpc: 0, type: RESERVATION_NOTIFICATION_EMPTY, waiting: 0, nsid: 0 });
    a.acquire(10, WERO);
    a.release(10, WERO);
    expect(heard(b.host)).toEqual([{ cid: 2, ...event }]);
  });

  it('can be masked, kind by kind, and then is not in the log either', () => {
    const hosts = three(WERO);
    // Bit 2: reservation released.
    setFeature(hosts[1].host, FEATURE_RESERVATION_NOTIFICATION_MASK, 1 << 2, { nsid: 1 });
    listen(hosts[1].host, 1);
    hosts[0].release(10, WERO);
    expect(heard(hosts[1].host)).toEqual([]);
    expect(log(hosts[1]).type).toBe(RESERVATION_NOTIFICATION_EMPTY);
    hosts[0].preempt(10, 20, WE);
    expect(heard(hosts[1].host)).toHaveLength(1);
    expect(log(hosts[1]).type).toBe(RESERVATION_NOTIFICATION_REGISTRATION_PREEMPTED);
  });

  it('that finds no room is counted', () => {
    const hosts = three(WERO);
    for (let i = 0; i < RESERVATION_NOTICES_MAX + 3; i++) {
      hosts[0].release(10, WERO);
      hosts[0].acquire(10, WERO);
    }
    const counts: (number | bigint)[] = [];
    for (let entry = log(hosts[1]); entry.lpc !== 0; entry = log(hosts[1])) counts.push(entry.lpc);
    expect(counts).toHaveLength(RESERVATION_NOTICES_MAX);
    expect(counts.at(-1)).toBe(RESERVATION_NOTICES_MAX + 3);
  });

  it('is forgotten by a controller reset, and the count begins anew', () => {
    const hosts = three(WERO);
    hosts[0].release(10, WERO);
    resetController(hosts[1].host);
    expect(log(hosts[1]).lpc).toBe(0);
    sayWho(hosts[1].host, 2);
    hosts[0].acquire(10, WERO);
    hosts[0].release(10, WERO);
    expect(log(hosts[1]).lpc).toBe(1);
  });

  it('is taken out of the log by reading it, even when the event is retained', () => {
    const hosts = three(WERO);
    hosts[0].release(10, WERO);
    expect(log(hosts[1], RETAIN).lpc).toBe(1);
    expect(log(hosts[1]).lpc).toBe(0);
  });
});
