/**
 * Hot path: allocates only in the constructor.
 */
import type { CommandBuilder } from './command-builder.js';
import type { CompletionCallback } from './completion.js';
import { blocksToLimit } from './cut-plan.js';
import type { Namespace } from './namespace.js';
import {
  REQUEST_NEXT,
  REQUEST_PIECES,
  REQUEST_SECOND,
  REQUEST_SHIFT,
  REQUEST_STATUS,
  type RequestPool,
} from './request-pool.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_NEVER } from './submit-result.js';

const SHIFT = REQUEST_SHIFT;
const NEXT = REQUEST_NEXT;
const NONE = -1;

/** Who sends what is built: the rings. A request is called back, whatever happens. */
export interface PieceSender {
  submit(request: number, callback: CompletionCallback, context: unknown): void;
}

/** Who sends two commands as one, side by side. */
export interface FusedSender {
  submitFused(
    first: number,
    firstCallback: CompletionCallback,
    firstContext: unknown,
    second: number,
    secondCallback: CompletionCallback,
    secondContext: unknown,
  ): void;
}

/**
 * Transfers of several commands: pieces and wholes. All requests are there before the first piece is sent, so a whole is never sent in
 * part. The whole holds a request that is never sent. Plain transfers are cut and sent at once; of others the pieces are collected, each
 * built in a request of its own, and sent together.
 *
 * S1. Between two submissions no request is held by a collection: it was sent or given back.
 */
export class SplitTransfers {
  /** wholes that were cut */
  count = 0;
  /** pieces collected, those that got no request included */
  pieces = 0;
  private held = 0;
  private first = NONE;
  private last = NONE;
  private readonly pool: RequestPool;
  private readonly builder: CommandBuilder;
  private readonly sender: PieceSender;
  private readonly fusedSender: FusedSender;

  constructor(pool: RequestPool, builder: CommandBuilder, sender: PieceSender, fusedSender: FusedSender) {
    this.pool = pool;
    this.builder = builder;
    this.sender = sender;
    this.fusedSender = fusedSender;
  }

  /**
   * Cuts a plain transfer, whose payload has been checked, at the namespace's boundary and after the most blocks of one command, and sends
   * it: at least two pieces. A contiguous payload on a dword can be cut between any two blocks.
   */
  sendPlain(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    const { pool, builder } = this;
    const { plainBlocksMax, boundaryBlocks, blockBytes } = namespace;
    this.begin();
    for (let done = 0; done < blocks; this.pieces++) {
      done += blocksToLimit(lba + done, blocks - done, plainBlocksMax, boundaryBlocks);
    }
    if (this.pieces + 1 > pool.capacity) return SUBMIT_NEVER;
    if (this.pieces + 1 > pool.available) return SUBMIT_AGAIN;
    const whole = this.takeWhole(callback, context);
    this.count++;
    for (let done = 0; done < blocks;) {
      const count = blocksToLimit(lba + done, blocks - done, plainBlocksMax, boundaryBlocks);
      const request = pool.take();
      builder.buildBlocks(request << SHIFT, opcode, namespace.nsid, lba + done, flags | (count - 1));
      builder.setPayload(request << SHIFT, address + done * blockBytes, count * blockBytes);
      this.sender.submit(request, this.onPiece, whole);
      done += count;
    }
    return SUBMIT_ACCEPTED;
  }

  /** Begins to collect. */
  begin(): void {
    this.pieces = 0;
    this.held = 0;
  }

  /** A request for one more piece, or -1 when there is none: the piece only counts then. */
  take(): number {
    const { pool } = this;
    this.pieces++;
    const request = pool.take();
    if (request === NONE) return NONE;
    if (this.held === 0) this.first = request;
    else pool.records[(this.last << SHIFT) | NEXT] = request;
    this.last = request;
    this.held++;
    return request;
  }

  /** Gives back what was collected and not sent. */
  giveUp(): void {
    const { pool } = this;
    for (let request = this.first; this.held > 0; this.held--) {
      const next = pool.records[(request << SHIFT) | NEXT];
      pool.give(request);
      request = next;
    }
  }

  /** Sends all pieces, which are built. `SUBMIT_NEVER` when they are more than the pool could ever have, with the whole. */
  send(callback: CompletionCallback, context: unknown): number {
    const { pieces } = this;
    if (pieces === 1) {
      if (this.held === 0) return SUBMIT_AGAIN;
      this.held = 0;
      this.sender.submit(this.first, callback, context);
      return SUBMIT_ACCEPTED;
    }
    const whole = this.held === pieces ? this.takeWhole(callback, context) : NONE;
    if (whole === NONE) return pieces + 1 > this.pool.capacity ? SUBMIT_NEVER : SUBMIT_AGAIN;
    this.count++;
    for (let request = this.first; this.held > 0; this.held--) {
      const next = this.pool.records[(request << SHIFT) | NEXT];
      this.sender.submit(request, this.onPiece, whole);
      request = next;
    }
    return SUBMIT_ACCEPTED;
  }

  /** Sends two pieces, which are built, as one fused operation. The callback gets the status of each instead of status and dword 0. */
  sendFused(callback: CompletionCallback, context: unknown): number {
    const whole = this.held === this.pieces ? this.takeWhole(callback, context) : NONE;
    if (whole === NONE) return SUBMIT_AGAIN;
    this.held = 0;
    this.fusedSender.submitFused(this.first, this.onFirst, whole, this.last, this.onSecond, whole);
    return SUBMIT_ACCEPTED;
  }

  /** The whole that a piece in flight belongs to, by its callback and context, or -1 for what is no piece. */
  wholeOf(callback: CompletionCallback, context: unknown): number {
    const isPiece = callback === this.onPiece || callback === this.onFirst || callback === this.onSecond;
    return isPiece ? (context as number) : NONE;
  }

  private takeWhole(callback: CompletionCallback, context: unknown): number {
    const { pool, pieces } = this;
    const whole = pool.take();
    if (whole === NONE) return NONE;
    pool.callbacks[whole] = callback;
    pool.contexts[whole] = context;
    pool.records[(whole << SHIFT) | REQUEST_PIECES] = pieces;
    pool.records[(whole << SHIFT) | REQUEST_STATUS] = 0;
    pool.records[(whole << SHIFT) | REQUEST_SECOND] = 0;
    return whole;
  }

  /** A piece completed. The first failure is the whole's status; the whole completes with its last piece. */
  private readonly onPiece = (context: unknown, status: number): void => {
    const { records } = this.pool;
    const at = (context as number) << SHIFT;
    if (status !== 0 && records[at | REQUEST_STATUS] === 0) records[at | REQUEST_STATUS] = status;
    this.endPiece(context as number);
  };

  private readonly onFirst = (context: unknown, status: number): void => {
    this.pool.records[((context as number) << SHIFT) | REQUEST_STATUS] = status;
    this.endPiece(context as number);
  };

  private readonly onSecond = (context: unknown, status: number): void => {
    this.pool.records[((context as number) << SHIFT) | REQUEST_SECOND] = status;
    this.endPiece(context as number);
  };

  private endPiece(whole: number): void {
    const { pool } = this;
    const { records } = pool;
    const at = whole << SHIFT;
    const left = records[at | REQUEST_PIECES] - 1;
    records[at | REQUEST_PIECES] = left;
    if (left !== 0) return;
    const callback = pool.callbacks[whole];
    const context = pool.contexts[whole];
    const status = records[at | REQUEST_STATUS];
    const second = records[at | REQUEST_SECOND];
    pool.give(whole);
    callback(context, status, second);
  }
}
