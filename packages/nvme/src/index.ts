/**
 * Polled NVMe driver: brings a controller up, creates queue pairs, moves commands. It starts no timer, no thread and no promise on the
 * I/O path; it acts only when called. Start with {@link Controller}, then {@link QueuePair}.
 *
 * @packageDocumentation
 */

// 1. Bring a controller up
export { Controller, type ControllerState } from './controller.js';
export { type ControllerOptions } from './controller-options.js';
export { type Capabilities } from './bring-up.js';
export { type AsyncEvent } from './async-events.js';

// 2. Move I/O
export { Namespace } from './namespace.js';
export { QueuePair, type QueuePairStatistics } from './queue-pair.js';
export {
  type QueuePairOptions,
  type QueuePairPlace,
  type QueuePairSettings,
  settleQueuePairOptions,
} from './queue-pair-options.js';
export { type CompletionCallback } from './completion.js';
export { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';

// 3. Ask the controller
export { AdminQueue } from './admin-queue.js';
export { type LogPageOptions, readLogPage } from './log-page.js';
export { type AdminCommand, type CommandCompletion, encodeCommand } from './admin-command.js';

// 4. What can go wrong
export { DriverError, type DriverErrorCode, type DriverErrorFacts } from './errors.js';

// 5. Bounds
export {
  ADMIN_RING_ENTRIES,
  ASYNC_EVENT_REQUESTS_MAX,
  REQUESTS_MAX,
  RING_ENTRIES_MAX,
  RING_ENTRIES_MIN,
  TRACKERS_MAX,
  TRANSFER_BYTES_MAX,
} from './limits.js';
