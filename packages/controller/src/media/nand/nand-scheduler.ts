import type { Clock } from '@phasebit/core';
import { DieArray } from './die-array.js';
import { DieMap } from './die-map.js';
import type { NandProfile } from './nand-profile.js';
import type { NandStatistics } from './nand-statistics.js';
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
  /** when the collection that a program brings about may begin */
  private placingNs = 0;

  constructor(options: NandSchedulerOptions) {
    const { geometry, times, bytes, overProvisioning } = options;
    this.array = new DieArray(options);
    this.clock = options.clock;
    this.pageBytes = geometry.pageBytes;
    this.planes = geometry.planesPerDie;
    this.commandNs = times.commandUs * 1000;
    this.beganNs = this.clock.nowNs();
    this.cache = new WriteCache(Math.floor(options.cacheBytes / geometry.pageBytes));
    const pages = pagesPerDie(options, bytes);
    this.maps = Array.from(
      { length: options.garbageCollection ? this.array.dies : 0 },
      (_, die) =>
        new DieMap(geometry, pages, overProvisioning, (collection) => {
          this.erases++;
          this.relocatedPages += collection.pages;
          this.array.collect(die, collection.rowsRead, collection.rowsProgrammed, this.placingNs);
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

  /** A range was read. @returns when the data is there, nanoseconds by the clock */
  read(byteOffset: number, bytes: number): number {
    const nowNs = this.begin();
    const { pageBytes } = this;
    const end = byteOffset + bytes;
    let dueNs = nowNs;
    let lastDie = NOWHERE;
    let lastRow = NOWHERE;
    let rowBytes = 0;
    for (let page = Math.floor(byteOffset / pageBytes); page * pageBytes < end; page++) {
      const isCached = this.cache.capacity > 0 && this.cache.get(page) !== undefined;
      const row = isCached ? NOWHERE : this.rowOf(page);
      if (row === NOWHERE) continue;
      const die = this.dieOf(page);
      if (die !== lastDie || row !== lastRow) {
        if (rowBytes > 0) dueNs = Math.max(dueNs, this.array.read(lastDie, rowBytes, nowNs));
        lastDie = die;
        lastRow = row;
        rowBytes = 0;
      }
      rowBytes += Math.min(end, (page + 1) * pageBytes) - Math.max(byteOffset, page * pageBytes);
      this.reads++;
    }
    if (rowBytes > 0) dueNs = Math.max(dueNs, this.array.read(lastDie, rowBytes, nowNs));
    return dueNs + this.commandNs;
  }

  /** A range was written. @returns when that is over: when all of it is in the cache, or programmed where there is none */
  write(byteOffset: number, bytes: number): number {
    const nowNs = this.begin();
    const { pageBytes } = this;
    const end = byteOffset + bytes;
    const touched: CachedPage[] = [];
    let atNs = nowNs;
    for (let page = Math.floor(byteOffset / pageBytes); page * pageBytes < end; page++) {
      const from = Math.max(0, byteOffset - page * pageBytes);
      const to = Math.min(pageBytes, end - page * pageBytes);
      const known = this.cache.get(page);
      if (this.cache.capacity > 0 && known !== undefined && known.programBeginNs > atNs) {
        cover(known, from, to);
        if (this.isWhole(known) && known.programEndNs === Infinity) touched.push(known);
        continue;
      }
      if (this.cache.capacity > 0 && this.cache.isFull) {
        this.program(touched.splice(0), atNs);
        atNs = this.waitForPlace(atNs);
      }
      const entry = this.cache.add(page, from, to);
      if (this.cache.capacity === 0 || this.isWhole(entry)) touched.push(entry);
    }
    this.hostBytes += bytes;
    const programmedNs = this.program(touched, atNs);
    return (this.cache.capacity === 0 ? programmedNs : atNs) + this.commandNs;
  }

  /** A range was made to last. @returns when what was written to it is programmed */
  flush(byteOffset: number, bytes: number): number {
    const nowNs = this.begin();
    const first = Math.floor(byteOffset / this.pageBytes);
    const end = Math.ceil((byteOffset + bytes) / this.pageBytes);
    const entries = this.cache.within(first, end);
    this.program(
      entries.filter((each) => each.programEndNs === Infinity),
      nowNs,
    );
    return entries.reduce((dueNs, each) => Math.max(dueNs, each.programEndNs), nowNs) + this.commandNs;
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

  /** A command that takes no flash. @returns when it is over */
  command(): number {
    return this.clock.nowNs() + this.commandNs;
  }

  /** Power was lost. Nothing is cached, and the dies stand still. */
  losePower(): void {
    this.cache.clear();
    this.array.stop(this.clock.nowNs());
  }

  private begin(): number {
    const nowNs = this.clock.nowNs();
    this.array.forget(nowNs);
    this.cache.forget(nowNs);
    return nowNs;
  }

  /** The cache is full: what is held is scheduled, and the first page that is programmed makes room. */
  private waitForPlace(atNs: number): number {
    this.program(this.cache.waiting, atNs);
    return Math.max(atNs, this.cache.takePlace());
  }

  /** Schedules programs, one for each row. @returns when all are over */
  private program(entries: readonly CachedPage[], nowNs: number): number {
    let endNs = nowNs;
    let begin = 0;
    let lastDie = NOWHERE;
    let lastRow = NOWHERE;
    this.placingNs = nowNs;
    for (const [i, entry] of entries.entries()) {
      const die = this.dieOf(entry.page);
      this.merge(entry, die, nowNs);
      if (i > begin && (die !== lastDie || this.nextRowOf(die, entry.page) !== lastRow)) {
        endNs = Math.max(endNs, this.programRow(entries.slice(begin, i), lastDie, nowNs));
        begin = i;
      }
      lastRow = this.place(die, entry.page);
      lastDie = die;
    }
    return begin < entries.length ? Math.max(endNs, this.programRow(entries.slice(begin), lastDie, nowNs)) : endNs;
  }

  private programRow(entries: readonly CachedPage[], die: number, nowNs: number): number {
    const endNs = this.array.program(die, entries.length * this.pageBytes, nowNs);
    this.programs += entries.length;
    for (const entry of entries) this.cache.schedule(entry, this.array.programBeginNs, endNs);
    return endNs;
  }

  /** What was not written of a page is read, to be programmed with the rest. */
  private merge(entry: CachedPage, die: number, nowNs: number): void {
    if (this.isWhole(entry) || this.rowOf(entry.page) === NOWHERE) return;
    this.reads++;
    this.array.read(die, this.pageBytes, nowNs);
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
