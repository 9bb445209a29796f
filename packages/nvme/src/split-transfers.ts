import type { CompletionCallback } from './completion.js';
import type { Namespace } from './namespace.js';
import { REQUEST_PIECES, REQUEST_SHIFT, REQUEST_STATUS, type RequestPool } from './request-pool.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_NEVER } from './submit-result.js';

/** Whether `blocks` blocks from `lba` on cross a multiple of `boundaryBlocks` (0: there is no boundary). Any count works, not just powers of two. */
export function crossesBoundary(lba: number, blocks: number, boundaryBlocks: number): boolean {
  return boundaryBlocks !== 0 && (lba % boundaryBlocks) + blocks > boundaryBlocks;
}

/** Blocks of the piece that starts at `lba` when `blocks` are left. */
export function pieceBlocks(lba: number, blocks: number, namespace: Namespace): number {
  const { boundaryBlocks, transferBlocksMax } = namespace;
  const toBoundary = boundaryBlocks === 0 ? transferBlocksMax : boundaryBlocks - (lba % boundaryBlocks);
  return Math.min(blocks, transferBlocksMax, toBoundary);
}

/** Who sends the pieces. There is a request for each. */
export interface PieceSender {
  sendPiece(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): void;
}

/**
 * Transfers that one command cannot carry: cut first at the namespace's boundary (NOIOB), then at the most that one command moves. A
 * contiguous payload is always PRP-legal, so nothing else cuts it, and each piece is a whole number of blocks by construction.
 *
 * The whole holds a request that is never sent. All requests are there before the first piece is sent, so a whole is never sent in part.
 */
export class SplitTransfers {
  /** wholes that were cut */
  count = 0;
  private readonly pool: RequestPool;
  private readonly sender: PieceSender;

  constructor(pool: RequestPool, sender: PieceSender) {
    this.pool = pool;
    this.sender = sender;
  }

  /** Cuts and sends. Gives one of the SUBMIT answers; the payload has been checked. */
  submit(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    const { pool } = this;
    const pieces = countPieces(lba, blocks, namespace);
    if (pieces + 1 > pool.capacity) return SUBMIT_NEVER;
    if (pieces + 1 > pool.available) return SUBMIT_AGAIN;
    const whole = pool.take();
    pool.callbacks[whole] = callback;
    pool.contexts[whole] = context;
    pool.records[(whole << REQUEST_SHIFT) | REQUEST_PIECES] = pieces;
    pool.records[(whole << REQUEST_SHIFT) | REQUEST_STATUS] = 0;
    this.count++;
    for (let done = 0; done < blocks;) {
      const count = pieceBlocks(lba + done, blocks - done, namespace);
      const from = address + done * namespace.blockBytes;
      this.sender.sendPiece(opcode, namespace, from, lba + done, count, flags, this.onPiece, whole);
      done += count;
    }
    return SUBMIT_ACCEPTED;
  }

  /** A piece completed. The first failure is the whole's status; the whole completes with its last piece. */
  private readonly onPiece = (context: unknown, status: number): void => {
    const whole = context as number;
    const { pool } = this;
    const { records } = pool;
    const at = whole << REQUEST_SHIFT;
    if (status !== 0 && records[at | REQUEST_STATUS] === 0) records[at | REQUEST_STATUS] = status;
    const left = records[at | REQUEST_PIECES] - 1;
    records[at | REQUEST_PIECES] = left;
    if (left !== 0) return;
    const callback = pool.callbacks[whole];
    const wholeContext = pool.contexts[whole];
    const wholeStatus = records[at | REQUEST_STATUS];
    pool.give(whole);
    callback(wholeContext, wholeStatus, 0);
  };
}

function countPieces(lba: number, blocks: number, namespace: Namespace): number {
  let pieces = 0;
  for (let done = 0; done < blocks; pieces++) done += pieceBlocks(lba + done, blocks - done, namespace);
  return pieces;
}
