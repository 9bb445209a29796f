import type { WaitOptions } from '@phasebit/core';
import { EVENTS_HELD_MAX } from '../limits.js';
import type { NamespaceChanges } from '../namespaces/namespace-table.js';
import type { AsyncEvent, AsyncEvents } from './async-events.js';
import { type ControllerEvent, type ControllerEventKind, kindOfEvent } from './controller-event.js';
import { EventStream } from './event-stream.js';
import type { Surroundings } from './surroundings.js';

/** Told of each event of a kind. It is called from a tick of the controller, never from inside a poll. */
export type EventSubscriber = (event: ControllerEvent) => void;

interface Subscription {
  readonly kind: ControllerEventKind | 'all';
  readonly subscriber: EventSubscriber;
}

/**
 * Hands events on to those who want them: to whoever takes them one by one, to subscribers, to streams. Polls only queue; all of this
 * happens in ticks.
 */
export class EventHub {
  private readonly untaken: AsyncEvent[] = [];
  private readonly undelivered: ControllerEvent[] = [];
  private subscriptions: readonly Subscription[] = [];
  private streams: readonly EventStream[] = [];

  /**
   * @param onNamespaces - begins to follow a change of the namespaces up, and publishes it afterwards; undefined to publish the notice as it is
   */
  constructor(
    private readonly source: AsyncEvents,
    private readonly around: Surroundings,
    private readonly onNamespaces: ((event: AsyncEvent) => void) | undefined,
  ) {}

  /** The oldest event that was not taken yet. */
  take(): AsyncEvent | undefined {
    this.collect();
    return this.untaken.shift();
  }

  /** Calls `subscriber` for each event of a kind from now on. @returns ends the subscription */
  subscribe(kind: ControllerEventKind | 'all', subscriber: EventSubscriber): () => void {
    const subscription = { kind, subscriber };
    this.subscriptions = [...this.subscriptions, subscription];
    return () => {
      this.subscriptions = this.subscriptions.filter((each) => each !== subscription);
    };
  }

  /** A stream of all events from now on. */
  open(wait: WaitOptions): EventStream {
    const stream = new EventStream(this.around, wait, (closed) => {
      this.streams = this.streams.filter((each) => each !== closed);
    });
    this.streams = [...this.streams, stream];
    return stream;
  }

  /** Delivers what has come. A subscriber that throws ends the tick, and nothing else: what was not delivered is, next time. */
  tick(nowNs: number): void {
    this.source.tick(nowNs);
    this.collect();
    for (let each = this.undelivered.shift(); each !== undefined; each = this.undelivered.shift()) {
      const { kind, event, changes } = each;
      const isNotice = kind === 'namespaces' && changes === undefined && event !== undefined;
      if (isNotice && this.onNamespaces !== undefined) this.onNamespaces(event);
      else this.deliver(each);
    }
  }

  /** Has everybody told, in the next tick, that the namespaces have changed. @param event - what the controller reported, if it did */
  publishNamespaces(event: AsyncEvent | undefined, changes: NamespaceChanges): void {
    this.hold({ kind: 'namespaces', event, changes });
  }

  private deliver(event: ControllerEvent): void {
    for (const stream of this.streams) stream.push(event);
    for (const { kind, subscriber } of this.subscriptions) {
      if (kind === event.kind || kind === 'all') subscriber(event);
    }
  }

  private collect(): void {
    for (let event = this.source.take(); event !== undefined; event = this.source.take()) {
      if (this.untaken.length === EVENTS_HELD_MAX) this.untaken.shift();
      this.untaken.push(event);
      this.hold({ kind: kindOfEvent(event), event, changes: undefined });
    }
  }

  private hold(event: ControllerEvent): void {
    if (this.undelivered.length === EVENTS_HELD_MAX) this.undelivered.shift();
    this.undelivered.push(event);
  }
}
