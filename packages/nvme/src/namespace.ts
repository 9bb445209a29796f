import {
  DPS_FIRST,
  FLBAS_METADATA_EXTENDED,
  type IdentifyController,
  type IdentifyNamespace,
  type IdentifyNvmController,
  type IdentifyNvmNamespace,
  type LbaFormat,
  lbaFormatIndex,
  ONCS_WRITE_ZEROES,
  protectionFormat,
  type ProtectionFormat,
  type ProtectionParameters,
  RW_BLOCKS_MAX,
} from '@phasebit/nvme-spec';
import { commandLimits, type CommandLimits, limitsExcludeMetadata } from './command-limits.js';
import { TRANSFER_BYTES_MAX } from './limits.js';

/** Stands in for a format that the namespace says it has and does not list. */
const NO_FORMAT: LbaFormat = { ms: 0, lbads: 0, rp: 0 };

/** What else is known of a namespace and of the controller it is reached through. What is left out bounds nothing. */
export interface NamespaceFacts {
  /** Identify Controller */
  readonly controller?: IdentifyController;
  /** Identify Namespace of the NVM Command Set, CNS 05h */
  readonly nvm?: IdentifyNvmNamespace;
  /** Identify Controller of the NVM Command Set, CNS 06h */
  readonly limits?: IdentifyNvmController;
  /** whether the controller does not count interleaved metadata when it applies MDTS, although CTRATT does not say so; default false */
  readonly mdtsExcludesMetadata?: boolean;
}

/**
 * A namespace as the I/O path needs it: fixed numbers. A changed namespace is a new object.
 */
export class Namespace {
  /** namespace identifier, 1 and up */
  readonly nsid: number;
  /** bytes of data in a logical block, a power of two from 512 */
  readonly blockBytes: number;
  /** log2 of {@link Namespace.blockBytes} */
  readonly blockShift: number;
  /** logical blocks, NSZE */
  readonly blocks: number;
  /** most blocks of one plain transfer: {@link Namespace.transferBlocksMax}, or 0 where no transfer is plain because blocks have metadata */
  readonly plainBlocksMax: number;
  /** most blocks of one plain Write Zeroes; 0 where it is not offered, or not plain because of protection information */
  readonly plainZeroesMax: number;
  /** most blocks of one command, from MDTS, a request's list and the 16-bit NLB field */
  readonly transferBlocksMax: number;
  /** the same for commands that carry no metadata because the controller inserts or strips all of it (PRACT) */
  readonly strippedBlocksMax: number;
  /** NOIOB: no command may cross a multiple of this many blocks; 0 for no such boundary */
  readonly boundaryBlocks: number;
  /** bytes of metadata for each block, 0 for none */
  readonly metadataBytes: number;
  /** metadata follows the data of each block, else it has a buffer of its own */
  readonly isExtended: boolean;
  /** bytes of a block as it is transferred: with its metadata where the format is extended */
  readonly wireBlockBytes: number;
  /** type of the protection information, 1 to 3; 0 for none */
  readonly piType: number;
  /** protection information comes first in the metadata, else last */
  readonly piIsFirst: boolean;
  /** bytes of protection information, 8 or 16; 0 for none */
  readonly piBytes: number;
  /** bits of the guard: 16, 32 or 64; 0 for no protection information */
  readonly guardBits: number;
  /** bits of the storage tag */
  readonly storageTagBits: number;
  /** bits of the reference tag */
  readonly referenceTagBits: number;
  /** the same for those who make or check protection information in memory: see `writeProtection` of `@phasebit/nvme-spec` */
  readonly protection: ProtectionFormat | undefined;
  /** which commands it may be sent, and how large */
  readonly limits: CommandLimits;
  /** ANA group, 0 without ANA */
  readonly anaGroupId: number;
  /** UUID as text, empty where the namespace has none */
  readonly uuid: string;
  /** what the controller said, whole */
  readonly identify: IdentifyNamespace;
  /** why this driver cannot move its blocks; empty when it can */
  readonly unusable: string;

  /**
   * @param uuid - from the namespace identification descriptors, empty for none
   * @param transferBytesMax - most bytes of one command on this controller
   * @param facts - what else is known
   */
  constructor(
    nsid: number,
    identify: IdentifyNamespace,
    uuid: string,
    transferBytesMax: number,
    facts: NamespaceFacts = {},
  ) {
    const index = lbaFormatIndex(identify.flbas, identify.nlbaf + 1);
    const format = identify.lbaf[index] ?? NO_FORMAT;
    this.nsid = nsid;
    this.blockBytes = 2 ** format.lbads;
    this.blockShift = format.lbads;
    this.blocks = identify.nsze;
    this.metadataBytes = format.ms;
    this.isExtended = format.ms !== 0 && (identify.flbas & FLBAS_METADATA_EXTENDED) !== 0;
    this.wireBlockBytes = this.blockBytes + (this.isExtended ? format.ms : 0);
    // Where MDTS does not count metadata, a list has to describe it all the same.
    const { controller } = facts;
    const excludesMetadata = controller !== undefined && limitsExcludeMetadata(controller);
    const wireBytesMax =
      excludesMetadata || facts.mdtsExcludesMetadata === true
        ? Math.min(TRANSFER_BYTES_MAX, Math.floor(transferBytesMax / this.blockBytes) * this.wireBlockBytes)
        : transferBytesMax;
    this.transferBlocksMax = Math.min(RW_BLOCKS_MAX, Math.floor(wireBytesMax / this.wireBlockBytes));
    this.strippedBlocksMax = Math.min(RW_BLOCKS_MAX, Math.floor(transferBytesMax / this.blockBytes));
    this.plainBlocksMax = format.ms === 0 ? this.transferBlocksMax : 0;
    this.boundaryBlocks = identify.noiob;
    const { dps } = identify;
    const { blockBytes, metadataBytes } = this;
    const lbstm = facts.nvm?.lbstm;
    const { protection, trouble } = protectionOf({
      ...{ blockBytes, metadataBytes, dps },
      ...facts.nvm?.elbaf[index],
      ...(lbstm === undefined ? {} : { lbstm }),
    });
    this.protection = protection;
    this.piType = protection?.type ?? 0;
    this.piIsFirst = protection !== undefined && (dps & DPS_FIRST) !== 0;
    this.piBytes = protection?.tupleBytes ?? 0;
    this.guardBits = protection?.guardBits ?? 0;
    this.storageTagBits = protection?.storageBits ?? 0;
    this.referenceTagBits = protection?.referenceBits ?? 0;
    const countedBlockBytes = excludesMetadata ? blockBytes : this.wireBlockBytes;
    this.limits = commandLimits(identify, countedBlockBytes, controller, facts.limits, facts.nvm);
    const hasZeroes = protection === undefined && (this.limits.offered & ONCS_WRITE_ZEROES) !== 0;
    this.plainZeroesMax = hasZeroes ? this.limits.writeZeroesBlocksMax : 0;
    this.anaGroupId = identify.anagrpid;
    this.uuid = uuid;
    this.identify = identify;
    this.unusable =
      format === NO_FORMAT
        ? `expected one of ${identify.lbaf.length} LBA formats, got number ${index}`
        : this.whyUnusable(transferBytesMax) || trouble;
  }

  private whyUnusable(transferBytesMax: number): string {
    const { blockShift, wireBlockBytes } = this;
    if (blockShift < 9 || blockShift > 16) return `expected blocks of 2^9 to 2^16 bytes, got 2^${blockShift}`;
    if (wireBlockBytes <= transferBytesMax) return '';
    return `expected blocks of at most one transfer, ${transferBytesMax} bytes, got ${wireBlockBytes}`;
  }
}

/** The format of the protection information, or what is wrong with it. */
function protectionOf(parameters: ProtectionParameters): { protection: ProtectionFormat | undefined; trouble: string } {
  try {
    return { protection: protectionFormat(parameters), trouble: '' };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { protection: undefined, trouble: `expected ${error.message}` };
  }
}
