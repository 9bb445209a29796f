import { PAGE_BYTES, PAGE_MASK, PAGE_SHIFT, type PcieFunction } from '@phasebit/pcie';

/** Two PRP entries that describe a buffer. */
export interface Prps {
  /** bus address where the buffer begins */
  readonly prp1: number;
  /** bus address of its second page, or of the PRP list when there are more than two; 0 when there is one. [Base] 4.3.1 */
  readonly prp2: number;
}

/** DMA memory of one case: everything is given back when the case is over. */
export class HostMemory {
  private readonly taken: number[] = [];

  constructor(private readonly fn: PcieFunction) {}

  /** Zeroed memory of at least `bytes` bytes, page aligned, contiguous on the bus: its host address. */
  ring(bytes: number): number {
    return this.take(bytes, true);
  }

  /** Zeroed memory, page aligned, wherever its pages lie on the bus: its host address. */
  data(bytes: number): number {
    return this.take(bytes, false);
  }

  /** One zeroed page: its host address. */
  page(): number {
    return this.take(PAGE_BYTES, false);
  }

  /** The bus address of a host address. */
  iova(address: number): number {
    const { iovaLow, iovaHigh } = this.fn.dma;
    const page = address >>> PAGE_SHIFT;
    return iovaHigh[page] * 2 ** 32 + iovaLow[page] + (address & PAGE_MASK);
  }

  /** A view of memory. */
  bytes(address: number, bytes: number): Uint8Array {
    return this.fn.dma.bytes(address, bytes);
  }

  /** A view of memory for fields of any size, little endian. */
  view(address: number, bytes: number): DataView {
    const view = this.fn.dma.bytes(address, bytes);
    return new DataView(view.buffer, view.byteOffset, view.byteLength);
  }

  /** PRP entries for a buffer, with a list in a page of its own where it takes one; at most 2 MiB. [Base] 4.1.1 */
  prps(address: number, bytes: number): Prps {
    const prp1 = this.iova(address);
    const secondPage = (address & ~PAGE_MASK) + PAGE_BYTES;
    const end = address + bytes;
    if (end <= secondPage) return { prp1, prp2: 0 };
    if (end <= secondPage + PAGE_BYTES) return { prp1, prp2: this.iova(secondPage) };
    const list = this.page();
    const view = this.view(list, PAGE_BYTES);
    for (let page = secondPage, at = 0; page < end; page += PAGE_BYTES, at += 8) {
      view.setBigUint64(at, BigInt(this.iova(page)), true);
    }
    return { prp1, prp2: this.iova(list) };
  }

  /** Gives all of it back. Only when the controller cannot write to it any more. */
  release(): void {
    for (const address of this.taken.splice(0)) this.fn.dma.free(address);
  }

  private take(bytes: number, contiguous: boolean): number {
    const address = this.fn.dma.allocate(bytes, { contiguous });
    this.taken.push(address);
    this.fn.dma.bytes(address, Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES).fill(0);
    return address;
  }
}
