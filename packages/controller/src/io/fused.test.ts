import {
  ADMIN_IDENTIFY,
  ADMIN_SET_FEATURES,
  FEATURE_ARBITRATION,
  FUSE_FIRST,
  FUSE_SECOND,
  FUSES_COMPARE_AND_WRITE,
  IDCTRL_FUSES,
  NVM_COMPARE,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  STATUS_ABORTED_FAILED_FUSED,
  STATUS_ABORTED_MISSING_FUSED,
  STATUS_COMPARE_FAILURE,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_OPCODE,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { NOWHERE, type RawCommand, RawHost, type RawSubmissionQueue } from '../../test-support/raw-host.js';
import { RamMedium } from '../media/ram-medium.js';

const BYTES = 64 * 1024;

function started(entries = 64, completionEntries = entries) {
  const host = new RawHost({
    namespaces: [1, 2].map((nsid) => ({ nsid, medium: new RamMedium({ bytes: BYTES }) })),
  }).enable();
  const queue = host.createPair(1, entries, completionEntries);
  const [expected, next, seen] = [host.page(), host.page(), host.page()];
  const read = (): number => {
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(seen), cid: 99 }).code).toBe(0);
    return host.dma.bytes(seen, 512)[511];
  };
  const fill = (compare: number, write: number): void => {
    host.dma.bytes(expected, 512).fill(compare);
    host.dma.bytes(next, 512).fill(write);
  };
  const first = { opcode: NVM_COMPARE, nsid: 1, fuse: FUSE_FIRST, prp1: host.iova(expected), cid: 1 };
  const second = { opcode: NVM_WRITE, nsid: 1, fuse: FUSE_SECOND, prp1: host.iova(next), cid: 2 };
  return { host, queue, first, second, fill, read };
}

/** Submits by one doorbell, lets the device work, and gives what came back as [CID, status]. */
function send(host: RawHost, queue: RawSubmissionQueue, ...commands: readonly RawCommand[]): number[][] {
  for (const command of commands) queue.push(command);
  queue.ring();
  host.settle();
  return queue.completions.drain().map((each) => [each.cid, each.code]);
}

describe('Compare and Write', () => {
  it('is offered', () => {
    const { host } = started();
    const page = host.page();
    host.run({ opcode: ADMIN_IDENTIFY, cdw10: 1, prp1: host.iova(page) });
    expect(host.dma.bytes(page, 4096)[IDCTRL_FUSES]).toBe(FUSES_COMPARE_AND_WRITE);
  });

  it('writes when the blocks are equal', () => {
    const { host, queue, first, second, fill, read } = started();
    fill(0, 7);
    expect(send(host, queue, first, second)).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(read()).toBe(7);
  });

  it('does not write when they differ, and says which of the two failed why', () => {
    const { host, queue, first, second, fill, read } = started();
    fill(1, 7);
    expect(send(host, queue, first, second)).toEqual([
      [1, STATUS_COMPARE_FAILURE],
      [2, STATUS_ABORTED_FAILED_FUSED],
    ]);
    expect(read()).toBe(0);
  });

  it('takes nothing between the two, also among other commands', () => {
    const { host, queue, first, second, fill } = started();
    fill(0, 7);
    const flush = { opcode: NVM_FLUSH, nsid: 1, cid: 8 };
    expect(send(host, queue, flush, first, second, flush)).toEqual([
      [8, 0],
      [1, 0],
      [2, 0],
      [8, 0],
    ]);
  });

  it('works where the ring wraps', () => {
    const { host, queue, first, second, fill, read } = started(4);
    for (let turn = 0; turn < 9; turn++) {
      fill(turn, turn + 1);
      expect(send(host, queue, first, second)).toEqual([
        [1, 0],
        [2, 0],
      ]);
      expect(read()).toBe(turn + 1);
    }
  });

  it('works with a burst of one command', () => {
    const { host, queue, first, second, fill, read } = started();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ARBITRATION, cdw11: 0 });
    fill(0, 7);
    expect(send(host, queue, first, second)).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(read()).toBe(7);
  });

  it('waits for room for both completions', () => {
    const { host, queue, first, second, fill, read } = started(64, 3);
    fill(0, 7);
    queue.push({ opcode: NVM_FLUSH, nsid: 1, cid: 8 });
    queue.push(first);
    queue.push(second);
    queue.ring();
    host.settle();
    expect(queue.completions.poll()).toMatchObject({ cid: 8, code: 0 });
    expect(queue.completions.poll()).toBeUndefined();
    queue.completions.ring();
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([1, 2]);
    expect(read()).toBe(7);
  });

  it('cannot go through a completion queue of two entries', () => {
    const { host, queue, first, second, fill, read } = started(64, 2);
    fill(0, 7);
    expect(send(host, queue, first, second)).toEqual([[1, STATUS_INVALID_FIELD]]);
    expect(send(host, queue)).toEqual([[2, STATUS_ABORTED_MISSING_FUSED]]);
    expect(read()).toBe(0);
  });
});

describe('a pair with a doorbell between its commands', () => {
  it('waits for the second, and holds up no other queue', () => {
    const { host, queue, first, second, fill, read } = started();
    const other = host.createPair(2);
    fill(0, 7);
    expect(send(host, queue, first)).toEqual([]);
    expect(other.execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(0);
    expect(host.controller.step()).toBe(0);
    expect(send(host, queue, second)).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(read()).toBe(7);
  });

  it('is whole across the wrap too', () => {
    const { host, queue, first, second, fill } = started(4);
    for (let turn = 0; turn < 9; turn++) {
      fill(turn, turn + 1);
      expect(send(host, queue, first)).toEqual([]);
      expect(send(host, queue, second)).toEqual([
        [1, 0],
        [2, 0],
      ]);
    }
  });
});

describe('half a pair', () => {
  it.each([
    ['an ordinary command', { opcode: NVM_FLUSH, nsid: 1, cid: 2 }, 0],
    ['a Write that is not fused', { opcode: NVM_WRITE, nsid: 1, cid: 2 }, 0],
    ['a command with a FUSE that none may have', { opcode: NVM_WRITE, nsid: 1, cid: 2, fuse: 3 }, STATUS_INVALID_FIELD],
  ])('misses the second when %s follows', (_, command, code) => {
    const { host, queue, first, second, fill } = started();
    fill(0, 7);
    expect(send(host, queue, first, { ...command, prp1: second.prp1 })).toEqual([
      [1, STATUS_ABORTED_MISSING_FUSED],
      [2, code],
    ]);
  });

  it('misses the second when another first follows, which then has it', () => {
    const { host, queue, first, second, fill, read } = started();
    fill(0, 7);
    expect(send(host, queue, first, { ...first, cid: 5 }, second)).toEqual([
      [1, STATUS_ABORTED_MISSING_FUSED],
      [5, 0],
      [2, 0],
    ]);
    expect(read()).toBe(7);
  });

  it('misses the first when there was none', () => {
    const { host, queue, second, read } = started();
    expect(send(host, queue, second)).toEqual([[2, STATUS_ABORTED_MISSING_FUSED]]);
    expect(read()).toBe(0);
  });

  it('misses the first when another command came between', () => {
    const { host, queue, first, second, fill, read } = started();
    fill(0, 7);
    expect(send(host, queue, first, { opcode: NVM_FLUSH, nsid: 1, cid: 8 }, second)).toEqual([
      [1, STATUS_ABORTED_MISSING_FUSED],
      [8, 0],
      [2, STATUS_ABORTED_MISSING_FUSED],
    ]);
    expect(read()).toBe(0);
  });

  it.each([
    ['Read', NVM_READ, STATUS_INVALID_FIELD],
    ['Write', NVM_WRITE, STATUS_INVALID_FIELD],
    ['Flush', NVM_FLUSH, STATUS_INVALID_FIELD],
    ['a reserved opcode', 0x03, STATUS_INVALID_OPCODE],
  ])('that is %s can never be a first, and waits for nothing', (_, opcode, code) => {
    const { host, queue, first } = started();
    expect(send(host, queue, { ...first, opcode })).toEqual([[1, code]]);
  });
});

describe('two commands that are no pair', () => {
  type Change = readonly [name: string, first: Partial<RawCommand>, second: Partial<RawCommand>];
  const CHANGES: readonly Change[] = [
    ['of different namespaces', {}, { nsid: 2 }],
    ['of different blocks', {}, { cdw10: 1 }],
    ['of blocks 2^32 apart', {}, { cdw11: 1 }],
    ['of different lengths', { cdw12: 1 }, {}],
    ['in the wrong order', { opcode: NVM_WRITE }, { opcode: NVM_COMPARE }],
    ['of which the second is a Flush', {}, { opcode: NVM_FLUSH }],
    ['of which the first is a Read', { opcode: NVM_READ }, {}],
  ];

  it.each(CHANGES)('%s are both refused', (_, changeFirst, changeSecond) => {
    const { host, queue, first, second, fill, read } = started();
    fill(0, 7);
    expect(send(host, queue, { ...first, ...changeFirst }, { ...second, ...changeSecond })).toEqual([
      [1, STATUS_INVALID_FIELD],
      [2, STATUS_INVALID_FIELD],
    ]);
    expect(read()).toBe(0);
  });

  it('may differ in what has nothing to do with the range', () => {
    const { host, queue, first, second, fill, read } = started();
    fill(0, 7);
    const fua = 1 << 30;
    expect(send(host, queue, first, { ...second, cdw12: fua })).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(read()).toBe(7);
  });
});

describe('a pair that fails', () => {
  it('for the first, fails for the second', () => {
    const { host, queue, first, second } = started();
    const range = { cdw10: BYTES / 512 };
    expect(send(host, queue, { ...first, ...range }, { ...second, ...range })).toEqual([
      [1, STATUS_LBA_OUT_OF_RANGE],
      [2, STATUS_ABORTED_FAILED_FUSED],
    ]);
  });

  it('for the second, has compared all the same', () => {
    const { host, queue, first, second, fill, read } = started();
    fill(0, 7);
    expect(send(host, queue, first, { ...second, prp1: NOWHERE })).toEqual([
      [1, 0],
      [2, STATUS_DATA_TRANSFER_ERROR],
    ]);
    expect(read()).toBe(0);
  });

  it('says of both whether to try again', () => {
    const { host, queue, first, second, fill } = started();
    fill(1, 7);
    const dnr = (...commands: readonly RawCommand[]): boolean[] => {
      for (const command of commands) queue.push(command);
      queue.ring();
      host.settle();
      return queue.completions.drain().map((each) => each.dnr);
    };
    expect(dnr(first, second)).toEqual([true, true]);
    expect(dnr({ ...first, prp1: NOWHERE }, second)).toEqual([false, false]);
  });
});
