import type { DmaSpace } from '@phasebit/pcie';

const WORD_BYTES = 4;

/**
 * A word of DMA memory by which the thread that has the controller tells the one that owns a queue pair that its queues are gone: a reset does
 * not create them again. It is set aside when a pair is handed over for the first time, and stays the first thread's.
 */
export class LossMark {
  private word: Int32Array | undefined;
  private ownAddress: number | undefined;

  /** @param address - host address of the word, of a pair that comes from another thread */
  constructor(
    private readonly dma: DmaSpace,
    private readonly address: number | undefined,
  ) {
    this.ownAddress = undefined;
    this.word = address === undefined ? undefined : wordAt(dma, address);
  }

  /** Whether the queues are gone. */
  get isSet(): boolean {
    return this.word !== undefined && Atomics.load(this.word, 0) !== 0;
  }

  /** Host address of the word, which is set aside now if it was not before. @throws RangeError when there is no DMA memory */
  share(): number {
    if (this.address !== undefined) return this.address;
    if (this.ownAddress === undefined) {
      this.ownAddress = this.dma.allocate(WORD_BYTES);
      this.word = wordAt(this.dma, this.ownAddress);
      Atomics.store(this.word, 0, 0);
    }
    return this.ownAddress;
  }

  /** The controller is disabled, and has the queues no more. Nothing happens to a pair that was never handed over. */
  set(): void {
    if (this.word !== undefined) Atomics.store(this.word, 0, 1);
  }

  /** Gives the word back, on the thread that set it aside. */
  free(): void {
    if (this.ownAddress === undefined) return;
    this.dma.free(this.ownAddress);
    this.ownAddress = undefined;
    this.word = undefined;
  }
}

function wordAt(dma: DmaSpace, address: number): Int32Array {
  const { buffer, byteOffset } = dma.words(address, 1);
  return new Int32Array(buffer, byteOffset, 1);
}
