/**
 * Hot path: allocates only in the constructor.
 */
import type { DmaSpace } from '@phasebit/pcie';
import { COMMAND_SHIFT, type RequestPool } from './request-pool.js';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const PAGE_MASK = 0xfff;
const U32_RANGE = 0x1_0000_0000;

/**
 * Builds commands into requests, PRP1 and PRP2 included. A transfer of more than two pages gets its list once there is a tracker to
 * hold it: see `RingPair`.
 */
export class CommandBuilder {
  private readonly pool: RequestPool;
  private readonly dma: DmaSpace;
  private readonly iovaLow: Uint32Array;
  private readonly iovaHigh: Uint32Array;

  constructor(pool: RequestPool, dma: DmaSpace) {
    this.pool = pool;
    this.dma = dma;
    this.iovaLow = dma.iovaLow;
    this.iovaHigh = dma.iovaHigh;
  }

  /** Whether a payload can be described: some bytes of DMA memory from a multiple of 4 on. [Base] 4.1.1: PRP1 is dword aligned */
  isPayload(address: number, bytes: number): boolean {
    return bytes > 0 && (address & 3) === 0 && this.dma.contains(address, bytes);
  }

  /** A command with a start and a length in blocks, and a payload of `bytes` bytes, which may be 0. Its other dwords are zero. */
  buildBlocks(
    request: number,
    opcode: number,
    nsid: number,
    address: number,
    bytes: number,
    lba: number,
    blocks: number,
    flags: number,
  ): void {
    const { commands, wide } = this.pool;
    const at = request << COMMAND_SHIFT;
    if (wide[request] !== 0) this.pool.clear(request);
    commands[at] = opcode;
    commands[at | 1] = nsid;
    this.setPayload(request, address, bytes);
    commands[at | 10] = lba;
    commands[at | 11] = lba < U32_RANGE ? 0 : Math.floor(lba / U32_RANGE);
    commands[at | 12] = flags | (blocks - 1);
  }

  /** A command given by its dwords; identifier and data pointer are filled in. */
  buildWhole(request: number, command: Int32Array, address: number, bytes: number): void {
    const { commands, wide } = this.pool;
    const at = request << COMMAND_SHIFT;
    for (let i = 0; i < 16; i++) commands[at + i] = command[i]!;
    wide[request] = 1;
    this.setPayload(request, address, bytes);
  }

  private setPayload(request: number, address: number, bytes: number): void {
    const { commands } = this.pool;
    const at = request << COMMAND_SHIFT;
    const page = address >>> PAGE_SHIFT;
    this.pool.address[request] = address;
    this.pool.bytes[request] = bytes;
    // Address 0 stands for no payload, and page 0 of the table translates to 0.
    commands[at | 6] = this.iovaLow[page]! | (address & PAGE_MASK);
    commands[at | 7] = this.iovaHigh[page]!;
    if ((address & PAGE_MASK) + bytes <= PAGE_BYTES) {
      commands[at | 8] = 0;
      commands[at | 9] = 0;
    } else {
      commands[at | 8] = this.iovaLow[page + 1]!;
      commands[at | 9] = this.iovaHigh[page + 1]!;
    }
  }
}
