import { createDmaArena, DeviceDma, PAGE_BYTES } from '@phasebit/pcie';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StagedRange } from '../io/staged-range.js';
import { Transfer } from '../transfer.js';
import { type Medium, MEDIUM_WRITE } from './medium.js';
import { PowerLossMedium, type PowerLossMediumOptions } from './power-loss-medium.js';
import { RamMedium } from './ram-medium.js';

const BLOCK = 512;
const BLOCKS = 16;

/** A medium of which every block is one repeated byte, written and read by block numbers. */
class Blocks {
  readonly medium: PowerLossMedium;
  private readonly staged = new StagedRange();

  constructor(options: Partial<PowerLossMediumOptions> = {}) {
    this.medium = new PowerLossMedium({ medium: new RamMedium({ bytes: 2 * PAGE_BYTES }), ...options });
  }

  write(lba: number, blocks: number, value: number): number {
    const transfer = this.staged.aim(lba * BLOCK, blocks * BLOCK);
    this.staged.bytes.fill(value, 0, blocks * BLOCK);
    return this.medium.write(transfer);
  }

  zero(lba: number, blocks: number): void {
    const transfer = new Transfer(new DeviceDma([createDmaArena({ bytes: PAGE_BYTES })]), PAGE_BYTES);
    transfer.byteOffset = lba * BLOCK;
    transfer.bytes = blocks * BLOCK;
    this.medium.deallocate(transfer);
  }

  persist(lba: number, blocks: number): void {
    this.medium.persist(lba * BLOCK, blocks * BLOCK);
  }

  /** The value of each block, or -1 for one that is a mixture. */
  get values(): number[] {
    this.medium.read(this.staged.aim(0, BLOCKS * BLOCK));
    return Array.from({ length: BLOCKS }, (_, lba) => {
      const block = this.staged.bytes.subarray(lba * BLOCK, (lba + 1) * BLOCK);
      return block.every((byte) => byte === block[0]) ? block[0] : -1;
    });
  }

  byteAt(byteOffset: number): number {
    this.medium.read(this.staged.aim(0, 2 * PAGE_BYTES));
    return this.staged.bytes[byteOffset];
  }
}

const seeds = Array.from({ length: 64 }, (_, seed) => seed);
const operation = fc.oneof(
  fc.record({ kind: fc.constant('write'), lba: fc.nat(BLOCKS - 1), blocks: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('zero'), lba: fc.nat(BLOCKS - 1), blocks: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('force'), lba: fc.nat(BLOCKS - 1), blocks: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('flush'), lba: fc.constant(0), blocks: fc.constant(1) }),
  fc.record({ kind: fc.constant('power'), lba: fc.constant(0), blocks: fc.constant(1) }),
);

describe('a medium that loses power', () => {
  it('has after it, in every block, something that was written since it last was made to last, or that itself', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), fc.nat(), fc.boolean(), (operations, seed, isSmall) => {
        const blocks = new Blocks(isSmall ? { cacheBytes: 4 * BLOCK } : {});
        const admissible = Array.from({ length: BLOCKS }, () => new Set([0]));
        const latest = new Array<number>(BLOCKS).fill(0);
        for (const [i, { kind, lba, blocks: wanted }] of operations.entries()) {
          const count = Math.min(wanted, BLOCKS - lba);
          const value = kind === 'zero' ? 0 : i + 1;
          const range = latest.map((_, at) => at).slice(lba, lba + count);
          if (kind === 'write' || kind === 'force') blocks.write(lba, count, value);
          if (kind === 'zero') blocks.zero(lba, count);
          if (kind === 'force') blocks.persist(lba, count);
          if (kind === 'flush') blocks.medium.flush();
          if (kind === 'power') {
            blocks.medium.losePower(seed + i, BLOCK);
            blocks.values.forEach((found, at) => {
              expect([...admissible[at]]).toContain(found);
              latest[at] = found;
              admissible[at] = new Set([found]);
            });
          }
          if (kind === 'flush') latest.forEach((found, at) => (admissible[at] = new Set([found])));
          if (kind === 'flush' || kind === 'power') continue;
          for (const at of range) {
            latest[at] = value;
            if (kind === 'force') admissible[at] = new Set([value]);
            else admissible[at].add(value);
          }
        }
        expect(blocks.values).toEqual(latest);
      }),
      { numRuns: 300 },
    );
  });

  it('loses some, keeps some and tears some, and the same seed does the same', () => {
    const outcomes = seeds.map((seed) => {
      const run = (): string => {
        const blocks = new Blocks();
        blocks.write(2, 4, 7);
        blocks.medium.losePower(seed, BLOCK);
        return blocks.values.slice(2, 6).join('');
      };
      expect(run()).toBe(run());
      return run();
    });
    expect(outcomes).toContain('0000');
    expect(outcomes).toContain('7777');
    expect(outcomes.some((each) => each !== '0000' && each !== '7777')).toBe(true);
  });

  it('may lose a write and keep a later one', () => {
    const outcomes = seeds.map((seed) => {
      const blocks = new Blocks();
      blocks.write(0, 1, 1);
      blocks.write(1, 1, 2);
      blocks.medium.losePower(seed, BLOCK);
      return blocks.values.slice(0, 2).join('');
    });
    expect(new Set(outcomes)).toEqual(new Set(['00', '10', '02', '12']));
  });

  it('keeps a write with Force Unit Access, but not the others', () => {
    const outcomes = seeds.map((seed) => {
      const blocks = new Blocks();
      blocks.write(0, 1, 1);
      blocks.write(1, 1, 2);
      blocks.persist(1, 1);
      blocks.write(2, 1, 3);
      blocks.medium.losePower(seed, BLOCK);
      return blocks.values.slice(0, 3).join('');
    });
    expect(new Set(outcomes)).toEqual(new Set(['020', '120', '023', '123']));
  });

  it.each([
    [BLOCK, 2048],
    [2048, 0],
  ])('tears nothing within the atomic unit (blocks of %i bytes, asked for %i)', (blockBytes, atomicBytes) => {
    for (const seed of seeds) {
      const blocks = new Blocks({ atomicBytes });
      blocks.write(1, 4, 1);
      blocks.write(3, 4, 2);
      blocks.persist(3, 1);
      blocks.medium.losePower(seed, blockBytes);
      expect(['011222200', '000222200']).toContain(blocks.values.slice(0, 9).join(''));
    }
  });

  it('shears writes below a block when it is asked to', () => {
    const outcomes = seeds.map((seed) => {
      const blocks = new Blocks({ tearBytes: 512 });
      blocks.write(0, 8, 9);
      blocks.medium.losePower(seed, PAGE_BYTES);
      return blocks.values.slice(0, 8).join('');
    });
    expect(outcomes.some((each) => each !== '00000000' && each !== '99999999')).toBe(true);
  });

  it('gives metadata the fate of its block', () => {
    for (const seed of seeds) {
      const blocks = new Blocks();
      const staged = new StagedRange();
      blocks.write(0, 4, 5);
      blocks.medium.joinMetadata(0, BLOCK, 8);
      const transfer = staged.aim(PAGE_BYTES, 32);
      staged.bytes.fill(5, 0, 32);
      blocks.medium.write(transfer);
      blocks.medium.losePower(seed, BLOCK);
      const metadata = [0, 1, 2, 3].map((lba) => blocks.byteAt(PAGE_BYTES + lba * 8 + 7));
      expect(metadata).toEqual(blocks.values.slice(0, 4));
    }
  });

  it.each([512, 2048])('keeps metadata of data that has left the cache, of %i bytes, already', (cacheBytes) => {
    for (const seed of seeds) {
      const blocks = new Blocks({ cacheBytes });
      const staged = new StagedRange();
      blocks.write(0, 4, 5);
      blocks.medium.joinMetadata(0, BLOCK, 8);
      const transfer = staged.aim(PAGE_BYTES, 32);
      staged.bytes.fill(5, 0, 32);
      blocks.medium.write(transfer);
      blocks.medium.losePower(seed, BLOCK);
      expect([blocks.byteAt(0), blocks.byteAt(PAGE_BYTES), blocks.byteAt(PAGE_BYTES + 31)]).toEqual([5, 5, 5]);
    }
  });

  it('is still at risk after a flush that failed', () => {
    const inner = Object.assign(new RamMedium({ bytes: 2 * PAGE_BYTES }), { flush: () => 0x281 });
    const outcomes = seeds.map((seed) => {
      const blocks = new Blocks({ medium: inner });
      blocks.zero(0, 1);
      blocks.medium.losePower(0, BLOCK);
      blocks.write(0, 1, 1);
      expect(blocks.medium.flush()).toBe(0x281);
      expect(blocks.medium.persist(0, BLOCK)).toBe(0x281);
      blocks.medium.losePower(seed, BLOCK);
      return blocks.values[0];
    });
    expect(new Set(outcomes).size).toBe(2);
  });

  it('fails a write where it cannot read what was there', () => {
    const inner = Object.assign(new RamMedium({ bytes: 2 * PAGE_BYTES }), { read: () => 0x281 });
    expect(new Blocks({ medium: inner }).write(0, 1, 1)).toBe(0x280);
  });

  it('takes the time that the medium inside takes, or none', () => {
    expect(new Blocks().medium.dueNs).toBeUndefined();
    const inner: Medium = Object.assign(new RamMedium({ bytes: PAGE_BYTES }), {
      dueNs: (what: number, at: number, bytes: number) => what * 1000 + at + bytes,
    });
    expect(new Blocks({ medium: inner }).medium.dueNs?.(MEDIUM_WRITE, 20, 3)).toBe(1023);
  });

  it.each([{ cacheBytes: 511 }, { atomicBytes: 100 }, { tearBytes: 1 }, { tearBytes: -512 }])(
    'refuses %j',
    (options) => {
      expect(() => new Blocks(options)).toThrow(RangeError);
    },
  );
});
