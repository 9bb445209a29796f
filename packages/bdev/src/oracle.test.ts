/**
 * Random I/Os on a RAM disk against a plain array: several in flight at once, cut at limits and boundaries, refused for want of I/Os, and
 * parked since the device pretends to have no room.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BDEV_AGAIN,
  BDEV_NEVER,
  BDEV_STATUS_MISCOMPARE,
  BDEV_STATUS_SUCCESS,
  BdevChannel,
  HeapMemory,
  ErrorBdev,
  MallocBdev,
} from './index.js';

const BLOCK = 512;
const BLOCKS = 100; // not a whole number of pages
const SLOT_PAGES = 6;
const SLOTS = 6;

interface Step {
  readonly kind: 'read' | 'write' | 'zero' | 'unmap' | 'compare' | 'flush';
  readonly lba: number;
  readonly blocks: number;
  readonly shift: number;
  readonly fill: number;
}

/** What is in flight: its range, and what must hold when it has completed. */
interface Flight {
  readonly lba: number;
  readonly end: number;
  readonly check: (status: number) => void;
  status: number;
}

/** One run: the device, the array it is held against, and the I/Os in flight, whose ranges never overlap. */
class Trial {
  readonly memory = new HeapMemory(SLOTS * SLOT_PAGES * 4096);
  readonly oracle = new Uint8Array(BLOCKS * BLOCK);
  readonly flights: Flight[] = [];
  readonly channel: BdevChannel;

  constructor(transferBlocksMax: number, boundaryBlocks: number, ioCount: number, noRoomOneIn: number, seed: number) {
    const disk = new MallocBdev({ blockCount: BLOCKS, memory: this.memory, transferBlocksMax, boundaryBlocks });
    const bdev = new ErrorBdev(disk, { seed });
    bdev.inject({ effect: 'no-memory', oneIn: noRoomOneIn });
    this.channel = new BdevChannel(noRoomOneIn > 1 ? bdev : disk, { ioCount });
  }

  step({ kind, lba, blocks: wanted, shift, fill }: Step): void {
    const blocks = Math.min(wanted, BLOCKS - lba);
    const overlaps = this.flights.some((each) => lba < each.end && each.lba < lba + blocks);
    if (overlaps || this.flights.length === SLOTS || kind === 'flush') this.drain();
    const address = 4096 + this.flights.length * SLOT_PAGES * 4096 + shift;
    const bytes = this.memory.bytes(address, blocks * BLOCK);
    const expected = this.oracle.subarray(lba * BLOCK, (lba + blocks) * BLOCK);
    const { channel } = this;
    const succeeds = (status: number): void => expect(status).toBe(BDEV_STATUS_SUCCESS);
    if (kind === 'write') {
      for (let i = 0; i < bytes.length; i++) bytes[i] = (fill + i * 31) & 0xff;
      expected.set(bytes);
      this.launch(lba, blocks, succeeds, (done, flight) => channel.write(address, lba, blocks, done, flight));
    } else if (kind === 'read') {
      const check = (status: number): void => expect([status, Buffer.compare(bytes, expected)]).toEqual([0, 0]);
      this.launch(lba, blocks, check, (done, flight) => channel.read(address, lba, blocks, done, flight));
    } else if (kind === 'compare') {
      const status = Buffer.compare(bytes, expected) === 0 ? BDEV_STATUS_SUCCESS : BDEV_STATUS_MISCOMPARE;
      const check = (found: number): void => expect(found).toBe(status);
      this.launch(lba, blocks, check, (done, flight) => channel.compare(address, lba, blocks, done, flight));
    } else if (kind === 'flush') {
      this.launch(0, BLOCKS, succeeds, (done, flight) => channel.flush(done, flight));
    } else {
      expected.fill(0);
      this.launch(lba, blocks, succeeds, (done, flight) =>
        kind === 'zero' ? channel.writeZeroes(lba, blocks, done, flight) : channel.unmap(lba, blocks, done, flight),
      );
    }
  }

  drain(): void {
    for (let i = 0; i < 100_000 && this.flights.some((each) => each.status < 0); i++) this.channel.poll();
    for (const flight of this.flights) flight.check(flight.status);
    this.flights.length = 0;
    expect(this.channel.inFlight).toBe(0);
  }

  private launch(
    lba: number,
    blocks: number,
    check: (status: number) => void,
    submit: (done: (context: unknown, status: number) => void, flight: Flight) => number,
  ): void {
    const flight: Flight = { lba, end: lba + blocks, check, status: -1 };
    const done = (context: unknown, status: number): void => {
      expect((context as Flight).status).toBe(-1);
      (context as Flight).status = status;
    };
    let answer = submit(done, flight);
    for (; answer === BDEV_AGAIN; answer = submit(done, flight)) this.channel.poll();
    expect(answer).not.toBe(BDEV_NEVER);
    this.flights.push(flight);
  }
}

const step = fc.record({
  kind: fc.constantFrom<Step['kind']>('read', 'read', 'write', 'write', 'zero', 'unmap', 'compare', 'flush'),
  lba: fc.nat(BLOCKS - 1),
  blocks: fc.integer({ min: 1, max: 40 }),
  shift: fc.oneof(
    fc.constant(0),
    fc.nat(20).map((words) => words * 4),
  ),
  fill: fc.integer({ min: 1, max: 255 }),
});

describe('a RAM disk behind the layer', () => {
  it('acts like an array for any sequence of I/Os', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(0, 8, 12),
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        (steps, transferBlocksMax, boundaryBlocks, ioCount, noRoomOneIn, seed) => {
          const trial = new Trial(transferBlocksMax, boundaryBlocks, ioCount, noRoomOneIn, seed);
          for (const each of steps) trial.step(each);
          trial.drain();
        },
      ),
      { numRuns: 300 },
    );
  });
});
