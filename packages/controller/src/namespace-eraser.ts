import { createDmaArena, DeviceDma } from '@phasebit/pcie';
import type { AllocatedNamespace } from './allocated-namespace.js';
import { Transfer } from './transfer.js';

const PAGE_BYTES = 4096;
/** Media are told of the range in pieces, so that no medium has to deal with more at a time. */
const PIECE_BYTES = 2 ** 30;

/**
 * Gives up all that a namespace has on its medium, data and metadata, which reads as zeros from then on.
 *
 * @returns 0, or the status of the medium that failed
 */
export function eraseNamespace(namespace: AllocatedNamespace): number {
  const { medium } = namespace;
  const transfer = new Transfer(new DeviceDma([createDmaArena({ bytes: PAGE_BYTES })]), PAGE_BYTES);
  transfer.count = 0;
  for (let at = 0; at < medium.bytes; at += PIECE_BYTES) {
    transfer.byteOffset = at;
    transfer.bytes = Math.min(PIECE_BYTES, medium.bytes - at);
    const status = medium.deallocate(transfer);
    if (status !== 0) return status;
  }
  namespace.forgetBlocks();
  return namespace.flush();
}
