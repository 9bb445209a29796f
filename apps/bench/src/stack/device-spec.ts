import type { StackOptions } from '../cli/bench-options.js';

/** What the controllers of a run are made of: plain data, so that it can be posted to the device's thread. */
export interface DeviceSpec {
  readonly media: StackOptions['media'];
  /** absent: all that an existing file has */
  readonly mediaBytes: number | undefined;
  readonly lbaBytes: number;
  /** controllers that show the one namespace, each a path to it */
  readonly controllers: number;
  readonly queuePairs: number;
  /** the controller of the first path dies after this many I/O commands */
  readonly failControllerAfter: number | undefined;
}

/** Entries of the largest queue the modelled controllers allow: CAP.MQES + 1. */
export const DEVICE_RING_ENTRIES_MAX = 4096;

/** Most bytes of one command of the modelled controllers: MDTS 7, 128 pages. */
export const DEVICE_TRANSFER_BYTES_MAX: number = 128 * 4096;
