import { closeDescriptor, createMemFd, type MappedMemory, mapMemory } from '@phasebit/linux';
import { REGION_FLAG_MMAP, REGION_FLAG_READ, REGION_FLAG_WRITE } from '../protocol/commands.js';
import type { RegionInfo } from '../protocol/payloads.js';
import { powerOfTwo } from './bar0-layout.js';
import type { Region } from './region.js';

/**
 * A base address register that is memory all over: the Controller Memory Buffer, the Persistent Memory Region. All of it can be mapped.
 *
 * What a client maps is a file. Memory that does not outlive clients gets a new one for each, so that one that has gone, and cannot be made
 * to unmap, writes into nobody's buffer.
 */
export class MemoryRegion implements Region {
  /** @inheritDoc */
  readonly info: RegionInfo;
  /** @inheritDoc */
  fd: number | undefined = undefined;
  private readonly memory: MappedMemory;
  private readonly view: Uint8Array;

  /**
   * @param bytes - of the memory; the register's size is the next power of two, and what is beyond the memory reads as zeros
   * @param isPersistent - whether it is one file for all clients
   */
  constructor(
    bytes: number,
    private readonly isPersistent: boolean,
  ) {
    const size = powerOfTwo(bytes);
    this.info = { flags: REGION_FLAG_READ | REGION_FLAG_WRITE | REGION_FLAG_MMAP, size, offset: 0, areas: [] };
    this.memory = mapMemory({ bytes });
    this.view = new Uint8Array(this.memory.buffer);
    if (isPersistent) this.attach();
  }

  /** The memory: the same buffer, whatever file shows in it. */
  get buffer(): ArrayBufferLike {
    return this.memory.buffer;
  }

  /** Makes what a client maps. */
  lend(): void {
    if (!this.isPersistent) this.attach();
  }

  /** Lets go of what a client has mapped. */
  takeBack(): void {
    if (!this.isPersistent) this.close();
  }

  /** Lets go of the file for good. */
  close(): void {
    if (this.fd === undefined) return;
    this.memory.detach(0, this.memory.bytes);
    closeDescriptor(this.fd);
    this.fd = undefined;
  }

  /** @inheritDoc */
  read(offset: number, into: Uint8Array): void {
    into.fill(0);
    into.set(this.view.subarray(offset, offset + into.length));
  }

  /** @inheritDoc */
  write(offset: number, from: Uint8Array): void {
    const room = Math.max(0, this.view.length - offset);
    if (room > 0) this.view.set(from.subarray(0, room), offset);
  }

  private attach(): void {
    this.fd = createMemFd('phasebit-bar', this.info.size);
    this.memory.attach(0, this.memory.bytes, this.fd, 0);
  }
}
