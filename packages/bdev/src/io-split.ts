/**
 * I/Os that are larger than the device takes, or that cross its boundary, are cut into pieces here.
 *
 * The parent holds an I/O of the pool but is never given to the backend: its `address`, `lba` and `blocks` are the part that is still to
 * be cut. Up to eight pieces are in flight. A piece that completes is sent again as the next one, with the same `BdevIo`.
 *
 * Invariants:
 * S1. A parent has at least one piece in flight until its callback. It was accepted with one and does not give its last one back while
 *     there is more to cut, so parents cannot starve each other of I/Os however small the pool.
 * S2. After a piece has failed, nothing more is cut; the parent ends with the first failure when its last piece has come back.
 *
 * Cold: not on the path of an I/O that fits the device.
 */
import { assert } from '@phasebit/core';
import { type BdevCallback, type BdevIo, noCallback } from './bdev-io.js';
import { SPLIT_PIECES_IN_FLIGHT_MAX } from './limits.js';
import type { SplitPool } from './split-pool.js';
import { BDEV_ACCEPTED, BDEV_AGAIN, BDEV_NEVER, BDEV_STATUS_SUCCESS } from './status.js';

/** Submits an I/O in pieces; REQUIRES that its range was checked. {@link BDEV_NEVER} means that the whole pool is too small. */
export function startSplit(
  pool: SplitPool,
  type: number,
  address: number,
  lba: number,
  blocks: number,
  callback: BdevCallback,
  context: unknown,
): number {
  if (pool.available < 2) return pool.ios.length < 2 ? BDEV_NEVER : BDEV_AGAIN; // S1: the parent and a piece
  const parent = pool.take(type, address, lba, blocks, callback, context);
  parent.piecesInFlight = 0;
  parent.blocksTotal = blocks;
  parent.firstStatus = BDEV_STATUS_SUCCESS;
  parent.firstNvmeStatus = 0;
  pool.statistics.splits++;
  while (parent.blocks > 0 && parent.piecesInFlight < SPLIT_PIECES_IN_FLIGHT_MAX && pool.available > 0) {
    const piece = pool.take(type, 0, 0, 0, noCallback, null);
    piece.parent = parent;
    parent.piecesInFlight++;
    cutPiece(pool, parent, piece);
    pool.dispatch(piece);
  }
  assert(parent.piecesInFlight > 0, 'a parent has a piece in flight'); // S1
  return BDEV_ACCEPTED;
}

/** A piece has come back: it goes out again as the next one, or its parent is nearer to its end. */
export function finishPiece(pool: SplitPool, piece: BdevIo, parent: BdevIo, status: number, nvmeStatus: number): void {
  if (status !== BDEV_STATUS_SUCCESS && parent.firstStatus === BDEV_STATUS_SUCCESS) {
    parent.firstStatus = status;
    parent.firstNvmeStatus = nvmeStatus;
  }
  if (parent.blocks > 0 && parent.firstStatus === BDEV_STATUS_SUCCESS) {
    cutPiece(pool, parent, piece);
    pool.dispatch(piece);
    return;
  }
  piece.parent = null;
  pool.give(piece);
  parent.piecesInFlight--;
  assert(parent.piecesInFlight >= 0, 'a parent ends with its last piece');
  if (parent.piecesInFlight === 0) pool.deliver(parent, parent.blocksTotal, parent.firstStatus, parent.firstNvmeStatus);
}

/** Cuts the next piece off the parent; REQUIRES that some of it is left. */
function cutPiece(pool: SplitPool, parent: BdevIo, piece: BdevIo): void {
  const rule = pool.cutRules[parent.type];
  const blocks = rule.pieceBlocks(parent.lba, parent.blocks);
  assert(blocks > 0 && blocks <= parent.blocks, 'a piece is a part of what is left');
  piece.address = parent.address;
  piece.lba = parent.lba;
  piece.blocks = blocks;
  parent.blocks -= blocks;
  if (parent.blocks === 0) return; // past the end there may be no address: it could leave the range of small integers
  parent.address += blocks * rule.addressStep;
  parent.lba += blocks;
}
