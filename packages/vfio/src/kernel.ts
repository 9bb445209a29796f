import {
  addressOf,
  closeDescriptor,
  createEventFd,
  endWaits,
  ioctl,
  keepAlive,
  mapMemory,
  openDescriptor,
  readEventFd,
  viewMemory,
  waitReadable,
} from '@phasebit/linux';
import { readSync, writeSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises';

/** Memory that is mapped here and may also be mapped by others. */
export interface Mapping {
  /** where it lies in this process */
  readonly address: bigint;
  /** its size in bytes */
  readonly bytes: number;
  /** the memory */
  readonly buffer: ArrayBuffer;
  /** Puts fresh memory of this process's own in the place of a part: stores go nowhere from now on, and views stay good. */
  detach(offset: number, bytes: number): void;
}

/** What is to be mapped: part of an open file, or fresh memory. */
export interface MappingRequest {
  /** bytes, 1 or more */
  readonly bytes: number;
  /** an open file or device; absent for fresh memory */
  readonly fd?: number;
  /** byte offset in the file, a multiple of 4096; default 0 */
  readonly offset?: number;
  /** fresh memory from the pool of huge pages; default false */
  readonly hugePages?: boolean;
}

/**
 * The system calls that this package makes, so that tests can put something else in their place. Each throws an error whose `code` is the
 * name of errno.
 */
export interface Kernel {
  /** Opens a file for reading and writing. */
  open(path: string): number;
  /** Closes what `open` or `createEvent` gave. */
  close(fd: number): void;
  /** Makes a request of a device or of VFIO. @param subject - the request's name, for errors. @returns its answer, 0 or more */
  ioctl(fd: number, request: number, argument: Uint8Array | number, subject: string): number;
  /** Reads at a position. @returns bytes read */
  read(fd: number, into: Uint8Array, position: number): number;
  /** Writes at a position. */
  write(fd: number, from: Uint8Array, position: number): void;
  /** Maps part of a file, or fresh memory. */
  map(request: MappingRequest): Mapping;
  /** Where memory lies in this process. */
  addressOf(memory: ArrayBuffer | ArrayBufferView): bigint;
  /** Another view of memory of this process. */
  view(address: bigint, bytes: number): ArrayBuffer;
  /** Makes an eventfd. */
  createEvent(): number;
  /** What an event counted since the last look. */
  takeEvents(fd: number): number;
  /** Waits in the event loop without keeping the process alive. */
  waitReadable(fd: number, timeoutMs: number): Promise<boolean>;
  /** Ends the waits for a descriptor at once, as if their time were over. */
  endWaits(fd: number): void;
  /** Keeps the process alive until what it gives is called. */
  keepAlive(): () => void;
  /** Lets some time pass; the process stays alive for it. 0 milliseconds is a turn of the event loop. */
  sleep(ms: number): Promise<void>;
  /** Calls `look` again and again without keeping the process alive. @returns how to end that */
  every(intervalMs: number, look: () => void): () => void;
}

/** Linux itself. */
export const linuxKernel: Kernel = {
  open: (path) => openDescriptor(path, 'r+'),
  close: closeDescriptor,
  ioctl,
  read: (fd, into, position) => readSync(fd, into, 0, into.length, position),
  write: (fd, from, position) => void writeSync(fd, from, 0, from.length, position),
  map: mapMemory,
  addressOf,
  view: viewMemory,
  createEvent: createEventFd,
  takeEvents: readEventFd,
  waitReadable,
  endWaits,
  keepAlive,
  sleep: (ms) => (ms === 0 ? nextTurn() : setTimeout(ms)),
  every: (intervalMs, look) => {
    const timer = setInterval(look, intervalMs).unref();
    return () => clearInterval(timer);
  },
};
