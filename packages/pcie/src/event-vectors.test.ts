import { ManualClock } from '@phasebit/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type EventSource, EventVectors } from './index.js';

/** Eventfds in memory. Time passes when the test says so, and then the waits that have a limit end. */
class FakeEvents implements EventSource {
  readonly open = new Map([10, 11, 12].map((fd) => [fd, 0]));
  readonly limits: number[] = [];
  holds = 0;
  private waits: { readonly fd: number; readonly isLimited: boolean; readonly end: () => void }[] = [];

  signal(fd: number): void {
    this.open.set(fd, this.count(fd) + 1);
    this.endWaits(fd);
  }

  takeEvents(fd: number): number {
    const count = this.count(fd);
    this.open.set(fd, 0);
    return count;
  }

  waitReadable(fd: number, timeoutMs: number): Promise<unknown> {
    this.limits.push(timeoutMs);
    if (this.count(fd) > 0) return Promise.resolve(true);
    return new Promise<void>((end) => this.waits.push({ fd, isLimited: timeoutMs < Infinity, end }));
  }

  endWaits(fd: number): void {
    this.end((each) => each.fd === fd);
  }

  close(fd: number): void {
    expect(this.waits.filter((each) => each.fd === fd)).toEqual([]);
    this.count(fd);
    this.open.delete(fd);
  }

  keepAlive(): () => void {
    this.holds++;
    return () => void this.holds--;
  }

  passTime(): void {
    this.end((each) => each.isLimited);
  }

  private end(which: (wait: { readonly fd: number; readonly isLimited: boolean }) => boolean): void {
    const over = this.waits.filter(which);
    this.waits = this.waits.filter((each) => !which(each));
    for (const each of over) each.end();
  }

  private count(fd: number): number {
    const count = this.open.get(fd);
    if (count === undefined) throw new Error(`EBADF: ${fd}`);
    return count;
  }
}

let events: FakeEvents;
let clock: ManualClock;
let vectors: EventVectors;

beforeEach(() => {
  events = new FakeEvents();
  clock = new ManualClock();
  vectors = new EventVectors([10, 11, 12], events, clock);
});

/** Lets the promises that are due run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

/** Lets slices of 20 ms pass until a wait is over. */
async function passTime(waiting: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = (): void => void (isOver = true);
  void waiting.then(end, end);
  for (let i = 0; i < 100 && !isOver; i++) {
    clock.advanceNs(20e6);
    events.passTime();
    await settle();
  }
}

describe('messages by eventfd', () => {
  it('are counted once for all that came since the last look, or for another vector', () => {
    for (let i = 0; i < 3; i++) events.signal(11);
    expect([0, 1, 2].map((each) => vectors.received(each))).toEqual([0, 3, 0]);
    events.signal(11);
    expect(vectors.received(1)).toBe(4);
    expect(vectors.count).toBe(3);
  });

  it('of a masked vector are counted, lost, or more than one when the mask goes', () => {
    events.signal(10);
    vectors.setMasked(0, true);
    expect(vectors.received(0)).toBe(1);
    for (let i = 0; i < 5; i++) events.signal(10);
    expect(vectors.received(0)).toBe(1);
    vectors.setMasked(0, true);
    vectors.setMasked(0, false);
    expect(vectors.received(0)).toBe(2);
    vectors.setMasked(0, false);
    expect(vectors.received(0)).toBe(2);
  });

  it('come out otherwise than by a plain count, whatever the order of masks, messages and looks', () => {
    const step = fc.constantFrom('mask', 'unmask', 'message', 'look');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const source = new FakeEvents();
        const made = new EventVectors([10], source, clock);
        const model = { received: 0, isMasked: false, isPending: false };
        for (const each of steps) {
          if (each === 'message') source.signal(10);
          if (each === 'message' && model.isMasked) model.isPending = true;
          else if (each === 'message') model.received++;
          if (each === 'look') expect(made.received(0)).toBe(model.received);
          if (each === 'mask' || each === 'unmask') made.setMasked(0, (model.isMasked = each === 'mask'));
          if (each === 'unmask' && model.isPending) model.received++;
          if (each === 'unmask') model.isPending = false;
        }
        expect(made.received(0)).toBe(model.received);
      }),
    );
  });

  it('are looked for again and again while the vector is masked', () => {
    vectors.setMasked(0, true);
    events.takeEvents = () => expect.unreachable();
    expect(vectors.received(0)).toBe(0);
  });

  it.each([-1, 3, NaN])('are those of vector %d', async (vector) => {
    expect(() => vectors.received(vector)).toThrow(`vector: expected 0 to 2, got ${vector}`);
    expect(() => vectors.setMasked(vector, true)).toThrow(RangeError);
    await expect(vectors.wait(vector, 0)).rejects.toThrow(RangeError);
  });
});

describe('a wait for a message by eventfd', () => {
  it('goes on although the message came before it began', async () => {
    const seen = vectors.received(1);
    events.signal(11);
    expect(await vectors.wait(1, seen)).toBe(1);
  });

  it('goes on when the message comes, or wakes one of two', async () => {
    const both = Promise.all([vectors.wait(1, 0), vectors.wait(1, 0)]);
    await settle();
    events.signal(11);
    expect(await both).toEqual([1, 1]);
  });

  it('wakes up every now and then, with nothing that it could look for', async () => {
    const waiting = vectors.wait(1, 0);
    await settle();
    events.signal(11);
    expect(await waiting).toBe(1);
    expect(events.limits).toEqual([Infinity]);
  });

  it('ends before its time is over, or after', async () => {
    const waiting = vectors.wait(1, 0, { timeoutMs: 60 });
    await passTime(waiting);
    expect(await waiting).toBe(0);
    expect(events.limits).toEqual([60, 40, 20]);
  });

  it('of no time waits all the same', async () => {
    expect(await vectors.wait(1, 0, { timeoutMs: 0 })).toBe(0);
    expect(events.limits).toEqual([]);
  });

  it('cannot be given up, or hides why', async () => {
    const signal = { aborted: false, reason: new Error('enough') };
    const waiting = vectors.wait(1, 0, { signal });
    const refused = expect(waiting).rejects.toBe(signal.reason);
    await settle();
    signal.aborted = true;
    await passTime(waiting);
    await refused;
    expect(events.limits).toEqual([20]);
    await expect(vectors.wait(1, 0, { signal: { aborted: true } })).rejects.toThrow('given up');
  });

  it('sleeps over a message that was held back by a mask', async () => {
    vectors.setMasked(1, true);
    events.signal(11);
    const waiting = vectors.wait(1, vectors.received(1));
    await settle();
    vectors.setMasked(1, false);
    expect(await waiting).toBe(1);
  });

  it('spins while the vector is masked and messages come', async () => {
    vectors.setMasked(1, true);
    events.signal(11);
    const waiting = vectors.wait(1, 0, { timeoutMs: 40 });
    await settle();
    expect(events.limits).toEqual([40]);
    await passTime(waiting);
    expect(await waiting).toBe(0);
  });

  it('keeps the process alive, or does not where that is asked for', () => {
    const [first, second] = [vectors.keepAlive(), vectors.keepAlive()];
    expect(events.holds).toBe(2);
    first();
    second();
    expect(events.holds).toBe(0);
  });
});

describe.each<[string, string, () => void]>([
  ['closed', 'the function was closed', () => vectors.close()],
  ['lost', 'the device has left', () => vectors.end('the device has left')],
])('vectors of a function that is %s', (_, why, end) => {
  it('are waited for without end, or end as if a message or the time had come', async () => {
    const both = Promise.all(
      [vectors.wait(1, 0), vectors.wait(2, 0, { timeoutMs: 60_000 })].map((each) => expect(each).rejects.toThrow(why)),
    );
    await settle();
    end();
    await both;
    await expect(vectors.wait(1, 0)).rejects.toThrow(why);
    await expect(vectors.wait(1, 0, { timeoutMs: 0 })).rejects.toThrow(why);
  });

  it('forget a message that came before, or have it waited for again', async () => {
    events.signal(11);
    expect(vectors.received(1)).toBe(1);
    end();
    expect(vectors.received(1)).toBe(1);
    expect(await vectors.wait(1, 0)).toBe(1);
    await expect(vectors.wait(1, 1)).rejects.toThrow(why);
  });

  it('leave an eventfd open, close one twice, or touch one that was closed', () => {
    vectors.setMasked(2, true);
    events.signal(12);
    vectors.setMasked(2, true);
    end();
    vectors.close();
    vectors.close();
    expect(events.open.size).toBe(0);
    vectors.end('again');
    vectors.setMasked(2, false);
    expect(vectors.received(2)).toBe(1);
  });
});

describe('vectors of a function that is lost and then closed', () => {
  it('say why at last that it was closed', async () => {
    vectors.end('the device has left');
    vectors.close();
    await expect(vectors.wait(0, 0)).rejects.toThrow('the device has left');
  });
});
