import { type IdentifyNamespace, type LbaFormat, lbaFormatIndex } from '@phasebit/nvme-spec';

/** Stands in for a format that the namespace says it has and does not list. */
const NO_FORMAT: LbaFormat = { ms: 0, lbads: 0, rp: 0 };

/**
 * A namespace as the I/O path needs it: fixed numbers. A changed namespace is a new object.
 */
export class Namespace {
  /** namespace identifier, 1 and up */
  readonly nsid: number;
  /** bytes of a logical block, a power of two from 512 */
  readonly blockBytes: number;
  /** log2 of {@link Namespace.blockBytes} */
  readonly blockShift: number;
  /** logical blocks, NSZE */
  readonly blocks: number;
  /** most blocks of one command, from MDTS, the PRP list and the 16-bit NLB field */
  readonly transferBlocksMax: number;
  /** NOIOB: no command may cross a multiple of this many blocks; 0 for no such boundary */
  readonly boundaryBlocks: number;
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
   */
  constructor(nsid: number, identify: IdentifyNamespace, uuid: string, transferBytesMax: number) {
    const index = lbaFormatIndex(identify.flbas, identify.nlbaf + 1);
    const format = identify.lbaf[index] ?? NO_FORMAT;
    this.nsid = nsid;
    this.blockBytes = 2 ** format.lbads;
    this.blockShift = format.lbads;
    this.blocks = identify.nsze;
    this.transferBlocksMax = Math.min(0x1_0000, Math.floor(transferBytesMax / this.blockBytes));
    this.boundaryBlocks = identify.noiob;
    this.anaGroupId = identify.anagrpid;
    this.uuid = uuid;
    this.identify = identify;
    if (format === NO_FORMAT) {
      this.unusable = `expected one of ${identify.lbaf.length} LBA formats, got number ${index}`;
    } else if (format.lbads < 9 || format.lbads > 16) {
      this.unusable = `expected blocks of 2^9 to 2^16 bytes, got 2^${format.lbads}`;
    } else if (format.ms !== 0) {
      this.unusable = `expected no metadata, got ${format.ms} bytes per block`;
    } else if (this.blockBytes > transferBytesMax) {
      this.unusable = `expected blocks of at most one transfer, ${transferBytesMax} bytes, got ${this.blockBytes}`;
    } else {
      this.unusable = '';
    }
  }
}
