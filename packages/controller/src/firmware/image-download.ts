import { FIRMWARE_IMAGE_BYTES_MAX } from '../limits.js';

interface Piece {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The pieces of a firmware image that were downloaded since the last commit. [Base] 5.1.9 */
export class ImageDownload {
  private pieces: Piece[] = [];
  private readonly controllers = new Set<number>();
  private isCommitted = false;

  /** Whether there is anything to commit. */
  get isEmpty(): boolean {
    return this.isCommitted || this.pieces.length === 0;
  }

  /** Whether more than one controller has sent pieces. */
  get isMixed(): boolean {
    return this.controllers.size > 1;
  }

  /**
   * Adds a piece. The first one after a commit discards what was left of the image before.
   *
   * @param offset - where it belongs, bytes
   * @param cntlid - the controller that got it
   * @returns false when it overlaps another one, or is past the largest image; then it is not added
   */
  add(offset: number, data: Uint8Array, cntlid: number): boolean {
    if (this.isCommitted) this.clear();
    const end = offset + data.length;
    if (end > FIRMWARE_IMAGE_BYTES_MAX) return false;
    if (this.pieces.some((each) => offset < each.offset + each.data.length && each.offset < end)) return false;
    this.pieces.push({ offset, data });
    this.controllers.add(cntlid);
    return true;
  }

  /** The image, or undefined when there are gaps in it. */
  assemble(): Uint8Array | undefined {
    const sorted = [...this.pieces].sort((a, b) => a.offset - b.offset);
    const bytes = sorted.reduce((sum, each) => sum + each.data.length, 0);
    const image = new Uint8Array(bytes);
    let at = 0;
    for (const { offset, data } of sorted) {
      if (offset !== at) return undefined;
      image.set(data, at);
      at += data.length;
    }
    return image;
  }

  /** A Firmware Commit was processed: the next piece begins another image. */
  commit(): void {
    this.isCommitted = true;
  }

  /** Forgets every piece, as a reset does. */
  clear(): void {
    this.pieces = [];
    this.controllers.clear();
    this.isCommitted = false;
  }
}
