/**
 * Cancel: asks the controller to stop commands of the I/O queue it is submitted to. [Base] 7.1
 */
import { bits } from './bits.js';
import { CQE_DW0 } from './completion-queue-entry.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** Cancel, command dword 10. */
export const CANCEL_CDW10: Dword<'SQID' | 'CID'> = dword('CANCEL_CDW10', SQE_CDW10, {
  CID: bits(31, 16), // command to stop; FFFFh, and nothing else, to stop several
  SQID: bits(15, 0), // queue the Cancel is submitted to
});

/** Cancel, command dword 11. */
export const CANCEL_CDW11: Dword<'ACODE'> = dword(
  'CANCEL_CDW11',
  SQE_CDW11,
  { ACODE: bits(1, 0) }, // CANCEL_*
  [bits(31, 2)],
);

/** Cancel, completion dword 0. */
export const CANCEL_RESULT: Dword<'CMDA' | 'CEDA'> = dword('CANCEL_RESULT', CQE_DW0, {
  CEDA: bits(31, 16), // commands that may still be stopped after this completion
  CMDA: bits(15, 0), // commands that were stopped
});

/** ACODE: one command. */
export const CANCEL_SINGLE = 0;
/** ACODE: every command of the namespace; with NSID FFFFFFFFh, of the queue. */
export const CANCEL_MULTIPLE = 1;
/** CID of a Cancel with {@link CANCEL_MULTIPLE}. */
export const CANCEL_CID_ALL = 0xffff;
