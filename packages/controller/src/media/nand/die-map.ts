import type { NandGeometry } from './nand-profile.js';

const UNMAPPED = -1;
/** Blocks that a die has beyond the ones it needs for its data: one that is written to, and one to relocate into. */
const BLOCKS_SPARE = 2;

/** What collecting one block took. */
export interface Collection {
  /** pages that were still valid and had to move */
  readonly pages: number;
  /** rows they were read from */
  readonly rowsRead: number;
  /** rows they were programmed into */
  readonly rowsProgrammed: number;
}

/**
 * Where the logical pages of one die are: a table by page. Pages are written one after the other into an open block; a block is one of
 * every plane. When no free block is left, the block with the fewest valid pages is collected: those move, and it is erased.
 *
 * Invariants:
 * - D1 A logical page is mapped to at most one physical page, and `logicalOf[physicalOf[page]] === page`.
 * - D2 `validOf[block]` is the number of its pages that are mapped.
 * - D3 Before a page is written, the open block has room, and there is a free block, so the valid pages of any block can move.
 */
export class DieMap {
  private readonly physicalOf: Int32Array;
  private readonly logicalOf: Int32Array;
  private readonly validOf: Int32Array;
  private readonly free: number[] = [];
  private readonly isFree: Uint8Array;
  private readonly planes: number;
  private readonly pagesPerBlock: number;
  private open = 0;
  private next = 0;

  /**
   * @param pages - logical pages of the die
   * @param overProvisioning - physical pages beyond them, as a part of them
   * @param collected - hears of each block that was collected and erased
   */
  constructor(
    geometry: NandGeometry,
    pages: number,
    overProvisioning: number,
    private readonly collected: (collection: Collection) => void,
  ) {
    const blocks = DieMap.blocksFor(geometry, pages, overProvisioning);
    this.planes = geometry.planesPerDie;
    this.pagesPerBlock = geometry.pagesPerBlock * geometry.planesPerDie;
    this.physicalOf = new Int32Array(pages).fill(UNMAPPED);
    this.logicalOf = new Int32Array(blocks * this.pagesPerBlock).fill(UNMAPPED);
    this.validOf = new Int32Array(blocks);
    this.isFree = new Uint8Array(blocks).fill(1);
    for (let block = 1; block < blocks; block++) this.free.push(block);
    this.isFree[0] = 0;
  }

  /** Blocks that a die of so many logical pages has. */
  static blocksFor(geometry: NandGeometry, pages: number, overProvisioning: number): number {
    const pagesPerBlock = geometry.pagesPerBlock * geometry.planesPerDie;
    return Math.max(
      Math.ceil((pages * (1 + overProvisioning)) / pagesPerBlock),
      Math.ceil(pages / pagesPerBlock) + BLOCKS_SPARE,
    );
  }

  /** The row that a logical page is in, or -1 when it holds nothing. */
  rowOf(page: number): number {
    const physical = this.physicalOf[page];
    return physical === UNMAPPED ? UNMAPPED : Math.floor(physical / this.planes);
  }

  /** The row that the next page goes to, unless a block has to be collected first. */
  get nextRow(): number {
    return Math.floor((this.open * this.pagesPerBlock + this.next) / this.planes);
  }

  /** Gives a logical page a new place. @returns its row */
  place(page: number): number {
    this.release(page);
    if (this.next === this.pagesPerBlock) this.openBlock();
    return Math.floor(this.put(page) / this.planes);
  }

  /** A logical page holds nothing any more. */
  release(page: number): void {
    const physical = this.physicalOf[page];
    if (physical === UNMAPPED) return;
    this.physicalOf[page] = UNMAPPED;
    this.logicalOf[physical] = UNMAPPED;
    this.validOf[Math.floor(physical / this.pagesPerBlock)]--;
  }

  private put(page: number): number {
    const physical = this.open * this.pagesPerBlock + this.next++;
    this.physicalOf[page] = physical;
    this.logicalOf[physical] = page;
    this.validOf[this.open]++;
    return physical;
  }

  /** The open block is full. The new one takes what the collected one has left valid, and has room after that (D3). */
  private openBlock(): void {
    this.open = this.free.shift()!;
    this.isFree[this.open] = 0;
    this.next = 0;
    if (this.free.length === 0) this.collect(this.victim());
  }

  /** The closed block with the fewest valid pages, the first of them. */
  private victim(): number {
    let best = UNMAPPED;
    for (let block = 0; block < this.validOf.length; block++) {
      if (this.isFree[block] === 1 || block === this.open) continue;
      if (best === UNMAPPED || this.validOf[block] < this.validOf[best]) best = block;
    }
    return best;
  }

  private collect(block: number): void {
    const begin = block * this.pagesPerBlock;
    let pages = 0;
    let rowsRead = 0;
    let lastRow = UNMAPPED;
    for (let physical = begin; physical < begin + this.pagesPerBlock; physical++) {
      const page = this.logicalOf[physical];
      if (page === UNMAPPED) continue;
      const row = Math.floor(physical / this.planes);
      if (row !== lastRow) rowsRead++;
      lastRow = row;
      this.release(page);
      this.put(page);
      pages++;
    }
    this.free.push(block);
    this.isFree[block] = 1;
    this.collected({ pages, rowsRead, rowsProgrammed: Math.ceil(pages / this.planes) });
  }
}
