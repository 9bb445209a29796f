import { STATUS_DNR, STATUS_INVALID_CMB_USE } from '@phasebit/nvme-spec';
import { NO_PAGE, type Transfer } from './transfer.js';

/**
 * All data and metadata of a command lie in host memory, or all of it in one memory of the controller's own: CMBLOC.CDMMMS is 0. Gives 0,
 * or the status of a command that mixes them. [Base] 3.1.4.11, 8.2.1
 *
 * @param metadata - undefined when there is none
 */
export function memoryRefusal(data: Transfer, metadata?: Transfer): number {
  if (!data.dma.hasOverlays) return 0;
  const inData = firstPage(data);
  const first = inData !== NO_PAGE || metadata === undefined ? inData : firstPage(metadata);
  if (first === NO_PAGE) return 0;
  const memory = data.dma.overlayOf(first);
  const isMixed = !liesIn(data, memory) || (metadata !== undefined && !liesIn(metadata, memory));
  return isMixed ? STATUS_INVALID_CMB_USE | STATUS_DNR : 0;
}

/** The page of the first piece that is there. */
function firstPage({ pages, count }: Transfer): number {
  for (let i = 0; i < count; i++) if (pages[i] !== NO_PAGE) return pages[i];
  return NO_PAGE;
}

function liesIn({ dma, pages, count }: Transfer, memory: ArrayBufferLike | undefined): boolean {
  for (let i = 0; i < count; i++) if (pages[i] !== NO_PAGE && dma.overlayOf(pages[i]) !== memory) return false;
  return true;
}
