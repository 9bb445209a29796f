import type { Command } from '../command.js';
import type { InFlight } from '../in-flight.js';
import type { SubmissionQueue } from '../submission-queue.js';
import type { Strike } from './strike.js';

/** What of a command its completion needs. */
export type StruckCommand = Pick<Command, 'cdw0' | 'cid' | 'nsid' | 'result'>;

/**
 * Completes a command that was executed while there are faults: now, later, twice or not at all. Its completion queue has a free slot,
 * and granted no other one.
 *
 * @param status - 15-bit status
 */
export function completeStruck(
  inFlight: InFlight,
  queue: SubmissionQueue,
  command: StruckCommand,
  status: number,
  strike: Strike,
): void {
  const { completionQueue } = queue;
  const { cdw0, cid, nsid, result } = command;
  if (strike.isLost) return;
  if (strike.delayNs > 0) inFlight.completeAt(Math.max(inFlight.dueNs, inFlight.clock.nowNs()) + strike.delayNs);
  if (strike.laterCommands > 0) {
    const { dueNs } = inFlight;
    inFlight.completeAt(inFlight.clock.nowNs() + strike.withinNs);
    const slot = inFlight.park(queue, cdw0, nsid, status, result);
    inFlight.hold(slot, strike.laterCommands);
    if (strike.isDuplicate) inFlight.duplicate(slot);
    inFlight.begin(dueNs);
    return;
  }
  if (inFlight.dueNs !== 0) {
    const slot = inFlight.park(queue, cdw0, nsid, status, result);
    if (strike.isDuplicate) inFlight.duplicate(slot);
    return;
  }
  const dw2 = (queue.id << 16) | queue.head;
  completionQueue.post(result, dw2, cid, status);
  if (status !== 0) completionQueue.hurry();
  if (strike.isDuplicate && completionQueue.room(1) === 1) completionQueue.post(result, dw2, cid, status);
  inFlight.countCompletion(queue);
}
