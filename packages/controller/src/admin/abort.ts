import { ABORT_CDW10, ABORT_RESULT, SQE_CDW10, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';

const NOT_ABORTED = ABORT_RESULT.IANP.mask;

/**
 * Abort. Only Asynchronous Event Requests are ever in flight between two turns, so only they can be aborted; for any other command
 * the answer is that it was not. [Base] 5.1.1
 */
export function abort(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  const queueId = ABORT_CDW10.SQID.get(cdw10);
  if (inside.queues.submission[queueId] === undefined) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  const isAborted = queueId === 0 && inside.events.abort(ABORT_CDW10.CID.get(cdw10));
  command.result = isAborted ? 0 : NOT_ABORTED;
  return 0;
}
