import { Prng } from '@phasebit/core';
import { ADMIN_DOORBELL_BUFFER_CONFIG, NVM_FLUSH } from '@phasebit/nvme-spec';
import { PAGE_BYTES, ShadowDoorbells } from '@phasebit/pcie';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { RawHost, type RawSubmissionQueue } from '../test-support/raw-host.js';

const QID = 1;
const DEPTH_MAX = 5;

const original = {
  load: Atomics.load,
  store: Atomics.store,
  compareExchange: Atomics.compareExchange,
};

/** Has `before` called before each atomic access, whoever makes it. */
function hookAtomics(before: () => void): void {
  for (const name of ['load', 'store', 'compareExchange'] as const) {
    const real = original[name] as (...args: unknown[]) => number;
    Object.assign(Atomics, {
      [name]: (...args: unknown[]): number => {
        before();
        return real(...args);
      },
    });
  }
}

afterEach(() => {
  Object.assign(Atomics, original);
});

/**
 * A host and a controller that sleeps, which take turns in the middle of what the other one does: before each atomic access of one, the other may do
 * all of what it does at once.
 */
class Race {
  private readonly host: RawHost;
  private readonly queue: RawSubmissionQueue;
  private readonly doorbells: ShadowDoorbells;
  private side: 'host' | 'controller' | undefined;
  private submitted = 0;
  private received = 0;

  constructor(
    private readonly prng: Prng,
    private readonly entries: number,
    completionEntries: number,
  ) {
    this.host = new RawHost({ shadowDoorbells: 'sleeping', concurrent: true, mqesEntries: 4096 }).enable();
    const [shadow, eventIdx] = [this.host.page(), this.host.page()];
    const [prp1, prp2] = [this.host.iova(shadow), this.host.iova(eventIdx)];
    if (this.host.run({ opcode: ADMIN_DOORBELL_BUFFER_CONFIG, prp1, prp2 }).code !== 0) throw new Error('refused');
    this.queue = this.host.createPair(QID, entries, completionEntries);
    this.doorbells = new ShadowDoorbells({
      inner: this.host.function.doorbells,
      shadow: this.words(shadow),
      eventIdx: this.words(eventIdx),
      dstrd: this.host.memory.dstrd,
      counters: this.host.function.counters,
      memoryOrder: 'weak',
    });
    this.doorbells.start(QID, 0, 0);
    hookAtomics(() => this.interfere());
  }

  /** `turns` random turns of either side. */
  play(turns: number): void {
    for (let i = 0; i < turns; i++) this.as(this.prng.below(2) === 0 ? 'host' : 'controller');
  }

  /**
   * The host submits nothing more. The controller gets turns until it has nothing to do, and the host takes what has completed, until
   * nothing happens any more. Gives how many commands are left.
   */
  comeToRest(): number {
    for (;;) {
      this.host.settle();
      const before = this.received;
      this.side = 'host';
      this.reap(Infinity);
      this.side = undefined;
      if (this.received === before) return this.submitted - this.received;
    }
  }

  private words(address: number): Int32Array {
    const words = this.host.dma.words(address, PAGE_BYTES / 4).fill(0);
    return new Int32Array(words.buffer, words.byteOffset, words.length);
  }

  private as(side: 'host' | 'controller'): void {
    this.side = side;
    if (side === 'controller') this.host.controller.step();
    else if (this.prng.below(2) === 0) this.submit(1 + this.prng.below(DEPTH_MAX));
    else this.reap(1 + this.prng.below(DEPTH_MAX));
    this.side = undefined;
  }

  private interfere(): void {
    const { side } = this;
    if (side === undefined || this.prng.below(3) !== 0) return;
    // What the other side does now is not interrupted itself.
    this.side = undefined;
    if (side === 'host') this.host.controller.step();
    else if (this.prng.below(2) === 0) this.submit(1);
    else this.reap(1);
    this.side = side;
  }

  private submit(commands: number): void {
    const room = this.entries - 1 - (this.submitted - this.received);
    const count = Math.min(commands, room);
    if (count === 0) return;
    for (let i = 0; i < count; i++) this.queue.push({ opcode: NVM_FLUSH, nsid: 1, cid: this.submitted++ & 0xffff });
    this.doorbells.ringSq(QID, this.queue.tail);
  }

  private reap(max: number): void {
    const { completions } = this.queue;
    let found = 0;
    while (found < max) {
      const completion = completions.poll();
      if (completion === undefined) break;
      expect(completion).toMatchObject({ code: 0, cid: this.received & 0xffff });
      this.received++;
      found++;
    }
    if (found > 0) this.doorbells.ringCq(QID, completions.head);
  }
}

describe('between a host and a controller that sleeps', () => {
  it('no wake-up is lost, whatever comes in between', () => {
    const size = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 2, max: 9 }) },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 4096 }) },
    );
    fc.assert(
      fc.property(fc.nat(), size, size, (seed, entries, completionEntries) => {
        const race = new Race(new Prng(seed), entries, completionEntries);
        try {
          for (let round = 0; round < 12; round++) {
            race.play(25);
            expect(race.comeToRest()).toBe(0);
          }
        } finally {
          Object.assign(Atomics, original);
        }
      }),
      { numRuns: 60 },
    );
  });
});
