import { SQE_CDW12, SQE_MPTR, SQE_PRP1, STATUS_DNR, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Transfer } from '../transfer.js';
import type { BlockRange } from './block-range.js';
import type { IoContext } from './io-context.js';
import { isProtectionOnly, type Protection } from './protection.js';

/** How the blocks of one command lie in the host's memory. Made once and used again for every command. */
export class HostBlocks {
  /** whether the data buffer has the metadata of each block behind its data */
  isWide = false;
  /** the metadata buffer; undefined when there is none */
  metadata: Transfer | undefined = undefined;

  /**
   * Points the transfers of the context at the host's buffers: data alone, data and metadata in one, or one for each. Protection
   * information that the controller inserts or strips is in neither, if it is all the metadata there is. Gives 0 or the status that
   * refuses the command; then the fields mean nothing. [NVM] 2.1.6, 5.3.2
   *
   * @param isDestination - whether the blocks go to the host
   */
  point(
    io: IoContext,
    command: Command,
    range: BlockRange,
    protection: Protection | undefined,
    isDestination: boolean,
  ): number {
    const { blocks, bytes } = range;
    const { format } = range.namespace;
    const isStripped = protection !== undefined && protection.hasAction && isProtectionOnly(protection.format);
    const metadataBytes = isStripped ? 0 : format.metadataBytes;
    this.isWide = format.isExtended && metadataBytes > 0;
    this.metadata = undefined;
    const dataBytes = bytes + (this.isWide ? blocks * metadataBytes : 0);
    if (dataBytes > io.bytesMax) return refuse(io, command, STATUS_INVALID_FIELD | STATUS_DNR, SQE_CDW12);
    const status = io.pointers.pointData(command, dataBytes, isDestination);
    if (status !== 0) return refuse(io, command, status, SQE_PRP1);
    io.transfer.byteOffset = range.lba * format.blockBytes;
    io.transfer.bytes = bytes;
    if (this.isWide || metadataBytes === 0) return 0;
    const metadataStatus = io.pointers.pointMetadata(command, blocks * metadataBytes, isDestination);
    if (metadataStatus !== 0) return refuse(io, command, metadataStatus, SQE_MPTR);
    this.metadata = io.pointers.metadata;
    return 0;
  }
}

function refuse(io: IoContext, command: Command, status: number, errorByte: number): number {
  return io.refuse(status, command.nsid, errorByte, command.cdw(10), command.cdw(11));
}
