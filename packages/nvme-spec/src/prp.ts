/**
 * Physical region pages (PRP): how PRP1, PRP2 and PRP lists address host memory. [Base] 4.3.1
 *
 * A PRP entry is an 8-byte address of which the low bits are an offset into a page; only the first entry of a command,
 * or a pointer to a list, may have a non-zero offset, and bits 1:0 are always zero. The page here is 4096 bytes,
 * the value CC.MPS = 0 selects and the only one this stack uses.
 */
import { assert } from '@phasebit/core';

/** Bytes of a memory page: 2 ^ (12 + CC.MPS) with CC.MPS = 0. */
export const PAGE_BYTES = 4096;
/** Base-2 logarithm of {@link PAGE_BYTES}; CC.MPS, CAP.MPSMIN and CAP.MPSMAX count from here. */
export const PAGE_BYTES_LOG2 = 12;
/** Bits of an address that are the offset into a page. */
export const PAGE_OFFSET_MASK = 0xfff;
/** Bytes of a PRP entry. */
export const PRP_ENTRY_BYTES = 8;
/** Entries in one page of a PRP list; in a list that continues, the last one points to the next page. */
export const PRP_ENTRIES_PER_PAGE = 512;
/** Bits of a PRP offset that are always zero: PRP offsets are dword aligned. */
export const PRP_OFFSET_ALIGN_MASK = 0x3;

assert(2 ** PAGE_BYTES_LOG2 === PAGE_BYTES, 'the page size is the power of two it claims to be');
assert(PAGE_OFFSET_MASK === PAGE_BYTES - 1, 'the offset mask covers a page');
assert(PRP_ENTRIES_PER_PAGE * PRP_ENTRY_BYTES === PAGE_BYTES, 'PRP entries fill a page of a list');
