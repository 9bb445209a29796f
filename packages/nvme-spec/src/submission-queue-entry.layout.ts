/**
 * Layout of a submission queue entry, for dumps and tests. [Base] 4.1
 */
import { layout, type Layout } from './layout.js';
import {
  SQE_BYTES,
  SQE_CDW0,
  SQE_CDW10,
  SQE_CDW11,
  SQE_CDW12,
  SQE_CDW13,
  SQE_CDW14,
  SQE_CDW15,
  SQE_CDW2,
  SQE_CDW3,
  SQE_MPTR,
  SQE_NSID,
  SQE_PRP1,
  SQE_PRP2,
} from './submission-queue-entry.js';

/** Layout of a submission queue entry; command dword 0 is in its parts: opcode, flags and command identifier. */
export const SubmissionLayout: Layout = layout('SQE', SQE_BYTES, [
  [SQE_CDW0, 1, 'opc'],
  [SQE_CDW0 + 1, 1, 'flags'], // 7:6 PSDT, 5:2 reserved, 1:0 FUSE
  [SQE_CDW0 + 2, 2, 'cid'],
  [SQE_NSID, 4, 'nsid'],
  [SQE_CDW2, 4, 'cdw2'],
  [SQE_CDW3, 4, 'cdw3'],
  [SQE_MPTR, 8, 'mptr'],
  [SQE_PRP1, 8, 'prp1'],
  [SQE_PRP2, 8, 'prp2'],
  [SQE_CDW10, 4, 'cdw10'],
  [SQE_CDW11, 4, 'cdw11'],
  [SQE_CDW12, 4, 'cdw12'],
  [SQE_CDW13, 4, 'cdw13'],
  [SQE_CDW14, 4, 'cdw14'],
  [SQE_CDW15, 4, 'cdw15'],
]);
