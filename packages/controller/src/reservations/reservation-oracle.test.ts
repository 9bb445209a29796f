import {
  RESERVATION_CLEAR,
  RESERVATION_REGISTER_CDW10,
  RESERVATION_REGISTER_KEY,
  RESERVATION_REPLACE_KEY,
  RESERVATION_UNREGISTER_KEY,
  NVM_READ,
  NVM_WRITE,
  STATUS_INVALID_FIELD,
  STATUS_RESERVATION_CONFLICT,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReservingHost, reservingHosts } from '../../test-support/reservation-calls.js';
import { RamMedium } from '../media/ram-medium.js';

const IEKEY = RESERVATION_REGISTER_CDW10.IEKEY.set(0, 1);
const HOSTS = 3;
const OK = 0;
const CONFLICT = STATUS_RESERVATION_CONFLICT;

/** Something that a host does. */
interface Step {
  readonly act: 'register' | 'unregister' | 'replace' | 'acquire' | 'preempt' | 'release' | 'clear';
  readonly who: number;
  /** the key that it says it has */
  readonly key: number;
  /** the new key, or the key to preempt */
  readonly other: number;
  readonly type: number;
  readonly isIgnored: boolean;
}

/**
 * [Base] 8.1.22 said again, as plainly as it can be: keys by host, -1 for none, and who holds what. What All Registrants means is worked
 * out from the type each time.
 */
class Oracle {
  readonly keys: number[] = Array<number>(HOSTS).fill(-1);
  holder = -1;
  type = 0;

  get isForAll(): boolean {
    return this.type === 5 || this.type === 6;
  }

  holds(who: number): boolean {
    if (this.type === 0) return false;
    return this.isForAll ? this.keys[who] !== -1 : this.holder === who;
  }

  do(step: Step): number {
    const { act, who, key, other, type, isIgnored } = step;
    const mine = this.keys[who];
    if (act === 'register') {
      if (mine !== -1 && mine !== other) return CONFLICT;
      this.keys[who] = other;
      return OK;
    }
    if (act === 'replace') {
      if (!isIgnored && mine !== key) return CONFLICT;
      this.keys[who] = other;
      return OK;
    }
    if (act === 'unregister') {
      if (mine === -1 || (!isIgnored && mine !== key)) return CONFLICT;
      this.drop([who]);
      return OK;
    }
    if (mine === -1 || mine !== key) return CONFLICT;
    if (act === 'clear') {
      this.keys.fill(-1);
      this.free();
      return OK;
    }
    if (act === 'release') return this.release(who, type);
    return act === 'acquire' ? this.acquire(who, type) : this.preempt(who, other, type);
  }

  private release(who: number, type: number): number {
    if (!this.holds(who)) return OK;
    if (this.type !== type) return STATUS_INVALID_FIELD;
    this.free();
    return OK;
  }

  private acquire(who: number, type: number): number {
    if (this.type === 0) {
      this.take(who, type);
      return OK;
    }
    return this.holds(who) && this.type === type ? OK : CONFLICT;
  }

  private preempt(who: number, key: number, type: number): number {
    const matching = this.keys.flatMap((each, i) => (each === key ? [i] : []));
    if (this.type === 0) {
      this.drop(matching);
      return OK;
    }
    if (this.isForAll) {
      if (key === 0) {
        this.keys.forEach((_, i) => i !== who && (this.keys[i] = -1));
        this.take(who, type);
        return OK;
      }
      if (matching.length === 0) return CONFLICT;
      this.drop(matching);
      return OK;
    }
    if (this.keys[this.holder] === key) {
      for (const i of matching) if (i !== who) this.keys[i] = -1;
      this.take(who, type);
      return OK;
    }
    if (key === 0) return STATUS_INVALID_FIELD;
    this.drop(matching);
    return OK;
  }

  private drop(hosts: readonly number[]): void {
    for (const i of hosts) this.keys[i] = -1;
    const isLost = this.isForAll ? this.keys.every((key) => key === -1) : hosts.includes(this.holder);
    if (isLost) this.free();
  }

  private take(who: number, type: number): void {
    this.type = type;
    this.holder = who;
  }

  private free(): void {
    this.type = 0;
    this.holder = -1;
  }
}

function run(host: ReservingHost, { act, key, other, type, isIgnored }: Step): number {
  const flags = isIgnored ? IEKEY : 0;
  switch (act) {
    case 'register':
      return host.register(other, RESERVATION_REGISTER_KEY, key, flags).code;
    case 'unregister':
      return host.register(other, RESERVATION_UNREGISTER_KEY, key, flags).code;
    case 'replace':
      return host.register(other, RESERVATION_REPLACE_KEY, key, flags).code;
    case 'acquire':
      return host.acquire(key, type).code;
    case 'preempt':
      return host.preempt(key, other, type).code;
    case 'release':
      return host.release(key, type).code;
    case 'clear':
      return host.release(key, type, RESERVATION_CLEAR).code;
  }
}

/** What a host may do, worked out from the words of the table: [Base] figure 646. */
function mayDo(oracle: Oracle, who: number, isWrite: boolean): boolean {
  const { type } = oracle;
  if (type === 0 || oracle.holds(who)) return true;
  const isRegistrant = oracle.keys[who] !== -1;
  if (type >= 3 && isRegistrant) return true;
  const isWriteExclusive = type === 1 || type === 3 || type === 5;
  return isWriteExclusive && !isWrite;
}

const key = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('register', 'register', 'unregister', 'replace', 'acquire', 'preempt', 'release', 'clear'),
  who: fc.nat(HOSTS - 1),
  key,
  other: key,
  type: fc.integer({ min: 1, max: 6 }),
  isIgnored: fc.boolean(),
});

describe('reservations', () => {
  it('are what the words of the specification say, whatever hosts do', () => {
    const { hosts, shared } = reservingHosts(HOSTS, { namespaces: [] });
    const nsid = 1;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const [first] = shared.hosts;
        const former = shared.subsystem.find(nsid);
        if (former !== undefined) shared.subsystem.remove(former);
        first.controller.attach({ nsid, medium: new RamMedium({ bytes: 4096 }), shared: true });
        for (let cntlid = 2; cntlid <= HOSTS; cntlid++) shared.subsystem.attach(nsid, cntlid);
        const oracle = new Oracle();
        for (const each of steps) {
          expect([each, run(hosts[each.who], each)]).toEqual([each, oracle.do(each)]);
          const { type, registrants } = hosts[0].report();
          const keys = Array<number>(HOSTS).fill(-1);
          const holders: number[] = [];
          for (const { hostid, rkey, holds } of registrants) {
            const who = Number(hostid.slice(0, 2)) - 1;
            keys[who] = Number(rkey);
            if (holds) holders.push(who);
          }
          expect([each, type, keys]).toEqual([each, oracle.type, oracle.keys]);
          expect([each, holders.sort()]).toEqual([each, [0, 1, 2].filter((who) => oracle.holds(who))]);
        }
        hosts.forEach((host, who) => {
          expect([who, host.io(NVM_READ) === 0]).toEqual([who, mayDo(oracle, who, false)]);
          expect([who, host.io(NVM_WRITE) === 0]).toEqual([who, mayDo(oracle, who, true)]);
        });
      }),
      { numRuns: 150 },
    );
  });
});
