import { closeDescriptor, createMemFd, type MappedMemory, mapMemory } from '@phasebit/linux';
import { type DmaArena, DmaSpace, IOVA_BASE_DEFAULT, PAGE_BYTES, wrapDmaArena } from '@phasebit/pcie';
import { DATA_BYTES_MAX } from '../protocol/capabilities.js';
import {
  COMMAND_DMA_MAP,
  COMMAND_DMA_READ,
  COMMAND_DMA_WRITE,
  DMA_FLAG_READ,
  DMA_FLAG_WRITE,
} from '../protocol/commands.js';
import { EFAULT, EINVAL, ENOSYS } from '../protocol/errno.js';
import { type Message, viewOf } from '../protocol/header.js';
import { DMA_ACCESS_BYTES, encodeDmaAccess, encodeDmaMap, getU64 } from '../protocol/payloads.js';
import type { ServerLink } from './server-link.js';

/** Memory that a controller behind a vfio-user server can reach. */
export interface VfioUserArena {
  /** bytes, a multiple of 4096 */
  readonly bytes: number;
  /** first I/O virtual address; default behind the arena before, the first at 2^32 */
  readonly iovaBase?: number;
  /** permutes the pages: a message for each page is what that costs */
  readonly scatterSeed?: number;
}

/** Memory of a client unless told otherwise. */
export const ARENAS_DEFAULT: readonly VfioUserArena[] = [{ bytes: 64 << 20 }];
const DMA_FLAGS = DMA_FLAG_READ | DMA_FLAG_WRITE;
const NO_DATA = new Uint8Array(0);

/**
 * The client's DMA memory: files without a name, mapped here, and by the server if it is given them. What it is not given it has to ask for.
 */
export class ClientArenas {
  /** all of it */
  readonly space: DmaSpace;
  private readonly made: { readonly memory: MappedMemory; readonly fd: number; readonly arena: DmaArena }[] = [];

  /** @throws RangeError when an arena's size or address is out of range; SystemCallError when there is no memory */
  constructor(arenas: readonly VfioUserArena[]) {
    this.space = new DmaSpace();
    let next = IOVA_BASE_DEFAULT;
    for (const { bytes, iovaBase = next, scatterSeed } of arenas) {
      const fd = createMemFd('phasebit-dma', bytes);
      const memory = mapMemory({ bytes, fd });
      const arena = wrapDmaArena(memory.buffer, iovaBase, scatterSeed);
      this.made.push({ memory, fd, arena });
      this.space.attach(arena);
      next = iovaBase + bytes;
    }
  }

  /** Tells the server of it. @param byMessage - without a way to map it */
  async register(link: ServerLink, byMessage: boolean): Promise<void> {
    for (const { fd, arena } of this.made) {
      for (const { firstPage, pages } of runsOf(arena.iovaPages)) {
        const request = {
          flags: DMA_FLAGS,
          offset: byMessage ? 0 : firstPage * PAGE_BYTES,
          address: arena.iovaPages[firstPage] * PAGE_BYTES,
          size: pages * PAGE_BYTES,
        };
        await link.call(COMMAND_DMA_MAP, encodeDmaMap(request), byMessage ? [] : [fd]);
      }
    }
  }

  /** Answers a request of the server's for memory. */
  answer({ header, payload }: Message): Uint8Array | number {
    if (header.command !== COMMAND_DMA_READ && header.command !== COMMAND_DMA_WRITE) return ENOSYS;
    if (payload.length < DMA_ACCESS_BYTES) return EINVAL;
    const view = viewOf(payload);
    const address = getU64(view, 0);
    const count = getU64(view, 8);
    const isWrite = header.command === COMMAND_DMA_WRITE;
    if (address < 0 || count < 0 || count > DATA_BYTES_MAX) return EINVAL;
    if (isWrite && payload.length < DMA_ACCESS_BYTES + count) return EINVAL;
    const pieces = this.piecesOf(address, count);
    if (pieces === undefined) return EFAULT;
    const data = isWrite ? payload.subarray(DMA_ACCESS_BYTES) : new Uint8Array(count);
    let at = 0;
    for (const piece of pieces) {
      const part = data.subarray(at, at + piece.length);
      if (isWrite) piece.set(part);
      else part.set(piece);
      at += piece.length;
    }
    return encodeDmaAccess(address, count, isWrite ? NO_DATA : data);
  }

  /** Gives the memory back. Views of it are of empty memory from now on, so that nobody who is late does harm. */
  close(): void {
    for (const { memory, fd } of this.made.splice(0)) {
      memory.detach(0, memory.bytes);
      closeDescriptor(fd);
    }
  }

  /** Views of all bytes of a range, or undefined when some of them are nowhere. */
  private piecesOf(address: number, count: number): Uint8Array[] | undefined {
    const pieces: Uint8Array[] = [];
    for (let at = address; at < address + count;) {
      const inPage = Math.min(PAGE_BYTES - (at % PAGE_BYTES), address + count - at);
      const piece = this.pieceAt(at, inPage);
      if (piece === undefined) return undefined;
      pieces.push(piece);
      at += inPage;
    }
    return pieces;
  }

  private pieceAt(address: number, bytes: number): Uint8Array | undefined {
    const iovaPage = Math.floor(address / PAGE_BYTES);
    for (const { arena, memory } of this.made) {
      const page = pageOf(arena.iovaPages, iovaPage);
      if (page >= 0) return new Uint8Array(memory.buffer, page * PAGE_BYTES + (address % PAGE_BYTES), bytes);
    }
    return undefined;
  }
}

/** Where a bus page is in an arena; -1 if it is not there. Contiguous arenas, the most, are found by arithmetic. */
function pageOf(iovaPages: Float64Array, iovaPage: number): number {
  const guess = iovaPage - iovaPages[0];
  return iovaPages[guess] === iovaPage ? guess : iovaPages.indexOf(iovaPage);
}

/** Runs of pages that follow each other on the bus as they do in the buffer. */
function runsOf(iovaPages: Float64Array): { firstPage: number; pages: number }[] {
  const runs: { firstPage: number; pages: number }[] = [];
  for (let page = 0; page < iovaPages.length; page++) {
    const last = runs[runs.length - 1];
    if (last !== undefined && iovaPages[page] === iovaPages[page - 1] + 1) last.pages++;
    else runs.push({ firstPage: page, pages: 1 });
  }
  return runs;
}
