/**
 * Sanitize: erases all user data of the NVM subsystem, in the background. [Base] 5.1.22, 8.1.24
 *
 * The command completes when the operation has started; its progress is in the Sanitize Status log, sanitize-log.ts.
 */
import { bits } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** Sanitize, command dword 10. */
export const SANITIZE_CDW10: Dword<'SANACT' | 'AUSE' | 'OWPASS' | 'OIPBP' | 'NDAS' | 'EMVS'> = dword(
  'SANITIZE_CDW10',
  SQE_CDW10,
  {
    EMVS: bits(10, 10), // enter the media verification state after success
    NDAS: bits(9, 9), // do not deallocate after success
    OIPBP: bits(8, 8), // invert the overwrite pattern between passes
    OWPASS: bits(7, 4), // overwrite passes, 0 for 16
    AUSE: bits(3, 3), // unrestricted mode: a failure may be left without sanitizing again
    SANACT: bits(2, 0), // action, SANITIZE_ACTION_*
  },
  [bits(31, 11)],
);

/** Sanitize, command dword 11. */
export const SANITIZE_CDW11: Dword<'OVRPAT'> = dword('SANITIZE_CDW11', SQE_CDW11, {
  OVRPAT: bits(31, 0), // pattern of an overwrite
});

/** SANACT: leave the failure mode. */
export const SANITIZE_ACTION_EXIT_FAILURE = 1;
/** SANACT: start a block erase. */
export const SANITIZE_ACTION_BLOCK_ERASE = 2;
/** SANACT: start an overwrite. */
export const SANITIZE_ACTION_OVERWRITE = 3;
/** SANACT: start a crypto erase. */
export const SANITIZE_ACTION_CRYPTO_ERASE = 4;
/** SANACT: leave the media verification state. */
export const SANITIZE_ACTION_EXIT_VERIFICATION = 5;

/** Passes of an overwrite when OWPASS is 0. */
export const SANITIZE_PASSES_MAX = 16;
