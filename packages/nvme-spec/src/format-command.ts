/**
 * Format NVM: a new LBA format, protection information and secure erase. [Base] 5.1.10, [NVM] 4.1.2
 *
 * The namespace is the one in NSID; NSID FFFFFFFFh, or FNS and SENS of Identify Controller FNA, make it several.
 * The format index is split: LBAFU above LBAFL, LBAFU only with LBAFEE of the Host Behavior Support feature.
 */
import { bits } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10 } from './submission-queue-entry.js';

/** Format NVM, command dword 10. */
export const FORMAT_NVM_CDW10: Dword<'LBAFL' | 'MSET' | 'PI' | 'PIL' | 'SES' | 'LBAFU'> = dword(
  'FORMAT_NVM_CDW10',
  SQE_CDW10,
  {
    LBAFU: bits(13, 12), // format index, bits 5:4
    SES: bits(11, 9), // secure erase, FORMAT_NVM_SES_*
    PIL: bits(8, 8), // protection information in the first bytes of the metadata, else in the last
    PI: bits(7, 5), // protection information type, 0 for none
    MSET: bits(4, 4), // metadata at the end of each block's data, else in a buffer of its own
    LBAFL: bits(3, 0), // format index, bits 3:0
  },
  [bits(31, 14)],
);

/** SES: no secure erase. */
export const FORMAT_NVM_SES_NONE = 0;
/** SES: user data erase. */
export const FORMAT_NVM_SES_USER_DATA = 1;
/** SES: cryptographic erase. */
export const FORMAT_NVM_SES_CRYPTOGRAPHIC = 2;

/** Protection information: none. */
export const PROTECTION_NONE = 0;
/** Protection information type 1: the reference tag counts up from the low bits of the LBA. */
export const PROTECTION_TYPE_1 = 1;
/** Protection information type 2: the reference tag counts up from what the command says. */
export const PROTECTION_TYPE_2 = 2;
/** Protection information type 3: the reference tag is not checked. */
export const PROTECTION_TYPE_3 = 3;

/** Format index that command dword 10 names; `extended` when the host set LBAFEE, else LBAFU is ignored. */
export function formatIndex(cdw10: number, extended: boolean): number {
  const lower = FORMAT_NVM_CDW10.LBAFL.get(cdw10);
  return extended ? (FORMAT_NVM_CDW10.LBAFU.get(cdw10) << 4) | lower : lower;
}
