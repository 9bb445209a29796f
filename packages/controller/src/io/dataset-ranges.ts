import { U32_RANGE } from '@phasebit/core';
import { DSM_RANGE_BYTES, DSM_RANGE_LENGTH, DSM_RANGE_SLBA } from '@phasebit/nvme-spec';
import type { Transfer } from '../transfer.js';
import { PieceCursor } from './piece-cursor.js';
import { StagedRange } from './staged-range.js';

const RANGE_WORDS = DSM_RANGE_BYTES / 4;
const W_LENGTH = DSM_RANGE_LENGTH / 4;
const W_SLBA = DSM_RANGE_SLBA / 4;

/** The ranges of one Dataset Management, copied from the host. Made once and used again for every command. [NVM] 3.3.3 */
export class DatasetRanges {
  /** ranges of the command */
  count = 0;
  private readonly staged = new StagedRange();
  private readonly cursor = new PieceCursor();

  /** Copies so many ranges from the host. */
  fetch(host: Transfer, count: number): void {
    this.count = count;
    this.staged.reserve(count * DSM_RANGE_BYTES);
    this.cursor.rewind();
    this.cursor.fetch(host, this.staged, 0, count * DSM_RANGE_BYTES);
  }

  /** Bits 31:0 of the first block of a range. */
  slbaLow(range: number): number {
    return this.staged.words[range * RANGE_WORDS + W_SLBA];
  }

  /** Bits 63:32 of it. */
  slbaHigh(range: number): number {
    return this.staged.words[range * RANGE_WORDS + W_SLBA + 1];
  }

  /** The two halves as one; from 2^53 on it loses its low bits, and is past the end of every namespace. */
  slba(range: number): number {
    return this.slbaHigh(range) * U32_RANGE + this.slbaLow(range);
  }

  /** Logical blocks of a range, 0 and up. */
  blocks(range: number): number {
    return this.staged.words[range * RANGE_WORDS + W_LENGTH];
  }
}
