import {
  CC,
  CQE_BYTES_LOG2,
  CREATE_IO_CQ_CDW11,
  CREATE_IO_QUEUE_CDW10,
  CREATE_IO_SQ_CDW11,
  DELETE_IO_QUEUE_CDW10,
  FEATURE_NUMBER_OF_QUEUES_RESULT,
  SQE_BYTES_LOG2,
  SQE_CDW10,
  SQE_CDW11,
  SQE_PRP1,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_CMB_USE,
  STATUS_INVALID_COMPLETION_QUEUE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_INTERRUPT_VECTOR,
  STATUS_INVALID_PRP_OFFSET,
  STATUS_INVALID_QUEUE_DELETION,
  STATUS_INVALID_QUEUE_IDENTIFIER,
  STATUS_INVALID_QUEUE_SIZE,
} from '@phasebit/nvme-spec';
import { PAGE_MASK } from '@phasebit/pcie';
import type { Command } from '../command.js';
import { CompletionQueue, completionRingBytes } from '../completion-queue.js';
import type { Internals } from '../internals.js';
import { resolveRing, takesSubmissions } from '../ring.js';
import { SubmissionQueue, submissionRingBytes } from '../submission-queue.js';
import { refuse } from './admin-handler.js';

const CDW10_QSIZE = SQE_CDW10 + 2;
const CDW11_HIGH = SQE_CDW11 + 2;

/** Create I/O Completion Queue. [Base] 5.2.1 */
export function createCompletionQueue(inside: Internals, command: Command): number {
  const { queues, settings, registers, doorbells, interrupts } = inside;
  const cdw11 = command.cdw(11);
  const id = CREATE_IO_QUEUE_CDW10.QID.get(command.cdw(10));
  if (!isCompletionIdentifier(inside, id) || queues.completion[id] !== undefined) {
    return refuse(command, STATUS_INVALID_QUEUE_IDENTIFIER, SQE_CDW10);
  }
  if (!isSizeGood(inside, command) || CC.IOCQES.get(registers.cc) !== CQE_BYTES_LOG2) {
    return refuse(command, STATUS_INVALID_QUEUE_SIZE, CDW10_QSIZE);
  }
  const vector = CREATE_IO_CQ_CDW11.IV.get(cdw11);
  if (vector >= settings.link.vectors) return refuse(command, STATUS_INVALID_INTERRUPT_VECTOR, CDW11_HIGH);
  if (CREATE_IO_CQ_CDW11.PC.get(cdw11) === 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  if ((command.prp1Low & PAGE_MASK) !== 0) return refuse(command, STATUS_INVALID_PRP_OFFSET, SQE_PRP1);
  const entries = entriesOf(command);
  const ring = resolveRing(settings.dma, command.prp1Low, command.prp1High, completionRingBytes(entries));
  if (ring === undefined) return unreachable(command);
  if (ring.memory !== undefined || ring.isMixed) return refuse(command, STATUS_INVALID_CMB_USE, SQE_PRP1); // CMBSZ.CQS is 0.
  queues.addCompletion(
    new CompletionQueue({
      id,
      entries,
      pages: ring.pages,
      link: settings.link,
      interrupts,
      concurrent: settings.concurrent,
      vector: CREATE_IO_CQ_CDW11.IEN.get(cdw11) === 1 ? vector : -1,
      observer: doorbells,
    }),
  );
  return 0;
}

/**
 * Create I/O Submission Queue. A completion queue identifier that can never be one is an invalid queue identifier, one that could
 * be but is not there is an invalid completion queue. The priority matters to weighted round robin only. [Base] 5.2.2
 */
export function createSubmissionQueue(inside: Internals, command: Command): number {
  const { queues, settings, registers, doorbells } = inside;
  const cdw11 = command.cdw(11);
  const id = CREATE_IO_QUEUE_CDW10.QID.get(command.cdw(10));
  const completionId = CREATE_IO_SQ_CDW11.CQID.get(cdw11);
  if (!isCompletionIdentifier(inside, completionId))
    return refuse(command, STATUS_INVALID_QUEUE_IDENTIFIER, CDW11_HIGH);
  const completionQueue = queues.completion[completionId];
  if (completionQueue === undefined) return refuse(command, STATUS_INVALID_COMPLETION_QUEUE, CDW11_HIGH);
  if (!isSubmissionIdentifier(inside, id) || queues.submission[id] !== undefined) {
    return refuse(command, STATUS_INVALID_QUEUE_IDENTIFIER, SQE_CDW10);
  }
  if (!isSizeGood(inside, command) || CC.IOSQES.get(registers.cc) !== SQE_BYTES_LOG2) {
    return refuse(command, STATUS_INVALID_QUEUE_SIZE, CDW10_QSIZE);
  }
  if (CREATE_IO_SQ_CDW11.PC.get(cdw11) === 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  if ((command.prp1Low & PAGE_MASK) !== 0) return refuse(command, STATUS_INVALID_PRP_OFFSET, SQE_PRP1);
  const entries = entriesOf(command);
  const ring = resolveRing(settings.dma, command.prp1Low, command.prp1High, submissionRingBytes(entries));
  if (ring === undefined) return unreachable(command);
  if (!takesSubmissions(ring, settings.link)) return refuse(command, STATUS_INVALID_CMB_USE, SQE_PRP1);
  queues.addSubmission(
    new SubmissionQueue({
      id,
      entries,
      pages: ring.pages,
      link: settings.link,
      concurrent: settings.concurrent,
      completionQueue,
      observer: doorbells,
      priority: CREATE_IO_SQ_CDW11.QPRIO.get(cdw11),
    }),
  );
  return 0;
}

/**
 * Delete I/O Submission Queue. Commands that are in flight complete as aborted first; what was not fetched is aborted without a
 * completion. [Base] 5.2.4
 */
export function deleteSubmissionQueue(inside: Internals, command: Command): number {
  const id = DELETE_IO_QUEUE_CDW10.QID.get(command.cdw(10));
  const queue = id === 0 ? undefined : inside.queues.submission[id];
  if (queue === undefined) return refuse(command, STATUS_INVALID_QUEUE_IDENTIFIER, SQE_CDW10);
  inside.inFlight.abortQueue(queue);
  inside.queues.removeSubmission(queue);
  return 0;
}

/** Delete I/O Completion Queue, which no submission queue may use any more. [Base] 5.2.3 */
export function deleteCompletionQueue(inside: Internals, command: Command): number {
  const id = DELETE_IO_QUEUE_CDW10.QID.get(command.cdw(10));
  const queue = id === 0 ? undefined : inside.queues.completion[id];
  if (queue === undefined) return refuse(command, STATUS_INVALID_QUEUE_IDENTIFIER, SQE_CDW10);
  if (queue.users > 0) {
    command.errorByte = SQE_CDW10;
    return STATUS_INVALID_QUEUE_DELETION; // It can succeed later, so there is no DNR.
  }
  inside.queues.removeCompletion(queue);
  return 0;
}

/** I/O queue identifiers go from 1 to the number of queues granted. */
function isSubmissionIdentifier(inside: Internals, id: number): boolean {
  return id >= 1 && id <= FEATURE_NUMBER_OF_QUEUES_RESULT.NSQA0.get(inside.features.numberOfQueues) + 1;
}

function isCompletionIdentifier(inside: Internals, id: number): boolean {
  return id >= 1 && id <= FEATURE_NUMBER_OF_QUEUES_RESULT.NCQA0.get(inside.features.numberOfQueues) + 1;
}

function entriesOf(command: Command): number {
  return CREATE_IO_QUEUE_CDW10.QSIZE0.get(command.cdw(10)) + 1;
}

/** A queue has at least two entries, since one always stays empty, and at most CAP.MQES + 1. */
function isSizeGood(inside: Internals, command: Command): boolean {
  const entries = entriesOf(command);
  return entries >= 2 && entries <= inside.settings.mqesEntries;
}

function unreachable(command: Command): number {
  command.errorByte = SQE_PRP1;
  return STATUS_DATA_TRANSFER_ERROR;
}
