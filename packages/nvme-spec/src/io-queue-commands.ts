/**
 * Create and Delete I/O Submission Queue and Completion Queue, and Doorbell Buffer Config. [Base] 5.2.1 to 5.2.5
 *
 * PRP1 holds the address of the queue, or of a list of its pages when PC is 0. A completion queue is created before,
 * and deleted after, the submission queues that use it. Doorbell Buffer Config has no fields: PRP1 is the page of
 * shadow doorbells, PRP2 the page of EventIdx values.
 */
import { bits } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11, SQE_CDW12 } from './submission-queue-entry.js';

/** Create I/O Submission Queue and Create I/O Completion Queue, command dword 10. */
export const CREATE_IO_QUEUE_CDW10: Dword<'QID' | 'QSIZE0'> = dword('CREATE_IO_QUEUE_CDW10', SQE_CDW10, {
  QSIZE0: bits(31, 16), // entries, 0's based
  QID: bits(15, 0), // queue identifier, not 0
});

/** Create I/O Completion Queue, command dword 11. */
export const CREATE_IO_CQ_CDW11: Dword<'PC' | 'IEN' | 'IV'> = dword(
  'CREATE_IO_CQ_CDW11',
  SQE_CDW11,
  {
    IV: bits(31, 16), // interrupt vector
    IEN: bits(1, 1), // interrupts enabled
    PC: bits(0, 0), // physically contiguous
  },
  [bits(15, 2)],
);

/** Create I/O Submission Queue, command dword 11. */
export const CREATE_IO_SQ_CDW11: Dword<'PC' | 'QPRIO' | 'CQID'> = dword(
  'CREATE_IO_SQ_CDW11',
  SQE_CDW11,
  {
    CQID: bits(31, 16), // completion queue that gets the completions
    QPRIO: bits(2, 1), // priority, QUEUE_PRIORITY_*, for weighted round robin only
    PC: bits(0, 0), // physically contiguous
  },
  [bits(15, 3)],
);

/** Create I/O Submission Queue, command dword 12. */
export const CREATE_IO_SQ_CDW12: Dword<'NVMSETID'> = dword(
  'CREATE_IO_SQ_CDW12',
  SQE_CDW12,
  { NVMSETID: bits(15, 0) }, // NVM Set the queue is for, 0 for none
  [bits(31, 16)],
);

/** Delete I/O Submission Queue and Delete I/O Completion Queue, command dword 10. */
export const DELETE_IO_QUEUE_CDW10: Dword<'QID'> = dword(
  'DELETE_IO_QUEUE_CDW10',
  SQE_CDW10,
  { QID: bits(15, 0) }, // queue identifier, not 0
  [bits(31, 16)],
);

/** QPRIO: urgent. */
export const QUEUE_PRIORITY_URGENT = 0;
/** QPRIO: high. */
export const QUEUE_PRIORITY_HIGH = 1;
/** QPRIO: medium. */
export const QUEUE_PRIORITY_MEDIUM = 2;
/** QPRIO: low. */
export const QUEUE_PRIORITY_LOW = 3;
