/**
 * Called once for each accepted I/O, from inside a poll. It may submit; it must not poll, tick or close the channel.
 *
 * @param context - what was given at submission, untouched
 * @param status - one of `BDEV_STATUS_*`
 */
export type BdevCallback = (context: unknown, status: number) => void;

/** The layer's half of a completion. */
export interface BdevIoOwner {
  /** Ends an I/O. */
  finish(io: BdevIo, status: number, nvmeStatus: number): void;
}

/** Stands where no callback is, so that the field always holds a function. */
export function noCallback(): void {
  // A free I/O is never completed: IoPool.finish asserts it.
}

/**
 * One I/O, from its submission to its callback. A channel has a fixed number of them and uses them again and again.
 *
 * A module reads the first group of fields, may keep what it likes in the `module*` fields while it has the I/O (they hold whatever was
 * left there, so set before use), and ends it with {@link BdevIo.complete}. Everything after that belongs to the layer.
 */
export class BdevIo {
  /** position in the channel's table of I/Os */
  readonly index: number;
  /** kind, one of `BDEV_IO_*` */
  type = 0;
  /** host address of the first byte in memory; 0 for kinds that move no data */
  address = 0;
  /** first block */
  lba = 0;
  /** number of blocks; 0 for a flush */
  blocks = 0;

  /** a module's own small integer: a path, a count of retries */
  moduleWord0 = 0;
  /** a module's own small integer */
  moduleWord1 = 0;
  /** a module's own small integer */
  moduleWord2 = 0;
  /** a module's own small integer */
  moduleWord3 = 0;
  /** a module's own time in nanoseconds. It begins as infinity, so that V8 keeps a double here and a store never allocates */
  moduleTimeNs: number = Infinity;
  /** a module's own object; the module clears it if the object shall not live on */
  moduleRef: unknown = null;

  /** the layer's: whom to call */
  callback: BdevCallback = noCallback;
  /** the layer's: what to call it with */
  context: unknown = null;
  /** the layer's: between submission and completion */
  inFlight = false;
  /** the layer's: the I/O that this one is a piece of. Of a parent, `address`, `lba` and `blocks` are what is still to be cut */
  parent: BdevIo | null = null;
  /** the layer's, of a parent: pieces that are with the device */
  piecesInFlight = 0;
  /** the layer's, of a parent: blocks in all */
  blocksTotal = 0;
  /** the layer's, of a parent: status of the first piece that failed */
  firstStatus = 0;
  /** the layer's, of a parent: NVMe status of the first piece that failed */
  firstNvmeStatus = 0;
  private readonly owner: BdevIoOwner;

  /** @param index - position in the owner's table */
  constructor(owner: BdevIoOwner, index: number) {
    this.owner = owner;
    this.index = index;
  }

  /**
   * For modules: the I/O has ended. Its callback runs inside this call, and the object may be another I/O when it returns.
   *
   * @param status - one of `BDEV_STATUS_*`
   * @param nvmeStatus - the 15-bit NVMe status for modules that speak NVMe, else 0
   */
  complete(status: number, nvmeStatus: number): void {
    this.owner.finish(this, status, nvmeStatus);
  }
}
