import {
  ADMIN_ABORT,
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_GET_FEATURES,
  ADMIN_IDENTIFY,
  FEATURE_ARBITRATION,
  IDCTRL_ACL,
  NVM_READ,
  STATUS_ABORT_LIMIT_EXCEEDED,
  STATUS_ABORT_REQUESTED,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { RawHost, type RawHostOptions } from '../../test-support/raw-host.js';
import type { FaultRule } from '../faults/fault-rule.js';
import { ABORTS_MAX } from '../limits.js';

const LATE_READS: FaultRule = { kind: 'late', opcode: NVM_READ, delayNs: 1000 };
const abortOf = (queueId: number, cid: number) => ({ opcode: ADMIN_ABORT, cdw10: (cid << 16) | queueId });

function started(rules: readonly FaultRule[], options: RawHostOptions = {}) {
  const host = new RawHost({ faults: { rules }, ...options }).enable();
  const queue = host.createPair(1);
  const read = (cid: number): void => {
    queue.push({ opcode: NVM_READ, nsid: 1, prp1: host.iova(host.page()), cid });
    queue.ring();
    host.settle();
  };
  return { host, queue, read };
}

describe('Abort of an I/O command', () => {
  it('in flight completes it at once and says so', () => {
    const { host, queue, read } = started([LATE_READS]);
    read(5);
    expect(host.run(abortOf(1, 5))).toMatchObject({ code: 0, result: 0 });
    expect(queue.completions.drain()).toMatchObject([
      { cid: 5, code: STATUS_ABORT_REQUESTED, dnr: false, more: false },
    ]);
    host.clock.advanceNs(5000);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
  });

  it('aborts no other, neither of another queue nor of another identifier', () => {
    const { host, queue, read } = started([LATE_READS]);
    const other = host.createPair(2);
    read(5);
    read(6);
    expect(host.run(abortOf(2, 5))).toMatchObject({ code: 0, result: 1 });
    expect(host.run(abortOf(1, 7))).toMatchObject({ code: 0, result: 1 });
    host.clock.advanceNs(1000);
    host.settle();
    expect(queue.completions.drain().map((each) => [each.cid, each.code])).toEqual([
      [5, 0],
      [6, 0],
    ]);
    expect(other.completions.poll()).toBeUndefined();
  });

  it('that is due already comes too late', () => {
    const { host, queue, read } = started([LATE_READS]);
    read(5);
    host.clock.advanceNs(1000);
    expect(host.run(abortOf(1, 5))).toMatchObject({ code: 0, result: 1 });
    expect(queue.completions.drain()).toMatchObject([{ cid: 5, code: 0 }]);
  });

  it('comes too late a second time', () => {
    const { host, read } = started([LATE_READS]);
    read(5);
    expect([host.run(abortOf(1, 5)).result, host.run(abortOf(1, 5)).result]).toEqual([0, 1]);
  });

  it('that still waits in its queue does not find it, and it is carried out', () => {
    const { host, queue } = started([]);
    queue.push({ opcode: NVM_READ, nsid: 1, prp1: host.iova(host.page()), cid: 5 });
    expect(host.run(abortOf(1, 5))).toMatchObject({ code: 0, result: 1 });
    queue.ring();
    host.settle();
    expect(queue.completions.drain()).toMatchObject([{ cid: 5, code: 0 }]);
  });

  it('that is lost does not find it', () => {
    const { host, queue, read } = started([{ kind: 'lost', opcode: NVM_READ }]);
    read(5);
    expect(host.run(abortOf(1, 5))).toMatchObject({ code: 0, result: 1 });
    expect(queue.completions.poll()).toBeUndefined();
  });

  it('gets a slot of its completion queue even when that is full', () => {
    const { host, read, queue } = started([LATE_READS]);
    for (let cid = 0; cid < 63; cid++) read(cid);
    read(63);
    expect(host.run(abortOf(1, 62))).toMatchObject({ result: 0 });
    expect(host.run(abortOf(1, 63))).toMatchObject({ result: 1 });
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([62]);
  });
});

describe('Abort of an admin command', () => {
  const lateFeatures: FaultRule = { kind: 'late', queue: 0, opcode: ADMIN_GET_FEATURES, delayNs: 1000 };

  it('in flight completes it before the Abort', () => {
    const { host } = started([lateFeatures]);
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 3 });
    host.admin.push({ ...abortOf(0, 3), cid: 4 });
    host.admin.ring();
    host.settle();
    expect(host.admin.completions.drain()).toMatchObject([
      { cid: 3, code: STATUS_ABORT_REQUESTED },
      { cid: 4, code: 0, result: 0 },
    ]);
  });

  it('that is itself does nothing', () => {
    const { host } = started([]);
    host.admin.push({ ...abortOf(0, 4), cid: 4 });
    host.admin.ring();
    host.settle();
    expect(host.admin.completions.drain()).toMatchObject([{ cid: 4, code: 0, result: 1 }]);
  });

  it('that waits for events completes it before the Abort', () => {
    const { host } = started([]);
    host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid: 3 });
    host.admin.push({ ...abortOf(0, 3), cid: 4 });
    host.admin.ring();
    host.settle();
    expect(host.admin.completions.drain()).toMatchObject([
      { cid: 3, code: STATUS_ABORT_REQUESTED },
      { cid: 4, code: 0, result: 0 },
    ]);
  });

  it('that waits for events is not at once when there is but one slot', () => {
    const host = new RawHost().enable(8, 2);
    host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid: 3 });
    host.admin.push({ ...abortOf(0, 3), cid: 4 });
    host.admin.ring();
    host.settle();
    expect(host.admin.completions.drain()).toMatchObject([{ cid: 4, code: 0, result: 1 }]);
    host.settle();
    expect(host.admin.completions.drain()).toMatchObject([{ cid: 3, code: STATUS_ABORT_REQUESTED }]);
  });
});

describe('Abort', () => {
  it.each([2, 9, 0xffff])('of a queue that does not exist (%i) is refused', (queueId) => {
    const { host } = started([]);
    expect(host.run(abortOf(queueId, 1))).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });

  it('is limited to as many at a time as Identify Controller says', () => {
    const { host } = started([{ kind: 'late', queue: 0, opcode: ADMIN_ABORT, delayNs: 1000 }]);
    const page = host.page();
    host.run({ opcode: ADMIN_IDENTIFY, cdw10: 1, prp1: host.iova(page) });
    expect(host.dma.bytes(page, 4096)[IDCTRL_ACL]).toBe(ABORTS_MAX - 1);
    for (let cid = 0; cid <= ABORTS_MAX; cid++) host.admin.push({ ...abortOf(1, 1), cid });
    host.admin.ring();
    host.settle();
    host.clock.advanceNs(1000);
    host.settle();
    const all = host.admin.completions.drain();
    expect(all.map((each) => each.code)).toEqual([0, 0, 0, 0, STATUS_ABORT_LIMIT_EXCEEDED]);
    expect(all[ABORTS_MAX]).toMatchObject({ cid: ABORTS_MAX, dnr: false });
  });
});
