import { assert } from '@phasebit/core';
import { PAGE_BYTES, PRP_ENTRY_BYTES } from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';

const PAGE_SHIFT = 12;

/**
 * A PRP list for each tracker, in DMA memory. A list never crosses a page, so it never has to be chained and its own address is
 * one translation. [Base] 4.1.1
 *
 * Memory: trackers x (transfer pages, rounded up to a power of two) x 8 bytes; 1 MiB for 1,023 trackers and 512 KiB transfers.
 * Hot path: allocates only in the constructor.
 */
export class PrpLists {
  /** host address of the memory, for giving it back */
  readonly address: number;
  private readonly dma: DmaSpace;
  private readonly words: Int32Array;
  private readonly listShift: number;

  /**
   * @param dma - where the lists live
   * @param lists - how many
   * @param transferPages - most pages of one transfer, 1 to 512; a list holds as many, one more page than that being PRP1's
   */
  constructor(dma: DmaSpace, lists: number, transferPages: number) {
    assert(transferPages >= 1 && transferPages * PRP_ENTRY_BYTES <= PAGE_BYTES, 'a PRP list fits into one page');
    this.dma = dma;
    this.listShift = 32 - Math.clz32(transferPages * PRP_ENTRY_BYTES - 1);
    const bytes = lists << this.listShift;
    this.address = dma.allocate(bytes);
    const view = dma.words(this.address, bytes >>> 2);
    this.words = new Int32Array(view.buffer, view.byteOffset, view.length);
  }

  /**
   * Writes list `list` for a payload: its second page and all later ones. The first page is PRP1's.
   *
   * @returns host address of the list
   */
  write(list: number, address: number, bytes: number): number {
    const words = this.words;
    const iovaLow = this.dma.iovaLow;
    const iovaHigh = this.dma.iovaHigh;
    const lastPage = (address + bytes - 1) >>> PAGE_SHIFT;
    let at = (list << this.listShift) >>> 2;
    for (let page = (address >>> PAGE_SHIFT) + 1; page <= lastPage; page++) {
      words[at] = iovaLow[page]!;
      words[at + 1] = iovaHigh[page]!;
      at += 2;
    }
    return this.address + (list << this.listShift);
  }
}
