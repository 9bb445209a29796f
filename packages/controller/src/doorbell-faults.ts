import {
  ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER,
  ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE,
  ASYNC_EVENT_TYPE_ERROR,
  LOG_ERROR_INFORMATION,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { AsyncEvents } from './async-events.js';
import type { DoorbellObserver } from './doorbell-observer.js';
import { type ErrorLog, ErrorReport } from './error-log.js';

/** Doorbell values that no host should write: counted, logged, and reported as asynchronous events. [Base] 5.1.2 */
export class DoorbellFaults implements DoorbellObserver {
  /** doorbells written whose queue does not exist */
  strayWrites = 0;
  /** values written that the queue cannot have */
  invalidValues = 0;
  private readonly entry = new ErrorReport();

  constructor(
    private readonly events: AsyncEvents,
    private readonly errors: ErrorLog,
  ) {}

  /** @inheritDoc */
  invalidDoorbellValue(queueId: number): void {
    this.invalidValues++;
    this.report(queueId, ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE);
  }

  /** A doorbell of a queue that does not exist was written. */
  strayDoorbell(queueId: number): void {
    this.strayWrites++;
    this.report(queueId, ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER);
  }

  private report(queueId: number, information: number): void {
    const { entry } = this;
    entry.clear();
    entry.queueId = queueId;
    entry.status = STATUS_INVALID_FIELD;
    this.errors.add(entry);
    this.events.raise(ASYNC_EVENT_TYPE_ERROR, information, LOG_ERROR_INFORMATION);
  }
}
