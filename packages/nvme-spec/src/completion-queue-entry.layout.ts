/**
 * Layout of a completion queue entry, for dumps and tests. [Base] 4.2
 */
import { CQE_BYTES, CQE_CID, CQE_DW0, CQE_DW1, CQE_SQHD, CQE_SQID, CQE_STATUS } from './completion-queue-entry.js';
import { layout, type Layout } from './layout.js';

/** Layout of a completion queue entry; `status` is the status shifted left by one, with the phase tag in bit 0. */
export const CompletionLayout: Layout = layout('CQE', CQE_BYTES, [
  [CQE_DW0, 4, 'dw0'],
  [CQE_DW1, 4, 'dw1'],
  [CQE_SQHD, 2, 'sqhd'],
  [CQE_SQID, 2, 'sqid'],
  [CQE_CID, 2, 'cid'],
  [CQE_STATUS, 2, 'status'],
]);
