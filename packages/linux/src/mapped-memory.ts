import { foreign, libc } from './libc.js';
import { lastErrno, SystemCallError } from './system-call-error.js';

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 0x01;
const MAP_PRIVATE = 0x02;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_HUGETLB = 0x4_0000;
/** mmap's failure, (void *)-1. */
const MAP_FAILED = 2n ** 64n - 1n;

/** Bytes of a page as mmap(2) counts them here. */
const PAGE_BYTES = 4096;

/** What {@link mapMemory} is to map. */
export interface MapOptions {
  /** bytes, 1 or more; the system rounds up to whole pages */
  readonly bytes: number;
  /** an open file, memfd or device; absent for fresh zeroed memory */
  readonly fd?: number;
  /** byte offset in the file, a multiple of 4096; default 0 */
  readonly offset?: number;
  /** whether stores reach the file and whoever else maps it; default true */
  readonly isShared?: boolean;
  /** whether it may only be read: a store ends the process then. Default false */
  readonly isReadOnly?: boolean;
  /** fresh memory from the pool of huge pages (`vm.nr_hugepages`); `bytes` is a multiple of their size then. Default false */
  readonly hugePages?: boolean;
}

/**
 * Memory of this process outside of JavaScript's heap. It has no collector: it is there until it is unmapped or the process ends, and
 * **a touch after that ends the process**. Threads may view the same address, each through a {@link viewMemory} of its own.
 */
export class MappedMemory {
  private isMapped = true;

  /** Made by {@link mapMemory}. @internal */
  constructor(
    /** where it lies in this process, a multiple of 4096 */
    readonly address: bigint,
    /** its size, as asked for */
    readonly bytes: number,
    /** the memory. Not shared in JavaScript's sense: `Atomics.load` and `store` work, `Atomics.wait` and posting it do not */
    readonly buffer: ArrayBuffer,
  ) {}

  /**
   * Puts fresh zeroed memory of the process's own in the place of a part, at the same address: what is stored there goes nowhere from
   * now on, and views stay good. For a device that has gone, say.
   *
   * @param offset - first byte, a multiple of 4096
   * @param bytes - bytes, rounded up to whole pages
   */
  detach(offset: number, bytes: number): void {
    this.replace(offset, bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }

  /**
   * Puts a part of a file in the place of a part, at the same address: views stay good, and show the file from now on.
   *
   * @param offset - first byte, a multiple of 4096
   * @param bytes - bytes, rounded up to whole pages
   * @param fd - an open file or memfd; it may be closed afterwards
   * @param fileOffset - first byte of the file, a multiple of 4096
   */
  attach(offset: number, bytes: number, fd: number, fileOffset: number): void {
    this.replace(offset, bytes, MAP_SHARED, fd, fileOffset);
  }

  private replace(offset: number, bytes: number, flags: number, fd: number, fileOffset: number): void {
    if (!(offset >= 0 && offset % PAGE_BYTES === 0 && bytes > 0 && offset + bytes <= this.bytes)) {
      throw new RangeError(
        `offset: expected whole pages within ${this.bytes} bytes, got ${bytes} bytes from ${offset} on`,
      );
    }
    const place = this.address + BigInt(offset);
    const at = libc().mmap(place, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, fileOffset);
    if (at === MAP_FAILED) throw new SystemCallError('mmap', lastErrno(), `${bytes} bytes in place`);
  }

  /** Gives the memory back. Neither {@link MappedMemory.buffer} nor a view of it may be touched afterwards. Once is enough. */
  unmap(): void {
    if (!this.isMapped) return;
    this.isMapped = false;
    if (libc().munmap(this.address, this.bytes) === -1) throw new SystemCallError('munmap', lastErrno());
  }
}

/**
 * Maps a file, a device or fresh memory.
 *
 * @throws SystemCallError ENOMEM when there is not so much (huge pages have to be set aside first), EACCES, ENODEV, EINVAL as mmap(2) says
 */
export function mapMemory(options: MapOptions): MappedMemory {
  const { bytes, fd = -1, offset = 0, isShared = true, isReadOnly = false, hugePages = false } = options;
  if (!(Number.isSafeInteger(bytes) && bytes > 0)) throw new RangeError(`bytes: expected 1 or more, got ${bytes}`);
  if (!(Number.isSafeInteger(offset) && offset >= 0 && offset % PAGE_BYTES === 0)) {
    throw new RangeError(`offset: expected a multiple of ${PAGE_BYTES}, got ${offset}`);
  }
  const protection = isReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  const origin = fd === -1 ? MAP_ANONYMOUS : 0;
  const flags = (isShared ? MAP_SHARED : MAP_PRIVATE) | origin | (hugePages ? MAP_HUGETLB : 0);
  const address = libc().mmap(null, bytes, protection, flags, fd, offset);
  if (address === MAP_FAILED) {
    throw new SystemCallError('mmap', lastErrno(), `${bytes} bytes${hugePages ? ' of huge pages' : ''}`);
  }
  return new MappedMemory(address, bytes, viewMemory(address, bytes));
}

/** Another view of memory that is mapped in this process, by whichever thread. It is only as good as that mapping. */
export function viewMemory(address: bigint, bytes: number): ArrayBuffer {
  return foreign().view(address, bytes);
}

/**
 * Where a buffer's memory lies in this process. It stays there as long as something refers to the buffer.
 *
 * @returns the address of the first byte of the buffer, or of the part that a view shows
 */
export function addressOf(memory: ArrayBuffer | ArrayBufferView): bigint {
  if (memory instanceof ArrayBuffer) return foreign().address(memory);
  // A small typed array may lie in the heap, where it can be moved; asking for its buffer moves it out for good.
  return foreign().address(memory.buffer) + BigInt(memory.byteOffset);
}
