import type { Namespace } from '../namespace.js';
import { metadataOffset } from '../namespace-format.js';
import { noteDeallocated } from './block-state.js';
import type { IoContext } from './io-context.js';
import { deallocateMedium, joinMetadata, zeroMedium } from './medium-access.js';

/**
 * Gives blocks up. Their data and metadata are zeros on the medium from now on, which reads as zeros and, since protection information
 * is kept complemented there, as tags that are not checked. [NVM] 3.3.3.2.1
 */
export function deallocateBlocks(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  const { blockBytes, metadataBytes } = namespace.format;
  let status = deallocateMedium(io, namespace, lba * blockBytes, blocks * blockBytes);
  if (status === 0 && metadataBytes > 0) {
    const begin = metadataOffset(namespace.blocks, namespace.format);
    joinMetadata(namespace, lba);
    status = deallocateMedium(io, namespace, begin + lba * metadataBytes, blocks * metadataBytes);
  }
  if (status === 0) noteDeallocated(namespace, lba, blocks);
  return status;
}

/** Makes the data of blocks zeros, and their metadata too. Protection information is the caller's business. */
export function zeroBlocks(io: IoContext, namespace: Namespace, lba: number, blocks: number): number {
  const { blockBytes, metadataBytes } = namespace.format;
  const status = zeroMedium(io, namespace, lba * blockBytes, blocks * blockBytes);
  if (status !== 0 || metadataBytes === 0) return status;
  const begin = metadataOffset(namespace.blocks, namespace.format);
  joinMetadata(namespace, lba);
  return zeroMedium(io, namespace, begin + lba * metadataBytes, blocks * metadataBytes);
}
