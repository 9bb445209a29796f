import { FreeList, IndexFifo } from '@phasebit/core';
import { SQE_DWORDS } from '@phasebit/nvme-spec';
import { type CompletionCallback, noCallback } from './completion.js';

/** log2 of the dwords of a submission entry: `request << COMMAND_SHIFT` is the first dword of its command. */
export const COMMAND_SHIFT = 4;

/**
 * The requests of one queue pair, as a struct of arrays indexed by request number. A request lives from its submission until its
 * callback: in the software queue, in flight, or as the parent of the pieces it was split into.
 *
 * Hot path: allocates only in the constructor.
 */
export class RequestPool {
  /** number of requests */
  readonly capacity: number;
  /** the 16 dwords of each request's command */
  readonly commands: Int32Array;
  /** 1 where a command has something in dwords 2 to 5 or 13 to 15, which reads and writes leave zero */
  readonly wide: Uint8Array;
  /** host address of the payload's first byte; 0 without payload */
  readonly address: Int32Array;
  /** bytes of payload */
  readonly bytes: Int32Array;
  /** the caller's callback, kept here while the request waits, and while it is in flight if it is not kept in the tracker */
  readonly callbacks: CompletionCallback[];
  /** the caller's context, kept beside the callback */
  readonly contexts: unknown[];
  /** of a parent: pieces that have not completed */
  readonly piecesLeft: Int32Array;
  /** of a parent: status of the first piece that failed, else 0 */
  readonly piecesStatus: Int32Array;
  /** requests that wait for a tracker, oldest first */
  readonly waiting: IndexFifo;
  private readonly free: FreeList;

  /** @param capacity - number of requests, 1 to 65,536 */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.commands = new Int32Array(capacity * SQE_DWORDS);
    this.wide = new Uint8Array(capacity);
    this.address = new Int32Array(capacity);
    this.bytes = new Int32Array(capacity);
    this.callbacks = new Array<CompletionCallback>(capacity).fill(noCallback);
    this.contexts = new Array<unknown>(capacity).fill(undefined);
    this.piecesLeft = new Int32Array(capacity);
    this.piecesStatus = new Int32Array(capacity);
    this.waiting = new IndexFifo(capacity);
    this.free = new FreeList(capacity);
  }

  /** Requests that nobody holds. */
  get available(): number {
    return this.free.available;
  }

  /** Takes a request, or gives -1. */
  take(): number {
    return this.free.take();
  }

  /** Makes the command of a request all zero again. */
  clear(request: number): void {
    const at = request << COMMAND_SHIFT;
    this.commands.fill(0, at, at + SQE_DWORDS);
    this.wide[request] = 0;
  }

  /** Gives a request back. */
  give(request: number): void {
    this.free.give(request);
  }
}
