/**
 * Get LBA Status, and the LBA Status Information log (0Eh): which blocks may not be readable any more, or are
 * allocated. [NVM] 4.2.1, 4.1.4.5, 5.2.1
 *
 *   command, CDW10 and 11   SLBA, low and high half
 *   answer                  header (8): 0x00 NLSD (4), 0x04 CMPC (1)      then descriptors of 16 bytes
 *   log                     header (16)                                   then an element (16) per namespace,
 *                                                                         each followed by ranges of 16 bytes
 */
import { bits } from './bits.js';
import { readUint16, readUint32, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW12, SQE_CDW13 } from './submission-queue-entry.js';

/** Get LBA Status, command dword 12. */
export const GET_LBA_STATUS_CDW12: Dword<'MNDW0'> = dword('GET_LBA_STATUS_CDW12', SQE_CDW12, {
  MNDW0: bits(31, 0), // dwords to return at most, 0's based
});

/** Get LBA Status, command dword 13. */
export const GET_LBA_STATUS_CDW13: Dword<'RL' | 'ATYPE'> = dword(
  'GET_LBA_STATUS_CDW13',
  SQE_CDW13,
  {
    ATYPE: bits(31, 24), // action, LBA_STATUS_ACTION_*
    RL: bits(15, 0), // blocks to look at, 0 up to the end of the namespace
  },
  [bits(23, 16)],
);

/** ATYPE: allocated blocks. */
export const LBA_STATUS_ACTION_ALLOCATED = 0x02;
/** ATYPE: scan for blocks that may not be readable, which takes time, and those that are known. */
export const LBA_STATUS_ACTION_SCAN = 0x10;
/** ATYPE: blocks that are known not to be readable, maybe. */
export const LBA_STATUS_ACTION_TRACKED = 0x11;

/** CMPC: no indication. */
export const LBA_STATUS_COMPLETE_UNKNOWN = 0;
/** CMPC: stopped at MNDW, or the scan did not complete; there may be more. */
export const LBA_STATUS_COMPLETE_PARTIAL = 1;
/** CMPC: the whole range is reported. */
export const LBA_STATUS_COMPLETE_ALL = 2;

/** Bytes of the header of the answer. */
export const LBA_STATUS_HEADER_BYTES = 8;
/** 0x00  4  Number of descriptors. */
export const LBA_STATUS_NLSD = 0x00;
/** 0x04  1  Completion condition, LBA_STATUS_COMPLETE_*. */
export const LBA_STATUS_CMPC = 0x04;
/** Bytes of a descriptor of the answer. */
export const LBA_STATUS_DESCRIPTOR_BYTES = 16;
/** 0x00  8  Starting LBA. */
export const LBA_STATUS_DESCRIPTOR_DSLBA = 0x00;
/** 0x08  4  Blocks, 0's based. */
export const LBA_STATUS_DESCRIPTOR_NLB0 = 0x08;
/** 0x0d  1  Why. */
export const LBA_STATUS_DESCRIPTOR_STATUS = 0x0d;

/** Layout of the header of the answer. */
export const LbaStatusHeaderLayout: Layout = layout('LBA_STATUS_HEADER', LBA_STATUS_HEADER_BYTES, [
  [LBA_STATUS_NLSD, 4, 'nlsd'],
  [LBA_STATUS_CMPC, 1, 'cmpc'],
  [5, 3, 'reserved5', 'reserved'],
]);

/** Layout of a descriptor of the answer. */
export const LbaStatusDescriptorLayout: Layout = layout('LBA_STATUS_DESCRIPTOR', LBA_STATUS_DESCRIPTOR_BYTES, [
  [LBA_STATUS_DESCRIPTOR_DSLBA, 8, 'dslba'],
  [LBA_STATUS_DESCRIPTOR_NLB0, 4, 'nlb0'],
  [12, 1, 'reserved12', 'reserved'],
  [LBA_STATUS_DESCRIPTOR_STATUS, 1, 'status'],
  [14, 2, 'reserved14', 'reserved'],
]);

/** Layout of the header of the log. */
export const LbaStatusLogLayout: Layout = layout('LBA_STATUS_LOG', 16, [
  [0, 4, 'lslplen'], // bytes of the log
  [4, 4, 'nlslne'], // namespace elements
  [8, 4, 'estulb'], // estimate of unreadable blocks, FFFFFFFFh for none
  [12, 2, 'reserved12', 'reserved'],
  [14, 2, 'lsgc'], // generation
]);

/** Layout of a namespace element of the log, before its ranges. */
export const LbaStatusElementLayout: Layout = layout('LBA_STATUS_ELEMENT', 16, [
  [0, 4, 'neid'], // namespace identifier
  [4, 4, 'nlrd'], // ranges, FFFFFFFFh for none and the whole namespace to be examined
  [8, 1, 'ratype'], // action to use in Get LBA Status
  [9, 7, 'reserved9', 'reserved'],
]);

/** Layout of a range of the log. */
export const LbaStatusRangeLayout: Layout = layout('LBA_STATUS_RANGE', 16, [
  [0, 8, 'rslba'], // starting LBA
  [8, 4, 'rnlb0'], // blocks, 0's based
  [12, 4, 'reserved12', 'reserved'],
]);

/** Ranges of an element that has none: the whole namespace is to be examined. */
export const LBA_STATUS_ELEMENT_ALL = 0xffffffff;

/** A range of blocks, not 0's based. */
export interface LbaRange {
  /** Starting LBA. */
  readonly slba: number | bigint;
  /** Number of blocks. */
  readonly blocks: number;
}

/** The answer of Get LBA Status. */
export interface LbaStatus {
  /** Completion condition, LBA_STATUS_COMPLETE_*. */
  readonly completion: number;
  /** The ranges in the order of the answer. */
  readonly ranges: readonly LbaRange[];
}

/** One namespace of the LBA Status Information log. */
export interface LbaStatusElement {
  /** Namespace identifier. */
  readonly nsid: number;
  /** Action to use in Get LBA Status, LBA_STATUS_ACTION_*. */
  readonly action: number;
  /** Ranges to examine; undefined for the whole namespace. */
  readonly ranges: readonly LbaRange[] | undefined;
}

/** Decodes the answer of Get LBA Status. @throws RangeError when its descriptors run past the end of `data`. */
export function decodeLbaStatus(data: Uint8Array): LbaStatus {
  const count = readUint32(data, LBA_STATUS_NLSD);
  return { completion: data[LBA_STATUS_CMPC], ranges: decodeRanges(data, LBA_STATUS_HEADER_BYTES, count) };
}

/**
 * Decodes a whole LBA Status Information log.
 * @throws RangeError when an element or its ranges run past the end of `data`.
 */
export function decodeLbaStatusLog(data: Uint8Array): LbaStatusElement[] {
  const count = readUint32(data, LbaStatusLogLayout.field('nlslne').offset);
  const elements: LbaStatusElement[] = [];
  let at = LbaStatusLogLayout.bytes;
  for (let index = 0; index < count; index++) {
    if (at + LbaStatusElementLayout.bytes > data.length) {
      throw new RangeError(`LBA status element ${index} of ${count} runs past the end`);
    }
    const ranges = readUint32(data, at + 4);
    const first = at + LbaStatusElementLayout.bytes;
    const all = ranges === LBA_STATUS_ELEMENT_ALL;
    elements.push({
      nsid: readUint32(data, at),
      action: data[at + 8],
      ranges: all ? undefined : decodeRanges(data, first, ranges),
    });
    at = first + (all ? 0 : ranges * LbaStatusRangeLayout.bytes);
  }
  return elements;
}

/** Generation of a LBA Status Information log. @throws RangeError when `data` is shorter than its header. */
export function lbaStatusGeneration(data: Uint8Array): number {
  return readUint16(data, LbaStatusLogLayout.field('lsgc').offset);
}

// Descriptors of the answer and ranges of the log begin alike: starting LBA, then blocks, 0's based.
function decodeRanges(data: Uint8Array, at: number, count: number): LbaRange[] {
  const bytes = count * LBA_STATUS_DESCRIPTOR_BYTES;
  if (at + bytes > data.length) throw new RangeError(`${count} LBA ranges at ${at} do not fit in ${data.length}`);
  return Array.from({ length: count }, (_, i) => ({
    slba: readUnsigned(data, at + i * LBA_STATUS_DESCRIPTOR_BYTES, 8),
    blocks: readUint32(data, at + i * LBA_STATUS_DESCRIPTOR_BYTES + LBA_STATUS_DESCRIPTOR_NLB0) + 1,
  }));
}
