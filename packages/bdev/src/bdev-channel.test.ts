import { InvariantError } from '@phasebit/core';
import { describe, expect, it } from 'vitest';
import { type Geometry, Outcomes, ScriptedBdev } from '../test/kit.js';
import {
  BDEV_ACCEPTED,
  BDEV_AGAIN,
  BDEV_IO_COMPARE,
  BDEV_IO_FLUSH,
  BDEV_IO_READ,
  BDEV_IO_UNMAP,
  BDEV_IO_WRITE,
  BDEV_IO_WRITE_ZEROES,
  BDEV_NEVER,
  BDEV_STATUS_FAILED,
  BDEV_STATUS_NVME_ERROR,
  BdevChannel,
  describeBdevIoType,
  describeBdevStatus,
} from './index.js';

function open(geometry: Geometry = {}, ioCount = 8): { bdev: ScriptedBdev; channel: BdevChannel; outcomes: Outcomes } {
  const bdev = new ScriptedBdev(geometry);
  return { bdev, channel: new BdevChannel(bdev, { ioCount }), outcomes: new Outcomes() };
}

describe('a submit', () => {
  it('reaches the device as it was given, for every kind', () => {
    const { bdev, channel, outcomes } = open();
    expect(channel.read(4096, 1, 2, outcomes.callback, 'r')).toBe(BDEV_ACCEPTED);
    expect(channel.write(8192, 3, 4, outcomes.callback, 'w')).toBe(BDEV_ACCEPTED);
    expect(channel.compare(4, 5, 6, outcomes.callback, 'c')).toBe(BDEV_ACCEPTED);
    expect(channel.unmap(7, 8, outcomes.callback, 'u')).toBe(BDEV_ACCEPTED);
    expect(channel.writeZeroes(9, 10, outcomes.callback, 'z')).toBe(BDEV_ACCEPTED);
    expect(channel.flush(outcomes.callback, 'f')).toBe(BDEV_ACCEPTED);
    expect(bdev.seen).toEqual([
      { type: BDEV_IO_READ, address: 4096, lba: 1, blocks: 2 },
      { type: BDEV_IO_WRITE, address: 8192, lba: 3, blocks: 4 },
      { type: BDEV_IO_COMPARE, address: 4, lba: 5, blocks: 6 },
      { type: BDEV_IO_UNMAP, address: 0, lba: 7, blocks: 8 },
      { type: BDEV_IO_WRITE_ZEROES, address: 0, lba: 9, blocks: 10 },
      { type: BDEV_IO_FLUSH, address: 0, lba: 0, blocks: 0 },
    ]);
    expect(outcomes.all).toEqual([]);
    bdev.toComplete = 6;
    expect(channel.poll()).toBe(6);
    expect(outcomes.all.map((each) => each.context)).toEqual(['r', 'w', 'c', 'u', 'z', 'f']);
  });

  it.each([
    ['no blocks', 0, 0, 0],
    ['a negative count', 0, 0, -1],
    ['half a block', 0, 0, 0.5],
    ['a count that is no number', 0, 0, NaN],
    ['more blocks than one I/O may have', 0, 0, 0x8000_0000],
    ['a negative LBA', 0, -1, 1],
    ['half an LBA', 0, 0.5, 1],
    ['an LBA that is no number', 0, NaN, 1],
    ['the block behind the last', 0, 1000, 1],
    ['a range that ends behind the last block', 0, 999, 2],
    ['an LBA at infinity', 0, Infinity, 1],
    ['a misaligned address', 2, 0, 1],
    ['an address one byte off', 4097, 0, 1],
    ['a negative address', -4, 0, 1],
  ])('with %s is answered NEVER and does not reach the device', (_name, address, lba, blocks) => {
    const { bdev, channel, outcomes } = open();
    expect(channel.read(address, lba, blocks, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(channel.write(address, lba, blocks, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(channel.compare(address, lba, blocks, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(bdev.seen).toEqual([]);
    expect(channel.inFlight).toBe(0);
    if (address === 0) {
      expect(channel.unmap(lba, blocks, outcomes.callback, null)).toBe(BDEV_NEVER);
      expect(channel.writeZeroes(lba, blocks, outcomes.callback, null)).toBe(BDEV_NEVER);
    }
    channel.poll();
    expect(outcomes.all).toEqual([]);
  });

  it('takes the last block, and the whole device', () => {
    const { channel, outcomes } = open({ transferBlocksMax: 1000 });
    expect(channel.read(0, 999, 1, outcomes.callback, null)).toBe(BDEV_ACCEPTED);
    expect(channel.read(0, 0, 1000, outcomes.callback, null)).toBe(BDEV_ACCEPTED);
  });

  it('takes LBAs beyond 2^32', () => {
    const { bdev, channel, outcomes } = open({ blockCount: 2 ** 50 });
    expect(channel.read(0, 2 ** 50 - 1, 1, outcomes.callback, null)).toBe(BDEV_ACCEPTED);
    expect(channel.read(0, 2 ** 50, 1, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(bdev.seen[0].lba).toBe(2 ** 50 - 1);
  });

  it('takes any address when the device asks for no alignment', () => {
    const { channel, outcomes } = open({ requiredAlignmentBytes: 1 });
    expect(channel.read(4097, 0, 1, outcomes.callback, null)).toBe(BDEV_ACCEPTED);
  });

  it('of an unsupported kind is answered NEVER', () => {
    const bdev = new ScriptedBdev();
    bdev.unsupported.add(BDEV_IO_COMPARE).add(BDEV_IO_UNMAP).add(BDEV_IO_FLUSH);
    const channel = new BdevChannel(bdev);
    const outcomes = new Outcomes();
    expect(channel.compare(0, 0, 1, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(channel.unmap(0, 1, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(channel.flush(outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(channel.read(0, 0, 1, outcomes.callback, null)).toBe(BDEV_ACCEPTED);
  });

  it('is answered AGAIN when every I/O is in use, and taken after a completion', () => {
    const { bdev, channel, outcomes } = open({}, 2);
    expect(channel.read(0, 0, 1, outcomes.callback, 0)).toBe(BDEV_ACCEPTED);
    expect(channel.flush(outcomes.callback, 1)).toBe(BDEV_ACCEPTED);
    expect(channel.read(0, 0, 1, outcomes.callback, 2)).toBe(BDEV_AGAIN);
    expect(channel.flush(outcomes.callback, 2)).toBe(BDEV_AGAIN);
    expect(channel.statistics.refusals).toBe(2);
    bdev.toComplete = 1;
    channel.poll();
    expect(channel.read(0, 0, 1, outcomes.callback, 3)).toBe(BDEV_ACCEPTED);
    expect(outcomes.all).toEqual([{ context: 0, status: 0 }]);
  });
});

describe('a completion', () => {
  it('gives the status and the NVMe status of its own I/O', () => {
    const { bdev, channel } = open();
    const seen: unknown[] = [];
    const callback = (context: unknown, status: number): void =>
      void seen.push([context, status, channel.lastNvmeStatus]);
    for (let i = 0; i < 3; i++) channel.read(0, i, 1, callback, i);
    bdev.outcomes.push([BDEV_STATUS_NVME_ERROR, 0x4281], [0, 0], [BDEV_STATUS_FAILED, 0]);
    bdev.toComplete = 3;
    channel.poll();
    expect(seen).toEqual([
      [0, BDEV_STATUS_NVME_ERROR, 0x4281],
      [1, 0, 0],
      [2, BDEV_STATUS_FAILED, 0],
    ]);
  });

  it('has freed its I/O before its callback, which may submit', () => {
    const { bdev, channel, outcomes } = open({}, 1);
    const answers: number[] = [];
    channel.read(0, 0, 1, () => answers.push(channel.read(0, 1, 1, outcomes.callback, 'second')), null);
    bdev.toComplete = 1;
    channel.poll();
    expect(answers).toEqual([BDEV_ACCEPTED]);
    bdev.toComplete = 1;
    channel.poll();
    expect(outcomes.all).toEqual([{ context: 'second', status: 0 }]);
    expect(channel.inFlight).toBe(0);
  });

  it('inside submit is a defect of the module', () => {
    const { bdev, channel, outcomes } = open();
    bdev.onSubmit = (io) => io.complete(0, 0);
    expect(() => channel.read(0, 0, 1, outcomes.callback, null)).toThrow(InvariantError);
    expect(outcomes.all).toEqual([]);
  });

  it('that comes twice is a defect of the module', () => {
    const { bdev, channel, outcomes } = open();
    channel.read(0, 0, 1, outcomes.callback, null);
    const io = bdev.inFlight[0];
    bdev.toComplete = 1;
    channel.poll();
    expect(() => io.complete(0, 0)).toThrow(InvariantError);
    expect(outcomes.all.length).toBe(1);
  });

  it('may not poll, tick or close', () => {
    const { bdev, channel } = open();
    const thrown: unknown[] = [];
    const attempt = (action: () => void): void => {
      try {
        action();
      } catch (error) {
        thrown.push((error as Error).name);
      }
    };
    const callback = (): void => {
      attempt(() => channel.poll());
      attempt(() => channel.tick(1));
      attempt(() => channel.close());
    };
    channel.read(0, 0, 1, callback, null);
    bdev.toComplete = 1;
    channel.poll();
    expect(thrown).toEqual(['InvariantError', 'InvariantError', 'BdevError']);
  });

  it('whose callback throws ends the poll and not the channel', () => {
    const { bdev, channel, outcomes } = open();
    const callback = (): void => {
      throw new Error('from the callback');
    };
    channel.read(0, 0, 1, callback, null);
    channel.read(0, 1, 1, outcomes.callback, 'next');
    bdev.toComplete = 2;
    expect(() => channel.poll()).toThrow('from the callback');
    bdev.toComplete = 1;
    channel.poll();
    expect(outcomes.all).toEqual([{ context: 'next', status: 0 }]);
    expect(channel.inFlight).toBe(0);
  });
});

describe('statistics', () => {
  it('count I/Os, blocks and bytes by kind, and errors apart', () => {
    const { bdev, channel, outcomes } = open();
    channel.read(0, 0, 3, outcomes.callback, null);
    channel.read(0, 0, 5, outcomes.callback, null);
    channel.write(0, 0, 7, outcomes.callback, null);
    channel.write(0, 0, 9, outcomes.callback, null);
    bdev.outcomes.push([0, 0], [0, 0], [BDEV_STATUS_FAILED, 0]);
    bdev.toComplete = 4;
    channel.poll();
    const { statistics } = channel;
    expect([statistics.ios(BDEV_IO_READ), statistics.blocks(BDEV_IO_READ), statistics.bytes(BDEV_IO_READ)]).toEqual([
      2, 8, 4096,
    ]);
    expect([statistics.ios(BDEV_IO_WRITE), statistics.errors(BDEV_IO_WRITE)]).toEqual([1, 1]);
    expect(statistics.errors(BDEV_IO_READ)).toBe(0);
  });
});

describe('a channel', () => {
  it('answers NEVER after it was closed, and closes its backend once', () => {
    const { bdev, channel, outcomes } = open();
    channel.close();
    channel.close();
    expect(bdev.closed).toBe(1);
    expect(channel.read(0, 0, 1, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(channel.unmap(0, 1, outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(channel.flush(outcomes.callback, null)).toBe(BDEV_NEVER);
  });

  it('does not close while anything is in flight', () => {
    const { bdev, channel, outcomes } = open();
    channel.read(0, 0, 1, outcomes.callback, null);
    expect(() => channel.close()).toThrow(
      expect.objectContaining({ code: 'BUSY', facts: { bdev: 'scripted0', inFlight: 1 } }),
    );
    bdev.toComplete = 1;
    channel.poll();
    channel.close();
    expect(bdev.closed).toBe(1);
  });

  it('tells its device the time', () => {
    const { bdev, channel } = open();
    channel.tick(5);
    channel.tick(7.5);
    expect(bdev.ticks).toEqual([5, 7.5]);
  });

  it.each([0, -1, 1.5, 65_537, NaN])('refuses an I/O count of %d', (ioCount) => {
    expect(() => new BdevChannel(new ScriptedBdev(), { ioCount })).toThrow(RangeError);
  });

  it.each<[keyof Geometry, number]>([
    ['blockBytes', 0],
    ['blockBytes', 256],
    ['blockBytes', 520],
    ['blockBytes', 131_072],
    ['blockCount', 0],
    ['blockCount', 1.5],
    ['blockCount', 2 ** 53],
    ['requiredAlignmentBytes', 0],
    ['requiredAlignmentBytes', 3],
    ['requiredAlignmentBytes', 8192],
    ['transferBlocksMax', 0],
    ['transferBlocksMax', NaN],
    ['optimalBoundaryBlocks', -1],
    ['unmapBlocksMax', 0],
    ['writeZeroesBlocksMax', -5],
  ])('refuses a device whose %s is %d, by name', (name, value) => {
    expect(() => new BdevChannel(new ScriptedBdev({ [name]: value }))).toThrow(
      new RegExp(`^${name}: expected .* got ${value}$`),
    );
  });
});

describe('names for people', () => {
  it('exist for every number, known or not', () => {
    expect([0, 5, 7, 99].map(describeBdevStatus)).toEqual([
      'success',
      'NVMe error',
      'bad address',
      'unknown status 99',
    ]);
    expect([0, 4, 5, 6].map(describeBdevIoType)).toEqual(['read', 'write zeroes', 'compare', 'unknown I/O type 6']);
  });
});
