import { ADMIN_ASYNC_EVENT_REQUEST, ASYNC_EVENT_RESULT } from '@phasebit/nvme-spec';
import { encodeCommand } from './admin-command.js';
import type { QueuePair } from './queue-pair.js';

/** An event that the controller reported. [Base] 5.1.2 */
export interface AsyncEvent {
  /** ASYNC_EVENT_TYPE_* */
  readonly type: number;
  /** what happened, by type */
  readonly information: number;
  /** log page that tells more, and has to be read before the same event comes again */
  readonly logPage: number;
}

/**
 * Keeps event requests parked at the controller. An event is queued and its request parked again at once; nothing is read and nobody is
 * called inside the poll. The owner takes events out whenever it likes.
 */
export class AsyncEvents {
  private readonly events: AsyncEvent[] = [];
  private readonly command = encodeCommand({ opcode: ADMIN_ASYNC_EVENT_REQUEST });

  constructor(private readonly queuePair: QueuePair) {}

  /** Parks `count` requests. */
  park(count: number): void {
    for (let i = 0; i < count; i++) this.parkOne();
  }

  /** The oldest event not taken yet. */
  take(): AsyncEvent | undefined {
    return this.events.shift();
  }

  private parkOne(): void {
    this.queuePair.submitCommand(this.command, 0, 0, this.onEvent, undefined);
  }

  private readonly onEvent = (_: unknown, status: number, dw0: number): void => {
    // Whatever the error is (limit exceeded, aborted, unsupported), asking again at once would only get it again.
    if (status !== 0) return;
    this.events.push({
      type: ASYNC_EVENT_RESULT.AET.get(dw0),
      information: ASYNC_EVENT_RESULT.AEI.get(dw0),
      logPage: ASYNC_EVENT_RESULT.LID.get(dw0),
    });
    this.parkOne();
  };
}
