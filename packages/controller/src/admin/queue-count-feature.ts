import {
  FEATURE_NUMBER_OF_QUEUES_VALUE,
  SQE_CDW11,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { queuesGranted } from '../feature-store.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';
import { always, type Feature } from './feature.js';

/** NSQR and NCQR: FFFFh would be 65,536 queues, one more than there are identifiers. */
const QUEUES_INVALID = 0xffff;

/** Number of Queues: grants what is asked for up to what there is; only before the first I/O queue exists. [Base] 5.1.25.2.1 */
export const numberOfQueues: Feature = {
  scope: 'controller',
  isSaveable: false,
  isPresent: always,
  get: ({ features }, command, select) => {
    command.result = select === 'current' ? features.numberOfQueues : features.defaultNumberOfQueues;
    return 0;
  },
  set: setNumberOfQueues,
};

function setNumberOfQueues(inside: Internals, command: Command): number {
  const value = command.cdw(11);
  const submission0 = FEATURE_NUMBER_OF_QUEUES_VALUE.NSQR0.get(value);
  const completion0 = FEATURE_NUMBER_OF_QUEUES_VALUE.NCQR0.get(value);
  if (inside.queues.wasUsed) return refuse(command, STATUS_COMMAND_SEQUENCE_ERROR, SQE_CDW11);
  if (submission0 === QUEUES_INVALID) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  if (completion0 === QUEUES_INVALID) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + 2);
  const most0 = Math.min(inside.settings.queuePairs, inside.queues.buffers.queuePairsMax) - 1;
  command.result = queuesGranted(Math.min(submission0, most0), Math.min(completion0, most0));
  inside.features.numberOfQueues = command.result;
  return 0;
}
