import { SQE_CDW12, SQE_MPTR, SQE_PRP1, STATUS_DNR, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Transfer } from '../transfer.js';
import type { BlockRange } from './block-range.js';
import type { IoContext } from './io-context.js';
import { isProtectionOnly, type Protection } from './protection.js';

/** How the blocks of one command lie in the host's memory. */
export interface HostBlocks {
  /** 0, or the status that refuses the command; then the rest means nothing */
  readonly status: number;
  /** whether the data buffer has the metadata of each block behind its data */
  readonly isWide: boolean;
  /** the metadata buffer; undefined when there is none */
  readonly metadata: Transfer | undefined;
}

/**
 * Points the transfers of the context at the host's buffers: data alone, data and metadata in one, or one for each. Protection
 * information that the controller inserts or strips is in neither, if it is all the metadata there is. [NVM] 2.1.6, 5.3.2
 *
 * @param isDestination - whether the blocks go to the host
 */
export function pointBlocks(
  io: IoContext,
  command: Command,
  range: BlockRange,
  protection: Protection | undefined,
  isDestination: boolean,
): HostBlocks {
  const { namespace, blocks } = range;
  const { format } = namespace;
  const isStripped = protection !== undefined && protection.hasAction && isProtectionOnly(protection.format);
  const metadataBytes = isStripped ? 0 : format.metadataBytes;
  const isWide = format.isExtended && metadataBytes > 0;
  const bytes = range.bytes + (isWide ? blocks * metadataBytes : 0);
  if (bytes > io.bytesMax) return refused(io, command, STATUS_INVALID_FIELD | STATUS_DNR, SQE_CDW12);
  const status = io.pointers.pointData(command, bytes, isDestination);
  if (status !== 0) return refused(io, command, status, SQE_PRP1);
  io.transfer.byteOffset = range.byteOffset;
  io.transfer.bytes = range.bytes;
  if (isWide || metadataBytes === 0) return { status: 0, isWide, metadata: undefined };
  const metadataStatus = io.pointers.pointMetadata(command, blocks * metadataBytes, isDestination);
  if (metadataStatus !== 0) return refused(io, command, metadataStatus, SQE_MPTR);
  return { status: 0, isWide, metadata: io.pointers.metadata };
}

function refused(io: IoContext, command: Command, status: number, errorByte: number): HostBlocks {
  io.refuse(status, command.nsid, errorByte, command.cdw(10), command.cdw(11));
  return { status, isWide: false, metadata: undefined };
}
