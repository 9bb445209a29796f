/**
 * Abort: asks the controller to stop one command. [Base] 5.1.1
 *
 * Success of the Abort says nothing about the command: it may have completed before, and when dword 0 bit 0 is set it
 * was not aborted right away.
 */
import { bits } from './bits.js';
import { CQE_DW0 } from './completion-queue-entry.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10 } from './submission-queue-entry.js';

/** Abort, command dword 10: the command to abort. */
export const ABORT_CDW10: Dword<'SQID' | 'CID'> = dword('ABORT_CDW10', SQE_CDW10, {
  CID: bits(31, 16), // command identifier
  SQID: bits(15, 0), // submission queue the command was submitted to
});

/** Abort, completion dword 0. */
export const ABORT_RESULT: Dword<'IANP'> = dword(
  'ABORT_RESULT',
  CQE_DW0,
  { IANP: bits(0, 0) }, // immediate abort not performed
  [bits(31, 1)],
);
