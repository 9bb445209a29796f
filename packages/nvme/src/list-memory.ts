/**
 * Hot path: allocates only in the constructor.
 */
import { assert } from '@phasebit/core';
import { PAGE_BYTES, PRP_ENTRY_BYTES } from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';

const PAGE_SHIFT = 12;
const U32_RANGE = 0x1_0000_0000;

/** Most bytes that are copied with a command: what the smallest list holds. As SGL descriptors it holds 16 of them. */
export const COPIED_BYTES_MAX = 256;

/**
 * Memory that a device reads together with a command: one list for each request. It holds the PRP list of a payload of more than two
 * pages, the SGL descriptors of a scattered one, or a payload of a few bytes. It is written when the command is built, so that the
 * command is whole from then on: it can wait, be sent, and be sent again.
 *
 * A list never crosses a page, so it never has to be chained and its own address is one translation. [Base] 4.3.1, 4.3.2
 *
 * Memory: requests x (pages of the largest transfer, rounded up to a power of two) x 8 bytes; 2 MiB for 2,048 requests and 512 KiB transfers.
 */
export class ListMemory {
  /** host address of the memory, for giving it back */
  readonly address: number;
  /** bytes of one list, a power of two from 256 to 4096 */
  readonly listBytes: number;
  /** all lists, as words */
  readonly words: Int32Array;
  private readonly iovaLow: Uint32Array;
  private readonly iovaHigh: Uint32Array;
  private readonly bytes: Uint8Array;

  /**
   * @param dma - where the lists live
   * @param lists - how many
   * @param transferPages - most pages of one transfer, 1 to 512; a list holds as many, one more page than that being PRP1's
   * @param given - host address of the memory where it is there already, as for a queue pair that comes from another thread
   */
  constructor(dma: DmaSpace, lists: number, transferPages: number, given?: number) {
    assert(transferPages >= 1 && transferPages * PRP_ENTRY_BYTES <= PAGE_BYTES, 'a PRP list fits into one page');
    this.listBytes = 1 << (32 - Math.clz32(Math.max(transferPages * PRP_ENTRY_BYTES, COPIED_BYTES_MAX) - 1));
    const bytes = lists * this.listBytes;
    this.address = given ?? dma.allocate(bytes);
    const view = dma.words(this.address, bytes >>> 2);
    this.words = new Int32Array(view.buffer, view.byteOffset, view.length);
    this.bytes = new Uint8Array(view.buffer, view.byteOffset, bytes);
    this.iovaLow = dma.iovaLow;
    this.iovaHigh = dma.iovaHigh;
  }

  /** Host address of a list. */
  addressOf(list: number): number {
    return this.address + list * this.listBytes;
  }

  /** Where a list begins in {@link ListMemory.words}. */
  wordOf(list: number): number {
    return (list * this.listBytes) >>> 2;
  }

  /**
   * Writes a PRP list: the second page of a contiguous payload and all later ones. The first page is PRP1's.
   *
   * @returns host address of the list
   */
  writePages(list: number, address: number, bytes: number): number {
    const { words, iovaLow, iovaHigh } = this;
    const lastPage = (address + bytes - 1) >>> PAGE_SHIFT;
    let at = this.wordOf(list);
    for (let page = (address >>> PAGE_SHIFT) + 1; page <= lastPage; page++) {
      words[at] = iovaLow[page]!;
      words[at + 1] = iovaHigh[page]!;
      at += 2;
    }
    return this.addressOf(list);
  }

  /** Copies up to {@link COPIED_BYTES_MAX} bytes into a list, and gives its host address. */
  writeBytes(list: number, data: Uint8Array): number {
    this.bytes.set(data, list * this.listBytes);
    return this.addressOf(list);
  }

  /** Writes one dataset management range without attributes, and gives its host address. [NVM] 3.3.3 */
  writeRange(list: number, lba: number, blocks: number): number {
    const { words } = this;
    const at = this.wordOf(list);
    words[at] = 0;
    words[at + 1] = blocks;
    words[at + 2] = lba;
    words[at + 3] = lba < U32_RANGE ? 0 : Math.floor(lba / U32_RANGE);
    return this.addressOf(list);
  }
}
