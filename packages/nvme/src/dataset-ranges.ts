/**
 * Hot path: allocates only in the constructor.
 */
import { DSM_RANGE_BYTES, DSM_RANGES_MAX } from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { Namespace } from './namespace.js';
import { REFUSED_RANGE_BLOCKS, REFUSED_RANGES, REFUSED_RANGES_BLOCKS, type Refusal } from './refusal.js';

const U32_RANGE = 0x1_0000_0000;
const WORDS = DSM_RANGE_BYTES / 4;

/**
 * Ranges for a Dataset Management command: the caller's own, in DMA memory, since the device fetches them when it likes. Not to be changed
 * between the submission and its callback. [NVM] 3.3.3
 */
export class DatasetRanges {
  /** host address of the first range */
  readonly address: number;
  /** ranges in use */
  count = 0;
  private readonly words: Uint32Array;
  private readonly dma: DmaSpace;
  private readonly capacity: number;
  private blocks = 0;
  private blocksMost = 0;

  /** @param capacity - most ranges, 1 to 256; they take 16 bytes each */
  constructor(dma: DmaSpace, capacity: number = DSM_RANGES_MAX) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= DSM_RANGES_MAX)) {
      throw new RangeError(`capacity: expected 1 to ${DSM_RANGES_MAX}, got ${capacity}`);
    }
    this.dma = dma;
    this.capacity = capacity;
    this.address = dma.allocate(capacity * DSM_RANGE_BYTES);
    this.words = dma.words(this.address, capacity * WORDS);
  }

  /** Forgets all ranges. */
  clear(): void {
    this.count = 0;
    this.blocks = 0;
    this.blocksMost = 0;
  }

  /**
   * Appends a range.
   *
   * @param blocks - 1 to 2^32 - 1
   * @param attributes - what is said of this range, `DSM_RANGE_CATTR_FIELDS`; 0 for nothing
   * @throws RangeError when there is no room, or the range is none
   */
  add(lba: number, blocks: number, attributes: number): void {
    const { count, words } = this;
    if (count === this.capacity) failFull(count);
    const isRange = Number.isSafeInteger(lba) && lba >= 0 && Number.isInteger(blocks) && blocks >= 1;
    if (!isRange || blocks >= U32_RANGE) failRange(lba, blocks);
    const at = count * WORDS;
    words[at] = attributes;
    words[at + 1] = blocks;
    words[at + 2] = lba;
    words[at + 3] = Math.floor(lba / U32_RANGE);
    this.count = count + 1;
    this.blocks += blocks;
    if (blocks > this.blocksMost) this.blocksMost = blocks;
  }

  /** Gives the memory back. */
  free(): void {
    this.dma.free(this.address);
  }

  /** Whether they are within a namespace's limits; notes a refusal if not. @internal */
  check({ limits }: Namespace, refusal: Refusal): boolean {
    const { count, blocks, blocksMost } = this;
    const { datasetRangesMax, datasetRangeBlocksMax, datasetBlocksMax } = limits;
    if (count < 1 || count > datasetRangesMax) refusal.note(REFUSED_RANGES, count, datasetRangesMax);
    else if (blocksMost > datasetRangeBlocksMax) refusal.note(REFUSED_RANGE_BLOCKS, blocksMost, datasetRangeBlocksMax);
    else if (blocks > datasetBlocksMax) refusal.note(REFUSED_RANGES_BLOCKS, blocks, datasetBlocksMax);
    else return true;
    return false;
  }
}

function failFull(count: number): never {
  throw new RangeError(`ranges: expected at most ${count}, got one more`);
}

function failRange(lba: number, blocks: number): never {
  throw new RangeError(`range: expected 1 to 2^32 - 1 blocks from an LBA below 2^53 on, got ${blocks} from ${lba} on`);
}
