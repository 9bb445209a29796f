import {
  FNA_CRYPTOGRAPHIC,
  RESCAP_EXCLUSIVE_ACCESS,
  RESCAP_EXCLUSIVE_ACCESS_ALL,
  RESCAP_EXCLUSIVE_ACCESS_REGISTRANTS,
  RESCAP_IEKEY_1_3,
  RESCAP_PERSIST,
  RESCAP_WRITE_EXCLUSIVE,
  RESCAP_WRITE_EXCLUSIVE_ALL,
  RESCAP_WRITE_EXCLUSIVE_REGISTRANTS,
  SANICAP_BLOCK_ERASE,
  SANICAP_CRYPTO_ERASE,
  SANICAP_NO_DEALLOCATE_INHIBITED,
  SANICAP_NODMMAS_SHIFT,
  SANICAP_OVERWRITE,
  SANICAP_VERIFICATION,
} from '@phasebit/nvme-spec';

// What the model can do, as several structures say it.

/** Additional media modification after a sanitize operation: 1 for none. */
const NOT_MODIFIED = 1;

/** Identify Controller SANICAP: every kind, and media verification; media are always deallocated. [Base] 5.1.13.2.1 */
export const SANICAP_VALUE: number =
  (SANICAP_CRYPTO_ERASE |
    SANICAP_BLOCK_ERASE |
    SANICAP_OVERWRITE |
    SANICAP_VERIFICATION |
    SANICAP_NO_DEALLOCATE_INHIBITED |
    (NOT_MODIFIED << SANICAP_NODMMAS_SHIFT)) >>>
  0;

/** Identify Controller FNA: one namespace at a time or all that are attached, with cryptographic erase. */
export const FNA_VALUE: number = FNA_CRYPTOGRAPHIC;

/** RESCAP of every namespace: all types of reservation, which can outlive a loss of power. */
export const RESCAP_VALUE: number =
  RESCAP_PERSIST |
  RESCAP_WRITE_EXCLUSIVE |
  RESCAP_EXCLUSIVE_ACCESS |
  RESCAP_WRITE_EXCLUSIVE_REGISTRANTS |
  RESCAP_EXCLUSIVE_ACCESS_REGISTRANTS |
  RESCAP_WRITE_EXCLUSIVE_ALL |
  RESCAP_EXCLUSIVE_ACCESS_ALL |
  RESCAP_IEKEY_1_3;
