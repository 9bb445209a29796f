/**
 * Polled NVMe driver: brings a controller up, creates queue pairs, moves commands. It starts no timer, no thread and no promise on the
 * I/O path; it acts only when called. Start with {@link Controller}, then {@link QueuePair}.
 *
 * @packageDocumentation
 */

// 1. Bring a controller up
export { Controller } from './controller.js';
export { type ControllerState } from './controller-core.js';
export { type ArbitrationOptions, type ControllerOptions } from './controller-options.js';
export { type BringUpState } from './bring-up/bring-up-state.js';
export { type Capabilities } from './bring-up/capabilities.js';
export { type PciIdentity, type Quirk } from './bring-up/quirks.js';
export { type AsyncEvent } from './events/async-events.js';
export { type ControllerEvent, type ControllerEventKind } from './events/controller-event.js';
export { type EventSubscriber } from './events/event-hub.js';
export { type EventStream } from './events/event-stream.js';
export { type ChangedNamespace, type NamespaceChanges } from './namespaces/namespace-table.js';

// 2. Move I/O
export { Namespace, type NamespaceFacts } from './namespace.js';
export { type CommandLimits, commandLimits } from './command-limits.js';
export { QueuePair } from './queue-pair.js';
export { PolledPair, type TimeoutWatch } from './polled-pair.js';
export { addStatistics, type QueuePairStatistics } from './queue-pair-statistics.js';
export {
  type QueuePairOptions,
  type QueuePairPlace,
  type QueuePairSettings,
  type QueuePriority,
  type RingMemory,
  settleQueuePairOptions,
} from './queue-pair-options.js';
export {
  isRepeatable,
  isRetryStatus,
  RETRIES_MAX_DEFAULT,
  RETRY_DELAY_UNIT_MS,
  type RetryDelays,
  retryDelayTicks,
} from './retry-policy.js';
export { PollGroup } from './poll-group.js';
export { type CompletionMode, type PollGroupOptions, type PollGroupSettings } from './poll-group-options.js';
export { type GroupWaitOptions } from './group-wait.js';
export { adoptQueuePair } from './hand-over.js';
export { type QueuePairDescription } from './queue-pair-description.js';
export { type RingState } from './ring-state.js';
export { type ShadowPages } from './shadow-use.js';
export { REFERENCE_TAG_FROM_LBA, Transfer } from './transfer.js';
export { BIT_BUCKET, IoVector, type ScatterList } from './scatter-list.js';
export { DatasetRanges } from './dataset-ranges.js';
export { CopySources } from './copy-sources.js';
export {
  type ReservationAcquisition,
  reservationAcquire,
  type ReservationKey,
  reservationRegister,
  type ReservationRegistration,
  reservationRelease,
  type ReservationReleasing,
  reservationReport,
} from './reservations.js';
export { ioManagementReceive, ioManagementSend } from './io-management.js';
export { type PayloadChoice } from './pointer-rules.js';
export { type CompletionCallback, type FusedCallback } from './completion.js';
export { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';

// 3. Blocks as promises
export { type BlockOptions, type NamespaceHandle } from './promises/namespace-handle.js';
export { ASYNC_DISPOSE } from './dispose.js';

// 4. Ask the controller
export { AdminQueue, type CompletionListener } from './admin-queue.js';
export { type AdminCommand, type CommandCompletion, encodeCommand } from './admin-command.js';
export * from './admin/identify.js';
export * from './admin/features.js';
export { type LogPageOptions, readLogPage } from './admin/log-page.js';
export { type CommandEffects, EffectsLog, readEffects } from './admin/effects.js';
export { type ContextAborts } from './admin/abort-queue.js';
export * from './admin/security.js';
export * from './admin/directives.js';

// 5. Change the controller
export { ControllerManagement } from './admin/management.js';
export * from './admin/namespaces.js';
export * from './admin/format.js';
export * from './admin/sanitize.js';
export * from './admin/firmware.js';
export * from './admin/self-test.js';
export { type WatchOptions } from './admin/progress.js';

// 6. What can go wrong
export { DriverError, type DriverErrorCode, type DriverErrorFacts } from './errors.js';

// 7. See what it does, and make it fail
export { Trace } from './trace.js';
export * from './trace-event.js';
export { type ChromeTrace, type ChromeTraceEvent } from './trace-chrome.js';
export { type InjectedError } from './error-injection.js';

// 8. Bounds
export {
  ADMIN_RING_ENTRIES,
  ASYNC_EVENT_REQUESTS_MAX,
  REQUESTS_MAX,
  RING_ENTRIES_MAX,
  RING_ENTRIES_MIN,
  TRACKERS_MAX,
  TRANSFER_BYTES_MAX,
} from './limits.js';
