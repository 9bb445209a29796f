/**
 * Namespace lists: up to 1024 NSIDs in ascending order, zeros after the last. They are the answer to CNS 02h, 07h, 10h
 * and 1Ah, and the body of the Changed Attached Namespace List log (04h). [Base] 4.6.2, 5.1.12.1.5
 */
import { readUint32 } from './bytes.js';
import { NAMESPACE_LIST_ENTRIES } from './identify-command.js';
import { NSID_BROADCAST } from './submission-queue-entry.js';

/** Bytes of a namespace list. */
export const NAMESPACE_LIST_BYTES = 4096;
/** First entry of a changed namespace list when more than 1024 namespaces changed; the others are zero. */
export const CHANGED_NAMESPACES_OVERFLOW: number = NSID_BROADCAST;

/** The NSIDs of a list, up to the first zero. @throws RangeError when `data` ends before the list does. */
export function decodeNamespaceList(data: Uint8Array): number[] {
  const nsids: number[] = [];
  for (let index = 0; index < NAMESPACE_LIST_ENTRIES; index++) {
    const nsid = readUint32(data, 4 * index);
    if (nsid === 0) break;
    nsids.push(nsid);
  }
  return nsids;
}
