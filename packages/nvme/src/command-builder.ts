/**
 * Hot path: allocates only in the constructor.
 */
import { SQE_CDW0_OPC_MASK } from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { ListMemory } from './list-memory.js';
import { KIND_WIDE, REQUEST_KIND, REQUEST_SHIFT, type RequestPool } from './request-pool.js';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const PAGE_MASK = 0xfff;
const U32_RANGE = 0x1_0000_0000;
const SHIFT = REQUEST_SHIFT;
const KIND = REQUEST_KIND;

/**
 * Builds commands with contiguous payloads into requests: whole, PRP list included, but for the command identifier.
 */
export class CommandBuilder {
  private readonly pool: RequestPool;
  private readonly records: Int32Array;
  private readonly dma: DmaSpace;
  private readonly lists: ListMemory;
  private readonly iovaLow: Uint32Array;
  private readonly iovaHigh: Uint32Array;

  constructor(pool: RequestPool, dma: DmaSpace, lists: ListMemory) {
    this.pool = pool;
    this.records = pool.records;
    this.dma = dma;
    this.lists = lists;
    this.iovaLow = dma.iovaLow;
    this.iovaHigh = dma.iovaHigh;
  }

  /** Whether a payload can be described: some bytes of DMA memory from a multiple of 4 on. [Base] 4.1.1: PRP1 is dword aligned */
  isPayload(address: number, bytes: number): boolean {
    return bytes > 0 && (address & 3) === 0 && this.dma.contains(address, bytes);
  }

  /**
   * A command with a start and a length in blocks; its payload is set apart, its other dwords are zero.
   *
   * @param at - first word of the request's record
   * @param cdw12 - flags and the number of blocks, 0's based
   */
  buildBlocks(at: number, opcode: number, nsid: number, lba: number, cdw12: number): void {
    const records = this.records;
    if (records[at | KIND] !== 0) this.pool.clear(at >>> SHIFT);
    records[at] = opcode;
    records[at | 1] = nsid;
    records[at | 10] = lba;
    records[at | 11] = lba < U32_RANGE ? 0 : Math.floor(lba / U32_RANGE);
    records[at | 12] = cdw12;
  }

  /** PRP1 and PRP2. Address 0 stands for no payload, and page 0 of the table translates to 0. */
  setPayload(at: number, address: number, bytes: number): void {
    const records = this.records;
    const page = address >>> PAGE_SHIFT;
    const offset = address & PAGE_MASK;
    records[at | 6] = this.iovaLow[page] | offset;
    records[at | 7] = this.iovaHigh[page]!;
    if (offset + bytes > PAGE_BYTES) {
      this.setSecondPage(at, address, bytes);
    } else {
      records[at | 8] = 0;
      records[at | 9] = 0;
    }
  }

  /** A command given by its dwords; data pointer and identifier are filled in, PSDT and FUSE are 0. */
  buildWhole(request: number, command: Int32Array, address: number, bytes: number): void {
    const { records } = this;
    const at = request << SHIFT;
    for (let i = 0; i < 16; i++) records[at + i] = command[i]!;
    records[at] = command[0] & SQE_CDW0_OPC_MASK;
    records[at | KIND] = KIND_WIDE;
    this.setPayload(at, address, bytes);
  }

  /** PRP2 is the second page, or the list of all pages but the first. */
  private setSecondPage(at: number, address: number, bytes: number): void {
    const { records } = this;
    const isTwoPages = (address & PAGE_MASK) + bytes <= 2 * PAGE_BYTES;
    const second = isTwoPages ? (address | PAGE_MASK) + 1 : this.lists.writePages(at >>> SHIFT, address, bytes);
    records[at | 8] = this.iovaLow[second >>> PAGE_SHIFT] | (second & PAGE_MASK);
    records[at | 9] = this.iovaHigh[second >>> PAGE_SHIFT]!;
  }
}
