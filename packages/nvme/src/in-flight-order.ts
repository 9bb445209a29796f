import { TRACKER_ORDER, TRACKER_SHIFT, type TrackerTable } from './tracker-table.js';

/** Identifiers of the commands in flight, in the order in which they were put into the ring. Not for the I/O path. */
export function inFlightInOrder(trackers: TrackerTable): number[] {
  const cids: number[] = [];
  for (let slot = 0; slot < trackers.count; slot++) {
    const cid = trackers.cidIn(slot);
    if (cid >= 0) cids.push(cid);
  }
  const orderOf = (cid: number): number =>
    trackers.records[((cid & trackers.slotMask) << TRACKER_SHIFT) | TRACKER_ORDER];
  // Modulo 2^32: commands in flight together are never 2^31 submissions apart.
  return cids.sort((a, b) => (orderOf(a) - orderOf(b)) | 0);
}
