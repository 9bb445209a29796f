import { createDmaArena, DeviceDma, PAGE_BYTES, PAGE_SHIFT } from '@phasebit/pcie';
import type { NamespaceFormat } from '../namespace-format.js';
import { Transfer } from '../transfer.js';

/** Data of commands without a limit of size that is staged at a time. */
const STEP_BYTES = 256 * 1024;

/** How many blocks are staged at a time by commands without a limit of size. */
export function stagedBlocks(format: NamespaceFormat): number {
  return STEP_BYTES / format.blockBytes;
}

/** Memory of the controller's own that a medium is read into or written from. It grows to the largest range that it ever had. */
export class StagedRange {
  /** the memory; the bytes of the range come first */
  bytes: Uint8Array = new Uint8Array(0);
  /** the same, word by word */
  words: Uint32Array = new Uint32Array(0);
  private transfer: Transfer | undefined;

  /** Makes room for so many bytes. What was there is gone if there was not enough. */
  reserve(bytes: number): void {
    if (bytes <= this.bytes.length) return;
    const arena = createDmaArena({ bytes: Math.max(PAGE_BYTES, 2 ** Math.ceil(Math.log2(bytes))) });
    this.bytes = new Uint8Array(arena.buffer);
    this.words = new Uint32Array(arena.buffer);
    this.transfer = new Transfer(new DeviceDma([arena]), this.bytes.length);
  }

  /** Byte view of a page of the memory. */
  pageOf(page: number): Uint8Array {
    return this.transfer!.dma.bytesOf(page);
  }

  /** The transfer between the memory and a range of the medium. */
  aim(byteOffset: number, bytes: number): Transfer {
    this.reserve(bytes);
    const transfer = this.transfer!;
    transfer.byteOffset = byteOffset;
    transfer.bytes = bytes;
    transfer.count = Math.ceil(bytes / PAGE_BYTES);
    for (let i = 0; i < transfer.count; i++) {
      transfer.pages[i] = i;
      transfer.offsets[i] = 0;
      transfer.lengths[i] = Math.min(PAGE_BYTES, bytes - (i << PAGE_SHIFT));
    }
    return transfer;
  }
}
