/**
 * Hot path: allocates only in the constructor.
 */
import {
  PSDT_PRP,
  PSDT_SGL_MPTR_CONTIGUOUS,
  PSDT_SGL_MPTR_SGL,
  SGL_DESCRIPTOR_BYTES,
  SGL_ID_BIT_BUCKET,
  SGL_ID_DATA_BLOCK,
  SGL_ID_LAST_SEGMENT,
  SQE_CDW0_PSDT_SHIFT,
} from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { ListMemory } from './list-memory.js';
import type { PayloadCursor } from './payload-cursor.js';
import type { PointerRules } from './pointer-rules.js';
import { REFUSED_CHANGED, REFUSED_DWORDS, type Refusal } from './refusal.js';
import { REQUEST_SHIFT } from './request-pool.js';
import { BIT_BUCKET } from './scatter-list.js';

const SHIFT = REQUEST_SHIFT;
const BUCKET = BIT_BUCKET;
const PAGE_SHIFT = 12;
const PAGE_MASK = 0xfff;
const U32_RANGE = 0x1_0000_0000;
const DESCRIPTOR_WORDS = SGL_DESCRIPTOR_BYTES / 4;
/** An identifier is the highest byte of a descriptor's last word. */
const ID_SHIFT = 24;
const PSDT_CLEAR = 0x3fff;
const WORD_MPTR = 4;
const WORD_DPTR = 6;

/**
 * Writes data and metadata pointers, dwords 4 to 9, for a part of a payload that a `CutPlan` found to be describable. What does not fit one
 * dword pair or descriptor goes into the request's list:
 *
 * ```text
 *   PRPs   entries of the second page and later ones
 *   SGLs   descriptors of metadata, as many as the rules set aside, then those of data
 * ```
 *
 * Whatever a scatter list says the second time, nothing is written beyond the list, and no address that is not DMA memory.
 */
export class DataPointers {
  private readonly records: Int32Array;
  private readonly words: Int32Array;
  private readonly iovaLow: Uint32Array;
  private readonly iovaHigh: Uint32Array;
  /** next free word of the list that is being written, and the first one behind it */
  private at = 0;
  private end = 0;
  /** where a run on the bus ends; past 2^31, so it is kept where V8 does not box it */
  private readonly runEnd = new Float64Array(1);

  constructor(
    dma: DmaSpace,
    records: Int32Array,
    private readonly lists: ListMemory,
    private readonly cursor: PayloadCursor,
    private readonly metadataCursor: PayloadCursor,
    private readonly rules: PointerRules,
    private readonly refusal: Refusal,
  ) {
    this.records = records;
    this.words = lists.words;
    this.iovaLow = dma.iovaLow;
    this.iovaHigh = dma.iovaHigh;
  }

  /** PRP1 and PRP2 of what the cursor goes through next. False with a refusal noted when it is not what the plan saw. [Base] 4.3.1 */
  writePrp(request: number): boolean {
    const { cursor, records, words } = this;
    const record = request << SHIFT;
    const list = this.lists.wordOf(request);
    this.at = list;
    this.end = list + (this.lists.listBytes >>> 2);
    this.clearPointers(record);
    let previousEnd = -1;
    while (cursor.hasLeft) {
      if (!cursor.next()) return false;
      const { address } = cursor;
      const isFirst = previousEnd < 0;
      if (address === BUCKET || (isFirst ? (address & 3) !== 0 : ((previousEnd | address) & PAGE_MASK) !== 0)) {
        return this.refuse(REFUSED_CHANGED, address);
      }
      previousEnd = address + cursor.bytes;
      if (isFirst) this.putBus(records, record | WORD_DPTR, address);
      if (!this.putPages(isFirst ? (address | PAGE_MASK) + 1 : address, previousEnd)) return false;
    }
    const entries = (this.at - list) >>> 1;
    if (entries === 1) {
      records[record | 8] = words[list]!;
      records[record | 9] = words[list + 1]!;
    } else if (entries > 1) {
      this.putBus(records, record | 8, this.lists.addressOf(request));
    }
    return true;
  }

  /** SGL1 of what the cursor goes through next. False as {@link DataPointers.writePrp}. [Base] 4.3.2 */
  writeSgl(request: number): boolean {
    const { cursor, records, words, rules } = this;
    const record = request << SHIFT;
    const list = this.lists.wordOf(request) + rules.metadataDescriptors * DESCRIPTOR_WORDS;
    this.at = list;
    this.end = list + rules.descriptorsMax * DESCRIPTOR_WORDS;
    this.clearPointers(record);
    while (cursor.hasLeft) {
      if (!cursor.next()) return false;
      const isWritten =
        cursor.address === BUCKET
          ? this.putBucket(cursor.bytes)
          : this.putRuns(list, cursor.address, cursor.address + cursor.bytes, rules.mergesElements);
      if (!isWritten) return false;
    }
    records[record] = (records[record] & PSDT_CLEAR) | (PSDT_SGL_MPTR_CONTIGUOUS << SQE_CDW0_PSDT_SHIFT);
    if (this.at - list === DESCRIPTOR_WORDS) {
      for (let i = 0; i < DESCRIPTOR_WORDS; i++) records[(record | WORD_DPTR) + i] = words[list + i]!;
    } else {
      const descriptors = rules.metadataDescriptors;
      const address = this.lists.addressOf(request) + descriptors * SGL_DESCRIPTOR_BYTES;
      this.putDescriptor(records, record | WORD_DPTR, address, (this.at - list) << 2, SGL_ID_LAST_SEGMENT);
    }
    return true;
  }

  /** MPTR of what the metadata cursor goes through next, after the data pointer was written: an address, or that of a descriptor. [Base] 4.1.1 */
  writeMetadata(request: number): boolean {
    const { metadataCursor, records, rules } = this;
    const record = request << SHIFT;
    const isPrp = ((records[record] >>> SQE_CDW0_PSDT_SHIFT) & 3) === PSDT_PRP;
    if (isPrp || !rules.hasMetadataSgl) return this.writeMetadataAddress(record);
    const list = this.lists.wordOf(request);
    // The first descriptor is for pointing to the others, where there are several.
    const first = list + DESCRIPTOR_WORDS;
    this.at = first;
    this.end = list + rules.metadataDescriptors * DESCRIPTOR_WORDS;
    while (metadataCursor.hasLeft) {
      if (!metadataCursor.next()) return false;
      const { address, bytes } = metadataCursor;
      if (address === BUCKET) return this.refuse(REFUSED_CHANGED, address);
      if (!this.putRuns(first, address, address + bytes, true)) return false;
    }
    const segment = this.lists.addressOf(request);
    const next = segment + SGL_DESCRIPTOR_BYTES;
    const isOne = this.at - first === DESCRIPTOR_WORDS;
    if (!isOne) this.putDescriptor(this.words, list, next, (this.at - first) << 2, SGL_ID_LAST_SEGMENT);
    records[record] = (records[record] & PSDT_CLEAR) | (PSDT_SGL_MPTR_SGL << SQE_CDW0_PSDT_SHIFT);
    this.putBus(records, record | WORD_MPTR, isOne ? next : segment);
    return true;
  }

  /** MPTR as the address of one run on the bus. What a list says the second time has to be that run too. */
  private writeMetadataAddress(record: number): boolean {
    const { metadataCursor, runEnd } = this;
    if (metadataCursor.isContiguous) {
      this.putBus(this.records, record | WORD_MPTR, metadataCursor.address);
      return true;
    }
    let isFirst = true;
    while (metadataCursor.hasLeft) {
      if (!metadataCursor.next()) return false;
      const { address } = metadataCursor;
      const end = address + metadataCursor.bytes;
      if (address === BUCKET) return this.refuse(REFUSED_CHANGED, address);
      if (isFirst) this.putBus(this.records, record | WORD_MPTR, address);
      for (let at = address; at < end;) {
        const next = Math.min((at | PAGE_MASK) + 1, end);
        const page = at >>> PAGE_SHIFT;
        const bus = this.iovaHigh[page] * U32_RANGE + this.iovaLow[page] + (at & PAGE_MASK);
        if (!isFirst && bus !== runEnd[0]) return this.refuse(REFUSED_CHANGED, at);
        runEnd[0] = bus + next - at;
        isFirst = false;
        at = next;
      }
    }
    return true;
  }

  private clearPointers(record: number): void {
    for (let word = WORD_MPTR; word < 10; word++) this.records[record | word] = 0;
  }

  /** PRP entries of the pages from `from`, a page's first byte, to before `end`. */
  private putPages(from: number, end: number): boolean {
    for (let address = from; address < end; address += PAGE_MASK + 1) {
      if (this.at >= this.end) return this.refuse(REFUSED_CHANGED, address);
      this.putBus(this.words, this.at, address);
      this.at += 2;
    }
    return true;
  }

  /** Data block descriptors of the bus runs from `from` to before `end`; the first one grows the last descriptor if it may and can. */
  private putRuns(list: number, from: number, end: number, mergesFirst: boolean): boolean {
    const { words } = this;
    let mayGrow = mergesFirst && this.at !== list;
    for (let address = from; address < end;) {
      const next = Math.min((address | PAGE_MASK) + 1, end);
      const last = this.at - DESCRIPTOR_WORDS;
      if (this.rules.needsDwords && ((address | next) & 3) !== 0) return this.refuse(REFUSED_DWORDS, next - from);
      if (mayGrow && words[last + 3] === SGL_ID_DATA_BLOCK << ID_SHIFT && this.endsAt(last, address)) {
        words[last + 2] += next - address;
      } else {
        if (this.at >= this.end) return this.refuse(REFUSED_CHANGED, address);
        this.putDescriptor(words, this.at, address, next - address, SGL_ID_DATA_BLOCK);
        this.at += DESCRIPTOR_WORDS;
      }
      mayGrow = true;
      address = next;
    }
    return true;
  }

  private putBucket(bytes: number): boolean {
    if (this.at >= this.end) return this.refuse(REFUSED_CHANGED, BUCKET);
    this.words[this.at] = 0;
    this.words[this.at + 1] = 0;
    this.words[this.at + 2] = bytes;
    this.words[this.at + 3] = SGL_ID_BIT_BUCKET << ID_SHIFT;
    this.at += DESCRIPTOR_WORDS;
    return true;
  }

  /** Whether the data of a descriptor ends on the bus where a host address is. */
  private endsAt(descriptor: number, address: number): boolean {
    const { words } = this;
    const start = (words[descriptor + 1] >>> 0) * U32_RANGE + (words[descriptor] >>> 0);
    const page = address >>> PAGE_SHIFT;
    const bus = this.iovaHigh[page] * U32_RANGE + this.iovaLow[page] + (address & PAGE_MASK);
    return start + words[descriptor + 2] === bus;
  }

  private putDescriptor(to: Int32Array, at: number, address: number, bytes: number, identifier: number): void {
    this.putBus(to, at, address);
    to[at + 2] = bytes;
    to[at + 3] = identifier << ID_SHIFT;
  }

  private putBus(to: Int32Array, at: number, address: number): void {
    const page = address >>> PAGE_SHIFT;
    to[at] = this.iovaLow[page] | (address & PAGE_MASK);
    to[at + 1] = this.iovaHigh[page]!;
  }

  private refuse(text: string, got: number): boolean {
    this.refusal.note(text, got);
    return false;
  }
}
