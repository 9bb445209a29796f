import { PageList } from './page-list.js';
import type { Timing } from './timing.js';

const BUCKETS_MIN = 2 ** 8;
const BUCKETS_MAX = 2 ** 16;

/** A page of the write cache. Objects of it are used again and again, so none may be kept that has left the cache. */
export class CachedPage {
  /** its number */
  page = 0;
  /** the part of it that was written: one range, grown while writes adjoin; `isScattered` when they do not */
  begin = 0;
  end = 0;
  isScattered = false;
  /** when its program begins, so that it cannot take more; Infinity while it is held */
  programBeginNs: number = Infinity;
  /** when it is programmed; Infinity while it is held */
  programEndNs: number = Infinity;
  /** whether the cache finds it by its number */
  isListed = false;
  /** the next of those that share a bucket, or of those that are free */
  next: CachedPage | undefined = undefined;
}

/**
 * Which pages the write cache of a drive holds. A page that is written in part is held until the rest of it comes, a flush, or a lack of
 * room; then its program is scheduled, and its place is free when that is over.
 *
 * Invariants:
 * - W1 Pages that can be found by their number are in the chain of their bucket and are listed; of two with one number the later is.
 * - W2 A page is held, which is to say listed and with no end of its program, or scheduled, or free.
 */
export class WriteCache {
  private held = 0;
  private readonly buckets: (CachedPage | undefined)[];
  /** pages that are scheduled, by the end of their program */
  private readonly scheduled = new PageList();
  private free: CachedPage | undefined = undefined;

  /**
   * @param capacity - pages it has room for
   * @param timing - where times are asked for and answered
   */
  constructor(
    readonly capacity: number,
    private readonly timing: Timing,
  ) {
    const buckets = Math.min(BUCKETS_MAX, Math.max(BUCKETS_MIN, 2 ** Math.ceil(Math.log2(capacity + 1))));
    this.buckets = new Array<CachedPage | undefined>(buckets).fill(undefined);
  }

  /** The page, while it is not programmed; undefined when it is not in the cache. */
  get(page: number): CachedPage | undefined {
    let entry = this.buckets[this.bucketOf(page)];
    while (entry !== undefined && entry.page !== page) entry = entry.next;
    return entry;
  }

  /** Collects the pages from `first` to before `end` that are in the cache, in order. */
  within(first: number, end: number, into: PageList): void {
    into.clear();
    if (end - first > this.buckets.length) {
      for (let i = 0; i < this.buckets.length; i++) this.collect(i, first, end, into);
      into.sort();
      return;
    }
    for (let page = first; page < end; page++) {
      const entry = this.get(page);
      if (entry !== undefined) into.add(entry);
    }
  }

  /** Collects the pages that are not scheduled, in order. */
  waiting(into: PageList): void {
    into.clear();
    if (this.held === 0) return;
    for (let i = 0; i < this.buckets.length; i++) {
      for (let entry = this.buckets[i]; entry !== undefined; entry = entry.next) {
        if (entry.programEndNs === Infinity) into.add(entry);
      }
    }
    into.sort();
  }

  /** Whether there is no room for another page. */
  get isFull(): boolean {
    return this.held + this.scheduled.count >= this.capacity;
  }

  /** Takes a page in; there is room. */
  add(page: number, begin: number, end: number): CachedPage {
    const known = this.get(page);
    if (known !== undefined) this.unlist(known);
    const entry = this.take();
    entry.page = page;
    entry.begin = begin;
    entry.end = end;
    entry.isScattered = false;
    entry.programBeginNs = Infinity;
    entry.programEndNs = Infinity;
    entry.isListed = true;
    const bucket = this.bucketOf(page);
    entry.next = this.buckets[bucket];
    this.buckets[bucket] = entry;
    this.held++;
    return entry;
  }

  /** A held page will be programmed: the transfer begins at `beginNs`, and all is over at `endNs`. */
  schedule(entry: CachedPage): void {
    this.held--;
    entry.programBeginNs = this.timing.beginNs;
    entry.programEndNs = this.timing.endNs;
    this.scheduled.insert(entry);
  }

  /** Takes the place of the page that is programmed first, which is scheduled; `endNs` becomes when that is over. */
  takePlace(): void {
    const entry = this.scheduled.at(0);
    this.timing.endNs = entry.programEndNs;
    this.scheduled.dropFirst(1);
    this.drop(entry);
  }

  /** Forgets pages that are programmed at `nowNs`. */
  forget(): void {
    const { scheduled } = this;
    const { nowNs } = this.timing;
    let over = 0;
    while (over < scheduled.count && scheduled.at(over).programEndNs <= nowNs) this.drop(scheduled.at(over++));
    if (over > 0) scheduled.dropFirst(over);
  }

  /** Forgets a page that was given up; one that is scheduled keeps its place until its program is over. */
  release(page: number): void {
    const entry = this.get(page);
    if (entry === undefined) return;
    this.unlist(entry);
    if (entry.programEndNs !== Infinity) return;
    this.held--;
    this.give(entry);
  }

  /** Forgets everything. */
  clear(): void {
    for (let i = 0; i < this.scheduled.count; i++) this.drop(this.scheduled.at(i));
    this.scheduled.clear();
    for (let i = 0; i < this.buckets.length; i++) {
      for (let entry = this.buckets[i]; entry !== undefined; entry = this.buckets[i]) this.drop(entry);
    }
    this.held = 0;
  }

  private collect(bucket: number, first: number, end: number, into: PageList): void {
    for (let entry = this.buckets[bucket]; entry !== undefined; entry = entry.next) {
      if (entry.page >= first && entry.page < end) into.add(entry);
    }
  }

  private drop(entry: CachedPage): void {
    if (entry.isListed) this.unlist(entry);
    this.give(entry);
  }

  private unlist(entry: CachedPage): void {
    const bucket = this.bucketOf(entry.page);
    let before: CachedPage | undefined = undefined;
    for (let each = this.buckets[bucket]; each !== entry; each = each!.next) before = each;
    if (before === undefined) this.buckets[bucket] = entry.next;
    else before.next = entry.next;
    entry.isListed = false;
  }

  private take(): CachedPage {
    const entry = this.free;
    if (entry === undefined) return new CachedPage();
    this.free = entry.next;
    return entry;
  }

  private give(entry: CachedPage): void {
    entry.next = this.free;
    this.free = entry;
  }

  /** There is a power of two of them; a page number may be past 2^31. */
  private bucketOf(page: number): number {
    return page % this.buckets.length;
  }
}

/** More of a page was written, from byte `begin` of it to before `end`. */
export function cover(entry: CachedPage, begin: number, end: number): void {
  if (begin > entry.end || end < entry.begin) entry.isScattered = true;
  entry.begin = Math.min(entry.begin, begin);
  entry.end = Math.max(entry.end, end);
}
