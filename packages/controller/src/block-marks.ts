import { decodeMarks, encodeMarks } from './block-marks-image.js';
import { BlockSet } from './block-set.js';
import type { LbaFormat } from './namespace-format.js';

/** A namespace as its marks know it. */
export interface MarkedNamespace {
  /** how its blocks look */
  readonly format: LbaFormat;
  /** how many there are */
  readonly blocks: number;
  /** whether it is kept which of them are allocated */
  readonly isCounted: boolean;
}

/**
 * What a namespace knows of its blocks beside their data: which of them cannot be read, and which are allocated. Shared by all
 * controllers. It lives as long as the model does, or as long as the medium where that keeps marks; see `Medium.saveMarks`.
 */
export class BlockMarks {
  /** blocks whose reads fail until they are written: those of Write Uncorrectable, and those that a fault has spoilt */
  readonly uncorrectable: BlockSet = new BlockSet();
  /** blocks that were written and not given up since; kept for namespaces with `SPECIAL_COUNTED` only */
  readonly allocated: BlockSet = new BlockSet();
  private savedVersion = 0;

  /** Whether something has changed since the marks were saved. */
  get isDirty(): boolean {
    return this.version !== this.savedVersion;
  }

  /** The marks have been saved as they are. */
  setSaved(): void {
    this.savedVersion = this.version;
  }

  /** Forgets everything, as a format does. */
  clear(): void {
    this.uncorrectable.clear();
    this.allocated.clear();
  }

  /** The marks as bytes. */
  encode({ format, blocks, isCounted }: MarkedNamespace): Uint8Array {
    const { blockBytes, metadataBytes } = format;
    const allocated = isCounted ? this.allocated.runs() : undefined;
    return encodeMarks({ blockBytes, metadataBytes, blocks, uncorrectable: this.uncorrectable.runs(), allocated });
  }

  /**
   * Takes over marks that were saved. Where nobody has kept which blocks are allocated, all of them are, since any may have data.
   *
   * @throws RangeError when the bytes are no marks, or those of blocks that are not like the namespace's
   */
  restore(bytes: Uint8Array, { format, blocks, isCounted }: MarkedNamespace): void {
    const image = decodeMarks(bytes);
    const { uncorrectable, allocated = [0, blocks] } = image;
    // Where nothing is marked it does not matter of which blocks.
    const isEmpty = uncorrectable.length === 0 && (image.allocated ?? []).length === 0;
    const looks = `${blocks} blocks of ${format.blockBytes}+${format.metadataBytes} bytes`;
    const looked = `${image.blocks} blocks of ${image.blockBytes}+${image.metadataBytes} bytes`;
    if (looks !== looked && !isEmpty)
      throw new RangeError(`marks of the medium: expected those of ${looks}, got those of ${looked}`);
    this.clear();
    for (let i = 0; i < uncorrectable.length; i += 2) this.uncorrectable.add(uncorrectable[i], uncorrectable[i + 1]);
    for (let i = 0; isCounted && i < allocated.length; i += 2) this.allocated.add(allocated[i], allocated[i + 1]);
    this.setSaved();
  }

  private get version(): number {
    return this.uncorrectable.version + this.allocated.version;
  }
}
