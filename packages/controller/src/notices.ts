import {
  ASYNC_EVENT_NOTICE_ALLOCATED_NAMESPACE_CHANGED,
  ASYNC_EVENT_NOTICE_ANA_CHANGED,
  ASYNC_EVENT_NOTICE_FIRMWARE_ACTIVATION,
  ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED,
  ASYNC_EVENT_NOTICE_TELEMETRY,
  ASYNC_EVENT_TYPE_NOTICE,
  FEATURE_ASYNC_EVENT_VALUE,
  LOG_ANA,
  LOG_CHANGED_ALLOCATED_NAMESPACES,
  LOG_CHANGED_NAMESPACES,
  LOG_FIRMWARE_SLOT,
  LOG_TELEMETRY_CONTROLLER,
} from '@phasebit/nvme-spec';
import type { Internals } from './internals.js';

// Notices that a host hears of if it asked to, by the Asynchronous Event Configuration feature. [Base] 5.1.2.1

/** A namespace was attached, detached or changed, by somebody else than this controller's host. */
export function noticeNamespaceChanged(inside: Internals, nsid: number): void {
  const { changedNamespaces, events, features } = inside;
  changedNamespaces.add(nsid);
  if (FEATURE_ASYNC_EVENT_VALUE.NAN.get(features.asyncEventConfig) === 0) return;
  events.raise(ASYNC_EVENT_TYPE_NOTICE, ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED, LOG_CHANGED_NAMESPACES);
}

/** A namespace of the subsystem was created, deleted, attached, detached or changed: every controller may tell, attached or not. */
export function noticeAllocatedChanged({ changedAllocated, events, features }: Internals, nsid: number): void {
  changedAllocated.add(nsid);
  if (FEATURE_ASYNC_EVENT_VALUE.ANSAN.get(features.asyncEventConfig) === 0) return;
  events.raise(
    ASYNC_EVENT_TYPE_NOTICE,
    ASYNC_EVENT_NOTICE_ALLOCATED_NAMESPACE_CHANGED,
    LOG_CHANGED_ALLOCATED_NAMESPACES,
  );
}

/** The ANA state of a group changed at this controller. */
export function noticeAnaChanged({ events, features }: Internals): void {
  if (FEATURE_ASYNC_EVENT_VALUE.ANACN.get(features.asyncEventConfig) === 0) return;
  events.raise(ASYNC_EVENT_TYPE_NOTICE, ASYNC_EVENT_NOTICE_ANA_CHANGED, LOG_ANA);
}

/** Other firmware begins to run. */
export function noticeFirmwareActivation({ events, features }: Internals): void {
  if (FEATURE_ASYNC_EVENT_VALUE.FAN.get(features.asyncEventConfig) === 0) return;
  events.raise(ASYNC_EVENT_TYPE_NOTICE, ASYNC_EVENT_NOTICE_FIRMWARE_ACTIVATION, LOG_FIRMWARE_SLOT);
}

/** The controller has written down its state. */
export function noticeTelemetry({ events, features }: Internals): void {
  if (FEATURE_ASYNC_EVENT_VALUE.TLN.get(features.asyncEventConfig) === 0) return;
  events.raise(ASYNC_EVENT_TYPE_NOTICE, ASYNC_EVENT_NOTICE_TELEMETRY, LOG_TELEMETRY_CONTROLLER);
}
