import {
  PRP_ENTRIES_PER_PAGE,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_DNR,
  STATUS_INVALID_PRP_OFFSET,
} from '@phasebit/nvme-spec';
import { PAGE_BYTES, PAGE_MASK } from '@phasebit/pcie';
import { memoryRefusal } from './memory-use.js';
import type { Transfer } from './transfer.js';

const PAGE = PAGE_BYTES;
const OFFSET_MASK = PAGE_MASK;
const LIST_ENTRIES = PRP_ENTRIES_PER_PAGE;
/** Offsets are dword aligned. */
const DWORD_MASK = 3;
/** A pointer to a list is qword aligned. */
const QWORD_MASK = 7;
const BAD_OFFSET = STATUS_INVALID_PRP_OFFSET | STATUS_DNR;
const UNMAPPED = STATUS_DATA_TRANSFER_ERROR;

/**
 * Walks the two PRP entries of a command into the pieces of a transfer, and gives 0 or the status to fail the command with.
 * The whole pointer is checked before any data moves. Halves of addresses are 32-bit integers of either sign. [Base] 4.3.1
 *
 * @param bytes - length of the data, a positive multiple of 4 that `transfer` was made for
 */
export function walkPrps(
  transfer: Transfer,
  bytes: number,
  prp1Low: number,
  prp1High: number,
  prp2Low: number,
  prp2High: number,
): number {
  const offset = prp1Low & OFFSET_MASK;
  if ((offset & DWORD_MASK) !== 0) return BAD_OFFSET;
  const page = transfer.dma.pageAt(prp1Low, prp1High >>> 0);
  if (page < 0) return UNMAPPED;
  const first = bytes < PAGE - offset ? bytes : PAGE - offset;
  transfer.pages[0] = page;
  transfer.offsets[0] = offset;
  transfer.lengths[0] = first;
  transfer.count = 1;
  if (first === bytes) return 0;
  const rest = bytes - first;
  const status =
    rest <= PAGE ? addPage(transfer, rest, prp2Low, prp2High) : walkList(transfer, rest, prp2Low, prp2High);
  return status === 0 && transfer.dma.hasOverlays ? memoryRefusal(transfer) : status;
}

/** Adds a piece that begins where its page does. */
function addPage(transfer: Transfer, bytes: number, low: number, high: number): number {
  if ((low & OFFSET_MASK) !== 0) return BAD_OFFSET;
  const page = transfer.dma.pageAt(low, high >>> 0);
  if (page < 0) return UNMAPPED;
  const at = transfer.count;
  transfer.pages[at] = page;
  transfer.offsets[at] = 0;
  transfer.lengths[at] = bytes;
  transfer.count = at + 1;
  return 0;
}

/**
 * Walks a PRP list. It may begin anywhere in its page that is qword aligned; when more entries are needed than fit into the rest of
 * a page, the last one there points to the next page of the list, which begins at its offset 0.
 * Each entry is read once: the host's memory may change under us.
 */
function walkList(transfer: Transfer, bytes: number, listLow: number, listHigh: number): number {
  if ((listLow & QWORD_MASK) !== 0) return BAD_OFFSET;
  const firstPage = transfer.dma.pageAt(listLow, listHigh >>> 0);
  if (firstPage < 0) return UNMAPPED;
  let words = transfer.dma.wordsOf(firstPage);
  let entry = (listLow & OFFSET_MASK) >>> 3;
  let left = bytes;
  while (left > 0) {
    const low = words[entry * 2] | 0;
    const high = words[entry * 2 + 1] | 0;
    if (entry === LIST_ENTRIES - 1 && left > PAGE) {
      if ((low & OFFSET_MASK) !== 0) return BAD_OFFSET;
      const next = transfer.dma.pageAt(low, high >>> 0);
      if (next < 0) return UNMAPPED;
      words = transfer.dma.wordsOf(next);
      entry = 0;
      continue;
    }
    const part = left < PAGE ? left : PAGE;
    const status = addPage(transfer, part, low, high);
    if (status !== 0) return status;
    left -= part;
    entry++;
  }
  return 0;
}
