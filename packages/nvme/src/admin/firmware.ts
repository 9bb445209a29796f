import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_FIRMWARE_DOWNLOAD,
  describeAdminOpcode,
  describeStatus,
  FIRMWARE_COMMIT_ACTIVATE,
  FIRMWARE_COMMIT_ACTIVATE_BOOT_PARTITION,
  FIRMWARE_COMMIT_ACTIVATE_NOW,
  FIRMWARE_COMMIT_CDW10,
  FIRMWARE_COMMIT_REPLACE,
  FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE,
  FIRMWARE_COMMIT_REPLACE_BOOT_PARTITION,
  FIRMWARE_COMMIT_RESULT,
  FIRMWARE_DOWNLOAD_CDW10,
  FIRMWARE_DOWNLOAD_CDW11,
  PAGE_BYTES,
  STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET,
  STATUS_FIRMWARE_NEEDS_CONVENTIONAL_RESET,
  STATUS_FIRMWARE_NEEDS_MAXIMUM_TIME,
  STATUS_FIRMWARE_NEEDS_SUBSYSTEM_RESET,
  statusCode,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { DriverError } from '../errors.js';

/** FWUG: any multiple of 4 bytes will do. */
const GRANULARITY_ANY = 0xff;

/** How an image goes over. */
export interface FirmwareDownloadOptions extends WaitOptions {
  /** Identify Controller FWUG: pieces are multiples of so many 4 KiB; 0 not known, FFh any. Default 0, which is taken for one */
  readonly fwug?: number;
  /** told after each piece how many bytes are over */
  readonly onProgress?: (doneBytes: number) => void;
}

/** What is done with an image that went over, or with a slot. [Base] 5.1.8 */
export interface FirmwareCommit {
  /** what is done */
  readonly action:
    | 'replace'
    | 'replace-and-activate'
    | 'activate'
    | 'activate-now'
    | 'replace-boot-partition'
    | 'activate-boot-partition';
  /** slot, 1 to 7; default 0, the controller chooses */
  readonly slot?: number;
  /** boot partition, 0 or 1; default 0 */
  readonly bootPartition?: number;
}

/** What a commit has come to. */
export interface FirmwareCommitResult {
  /**
   * what it takes until the image runs: `nothing` more than was asked for, a reset of some kind, or another commit without activating at
   * once because that would have taken longer than the controller allows itself
   */
  readonly needs:
    'nothing' | 'conventional-reset' | 'subsystem-reset' | 'controller-reset' | 'commit-without-activation';
  /** another update went on at the same time: the image may be a mixture of both */
  readonly isOverlapped: boolean;
}

const ACTIONS: Record<FirmwareCommit['action'], number> = {
  replace: FIRMWARE_COMMIT_REPLACE,
  'replace-and-activate': FIRMWARE_COMMIT_REPLACE_AND_ACTIVATE,
  activate: FIRMWARE_COMMIT_ACTIVATE,
  'activate-now': FIRMWARE_COMMIT_ACTIVATE_NOW,
  'replace-boot-partition': FIRMWARE_COMMIT_REPLACE_BOOT_PARTITION,
  'activate-boot-partition': FIRMWARE_COMMIT_ACTIVATE_BOOT_PARTITION,
};

/** Statuses of a commit that has been carried out, as far as it could be. */
const NEEDS: ReadonlyMap<number, FirmwareCommitResult['needs']> = new Map<number, FirmwareCommitResult['needs']>([
  [0, 'nothing'],
  [STATUS_FIRMWARE_NEEDS_CONVENTIONAL_RESET, 'conventional-reset'],
  [STATUS_FIRMWARE_NEEDS_SUBSYSTEM_RESET, 'subsystem-reset'],
  [STATUS_FIRMWARE_NEEDS_CONTROLLER_RESET, 'controller-reset'],
  [STATUS_FIRMWARE_NEEDS_MAXIMUM_TIME, 'commit-without-activation'],
]);

/**
 * Firmware Image Download: sends an image in pieces, each as large as the controller's granularity and transfer limit allow. [Base] 5.1.9
 *
 * @param image - a multiple of 4 bytes
 * @throws DriverError as `AdminQueue.demand`; NOT_SUPPORTED when no piece can be both; RangeError for an image of another size
 */
export async function downloadFirmware(
  admin: AdminQueue,
  image: Uint8Array,
  options: FirmwareDownloadOptions = {},
): Promise<void> {
  const { fwug = 0, onProgress = () => undefined } = options;
  if (image.length === 0 || image.length % 4 !== 0) {
    throw new RangeError(`image: expected a multiple of 4 bytes, got ${image.length}`);
  }
  const granularity = fwug === GRANULARITY_ANY ? 4 : PAGE_BYTES * Math.max(1, fwug);
  const pieceBytes = Math.floor(admin.transferBytesMax / granularity) * granularity;
  if (pieceBytes === 0) {
    const expected = `a granularity of at most ${admin.transferBytesMax} bytes`;
    throw new DriverError('NOT_SUPPORTED', { field: 'FWUG', expected, got: granularity });
  }
  for (let at = 0; at < image.length; at += pieceBytes) {
    const piece = image.subarray(at, at + pieceBytes);
    const cdw10 = FIRMWARE_DOWNLOAD_CDW10.NUMD0.set(0, piece.length / 4 - 1);
    const cdw11 = FIRMWARE_DOWNLOAD_CDW11.OFST.set(0, at / 4);
    await admin.send({ opcode: ADMIN_FIRMWARE_DOWNLOAD, cdw10, cdw11 }, piece, options);
    onProgress(at + piece.length);
  }
}

/** Firmware Commit. [Base] 5.1.8 @throws DriverError as `AdminQueue.demand`, but not for the statuses that only ask for a reset */
export async function commitFirmware(
  admin: AdminQueue,
  commit: FirmwareCommit,
  options: WaitOptions = {},
): Promise<FirmwareCommitResult> {
  let cdw10 = FIRMWARE_COMMIT_CDW10.CA.set(0, ACTIONS[commit.action]);
  cdw10 = FIRMWARE_COMMIT_CDW10.FS.set(cdw10, commit.slot ?? 0);
  cdw10 = FIRMWARE_COMMIT_CDW10.BPID.set(cdw10, commit.bootPartition ?? 0);
  const { status, dw0 } = await admin.execute({ opcode: ADMIN_FIRMWARE_COMMIT, cdw10 }, options);
  const needs = NEEDS.get(statusCode(status));
  if (needs === undefined) {
    throw new DriverError('COMMAND_FAILED', {
      opcode: describeAdminOpcode(ADMIN_FIRMWARE_COMMIT),
      status: describeStatus(status),
      statusCode: status,
    });
  }
  const { ASQFWO, MEFWO } = FIRMWARE_COMMIT_RESULT;
  return { needs, isOverlapped: ASQFWO.get(dw0) === 1 || MEFWO.get(dw0) === 1 };
}
