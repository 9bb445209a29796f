/**
 * Hot path: allocates only in the constructor.
 */

/** Address of an element whose bytes nobody wants: a Read discards them. Needs SGLs and a controller with bit buckets. [Base] 4.3.2 */
export const BIT_BUCKET = -1;

/**
 * A payload in pieces, told one at a time. A caller whose memory is not in arrays implements it; {@link IoVector} is one for arrays.
 *
 * It is walked only while a transfer is submitted, in order, and more than once: `reset`, then `next` as long as bytes are missing. It
 * must give the same elements each time. What it has beyond the transfer's bytes is not looked at. An element without bytes is refused.
 */
export interface ScatterList {
  /** host address in DMA memory of the element that `next` found, or {@link BIT_BUCKET} */
  readonly address: number;
  /** its bytes */
  readonly bytes: number;
  /** Makes the following `next` find the element that holds the byte at `offsetBytes` of the payload, from that byte on. */
  reset(offsetBytes: number): void;
  /** Goes to the next element; false when there is none. */
  next(): boolean;
}

/**
 * An I/O vector: host addresses and lengths in two arrays, which the caller may fill as it likes. It may be changed as soon as the
 * submission returned.
 */
export class IoVector implements ScatterList {
  /** host address of each element, or {@link BIT_BUCKET} */
  readonly addresses: Float64Array;
  /** bytes of each element, 1 and up */
  readonly lengths: Float64Array;
  /** elements in use */
  count = 0;
  /** @inheritDoc */
  address = 0;
  /** @inheritDoc */
  bytes = 0;
  private index = 0;
  private start = 0;
  private skip = 0;

  /** @param capacity - most elements */
  constructor(capacity: number) {
    this.addresses = new Float64Array(capacity);
    this.lengths = new Float64Array(capacity);
  }

  /** Forgets all elements. */
  clear(): void {
    this.count = 0;
  }

  /** Appends an element. @throws RangeError when it is full */
  add(address: number, bytes: number): void {
    if (this.count === this.addresses.length) failFull(this.count);
    this.addresses[this.count] = address;
    this.lengths[this.count] = bytes;
    this.count++;
  }

  /** @inheritDoc */
  reset(offsetBytes: number): void {
    const { lengths } = this;
    if (offsetBytes === 0) {
      this.index = 0;
      this.start = 0;
    }
    while (this.index > 0 && offsetBytes < this.start) this.start -= lengths[--this.index];
    // An element without bytes is not stepped over: whoever walks shall see it.
    while (this.index < this.count && lengths[this.index] > 0 && offsetBytes >= this.start + lengths[this.index]) {
      this.start += lengths[this.index++];
    }
    this.skip = offsetBytes - this.start;
  }

  /** @inheritDoc */
  next(): boolean {
    const { index, skip } = this;
    if (index >= this.count) return false;
    const address = this.addresses[index];
    this.address = address === BIT_BUCKET ? BIT_BUCKET : address + skip;
    this.bytes = this.lengths[index] - skip;
    this.start += this.lengths[index];
    this.index = index + 1;
    this.skip = 0;
    return true;
  }
}

function failFull(count: number): never {
  throw new RangeError(`elements: expected at most ${count}, got one more`);
}
