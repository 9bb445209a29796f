import {
  checkProtection,
  PRINFO_PRACT,
  PRINFO_PRCHK_REFERENCE,
  PROTECTION_CHECK_STORAGE_TAG,
  PROTECTION_TYPE_1,
  PROTECTION_TYPE_3,
  type ProtectedBlocks,
  type ProtectionFormat,
  ProtectionTags,
  referenceTagIsLba,
  RW_CDW12_PRINFO_MASK,
  RW_CDW12_PRINFO_SHIFT,
  RW_CDW12_STC,
  SQE_CDW14,
  SQE_CDW15,
  SQE_CDW2,
  SQE_CDW3,
  STATUS_DNR,
  STATUS_INVALID_PROTECTION_INFORMATION,
  verifyTuple,
  writeProtection,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';

const W_CDW2 = SQE_CDW2 / 4;
const W_CDW3 = SQE_CDW3 / 4;
const W_CDW14 = SQE_CDW14 / 4;
const W_CDW15 = SQE_CDW15 / 4;
const INVALID = STATUS_INVALID_PROTECTION_INFORMATION | STATUS_DNR;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Blocks of nothing: what is checked or inserted is put in their place. */
const NO_BLOCKS: ProtectedBlocks = {
  data: new Uint8Array(0),
  dataAt: 0,
  dataStride: 0,
  metadata: new Uint8Array(0),
  metadataAt: 0,
  metadataStride: 0,
};

/**
 * The protection information of the blocks of one command, or of one source range: what it has to be, and what is made of it. Checking
 * and inserting begin where they ended the last time. It can be used again for another command. [NVM] 5.3
 */
export class Protection {
  /** tags of the next block to check or insert for */
  readonly tags: ProtectionTags = new ProtectionTags();
  /** whether the controller inserts and strips, PRACT */
  hasAction = false;
  /** block, counted from the first of the last {@link Protection.check}, that failed it */
  failedBlock = 0;
  private checks = 0;
  private known: ProtectionFormat | undefined = undefined;
  private readonly blocks: Writable<ProtectedBlocks> = { ...NO_BLOCKS };

  /** how the blocks are protected */
  get format(): ProtectionFormat {
    return this.known!;
  }

  /**
   * Begins with the first block of a command. The tags are for the caller to load.
   *
   * @param prinfo - action and checks, PRINFO_*
   * @param checksStorageTag - whether the storage tag is checked, if there is one
   */
  begin(format: ProtectionFormat, prinfo: number, checksStorageTag: boolean): this {
    this.known = format;
    this.hasAction = (prinfo & PRINFO_PRACT) !== 0;
    this.checks = (prinfo & ~PRINFO_PRACT) | (checksStorageTag ? PROTECTION_CHECK_STORAGE_TAG : 0);
    return this;
  }

  /**
   * Why a command cannot check what it asks to: a reference tag is the low bits of the address with type 1, and means nothing with
   * type 3. Gives 0 or the status. Halves of the address are of either sign. [NVM] 5.3.3
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
    const passed = checkProtection(format, this.lay(data, metadata), blocks, tags, checks);
    if (passed === blocks) return 0;
    this.failedBlock = passed;
    return verifyTuple(format, data, passed * format.blockBytes, metadata, passed * format.metadataBytes, tags, checks);
  }

  /** Puts protection information into the metadata of blocks, over what is there. */
  insert(data: Uint8Array, metadata: Uint8Array, blocks: number): void {
    writeProtection(this.format, this.lay(data, metadata), blocks, this.tags);
  }

  private lay(data: Uint8Array, metadata: Uint8Array): ProtectedBlocks {
    const { blocks, format } = this;
    blocks.data = data;
    blocks.dataStride = format.blockBytes;
    blocks.metadata = metadata;
    blocks.metadataStride = format.metadataBytes;
    return blocks;
  }
}

/**
 * What a command says about protection information, in the places where all but Copy's source ranges have it.
 *
 * @param into - becomes that
 * @returns `into`, or undefined for blocks without protection information
 */
export function protectionOf(command: Command, namespace: Namespace, into: Protection): Protection | undefined {
  if (namespace.protection === undefined) return undefined;
  const cdw12 = command.cdw(12);
  const prinfo = (cdw12 >>> RW_CDW12_PRINFO_SHIFT) & RW_CDW12_PRINFO_MASK;
  into.begin(namespace.protection, prinfo, (cdw12 & RW_CDW12_STC) !== 0);
  const { signedWords } = command;
  into.tags.load(signedWords[W_CDW2], signedWords[W_CDW3], signedWords[W_CDW14], signedWords[W_CDW15]);
  return into;
}

/** Whether the metadata of a block is protection information and nothing else, so that all of it can be inserted and stripped. */
export function isProtectionOnly(format: ProtectionFormat | undefined): boolean {
  return format !== undefined && format.metadataBytes === format.tupleBytes;
}
