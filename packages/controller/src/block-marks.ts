import { BlockSet } from './block-set.js';

/**
 * What a namespace knows of its blocks beside their data: which of them cannot be read, and which are allocated. Shared by all
 * controllers. It lives as long as the model does: of a medium that outlives it, every block can be read again.
 */
export class BlockMarks {
  /** blocks whose reads fail until they are written: those of Write Uncorrectable, and those that a fault has spoilt */
  readonly uncorrectable: BlockSet = new BlockSet();
  /** blocks that were written and not given up since; kept for namespaces with `SPECIAL_COUNTED` only */
  readonly allocated: BlockSet = new BlockSet();

  /** Forgets everything, as a format does. */
  clear(): void {
    this.uncorrectable.clear();
    this.allocated.clear();
  }
}
