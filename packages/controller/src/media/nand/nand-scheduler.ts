import type { Clock } from '@phasebit/core';
import { DieArray } from './die-array.js';
import { DieMap } from './die-map.js';
import type { NandProfile } from './nand-profile.js';
import type { NandStatistics } from './nand-statistics.js';
import { PageList } from './page-list.js';
import { Timing } from './timing.js';
import { type CachedPage, cover, WriteCache } from './write-cache.js';

/** Row of a page that holds nothing. */
const NOWHERE = -1;

/** What a {@link NandScheduler} is made of; see `NandMediumOptions`. */
export interface NandSchedulerOptions extends NandProfile {
  readonly bytes: number;
  readonly clock: Clock;
  readonly cacheBytes: number;
  readonly garbageCollection: boolean;
  readonly overProvisioning: number;
}

/**
 * Says when what was done to a drive is over. Logical pages are striped: a row of planes on one die, the next row on the die of the next
 * channel. Everything is scheduled when it is asked for, in the order of the questions, so the same questions at the same times have the
 * same answers.
 */
export class NandScheduler {
  /** where it is told what a question is about, and answers it */
  readonly timing: Timing = new Timing();
  private readonly array: DieArray;
  private readonly cache: WriteCache;
  private readonly maps: readonly DieMap[];
  private readonly clock: Clock;
  private readonly pageBytes: number;
  private readonly planes: number;
  private readonly commandNs: number;
  private readonly beganNs: number;
  private reads = 0;
  private programs = 0;
  private erases = 0;
  private relocatedPages = 0;
  private hostBytes = 0;
  /** pages that the write being looked at has filled */
  private readonly touched = new PageList();
  /** pages that were found in the cache */
  private readonly found = new PageList();

  constructor(options: NandSchedulerOptions) {
    const { geometry, times, bytes, overProvisioning } = options;
    this.array = new DieArray(options, this.timing);
    this.clock = options.clock;
    this.pageBytes = geometry.pageBytes;
    this.planes = geometry.planesPerDie;
    this.commandNs = times.commandUs * 1000;
    this.beganNs = this.clock.nowNs();
    this.cache = new WriteCache(Math.floor(options.cacheBytes / geometry.pageBytes), this.timing);
    const pages = pagesPerDie(options, bytes);
    this.maps = Array.from(
      { length: options.garbageCollection ? this.array.dies : 0 },
      (_, die) =>
        new DieMap(geometry, pages, overProvisioning, (collection) => {
          this.erases++;
          this.relocatedPages += collection.pages;
          this.array.collect(die, collection.rowsRead, collection.rowsProgrammed);
        }),
    );
  }

  /** What was done so far. */
  get statistics(): NandStatistics {
    const { reads, programs, erases, relocatedPages, hostBytes } = this;
    const nowNs = this.clock.nowNs();
    const dieNs = (nowNs - this.beganNs) * this.array.dies;
    const programmedBytes = (programs + relocatedPages) * this.pageBytes;
    return {
      reads,
      programs,
      erases,
      relocatedPages,
      writeAmplification: hostBytes === 0 ? 1 : programmedBytes / hostBytes,
      dieUtilization: dieNs === 0 ? 0 : Math.min(1, this.array.busyUntilNs(nowNs) / dieNs),
    };
  }

  /** A range was read: it is over when the data is there. */
  read(): void {
    this.begin();
    const { pageBytes, timing } = this;
    const { byteOffset } = timing;
    const end = byteOffset + timing.bytes;
    timing.dueNs = timing.nowNs;
    let lastDie = NOWHERE;
    let lastRow = NOWHERE;
    let rowBytes = 0;
    for (let page = Math.floor(byteOffset / pageBytes); page * pageBytes < end; page++) {
      const isCached = this.cache.capacity > 0 && this.cache.get(page) !== undefined;
      const row = isCached ? NOWHERE : this.rowOf(page);
      if (row === NOWHERE) continue;
      const die = this.dieOf(page);
      if (die !== lastDie || row !== lastRow) {
        if (rowBytes > 0) this.readRow(lastDie, rowBytes);
        lastDie = die;
        lastRow = row;
        rowBytes = 0;
      }
      rowBytes += Math.min(end, (page + 1) * pageBytes) - Math.max(byteOffset, page * pageBytes);
      this.reads++;
    }
    if (rowBytes > 0) this.readRow(lastDie, rowBytes);
    timing.dueNs += this.commandNs;
  }

  /** A range was written: it is over when all of it is in the cache, or programmed where there is none. */
  write(): void {
    this.begin();
    const { pageBytes, timing, touched } = this;
    const { byteOffset, bytes } = timing;
    const end = byteOffset + bytes;
    touched.clear();
    for (let page = Math.floor(byteOffset / pageBytes); page * pageBytes < end; page++) {
      const from = Math.max(0, byteOffset - page * pageBytes);
      const to = Math.min(pageBytes, end - page * pageBytes);
      const known = this.cache.get(page);
      if (this.cache.capacity > 0 && known !== undefined && known.programBeginNs > timing.atNs) {
        cover(known, from, to);
        if (this.isWhole(known) && known.programEndNs === Infinity) touched.add(known);
        continue;
      }
      if (this.cache.capacity > 0 && this.cache.isFull) {
        this.program(touched);
        touched.clear();
        this.waitForPlace();
      }
      const entry = this.cache.add(page, from, to);
      if (this.cache.capacity === 0 || this.isWhole(entry)) touched.add(entry);
    }
    this.hostBytes += bytes;
    timing.dueNs = timing.atNs;
    this.program(touched);
    timing.dueNs = (this.cache.capacity === 0 ? timing.dueNs : timing.atNs) + this.commandNs;
  }

  /** A range was made to last: it is over when what was written to it is programmed. */
  flush(): void {
    this.begin();
    const { found, touched, timing } = this;
    const { byteOffset } = timing;
    const first = Math.floor(byteOffset / this.pageBytes);
    const end = Math.ceil((byteOffset + timing.bytes) / this.pageBytes);
    this.cache.within(first, end, found);
    touched.clear();
    timing.dueNs = timing.nowNs;
    for (let i = 0; i < found.count; i++) {
      const entry = found.at(i);
      if (entry.programEndNs === Infinity) touched.add(entry);
      else timing.dueNs = Math.max(timing.dueNs, entry.programEndNs);
    }
    this.program(touched);
    timing.dueNs += this.commandNs;
  }

  /** A range was given up: whole pages of it hold nothing any more. */
  release(byteOffset: number, bytes: number): void {
    const first = Math.ceil(byteOffset / this.pageBytes);
    const end = Math.floor((byteOffset + bytes) / this.pageBytes);
    for (let page = first; page < end; page++) {
      this.cache.release(page);
      if (this.maps.length > 0) this.maps[this.dieOf(page)].release(this.localOf(page));
    }
  }

  /** A command that takes no flash. */
  command(): void {
    this.timing.dueNs = this.clock.nowNs() + this.commandNs;
  }

  /** Power was lost. Nothing is cached, and the dies stand still. */
  losePower(): void {
    this.cache.clear();
    this.array.stop(this.clock.nowNs());
  }

  private begin(): void {
    const { timing } = this;
    timing.nowNs = timing.atNs = this.clock.nowNs();
    this.array.forget();
    this.cache.forget();
  }

  /** The cache is full: what is held is scheduled, and the first page that is programmed makes room. Everything else comes after that. */
  private waitForPlace(): void {
    const { timing } = this;
    this.cache.waiting(this.found);
    this.program(this.found);
    this.cache.takePlace();
    timing.atNs = Math.max(timing.atNs, timing.endNs);
  }

  private readRow(die: number, bytes: number): void {
    const { timing } = this;
    this.array.read(die, bytes);
    timing.dueNs = Math.max(timing.dueNs, timing.endNs);
  }

  /** Schedules programs, one for each row; `dueNs` becomes no less than the end of all. */
  private program(pages: PageList): void {
    let begin = 0;
    let lastDie = NOWHERE;
    let lastRow = NOWHERE;
    for (let i = 0; i < pages.count; i++) {
      const entry = pages.at(i);
      const die = this.dieOf(entry.page);
      this.merge(entry, die);
      if (i > begin && (die !== lastDie || this.nextRowOf(die, entry.page) !== lastRow)) {
        this.programRow(pages, begin, i, lastDie);
        begin = i;
      }
      lastRow = this.place(die, entry.page);
      lastDie = die;
    }
    if (begin < pages.count) this.programRow(pages, begin, pages.count, lastDie);
  }

  /** Schedules one program for the pages from place `from` to before `to`. */
  private programRow(pages: PageList, from: number, to: number, die: number): void {
    const { timing } = this;
    this.array.program(die, (to - from) * this.pageBytes);
    this.programs += to - from;
    for (let i = from; i < to; i++) this.cache.schedule(pages.at(i));
    timing.dueNs = Math.max(timing.dueNs, timing.endNs);
  }

  /** What was not written of a page is read, to be programmed with the rest. */
  private merge(entry: CachedPage, die: number): void {
    if (this.isWhole(entry) || this.rowOf(entry.page) === NOWHERE) return;
    this.reads++;
    this.array.read(die, this.pageBytes);
  }

  private isWhole(entry: CachedPage): boolean {
    return !entry.isScattered && entry.begin === 0 && entry.end === this.pageBytes;
  }

  private dieOf(page: number): number {
    return Math.floor(page / this.planes) % this.array.dies;
  }

  /** Number of a page among those of its die. */
  private localOf(page: number): number {
    return Math.floor(page / (this.planes * this.array.dies)) * this.planes + (page % this.planes);
  }

  /** Without garbage collection pages have their places for good. */
  private rowOf(page: number): number {
    const local = this.localOf(page);
    return this.maps.length === 0 ? Math.floor(local / this.planes) : this.maps[this.dieOf(page)].rowOf(local);
  }

  private nextRowOf(die: number, page: number): number {
    return this.maps.length === 0 ? this.rowOf(page) : this.maps[die].nextRow;
  }

  private place(die: number, page: number): number {
    return this.maps.length === 0 ? this.rowOf(page) : this.maps[die].place(this.localOf(page));
  }
}

/** Logical pages of each die, a whole number of rows. */
export function pagesPerDie({ geometry }: NandProfile, bytes: number): number {
  const dies = geometry.channels * geometry.diesPerChannel;
  return Math.ceil(Math.ceil(bytes / geometry.pageBytes) / (geometry.planesPerDie * dies)) * geometry.planesPerDie;
}
