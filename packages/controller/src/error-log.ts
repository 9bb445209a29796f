import {
  ERRLOG_CID,
  ERRLOG_ENTRY_BYTES,
  ERRLOG_ERROR_COUNT,
  ERRLOG_LBA,
  ERRLOG_NSID,
  ERRLOG_OPCODE,
  ERRLOG_PARAMETER_LOCATION,
  ERRLOG_SQID,
  ERRLOG_STATUS,
  ERRLOG_VERSION,
} from '@phasebit/nvme-spec';
import { ERROR_LOG_ENTRIES } from './limits.js';

/** Parameter location, queue or command that the error has nothing to do with. [Base] 5.1.12.1.2 */
const NONE = 0xffff;

/** One error, as far as it is known. Used again for every error, so that a storm of failing commands makes no garbage. */
export class ErrorReport {
  /** submission queue, or -1 */
  queueId = -1;
  /** command identifier, or -1 */
  cid = -1;
  /** 15-bit status */
  status = 0;
  /** byte of the command where the wrong parameter begins, or -1 */
  errorByte = -1;
  /** bits 31:0 of the first logical block concerned */
  lbaLow = 0;
  /** bits 63:32 of the first logical block concerned */
  lbaHigh = 0;
  /** namespace, or 0 */
  nsid = 0;
  /** opcode, or 0 */
  opcode = 0;

  /** Forgets everything. */
  clear(): void {
    this.queueId = this.cid = this.errorByte = -1;
    this.status = this.lbaLow = this.lbaHigh = this.nsid = this.opcode = 0;
  }
}

/**
 * The Error Information log: the last errors, newest first. It survives controller resets, so that a host can read why it had to reset;
 * the specification recommends to clear it, and does not ask for it. [Base] 5.1.12.1.2
 * Adding an entry allocates nothing.
 */
export class ErrorLog {
  /** errors since power-on */
  count = 0;
  private readonly ring = new DataView(new ArrayBuffer(ERROR_LOG_ENTRIES * ERRLOG_ENTRY_BYTES));
  private next = 0;

  /** Adds an entry, over the oldest one when the log is full. */
  add(report: ErrorReport): void {
    const { ring } = this;
    const at = this.next * ERRLOG_ENTRY_BYTES;
    this.next = (this.next + 1) % ERROR_LOG_ENTRIES;
    this.count++;
    ring.setUint32(at + ERRLOG_ERROR_COUNT, this.count, true);
    ring.setUint32(at + ERRLOG_ERROR_COUNT + 4, Math.floor(this.count / 2 ** 32), true);
    ring.setUint16(at + ERRLOG_SQID, report.queueId < 0 ? NONE : report.queueId, true);
    ring.setUint16(at + ERRLOG_CID, report.cid < 0 ? NONE : report.cid, true);
    ring.setUint16(at + ERRLOG_STATUS, report.status << 1, true);
    ring.setUint16(at + ERRLOG_PARAMETER_LOCATION, report.errorByte < 0 ? NONE : report.errorByte, true);
    ring.setUint32(at + ERRLOG_LBA, report.lbaLow, true);
    ring.setUint32(at + ERRLOG_LBA + 4, report.lbaHigh, true);
    ring.setUint32(at + ERRLOG_NSID, report.nsid, true);
    ring.setUint8(at + ERRLOG_OPCODE, report.opcode);
    ring.setUint8(at + ERRLOG_VERSION, 1);
  }

  /** The whole log page, newest entry first, unused entries zero. @param showsBlocks - whether it says which blocks were concerned */
  page(showsBlocks = true): Uint8Array {
    const page = new Uint8Array(ERROR_LOG_ENTRIES * ERRLOG_ENTRY_BYTES);
    const bytes = new Uint8Array(this.ring.buffer);
    for (let i = 0; i < ERROR_LOG_ENTRIES; i++) {
      const slot = (this.next - 1 - i + 2 * ERROR_LOG_ENTRIES) % ERROR_LOG_ENTRIES;
      page.set(bytes.subarray(slot * ERRLOG_ENTRY_BYTES, (slot + 1) * ERRLOG_ENTRY_BYTES), i * ERRLOG_ENTRY_BYTES);
      if (!showsBlocks) page.fill(0, i * ERRLOG_ENTRY_BYTES + ERRLOG_LBA, i * ERRLOG_ENTRY_BYTES + ERRLOG_LBA + 8);
    }
    return page;
  }
}
