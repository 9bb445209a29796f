/**
 * Hot path: allocates only in the constructor.
 */
import { NVM_READ } from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { PayloadCursor } from './payload-cursor.js';
import type { PointerRules } from './pointer-rules.js';
import {
  REFUSED_BUCKET,
  REFUSED_CUT,
  REFUSED_DWORDS,
  REFUSED_METADATA_ALIGNMENT,
  REFUSED_METADATA_BUCKET,
  REFUSED_METADATA_SCATTERED,
  REFUSED_PAYLOAD,
  REFUSED_SCATTERED,
  type Refusal,
} from './refusal.js';
import { BIT_BUCKET } from './scatter-list.js';

const PAGE_SHIFT = 12;
const PAGE_MASK = 0xfff;
const DWORD_MASK = 3;
const U32_RANGE = 0x1_0000_0000;
const BUCKET = BIT_BUCKET;

/** Whether `blocks` blocks from `lba` on cross a multiple of `boundaryBlocks` (0: there is no boundary). Any count works, not just powers of two. */
export function crossesBoundary(lba: number, blocks: number, boundaryBlocks: number): boolean {
  return boundaryBlocks !== 0 && (lba % boundaryBlocks) + blocks > boundaryBlocks;
}

/** Blocks of the piece that begins at `lba` when `blocks` are left: up to the next boundary, and no more than one command may have. */
export function blocksToLimit(lba: number, blocks: number, blocksMax: number, boundaryBlocks: number): number {
  const most = Math.min(blocks, blocksMax);
  return boundaryBlocks === 0 ? most : Math.min(most, boundaryBlocks - (lba % boundaryBlocks));
}

/** What is to be cut: filled in by whoever begins a plan. */
export class CutSubject {
  opcode = 0;
  lba = 0;
  blocks = 0;
  /** bytes of a block as it is transferred */
  wireBlockBytes = 0;
  /** most blocks of one command */
  blocksMax = 0;
  /** multiple of blocks that no command may cross, 0 for none */
  boundaryBlocks = 0;
  /** whether the payload is described by SGLs, else PRPs */
  usesSgl = false;
  /** whether there is separate metadata */
  hasMetadata = false;
  /** bytes of it for each block */
  metadataBytes = 0;
}

/**
 * Cuts a transfer into commands, in this order:
 *
 * 1. at each multiple of the namespace's boundary (NOIOB or stripe);
 * 2. what is left between two of them, after the most blocks of one command;
 * 3. what is left of that, where the data pointer cannot go on: between two elements that do not meet at page ends, with PRPs, or after
 *    the most descriptors, with SGLs; and where separate metadata stops being contiguous on the bus.
 *
 * Each piece is a whole number of blocks, or the transfer is refused: a block that no single command can describe is nowhere cut.
 */
export class CutPlan {
  /** first block of the piece that `next` found, from the transfer's first block on */
  done = 0;
  /** its blocks */
  blocks = 0;
  /** whether a piece was refused, and why is noted */
  isRefused = false;
  /** what is cut */
  readonly subject: CutSubject = new CutSubject();
  private readonly iovaLow: Uint32Array;
  private readonly iovaHigh: Uint32Array;
  private pieceEnd = 0;
  // Bus addresses are past 2^31: as results of calls they are boxed by V8, one garbage object each; in a Float64Array they are not.
  private readonly runEnd = new Float64Array(1);

  constructor(
    dma: DmaSpace,
    private readonly cursor: PayloadCursor,
    private readonly metadataCursor: PayloadCursor,
    private readonly rules: PointerRules,
    private readonly refusal: Refusal,
  ) {
    this.iovaLow = dma.iovaLow;
    this.iovaHigh = dma.iovaHigh;
  }

  /** Starts over with what the subject says. */
  begin(): void {
    this.done = 0;
    this.blocks = 0;
    this.pieceEnd = 0;
    this.isRefused = false;
  }

  /** Finds the next piece; false after the last one, or when one was refused. */
  next(): boolean {
    const { subject } = this;
    this.done += this.blocks;
    if (this.done === subject.blocks) return false;
    const { lba, blocks: all, blocksMax, boundaryBlocks } = subject;
    // Steps 1 and 2.
    if (this.done === this.pieceEnd) {
      this.pieceEnd += blocksToLimit(lba + this.done, all - this.done, blocksMax, boundaryBlocks);
    }
    let blocks = this.blocksDescribed(this.pieceEnd - this.done);
    if (blocks !== 0 && subject.hasMetadata) blocks = this.blocksWithMetadata(blocks);
    this.blocks = blocks;
    this.isRefused = blocks === 0;
    return !this.isRefused;
  }

  /** Step 3: how many of `blocks` blocks one data pointer describes; 0 when refused. */
  private blocksDescribed(blocks: number): number {
    const { wireBlockBytes, usesSgl } = this.subject;
    if (wireBlockBytes === 0) return blocks;
    this.cursor.seek(this.done * wireBlockBytes, blocks * wireBlockBytes);
    return usesSgl ? this.blocksOfSgl(blocks * wireBlockBytes) : this.blocksOfPrp(blocks * wireBlockBytes);
  }

  /** Elements join only where one ends and the next begins at a page: every PRP entry but the first has offset 0. [Base] 4.3.1 */
  private blocksOfPrp(bytes: number): number {
    const { cursor } = this;
    const { wireBlockBytes, opcode } = this.subject;
    let taken = 0;
    let end = 0;
    while (taken < bytes) {
      if (!cursor.next()) return 0;
      const { address } = cursor;
      if (address === BUCKET) return this.refuse(REFUSED_BUCKET, opcode, 0);
      if (taken === 0) {
        if ((address & DWORD_MASK) !== 0) return this.refuse(REFUSED_PAYLOAD, address, bytes);
      } else if (((end | address) & PAGE_MASK) !== 0) break;
      taken += cursor.bytes;
      end = address + cursor.bytes;
    }
    if (taken % wireBlockBytes !== 0) return this.refuse(REFUSED_CUT, taken, wireBlockBytes);
    return taken / wireBlockBytes;
  }

  /** A descriptor for each run on the bus, up to the most there can be; a block that is begun and not ended goes to the next piece. */
  private blocksOfSgl(bytes: number): number {
    const { cursor, rules } = this;
    const { wireBlockBytes, opcode } = this.subject;
    const lastingMask = rules.needsDwords ? DWORD_MASK : 0;
    let taken = 0;
    let descriptors = 0;
    this.endRun();
    while (taken < bytes && descriptors <= rules.descriptorsMax) {
      if (!cursor.next()) return 0;
      const { address } = cursor;
      if (address === BUCKET) {
        if (!rules.hasBuckets || opcode !== NVM_READ) return this.refuse(REFUSED_BUCKET, opcode, 0);
        if (++descriptors <= rules.descriptorsMax) taken += cursor.bytes;
        this.endRun();
        continue;
      }
      if (((address | cursor.bytes) & lastingMask) !== 0) return this.refuse(REFUSED_DWORDS, cursor.bytes, 0);
      if (!rules.mergesElements) this.endRun();
      const end = address + cursor.bytes;
      for (let at = address; at < end;) {
        const next = Math.min((at | PAGE_MASK) + 1, end);
        if (!this.goesOn(at, next - at) && ++descriptors > rules.descriptorsMax) break;
        taken += next - at;
        at = next;
      }
    }
    const blocks = Math.floor(taken / wireBlockBytes);
    return blocks === 0 ? this.refuse(REFUSED_SCATTERED, taken, rules.descriptorsMax) : blocks;
  }

  /** Of `blocks` blocks, those whose metadata is as many runs on the bus as the metadata pointer describes. */
  private blocksWithMetadata(blocks: number): number {
    const cursor = this.metadataCursor;
    const { metadataBytes, usesSgl } = this.subject;
    const alignMask = usesSgl ? this.rules.metadataAlignMask : DWORD_MASK;
    const runsMax = usesSgl ? this.rules.metadataRunsMax : 1;
    const bytes = blocks * metadataBytes;
    let taken = 0;
    let runs = 0;
    this.endRun();
    cursor.seek(this.done * metadataBytes, bytes);
    while (taken < bytes && runs <= runsMax) {
      if (!cursor.next()) return 0;
      const { address } = cursor;
      if (address === BUCKET) return this.refuse(REFUSED_METADATA_BUCKET, address, 0);
      const end = address + cursor.bytes;
      for (let at = address; at < end;) {
        const next = Math.min((at | PAGE_MASK) + 1, end);
        if (!this.goesOn(at, next - at)) {
          if (++runs > runsMax) break;
          if ((at & alignMask) !== 0) return this.refuse(REFUSED_METADATA_ALIGNMENT, at, alignMask + 1);
        }
        taken += next - at;
        at = next;
      }
    }
    const fitting = Math.floor(taken / metadataBytes);
    return fitting === 0 ? this.refuse(REFUSED_METADATA_SCATTERED, taken, runsMax) : fitting;
  }

  /** What comes next goes on from nothing on the bus. */
  private endRun(): void {
    this.runEnd[0] = -1;
  }

  /** Whether bytes of one page go on where the run on the bus ends, which from now on ends behind them. */
  private goesOn(address: number, bytes: number): boolean {
    const { runEnd } = this;
    const page = address >>> PAGE_SHIFT;
    const bus = this.iovaHigh[page] * U32_RANGE + this.iovaLow[page] + (address & PAGE_MASK);
    const isNext = bus === runEnd[0];
    runEnd[0] = bus + bytes;
    return isNext;
  }

  private refuse(text: string, got: number, limit: number): number {
    this.refusal.note(text, got, limit);
    return 0;
  }
}
