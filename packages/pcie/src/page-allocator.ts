import { assert } from '@phasebit/core';

interface Run {
  firstPage: number;
  pages: number;
}

/**
 * First-fit allocation of page runs; neighbours are joined again when freed. Control plane only: I/O memory is set aside once.
 *
 * Invariant: `free` is sorted by `firstPage`, its runs neither touch nor overlap.
 */
export class PageAllocator {
  private readonly free: Run[] = [];
  private readonly taken = new Map<number, number>();

  /** Adds pages to give out. */
  add(firstPage: number, pages: number): void {
    this.insert({ firstPage, pages });
  }

  /**
   * Takes a run of `pages` pages, or gives -1 when none fits.
   *
   * @param isJoined - says whether page `n` may be followed by page `n + 1` inside one run
   */
  take(pages: number, isJoined: (page: number) => boolean): number {
    for (const run of this.free) {
      const firstPage = findInRun(run, pages, isJoined);
      if (firstPage < 0) continue;
      this.cut(run, firstPage, pages);
      this.taken.set(firstPage, pages);
      return firstPage;
    }
    return -1;
  }

  /**
   * Gives a run back.
   *
   * @throws RangeError when no run begins at `firstPage`
   */
  give(firstPage: number): void {
    const pages = this.taken.get(firstPage);
    if (pages === undefined) throw new RangeError(`free: expected the start of an allocation, got page ${firstPage}`);
    this.taken.delete(firstPage);
    this.insert({ firstPage, pages });
  }

  private cut(run: Run, firstPage: number, pages: number): void {
    const at = this.free.indexOf(run);
    assert(at >= 0, 'the run to cut is one of the free ones');
    const rest: Run[] = [];
    if (firstPage > run.firstPage) rest.push({ firstPage: run.firstPage, pages: firstPage - run.firstPage });
    const end = firstPage + pages;
    const runEnd = run.firstPage + run.pages;
    if (end < runEnd) rest.push({ firstPage: end, pages: runEnd - end });
    this.free.splice(at, 1, ...rest);
  }

  private insert(run: Run): void {
    let at = 0;
    while (at < this.free.length && this.free[at].firstPage < run.firstPage) at++;
    const before = this.free[at - 1];
    const after = this.free[at];
    assert(before === undefined || before.firstPage + before.pages <= run.firstPage, 'freed pages were not free');
    assert(after === undefined || run.firstPage + run.pages <= after.firstPage, 'freed pages were not free');
    this.free.splice(at, 0, run);
    if (after !== undefined && run.firstPage + run.pages === after.firstPage) {
      run.pages += after.pages;
      this.free.splice(at + 1, 1);
    }
    if (before !== undefined && before.firstPage + before.pages === run.firstPage) {
      before.pages += run.pages;
      this.free.splice(at, 1);
    }
  }
}

function findInRun(run: Run, pages: number, isJoined: (page: number) => boolean): number {
  let first = run.firstPage;
  const end = run.firstPage + run.pages;
  for (let page = first; page < end; page++) {
    if (page - first + 1 === pages) return first;
    if (!isJoined(page)) first = page + 1;
  }
  return -1;
}
