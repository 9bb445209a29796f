import {
  ADMIN_DELETE_IO_SQ,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  FEATURE_ARBITRATION,
  LOG_ERROR_INFORMATION,
  NVM_COMPARE,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  STATUS_ABORTED_FAILED_FUSED,
  STATUS_CID_CONFLICT,
  STATUS_DNR,
  STATUS_INTERNAL_ERROR,
  STATUS_NAMESPACE_NOT_READY,
  STATUS_UNRECOVERED_READ_ERROR,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { type RawCommand, RawHost, type RawSubmissionQueue } from '../../test-support/raw-host.js';
import { RamMedium } from '../media/ram-medium.js';
import type { FaultRule } from './fault-rule.js';

const BLOCKS = 256;

function started(rules: readonly FaultRule[], seed = 1, entries = 64, completionEntries = entries) {
  const medium = new RamMedium({ bytes: BLOCKS * 512 });
  const host = new RawHost({ namespaces: [1, 2].map((nsid) => ({ nsid, medium })), faults: { seed, rules } }).enable();
  const queue = host.createPair(1, entries, completionEntries);
  const page = host.page();
  const io = (cid: number, fields: Partial<RawCommand> = {}): RawCommand => ({
    opcode: NVM_READ,
    nsid: 1,
    prp1: host.iova(page),
    cid,
    ...fields,
  });
  return { host, queue, io, data: host.dma.bytes(page, 4096) };
}

/** Submits by one doorbell and lets the device work. */
function submit(host: RawHost, queue: RawSubmissionQueue, ...commands: readonly RawCommand[]): void {
  for (const command of commands) queue.push(command);
  queue.ring();
  host.settle();
}

function drained(queue: RawSubmissionQueue): number[] {
  return queue.completions.drain().map((each) => each.cid);
}

describe('a status', () => {
  const rule: FaultRule = { kind: 'status', status: STATUS_UNRECOVERED_READ_ERROR | STATUS_DNR, opcode: NVM_READ };

  it('is what commands fail with that are not carried out', () => {
    const { queue, io, data } = started([{ ...rule, opcode: NVM_WRITE, count: 1 }]);
    data.fill(7);
    expect(queue.execute(io(1, { opcode: NVM_WRITE }))).toMatchObject({
      code: STATUS_UNRECOVERED_READ_ERROR,
      dnr: true,
    });
    expect(queue.execute(io(2)).code).toBe(0);
    expect(data[0]).toBe(0);
    data.fill(7);
    expect(queue.execute(io(3, { opcode: NVM_WRITE })).code).toBe(0);
  });

  it('is in the error log as any failure', () => {
    const { host, queue, io } = started([rule]);
    expect(queue.execute(io(0x123))).toMatchObject({ more: true });
    const page = host.page();
    const dwords = 64 / 4 - 1;
    host.run({ opcode: ADMIN_GET_LOG_PAGE, prp1: host.iova(page), cdw10: (dwords << 16) | LOG_ERROR_INFORMATION });
    const entry = new DataView(host.dma.bytes(page, 64).slice().buffer);
    expect([entry.getUint16(8, true), entry.getUint16(10, true)]).toEqual([1, 0x123]);
  });

  it('strikes the blocks and the namespace it names', () => {
    const { queue, io } = started([{ ...rule, nsid: 1, lba: 100, blocks: 10 }]);
    const code = (fields: Partial<RawCommand>): number => queue.execute(io(1, fields)).code;
    expect([code({ cdw10: 99 }), code({ cdw10: 99, cdw12: 1 }), code({ cdw10: 110 })]).toEqual([
      0,
      STATUS_UNRECOVERED_READ_ERROR,
      0,
    ]);
    expect(code({ nsid: 2, cdw10: 100 })).toBe(0);
  });

  it('strikes admin commands too', () => {
    const { host, queue, io } = started([
      { kind: 'status', queue: 0, opcode: ADMIN_IDENTIFY, status: STATUS_INTERNAL_ERROR },
    ]);
    const identify = { opcode: ADMIN_IDENTIFY, cdw10: 1, prp1: host.iova(host.page()) };
    expect(host.run(identify)).toMatchObject({ code: STATUS_INTERNAL_ERROR, dnr: false, more: true });
    expect(queue.execute(io(1)).code).toBe(0);
    host.controller.faults.clear();
    expect(host.run(identify).code).toBe(0);
  });

  it('does not hide that a command is bad by itself', () => {
    const { queue, io } = started([{ kind: 'status', status: STATUS_NAMESPACE_NOT_READY }]);
    expect(queue.execute(io(1, { opcode: 0x03 })).code).toBe(0x001);
  });

  it('of the first of a fused pair fails the second', () => {
    const { host, queue, io, data } = started([
      { kind: 'status', status: STATUS_NAMESPACE_NOT_READY, opcode: NVM_COMPARE },
    ]);
    data.fill(0);
    submit(host, queue, io(1, { opcode: NVM_COMPARE, fuse: 1 }), io(2, { opcode: NVM_WRITE, fuse: 2 }));
    expect(queue.completions.drain().map((each) => each.code)).toEqual([
      STATUS_NAMESPACE_NOT_READY,
      STATUS_ABORTED_FAILED_FUSED,
    ]);
  });
});

describe('a lost completion', () => {
  it('never comes, although the command was carried out, and takes no slot', () => {
    const { host, queue, io, data } = started([{ kind: 'lost', opcode: NVM_WRITE }], 1, 64, 3);
    data.fill(7);
    for (let cid = 0; cid < 5; cid++) submit(host, queue, io(cid, { opcode: NVM_WRITE }));
    data.fill(0);
    expect(queue.execute(io(9)).code).toBe(0);
    expect(data[0]).toBe(7);
    host.clock.advanceNs(1e15);
    host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 });
    expect(drained(queue)).toEqual([]);
  });

  it('may be one of the admin queue', () => {
    const { host } = started([{ kind: 'lost', queue: 0, count: 1, skip: 2 }]);
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 1 });
    host.admin.ring();
    host.settle();
    expect(host.admin.completions.poll()).toBeUndefined();
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
  });
});

describe('a late completion', () => {
  it('comes when its delay is over, and commands behind it overtake it', () => {
    const { host, queue, io } = started([{ kind: 'late', delayNs: 500, count: 1 }]);
    submit(host, queue, io(1), io(2));
    expect(drained(queue)).toEqual([2]);
    host.clock.advanceNs(499);
    host.settle();
    expect(drained(queue)).toEqual([]);
    host.clock.advanceNs(1);
    host.settle();
    expect(drained(queue)).toEqual([1]);
  });

  it('has moved its data at once', () => {
    const { host, queue, io, data } = started([{ kind: 'late', delayNs: 500 }]);
    data.fill(7);
    submit(host, queue, io(1));
    expect(data[0]).toBe(0);
  });

  it('of an admin command keeps its identifier in use', () => {
    const { host } = started([{ kind: 'late', queue: 0, opcode: ADMIN_GET_FEATURES, delayNs: 500, count: 1 }]);
    const get = { opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 4 };
    host.admin.push(get);
    host.admin.push(get);
    host.admin.ring();
    host.settle();
    host.clock.advanceNs(500);
    host.settle();
    const all = host.admin.completions.drain();
    expect(all.map((each) => [each.cid, each.code, each.result])).toEqual([
      [4, STATUS_CID_CONFLICT, 0],
      [4, 0, 7],
    ]);
  });

  it('may fail as well', () => {
    const { host, queue, io } = started([
      { kind: 'late', delayNs: 500 },
      { kind: 'status', status: STATUS_NAMESPACE_NOT_READY },
    ]);
    submit(host, queue, io(1));
    host.clock.advanceNs(500);
    host.settle();
    expect(queue.completions.drain()).toMatchObject([{ cid: 1, code: STATUS_NAMESPACE_NOT_READY }]);
  });

  it('of the first of a fused pair holds the second up', () => {
    const { host, queue, io, data } = started([{ kind: 'late', opcode: NVM_COMPARE, delayNs: 500 }]);
    data.fill(0);
    submit(host, queue, io(1, { opcode: NVM_COMPARE, fuse: 1 }), io(2, { opcode: NVM_WRITE, fuse: 2 }), io(3));
    expect(drained(queue)).toEqual([3]);
    host.clock.advanceNs(500);
    host.settle();
    expect(drained(queue)).toEqual([1, 2]);
  });
});

describe('a duplicate completion', () => {
  it('comes right behind the first', () => {
    const { host, queue, io } = started([{ kind: 'duplicate', skip: 1, count: 1 }]);
    submit(host, queue, io(1), io(2), io(3));
    expect(drained(queue)).toEqual([1, 2, 2, 3]);
  });

  it('takes no slot that another command needs: in a full queue there is none', () => {
    const { host, queue, io } = started([{ kind: 'duplicate' }], 1, 64, 4);
    submit(host, queue, io(1), io(2), io(3), io(4));
    expect(queue.completions.poll()).toMatchObject({ cid: 1 });
    expect(queue.completions.poll()).toMatchObject({ cid: 1 });
    expect(queue.completions.poll()).toMatchObject({ cid: 2 });
    expect(queue.completions.poll()).toBeUndefined();
    queue.completions.ring();
    host.settle();
    expect(drained(queue)).toEqual([3, 3, 4]);
  });

  it('leaves reserved slots alone', () => {
    const { host, queue, io } = started(
      [
        { kind: 'late', delayNs: 500, count: 1 },
        { kind: 'duplicate', skip: 1 },
      ],
      1,
      64,
      3,
    );
    submit(host, queue, io(1), io(2));
    expect(drained(queue)).toEqual([2]);
    host.clock.advanceNs(500);
    host.settle();
    expect(drained(queue)).toEqual([1]);
  });

  it('may be late', () => {
    const { host, queue, io } = started([{ kind: 'late', delayNs: 500 }, { kind: 'duplicate' }]);
    submit(host, queue, io(1));
    expect(drained(queue)).toEqual([]);
    host.clock.advanceNs(500);
    host.settle();
    expect(drained(queue)).toEqual([1, 1]);
  });

  it('may be one of the admin queue', () => {
    const { host } = started([{ kind: 'duplicate', queue: 0, opcode: ADMIN_GET_FEATURES }]);
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 6 });
    host.admin.ring();
    host.settle();
    expect(host.admin.completions.drain().map((each) => each.cid)).toEqual([6, 6]);
  });
});

describe('a reordered completion', () => {
  it('comes after so many later ones, within one batch and across batches', () => {
    const { host, queue, io } = started([{ kind: 'reorder', commands: 2, count: 1 }]);
    submit(host, queue, io(1), io(2), io(3), io(4));
    expect(drained(queue)).toEqual([2, 3, 1, 4]);
    host.controller.faults.add({ kind: 'reorder', commands: 2, count: 1 });
    submit(host, queue, io(5));
    submit(host, queue, io(6));
    expect(drained(queue)).toEqual([6]);
    submit(host, queue, io(7));
    expect(drained(queue)).toEqual([7, 5]);
  });

  it('counts the commands of its own queue only', () => {
    const { host, queue, io } = started([{ kind: 'reorder', commands: 1, queue: 1, count: 1 }]);
    const other = host.createPair(2);
    submit(host, queue, io(1));
    expect(other.execute(io(2)).code).toBe(0);
    expect(drained(queue)).toEqual([]);
    submit(host, queue, io(3));
    expect(drained(queue)).toEqual([3, 1]);
  });

  it('waits no longer than it may', () => {
    const { host, queue, io } = started([{ kind: 'reorder', commands: 5, withinNs: 700, count: 1 }]);
    submit(host, queue, io(1));
    expect(host.controller.nextDueNs).toBe(700);
    host.clock.advanceNs(700);
    host.settle();
    expect(drained(queue)).toEqual([1]);
  });

  it('waits 10 ms unless told otherwise, and does so when the rules are gone', () => {
    const { host, queue, io } = started([{ kind: 'reorder', commands: 1 }]);
    submit(host, queue, io(1));
    host.controller.faults.clear();
    submit(host, queue, io(2));
    expect(drained(queue)).toEqual([2]);
    host.clock.advanceNs(10e6);
    host.settle();
    expect(drained(queue)).toEqual([1]);
  });
});

describe('corrupted data', () => {
  const bitsSet = (bytes: Uint8Array): number => {
    let count = 0;
    for (const byte of bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
    return count;
  };

  it('is what a Read delivers, with as many bits inverted as asked, and only there', () => {
    const { queue, io, data } = started([{ kind: 'corrupt', opcode: NVM_READ, count: 1 }]);
    data.fill(0xff);
    expect(queue.execute(io(1, { cdw12: 3 })).code).toBe(0);
    expect(bitsSet(data.subarray(0, 2048))).toBe(1);
    expect(bitsSet(data.subarray(2048))).toBe(2048 * 8);
    expect(queue.execute(io(2, { cdw12: 3 })).code).toBe(0);
    expect(bitsSet(data.subarray(0, 2048))).toBe(0);
  });

  it('reaches every piece of a transfer', () => {
    const { host, queue } = started([{ kind: 'corrupt', bits: 4096 }]);
    const [first, second] = [host.page(), host.page()];
    const command = { opcode: NVM_READ, nsid: 1, prp1: host.iova(first) + 3584, prp2: host.iova(second), cdw12: 7 };
    expect(queue.execute(command).code).toBe(0);
    expect(bitsSet(host.dma.bytes(first, 3584))).toBe(0);
    expect(bitsSet(host.dma.bytes(first, 4096))).toBeGreaterThan(0);
    expect(bitsSet(host.dma.bytes(second, 3584))).toBeGreaterThan(0);
  });

  it('is what a Write stores; the host keeps what it has', () => {
    const { queue, io, data } = started([{ kind: 'corrupt', opcode: NVM_WRITE, bits: 3 }]);
    data.fill(0);
    expect(queue.execute(io(1, { opcode: NVM_WRITE, cdw10: 8, cdw12: 3 })).code).toBe(0);
    expect(bitsSet(data)).toBe(0);
    data.fill(0xff);
    queue.execute(io(2, { cdw10: 8, cdw12: 3 }));
    // Two of the bits may be the same one.
    expect([1, 3]).toContain(bitsSet(data.subarray(0, 2048)));
    queue.execute(io(2, { cdw10: 0, cdw12: 7 }));
    expect(bitsSet(data.subarray(0, 4096))).toBe(bitsSet(data.subarray(0, 4096).slice()));
    queue.execute(io(3, { cdw10: 12, cdw12: 3 }));
    expect(bitsSet(data.subarray(0, 2048))).toBe(0);
  });

  it('is a matter of the seed', () => {
    const run = (seed: number): Uint8Array => {
      const { queue, io, data } = started([{ kind: 'corrupt', bits: 5 }], seed);
      queue.execute(io(1, { cdw12: 7 }));
      return data.slice();
    };
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
  });

  it('needs a command that succeeds', () => {
    const { queue, io, data } = started([{ kind: 'corrupt' }]);
    data.fill(0xff);
    expect(queue.execute(io(1, { cdw10: BLOCKS })).code).not.toBe(0);
    expect(bitsSet(data)).toBe(4096 * 8);
  });
});

describe('faults', () => {
  it('do the same again for the same seed, and not for another', () => {
    const rules: readonly FaultRule[] = [
      { kind: 'lost', probability: { num: 1, den: 20 } },
      { kind: 'late', delayNs: 300, probability: { num: 1, den: 5 } },
      { kind: 'reorder', commands: 3, probability: { num: 1, den: 7 } },
      { kind: 'duplicate', probability: { num: 1, den: 9 } },
      { kind: 'status', status: STATUS_INTERNAL_ERROR, probability: { num: 1, den: 6 } },
    ];
    const run = (seed: number): string[] => {
      const { host, queue, io } = started(rules, seed);
      const seen: string[] = [];
      for (let cid = 0; cid < 300; cid++) {
        submit(host, queue, io(cid), { opcode: NVM_FLUSH, nsid: 1, cid: cid + 1000 });
        host.clock.advanceNs(100);
        host.settle();
        seen.push(...queue.completions.drain().map((each) => `${each.cid}:${each.code}`));
      }
      return seen;
    };
    const [first, again, other] = [run(1), run(1), run(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('count commands in the order of their queue, whatever the turns were', () => {
    const { host, queue, io } = started([{ kind: 'lost', skip: 20, count: 1 }]);
    for (let cid = 0; cid < 30; cid++) {
      queue.push(io(cid));
      if (cid % 7 === 3) {
        queue.ring();
        host.settle();
      }
    }
    queue.ring();
    host.settle();
    expect(drained(queue)).toEqual(Array.from({ length: 30 }, (_, i) => i).filter((cid) => cid !== 20));
  });

  it('outlast a controller reset', () => {
    const { host } = started([{ kind: 'status', status: STATUS_INTERNAL_ERROR }]);
    host.write32(0x14, 0);
    host.enable();
    expect(host.createPair(1).execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(STATUS_INTERNAL_ERROR);
    expect(host.controller.faults.struckCommands).toBe(1);
  });

  it('that are no rules are refused', () => {
    expect(() => started([{ kind: 'late' } as FaultRule])).toThrow('faults: delayNs');
  });
});
