import {
  RESERVATION_LOG_BYTES,
  RESERVATION_LOG_LPC,
  RESERVATION_LOG_NALP,
  RESERVATION_LOG_NSID,
  RESERVATION_LOG_RNLPT,
} from '@phasebit/nvme-spec';
import { RESERVATION_NOTICES_MAX } from '../limits.js';

const AVAILABLE_MAX = 255;

interface Notice {
  /** Log Page Count */
  count: number;
  readonly type: number;
  readonly nsid: number;
}

/** The reservation notifications of one controller, oldest first. [Base] 5.1.12.1.32 */
export class ReservationLog {
  private notices: Notice[] = [];
  private count = 0;

  /** Adds a notification. When there is no room it is lost, and the count of the last one says so. @param type - RESERVATION_NOTIFICATION_* */
  add(type: number, nsid: number): void {
    this.count++;
    const last = this.notices[this.notices.length - 1];
    if (this.notices.length < RESERVATION_NOTICES_MAX) this.notices.push({ count: this.count, type, nsid });
    else last.count = this.count;
  }

  /** Takes the oldest notification away, and gives it as a log page; zeros when there is none. */
  take(): Uint8Array {
    const view = new DataView(new ArrayBuffer(RESERVATION_LOG_BYTES));
    const oldest = this.notices.shift();
    if (oldest !== undefined) {
      view.setUint32(RESERVATION_LOG_LPC, oldest.count, true);
      view.setUint8(RESERVATION_LOG_RNLPT, oldest.type);
      view.setUint8(RESERVATION_LOG_NALP, Math.min(this.notices.length, AVAILABLE_MAX));
      view.setUint32(RESERVATION_LOG_NSID, oldest.nsid, true);
    }
    return new Uint8Array(view.buffer);
  }

  /** A controller level reset: the count begins anew. */
  reset(): void {
    this.notices = [];
    this.count = 0;
  }
}
