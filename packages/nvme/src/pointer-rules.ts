import {
  SGL_DESCRIPTOR_BYTES,
  SGLS_BIT_BUCKET,
  SGLS_METADATA_BYTE_ALIGNED,
  SGLS_METADATA_SGL,
  SGLS_SUPPORT_MASK,
  SGLS_SUPPORTED,
  SGLS_SUPPORTED_DWORD,
} from '@phasebit/nvme-spec';

const DWORD_MASK = 3;

/** Most descriptors of a list that are set aside for metadata. */
const METADATA_DESCRIPTORS_MAX = 8;

/**
 * How payloads are described.
 *
 * - `auto`: contiguous ones by PRPs, which cost less, scattered ones by SGLs where the controller has them, else by PRPs.
 * - `prp`: all by PRPs.
 * - `sgl`: all by SGLs.
 */
export type PayloadChoice = 'auto' | 'prp' | 'sgl';

/** Whether SGLS says that there are SGLs. */
function hasSgls(sgls: number): boolean {
  const support = sgls & SGLS_SUPPORT_MASK;
  return support === SGLS_SUPPORTED || support === SGLS_SUPPORTED_DWORD;
}

/** Checks that what is asked for is there. @throws RangeError when SGLs are asked for and not there */
export function demandPayloadChoice(payload: PayloadChoice, sgls: number): void {
  if (payload !== 'sgl' || hasSgls(sgls)) return;
  throw new RangeError(`payload: expected auto or prp, since the controller has no SGLs (SGLS ${sgls}), got sgl`);
}

/** What data and metadata pointers of a queue pair may be, from Identify Controller SGLS and from the size of a request's list. [Base] 4.3 */
export class PointerRules {
  /** whether contiguous payloads are described by SGLs */
  readonly sglForContiguous: boolean;
  /** whether scattered payloads are described by SGLs */
  readonly sglForScattered: boolean;
  /** whether addresses and lengths of data blocks have to be multiples of 4 */
  readonly needsDwords: boolean;
  /** whether a Read may discard bytes */
  readonly hasBuckets: boolean;
  /** whether metadata goes by a descriptor too, where data goes by SGLs */
  readonly hasMetadataSgl: boolean;
  /** elements that follow each other on the bus share a descriptor */
  readonly mergesElements: boolean;
  /** most descriptors of one payload */
  readonly descriptorsMax: number;
  /** descriptors at the beginning of a list that are for metadata */
  readonly metadataDescriptors: number;
  /** runs on the bus that the metadata of one command may be, where data goes by SGLs; with PRPs it is one */
  readonly metadataRunsMax: number;
  /** bits of a metadata address that have to be 0, where data goes by SGLs; with PRPs it has to be a multiple of 4 */
  readonly metadataAlignMask: number;

  /**
   * @param sgls - SGLS of Identify Controller, 0 without SGLs
   * @param listBytes - bytes of a request's list
   */
  constructor(sgls: number, payload: PayloadChoice, mergesElements: boolean, listBytes: number) {
    const support = sgls & SGLS_SUPPORT_MASK;
    const descriptors = listBytes / SGL_DESCRIPTOR_BYTES;
    this.sglForContiguous = payload === 'sgl';
    this.sglForScattered = hasSgls(sgls) && payload !== 'prp';
    this.needsDwords = support === SGLS_SUPPORTED_DWORD;
    this.hasBuckets = (sgls & SGLS_BIT_BUCKET) !== 0;
    this.hasMetadataSgl = (sgls & SGLS_METADATA_SGL) !== 0;
    this.mergesElements = mergesElements;
    this.metadataDescriptors = this.hasMetadataSgl ? Math.min(descriptors / 4, METADATA_DESCRIPTORS_MAX) : 0;
    this.descriptorsMax = descriptors - this.metadataDescriptors;
    // Several runs take one descriptor more, which points to theirs.
    this.metadataRunsMax = Math.max(1, this.metadataDescriptors - 1);
    const isMetadataFree = this.hasMetadataSgl ? !this.needsDwords : (sgls & SGLS_METADATA_BYTE_ALIGNED) !== 0;
    this.metadataAlignMask = isMetadataFree ? 0 : DWORD_MASK;
  }
}
