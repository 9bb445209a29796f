import type { ManualClock } from '@phasebit/core';
import {
  ADMIN_ABORT,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  NVM_COMPARE,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  REG_CC,
  RW_CDW12_FUA,
  STATUS_ABORT_REQUESTED,
  STATUS_ABORTED_SQ_DELETION,
  STATUS_COMPARE_FAILURE,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RawCompletion, RawHost, type RawHostOptions } from '../../test-support/raw-host.js';
import { RamMedium } from '../media/ram-medium.js';

/** A medium where each thing takes as long as `ns` says, one after the other. */
class TimedMedium extends RamMedium {
  ns: number[] = [];

  constructor(private readonly clock: () => ManualClock) {
    super({ bytes: 1024 * 1024 });
  }

  dueNs(): number {
    return this.clock().nowNs() + (this.ns.shift() ?? 0);
  }
}

function started(options: RawHostOptions = {}, entries = 64, completionEntries = entries) {
  const medium: TimedMedium = new TimedMedium(() => host.clock);
  const host: RawHost = new RawHost({ namespaces: [{ nsid: 1, medium }], ...options }).enable();
  return { host, medium, queue: host.createPair(1, entries, completionEntries) };
}

const cids = (all: readonly RawCompletion[]): number[] => all.map((each) => each.cid);
const codes = (all: readonly RawCompletion[]): number[] => all.map((each) => each.code);
const flush = (cid: number) => ({ opcode: NVM_FLUSH, nsid: 1, cid });

describe('a command that takes time', () => {
  it('completes when it is done, and nothing looks busy until then', () => {
    const { host, medium, queue } = started();
    medium.ns = [1000];
    queue.push(flush(3));
    queue.ring();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    expect(host.controller.nextDueNs).toBe(1000);
    host.clock.advanceNs(999);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    host.clock.advanceNs(1);
    host.settle();
    expect(queue.completions.drain()).toMatchObject([{ cid: 3, code: 0, sqHead: 1, sqId: 1 }]);
    expect(host.controller.nextDueNs).toBe(Infinity);
  });

  it('keeps its status, and its failure is in the log', () => {
    const { host, medium, queue } = started();
    const page = host.page();
    host.dma.bytes(page, 512).fill(1);
    medium.ns = [10];
    queue.push({ opcode: NVM_COMPARE, nsid: 1, prp1: host.iova(page), cid: 3 });
    queue.ring();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    host.clock.advanceNs(10);
    host.settle();
    expect(queue.completions.drain()).toMatchObject([{ code: STATUS_COMPARE_FAILURE, more: true, dnr: true }]);
  });

  it.each([
    ['Read', NVM_READ],
    ['Write', NVM_WRITE],
  ])('may be a %s, among others that take none', (_, opcode) => {
    const { host, medium, queue } = started();
    const prp1 = host.iova(host.page());
    medium.ns = [20, 0, 10];
    for (let cid = 0; cid < 3; cid++) queue.push({ opcode, nsid: 1, prp1, cid });
    queue.ring();
    host.settle();
    expect(cids(queue.completions.drain())).toEqual([1]);
    host.clock.advanceNs(10);
    host.settle();
    expect(cids(queue.completions.drain())).toEqual([2]);
    host.clock.advanceNs(10);
    host.settle();
    expect(queue.completions.drain()).toMatchObject([{ cid: 0, code: 0, sqHead: 3 }]);
  });

  it('moves its data at once', () => {
    const { host, medium, queue } = started();
    const page = host.page();
    host.dma.bytes(page, 512).fill(7);
    medium.ns = [1000];
    queue.push({ opcode: NVM_READ, nsid: 1, prp1: host.iova(page) });
    queue.ring();
    host.settle();
    expect(host.dma.bytes(page, 512)[0]).toBe(0);
  });

  it('waits for the last of what it does', () => {
    const { host, medium, queue } = started();
    medium.ns = [30, 10];
    queue.push({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(host.page()), cdw12: RW_CDW12_FUA, cid: 4 });
    queue.ring();
    host.settle();
    host.clock.advanceNs(29);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    host.clock.advanceNs(1);
    host.settle();
    expect(cids(queue.completions.drain())).toEqual([4]);
  });

  it('is overtaken by faster ones, and its head pointer is the one of its completion', () => {
    const { host, medium, queue } = started();
    medium.ns = [300, 100, 0, 200];
    for (let cid = 0; cid < 4; cid++) queue.push(flush(cid));
    queue.ring();
    host.settle();
    expect(cids(queue.completions.drain())).toEqual([2]);
    host.clock.advanceNs(300);
    host.settle();
    const late = queue.completions.drain();
    expect(cids(late)).toEqual([1, 3, 0]);
    expect(late.every((each) => each.sqHead === 4)).toBe(true);
  });

  it('sends a message when it completes', () => {
    const { host, medium } = started({ vectors: 3 });
    const queue = host.createPair(2, 16, 16, 2);
    medium.ns = [100];
    queue.push(flush(1));
    queue.ring();
    host.settle();
    const before = host.function.vectors.received(2);
    host.clock.advanceNs(100);
    host.settle();
    expect([before, host.function.vectors.received(2)]).toEqual([0, 1]);
  });

  it('does not keep other queues waiting', () => {
    const { host, medium, queue } = started();
    const other = host.createPair(2);
    medium.ns = [1000];
    queue.push(flush(1));
    queue.ring();
    expect(other.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(host.page()), cid: 8 }).code).toBe(0);
    expect(queue.completions.poll()).toBeUndefined();
  });

  it('is not completed by a controller that has failed', () => {
    const { host, medium, queue } = started();
    medium.ns = [100];
    queue.push(flush(1));
    queue.ring();
    host.settle();
    host.controller.fail('fatal');
    host.clock.advanceNs(100);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
  });
});

describe('a full completion queue', () => {
  it('is one whose slots are reserved: nothing is fetched until one completes', () => {
    const { host, medium, queue } = started({}, 64, 4);
    medium.ns = [100, 200, 300];
    for (let cid = 0; cid < 10; cid++) queue.push(flush(cid));
    queue.ring();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    host.clock.advanceNs(100);
    host.settle();
    // The completion that is there is not consumed yet, so there is no room for a fourth command.
    expect(cids([queue.completions.poll()!])).toEqual([0]);
    expect(queue.completions.poll()).toBeUndefined();
    queue.completions.ring();
    host.settle();
    expect(cids(queue.completions.drain())).toEqual([3]);
    const rest: number[] = [];
    for (let i = 0; i < 20; i++) {
      host.settle();
      rest.push(...cids(queue.completions.drain()));
    }
    expect(rest).toEqual([4, 5, 6, 7, 8, 9]);
    host.clock.advanceNs(200);
    host.settle();
    expect(cids(queue.completions.drain())).toEqual([1, 2]);
  });

  it('of a host that stops consuming still takes what is in flight', () => {
    const { host, medium, queue } = started({}, 64, 4);
    medium.ns = [100, 100, 0];
    for (let cid = 0; cid < 3; cid++) queue.push(flush(cid));
    queue.ring();
    host.settle();
    host.clock.advanceNs(100);
    host.settle();
    expect(cids(queue.completions.drain())).toEqual([2, 0, 1]);
  });
});

describe('the table of commands in flight', () => {
  it('bounds how many are fetched, and loses none', () => {
    const { host, medium, queue } = started({ commandsInFlight: 2 });
    medium.ns = new Array<number>(9).fill(10);
    for (let cid = 0; cid < 9; cid++) queue.push(flush(cid));
    queue.ring();
    const order: number[][] = [];
    for (let i = 0; i < 6; i++) {
      host.settle();
      order.push(cids(queue.completions.drain()));
      host.clock.advanceNs(10);
    }
    expect(order).toEqual([[], [0, 1], [2, 3], [4, 5], [6, 7], [8]]);
  });

  it('lets an Abort through when it is full', () => {
    const { host, medium, queue } = started({ commandsInFlight: 2 });
    medium.ns = [10, 10];
    for (let cid = 0; cid < 2; cid++) queue.push(flush(cid));
    queue.ring();
    host.settle();
    expect(host.run({ opcode: ADMIN_ABORT, cdw10: 1 })).toMatchObject({ code: 0, result: 0 });
    expect(codes(queue.completions.drain())).toEqual([STATUS_ABORT_REQUESTED]);
  });

  it.each([1, 65_537, 2.5])('of %d commands is refused', (commandsInFlight) => {
    expect(() => new RawHost({ commandsInFlight })).toThrow('commandsInFlight: expected 2 to 65536');
  });
});

describe('deleting a submission queue', () => {
  it('completes what is in flight first, then the deletion', () => {
    const { host, medium, queue } = started();
    medium.ns = [100, 50];
    for (let cid = 0; cid < 2; cid++) queue.push(flush(cid));
    queue.ring();
    host.settle();
    expect(host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }).code).toBe(0);
    const all = queue.completions.drain();
    expect(cids(all)).toEqual([0, 1]);
    expect(codes(all)).toEqual([STATUS_ABORTED_SQ_DELETION, STATUS_ABORTED_SQ_DELETION]);
    expect(host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }).code).toBe(0);
    host.clock.advanceNs(1000);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
  });

  it('leaves the queue that is created in its place alone', () => {
    const { host, medium, queue } = started();
    medium.ns = [100];
    queue.push(flush(5));
    queue.ring();
    host.settle();
    host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 });
    queue.completions.drain();
    const again = host.createSubmission(1, 64, queue.completions);
    host.clock.advanceNs(1000);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    expect(again.execute(flush(5))).toMatchObject({ cid: 5, code: 0 });
  });
});

describe('a controller reset', () => {
  it('drops what is in flight without a word', () => {
    const { host, medium, queue } = started();
    medium.ns = [100];
    queue.push(flush(5));
    queue.ring();
    host.settle();
    host.write32(REG_CC, 0);
    host.clock.advanceNs(1000);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    expect(host.controller.nextDueNs).toBe(Infinity);
    host.enable();
    const fresh = host.createPair(1, 64, 4);
    expect(codes([1, 2, 3, 4, 5].map((cid) => fresh.execute(flush(cid))))).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('commands of several queues, each with its own duration', () => {
  it('complete in order of their times, once each, whatever the sizes of the rings', () => {
    const command = fc.record({ queue: fc.nat(2), ns: fc.constantFrom(0, 0, 5, 10, 15, 20), wait: fc.nat(8) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), fc.integer({ min: 2, max: 6 }), (commands, entries) => {
        const { host, medium } = started();
        const queues = [2, 3, 4].map((id) => host.createPair(id, 64, entries));
        const seen = queues.map(() => [] as number[]);
        const collect = (): void => {
          for (let i = 0; i < 40; i++) {
            host.settle();
            queues.forEach((queue, at) => seen[at].push(...cids(queue.completions.drain())));
          }
        };
        const sent = queues.map(() => [] as number[]);
        commands.forEach(({ queue, ns, wait }, cid) => {
          medium.ns = [ns];
          queues[queue].push(flush(cid));
          queues[queue].ring();
          sent[queue].push(cid);
          host.settle();
          host.clock.advanceNs(wait);
          if (wait > 4) collect();
        });
        for (let i = 0; i < 80; i++) {
          collect();
          host.clock.advanceNs(20);
        }
        queues.forEach((_, at) => expect([...seen[at]].sort((a, b) => a - b)).toEqual(sent[at]));
      }),
      { numRuns: 15 },
    );
  });
});
