import {
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER,
  ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE,
  ASYNC_EVENT_RESULT,
  FEATURE_ARBITRATION,
  LOG_ERROR_INFORMATION,
  NVM_FLUSH,
  NVM_READ,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../test-support/raw-host.js';
import { DOORBELL_SCAN_TURNS } from './limits.js';

const FLUSH = { opcode: NVM_FLUSH, nsid: 1 };

describe('rings', () => {
  it.each([
    [2, 2],
    [2, 64],
    [64, 2],
    [3, 5],
    [7, 4],
    [256, 1024],
    [1000, 33],
  ])('of %i and %i entries keep order, phase and head over many laps', (entries, completionEntries) => {
    const host = new RawHost({ mqesEntries: 1024 }).enable();
    const queue = host.createPair(1, entries, completionEntries);
    let sent = 0;
    let received = 0;
    let submitted = 0;
    const laps = 5 * Math.max(entries, completionEntries);
    while (received < laps) {
      // As many as the submission ring takes: what the completion ring cannot hold waits.
      for (let i = 0; i < entries - 1 && submitted - received < entries - 1; i++) {
        queue.push({ ...FLUSH, cid: sent++ & 0xffff });
        submitted++;
      }
      queue.ring();
      host.settle();
      for (const completion of queue.completions.drain()) {
        expect(completion).toMatchObject({
          cid: received & 0xffff,
          code: 0,
          sqId: 1,
          sqHead: (received + 1) % entries,
        });
        expect(completion.phase).toBe(1 ^ (Math.floor(received / completionEntries) & 1));
        received++;
      }
    }
  });

  it('a full completion queue stops the fetching, and a freed slot resumes it', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1, 64, 4);
    for (let cid = 0; cid < 10; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    const cids: number[] = [];
    const take = (count: number): void => {
      for (let i = 0; i < count; i++) cids.push(queue.completions.poll()!.cid);
    };
    take(3);
    expect(queue.completions.poll()).toBeUndefined();
    queue.completions.ring();
    host.settle();
    take(1);
    queue.completions.ring();
    host.settle();
    take(3);
    expect(queue.completions.poll()).toBeUndefined();
    queue.completions.ring();
    host.settle();
    take(3);
    expect(cids).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('many submission queues share a completion queue that is smaller than what they hold', () => {
    const host = new RawHost().enable();
    const first = host.createPair(1, 32, 8);
    const queues = [first, ...[2, 3, 4].map((id) => host.createSubmission(id, 32, first.completions))];
    for (const queue of queues) {
      for (let cid = 0; cid < 30; cid++) queue.push({ ...FLUSH, cid });
      queue.ring();
    }
    const next = new Map<number, number>();
    for (let received = 0; received < 120;) {
      host.settle();
      const all = first.completions.drain();
      expect(all.length).toBeGreaterThan(0);
      for (const { sqId, cid, sqHead } of all) {
        expect(cid).toBe(next.get(sqId) ?? 0);
        expect(sqHead).toBe(cid + 1);
        next.set(sqId, cid + 1);
        received++;
      }
    }
    expect([...next.values()]).toEqual([30, 30, 30, 30]);
  });

  it('an arbitration burst of one takes one command of each queue in turn', () => {
    const host = new RawHost().enable();
    expect(host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ARBITRATION, cdw11: 0 }).code).toBe(0);
    const first = host.createPair(1);
    const queues = [
      first,
      host.createSubmission(2, 64, first.completions),
      host.createSubmission(3, 64, first.completions),
    ];
    for (const queue of queues) {
      for (let cid = 0; cid < 4; cid++) queue.push({ ...FLUSH, cid });
      queue.ring();
    }
    host.settle();
    expect(first.completions.drain().map((each) => each.sqId)).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it('a deleted queue can be created again and starts from the beginning', () => {
    const host = new RawHost().enable();
    for (let round = 0; round < 5; round++) {
      const queue = host.createPair(1, 8, 8);
      for (let i = 0; i < 11; i++) expect(queue.execute({ ...FLUSH, cid: i })).toMatchObject({ code: 0, cid: i });
      queue.push(FLUSH);
      queue.ring();
      expect(host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }).code).toBe(0);
      expect(host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }).code).toBe(0);
    }
  });

  it('a batch is published whole: no entry after the first is visible before it', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1, 64, 64);
    for (let cid = 0; cid < 20; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual(Array.from({ length: 20 }, (_, cid) => cid));
  });
});

describe('a full admin completion queue', () => {
  it('stops the admin queue until a slot is free', () => {
    const host = new RawHost().enable(16, 3);
    for (let cid = 0; cid < 6; cid++) host.admin.push({ opcode: ADMIN_GET_FEATURES, cid, cdw10: FEATURE_ARBITRATION });
    host.admin.ring();
    const cids: number[] = [];
    for (let round = 0; round < 3; round++) {
      host.settle();
      const all = host.admin.completions.drain();
      expect(all).toHaveLength(2);
      cids.push(...all.map((each) => each.cid));
    }
    expect(cids).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('a queue that was deleted', () => {
  it('leaves no doorbell behind: neither a fault nor a head for the next one', () => {
    const host = new RawHost().enable();
    const before = host.createPair(1, 16, 8);
    for (let i = 0; i < 11; i++) before.execute(FLUSH);
    host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 });
    host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 });
    idle(host);
    expect(host.controller.doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
    const queue = host.createPair(1, 16, 8);
    for (let cid = 0; cid < 12; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    expect(host.controller.doorbellFaults.invalidValues).toBe(0);
    expect([...Array(7).keys()].map(() => queue.completions.poll()!.cid)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(queue.completions.poll()).toBeUndefined();
  });
});

describe('messages', () => {
  it('are sent once per batch on the vector of the queue, and only if it asked for them', () => {
    const host = new RawHost().enable();
    const loud = host.createPair(1, 64, 64, 5);
    const quiet = host.createPair(2, 64, 64);
    const before = host.function.vectors.received(0);
    for (const queue of [loud, quiet]) {
      for (let cid = 0; cid < 8; cid++) queue.push({ ...FLUSH, cid });
      queue.ring();
    }
    host.settle();
    expect(host.function.vectors.received(5)).toBe(1);
    expect(host.function.vectors.received(2)).toBe(0);
    expect(host.function.vectors.received(0)).toBe(before);
    host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION });
    expect(host.function.vectors.received(0)).toBe(before + 1);
  });

  it('are not sent while a full queue waits', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1, 64, 4, 6);
    for (let cid = 0; cid < 9; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    host.settle();
    expect(host.function.vectors.received(6)).toBe(1);
  });

  it('wait while the vector is masked', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1, 64, 64, 3);
    host.function.vectors.setMasked(3, true);
    queue.execute(FLUSH);
    queue.execute(FLUSH);
    expect(host.function.vectors.received(3)).toBe(0);
    host.function.vectors.setMasked(3, false);
    expect(host.function.vectors.received(3)).toBe(1);
  });
});

/** Lets the controller be idle for long enough that it looks at doorbells it does not expect. */
function idle(host: RawHost): void {
  for (let i = 0; i <= 2 * DOORBELL_SCAN_TURNS; i++) host.controller.step();
}

function event(host: RawHost): { type: number; information: number; page: number } | undefined {
  const completion = host.admin.completions.poll();
  if (completion === undefined) return undefined;
  host.admin.completions.ring();
  const { result } = completion;
  return {
    type: ASYNC_EVENT_RESULT.AET.get(result),
    information: ASYNC_EVENT_RESULT.AEI.get(result),
    page: ASYNC_EVENT_RESULT.LID.get(result),
  };
}

function listening(): RawHost {
  const host = new RawHost().enable();
  host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid: 500 });
  host.admin.ring();
  host.settle();
  return host;
}

describe('doorbells that no host should write', () => {
  const VALUE = { type: 0, information: ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE, page: LOG_ERROR_INFORMATION };
  const REGISTER = { type: 0, information: ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER, page: LOG_ERROR_INFORMATION };

  it.each([
    ['the size of the queue', 16],
    ['one more', 17],
    ['FFFFh', 0xffff],
  ])('a tail of %s is ignored, reported once, and the next good one works', (_, tail) => {
    const host = listening();
    const queue = host.createPair(1, 16);
    queue.push({ ...FLUSH, cid: 9 });
    queue.ring(tail);
    host.settle();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    expect(event(host)).toEqual(VALUE);
    expect(event(host)).toBeUndefined();
    expect(host.controller.doorbellFaults.invalidValues).toBe(1);
    queue.ring();
    host.settle();
    expect(queue.completions.poll()?.cid).toBe(9);
  });

  it('bits 31:16 of a tail do not count', () => {
    const host = listening();
    const queue = host.createPair(1, 16);
    queue.push({ ...FLUSH, cid: 9 });
    queue.ring(0x7abc_0001);
    host.settle();
    expect(queue.completions.poll()?.cid).toBe(9);
    expect(event(host)).toBeUndefined();
  });

  it.each([
    ['the size of the queue', 4],
    ['FFFFh', 0xffff],
  ])('a head of %s is ignored and reported, and the next good one works', (_, head) => {
    const host = listening();
    const queue = host.createPair(1, 64, 4);
    for (let cid = 0; cid < 6; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    expect([1, 2, 3].map(() => queue.completions.poll()!.cid)).toEqual([0, 1, 2]);
    queue.completions.ring(head);
    host.settle();
    host.settle();
    expect(event(host)).toEqual(VALUE);
    expect(host.controller.doorbellFaults.invalidValues).toBe(1);
    expect(queue.completions.poll()).toBeUndefined();
    queue.completions.ring();
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([3, 4, 5]);
  });

  it('a head of the size of the queue is refused although so many entries were posted', () => {
    const host = listening();
    const queue = host.createPair(1, 64, 4);
    for (let cid = 0; cid < 9; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    expect([1, 2, 3].map(() => queue.completions.poll()!.cid)).toEqual([0, 1, 2]);
    queue.completions.ring(3);
    host.settle();
    // The device's head is 3 and three entries are posted beyond it: 4 would be one consumed, if 4 were a slot.
    expect(queue.completions.poll()!.cid).toBe(3);
    queue.completions.ring(4);
    host.settle();
    expect(event(host)).toEqual(VALUE);
    expect([1, 2].map(() => queue.completions.poll()!.cid)).toEqual([4, 5]);
    expect(queue.completions.poll()).toBeUndefined();
  });

  it('a head past the tail is refused: it would free slots that hold nothing', () => {
    const host = listening();
    const queue = host.createPair(1, 64, 8);
    for (let cid = 0; cid < 3; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    queue.completions.ring(5);
    for (let cid = 3; cid < 20; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    expect(event(host)).toEqual(VALUE);
    // Seven slots are all there is, and none of them was overwritten.
    expect([...Array(7).keys()].map(() => queue.completions.poll()!.cid)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(queue.completions.poll()).toBeUndefined();
    expect(host.controller.doorbellFaults.invalidValues).toBe(1);
    // The same number is a good head once it is one.
    queue.completions.ring(5);
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([7, 8, 9, 10, 11]);
  });

  it('of a queue that does not exist are reported and zeroed, submission and completion', () => {
    const host = listening();
    host.function.doorbells.ringSq(7, 1);
    idle(host);
    expect(event(host)).toEqual(REGISTER);
    expect(host.controller.doorbellFaults.strayWrites).toBe(1);
    idle(host);
    expect(host.controller.doorbellFaults.strayWrites).toBe(1);
    host.function.doorbells.ringCq(9, 3);
    idle(host);
    expect(host.controller.doorbellFaults.strayWrites).toBe(2);
    // Only then is the queue made, and it starts at zero.
    const queue = host.createPair(7);
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(host.page()), cid: 1 })).toMatchObject({
      cid: 1,
      code: 0,
    });
  });
});
