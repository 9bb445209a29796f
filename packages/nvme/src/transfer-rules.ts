/**
 * Hot path: allocates only in the constructor.
 */
import {
  NVM_COMPARE,
  NVM_COPY,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  ONCS_COMPARE,
  ONCS_COPY,
  ONCS_NAMESPACE_ZEROES,
  ONCS_VERIFY,
  ONCS_WRITE_UNCORRECTABLE,
  ONCS_WRITE_ZEROES,
  PRINFO_PRCHK_REFERENCE,
  RW_CDW12_FUA,
  RW_CDW12_LR,
  RW_CDW12_PRACT,
  RW_CDW12_PRINFO_MASK,
  RW_CDW12_PRINFO_SHIFT,
  RW_CDW12_STC,
  RW_CDW13_DSM_MASK,
  WRITE_ZEROES_CDW12_DEAC,
  WRITE_ZEROES_CDW12_NSZ,
} from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { CopySources } from './copy-sources.js';
import type { Namespace } from './namespace.js';
import { fromLba, isTag, tagMax } from './protection-tags.js';
import {
  REFUSED_APPLICATION_TAG,
  REFUSED_BLOCKS,
  REFUSED_DIRECTIVE,
  REFUSED_FLAGS,
  REFUSED_HINTS,
  REFUSED_METADATA,
  REFUSED_METADATA_UNWANTED,
  REFUSED_NOT_OFFERED,
  REFUSED_OPCODE,
  REFUSED_PAYLOAD,
  REFUSED_PROTECTION,
  REFUSED_REFERENCE_CHECK,
  REFUSED_REFERENCE_TAG,
  REFUSED_STORAGE_TAG,
  type Refusal,
} from './refusal.js';
import { REFERENCE_TAG_FROM_LBA, type Transfer } from './transfer.js';

const LBA_MAX = Number.MAX_SAFE_INTEGER;
const U16_MAX = 0xffff;
const DIRECTIVE_STREAMS = 1;
const DIRECTIVE_PLACEMENT = 2;
const TYPE_3 = 3;
const PRINFO = RW_CDW12_PRINFO_MASK << RW_CDW12_PRINFO_SHIFT;
const FLAGS_OF_ALL = RW_CDW12_FUA | RW_CDW12_LR | RW_CDW12_STC | PRINFO;

/** Whether a command moves data between host and controller. */
export function movesData(opcode: number): boolean {
  return opcode === NVM_READ || opcode === NVM_WRITE || opcode === NVM_COMPARE;
}

/** Whether the controller inserts or strips all the metadata there is: PRACT, and nothing in it but protection information. [NVM] 5.3.2 */
export function isStripped(namespace: Namespace, flags: number): boolean {
  return (flags & RW_CDW12_PRACT) !== 0 && namespace.piBytes !== 0 && namespace.piBytes === namespace.metadataBytes;
}

/** Bytes of a block as a command with these flags transfers it. */
export function wireBytes(namespace: Namespace, flags: number): number {
  return isStripped(namespace, flags) ? namespace.blockBytes : namespace.wireBlockBytes;
}

/** Whether metadata goes by a buffer of its own. */
export function needsMetadata(namespace: Namespace, flags: number): boolean {
  return namespace.metadataBytes !== 0 && !namespace.isExtended && !isStripped(namespace, flags);
}

/**
 * What a transfer may ask of a namespace. Whatever the controller could not support, or would refuse for how it is asked, is refused here,
 * with what was expected noted. Where its data pointer may be cut is a matter of `CutPlan`.
 */
export class TransferRules {
  constructor(
    private readonly dma: DmaSpace,
    private readonly refusal: Refusal,
  ) {}

  /** Whether a transfer may be sent. @throws RangeError when its blocks are not below 2^53 */
  check(opcode: number, namespace: Namespace, transfer: Transfer): boolean {
    const { lba, blocks } = transfer;
    if (!(Number.isSafeInteger(lba) && lba >= 0 && !(lba + blocks > LBA_MAX))) failLba(lba, blocks);
    return (
      this.checkOpcode(opcode, namespace) &&
      this.checkBlocks(opcode, namespace, transfer) &&
      this.checkFlags(opcode, namespace, transfer) &&
      this.checkDirective(opcode, namespace, transfer) &&
      this.checkProtection(opcode, namespace, transfer) &&
      (!movesData(opcode) || this.checkMemory(namespace, transfer))
    );
  }

  /** Whether a copy may be sent. @throws RangeError as {@link TransferRules.check} */
  checkCopy(namespace: Namespace, sources: CopySources, destination: Transfer): boolean {
    const { lba, flags } = destination;
    if (!(Number.isSafeInteger(lba) && lba >= 0)) failLba(lba, 1);
    if ((flags & ~FLAGS_OF_ALL) !== 0) return this.refuse(REFUSED_FLAGS, flags >>> 0, FLAGS_OF_ALL >>> 0);
    return (
      this.isOffered(NVM_COPY, namespace, ONCS_COPY) &&
      sources.check(namespace, flags, this.refusal) &&
      this.checkDirective(NVM_COPY, namespace, destination) &&
      this.checkProtection(NVM_COPY, namespace, destination)
    );
  }

  /** Whether the controller offers a command of ONCS. */
  isOffered(opcode: number, namespace: Namespace, bit: number): boolean {
    const { offered } = namespace.limits;
    return (offered & bit) !== 0 || this.refuse(REFUSED_NOT_OFFERED, opcode, offered);
  }

  private checkOpcode(opcode: number, namespace: Namespace): boolean {
    if (opcode === NVM_READ || opcode === NVM_WRITE) return true;
    if (opcode === NVM_COMPARE) return this.isOffered(opcode, namespace, ONCS_COMPARE);
    if (opcode === NVM_VERIFY) return this.isOffered(opcode, namespace, ONCS_VERIFY);
    if (opcode === NVM_WRITE_ZEROES) return this.isOffered(opcode, namespace, ONCS_WRITE_ZEROES);
    if (opcode === NVM_WRITE_UNCORRECTABLE) return this.isOffered(opcode, namespace, ONCS_WRITE_UNCORRECTABLE);
    return this.refuse(REFUSED_OPCODE, opcode, 0);
  }

  private checkBlocks(opcode: number, namespace: Namespace, { blocks, flags }: Transfer): boolean {
    const max = blocksMax(opcode, namespace, flags);
    return (Number.isInteger(blocks) && blocks >= 1 && blocks <= max) || this.refuse(REFUSED_BLOCKS, blocks, max);
  }

  private checkFlags(opcode: number, namespace: Namespace, { flags, dsm }: Transfer): boolean {
    let allowed = opcode === NVM_WRITE_UNCORRECTABLE ? 0 : FLAGS_OF_ALL;
    if (opcode === NVM_COMPARE || opcode === NVM_VERIFY) allowed &= ~RW_CDW12_PRACT;
    if (opcode === NVM_WRITE_ZEROES) {
      allowed |= WRITE_ZEROES_CDW12_DEAC;
      if ((namespace.limits.offered & ONCS_NAMESPACE_ZEROES) !== 0) allowed |= WRITE_ZEROES_CDW12_NSZ;
    }
    if ((flags & ~allowed) !== 0) return this.refuse(REFUSED_FLAGS, flags >>> 0, allowed >>> 0);
    const hintsMax = opcode === NVM_READ || opcode === NVM_WRITE ? RW_CDW13_DSM_MASK : 0;
    return (dsm >= 0 && dsm <= hintsMax) || this.refuse(REFUSED_HINTS, dsm, 0);
  }

  private checkDirective(opcode: number, namespace: Namespace, transfer: Transfer): boolean {
    const { directiveType, directiveSpecific } = transfer;
    if ((directiveType | directiveSpecific) === 0) return true;
    const { hasDirectives, hasPlacement } = namespace.limits;
    const isKnown = directiveType === DIRECTIVE_STREAMS || (directiveType === DIRECTIVE_PLACEMENT && hasPlacement);
    const isWrite =
      opcode === NVM_WRITE || opcode === NVM_WRITE_ZEROES || opcode === NVM_WRITE_UNCORRECTABLE || opcode === NVM_COPY;
    const isSpecific = directiveSpecific >= 0 && directiveSpecific <= U16_MAX;
    return (isKnown && isWrite && isSpecific && hasDirectives) || this.refuse(REFUSED_DIRECTIVE, directiveType, 0);
  }

  private checkProtection(opcode: number, namespace: Namespace, transfer: Transfer): boolean {
    const { flags, referenceTag, storageTag, applicationTag, applicationTagMask } = transfer;
    const { piType, referenceTagBits, storageTagBits } = namespace;
    const prinfo = (flags >>> RW_CDW12_PRINFO_SHIFT) & RW_CDW12_PRINFO_MASK;
    const checksStorage = (flags & RW_CDW12_STC) !== 0;
    const hasReference = referenceTag !== REFERENCE_TAG_FROM_LBA;
    if (piType === 0 || opcode === NVM_WRITE_UNCORRECTABLE) {
      const isPlain = prinfo === 0 && !checksStorage && !hasReference;
      const hasNoTags = storageTag === 0 && applicationTag === 0 && applicationTagMask === 0;
      return (isPlain && hasNoTags) || this.refuse(REFUSED_PROTECTION, prinfo, 0);
    }
    if (piType === TYPE_3 && (prinfo & PRINFO_PRCHK_REFERENCE) !== 0) {
      return this.refuse(REFUSED_REFERENCE_CHECK, prinfo, 0);
    }
    const isReference =
      isTag(referenceTag, referenceTagBits) &&
      (piType !== 1 || referenceTag === fromLba(transfer.lba, referenceTagBits));
    if (hasReference && !isReference) {
      return this.refuse(REFUSED_REFERENCE_TAG, referenceTag, tagMax(referenceTagBits));
    }
    if (!isTag(storageTag, storageTagBits) || (checksStorage && storageTagBits === 0)) {
      return this.refuse(REFUSED_STORAGE_TAG, storageTag, tagMax(storageTagBits));
    }
    const isApplication = isU16(applicationTag) && isU16(applicationTagMask);
    return isApplication || this.refuse(REFUSED_APPLICATION_TAG, applicationTag, 0);
  }

  private checkMemory(namespace: Namespace, transfer: Transfer): boolean {
    const { address, metadata, metadataScatter, blocks, flags } = transfer;
    const bytes = blocks * wireBytes(namespace, flags);
    const isPayload = transfer.scatter !== null || (Number.isInteger(address) && this.dma.contains(address, bytes));
    if (!isPayload) return this.refuse(REFUSED_PAYLOAD, address, bytes);
    if (needsMetadata(namespace, flags)) {
      const size = blocks * namespace.metadataBytes;
      const isMemory = metadataScatter !== null || (Number.isInteger(metadata) && this.dma.contains(metadata, size));
      return isMemory || this.refuse(REFUSED_METADATA, metadata, size);
    }
    // What is stripped altogether may keep its buffer in the transfer: PRACT is a choice for each command.
    const isUnwanted = (metadata !== 0 || metadataScatter !== null) && !isStripped(namespace, flags);
    return !isUnwanted || this.refuse(REFUSED_METADATA_UNWANTED, metadata, 0);
  }

  private refuse(text: string, got: number, limit: number): boolean {
    this.refusal.note(text, got, limit);
    return false;
  }
}

/** Most blocks that a transfer may have: of those that are not split, what one command may. */
function blocksMax(opcode: number, { limits }: Namespace, flags: number): number {
  if (opcode === NVM_VERIFY) return limits.verifyBlocksMax;
  if (opcode === NVM_WRITE_UNCORRECTABLE) return limits.writeUncorrectableBlocksMax;
  if (opcode !== NVM_WRITE_ZEROES) return LBA_MAX;
  return (flags & WRITE_ZEROES_CDW12_DEAC) === 0 ? limits.writeZeroesBlocksMax : limits.writeZeroesDeallocateBlocksMax;
}

function isU16(value: number): boolean {
  return value >= 0 && value <= U16_MAX && Number.isInteger(value);
}

function failLba(lba: number, blocks: number): never {
  throw new RangeError(`lba: expected 0 to 2^53 - 1 for each of ${blocks} blocks, got ${lba}`);
}
