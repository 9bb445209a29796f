import {
  ASYNC_EVENT_COMMAND_SET_SANITIZE_COMPLETED,
  ASYNC_EVENT_COMMAND_SET_SANITIZE_DEALLOCATED,
  ASYNC_EVENT_TYPE_COMMAND_SET,
  LOG_SANITIZE_STATUS,
  PEL_EVENT_SANITIZE_VERIFICATION,
  SELF_TEST_RESULT_ABORTED_SANITIZE,
  STATUS_SANITIZE_IN_PROGRESS,
} from '@phasebit/nvme-spec';
import { recordSanitizeCompletion } from '../event-records.js';
import { HEALTH_WRITES } from '../health.js';
import type { Internals } from '../internals.js';
import { eraseNamespace } from '../namespace-eraser.js';
import type { Subsystem } from '../subsystem.js';
import { Sanitizer } from './sanitizer.js';

/** Command set AEI: a sanitize operation entered the media verification state. [Base] 5.1.2.1 */
const ENTERED_VERIFICATION = 0x03;

/** Makes the sanitizer of a subsystem. */
export function createSanitizer(subsystem: Subsystem): Sanitizer {
  const { tasks, settings, members } = subsystem;
  const sanitizer: Sanitizer = new Sanitizer(tasks, settings.durations.sanitizeMs, {
    restrict: (status) => restrict(subsystem, status),
    erase: () => {
      for (const namespace of subsystem.namespaces) {
        const status = eraseNamespace(namespace);
        if (status !== 0) return status;
      }
      return 0;
    },
    tell: (change) => {
      const starter = subsystem.sanitizeStarter;
      if (starter === undefined) return;
      if (change === 'started') halt(members);
      else if (change === 'verifying') enterVerification(subsystem, starter);
      else end(sanitizer, starter);
    },
    writes: () => members.reduce((sum, { health }) => sum + health.io[HEALTH_WRITES], 0),
  });
  return sanitizer;
}

/** What runs that must not run during a sanitize operation is aborted, everywhere. [Base] 8.1.24.4 */
function halt(members: readonly Internals[]): void {
  for (const { events, selfTest, inFlight, namespaces } of members) {
    events.clear(LOG_SANITIZE_STATUS);
    selfTest.abort(SELF_TEST_RESULT_ABORTED_SANITIZE);
    for (const { nsid } of namespaces.active) inFlight.abortNamespace(nsid, STATUS_SANITIZE_IN_PROGRESS);
  }
}

function enterVerification(subsystem: Subsystem, starter: Internals): void {
  for (const namespace of subsystem.namespaces) namespace.isReadableWhileBusy = true;
  subsystem.persistentEvents.add(starter, PEL_EVENT_SANITIZE_VERIFICATION, new Uint8Array(0));
  raise(starter, ENTERED_VERIFICATION);
}

function end(sanitizer: Sanitizer, starter: Internals): void {
  recordSanitizeCompletion(starter, sanitizer.progress, sanitizer.sstat);
  const isUnexpected = sanitizer.isUnexpected && !sanitizer.isFailed;
  raise(
    starter,
    isUnexpected ? ASYNC_EVENT_COMMAND_SET_SANITIZE_DEALLOCATED : ASYNC_EVENT_COMMAND_SET_SANITIZE_COMPLETED,
  );
}

/** Only the controller that the command was sent to reports the event. */
function raise({ events }: Internals, information: number): void {
  events.raise(ASYNC_EVENT_TYPE_COMMAND_SET, information, LOG_SANITIZE_STATUS);
}

function restrict(subsystem: Subsystem, status: number): void {
  for (const namespace of subsystem.namespaces) {
    namespace.isReadableWhileBusy = false;
    namespace.setBusy(status);
    namespace.streams.closeAll();
  }
}
