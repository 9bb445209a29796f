import { STATUS_DNR, STATUS_INVALID_CMB_USE } from '@phasebit/nvme-spec';
import { NO_PAGE, type Transfer } from './transfer.js';

/**
 * All data and metadata of a command lie in host memory, or all of it in one memory of the controller's own: CMBLOC.CDMMMS is 0. Gives 0,
 * or the status of a command that mixes them. [Base] 3.1.4.11, 8.2.1
 */
export function memoryRefusal(...transfers: readonly Transfer[]): number {
  const memories = new Set<ArrayBufferLike | undefined>();
  for (const { dma, pages, count } of transfers) {
    if (!dma.hasOverlays) return 0;
    for (let i = 0; i < count; i++) if (pages[i] !== NO_PAGE) memories.add(dma.overlayOf(pages[i]));
  }
  return memories.size > 1 ? STATUS_INVALID_CMB_USE | STATUS_DNR : 0;
}
