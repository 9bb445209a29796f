import { MEDIUM_DEALLOCATE, MEDIUM_FLUSH, MEDIUM_READ, MEDIUM_WRITE } from '../media/medium.js';
import type { Namespace } from '../namespace.js';
import { metadataOffset } from '../namespace-format.js';
import { SPECIAL_TIMED } from '../namespace-special.js';
import type { Transfer } from '../transfer.js';
import type { IoContext } from './io-context.js';

// What commands off the shortest path do to a medium. Each gives the medium's status; a medium that takes time makes the command wait.

/** See `Medium.read`. */
export function readMedium(io: IoContext, namespace: Namespace, transfer: Transfer): number {
  const status = namespace.medium.read(transfer);
  if (status === 0) waitFor(io, namespace, MEDIUM_READ, transfer);
  return status;
}

/** See `Medium.write`. */
export function writeMedium(io: IoContext, namespace: Namespace, transfer: Transfer): number {
  const status = namespace.medium.write(transfer);
  if (status === 0) waitFor(io, namespace, MEDIUM_WRITE, transfer);
  return status;
}

/** See `Medium.zero`. The transfer is the context's. */
export function zeroMedium(io: IoContext, namespace: Namespace, byteOffset: number, bytes: number): number {
  const status = namespace.medium.zero(aim(io, byteOffset, bytes));
  if (status === 0) waitFor(io, namespace, MEDIUM_WRITE, io.transfer);
  return status;
}

/** See `Medium.deallocate`. The transfer is the context's. */
export function deallocateMedium(io: IoContext, namespace: Namespace, byteOffset: number, bytes: number): number {
  const status = namespace.medium.deallocate(aim(io, byteOffset, bytes));
  if (status === 0) waitFor(io, namespace, MEDIUM_DEALLOCATE, io.transfer);
  return status;
}

/** See `Medium.flush`. What is known of blocks beside their data is kept, too. */
export function flushMedium(io: IoContext, namespace: Namespace): number {
  const { medium, allocated } = namespace;
  const status = allocated.flush();
  if (status === 0) wait(io, namespace, MEDIUM_FLUSH, 0, medium.bytes);
  return status;
}

/** Makes blocks that were written survive a loss of power, data and metadata: Force Unit Access. See `Medium.persist`. */
export function persistBlocks(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  return namespace.medium.persist === undefined ? flushMedium(io, namespace) : persistRange(io, namespace, lba, blocks);
}

function persistRange(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  const { blockBytes, metadataBytes } = namespace.format;
  const status = persistMedium(io, namespace, lba * blockBytes, blocks * blockBytes);
  if (status !== 0 || metadataBytes === 0) return status || namespace.allocated.saveMarks();
  const begin = metadataOffset(namespace.blocks, namespace.format);
  return (
    persistMedium(io, namespace, begin + lba * metadataBytes, blocks * metadataBytes) || namespace.allocated.saveMarks()
  );
}

/** What is done to the medium next is done to the metadata of blocks from `lba` on. See `Medium.joinMetadata`. */
export function joinMetadata({ medium, format }: Namespace, lba: number): void {
  medium.joinMetadata?.(lba * format.blockBytes, format.blockBytes, format.metadataBytes);
}

/** The data that is written to the medium next is more of the write before. See `Medium.joinWrite`. */
export function joinWrite({ medium }: Namespace): void {
  medium.joinWrite?.();
}

function persistMedium(io: IoContext, namespace: Namespace, byteOffset: number, bytes: number): number {
  const status = namespace.medium.persist!(byteOffset, bytes);
  if (status === 0) wait(io, namespace, MEDIUM_FLUSH, byteOffset, bytes);
  return status;
}

function aim(io: IoContext, byteOffset: number, bytes: number): Transfer {
  const { transfer } = io;
  transfer.count = 0;
  transfer.byteOffset = byteOffset;
  transfer.bytes = bytes;
  return transfer;
}

function waitFor(io: IoContext, namespace: Namespace, what: number, transfer: Transfer): void {
  if ((namespace.special & SPECIAL_TIMED) === 0) return;
  io.completeAt(namespace.medium.dueNs!(what, transfer.byteOffset, transfer.bytes));
}

function wait(io: IoContext, namespace: Namespace, what: number, byteOffset: number, bytes: number): void {
  if ((namespace.special & SPECIAL_TIMED) !== 0) io.completeAt(namespace.medium.dueNs!(what, byteOffset, bytes));
}
