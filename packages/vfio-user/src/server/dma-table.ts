import { fstatSync } from 'node:fs';
import type { Log } from '@phasebit/core';
import { type DeviceDma, type DmaArena, PAGE_BYTES, type PageCopies, wrapDmaArena } from '@phasebit/pcie';
import { DMA_FLAG_READ, DMA_FLAG_WRITE } from '../protocol/commands.js';
import { EEXIST, EINVAL, ENOENT, ENOMEM } from '../protocol/errno.js';
import type { DmaMapRequest } from '../protocol/payloads.js';
import { ClientFile } from './client-file.js';

/** I/O virtual addresses are exact numbers below this. */
const ADDRESS_END = 2 ** 52;

/** A mapping of the client's. */
interface Mapping {
  readonly address: number;
  readonly size: number;
  readonly arena: DmaArena;
}

/** Who looks after memory that is reached by messages. */
export interface CopyKeeper {
  /** Keeps a buffer's pages like the client's memory from `address` on. */
  keep(buffer: ArrayBufferLike, address: number): PageCopies;
  /** The client has taken the memory back: nothing more is fetched or written. */
  drop(buffer: ArrayBufferLike): void;
}

/** What {@link DmaTable} is made of. */
export interface DmaTableOptions {
  readonly dma: DeviceDma;
  readonly copies: CopyKeeper;
  /** most bytes that may be mapped at a time */
  readonly bytesMax: number;
  /** most mappings at a time */
  readonly mappingsMax: number;
  readonly log: Log;
}

/**
 * The client's memory as the device reaches it. [vfio-user] VFIO_USER_DMA_MAP, VFIO_USER_DMA_UNMAP
 *
 * The device does not run while mappings change, since both happen on one thread: so it is quiescent, and nothing waits. After an unmap no
 * address leads there any more. Queues that the host left in that memory go on there, in the client's own file, which stays mapped in this
 * process until the function is reset or the client goes. Memory that may only be read is mapped as a private copy.
 *
 * A client that shortens a file after it has shared it ends this process, by SIGBUS. Those who are not trusted with that have to seal their
 * files (F_SEAL_SHRINK), as QEMU does.
 */
export class DmaTable {
  private readonly mappings: Mapping[] = [];
  private readonly files = new Map<string, ClientFile>();
  private readonly copies = new Set<ArrayBuffer>();
  private bytes = 0;

  constructor(private readonly options: DmaTableOptions) {}

  /**
   * Maps memory.
   *
   * @param fd - the file that it is in, or undefined when it is reached by messages; still the caller's afterwards
   * @returns 0, or an error number
   */
  map(request: DmaMapRequest, fd: number | undefined): number {
    const { address, size, flags } = request;
    const { bytesMax, mappingsMax } = this.options;
    if ((flags & (DMA_FLAG_READ | DMA_FLAG_WRITE)) === 0 || (flags & ~(DMA_FLAG_READ | DMA_FLAG_WRITE)) !== 0)
      return EINVAL;
    if (!isPages(address) || !isPages(size) || size === 0 || address + size > ADDRESS_END) return EINVAL;
    if (this.mappings.some((each) => address < each.address + each.size && each.address < address + size))
      return EEXIST;
    if (this.mappings.length >= mappingsMax || this.bytes + size > bytesMax) return ENOMEM;
    const buffer = fd === undefined ? undefined : this.open(request, fd);
    if (typeof buffer === 'number') return buffer;
    const arena = buffer === undefined ? this.mapCopies(address, size) : this.mapFile(buffer, address);
    if (arena === undefined) return ENOMEM;
    this.mappings.push({ address, size, arena });
    this.bytes += size;
    return 0;
  }

  /**
   * Takes back all mappings that lie in a range, of which none may reach beyond it.
   *
   * @returns 0, or an error number
   */
  unmap(address: number, size: number): number {
    if (address < 0 || size <= 0) return EINVAL;
    const end = address + size;
    const hit = this.mappings.filter((each) => each.address < end && address < each.address + each.size);
    if (hit.length === 0) return ENOENT;
    if (hit.some((each) => each.address < address || each.address + each.size > end)) return EINVAL;
    for (const each of hit) this.remove(each);
    return 0;
  }

  /** Takes everything back. */
  unmapAll(): void {
    for (const each of [...this.mappings]) this.remove(each);
  }

  /** Lets go of files that nothing is mapped from. REQUIRES that the controller was reset, so that it has no view of them. */
  sweep(): void {
    const inUse = new Set<ArrayBufferLike>(this.mappings.map((each) => each.arena.buffer));
    for (const [key, file] of this.files) {
      const parts = [...file.known];
      if (parts.some((part) => inUse.has(part))) continue;
      for (const part of parts) this.options.dma.release(part);
      this.files.delete(key);
      file.detach();
    }
    for (const buffer of this.copies) {
      if (inUse.has(buffer)) continue;
      this.options.dma.release(buffer);
      this.copies.delete(buffer);
    }
  }

  /** Takes everything back and lets go of it. REQUIRES a reset, as {@link DmaTable.sweep}. */
  clear(): void {
    this.unmapAll();
    this.sweep();
  }

  private remove(mapping: Mapping): void {
    this.mappings.splice(this.mappings.indexOf(mapping), 1);
    this.bytes -= mapping.size;
    this.options.dma.unmap(mapping.arena);
    this.options.copies.drop(mapping.arena.buffer);
  }

  /** The part of a file that is to be mapped; undefined if it has to be reached by messages, an error number if it cannot be at all. */
  private open({ offset, size, flags }: DmaMapRequest, fd: number): ArrayBuffer | number | undefined {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return undefined;
    if (!isPages(offset) || offset + size > stat.size) return EINVAL;
    const isWritable = (flags & DMA_FLAG_WRITE) !== 0;
    const key = `${stat.dev}:${stat.ino}:${stat.size}:${isWritable}`;
    try {
      const file = this.files.get(key) ?? new ClientFile(fd, stat.size, isWritable);
      this.files.set(key, file);
      return file.part(offset, size);
    } catch (error) {
      this.options.log.warn(`vfio-user: memory of the client's is reached by messages: ${String(error)}`);
      return undefined;
    }
  }

  private mapFile(buffer: ArrayBuffer, address: number): DmaArena {
    const arena = wrapDmaArena(buffer, address);
    this.options.dma.map(arena);
    return arena;
  }

  private mapCopies(address: number, size: number): DmaArena | undefined {
    let buffer: ArrayBuffer;
    try {
      buffer = new ArrayBuffer(size); // The system gives it pages as they are touched.
    } catch {
      return undefined;
    }
    const arena = wrapDmaArena(buffer, address);
    this.copies.add(buffer);
    this.options.dma.map(arena, this.options.copies.keep(buffer, address));
    return arena;
  }
}

function isPages(value: number): boolean {
  return value >= 0 && value % PAGE_BYTES === 0;
}
