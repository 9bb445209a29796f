/**
 * Namespace Management and Namespace Attachment. [Base] 5.1.21, 5.1.20, 8.1.15, [NVM] 4.1.6
 *
 * Create carries 4096 bytes, the fields of Identify Namespace that the host chooses, at the same offsets; its NSID is 0
 * and completion dword 0 is the NSID that was made. Attachment carries a controller list, controller-list.ts.
 */
import { bits } from './bits.js';
import { CQE_DW0 } from './completion-queue-entry.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** Namespace Management, command dword 10. */
export const NAMESPACE_MANAGEMENT_CDW10: Dword<'SEL'> = dword(
  'NAMESPACE_MANAGEMENT_CDW10',
  SQE_CDW10,
  { SEL: bits(3, 0) }, // NAMESPACE_MANAGEMENT_*
  [bits(31, 4)],
);

/** Namespace Management, command dword 11. */
export const NAMESPACE_MANAGEMENT_CDW11: Dword<'CSI'> = dword(
  'NAMESPACE_MANAGEMENT_CDW11',
  SQE_CDW11,
  { CSI: bits(31, 24) }, // command set of the namespace to create, CSI_*
  [bits(23, 0)],
);

/** Namespace Management, completion dword 0 of a create. */
export const NAMESPACE_MANAGEMENT_RESULT: Dword<'NSID'> = dword('NAMESPACE_MANAGEMENT_RESULT', CQE_DW0, {
  NSID: bits(31, 0), // the namespace that was created
});

/** SEL of Namespace Management: create. */
export const NAMESPACE_MANAGEMENT_CREATE = 0;
/** SEL of Namespace Management: delete; NSID FFFFFFFFh deletes every namespace. */
export const NAMESPACE_MANAGEMENT_DELETE = 1;

/** Namespace Attachment, command dword 10. */
export const NAMESPACE_ATTACHMENT_CDW10: Dword<'SEL'> = dword(
  'NAMESPACE_ATTACHMENT_CDW10',
  SQE_CDW10,
  { SEL: bits(3, 0) }, // NAMESPACE_ATTACHMENT_*
  [bits(31, 4)],
);

/** SEL of Namespace Attachment: attach. */
export const NAMESPACE_ATTACHMENT_ATTACH = 0;
/** SEL of Namespace Attachment: detach. */
export const NAMESPACE_ATTACHMENT_DETACH = 1;

/** Bytes of the data of a create. */
export const NSMGMT_BYTES = 4096;

/* Ranges read `last:first`. */
/** 7:0      Namespace size, blocks.                                  */ export const NSMGMT_NSZE = 0;
/** 15:8     Namespace capacity, blocks.                              */ export const NSMGMT_NCAP = 8;
/** 26       Format index and metadata setting, as in Identify.       */ export const NSMGMT_FLBAS = 26;
/** 29       Protection information settings.                         */ export const NSMGMT_DPS = 29;
/** 30       Multi-path I/O and sharing, NMIC_*.                      */ export const NSMGMT_NMIC = 30;
/** 95:92    ANA group, 0 to let the controller choose.               */ export const NSMGMT_ANAGRPID = 92;
/** 101:100  NVM Set, 0 to let the controller choose.                 */ export const NSMGMT_NVMSETID = 100;
/** 103:102  Endurance Group, 0 to let the controller choose.         */ export const NSMGMT_ENDGID = 102;
/** 391:384  Logical block storage tag mask.                          */ export const NSMGMT_LBSTM = 384;
/** 393:392  Placement handles in the list.                           */ export const NSMGMT_NPHNDLS = 392;
/** 767:512  Reclaim unit handles, 2 bytes each, one per placement.   */ export const NSMGMT_PHNDLS = 512;
/** Placement handles of a namespace at most. */
export const NSMGMT_PLACEMENT_HANDLES_MAX = 128;

/** Layout of the data of a create, NVM Command Set. */
export const NamespaceManagementLayout: Layout = layout('NSMGMT', NSMGMT_BYTES, [
  [NSMGMT_NSZE, 8, 'nsze'],
  [NSMGMT_NCAP, 8, 'ncap'],
  [16, 10, 'reserved16', 'reserved'],
  [NSMGMT_FLBAS, 1, 'flbas'],
  [27, 2, 'reserved27', 'reserved'],
  [NSMGMT_DPS, 1, 'dps'],
  [NSMGMT_NMIC, 1, 'nmic'],
  [31, 61, 'reserved31', 'reserved'],
  [NSMGMT_ANAGRPID, 4, 'anagrpid'],
  [96, 4, 'reserved96', 'reserved'],
  [NSMGMT_NVMSETID, 2, 'nvmsetid'],
  [NSMGMT_ENDGID, 2, 'endgid'],
  [104, 280, 'reserved104', 'reserved'],
  [NSMGMT_LBSTM, 8, 'lbstm'],
  [NSMGMT_NPHNDLS, 2, 'nphndls'],
  [394, 118, 'reserved394', 'reserved'],
  [NSMGMT_PHNDLS, 256, 'phndls'],
  [768, 256, 'reserved768', 'reserved'],
  [1024, 3072, 'vs'],
]);
