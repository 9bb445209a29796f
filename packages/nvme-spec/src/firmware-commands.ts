/**
 * Firmware Image Download and Firmware Commit. [Base] 5.1.9, 5.1.8, 3.11
 *
 * The image goes over in pieces that do not overlap, each at its own dword offset and aligned as Identify Controller
 * FWUG says; Commit then puts it into a slot, activates it, or both. What the slots hold is in firmware-slot-log.ts.
 */
import { bits } from './bits.js';
import { CQE_DW0 } from './completion-queue-entry.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** Firmware Image Download, command dword 10. */
export const FIRMWARE_DOWNLOAD_CDW10: Dword<'NUMD0'> = dword('FIRMWARE_DOWNLOAD_CDW10', SQE_CDW10, {
  NUMD0: bits(31, 0), // dwords of this piece, 0's based
});

/** Firmware Image Download, command dword 11. */
export const FIRMWARE_DOWNLOAD_CDW11: Dword<'OFST'> = dword('FIRMWARE_DOWNLOAD_CDW11', SQE_CDW11, {
  OFST: bits(31, 0), // dwords from the start of the image
});

/** Firmware Commit, command dword 10. */
export const FIRMWARE_COMMIT_CDW10: Dword<'FS' | 'CA' | 'BPID'> = dword(
  'FIRMWARE_COMMIT_CDW10',
  SQE_CDW10,
  {
    BPID: bits(31, 31), // boot partition, for the two actions on boot partitions
    CA: bits(5, 3), // commit action, FIRMWARE_COMMIT_*
    FS: bits(2, 0), // firmware slot 1..7, or 0 to let the controller choose
  },
  [bits(30, 6)],
);

/** Firmware Commit, completion dword 0; valid after a failure too. */
export const FIRMWARE_COMMIT_RESULT: Dword<'ASQFWO' | 'MEFWO'> = dword(
  'FIRMWARE_COMMIT_RESULT',
  CQE_DW0,
  {
    MEFWO: bits(1, 1), // another update, through a management endpoint, overlapped this one
    ASQFWO: bits(0, 0), // another update, through an admin queue, overlapped this one
  },
  [bits(31, 2)],
);

/** CA: put the downloaded image into the slot. */
export const FIRMWARE_COMMIT_REPLACE = 0;
/** CA: put the downloaded image into the slot, activate it at the next reset. */
export const FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE = 1;
/** CA: activate the slot at the next reset. */
export const FIRMWARE_COMMIT_ACTIVATE = 2;
/** CA: put the downloaded image, if there is one, into the slot and activate the slot now. */
export const FIRMWARE_COMMIT_ACTIVATE_NOW = 3;
/** CA: put the downloaded image into the boot partition BPID. */
export const FIRMWARE_COMMIT_REPLACE_BOOT_PARTITION = 6;
/** CA: mark the boot partition BPID as active. */
export const FIRMWARE_COMMIT_ACTIVATE_BOOT_PARTITION = 7;
