/** A page of the write cache. */
export interface CachedPage {
  readonly page: number;
  /** the part of it that was written: one range, grown while writes adjoin; `isScattered` when they do not */
  begin: number;
  end: number;
  isScattered: boolean;
  /** when its program begins, so that it cannot take more; Infinity while it is held */
  programBeginNs: number;
  /** when it is programmed; Infinity while it is held */
  programEndNs: number;
}

/**
 * Which pages the write cache of a drive holds. A page that is written in part is held until the rest of it comes, a flush, or a lack of
 * room; then its program is scheduled, and its place is free when that is over.
 */
export class WriteCache {
  private readonly held = new Set<CachedPage>();
  private readonly pages = new Map<number, CachedPage>();
  /** pages that are scheduled, by the end of their program */
  private readonly scheduled: CachedPage[] = [];

  /** @param capacity - pages it has room for */
  constructor(readonly capacity: number) {}

  /** The page, while it is not programmed; undefined when it is not in the cache. */
  get(page: number): CachedPage | undefined {
    return this.pages.get(page);
  }

  /** The pages from `first` to before `end`, in order. */
  within(first: number, end: number): CachedPage[] {
    const all = [...this.pages.values()].filter(({ page }) => page >= first && page < end);
    return all.sort((a, b) => a.page - b.page);
  }

  /** The pages that are not scheduled, in order. */
  get waiting(): CachedPage[] {
    return [...this.held].sort((a, b) => a.page - b.page);
  }

  /** Whether there is no room for another page. */
  get isFull(): boolean {
    return this.held.size + this.scheduled.length >= this.capacity;
  }

  /** Takes a page in; there is room. */
  add(page: number, begin: number, end: number): CachedPage {
    const entry = {
      page,
      begin,
      end,
      isScattered: false,
      programBeginNs: Infinity,
      programEndNs: Infinity,
    };
    this.pages.set(page, entry);
    this.held.add(entry);
    return entry;
  }

  /** A held page will be programmed. */
  schedule(entry: CachedPage, programBeginNs: number, programEndNs: number): void {
    this.held.delete(entry);
    entry.programBeginNs = programBeginNs;
    entry.programEndNs = programEndNs;
    const { scheduled } = this;
    let at = scheduled.length;
    while (at > 0 && scheduled[at - 1].programEndNs > programEndNs) at--;
    scheduled.splice(at, 0, entry);
  }

  /** Takes the place of the page that is programmed first, which is scheduled. @returns when that is over */
  takePlace(): number {
    const entry = this.scheduled.shift()!;
    this.drop(entry);
    return entry.programEndNs;
  }

  /** Forgets pages that are programmed. */
  forget(nowNs: number): void {
    let over = 0;
    while (over < this.scheduled.length && this.scheduled[over].programEndNs <= nowNs)
      this.drop(this.scheduled[over++]);
    if (over > 0) this.scheduled.splice(0, over);
  }

  /** Forgets a page that was given up; one that is scheduled keeps its place until its program is over. */
  release(page: number): void {
    const entry = this.pages.get(page);
    if (entry === undefined) return;
    this.held.delete(entry);
    this.pages.delete(page);
  }

  /** Forgets everything. */
  clear(): void {
    this.pages.clear();
    this.held.clear();
    this.scheduled.length = 0;
  }

  private drop(entry: CachedPage): void {
    if (this.pages.get(entry.page) === entry) this.pages.delete(entry.page);
  }
}

/** More of a page was written, from byte `begin` of it to before `end`. */
export function cover(entry: CachedPage, begin: number, end: number): void {
  if (begin > entry.end || end < entry.begin) entry.isScattered = true;
  entry.begin = Math.min(entry.begin, begin);
  entry.end = Math.max(entry.end, end);
}
