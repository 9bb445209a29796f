import type { BdevIo } from './bdev-io.js';
import type { BdevIoType } from './io-type.js';

/**
 * A block device: what it is and how to reach it. One object serves any number of channels; its numbers do not change while a channel
 * is open.
 */
export interface Bdev {
  /** what this device is called */
  readonly name: string;
  /** what kind of device it is, for people */
  readonly productName: string;
  /** bytes of a block: a power of two, 512 to 65,536 */
  readonly blockBytes: number;
  /** number of blocks, 1 to 2^53 - 1 */
  readonly blockCount: number;
  /** memory addresses must be multiples of this: a power of two, 1 to 4,096 */
  readonly requiredAlignmentBytes: number;
  /** reads, writes and compares are best kept from crossing a multiple of this many blocks; 0 for no such boundary */
  readonly optimalBoundaryBlocks: number;
  /** whether the layer shall cut I/Os at the boundary; without it the boundary is only advice to callers */
  readonly splitOnBoundary: boolean;
  /** most blocks of a read, write or compare, 1 and up; larger ones are cut by the layer */
  readonly transferBlocksMax: number;
  /** most blocks of an unmap; absent for no limit */
  readonly unmapBlocksMax?: number;
  /** most blocks of a write zeroes; absent for no limit */
  readonly writeZeroesBlocksMax?: number;
  /** whether a completed write may still be lost with power: whether a flush does anything */
  readonly writeCache: boolean;
  /** Whether this kind of I/O can be submitted. Asked once per channel. */
  supports(type: BdevIoType): boolean;
  /**
   * Opens the device for one channel, which belongs to one thread.
   *
   * @param ios - the I/Os of the channel, `ios[io.index] === io`: for a module that queues indexes instead of objects
   */
  openBackend(ios: readonly BdevIo[]): BdevBackend;
  /** Gives up what the device as a whole holds, once every channel is closed. */
  close?(): void;
}

/** The backend took the I/O and will complete it, from inside a later poll. */
export const BACKEND_ACCEPTED = 0;
/** The backend has no room for the I/O at the moment: the layer keeps it, in order, and offers it again after the next poll. */
export const BACKEND_NO_MEMORY = 1;

/**
 * A module's end of one channel. All calls come from the channel's thread.
 *
 * 1. Every accepted I/O is completed once, by `io.complete(status, nvmeStatus)`.
 * 2. It is completed from inside `poll`, or `tick`, **never from inside `submit`**: a caller that submits in a loop would otherwise have
 *    its callbacks run in the middle of the loop, and a callback that submits would recurse. The layer asserts it.
 * 3. The callback runs inside `complete`, and it may submit: `submit` is entered again from inside `poll`. Whatever the module keeps must
 *    be in order before each `complete`, and the I/O may be another one afterwards.
 * 4. One poll completes no more I/Os than were there when it began; otherwise a callback that submits would keep it from ending.
 */
export interface BdevBackend {
  /** Begins an I/O whose range, alignment and kind have been checked. Gives {@link BACKEND_ACCEPTED} or {@link BACKEND_NO_MEMORY}. */
  submit(io: BdevIo): number;
  /** Completes what is done and gives how many I/Os that were. */
  poll(): number;
  /** Tells the time, now and then, in nanoseconds of the owner's clock: for modules with timers. */
  tick?(nowNs: number): void;
  /** The channel is closed; nothing is in flight. */
  close(): void;
}
