import {
  ASYNC_EVENT_COMMAND_SET_RESERVATION,
  ASYNC_EVENT_COMMAND_SET_SANITIZE_COMPLETED,
  ASYNC_EVENT_COMMAND_SET_SANITIZE_DEALLOCATED,
  ASYNC_EVENT_NOTICE_ANA_CHANGED,
  ASYNC_EVENT_NOTICE_FIRMWARE_ACTIVATION,
  ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED,
  ASYNC_EVENT_NOTICE_TELEMETRY,
  ASYNC_EVENT_TYPE_COMMAND_SET,
  ASYNC_EVENT_TYPE_ERROR,
  ASYNC_EVENT_TYPE_NOTICE,
  ASYNC_EVENT_TYPE_SMART,
} from '@phasebit/nvme-spec';
import type { NamespaceChanges } from '../namespaces/namespace-table.js';
import type { AsyncEvent } from './async-events.js';

/**
 * What an event is about.
 *
 * - `namespaces`: namespaces have come, gone or changed. Told when `Controller.namespaces` is up to date again.
 * - `ana`: ANA states have changed; read LOG_ANA.
 * - `smart`: spare, temperature or reliability; read LOG_SMART.
 * - `firmware`: an activation is starting, and commands are paused meanwhile; read LOG_FIRMWARE_SLOT.
 * - `reservation`: a reservation was preempted, released or registered away; read LOG_RESERVATION_NOTIFICATION.
 * - `sanitize`: a sanitize operation has ended; read LOG_SANITIZE_STATUS.
 * - `telemetry`: the controller has captured data; read LOG_TELEMETRY_CONTROLLER.
 * - `error`: the controller complains, about a doorbell or about itself; read LOG_ERROR_INFORMATION.
 * - `other`: anything else, vendors' own included.
 */
export type ControllerEventKind =
  'namespaces' | 'ana' | 'smart' | 'firmware' | 'reservation' | 'sanitize' | 'telemetry' | 'error' | 'other';

/**
 * An event as subscribers get it. A controller does not report the same event again before the log page that `event.logPage` names was read, as
 * `readLogPage` does unless it is told to retain the event.
 */
export interface ControllerEvent {
  /** what it is about */
  readonly kind: ControllerEventKind;
  /** as the controller reported it; undefined where the driver found out by itself, as after a reset */
  readonly event: AsyncEvent | undefined;
  /** of kind `namespaces`: what has changed, as found after the event */
  readonly changes: NamespaceChanges | undefined;
}

const NOTICES: ReadonlyMap<number, ControllerEventKind> = new Map<number, ControllerEventKind>([
  [ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED, 'namespaces'],
  [ASYNC_EVENT_NOTICE_FIRMWARE_ACTIVATION, 'firmware'],
  [ASYNC_EVENT_NOTICE_TELEMETRY, 'telemetry'],
  [ASYNC_EVENT_NOTICE_ANA_CHANGED, 'ana'],
]);

const COMMAND_SET_EVENTS: ReadonlyMap<number, ControllerEventKind> = new Map<number, ControllerEventKind>([
  [ASYNC_EVENT_COMMAND_SET_RESERVATION, 'reservation'],
  [ASYNC_EVENT_COMMAND_SET_SANITIZE_COMPLETED, 'sanitize'],
  [ASYNC_EVENT_COMMAND_SET_SANITIZE_DEALLOCATED, 'sanitize'],
]);

/** What an event is about. */
export function kindOfEvent({ type, information }: AsyncEvent): ControllerEventKind {
  switch (type) {
    case ASYNC_EVENT_TYPE_ERROR:
      return 'error';
    case ASYNC_EVENT_TYPE_SMART:
      return 'smart';
    case ASYNC_EVENT_TYPE_NOTICE:
      return NOTICES.get(information) ?? 'other';
    case ASYNC_EVENT_TYPE_COMMAND_SET:
      return COMMAND_SET_EVENTS.get(information) ?? 'other';
    default:
      return 'other';
  }
}
