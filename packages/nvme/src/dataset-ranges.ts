import { DSM_RANGE_BYTES } from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';

const U32_RANGE = 0x1_0000_0000;
const WORDS = DSM_RANGE_BYTES / 4;

/** One dataset management range per request, in DMA memory, since the device fetches it when it likes. [NVM] 3.2.3, figure of the range */
export class DatasetRanges {
  /** host address of the memory, for giving it back */
  readonly address: number;
  private readonly words: Uint32Array;

  constructor(dma: DmaSpace, requests: number) {
    this.address = dma.allocate(requests * DSM_RANGE_BYTES);
    this.words = dma.words(this.address, requests * WORDS);
  }

  /** Writes the range of a request and gives its host address. */
  write(request: number, lba: number, blocks: number): number {
    const at = request * WORDS;
    this.words[at] = 0;
    this.words[at + 1] = blocks;
    this.words[at + 2] = lba;
    this.words[at + 3] = lba < U32_RANGE ? 0 : Math.floor(lba / U32_RANGE);
    return this.address + request * DSM_RANGE_BYTES;
  }
}
