import { ManualClock } from '@phasebit/core';
import { describe, expect, it } from 'vitest';
import { createDmaArena, createLinkMemory, DmaSpace, type InterruptVectors, LinkDevice, openLink } from './index.js';

/** A link whose host pauses by letting a millisecond pass and `onPause` happen. */
class Waiter {
  readonly clock = new ManualClock();
  readonly device: LinkDevice;
  readonly vectors: InterruptVectors;
  onPause: () => void = () => undefined;
  pauses = 0;

  constructor(shared: boolean) {
    const memory = createLinkMemory({ queues: 4, shared });
    const dma = new DmaSpace(4096 * 4);
    dma.attach(createDmaArena({ bytes: 4096 }));
    this.device = new LinkDevice(memory);
    const pause = async (): Promise<void> => {
      this.pauses++;
      this.clock.advanceNs(1e6);
      this.onPause();
    };
    this.vectors = openLink({ memory, dma, clock: this.clock, pause }).vectors;
  }
}

describe.each([
  ['one thread', false],
  ['shared memory', true],
])('a wait for a message, %s,', (_, shared) => {
  it('goes on although a message came before it began', async () => {
    const { vectors, device } = new Waiter(shared);
    const seen = vectors.received(1);
    device.sendMessage(1);
    expect(await vectors.wait(1, seen)).toBe(1);
  });

  it('goes on when the message comes, or ends for another vector’s', async () => {
    const waiter = new Waiter(shared);
    const { vectors, device } = waiter;
    let isOver = false;
    const waiting = vectors.wait(1, 0).then((received) => {
      isOver = true;
      return received;
    });
    device.sendMessage(2);
    await Promise.resolve();
    expect(isOver).toBe(false);
    waiter.onPause = () => void (waiter.pauses === 5 && device.sendMessage(1));
    if (shared) device.sendMessage(1);
    expect(await waiting).toBe(1);
    expect(waiter.pauses).toBe(shared ? 0 : 5);
  });

  it('loses a message of a vector that was masked while the wait began', async () => {
    const { vectors, device } = new Waiter(shared);
    vectors.setMasked(1, true);
    device.sendMessage(1);
    const waiting = vectors.wait(1, vectors.received(1));
    vectors.setMasked(1, false);
    expect(await waiting).toBe(1);
  });

  it('wakes one of two who wait', async () => {
    const waiter = new Waiter(shared);
    const both = Promise.all([waiter.vectors.wait(3, 0), waiter.vectors.wait(3, 0)]);
    waiter.onPause = () => void (waiter.pauses === 4 && waiter.device.sendMessage(3));
    if (shared) waiter.device.sendMessage(3);
    expect(await both).toEqual([1, 1]);
  });

  it('begins although it was given up, or hides why', async () => {
    const { vectors } = new Waiter(shared);
    const reason = new Error('enough');
    await expect(vectors.wait(1, 0, { signal: { aborted: true, reason } })).rejects.toBe(reason);
    await expect(vectors.wait(1, 0, { signal: { aborted: true } })).rejects.toThrow('given up');
  });

  it('of no time waits all the same', async () => {
    const { vectors } = new Waiter(shared);
    expect(await vectors.wait(1, 0, { timeoutMs: 0 })).toBe(0);
  });

  it.each([-1, 4, NaN])('is for vector %d', async (vector) => {
    await expect(new Waiter(shared).vectors.wait(vector, 0)).rejects.toThrow(`vector: expected 0 to 3, got ${vector}`);
  });
});

describe('a wait for a message on one thread', () => {
  it('is longer than it was to be, or shorter', async () => {
    const waiter = new Waiter(false);
    expect(await waiter.vectors.wait(0, 0, { timeoutMs: 7 })).toBe(0);
    expect(waiter.clock.nowNs()).toBe(7e6);
  });

  it('cannot be given up while it lasts', async () => {
    const waiter = new Waiter(false);
    const signal = { aborted: false, reason: new Error('enough') };
    waiter.onPause = () => (signal.aborted = waiter.pauses === 3);
    await expect(waiter.vectors.wait(0, 0, { signal })).rejects.toBe(signal.reason);
    expect(waiter.pauses).toBe(3);
  });
});

describe('a message of a vector that nobody waits for', () => {
  it('wakes those who wait for another one, or leaves somebody counted who is gone', async () => {
    const { vectors, device } = new Waiter(true);
    for (let i = 0; i < 3; i++) {
      const waiting = vectors.wait(1, i);
      device.sendMessage(1);
      expect(await waiting).toBe(i + 1);
    }
    expect(await vectors.wait(1, 3, { timeoutMs: 0 })).toBe(3);
    // Word 3 of the vector's line counts the waits; see link-memory.ts.
    const at = device.words.indexOf(3, 1024);
    expect([...device.words.subarray(at, at + 4)]).toEqual([3, 0, 0, 0]);
  });
});
