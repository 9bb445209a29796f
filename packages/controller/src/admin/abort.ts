import {
  ABORT_CDW10,
  ABORT_RESULT,
  ADMIN_ABORT,
  SQE_CDW10,
  STATUS_ABORT_LIMIT_EXCEEDED,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { ABORTS_MAX } from '../limits.js';
import type { SubmissionQueue } from '../submission-queue.js';
import { refuse } from './admin-handler.js';

const NOT_ABORTED = ABORT_RESULT.IANP.mask;

/**
 * Abort. What is in flight is aborted at once: its completion is written before that of the Abort, and dword 0 says so. Commands that
 * have completed, were never seen, or still wait in their queue are not aborted, and that is no error. [Base] 5.1.1
 */
export function abort(inside: Internals, command: Command): number {
  const { queues, inFlight } = inside;
  const cdw10 = command.cdw(10);
  const queue = queues.submission[ABORT_CDW10.SQID.get(cdw10)];
  if (queue === undefined) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  // It can succeed later, so there is no DNR.
  if (inFlight.countOf(queues.submission[0]!, ADMIN_ABORT) >= ABORTS_MAX) return STATUS_ABORT_LIMIT_EXCEEDED;
  const cid = ABORT_CDW10.CID.get(cdw10);
  const isAborted = inFlight.abort(queue, cid) || (queue.id === 0 && abortRequest(inside, queue, cid));
  command.result = isAborted ? 0 : NOT_ABORTED;
  return 0;
}

/** An Asynchronous Event Request holds no slot of the completion queue: without a free one it is aborted, but not at once. */
function abortRequest({ events }: Internals, queue: SubmissionQueue, cid: number): boolean {
  if (!events.abort(cid)) return false;
  events.deliver(queue, queue.completionQueue);
  return !events.holds(cid);
}
