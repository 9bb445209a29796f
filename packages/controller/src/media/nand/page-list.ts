import type { CachedPage } from './write-cache.js';

/** Pages of the write cache, in order: an array that keeps its memory when it is emptied. */
export class PageList {
  /** pages in it */
  count = 0;
  private readonly pages: CachedPage[] = [];

  /** The page at a place, below {@link PageList.count}. */
  at(index: number): CachedPage {
    return this.pages[index];
  }

  /** Empties it. */
  clear(): void {
    this.count = 0;
  }

  /** Puts a page behind the others. */
  add(page: CachedPage): void {
    if (this.count === this.pages.length) this.pages.push(page);
    else this.pages[this.count] = page;
    this.count++;
  }

  /** Puts a page in so that those in front of it are programmed no later than it is, and those behind it are programmed later. */
  insert(page: CachedPage): void {
    this.add(page);
    const { pages } = this;
    let at = this.count - 1;
    while (at > 0 && pages[at - 1].programEndNs > page.programEndNs) {
      pages[at] = pages[at - 1];
      at--;
    }
    pages[at] = page;
  }

  /** Takes out the first pages. */
  dropFirst(count: number): void {
    this.pages.copyWithin(0, count, this.count);
    this.count -= count;
  }

  /** Puts them in the order of their numbers. */
  sort(): void {
    const sorted = this.pages.slice(0, this.count).sort((a, b) => a.page - b.page);
    for (let i = 0; i < sorted.length; i++) this.pages[i] = sorted[i];
  }
}
