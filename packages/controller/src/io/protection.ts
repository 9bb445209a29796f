import {
  checkProtection,
  PRINFO_PRACT,
  PRINFO_PRCHK_REFERENCE,
  PROTECTION_CHECK_STORAGE_TAG,
  PROTECTION_TYPE_1,
  PROTECTION_TYPE_3,
  type ProtectionFormat,
  ProtectionTags,
  referenceTagIsLba,
  RW_CDW12_PRINFO_MASK,
  RW_CDW12_PRINFO_SHIFT,
  RW_CDW12_STC,
  separateBlocks,
  SQE_CDW2,
  SQE_CDW3,
  STATUS_DNR,
  STATUS_INVALID_PROTECTION_INFORMATION,
  verifyTuple,
  writeProtection,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';

const INVALID = STATUS_INVALID_PROTECTION_INFORMATION | STATUS_DNR;

/**
 * The protection information of the blocks of one command, or of one source range: what it has to be, and what is made of it. Checking
 * and inserting begin where they ended the last time. [NVM] 5.3
 */
export class Protection {
  /** tags of the next block to check or insert for */
  readonly tags: ProtectionTags = new ProtectionTags();
  /** whether the controller inserts and strips, PRACT */
  readonly hasAction: boolean;
  /** block, counted from the first of the last {@link Protection.check}, that failed it */
  failedBlock = 0;
  private readonly checks: number;

  /**
   * @param prinfo - action and checks, PRINFO_*
   * @param checksStorageTag - whether the storage tag is checked, if there is one
   */
  constructor(
    readonly format: ProtectionFormat,
    prinfo: number,
    checksStorageTag: boolean,
  ) {
    this.hasAction = (prinfo & PRINFO_PRACT) !== 0;
    this.checks = (prinfo & ~PRINFO_PRACT) | (checksStorageTag ? PROTECTION_CHECK_STORAGE_TAG : 0);
  }

  /**
   * Why a command cannot check what it asks to: a reference tag is the low bits of the address with type 1, and means nothing with
   * type 3. Gives 0 or the status. [NVM] 5.3.3
   */
  refusal(lbaLow: number, lbaHigh: number): number {
    if ((this.checks & PRINFO_PRCHK_REFERENCE) === 0) return 0;
    const { type } = this.format;
    if (type === PROTECTION_TYPE_3) return INVALID;
    return type === PROTECTION_TYPE_1 && !referenceTagIsLba(this.format, this.tags, lbaLow, lbaHigh) ? INVALID : 0;
  }

  /** Checks blocks as PRCHK says. Gives 0 or the status of the first that is wrong, and says which it was. */
  check(data: Uint8Array, metadata: Uint8Array, blocks: number): number {
    const { format, tags, checks } = this;
    if (checks === 0) return 0;
    const passed = checkProtection(format, separateBlocks(format, data, metadata), blocks, tags, checks);
    if (passed === blocks) return 0;
    this.failedBlock = passed;
    return verifyTuple(format, data, passed * format.blockBytes, metadata, passed * format.metadataBytes, tags, checks);
  }

  /** Puts protection information into the metadata of blocks, over what is there. */
  insert(data: Uint8Array, metadata: Uint8Array, blocks: number): void {
    writeProtection(this.format, separateBlocks(this.format, data, metadata), blocks, this.tags);
  }
}

/** What a command says about protection information, in the places where all but Copy's source ranges have it; undefined without. */
export function protectionOf(command: Command, namespace: Namespace): Protection | undefined {
  if (namespace.protection === undefined) return undefined;
  const cdw12 = command.cdw(12);
  const prinfo = (cdw12 >>> RW_CDW12_PRINFO_SHIFT) & RW_CDW12_PRINFO_MASK;
  const protection = new Protection(namespace.protection, prinfo, (cdw12 & RW_CDW12_STC) !== 0);
  const { words } = command;
  protection.tags.load(words[SQE_CDW2 / 4], words[SQE_CDW3 / 4], command.cdw(14), command.cdw(15));
  return protection;
}

/** Whether the metadata of a block is protection information and nothing else, so that all of it can be inserted and stripped. */
export function isProtectionOnly(format: ProtectionFormat | undefined): boolean {
  return format !== undefined && format.metadataBytes === format.tupleBytes;
}
