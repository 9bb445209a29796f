/**
 * Hot path: allocates only in the constructor.
 */
import type { DmaSpace } from '@phasebit/pcie';
import { REFUSED_ELEMENT, REFUSED_SHORT, type Refusal } from './refusal.js';
import { BIT_BUCKET, type ScatterList } from './scatter-list.js';

/**
 * Walks a part of a payload, contiguous or in pieces, element by element. What a scatter list says is checked here each time it is
 * asked: an element has bytes, and they are DMA memory.
 */
export class PayloadCursor {
  /** host address of the element that `next` found, or BIT_BUCKET */
  address = 0;
  /** its bytes, as far as they belong to the part */
  bytes = 0;
  private list: ScatterList | null = null;
  private base = 0;
  private left = 0;

  constructor(
    private readonly dma: DmaSpace,
    private readonly refusal: Refusal,
  ) {}

  /** Whether the payload is one run of host addresses. */
  get isContiguous(): boolean {
    return this.list === null;
  }

  /** Whether the part has bytes that `next` did not find yet. */
  get hasLeft(): boolean {
    return this.left !== 0;
  }

  /** Takes a payload: a list, or what begins at `address`, which has been checked. */
  begin(list: ScatterList | null, address: number): void {
    this.list = list;
    this.base = address;
  }

  /** Lets the caller's list go. */
  end(): void {
    this.list = null;
  }

  /** Makes the following `next` begin at `offset`, to find `bytes` bytes in all. */
  seek(offset: number, bytes: number): void {
    this.left = bytes;
    if (this.list === null) this.address = this.base + offset;
    else this.list.reset(offset);
  }

  /** Goes to the next element of the part, which has bytes left. False with a refusal noted when the list is short or wrong. */
  next(): boolean {
    const { list, left } = this;
    if (list === null) {
      this.bytes = left;
      this.left = 0;
      return true;
    }
    if (!list.next()) return this.refuse(REFUSED_SHORT, 0, left);
    const { address, bytes } = list;
    const isMemory = address === BIT_BUCKET || (Number.isInteger(address) && this.dma.contains(address, bytes));
    if (!(bytes > 0 && Number.isInteger(bytes) && isMemory)) return this.refuse(REFUSED_ELEMENT, bytes, 0);
    this.address = address;
    this.bytes = bytes < left ? bytes : left;
    this.left = left - this.bytes;
    return true;
  }

  private refuse(text: string, got: number, limit: number): boolean {
    this.refusal.note(text, got, limit);
    return false;
  }
}
