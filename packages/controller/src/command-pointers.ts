import {
  PSDT_PRP,
  PSDT_SGL_MPTR_SGL,
  SQE_MPTR,
  SQE_PRP1,
  SQE_PRP2,
  SQE_SGL1,
  STATUS_DATA_SGL_LENGTH_INVALID,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  STATUS_METADATA_SGL_LENGTH_INVALID,
} from '@phasebit/nvme-spec';
import type { Command } from './command.js';
import { walkPrps } from './data-pointer.js';
import { memoryRefusal } from './memory-use.js';
import { addSpan, isPastEnd, type SglUse, SglWalk } from './sgl-walk.js';
import { Transfer } from './transfer.js';

/**
 * Identify Controller SGLS: lists for I/O commands with data of any alignment (1:0), bit buckets (16), a metadata buffer of any
 * alignment (17) and metadata lists (19). A list that is longer than the data is refused, so bit 18 is clear. [Base] 5.1.13.2.1
 */
export const SGLS_VALUE = 0x000b_0001;

const DATA_IN: SglUse = { isDestination: true, badLength: STATUS_DATA_SGL_LENGTH_INVALID | STATUS_DNR };
const DATA_OUT: SglUse = { isDestination: false, badLength: STATUS_DATA_SGL_LENGTH_INVALID | STATUS_DNR };
const METADATA_IN: SglUse = { isDestination: true, badLength: STATUS_METADATA_SGL_LENGTH_INVALID | STATUS_DNR };
const METADATA_OUT: SglUse = { isDestination: false, badLength: STATUS_METADATA_SGL_LENGTH_INVALID | STATUS_DNR };
const W_MPTR = SQE_MPTR / 4;
const W_PRP1 = SQE_PRP1 / 4;
const W_PRP2 = SQE_PRP2 / 4;
const W_SGL1 = SQE_SGL1 / 4;
/** Metadata that a transfer has room for at first; it grows. */
const METADATA_BYTES = 4096;

/** Turns the pointers of a command, whatever their kind, into transfers. */
export class CommandPointers {
  /** the metadata of the command being executed */
  readonly metadata: Transfer;
  private readonly walk = new SglWalk();

  /** @param data - the data of the command being executed */
  constructor(readonly data: Transfer) {
    this.metadata = new Transfer(data.dma, METADATA_BYTES);
  }

  /**
   * Points {@link CommandPointers.data} at the command's data, with PRPs or a list as CDW0.PSDT says. Gives 0 or the status that
   * refuses the pointer.
   *
   * @param bytes - length of the data, a positive multiple of 4
   * @param isDestination - whether data goes to the host
   */
  pointData(command: Command, bytes: number, isDestination: boolean): number {
    // Signed: a word past 2^31 would be boxed.
    const words = command.signedWords;
    if (command.psdt === PSDT_PRP) {
      this.data.isDirect = true;
      return walkPrps(this.data, bytes, words[W_PRP1], words[W_PRP1 + 1], words[W_PRP2], words[W_PRP2 + 1]);
    }
    const status = this.walk.walk(
      this.data,
      bytes,
      words[W_SGL1],
      words[W_SGL1 + 1],
      words[W_SGL1 + 2],
      words[W_SGL1 + 3],
      isDestination ? DATA_IN : DATA_OUT,
    );
    return status === 0 ? memoryRefusal(this.data) : status;
  }

  /**
   * Points {@link CommandPointers.data} at the first bytes of a buffer for a data structure that may be smaller, which the host cannot
   * know: a list is as long as the buffer, or as the data. Gives 0 or the status that refuses the pointer.
   *
   * @param bytes - length of the data, a positive multiple of 4
   * @param bufferBytes - length of the buffer, as the command has it, not less
   */
  pointReport(command: Command, bytes: number, bufferBytes: number): number {
    const status = this.pointData(command, bytes, true);
    if (status !== DATA_IN.badLength) return status;
    const again = this.pointData(command, bufferBytes, true);
    if (again === 0) this.data.limit(bytes);
    return again;
  }

  /**
   * Points {@link CommandPointers.metadata} at the command's metadata: one buffer that is contiguous on the bus, or with PSDT 10b a
   * list whose first descriptor MPTR points to. Gives 0 or the status that refuses the pointer. [Base] 4.1.1
   */
  pointMetadata(command: Command, bytes: number, isDestination: boolean): number {
    const { metadata, walk } = this;
    const low = command.signedWords[W_MPTR];
    const high = command.signedWords[W_MPTR + 1];
    if (command.psdt === PSDT_SGL_MPTR_SGL) {
      const status = walk.walkFrom(metadata, bytes, low, high, isDestination ? METADATA_IN : METADATA_OUT);
      return status === 0 ? memoryRefusal(this.data, metadata) : status;
    }
    metadata.count = 0;
    metadata.isDirect = true;
    if (command.psdt === PSDT_PRP && (low & 3) !== 0) return STATUS_INVALID_FIELD | STATUS_DNR;
    if (isPastEnd(low, high, bytes)) return STATUS_DATA_TRANSFER_ERROR;
    const status = addSpan(metadata, low, high, bytes);
    return status === 0 ? memoryRefusal(this.data, metadata) : status;
  }
}
