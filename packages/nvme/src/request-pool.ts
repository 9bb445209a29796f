/**
 * Hot path: allocates only in the constructor.
 */
import { assert, IndexFifo } from '@phasebit/core';
import { SQE_DWORDS } from '@phasebit/nvme-spec';
import { type CompletionCallback, noCallback } from './completion.js';

/**
 * A request is a record of 32 words in one array, so that all of it is found from one base address: the more arrays a function touches,
 * the more lengths and base addresses V8 loads and checks. The command comes first and fills a cache line.
 *
 * ```text
 *   0 .. 15   the command, as it goes into the ring
 *   16        REQUEST_KIND       what is special about it, 0 for a plain transfer
 *   17        REQUEST_NEXT       next free request, while free; next piece, while a whole is being built
 *   18        REQUEST_PIECES     of a whole: pieces that have not completed
 *   19        REQUEST_STATUS     of a whole: status of the first piece that failed, else 0
 *   20        REQUEST_SECOND     of a fused whole: status of the second command
 * ```
 */
export const REQUEST_SHIFT = 5;
/** See {@link REQUEST_SHIFT}. */
export const REQUEST_KIND = 16;
/** See {@link REQUEST_SHIFT}. */
export const REQUEST_NEXT = 17;
/** See {@link REQUEST_SHIFT}. */
export const REQUEST_PIECES = 18;
/** See {@link REQUEST_SHIFT}. */
export const REQUEST_STATUS = 19;
/** See {@link REQUEST_SHIFT}. */
export const REQUEST_SECOND = 20;

/** REQUEST_KIND: the command has something in dwords 2 to 5 or 13 to 15, which plain transfers leave zero. */
export const KIND_WIDE = 1;

const NONE = -1;
const SHIFT = REQUEST_SHIFT;
const NEXT = REQUEST_NEXT;

/**
 * The requests of one queue pair. A request lives from its submission until its callback: in the software queue, in flight, or as the
 * whole whose pieces are.
 */
export class RequestPool {
  /** number of requests */
  readonly capacity: number;
  /** the records, see {@link REQUEST_SHIFT} */
  readonly records: Int32Array;
  /** the caller's callback, kept here while the request waits, and while it is in flight if it is not kept in the tracker */
  readonly callbacks: CompletionCallback[];
  /** the caller's context, kept beside the callback */
  readonly contexts: unknown[];
  /** requests that wait for a tracker, oldest first */
  readonly waiting: IndexFifo;
  /** requests that nobody holds */
  available: number;
  private firstFree = 0;

  /** @param capacity - number of requests, 1 to 65,536 */
  constructor(capacity: number) {
    assert(capacity >= 1 && capacity <= 0x1_0000, 'a queue pair has 1 to 65,536 requests');
    this.capacity = capacity;
    this.records = new Int32Array(capacity << SHIFT);
    this.callbacks = new Array<CompletionCallback>(capacity).fill(noCallback);
    this.contexts = new Array<unknown>(capacity).fill(undefined);
    this.waiting = new IndexFifo(capacity);
    this.available = capacity;
    for (let request = 0; request < capacity; request++) {
      this.records[(request << SHIFT) | NEXT] = request + 1 === capacity ? NONE : request + 1;
    }
  }

  /** Takes the request that was given back last, or gives -1. */
  take(): number {
    const request = this.firstFree;
    if (request === NONE) return NONE;
    this.firstFree = this.records[(request << SHIFT) | NEXT]!;
    this.available--;
    return request;
  }

  /** Gives a request back. */
  give(request: number): void {
    this.records[(request << SHIFT) | NEXT] = this.firstFree;
    this.firstFree = request;
    this.available++;
  }

  /** Makes the command of a request all zero again, and plain. */
  clear(request: number): void {
    const at = request << SHIFT;
    this.records.fill(0, at, at + SQE_DWORDS);
    this.records[at | REQUEST_KIND] = 0;
  }
}
