/**
 * Rings of every kind of size, lap after lap, against the modelled device: the phase inverts at each wrap and nowhere else.
 */
import { RamMedium } from '@phasebit/controller';
import { Prng } from '@phasebit/core';
import { type QueuePair, type QueuePairOptions, SUBMIT_ACCEPTED } from '@phasebit/nvme';
import { describe, expect, it } from 'vitest';
import { InlineStack, NSID } from './support/inline-stack.js';

/** Each lap inverts the phase, so that this many see both of its values six times. */
const LAPS = 12;
const BLOCKS = 512;
/** More than any ring of these tests holds, so that requests wait for trackers. */
const OUTSTANDING = 96;

/** Writes blocks with their own number and reads them back, with many more outstanding than there are trackers. */
class NumberedBlocks {
  completed = 0;
  private issued = 0;
  private readonly written = new Set<number>();
  private readonly prng: Prng;

  constructor(
    private readonly stack: InlineStack,
    private readonly pair: QueuePair,
    private readonly index: number,
    readonly total: number,
  ) {
    this.prng = new Prng(index + 1);
  }

  start(): void {
    for (let slot = 0; slot < OUTSTANDING; slot++) this.next(slot);
  }

  /** Each slot has blocks of its own, so that no two commands about one block are under way at once. */
  private next(slot: number): void {
    if (this.issued === this.total) return;
    this.issued++;
    const at = slot + OUTSTANDING * this.prng.below(Math.floor(BLOCKS / OUTSTANDING));
    const lba = this.index * BLOCKS + at;
    const namespace = this.stack.controllers[0].namespace(NSID);
    const address = this.stack.data + (this.index * OUTSTANDING + slot) * 4096;
    const words = this.stack.dma.words(address, 1024);
    const isWrite = this.prng.below(2) === 0;
    if (isWrite) {
      words.fill(lba + 1);
      this.written.add(lba);
    } else words.fill(0xffff_ffff);
    const expected = this.written.has(lba) ? lba + 1 : 0;
    const onDone = (_: unknown, status: number): void => {
      if (status !== 0) throw new Error(`block ${lba}: status ${status}`);
      if (words[0] !== expected || words[1023] !== expected) throw new Error(`block ${lba}: holds ${words[0]}`);
      this.completed++;
      this.next(slot);
    };
    const answer = isWrite
      ? this.pair.write(namespace, address, lba, 1, 0, onDone, 0)
      : this.pair.read(namespace, address, lba, 1, 0, onDone, 0);
    if (answer !== SUBMIT_ACCEPTED) throw new Error(`refused: ${answer}`);
  }
}

async function runLaps(entries: number, pairs: number, options: QueuePairOptions): Promise<void> {
  const stack = await InlineStack.open({
    medium: new RamMedium({ bytes: pairs * BLOCKS * 4096 }),
    dataBytes: pairs * OUTSTANDING * 4096,
  });
  const loads: NumberedBlocks[] = [];
  for (let index = 0; index < pairs; index++) {
    const pair = await stack.openPair({ requests: OUTSTANDING, ...options, entries });
    loads.push(new NumberedBlocks(stack, pair, index, LAPS * entries + OUTSTANDING));
  }
  const { queuePairs } = stack.controllers[0];
  for (const load of loads) load.start();
  stack.spin(
    () => loads.every((load) => load.completed === load.total),
    () => {
      for (const pair of queuePairs) pair.poll();
    },
  );
  for (const { statistics, inFlight, outstanding } of queuePairs) {
    expect({ inFlight, outstanding, spurious: statistics.spurious }).toEqual({
      inFlight: 0,
      outstanding: 0,
      spurious: 0,
    });
    expect(statistics.completions).toBe(LAPS * entries + OUTSTANDING);
    // Laps are counted in entries; more was outstanding than fits.
    expect(statistics.queued > 0).toBe(OUTSTANDING > entries - 1);
  }
  // No doorbell ever had a value that the device could not believe.
  expect(stack.devices[0].doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
}

describe('commands and completions are mistaken for those of another lap', () => {
  const sizes = [2, 3, 4, 5, 7, 8, 16, 31, 32, 33, 64, 65, 256, 1000, 1024];

  it.each(sizes)('on a ring of %i entries', async (entries) => {
    await runLaps(entries, 1, {});
  });

  it.each([
    ['a doorbell for everything', { sqDoorbell: 'command', cqDoorbell: 'poll' }],
    ['callbacks in requests and no look ahead', { callbackIn: 'request', lookAhead: false }],
    ['one completion per poll', { completionsPerPollMax: 1 }],
    ['five completions per poll, which no ring is a multiple of', { completionsPerPollMax: 5, lookAhead: false }],
  ] as const)('with %s', async (_, options) => {
    for (const entries of [2, 3, 8, 33]) await runLaps(entries, 1, options);
  });

  it('on several queue pairs of one controller that complete in turns', async () => {
    for (const entries of [2, 5, 32]) await runLaps(entries, 6, { completionsPerPollMax: 3 });
  });
});

describe('a queue identifier that is used again', () => {
  it('sees completions of the pair that had it before', async () => {
    const stack = await InlineStack.open();
    const controller = stack.controllers[0];
    const namespace = controller.namespace(NSID);
    for (let round = 0; round < 20; round++) {
      const pair = await stack.openPair({ entries: 2 + (round % 5) });
      expect(pair.qid).toBe(1);
      let completed = 0;
      const ios = 1 + round * 3;
      const next = (): void => {
        if (completed++ < ios) pair.read(namespace, stack.data, 0, 1, 0, next, 0);
      };
      next();
      stack.spin(
        () => pair.outstanding === 0,
        () => pair.poll(),
      );
      expect(pair.statistics).toMatchObject({ completions: ios, spurious: 0 });
      await controller.deleteQueuePair(pair);
    }
    expect(stack.devices[0].doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
  });
});

describe('a queue pair that is deleted under load', () => {
  it('loses commands, or calls them back twice', async () => {
    for (const sqDoorbell of ['command', 'poll'] as const) {
      const stack = await InlineStack.open();
      const controller = stack.controllers[0];
      const pair = await stack.openPair({ entries: 8, requests: 64, sqDoorbell });
      const calls = new Map<unknown, number>();
      const onDone = (context: unknown): void => void calls.set(context, (calls.get(context) ?? 0) + 1);
      for (let lba = 0; lba < 50; lba++) pair.read(controller.namespace(NSID), stack.data, lba, 1, 0, onDone, lba);
      pair.poll();
      await controller.deleteQueuePair(pair);
      expect([...calls.keys()].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 50 }, (_, i) => i));
      expect([...calls.values()].every((count) => count === 1)).toBe(true);
      expect(controller.queuePairs).toEqual([]);
    }
  });

  it('rings the doorbell of a queue that is gone when it is polled meanwhile', async () => {
    const stack = await InlineStack.open();
    const controller = stack.controllers[0];
    const pair = await stack.openPair({ entries: 8, requests: 64 });
    const onDone = (): void => undefined;
    for (let lba = 0; lba < 50; lba++) pair.read(controller.namespace(NSID), stack.data, lba, 1, 0, onDone, 0);
    const deleted = controller.deleteQueuePair(pair);
    // The owner's loop goes on while the promise is pending.
    for (let turn = 0; turn < 100; turn++) {
      if (pair.connected) pair.poll();
      await Promise.resolve();
    }
    await deleted;
    // The same identifier is given out again: its device has to begin with empty queues.
    const next = await stack.openPair({ entries: 8 });
    for (let turn = 0; turn < 5000; turn++) {
      next.poll();
      stack.step();
    }
    expect(next.statistics).toMatchObject({ completions: 0, spurious: 0 });
    expect(stack.devices[0].doorbellFaults).toMatchObject({ strayWrites: 0, invalidValues: 0 });
  });
});
