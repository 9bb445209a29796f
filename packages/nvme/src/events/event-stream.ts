import type { WaitOptions } from '@phasebit/core';
import { Deadline } from '../deadline.js';
import { disposeBy } from '../dispose.js';
import { DriverError } from '../errors.js';
import { EVENTS_HELD_MAX } from '../limits.js';
import type { ControllerEvent } from './controller-event.js';
import type { Surroundings } from './surroundings.js';

/**
 * The events of a controller from some moment on, one after the other: `for await (const event of controller.events())`. It ends when the
 * controller does. Events that come while nobody waits are kept, up to a limit; then the oldest are dropped and counted.
 */
export class EventStream implements AsyncIterableIterator<ControllerEvent> {
  /** events dropped because nobody took them */
  dropped = 0;
  /** as {@link EventStream.return}, for `await using` */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  private readonly held: ControllerEvent[] = [];
  private isClosed = false;

  static {
    disposeBy(EventStream.prototype, async (stream) => stream.close());
  }

  /** Use `Controller.events`. @internal */
  constructor(
    private readonly around: Surroundings,
    private readonly wait: WaitOptions,
    private readonly onClose: (stream: EventStream) => void,
  ) {}

  /** For the hub: an event. @internal */
  push(event: ControllerEvent): void {
    if (this.held.length === EVENTS_HELD_MAX) {
      this.held.shift();
      this.dropped++;
    }
    this.held.push(event);
  }

  /** @inheritDoc */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Waits for the next event, for as long as it takes or `deadlineMs` says. Whoever waits here gives the controller its ticks.
   *
   * @throws DriverError OPERATION_TIMEOUT or ABORTED; the stream can be asked again
   */
  async next(): Promise<IteratorResult<ControllerEvent, undefined>> {
    const { clock } = this.around;
    const deadline = new Deadline(clock, this.wait.deadlineMs ?? Number.POSITIVE_INFINITY, this.wait.signal);
    for (;;) {
      const event = this.held.shift();
      if (event !== undefined) return { done: false, value: event };
      if (this.isClosed || this.around.isOver()) {
        this.close();
        return { done: true, value: undefined };
      }
      deadline.check(
        () => new DriverError('OPERATION_TIMEOUT', { operation: 'event', deadlineMs: deadline.deadlineMs }),
      );
      await this.around.pause();
      this.around.tick();
    }
  }

  /** Ends the stream. */
  return(): Promise<IteratorResult<ControllerEvent, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.held.length = 0;
    this.onClose(this);
  }
}
