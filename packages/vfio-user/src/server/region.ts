import type { RegionInfo } from '../protocol/payloads.js';

/** A part of the device that a client reads and writes by offset: a base address register, or configuration space. */
export interface Region {
  /** size, what can be done with it, and what of it can be mapped */
  readonly info: RegionInfo;
  /** the file that it is mapped from, if it can be: read each time it is asked for, since each client gets one of its own */
  readonly fd: number | undefined;
  /** Reads `into.length` bytes, all inside the region. */
  read(offset: number, into: Uint8Array): void;
  /** Writes bytes, all inside the region. */
  write(offset: number, from: Uint8Array): void;
}
