import { type Clock, ManualClock, Prng } from '@phasebit/core';
import { NVM_FLUSH, NVM_READ, NVM_WRITE, RW_CDW12_FUA } from '@phasebit/nvme-spec';
import { createDmaArena, DeviceDma } from '@phasebit/pcie';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../../../test-support/raw-host.js';
import { Transfer } from '../../transfer.js';
import { type Medium, MEDIUM_DEALLOCATE, MEDIUM_FLUSH, MEDIUM_READ, MEDIUM_WRITE } from '../medium.js';
import { RamMedium } from '../ram-medium.js';
import { NandMedium, type NandMediumOptions } from './nand-medium.js';
import { NAND_SLC, NAND_TLC } from './nand-profile.js';

const PAGE = 4096;
const US = 1000;
/** Two channels of two dies of two planes; a page takes 4.096 us on a channel. */
const GEOMETRY = { channels: 2, diesPerChannel: 2, planesPerDie: 2, pageBytes: PAGE, pagesPerBlock: 4 };
const TIMES = { readUs: 50, programUs: 500, eraseUs: 2000, channelMBps: 1000, commandUs: 0 };
const XFER = 4.096;

interface Options extends Partial<Omit<NandMediumOptions, 'geometry' | 'times'>> {
  readonly pages?: number;
  readonly geometry?: Partial<NandMediumOptions['geometry']>;
  readonly times?: Partial<NandMediumOptions['times']>;
}

/** A medium that is asked in pages, and answers in microseconds from now. */
class Pages {
  readonly clock = new ManualClock();
  readonly medium: NandMedium;

  constructor({ pages = 64, geometry = {}, times = {}, ...rest }: Options = {}) {
    this.medium = new NandMedium({
      medium: new RamMedium({ bytes: pages * PAGE }),
      clock: this.clock,
      geometry: { ...GEOMETRY, ...geometry },
      times: { ...TIMES, ...times },
      cacheBytes: 0,
      ...rest,
    });
  }

  us(what: number, page: number, pages = 1): number {
    return (this.medium.dueNs(what, page * PAGE, pages * PAGE) - this.clock.nowNs()) / US;
  }

  read = (page: number, pages?: number): number => this.us(MEDIUM_READ, page, pages);
  write = (page: number, pages?: number): number => this.us(MEDIUM_WRITE, page, pages);
  flush = (page = 0, pages = 64): number => this.us(MEDIUM_FLUSH, page, pages);

  release(page: number, pages = 1): void {
    const transfer = new Transfer(new DeviceDma([createDmaArena({ bytes: PAGE })]), PAGE);
    transfer.byteOffset = page * PAGE;
    transfer.bytes = pages * PAGE;
    this.medium.deallocate(transfer);
  }

  wait(us: number): void {
    this.clock.advanceNs(us * US);
  }
}

describe('the flash of a NAND medium', () => {
  it('takes a read and a transfer, or a transfer and a program, and the command', () => {
    const flash = new Pages({ times: { commandUs: 3 } });
    expect(flash.read(0)).toBeCloseTo(50 + XFER + 3);
    expect(new Pages({ times: { commandUs: 3 } }).write(0)).toBeCloseTo(XFER + 500 + 3);
  });

  it('transfers no more of a page than is read', () => {
    const { medium } = new Pages();
    expect(medium.dueNs(MEDIUM_READ, 512, 1000) / US).toBeCloseTo(50 + 1);
  });

  it('does the pages of a row together, and transfers one after the other', () => {
    expect(new Pages().read(0, 2)).toBeCloseTo(50 + 2 * XFER);
    expect(new Pages().write(0, 2)).toBeCloseTo(2 * XFER + 500);
    // Pages 1 and 2 are neighbours on different dies, and different channels.
    expect(new Pages().read(1, 2)).toBeCloseTo(50 + XFER);
  });

  it('works on all dies at a time; those of one channel share it', () => {
    const flash = new Pages();
    expect(flash.read(0)).toBeCloseTo(50 + XFER);
    expect(flash.read(2)).toBeCloseTo(50 + XFER);
    expect(flash.read(4)).toBeCloseTo(50 + 2 * XFER);
    expect(flash.read(6)).toBeCloseTo(50 + 2 * XFER);
  });

  it('lets a die do one thing after the other', () => {
    const flash = new Pages();
    expect(flash.write(0)).toBeCloseTo(XFER + 500);
    expect(flash.read(1)).toBeCloseTo(XFER + 500 + 50 + XFER);
    expect(flash.read(8)).toBeCloseTo(XFER + 500 + 2 * (50 + XFER));
    flash.wait(1000);
    expect(flash.read(0)).toBeCloseTo(50 + XFER);
  });

  it('does not keep a channel from others for a die that is busy', () => {
    const flash = new Pages();
    flash.write(0);
    flash.read(0); // its transfer is after the program
    expect(flash.read(4)).toBeCloseTo(50 + XFER);
  });

  it('reads what is missing of a page that is written in part', () => {
    const { medium } = new Pages();
    expect(medium.dueNs(MEDIUM_WRITE, 512, 512) / US).toBeCloseTo(50 + XFER + XFER + 500);
    expect(medium.statistics).toMatchObject({ reads: 1, programs: 1, writeAmplification: 8 });
  });

  it('has the same answers for the same questions, whatever the clock is', () => {
    const question = fc.record({
      what: fc.constantFrom(MEDIUM_READ, MEDIUM_WRITE, MEDIUM_DEALLOCATE, MEDIUM_FLUSH),
      at: fc.nat(60 * PAGE),
      bytes: fc.integer({ min: 1, max: 4 * PAGE }),
      waitNs: fc.nat(1_000_000),
    });
    fc.assert(
      fc.property(fc.array(question), fc.boolean(), fc.nat(4), (questions, garbageCollection, cachePages) => {
        const options = { garbageCollection, cacheBytes: cachePages * PAGE };
        const virtual = new Pages(options);
        let realNs = 0;
        const real: Clock = { nowNs: () => realNs };
        const other = new Pages({ ...options, clock: real });
        for (const { what, at, bytes, waitNs } of questions) {
          const dueNs = virtual.medium.dueNs(what, at, bytes);
          expect(dueNs).toBeGreaterThanOrEqual(virtual.clock.nowNs());
          expect(other.medium.dueNs(what, at, bytes)).toBe(dueNs);
          virtual.clock.advanceNs(waitNs);
          realNs += waitNs;
        }
        expect(other.medium.statistics).toEqual(virtual.medium.statistics);
        expect(virtual.medium.statistics.dieUtilization).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('counts how busy the dies were', () => {
    const flash = new Pages();
    flash.write(0);
    flash.wait(2 * (XFER + 500));
    expect(flash.medium.statistics.dieUtilization).toBeCloseTo(1 / 8);
  });

  it('waits for the medium inside as well', () => {
    const slow: Medium = Object.assign(new RamMedium({ bytes: PAGE }), { dueNs: () => 1e9 });
    expect(new Pages({ medium: slow }).read(0)).toBe(1e6);
  });

  it('stands still after a loss of power', () => {
    const flash = new Pages({ cacheBytes: PAGE });
    flash.write(0);
    flash.wait(1);
    flash.medium.losePower(1, 512);
    expect(flash.medium.statistics.dieUtilization).toBeCloseTo(1 / 4);
    expect(flash.read(0)).toBeCloseTo(50 + XFER);
    expect(flash.flush()).toBeCloseTo(50 + XFER - 50 - XFER);
  });
});

describe('the write cache of a NAND medium', () => {
  it('takes writes at once while it has room, and then as fast as pages are programmed', () => {
    const flash = new Pages({ cacheBytes: 2 * PAGE, times: { commandUs: 1 } });
    expect([flash.write(0), flash.write(2)]).toEqual([1, 1]);
    expect(flash.write(4)).toBeCloseTo(XFER + 500 + 1);
    flash.wait(2000);
    expect(flash.write(0)).toBe(1);
  });

  it('takes a write that is larger than itself', () => {
    const flash = new Pages({ cacheBytes: 2 * PAGE });
    // Four rows on four dies, two pages at a time, and the last two wait for the third pair.
    expect(flash.write(0, 8)).toBeGreaterThan(3 * 500);
    expect(flash.medium.statistics.programs).toBe(8);
  });

  it('holds pages that are written in part until the rest comes', () => {
    const { medium } = new Pages({ cacheBytes: 4 * PAGE });
    for (let i = 0; i < 8; i++) medium.dueNs(MEDIUM_WRITE, i * 512, 512);
    expect(medium.statistics).toMatchObject({ reads: 0, programs: 1, writeAmplification: 1 });
    medium.dueNs(MEDIUM_WRITE, 8 * PAGE, 512);
    medium.dueNs(MEDIUM_WRITE, 8 * PAGE + 1024, 512);
    expect(medium.statistics.programs).toBe(1);
    medium.dueNs(MEDIUM_FLUSH, 0, medium.bytes);
    expect(medium.statistics).toMatchObject({ reads: 1, programs: 2 });
  });

  it('makes room by programming what it holds', () => {
    const { medium } = new Pages({ cacheBytes: PAGE });
    expect(medium.dueNs(MEDIUM_WRITE, 0, 512)).toBe(0);
    expect(medium.dueNs(MEDIUM_WRITE, 2 * PAGE, 512) / US).toBeCloseTo(50 + XFER + XFER + 500);
  });

  it('programs once what is written twice before the program begins', () => {
    const flash = new Pages({ cacheBytes: 8 * PAGE });
    flash.write(0);
    flash.write(8);
    flash.write(8);
    expect(flash.medium.statistics.programs).toBe(2);
    flash.wait(1);
    flash.write(0); // has begun
    expect(flash.medium.statistics.programs).toBe(3);
  });

  it('flushes when everything is programmed, and forces a range when that is', () => {
    const flash = new Pages({ cacheBytes: 8 * PAGE });
    flash.write(0);
    flash.write(8);
    flash.write(2);
    expect(flash.flush(2, 1)).toBeCloseTo(XFER + 500);
    expect(flash.flush()).toBeCloseTo(2 * (XFER + 500));
    flash.wait(5000);
    expect(flash.flush()).toBe(0);
  });

  it('reads what it has without the flash', () => {
    const flash = new Pages({ cacheBytes: 8 * PAGE });
    flash.write(0);
    expect(flash.read(0)).toBe(0);
    // Page 1 is not cached, and its die is busy with page 0.
    expect(flash.read(0, 2)).toBeCloseTo(XFER + 500 + 50 + XFER);
    flash.wait(5000);
    expect(flash.read(0)).toBeCloseTo(50 + XFER);
  });

  it('forgets what was given up', () => {
    const flash = new Pages({ cacheBytes: 8 * PAGE });
    const { medium } = flash;
    medium.dueNs(MEDIUM_WRITE, 0, 512);
    flash.release(0);
    expect(medium.dueNs(MEDIUM_FLUSH, 0, medium.bytes)).toBe(0);
    expect(medium.statistics.programs).toBe(0);
  });
});

describe('garbage collection of a NAND medium', () => {
  const collected: Options = { garbageCollection: true, overProvisioning: 0 };

  it('reads nothing where nothing was written, or what was given up', () => {
    const flash = new Pages(collected);
    expect(flash.read(0)).toBe(0);
    flash.write(0);
    flash.wait(1000);
    expect(flash.read(0)).toBeCloseTo(50 + XFER);
    flash.wait(1000);
    flash.release(0);
    expect(flash.read(0)).toBe(0);
    expect(flash.us(MEDIUM_DEALLOCATE, 0)).toBe(0);
  });

  it('erases without relocating when everything is written in order again and again', () => {
    const flash = new Pages(collected);
    for (let round = 0; round < 6; round++) for (let page = 0; page < 64; page += 2) flash.write(page, 2);
    const { erases, relocatedPages, writeAmplification } = flash.medium.statistics;
    expect(erases).toBeGreaterThan(0);
    expect([relocatedPages, writeAmplification]).toEqual([0, 1]);
  });

  it('moves what is valid when it is written out of order, which takes time', () => {
    const flash = new Pages({ ...collected, pages: 256 });
    flash.write(0, 256);
    const prng = new Prng(1);
    for (let i = 0; i < 1000; i++) flash.write(prng.below(256));
    const { programs, relocatedPages, erases, writeAmplification } = flash.medium.statistics;
    expect(programs).toBe(1256);
    expect(relocatedPages).toBeGreaterThan(100);
    expect(writeAmplification).toBeCloseTo((programs + relocatedPages) / 1256);
    // Each die programs a page at a time here, and erases on top of that.
    const leastUs = (1000 * 500 + erases * 2000) / 4;
    expect(flash.flush(0, 256)).toBeGreaterThan(leastUs * 0.9);
  });

  it('moves less with more flash than it shows', () => {
    const relocated = (overProvisioning: number): number => {
      const flash = new Pages({ garbageCollection: true, overProvisioning, pages: 512 });
      flash.write(0, 512);
      const prng = new Prng(1);
      for (let i = 0; i < 4000; i++) flash.write(prng.below(512));
      return flash.medium.statistics.relocatedPages;
    };
    expect(relocated(0.5)).toBeLessThan(relocated(0.15));
  });

  it('always finds a place, whatever is written, given up and written again', () => {
    const step = fc.record({ page: fc.nat(63), pages: fc.integer({ min: 1, max: 16 }), isGivenUp: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
        const flash = new Pages(collected);
        const written = new Set<number>();
        for (const { page, pages, isGivenUp } of steps) {
          const range = Array.from({ length: Math.min(pages, 64 - page) }, (_, i) => page + i);
          if (isGivenUp) flash.release(page, range.length);
          else flash.write(page, range.length);
          for (const each of range)
            if (isGivenUp) written.delete(each);
            else written.add(each);
        }
        for (let page = 0; page < 64; page++) expect(flash.read(page) > 0).toBe(written.has(page));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a NAND medium behind a controller', () => {
  it('lets commands complete when they are due: cached writes first, then reads, then the flush', () => {
    const clock = new ManualClock();
    const medium = new NandMedium({ ...NAND_TLC, medium: new RamMedium({ bytes: 2 ** 24 }), clock });
    const host = new RawHost({ clock, namespaces: [{ nsid: 1, medium, blockBytes: 4096 }] }).enable();
    const queue = host.createPair(1);
    const prp1 = host.iova(host.page());
    queue.push({ opcode: NVM_WRITE, nsid: 1, cid: 1, prp1, cdw10: 40 });
    queue.push({ opcode: NVM_FLUSH, nsid: 1, cid: 2 });
    queue.push({ opcode: NVM_READ, nsid: 1, cid: 3, prp1 });
    queue.push({ opcode: NVM_WRITE, nsid: 1, cid: 4, prp1, cdw10: 80, cdw12: RW_CDW12_FUA });
    queue.push({ opcode: NVM_READ, nsid: 1, cid: 5, prp1, cdw10: 40 });
    queue.ring();
    const order: (readonly [number, number])[] = [];
    for (let left = 5; left > 0;) {
      host.settle();
      for (const { cid, code } of queue.completions.drain()) {
        expect(code).toBe(0);
        order.push([cid, Math.round(clock.nowNs() / US)]);
        left--;
      }
      if (left > 0) clock.advanceNs(host.controller.nextDueNs - clock.nowNs());
    }
    expect(order.map(([cid]) => cid)).toEqual([1, 5, 3, 2, 4]);
    expect(order[0][1]).toBe(5);
    expect(order[2][1]).toBe(5 + 74 + 6);
    expect(order[4][1]).toBeGreaterThan(1900);
  });

  it('moves data at once, through the medium inside', () => {
    const clock = new ManualClock();
    const buffer = new ArrayBuffer(2 ** 20);
    const inner = new RamMedium({ bytes: 2 ** 20, buffer });
    const medium = new NandMedium({ ...NAND_SLC, medium: inner, clock });
    const host = new RawHost({ clock, namespaces: [{ nsid: 1, medium }] }).enable();
    const queue = host.createPair(1);
    const page = host.page();
    host.dma.bytes(page, 512).fill(7);
    queue.push({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(page), cdw10: 2 });
    queue.ring();
    host.settle();
    expect([medium.bytes, new Uint8Array(buffer)[1024], queue.completions.poll()]).toEqual([2 ** 20, 7, undefined]);
  });
});

describe('the options of a NAND medium', () => {
  it.each<[string, Options]>([
    ['no channels', { geometry: { channels: 0 } }],
    ['too many dies', { geometry: { diesPerChannel: 65 } }],
    ['half a plane', { geometry: { planesPerDie: 0.5 } }],
    ['pages of 5000 bytes', { geometry: { pageBytes: 5000 } }],
    ['no pages', { geometry: { pagesPerBlock: 0 } }],
    ['a negative time', { times: { readUs: -1 } }],
    ['no time', { times: { programUs: Number.NaN } }],
    ['a channel that stands still', { times: { channelMBps: 0 } }],
    ['a negative cache', { cacheBytes: -1 }],
    ['negative over-provisioning', { overProvisioning: -0.1 }],
    ['more pages than a table is kept for', { garbageCollection: true, overProvisioning: 10, pages: 2 ** 23 }],
  ])('refuse %s', (_, options) => {
    expect(() => new Pages(options)).toThrow(RangeError);
  });
});
