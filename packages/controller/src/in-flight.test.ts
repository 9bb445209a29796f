import { ManualClock } from '@phasebit/core';
import { STATUS_ABORT_REQUESTED, STATUS_ABORTED_SQ_DELETION } from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompletionQueue } from './completion-queue.js';
import { InFlight } from './in-flight.js';
import type { SubmissionQueue } from './submission-queue.js';

interface Posted {
  readonly queue: number;
  readonly cid: number;
  readonly status: number;
}

/** Stands in for a completion queue: writes down what is posted, and counts its slots. */
class Slots {
  reserved = 0;
  free: number;
  published = 0;

  constructor(
    readonly posted: Posted[],
    entries: number,
  ) {
    this.free = entries - 1;
  }

  room(wanted: number): number {
    return Math.min(this.free, wanted);
  }

  reserve(): void {
    this.free--;
    this.reserved++;
  }

  postReserved(result: number, dw2: number, cid: number, status: number): void {
    this.free++;
    this.reserved--;
    this.post(result, dw2, cid, status);
  }

  post(_result: number, dw2: number, cid: number, status: number): void {
    expect(this.free).toBeGreaterThan(0);
    this.free--;
    this.posted.push({ queue: dw2 >>> 16, cid, status });
  }

  hurry(): void {}

  publish(): void {
    this.published = this.posted.length;
  }
}

function rig(entries = 1000, commands = 1000) {
  const clock = new ManualClock();
  const posted: Posted[] = [];
  const inFlight = new InFlight(clock, commands);
  const queues = [1, 2].map((id) => {
    const slots = new Slots(posted, entries);
    return {
      id,
      head: 0,
      slots,
      completionQueue: slots as unknown as CompletionQueue,
    } as unknown as SubmissionQueue & {
      slots: Slots;
    };
  });
  const park = (queue: SubmissionQueue, cid: number, dueNs: number, status = 0): number => {
    inFlight.begin(dueNs);
    return inFlight.park(queue, (cid << 16) | 2, queue.id, status, cid);
  };
  return { clock, posted, inFlight, queues, park, cids: () => posted.map((each) => each.cid) };
}

describe('commands in flight', () => {
  it('complete when the clock is there, not before', () => {
    const { clock, inFlight, queues, park, cids } = rig();
    park(queues[0], 7, 100);
    clock.advanceNs(99);
    expect([inFlight.deliver(), cids()]).toEqual([0, []]);
    expect(inFlight.nextDueNs).toBe(100);
    clock.advanceNs(1);
    expect([inFlight.deliver(), cids()]).toEqual([1, [7]]);
    expect([inFlight.count, inFlight.nextDueNs]).toEqual([0, Infinity]);
  });

  it('due at the same time complete in the order in which they were parked, and are published', () => {
    const { clock, inFlight, queues, park, cids } = rig();
    [5, 3, 9, 1].forEach((cid) => park(queues[0], cid, 10));
    clock.advanceNs(10);
    inFlight.deliver();
    expect(cids()).toEqual([5, 3, 9, 1]);
    expect(queues[0].slots.published).toBe(4);
  });

  it('that wait for somebody do not look at the clock, and complete with what that one says', () => {
    const { inFlight, queues, park, posted } = rig();
    park(queues[0], 4, Infinity);
    expect(inFlight.deliver()).toBe(0);
    expect(inFlight.finish(queues[0], 4, 0x281, 0)).toBe(true);
    expect(posted).toEqual([{ queue: 1, cid: 4, status: 0x281 }]);
    expect(inFlight.finish(queues[0], 4, 0, 0)).toBe(false);
  });

  it('are aborted by queue and identifier', () => {
    const { inFlight, queues, park, posted } = rig();
    park(queues[0], 4, 10);
    park(queues[1], 4, 10);
    expect(inFlight.abort(queues[0], 5)).toBe(false);
    expect(inFlight.abort(queues[1], 4)).toBe(true);
    expect(posted).toEqual([{ queue: 2, cid: 4, status: STATUS_ABORT_REQUESTED }]);
    expect(queues[1].slots.published).toBe(1);
  });

  it('of a queue that is deleted complete at once, in the order of their submission; others stay', () => {
    const { inFlight, queues, park, posted } = rig();
    for (const [cid, due] of [
      [1, 50],
      [2, 10],
      [3, Infinity],
    ])
      park(queues[0], cid, due);
    park(queues[1], 9, 5);
    inFlight.abortQueue(queues[0]);
    expect(posted.map((each) => each.cid)).toEqual([1, 2, 3]);
    expect(posted.every((each) => each.status === STATUS_ABORTED_SQ_DELETION)).toBe(true);
    expect([inFlight.count, inFlight.nextDueNs]).toEqual([1, 5]);
  });

  it('are forgotten by a reset', () => {
    const { clock, inFlight, queues, park, posted } = rig();
    for (let cid = 0; cid < 10; cid++) inFlight.hold(park(queues[0], cid, 10), 1);
    inFlight.clear();
    clock.advanceNs(100);
    expect([inFlight.deliver(), inFlight.count, inFlight.free]).toEqual([0, 0, 1000]);
    inFlight.countCompletion(queues[0]);
    expect(posted).toEqual([]);
  });

  it('leave places to admin commands', () => {
    const { inFlight, queues, park } = rig(100, 3);
    for (let cid = 0; cid < 3; cid++) {
      expect(inFlight.free).toBe(3 - cid);
      park(queues[0], cid, 1);
    }
    expect([inFlight.free, inFlight.hasAdminRoom]).toEqual([0, true]);
    for (let cid = 0; cid < 16; cid++) park(queues[1], cid, 1);
    expect([inFlight.free, inFlight.hasAdminRoom]).toEqual([0, false]);
  });

  it('complete twice when they shall, if a slot is free for the second time', () => {
    for (const [entries, times] of [
      [3, 2],
      [2, 1],
    ]) {
      const { clock, inFlight, queues, park, cids } = rig(entries);
      inFlight.duplicate(park(queues[0], 6, 1));
      clock.advanceNs(1);
      inFlight.deliver();
      expect(cids()).toEqual(new Array(times).fill(6));
    }
  });

  it('complete once when somebody ends them', () => {
    const { inFlight, queues, park, cids } = rig();
    inFlight.duplicate(park(queues[0], 6, 1));
    inFlight.abort(queues[0], 6);
    expect(cids()).toEqual([6]);
  });

  it('to one namespace are aborted for all queues but the admin queue', () => {
    const { inFlight, queues, park, posted } = rig();
    const admin = { ...queues[1], id: 0 } as unknown as SubmissionQueue;
    for (const [cid, nsid] of [
      [1, 5],
      [2, 6],
      [3, 5],
    ])
      inFlight.park(queues[cid % 2], cid << 16, nsid, 0, 0);
    inFlight.park(admin, 4 << 16, 5, 0, 0);
    park(queues[0], 9, 100);
    inFlight.abortNamespace(5, 0x1b);
    expect(posted.map((each) => [each.cid, each.status])).toEqual([
      [1, 0x1b],
      [3, 0x1b],
    ]);
    expect(inFlight.count).toBe(3);
  });
});

describe('a command that is held', () => {
  it('completes when so many later ones of its queue have', () => {
    const { inFlight, queues, park, cids } = rig();
    inFlight.hold(park(queues[0], 1, 1000), 2);
    inFlight.countCompletion(queues[0]);
    inFlight.countCompletion(queues[1]);
    expect(cids()).toEqual([]);
    inFlight.countCompletion(queues[0]);
    expect(cids()).toEqual([1]);
  });

  it('does not count commands that came before it', () => {
    const { inFlight, queues, park, cids } = rig();
    park(queues[0], 1, 1000);
    inFlight.hold(park(queues[0], 2, 1000), 1);
    inFlight.abort(queues[0], 1);
    expect(cids()).toEqual([1]);
    park(queues[0], 3, 1000);
    inFlight.abort(queues[0], 3);
    expect(cids()).toEqual([1, 3, 2]);
  });

  it('completes at its time when nothing comes', () => {
    const { clock, inFlight, queues, park, cids } = rig();
    inFlight.hold(park(queues[0], 1, 1000), 2);
    clock.advanceNs(1000);
    inFlight.deliver();
    expect(cids()).toEqual([1]);
  });

  it('may wait for one that is held itself', () => {
    const { inFlight, queues, park, cids } = rig();
    inFlight.hold(park(queues[0], 1, 1000), 1);
    inFlight.hold(park(queues[0], 2, 1000), 1);
    inFlight.countCompletion(queues[0]);
    expect(cids()).toEqual([1, 2]);
  });
});

describe('the table', () => {
  interface Waiting {
    readonly queue: number;
    readonly cid: number;
    readonly due: number;
  }
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('park' as const), queue: fc.nat(1), due: fc.nat(50) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), queue: fc.nat(1), cid: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), queue: fc.nat(1) }) },
  );

  it('is what a sorted list would be', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { clock, inFlight, queues, park, cids } = rig(1000, 20);
        let list: Waiting[] = [];
        const expected: number[] = [];
        let cid = 0;
        const leave = (gone: readonly Waiting[]): void => {
          expected.push(...gone.map((each) => each.cid));
          list = list.filter((each) => !gone.includes(each));
        };
        for (const each of steps) {
          if (each.kind === 'park' && inFlight.free > 0) {
            const due = clock.nowNs() + each.due;
            park(queues[each.queue], cid, due);
            list.push({ queue: each.queue, cid: cid++, due });
          } else if (each.kind === 'advance') {
            clock.advanceNs(each.by);
            const due = list.filter((one) => one.due <= clock.nowNs());
            leave(due.sort((a, b) => a.due - b.due || a.cid - b.cid));
            inFlight.deliver();
          } else if (each.kind === 'abort') {
            const found = list.filter((one) => one.queue === each.queue && one.cid === each.cid);
            expect(inFlight.abort(queues[each.queue], each.cid)).toBe(found.length === 1);
            leave(found);
          } else if (each.kind === 'delete') {
            leave(list.filter((one) => one.queue === each.queue));
            inFlight.abortQueue(queues[each.queue]);
          }
          expect(cids()).toEqual(expected);
          expect(inFlight.count).toBe(list.length);
          expect(inFlight.nextDueNs).toBe(Math.min(Infinity, ...list.map((one) => one.due)));
          const reserved = queues.map((queue) => queue.slots.reserved);
          expect(reserved).toEqual([0, 1].map((queue) => list.filter((one) => one.queue === queue).length));
        }
      }),
      { numRuns: 300 },
    );
  });
});
