import { SUBMIT_NEVER } from './submit-result.js';

/** A `%` in these texts stands for a limit. What came is said after them. */
export const REFUSED_OPCODE =
  'opcode: expected Read, Write, Compare, Verify, Write Zeroes or Write Uncorrectable (02h 01h 05h 0ch 08h 04h)';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_NOT_OFFERED = 'opcode: expected a command that the controller offers, bits of ONCS %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_NOT_FUSED = 'compare and write: expected a controller that fuses them, FUSES bit 0';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_RANGES_DIFFER = 'compare and write: expected both to be of the same blocks, as many as %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_FUSED_PIECES = 'compare and write: expected what one command of each carries, in pieces at most %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_FUSED_RING = 'compare and write: expected a queue pair with at least % trackers and requests';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_BLOCKS = 'blocks: expected 1 to %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_WHOLE =
  'blocks: expected what one command carries, since the transfer may not be split; pieces at most %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_PIECES = 'blocks: expected what needs at most % requests, those of the queue pair';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_BYTES = 'bytes: expected at most %, the most that one command moves';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_SHORT_BYTES = 'data: expected at most % bytes, what is copied with a command';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_PAYLOAD = 'payload: expected an address, a multiple of 4, with % bytes of DMA memory';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_ELEMENT = 'scatter list: expected an element of 1 or more bytes of DMA memory, in bytes';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_SHORT = 'scatter list: expected % more bytes in another element';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_CHANGED = 'scatter list: expected the same elements when it is walked again, offset';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_DWORDS = 'payload: expected addresses and lengths that are multiples of 4';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_CUT =
  'scatter list: expected a break between two pages of PRPs only between blocks of % bytes, bytes since the last one';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_SCATTERED = 'scatter list: expected a block to fit into % SGL descriptors, bytes that did';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_BUCKET =
  'bit bucket: expected a Read with SGLs on a controller that has them, SGLS bit 16; opcode';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_METADATA = 'metadata: expected an address with % bytes of DMA memory';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_METADATA_ALIGNMENT = 'metadata: expected an address that is a multiple of %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_METADATA_SCATTERED =
  'metadata: expected that of a block to fit into % runs on the bus, bytes that did';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_METADATA_BUCKET = 'metadata: expected elements of DMA memory, no bit bucket, address';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_METADATA_UNWANTED =
  'metadata: expected none, since the namespace has no separate metadata, address';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_FLAGS = 'flags: expected bits of command dword 12 that this command has, %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_HINTS = 'dsm: expected 0 to 255, and 0 unless it is a Read or Write';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_DIRECTIVE =
  'directive: expected a type and a 16-bit identifier that a write to this controller may carry, type';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_PROTECTION =
  'protection information: expected a namespace that is formatted with it, PRINFO or tags are';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_REFERENCE_CHECK = 'PRCHK: expected no check of the reference tag with type 3, PRINFO';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_REFERENCE_TAG = 'reference tag: expected % or less, and with type 1 the low bits of the LBA';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_STORAGE_TAG = 'storage tag: expected % or less';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_APPLICATION_TAG = 'application tag: expected 16 bits, and as many of its mask';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_RANGES = 'ranges or identifiers: expected 1 to %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_RANGE_BLOCKS = 'ranges: expected 1 to % blocks in each';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_RANGES_BLOCKS = 'ranges: expected at most % blocks in all of them';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_COPY_FORMAT =
  'copy: expected descriptors of format %, which the namespaces need, to be offered, CDFS';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_COPY_NAMESPACES =
  'copy: expected sources formatted like namespace %, or differing by protection information that is added with PRACT or dropped, nsid';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_COPY_STORAGE_TAG =
  'copy: expected sources with a storage tag that the controller checks for a Copy, STCRS; bits of the tag';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_RESERVATION_TYPE = 'reservation: expected a type of which RESCAP has the bit, RESCAP is %';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_DWORD_COUNT = 'bytes: expected a multiple of 4 and not 0';
/** See {@link REFUSED_OPCODE}. */
export const REFUSED_PLACEMENT =
  'I/O management: expected a controller with flexible data placement, CTRATT bit 19; opcode';

/**
 * Why the last submission was refused for good, kept as a constant text and two numbers: nothing is allocated until somebody asks.
 */
export class Refusal {
  private text = '';
  private got = 0;
  private limit = 0;

  /** Notes a refusal and gives the answer. `limit` goes where the text has a `%`. */
  note(text: string, got: number, limit: number = 0): number {
    this.text = text;
    this.got = got;
    this.limit = limit;
    return SUBMIT_NEVER;
  }

  /** What was expected and what came; empty when nothing was refused yet. */
  describe(): string {
    return this.text === '' ? '' : `${this.text.replace('%', String(this.limit))}, got ${this.got}`;
  }
}
