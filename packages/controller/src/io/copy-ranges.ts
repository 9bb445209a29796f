import { U32_RANGE } from '@phasebit/core';
import {
  COPY_RANGE_ELBAT,
  COPY_RANGE_ELBT,
  COPY_RANGE_EXTENDED_BYTES,
  COPY_RANGE_EXTENDED_ELBAT,
  COPY_RANGE_EXTENDED_ELBT,
  COPY_RANGE_RPARS,
  COPY_RANGE_RPARS_FIELDS,
  COPY_RANGE_SLBA,
  COPY_RANGE_SNSID,
} from '@phasebit/nvme-spec';

/** A source range of a Copy, as the host gave it. [NVM] 3.3.2 */
export interface CopyRange {
  /** namespace that it is in; means nothing in formats 0h and 1h */
  readonly nsid: number;
  readonly lbaLow: number;
  readonly lbaHigh: number;
  /** the two halves as one; from 2^53 on it loses its low bits, and is past the end of every namespace */
  readonly lba: number;
  readonly blocks: number;
  // The expected tags, as the dwords of a Read have them.
  readonly cdw2: number;
  readonly cdw3: number;
  readonly cdw14: number;
  readonly cdw15: number;
}

/** Takes a list of source ranges apart. @param rangeBytes - bytes of each, 32 or 40, as the descriptor format says */
export function decodeCopyRanges(bytes: Uint8Array, rangeBytes: number): CopyRange[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ranges: CopyRange[] = [];
  for (let at = 0; at < bytes.length; at += rangeBytes) {
    const lbaLow = view.getUint32(at + COPY_RANGE_SLBA, true);
    const lbaHigh = view.getUint32(at + COPY_RANGE_SLBA + 4, true);
    ranges.push({
      nsid: view.getUint32(at + COPY_RANGE_SNSID, true),
      lbaLow,
      lbaHigh,
      lba: lbaHigh * U32_RANGE + lbaLow,
      blocks: COPY_RANGE_RPARS_FIELDS.NLB0.get(view.getUint32(at + COPY_RANGE_RPARS, true)) + 1,
      ...(rangeBytes === COPY_RANGE_EXTENDED_BYTES ? extendedTags(view, at) : tags(view, at)),
    });
  }
  return ranges;
}

type Tags = Pick<CopyRange, 'cdw2' | 'cdw3' | 'cdw14' | 'cdw15'>;

/** Application tag and mask are next to each other, as in dword 15. */
function tags(view: DataView, at: number): Tags {
  const cdw14 = view.getUint32(at + COPY_RANGE_ELBT, true);
  return { cdw2: 0, cdw3: 0, cdw14, cdw15: view.getUint32(at + COPY_RANGE_ELBAT, true) };
}

/** The 80 bits of storage and reference tag are big-endian. */
function extendedTags(view: DataView, at: number): Tags {
  return {
    cdw2: view.getUint16(at + COPY_RANGE_EXTENDED_ELBT),
    cdw3: view.getUint32(at + COPY_RANGE_EXTENDED_ELBT + 2),
    cdw14: view.getUint32(at + COPY_RANGE_EXTENDED_ELBT + 6),
    cdw15: view.getUint32(at + COPY_RANGE_EXTENDED_ELBAT, true),
  };
}
