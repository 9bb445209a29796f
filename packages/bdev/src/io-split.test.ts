import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Geometry, Outcomes, ScriptedBdev } from '../test/kit.js';
import {
  BDEV_ACCEPTED,
  BDEV_AGAIN,
  BDEV_IO_READ,
  BDEV_NEVER,
  BDEV_STATUS_FAILED,
  BDEV_STATUS_NVME_ERROR,
  BdevChannel,
  SPLIT_PIECES_IN_FLIGHT_MAX,
} from './index.js';

function open(geometry: Geometry, ioCount = 64): { bdev: ScriptedBdev; channel: BdevChannel; outcomes: Outcomes } {
  const bdev = new ScriptedBdev(geometry);
  return { bdev, channel: new BdevChannel(bdev, { ioCount }), outcomes: new Outcomes() };
}

function drain(bdev: ScriptedBdev, channel: BdevChannel): void {
  for (let i = 0; i < 10_000 && channel.inFlight > 0; i++) {
    bdev.toComplete = Infinity;
    channel.poll();
  }
}

describe('an I/O that the device does not take whole', () => {
  it('is cut where the device cannot take more', () => {
    const { bdev, channel, outcomes } = open({ transferBlocksMax: 4 });
    expect(channel.read(4096, 10, 10, outcomes.callback, 'whole')).toBe(BDEV_ACCEPTED);
    expect(bdev.seen).toEqual([
      { type: BDEV_IO_READ, address: 4096, lba: 10, blocks: 4 },
      { type: BDEV_IO_READ, address: 4096 + 2048, lba: 14, blocks: 4 },
      { type: BDEV_IO_READ, address: 4096 + 4096, lba: 18, blocks: 2 },
    ]);
    drain(bdev, channel);
    expect(outcomes.all).toEqual([{ context: 'whole', status: 0 }]);
    expect([
      channel.statistics.ios(BDEV_IO_READ),
      channel.statistics.blocks(BDEV_IO_READ),
      channel.statistics.splits,
    ]).toEqual([1, 10, 1]);
  });

  it.each([
    [
      'a power of two',
      8,
      [
        [6, 2],
        [8, 8],
        [16, 3],
      ],
    ],
    [
      'not a power of two',
      6,
      [
        [6, 6],
        [12, 6],
        [18, 1],
      ],
    ],
  ])('is cut at the boundary, %s', (_name, boundary, pieces) => {
    const { bdev, channel, outcomes } = open({ optimalBoundaryBlocks: boundary, splitOnBoundary: true });
    channel.read(0, 6, 13, outcomes.callback, null);
    expect(bdev.seen.map(({ lba, blocks }) => [lba, blocks])).toEqual(pieces);
  });

  it('is not cut when it only touches the boundary', () => {
    for (const boundary of [8, 6]) {
      const { bdev, channel, outcomes } = open({ optimalBoundaryBlocks: boundary, splitOnBoundary: true });
      channel.read(0, boundary, boundary, outcomes.callback, null);
      channel.read(0, 0, boundary, outcomes.callback, null);
      expect(bdev.seen.length).toBe(2);
      expect(channel.statistics.splits).toBe(0);
    }
  });

  it('is left whole when the boundary is only advice', () => {
    const { bdev, channel, outcomes } = open({ optimalBoundaryBlocks: 8, splitOnBoundary: false });
    channel.read(0, 6, 13, outcomes.callback, null);
    expect(bdev.seen.length).toBe(1);
  });

  it('is cut by limits of its own when it moves no data', () => {
    const { bdev, channel, outcomes } = open({
      transferBlocksMax: 2,
      optimalBoundaryBlocks: 4,
      splitOnBoundary: true,
      unmapBlocksMax: 100,
      writeZeroesBlocksMax: 30,
    });
    channel.unmap(1, 150, outcomes.callback, null);
    channel.writeZeroes(1, 50, outcomes.callback, null);
    expect(bdev.seen.map(({ address, lba, blocks }) => [address, lba, blocks])).toEqual([
      [0, 1, 100],
      [0, 101, 50],
      [0, 1, 30],
      [0, 31, 20],
    ]);
  });

  it('has no more than its share of pieces in flight', () => {
    const { bdev, channel, outcomes } = open({ transferBlocksMax: 1 });
    channel.read(0, 0, 100, outcomes.callback, null);
    expect(bdev.inFlight.length).toBe(SPLIT_PIECES_IN_FLIGHT_MAX);
    bdev.toComplete = 3;
    channel.poll();
    expect(bdev.inFlight.length).toBe(SPLIT_PIECES_IN_FLIGHT_MAX);
    expect(bdev.seen.length).toBe(SPLIT_PIECES_IN_FLIGHT_MAX + 3);
    drain(bdev, channel);
    expect(outcomes.all.length).toBe(1);
  });

  it('ends once, with its first failure, and cuts nothing more after it', () => {
    const { bdev, channel } = open({ transferBlocksMax: 1 });
    const seen: unknown[] = [];
    channel.read(0, 0, 100, (_context, status) => seen.push([status, channel.lastNvmeStatus]), null);
    bdev.outcomes.push([0, 0], [BDEV_STATUS_NVME_ERROR, 0x281], [BDEV_STATUS_FAILED, 7]);
    bdev.toComplete = 3;
    channel.poll();
    expect(seen).toEqual([]);
    expect(bdev.seen.length).toBe(SPLIT_PIECES_IN_FLIGHT_MAX + 1);
    drain(bdev, channel);
    expect(seen).toEqual([[BDEV_STATUS_NVME_ERROR, 0x281]]);
    expect(bdev.seen.length).toBe(SPLIT_PIECES_IN_FLIGHT_MAX + 1);
    expect(channel.statistics.errors(BDEV_IO_READ)).toBe(1);
    expect(channel.statistics.ios(BDEV_IO_READ)).toBe(0);
  });

  it('is answered AGAIN without room for itself and a piece, and NEVER when there can be none', () => {
    const two = open({ transferBlocksMax: 1 }, 2);
    two.channel.read(0, 0, 1, two.outcomes.callback, null);
    expect(two.channel.read(0, 0, 2, two.outcomes.callback, null)).toBe(BDEV_AGAIN);
    expect(two.channel.statistics.refusals).toBe(1);
    const one = open({ transferBlocksMax: 1 }, 1);
    expect(one.channel.read(0, 0, 2, one.outcomes.callback, null)).toBe(BDEV_NEVER);
    expect(one.channel.inFlight).toBe(0);
  });

  it('cannot starve another one, however small the pool', () => {
    const { bdev, channel, outcomes } = open({ transferBlocksMax: 1 }, 4);
    expect(channel.read(0, 0, 50, outcomes.callback, 'a')).toBe(BDEV_ACCEPTED); // takes all four
    expect(channel.read(0, 0, 50, outcomes.callback, 'b')).toBe(BDEV_AGAIN);
    drain(bdev, channel);
    expect(outcomes.all).toEqual([{ context: 'a', status: 0 }]);
    expect(channel.inFlight).toBe(0);
  });

  it('has no address past its end: a buffer may end where small integers do', () => {
    const { bdev, channel, outcomes } = open({ transferBlocksMax: 4 });
    channel.read(0x8000_0000 - 4096, 0, 8, outcomes.callback, null);
    drain(bdev, channel);
    expect(bdev.seen.map((each) => each.address)).toEqual([0x7fff_f000, 0x7fff_f800]);
  });
});

describe('for any geometry', () => {
  it('the pieces cover the range once, in order, and none is larger than it may be', () => {
    const geometry = fc.record({
      transferBlocksMax: fc.integer({ min: 1, max: 40 }),
      optimalBoundaryBlocks: fc.integer({ min: 0, max: 40 }),
      splitOnBoundary: fc.boolean(),
    });
    fc.assert(
      fc.property(geometry, fc.nat(700), fc.integer({ min: 1, max: 300 }), (shape, lba, blocks) => {
        const { bdev, channel, outcomes } = open(shape);
        expect(channel.write(8192, lba, blocks, outcomes.callback, null)).toBe(BDEV_ACCEPTED);
        drain(bdev, channel);
        let next = lba;
        for (const piece of bdev.seen) {
          expect(piece.lba).toBe(next);
          expect(piece.address).toBe(8192 + (next - lba) * 512);
          expect(piece.blocks).toBeGreaterThan(0);
          expect(piece.blocks).toBeLessThanOrEqual(shape.transferBlocksMax);
          next += piece.blocks;
          if (!shape.splitOnBoundary || shape.optimalBoundaryBlocks === 0) continue;
          const [first, last] = [piece.lba, next - 1].map((each) => Math.floor(each / shape.optimalBoundaryBlocks));
          expect(first).toBe(last);
        }
        expect(next).toBe(lba + blocks);
        expect(outcomes.all).toEqual([{ context: null, status: 0 }]);
        expect(channel.inFlight).toBe(0);
      }),
    );
  });
});
