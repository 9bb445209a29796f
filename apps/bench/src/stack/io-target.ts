/**
 * Where the load enters the stack. One run uses one kind of target, so that V8 sees one shape at each call.
 */

import type { MetadataSlots } from './metadata-slots.js';

/** Called once for each accepted I/O, from inside {@link IoTarget.poll}; status 0 is success. */
export type IoCallback = (context: unknown, status: number) => void;

/** The target took the I/O. Every other answer means that the callback will not be called. */
export const TARGET_ACCEPTED = 0;

/** A layer of the stack as the engine drives it. Answers and statuses are the layer's own numbers; 0 is good. */
export interface IoTarget {
  /** bytes of a logical block */
  readonly lbaBytes: number;
  /** logical blocks in all */
  readonly blocks: number;
  /** where the metadata of commands is, by their context, which then is a number of a slot; absent where they move none */
  readonly metadata?: MetadataSlots | undefined;
  /** Reads `blocks` logical blocks from `lba` to the host address. */
  read(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number;
  /** Writes. */
  write(address: number, lba: number, blocks: number, callback: IoCallback, context: unknown): number;
  /** Deallocates. */
  trim(lba: number, blocks: number, callback: IoCallback, context: unknown): number;
  /** Makes durable what was written. */
  flush(callback: IoCallback, context: unknown): number;
  /** Runs the callbacks of what has completed; gives how many there were. */
  poll(): number;
  /** Tells the time, about every millisecond. */
  tick(nowNs: number): void;
  /** What a status that a callback was given means. Valid during that callback. */
  describe(status: number): string;
}
