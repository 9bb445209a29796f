import { type DmaArena, type DmaSpace, wrapDmaArena } from '@phasebit/pcie';
import { markAsUntransferable } from 'node:worker_threads';
import type { Kernel } from './kernel.js';

/** Memory of the caller's that devices can reach for the time being. */
export interface RegisteredMemory {
  /** host address of its first page, for commands and for `dma.bytes` */
  readonly address: number;
  /** bytes, whole pages; less than the caller's buffer where that does not begin and end on pages */
  readonly bytes: number;
  /** where the first page begins in what was registered, bytes */
  readonly offset: number;
}

/**
 * Keeps a buffer as long as somebody has a view of the pages in it. The view's own buffer is another one over the same memory, of which the
 * engine does not know whose it is.
 */
const owners = new WeakMap<ArrayBuffer, ArrayBuffer>();

/** The whole pages in a buffer of the caller's, and where they are attached. */
export class RegisteredPages implements RegisteredMemory {
  readonly offset: number;
  readonly bytes: number;
  /** where the first page is in this process */
  readonly processAddress: bigint;
  private readonly arenaBuffer: ArrayBuffer;
  private arena: DmaArena | undefined;
  private hostAddress = 0;
  private busAddress = 0;

  /** @throws RangeError when there is no whole page, or the memory is not the kind that stays where it is */
  constructor(
    readonly memory: ArrayBuffer | ArrayBufferView,
    kernel: Kernel,
    pageBytes: number,
  ) {
    const buffer = ArrayBuffer.isView(memory) ? memory.buffer : memory;
    if (!(buffer instanceof ArrayBuffer)) throw new RangeError('memory: expected an ArrayBuffer, or a view of one');
    if ((buffer as { readonly resizable?: boolean }).resizable === true) {
      throw new RangeError('memory: expected a buffer of fixed length, got a resizable one');
    }
    const first = kernel.addressOf(memory);
    const unit = BigInt(pageBytes);
    this.processAddress = ((first + unit - 1n) / unit) * unit;
    this.offset = Number(this.processAddress - first);
    this.bytes = Math.floor((memory.byteLength - this.offset) / pageBytes) * pageBytes;
    if (this.bytes <= 0) {
      throw new RangeError(
        `memory: expected a whole page of ${pageBytes} bytes, got ${memory.byteLength} bytes of which none is: ` +
          `the first page begins ${this.offset} bytes in`,
      );
    }
    // A transfer would give the memory to another thread, which frees it when it likes.
    markAsUntransferable(buffer);
    this.arenaBuffer = kernel.view(this.processAddress, this.bytes);
    owners.set(this.arenaBuffer, buffer);
  }

  get address(): number {
    return this.hostAddress;
  }

  /** first bus address */
  get iova(): number {
    return this.busAddress;
  }

  /** Makes it known to the host as memory at `iova`. */
  attach(dma: DmaSpace, iova: number): void {
    this.busAddress = iova;
    this.arena = wrapDmaArena(this.arenaBuffer, iova);
    this.hostAddress = dma.attach(this.arena, { reserved: true });
  }

  /** Takes its addresses away. */
  detach(dma: DmaSpace): void {
    if (this.arena !== undefined) dma.detach(this.arena);
    this.arena = undefined;
  }
}
