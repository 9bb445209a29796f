import { type Log, silentLog } from '@phasebit/core';
import {
  ADMIN_ASYNC_EVENT_REQUEST,
  ASYNC_EVENT_RESULT,
  describeStatus,
  STATUS_ABORTED_SQ_DELETION,
  STATUS_ASYNC_EVENT_LIMIT_EXCEEDED,
  STATUS_COMMAND_ABORTED_BY_HOST,
  statusCode,
} from '@phasebit/nvme-spec';
import { encodeCommand } from '../admin-command.js';
import { EVENTS_HELD_MAX } from '../limits.js';
import type { QueuePair } from '../queue-pair.js';
import { SUBMIT_ACCEPTED } from '../submit-result.js';

/** An event that the controller reported. [Base] 5.1.2 */
export interface AsyncEvent {
  /** ASYNC_EVENT_TYPE_* */
  readonly type: number;
  /** what happened, by type */
  readonly information: number;
  /** log page that tells more, and has to be read before the same event comes again */
  readonly logPage: number;
}

/** Milliseconds until a request that failed is parked again, doubled with each failure in a row. */
const RETRY_MS = 100;
/** Failures in a row after which the controller is not asked for events any more. */
const FAILURES_MAX = 8;

/**
 * Keeps event requests parked at the controller. An event is queued and its request parked again at once; nothing is read and nobody is
 * called inside the poll. The owner takes events out whenever it likes; if it never does, the oldest are dropped.
 *
 * A request that fails is not parked again inside the poll, where it could fail again at once and for ever, but from
 * {@link AsyncEvents.tick}, later and later, and after some failures in a row not any more.
 */
export class AsyncEvents {
  /** events dropped because nobody took them */
  dropped = 0;
  /** requests at the controller */
  parked = 0;
  private readonly events: AsyncEvent[] = [];
  private readonly command = encodeCommand({ opcode: ADMIN_ASYNC_EVENT_REQUEST });
  private queuePair: QueuePair | undefined;
  private wanted = 0;
  private failures = 0;
  private nextTryNs = 0;

  constructor(private readonly log: Log = silentLog) {}

  /** Parks `count` requests at the controller behind `queuePair`; those of an earlier one are forgotten. */
  park(queuePair: QueuePair, count: number): void {
    this.queuePair = queuePair;
    this.wanted = count;
    this.parked = 0;
    this.failures = 0;
    while (this.parked < this.wanted && this.parkOne());
  }

  /** The oldest event not taken yet. */
  take(): AsyncEvent | undefined {
    return this.events.shift();
  }

  /** Parks requests again that have failed, when their time has come. */
  tick(nowNs: number): void {
    if (this.parked >= this.wanted || this.failures >= FAILURES_MAX) return;
    if (this.nextTryNs === 0) this.nextTryNs = nowNs + RETRY_MS * 2 ** this.failures * 1e6;
    if (nowNs < this.nextTryNs) return;
    this.nextTryNs = 0;
    while (this.parked < this.wanted && this.parkOne());
  }

  private parkOne(): boolean {
    const { queuePair } = this;
    if (queuePair?.submitCommand(this.command, 0, 0, this.onEvent, queuePair) !== SUBMIT_ACCEPTED) return false;
    this.parked++;
    return true;
  }

  private readonly onEvent = (context: unknown, status: number, dw0: number): void => {
    // A queue pair that was replaced gives its requests up; they are not this one's.
    if (context !== this.queuePair) return;
    this.parked--;
    if (status !== 0) {
      this.onFailure(status);
      return;
    }
    this.failures = 0;
    if (this.events.length === EVENTS_HELD_MAX) {
      this.events.shift();
      this.dropped++;
    }
    this.events.push({
      type: ASYNC_EVENT_RESULT.AET.get(dw0),
      information: ASYNC_EVENT_RESULT.AEI.get(dw0),
      logPage: ASYNC_EVENT_RESULT.LID.get(dw0),
    });
    this.parkOne();
  };

  private onFailure(status: number): void {
    switch (statusCode(status)) {
      case STATUS_COMMAND_ABORTED_BY_HOST:
      case STATUS_ABORTED_SQ_DELETION:
        // The queue goes.
        this.wanted = 0;
        return;
      case STATUS_ASYNC_EVENT_LIMIT_EXCEEDED:
        // It takes fewer than it said.
        this.wanted--;
        return;
      default:
        this.failures++;
        if (this.failures === FAILURES_MAX) {
          this.log.warn(
            `no asynchronous events any more: ${FAILURES_MAX} requests in a row failed: ${describeStatus(status)}`,
          );
        }
    }
  }
}
