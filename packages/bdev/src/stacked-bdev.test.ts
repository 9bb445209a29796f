import { describe, expect, it } from 'vitest';
import { Outcomes, ScriptedBdev } from '../test/kit.js';
import {
  BDEV_IO_COMPARE,
  BDEV_IO_READ,
  BDEV_IO_WRITE,
  BDEV_NEVER,
  BDEV_STATUS_FAILED,
  BDEV_STATUS_NVME_ERROR,
  BDEV_STATUS_TIMED_OUT,
  BdevChannel,
  DelayBdev,
  ErrorBdev,
  NullBdev,
} from './index.js';

const NULL = new NullBdev();
const GEOMETRY = [
  'blockBytes',
  'blockCount',
  'requiredAlignmentBytes',
  'optimalBoundaryBlocks',
  'splitOnBoundary',
  'transferBlocksMax',
  'writeCache',
] as const;

describe('a stacked device', () => {
  it('has the geometry of its base and passes every kind on', () => {
    const base = new ScriptedBdev({
      blockBytes: 4096,
      blockCount: 77,
      requiredAlignmentBytes: 8,
      optimalBoundaryBlocks: 16,
      splitOnBoundary: true,
      transferBlocksMax: 5,
      unmapBlocksMax: 9,
      writeZeroesBlocksMax: 11,
      writeCache: true,
    });
    base.unsupported.add(BDEV_IO_COMPARE);
    const bdev = new DelayBdev(base);
    for (const key of GEOMETRY) expect(bdev[key]).toBe(base[key]);
    expect([bdev.transferBlocksMax, bdev.unmapBlocksMax, bdev.writeZeroesBlocksMax, bdev.writeCache]).toEqual([
      5,
      9,
      11,
      true,
    ]);
    const channel = new BdevChannel(bdev);
    const outcomes = new Outcomes();
    expect(channel.compare(0, 0, 1, outcomes.callback, null)).toBe(BDEV_NEVER);
    channel.read(8, 1, 2, outcomes.callback, null);
    channel.write(16, 3, 4, outcomes.callback, null);
    channel.unmap(5, 6, outcomes.callback, null);
    channel.writeZeroes(7, 8, outcomes.callback, null);
    channel.flush(outcomes.callback, null);
    expect(base.seen.map(({ address, lba, blocks }) => [address, lba, blocks])).toEqual([
      [8, 1, 2],
      [16, 3, 4],
      [0, 5, 6],
      [0, 7, 8],
      [0, 0, 0],
    ]);
    base.toComplete = 5;
    expect(channel.poll()).toBe(5);
    channel.close();
    expect(base.closed).toBe(1);
  });
});

describe('a delay device', () => {
  it('holds an I/O back for its time after the base has completed it', () => {
    const base = new ScriptedBdev();
    const channel = new BdevChannel(new DelayBdev(base, { read: { usualNs: 100 }, write: { usualNs: 1000 } }));
    const outcomes = new Outcomes();
    channel.read(0, 0, 1, outcomes.callback, 'read');
    channel.write(0, 0, 1, outcomes.callback, 'write');
    channel.compare(0, 0, 1, outcomes.callback, 'compare');
    channel.tick(50);
    base.outcomes.push([BDEV_STATUS_NVME_ERROR, 0x281]);
    base.toComplete = 3;
    expect(channel.poll()).toBe(0);
    channel.tick(149);
    expect(channel.poll()).toBe(0);
    channel.tick(150);
    expect(channel.poll()).toBe(2);
    expect(outcomes.all).toEqual([
      { context: 'read', status: BDEV_STATUS_NVME_ERROR },
      { context: 'compare', status: 0 },
    ]);
    channel.tick(1050);
    expect(channel.poll()).toBe(1);
    expect(channel.inFlight).toBe(0);
  });

  it('passes the NVMe status on', () => {
    const base = new ScriptedBdev();
    const channel = new BdevChannel(new DelayBdev(base));
    const seen: number[] = [];
    channel.read(0, 0, 1, () => seen.push(channel.lastNvmeStatus), null);
    base.outcomes.push([BDEV_STATUS_NVME_ERROR, 0x281]);
    base.toComplete = 1;
    channel.poll();
    expect(seen).toEqual([0x281]);
  });

  it('makes its share of the I/Os slow, the same ones for the same seed', () => {
    const run = (seed: number): boolean[] => {
      const channel = new BdevChannel(new DelayBdev(NULL, { seed, read: { usualNs: 1, slowNs: 10, slowOneIn: 4 } }));
      const slow: boolean[] = [];
      let isSlow = false;
      for (let i = 0; i < 400; i++) {
        channel.read(0, 0, 1, () => slow.push(isSlow), null);
        channel.tick(i * 100);
        channel.poll();
        isSlow = false;
        channel.tick(i * 100 + 1);
        channel.poll();
        isSlow = true;
        channel.tick(i * 100 + 10);
        channel.poll();
      }
      return slow;
    };
    const slow = run(1);
    expect(slow.length).toBe(400);
    const count = slow.filter(Boolean).length;
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(140);
    expect(run(1)).toEqual(slow);
    expect(run(2)).not.toEqual(slow);
  });

  it.each([{ usualNs: -1 }, { usualNs: NaN }, { usualNs: 1, slowNs: -1 }, { usualNs: 1, slowOneIn: 1.5 }])(
    'refuses the profile %o',
    (read) => {
      expect(() => new DelayBdev(NULL, { read })).toThrow(/^read/);
    },
  );
});

describe('an error device', () => {
  function open(): {
    base: ScriptedBdev;
    bdev: ErrorBdev;
    channel: BdevChannel;
    outcomes: Outcomes;
    statuses: () => number[];
  } {
    const base = new ScriptedBdev();
    const bdev = new ErrorBdev(base);
    const channel = new BdevChannel(bdev);
    const outcomes = new Outcomes();
    const statuses = (): number[] => outcomes.all.map((each) => each.status);
    return { base, bdev, channel, outcomes, statuses };
  }

  it('fails as many I/Os of a kind as it was told, with its status, and not before a poll', () => {
    const { base, bdev, channel, outcomes, statuses } = open();
    bdev.inject({ effect: 'fail', type: BDEV_IO_WRITE, count: 2, status: BDEV_STATUS_TIMED_OUT });
    for (let i = 0; i < 3; i++) channel.write(0, i, 1, outcomes.callback, null);
    channel.read(0, 9, 1, outcomes.callback, null);
    expect(statuses()).toEqual([]);
    expect(base.seen.map((each) => each.lba)).toEqual([2, 9]);
    base.toComplete = 2;
    channel.poll();
    expect(statuses()).toEqual([BDEV_STATUS_TIMED_OUT, BDEV_STATUS_TIMED_OUT, 0, 0]);
  });

  it('fails what touches a block', () => {
    const { base, bdev, channel, outcomes } = open();
    bdev.inject({ effect: 'fail', lba: 10 });
    for (const [lba, blocks] of [
      [8, 2],
      [8, 3],
      [10, 1],
      [11, 4],
    ] as const)
      channel.read(0, lba, blocks, outcomes.callback, null);
    expect(base.seen.map((each) => [each.lba, each.blocks])).toEqual([
      [8, 2],
      [11, 4],
    ]);
  });

  it('gives an NVMe status', () => {
    const { bdev, channel } = open();
    const seen: unknown[] = [];
    bdev.inject({ effect: 'fail', status: BDEV_STATUS_NVME_ERROR, nvmeStatus: 0x4280 });
    channel.read(0, 0, 1, (_context, status) => seen.push([status, channel.lastNvmeStatus]), null);
    channel.poll();
    expect(seen).toEqual([[BDEV_STATUS_NVME_ERROR, 0x4280]]);
  });

  it('strikes by chance, the same I/Os for the same seed', () => {
    const run = (seed: number): number[] => {
      const bdev = new ErrorBdev(NULL, { seed });
      bdev.inject({ effect: 'fail', oneIn: 3 });
      const channel = new BdevChannel(bdev);
      const outcomes = new Outcomes();
      for (let i = 0; i < 300; i++) {
        channel.read(0, i, 1, outcomes.callback, null);
        channel.poll();
      }
      return outcomes.all.map((each) => each.status);
    };
    const statuses = run(1);
    const failures = statuses.filter((status) => status === BDEV_STATUS_FAILED).length;
    expect(failures).toBeGreaterThan(60);
    expect(failures).toBeLessThan(140);
    expect(run(1)).toEqual(statuses);
    expect(run(2)).not.toEqual(statuses);
  });

  it('has no room for a while, and nothing is lost or reordered', () => {
    const { base, bdev, channel, outcomes, statuses } = open();
    bdev.inject({ effect: 'no-memory', count: 2 });
    for (let i = 0; i < 3; i++) channel.read(0, i, 1, outcomes.callback, null);
    expect(channel.waiting).toBe(3);
    channel.poll();
    expect(channel.waiting).toBe(3);
    channel.poll();
    expect(base.seen.map((each) => each.lba)).toEqual([0, 1, 2]);
    base.toComplete = 3;
    channel.poll();
    expect(statuses()).toEqual([0, 0, 0]);
  });

  it('holds completions back until they are released', () => {
    const { base, bdev, channel, outcomes } = open();
    bdev.inject({ effect: 'hold', type: BDEV_IO_READ, count: 1 });
    channel.read(0, 0, 1, outcomes.callback, 'held');
    channel.read(0, 1, 1, outcomes.callback, 'passed');
    base.toComplete = 2;
    channel.poll();
    expect(outcomes.all.map((each) => each.context)).toEqual(['passed']);
    expect(() => channel.close()).toThrow(expect.objectContaining({ code: 'BUSY' }));
    bdev.release();
    channel.poll();
    expect(outcomes.all.map((each) => each.context)).toEqual(['passed', 'held']);
    channel.close();
    expect(base.closed).toBe(1);
  });

  it('does nothing after its rules were cleared', () => {
    const { base, bdev, channel, outcomes } = open();
    bdev.inject({ effect: 'fail' });
    bdev.clear();
    channel.read(0, 0, 1, outcomes.callback, null);
    channel.tick(3);
    expect([base.seen.length, base.ticks]).toEqual([1, [3]]);
  });

  it.each([{ count: 0 }, { count: 1.5 }, { oneIn: 0 }, { oneIn: NaN }])('refuses the rule %o', (part) => {
    expect(() => new ErrorBdev(NULL).inject({ effect: 'fail', ...part })).toThrow(/expected an integer of 1 or more/);
  });
});
