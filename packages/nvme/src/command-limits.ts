import {
  CTRATT_FDP,
  CTRATT_LIMITS_EXCLUDE_METADATA,
  DSM_RANGES_MAX,
  FUSES_COMPARE_AND_WRITE,
  type IdentifyController,
  type IdentifyNamespace,
  type IdentifyNvmController,
  type IdentifyNvmNamespace,
  NSFEAT_NSABP,
  OACS_DIRECTIVES,
  ONCS_DATASET_MANAGEMENT,
  ONCS_VERIFY,
  ONCS_WRITE_UNCORRECTABLE,
  ONCS_WRITE_ZEROES,
  ONCS_WRITE_ZEROES_DEALLOCATE_LIMIT,
  PAGE_BYTES,
  PIC_STORAGE_TAG_CHECK_READ,
  RW_BLOCKS_MAX,
} from '@phasebit/nvme-spec';

const U32_MAX = 0xffff_ffff;
const ALL_BITS = 0xffff;

/** Which commands a namespace may be sent on one controller, and how large they may be. What the controller did not say bounds nothing. */
export interface CommandLimits {
  /** ONCS_* bits of the commands that are offered, also of those that only a size limit tells of; all ones where nothing is known */
  readonly offered: number;
  /** whether Compare and Write are fused */
  readonly canFuse: boolean;
  /** blocks of a fused compare and write: ACWU, or NACWU where the namespace has its own */
  readonly compareAndWriteBlocksMax: number;
  /** blocks of a Verify */
  readonly verifyBlocksMax: number;
  /** blocks of a Write Zeroes */
  readonly writeZeroesBlocksMax: number;
  /** blocks of a Write Zeroes that deallocates */
  readonly writeZeroesDeallocateBlocksMax: number;
  /** blocks of a Write Uncorrectable */
  readonly writeUncorrectableBlocksMax: number;
  /** ranges of a Dataset Management */
  readonly datasetRangesMax: number;
  /** blocks of each of them */
  readonly datasetRangeBlocksMax: number;
  /** blocks of all of them */
  readonly datasetBlocksMax: number;
  /** source ranges of a Copy, MSRC + 1 */
  readonly copyRangesMax: number;
  /** blocks of each of them, MSSRL */
  readonly copyRangeBlocksMax: number;
  /** blocks of all of them, MCL */
  readonly copyBlocksMax: number;
  /** bit n: source ranges of format n, CDFS */
  readonly copyFormats: number;
  /** whether storage tags are checked when the sources of a Copy are read, STCRS */
  readonly copyChecksStorageTag: boolean;
  /** whether a Write may carry a directive, OACS bit 5 */
  readonly hasDirectives: boolean;
  /** whether there is flexible data placement, CTRATT bit 19 */
  readonly hasPlacement: boolean;
  /** bits of the reservation types, RESCAP */
  readonly reservations: number;
}

/** Whether a controller says that its size limits do not count interleaved metadata: CTRATT, MEM. [Base] 5.1.13.2.1 */
export function limitsExcludeMetadata(controller: IdentifyController): boolean {
  return (controller.ctratt & CTRATT_LIMITS_EXCLUDE_METADATA) !== 0;
}

/**
 * Takes the limits out of what Identify said.
 *
 * The size limits of CNS 06h are hard ones only for a command whose bit of ONCS is 0, which is offered if there is such a limit at all;
 * with the bit at 1 they are recommendations, and bound nothing here. [Base] 5.1.13.2.1 ONCS, [NVM] 4.1.5.4
 *
 * @param countedBlockBytes - bytes of a block as size limits count it
 * @param controller - Identify Controller
 * @param sizes - Identify Controller of the NVM Command Set, CNS 06h
 * @param nvm - Identify Namespace of the NVM Command Set, CNS 05h
 */
export function commandLimits(
  identify: IdentifyNamespace,
  countedBlockBytes: number,
  controller: IdentifyController | undefined,
  sizes: IdentifyNvmController | undefined,
  nvm?: IdentifyNvmNamespace,
): CommandLimits {
  const oncs = controller?.oncs ?? ALL_BITS;
  const { vsl = 0, wzsl = 0, wusl = 0, dmrl = 0, dmrsl = 0, dmsl = 0, wzdsl = 0 } = sizes ?? {};
  const hasDatasetLimits = dmrl !== 0 && dmrsl !== 0 && dmsl !== 0;
  /** The limit of a command, 0 where it has no hard one. */
  const hard = (bit: number, limit: number): number => ((oncs & bit) === 0 ? limit : 0);
  const blocksOf = (exponent: number): number => {
    const blocks = exponent === 0 ? RW_BLOCKS_MAX : Math.floor((PAGE_BYTES * 2 ** exponent) / countedBlockBytes);
    return Math.min(RW_BLOCKS_MAX, blocks);
  };
  const isDeallocateApart = (oncs & ONCS_WRITE_ZEROES_DEALLOCATE_LIMIT) !== 0 && wzdsl !== 0;
  const ownAtomicUnit = (identify.nsfeat & NSFEAT_NSABP) !== 0 ? identify.nacwu : 0;
  return {
    offered:
      oncs |
      (vsl !== 0 ? ONCS_VERIFY : 0) |
      (wzsl !== 0 ? ONCS_WRITE_ZEROES : 0) |
      (wusl !== 0 ? ONCS_WRITE_UNCORRECTABLE : 0) |
      (hasDatasetLimits ? ONCS_DATASET_MANAGEMENT : 0),
    canFuse: controller === undefined || (controller.fuses & FUSES_COMPARE_AND_WRITE) !== 0,
    // ACWU and NACWU are 0's based; 0 in the namespace stands for the controller's.
    compareAndWriteBlocksMax: (ownAtomicUnit === 0 ? (controller?.acwu ?? RW_BLOCKS_MAX - 1) : ownAtomicUnit) + 1,
    verifyBlocksMax: blocksOf(hard(ONCS_VERIFY, vsl)),
    writeZeroesBlocksMax: blocksOf(hard(ONCS_WRITE_ZEROES, wzsl)),
    writeZeroesDeallocateBlocksMax: blocksOf(hard(ONCS_WRITE_ZEROES, isDeallocateApart ? wzdsl : wzsl)),
    writeUncorrectableBlocksMax: blocksOf(hard(ONCS_WRITE_UNCORRECTABLE, wusl)),
    datasetRangesMax: Math.min(hard(ONCS_DATASET_MANAGEMENT, dmrl) || DSM_RANGES_MAX, DSM_RANGES_MAX),
    datasetRangeBlocksMax: hard(ONCS_DATASET_MANAGEMENT, dmrsl) || U32_MAX,
    datasetBlocksMax: hard(ONCS_DATASET_MANAGEMENT, Number(dmsl)) || Number.MAX_SAFE_INTEGER,
    copyRangesMax: identify.msrc + 1,
    copyRangeBlocksMax: identify.mssrl,
    copyBlocksMax: identify.mcl,
    copyFormats: controller?.cdfs ?? ALL_BITS,
    copyChecksStorageTag: controller === undefined || ((nvm?.pic ?? 0) & PIC_STORAGE_TAG_CHECK_READ) !== 0,
    hasDirectives: controller === undefined || (controller.oacs & OACS_DIRECTIVES) !== 0,
    hasPlacement: controller === undefined || (controller.ctratt & CTRATT_FDP) !== 0,
    reservations: identify.rescap,
  };
}
