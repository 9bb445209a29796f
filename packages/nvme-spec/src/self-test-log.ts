/**
 * Device Self-test log (06h), 564 bytes: the test that runs, and the last 20 results, newest first. [Base] 5.1.12.1.7
 *
 *   0x000   current operation (1), current completion (1), reserved (2)
 *   0x004   20 results of 28 bytes
 */
import { readUint32, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';
import type { Status } from './status.js';

/** Bytes of the Device Self-test log. */
export const SELF_TEST_LOG_BYTES = 564;
/** 0x00  1  Current operation in bits 3:0: 0 for none, else SELF_TEST_SHORT and so on. */
export const SELF_TEST_LOG_CDSTO = 0x00;
/** 0x01  1  Percent of it that is complete, in bits 6:0. */
export const SELF_TEST_LOG_CDSTC = 0x01;
/** 0x04 560  Results, newest first. */
export const SELF_TEST_LOG_RESULTS = 0x04;
/** Results in the log. */
export const SELF_TEST_LOG_RESULT_COUNT = 20;

/** Bytes of a result. */
export const SELF_TEST_RESULT_BYTES = 28;
/** 0x00  1  Self-test code in bits 7:4, result in bits 3:0, SELF_TEST_RESULT_*. */
export const SELF_TEST_RESULT_DSTS = 0x00;
/** 0x01  1  Segment that failed first, with {@link SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED} only. */
export const SELF_TEST_RESULT_SEGN = 0x01;
/** 0x02  1  Which of the fields below are valid, SELF_TEST_VALID_*. */
export const SELF_TEST_RESULT_VDINFO = 0x02;
/** 0x04  8  Power on hours at its end. */
export const SELF_TEST_RESULT_POH = 0x04;
/** 0x0c  4  Namespace of the failing LBA. */
export const SELF_TEST_RESULT_NSID = 0x0c;
/** 0x10  8  Failing LBA. */
export const SELF_TEST_RESULT_FLBA = 0x10;
/** 0x18  1  Status code type in bits 2:0. */
export const SELF_TEST_RESULT_SCT = 0x18;
/** 0x19  1  Status code. */
export const SELF_TEST_RESULT_SC = 0x19;
/** 0x1a  2  Vendor specific. */
export const SELF_TEST_RESULT_VS = 0x1a;

/** Result: completed without error. */
export const SELF_TEST_RESULT_OK = 0x0;
/** Result: aborted by a Device Self-test command. */
export const SELF_TEST_RESULT_ABORTED = 0x1;
/** Result: aborted by a controller level reset. */
export const SELF_TEST_RESULT_ABORTED_RESET = 0x2;
/** Result: aborted because a namespace was removed. */
export const SELF_TEST_RESULT_ABORTED_NAMESPACE = 0x3;
/** Result: aborted by a Format NVM command. */
export const SELF_TEST_RESULT_ABORTED_FORMAT = 0x4;
/** Result: a fatal or unknown error, the test did not complete. */
export const SELF_TEST_RESULT_FATAL = 0x5;
/** Result: a segment failed, which one is not known. */
export const SELF_TEST_RESULT_UNKNOWN_SEGMENT_FAILED = 0x6;
/** Result: a segment failed, the first is in the segment number. */
export const SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED = 0x7;
/** Result: aborted for an unknown reason. */
export const SELF_TEST_RESULT_ABORTED_UNKNOWN = 0x8;
/** Result: aborted by a sanitize operation. */
export const SELF_TEST_RESULT_ABORTED_SANITIZE = 0x9;
/** Result: the entry is empty. */
export const SELF_TEST_RESULT_EMPTY = 0xf;

/** Valid diagnostic information bit 0: the NSID is valid. */
export const SELF_TEST_VALID_NSID = 0x01;
/** Valid diagnostic information bit 1: the failing LBA is valid. */
export const SELF_TEST_VALID_FLBA = 0x02;
/** Valid diagnostic information bit 2: the status code type is valid. */
export const SELF_TEST_VALID_SCT = 0x04;
/** Valid diagnostic information bit 3: the status code is valid. */
export const SELF_TEST_VALID_SC = 0x08;

/** Layout of the Device Self-test log. */
export const SelfTestLogLayout: Layout = layout('SELF_TEST_LOG', SELF_TEST_LOG_BYTES, [
  [SELF_TEST_LOG_CDSTO, 1, 'cdsto'],
  [SELF_TEST_LOG_CDSTC, 1, 'cdstc'],
  [2, 2, 'reserved2', 'reserved'],
  [SELF_TEST_LOG_RESULTS, SELF_TEST_LOG_RESULT_COUNT * SELF_TEST_RESULT_BYTES, 'results'],
]);

/** Layout of a result. */
export const SelfTestResultLayout: Layout = layout('SELF_TEST_RESULT', SELF_TEST_RESULT_BYTES, [
  [SELF_TEST_RESULT_DSTS, 1, 'dsts'],
  [SELF_TEST_RESULT_SEGN, 1, 'segn'],
  [SELF_TEST_RESULT_VDINFO, 1, 'vdinfo'],
  [3, 1, 'reserved3', 'reserved'],
  [SELF_TEST_RESULT_POH, 8, 'poh', 'packed'],
  [SELF_TEST_RESULT_NSID, 4, 'nsid'],
  [SELF_TEST_RESULT_FLBA, 8, 'flba'],
  [SELF_TEST_RESULT_SCT, 1, 'sct'],
  [SELF_TEST_RESULT_SC, 1, 'sc'],
  [SELF_TEST_RESULT_VS, 2, 'vs', 'bytes'],
]);

/** One result of a self-test; a field that the controller does not vouch for is undefined. */
export interface SelfTestResult {
  /** What was tested, SELF_TEST_SHORT and so on. */
  readonly code: number;
  /** Result, SELF_TEST_RESULT_*. */
  readonly result: number;
  /** Segment that failed first. */
  readonly segment: number | undefined;
  /** Power on hours at its end. */
  readonly powerOnHours: number | bigint;
  /** Namespace of the failing LBA. */
  readonly nsid: number | undefined;
  /** Failing LBA. */
  readonly flba: number | bigint | undefined;
  /** Status of the failure, SCT and SC; needs both to be valid. */
  readonly status: Status | undefined;
}

/** A decoded Device Self-test log. */
export interface SelfTestLog {
  /** Test that runs, SELF_TEST_SHORT and so on; 0 for none. */
  readonly current: number;
  /** Percent of it that is complete; without meaning when none runs. */
  readonly percent: number;
  /** Results, newest first, without empty entries. */
  readonly results: readonly SelfTestResult[];
}

/** Decodes a Device Self-test log. @throws RangeError when `data` is shorter than 564 bytes. */
export function decodeSelfTestLog(data: Uint8Array): SelfTestLog {
  if (data.length < SELF_TEST_LOG_BYTES) {
    throw new RangeError(`SELF_TEST_LOG: ${SELF_TEST_LOG_BYTES} bytes expected, got ${data.length}`);
  }
  const results: SelfTestResult[] = [];
  for (let index = 0; index < SELF_TEST_LOG_RESULT_COUNT; index++) {
    const at = SELF_TEST_LOG_RESULTS + index * SELF_TEST_RESULT_BYTES;
    const result = decodeResult(data.subarray(at, at + SELF_TEST_RESULT_BYTES));
    if (result.result !== SELF_TEST_RESULT_EMPTY) results.push(result);
  }
  return { current: data[SELF_TEST_LOG_CDSTO] & 0xf, percent: data[SELF_TEST_LOG_CDSTC] & 0x7f, results };
}

function decodeResult(entry: Uint8Array): SelfTestResult {
  const result = entry[SELF_TEST_RESULT_DSTS] & 0xf;
  const valid = entry[SELF_TEST_RESULT_VDINFO];
  const hasStatus = (valid & SELF_TEST_VALID_SCT) !== 0 && (valid & SELF_TEST_VALID_SC) !== 0;
  return {
    code: entry[SELF_TEST_RESULT_DSTS] >>> 4,
    result,
    segment: result === SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED ? entry[SELF_TEST_RESULT_SEGN] : undefined,
    powerOnHours: readUnsigned(entry, SELF_TEST_RESULT_POH, 8),
    nsid: (valid & SELF_TEST_VALID_NSID) !== 0 ? readUint32(entry, SELF_TEST_RESULT_NSID) : undefined,
    flba: (valid & SELF_TEST_VALID_FLBA) !== 0 ? readUnsigned(entry, SELF_TEST_RESULT_FLBA, 8) : undefined,
    status: hasStatus ? ((entry[SELF_TEST_RESULT_SCT] & 0x7) << 8) | entry[SELF_TEST_RESULT_SC] : undefined,
  };
}
