import { describe, expect, it } from 'vitest';
import { Outcomes } from '../test/kit.js';
import {
  BDEV_ACCEPTED,
  BDEV_NEVER,
  BDEV_STATUS_BAD_ADDRESS,
  BDEV_STATUS_MISCOMPARE,
  BDEV_STATUS_SUCCESS,
  BdevChannel,
  HeapMemory,
  MallocBdev,
  NullBdev,
} from './index.js';

const BLOCK = 512;
const BLOCKS = 100; // not a whole number of pages

function fill(memory: HeapMemory, byte: number): void {
  for (let page = 1; memory.contains(page * 4096, 4096); page++) memory.page(page).fill(byte);
}

/** Carries one I/O out and gives its status. */
function run(channel: BdevChannel, submit: (outcomes: Outcomes) => number): number {
  const outcomes = new Outcomes();
  expect(submit(outcomes)).toBe(BDEV_ACCEPTED);
  for (let i = 0; i < 1000 && outcomes.all.length === 0; i++) channel.poll();
  expect(outcomes.all.length).toBe(1);
  return outcomes.all[0].status;
}

describe('a RAM disk', () => {
  it('reads as zeroes at first and gives back what was written, whatever the alignment', () => {
    const memory = new HeapMemory(8 * 4096);
    const channel = new BdevChannel(new MallocBdev({ blockCount: BLOCKS, memory }));
    fill(memory, 0xee);
    expect(run(channel, (o) => channel.read(4096, 0, 16, o.callback, null))).toBe(BDEV_STATUS_SUCCESS);
    expect(memory.bytes(4096, 16 * BLOCK).every((byte) => byte === 0)).toBe(true);
    expect(memory.bytes(4096 + 16 * BLOCK, 4).every((byte) => byte === 0xee)).toBe(true);

    const pattern = memory.bytes(8196, 9 * BLOCK);
    for (let i = 0; i < pattern.length; i++) pattern[i] = (i * 7) & 0xff;
    const written = pattern.slice();
    expect(run(channel, (o) => channel.write(8196, 3, 9, o.callback, null))).toBe(BDEV_STATUS_SUCCESS);
    fill(memory, 0);
    expect(run(channel, (o) => channel.read(4096 + 12, 3, 9, o.callback, null))).toBe(BDEV_STATUS_SUCCESS);
    expect(memory.bytes(4096 + 12, 9 * BLOCK)).toEqual(written);
    expect(run(channel, (o) => channel.compare(4096 + 12, 3, 9, o.callback, null))).toBe(BDEV_STATUS_SUCCESS);
    memory.bytes(4096 + 12, 9 * BLOCK)[9 * BLOCK - 1] ^= 1;
    expect(run(channel, (o) => channel.compare(4096 + 12, 3, 9, o.callback, null))).toBe(BDEV_STATUS_MISCOMPARE);
  });

  it('serves all its channels from the same blocks', () => {
    const memory = new HeapMemory(2 * 4096);
    const bdev = new MallocBdev({ blockCount: 8, memory });
    const [one, two] = [new BdevChannel(bdev), new BdevChannel(bdev)];
    fill(memory, 9);
    run(one, (o) => one.write(4096, 0, 8, o.callback, null));
    fill(memory, 0);
    run(two, (o) => two.read(4096, 0, 8, o.callback, null));
    expect(memory.bytes(4096, 4096).every((byte) => byte === 9)).toBe(true);
  });

  it.each([0, 4092, 4096 + 8 * 4096 - 508, 0x7fff_fffc])(
    'ends an I/O at address %d, which is not memory, with a status',
    (address) => {
      const memory = new HeapMemory(8 * 4096);
      const channel = new BdevChannel(new MallocBdev({ blockCount: BLOCKS, memory }));
      expect(run(channel, (o) => channel.read(address, 0, 1, o.callback, null))).toBe(BDEV_STATUS_BAD_ADDRESS);
      expect(run(channel, (o) => channel.write(address, 0, 1, o.callback, null))).toBe(BDEV_STATUS_BAD_ADDRESS);
      expect(run(channel, (o) => channel.compare(address, 0, 1, o.callback, null))).toBe(BDEV_STATUS_BAD_ADDRESS);
    },
  );

  it('refuses addresses that are not multiples of four', () => {
    const channel = new BdevChannel(new MallocBdev({ blockCount: 8, memory: new HeapMemory(2 * 4096) }));
    expect(channel.read(4098, 0, 1, new Outcomes().callback, null)).toBe(BDEV_NEVER);
  });

  it.each([0, -1, 0.3, NaN, 2 ** 40])('cannot have %d blocks', (blockCount) => {
    expect(() => new MallocBdev({ blockCount, memory: new HeapMemory(1 * 4096) })).toThrow(/^blockCount: expected/);
  });
});

describe('a null device', () => {
  it('completes everything at the next poll and leaves memory alone', () => {
    const channel = new BdevChannel(new NullBdev());
    const outcomes = new Outcomes();
    channel.read(4096, 0, 8, outcomes.callback, 0);
    channel.write(4096, 0, 8, outcomes.callback, 1);
    channel.unmap(0, 0x7fff_ffff, outcomes.callback, 2);
    channel.writeZeroes(0, 8, outcomes.callback, 3);
    channel.flush(outcomes.callback, 4);
    expect(outcomes.all).toEqual([]);
    expect(channel.poll()).toBe(5);
    expect(outcomes.all.map((each) => each.context)).toEqual([0, 1, 2, 3, 4]);
    expect(channel.poll()).toBe(0);
    channel.close();
  });

  it('has nothing to compare with', () => {
    const channel = new BdevChannel(new NullBdev());
    expect(channel.compare(0, 0, 1, new Outcomes().callback, null)).toBe(BDEV_NEVER);
  });

  it('ends a poll although each callback submits again', () => {
    const channel = new BdevChannel(new NullBdev(), { ioCount: 4 });
    let calls = 0;
    const callback = (): void => {
      calls++;
      channel.read(0, 0, 1, callback, null);
    };
    channel.read(0, 0, 1, callback, null);
    channel.read(0, 0, 1, callback, null);
    expect(channel.poll()).toBe(2);
    expect(calls).toBe(2);
  });

  it('takes its geometry from its options', () => {
    const bdev = new NullBdev({ name: 'n', blockBytes: 4096, blockCount: 7, transferBlocksMax: 2 });
    expect([bdev.name, bdev.blockBytes, bdev.blockCount, bdev.transferBlocksMax]).toEqual(['n', 4096, 7, 2]);
  });
});
