/**
 * Controller lists: up to 2047 controller identifiers in ascending order, after their count. They are the data of
 * Namespace Attachment and the answer to CNS 12h and 13h. [Base] 4.6.1
 */
import { readUint16 } from './bytes.js';
import { CONTROLLER_LIST_ENTRIES } from './identify-command.js';

/** Bytes of a controller list. */
export const CONTROLLER_LIST_BYTES = 4096;
/** 0x00  2  Number of identifiers. */
export const CONTROLLER_LIST_NUMCIDS = 0x00;
/** 0x02  2 each  Identifiers. */
export const CONTROLLER_LIST_CIDS = 0x02;

/**
 * The controller identifiers of a list.
 * @throws RangeError when the count is above 2047, or `data` ends before the identifiers do.
 */
export function decodeControllerList(data: Uint8Array): number[] {
  const count = readUint16(data, CONTROLLER_LIST_NUMCIDS);
  if (count > CONTROLLER_LIST_ENTRIES) {
    throw new RangeError(`controller list: ${count} identifiers, expected at most ${CONTROLLER_LIST_ENTRIES}`);
  }
  return Array.from({ length: count }, (_, i) => readUint16(data, CONTROLLER_LIST_CIDS + 2 * i));
}

/**
 * A controller list of 4096 bytes, ascending and each identifier once.
 * @throws RangeError for more than 2047 identifiers, or one that is not 0..65535.
 */
export function encodeControllerList(cntlids: readonly number[]): Uint8Array {
  const sorted = [...new Set(cntlids)].sort((a, b) => a - b);
  if (sorted.length > CONTROLLER_LIST_ENTRIES) {
    throw new RangeError(`controller list: ${sorted.length} identifiers, expected at most ${CONTROLLER_LIST_ENTRIES}`);
  }
  const data = new Uint8Array(CONTROLLER_LIST_BYTES);
  const view = new DataView(data.buffer);
  view.setUint16(CONTROLLER_LIST_NUMCIDS, sorted.length, true);
  sorted.forEach((cntlid, index) => {
    if (!(Number.isInteger(cntlid) && cntlid >= 0 && cntlid <= 0xffff)) {
      throw new RangeError(`controller identifier 0..65535, got ${cntlid}`);
    }
    view.setUint16(CONTROLLER_LIST_CIDS + 2 * index, cntlid, true);
  });
  return data;
}
