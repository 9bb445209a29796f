import { associateHost, judgeFormat } from './attachment.js';
import { recordFatal, recordReset } from './event-records.js';
import { NO_HOST } from './host-identity.js';
import type { Internals } from './internals.js';
import { forgetStreams } from './streams.js';

/**
 * What a controller level reset does to everything but registers, queues and commands: features take their saved or default values, the
 * host has to say again who it is, firmware that waits is activated, and what was being read or tested ends. [Base] 3.7.2
 */
export function resetState(inside: Internals): void {
  const { features, health, namespaces, savedFeatures, subsystem, reservationLog, selfTest, settings } = inside;
  for (const view of namespaces.active) {
    forgetStreams(view);
    view.errorRecovery = 0;
    view.reservationMask = 0;
  }
  features.reset();
  savedFeatures.restore();
  health.reset();
  for (const view of namespaces.active) judgeFormat(view);
  associateHost(inside, NO_HOST);
  reservationLog.reset();
  selfTest.reset();
  subsystem.persistentEvents.releaseOf(settings.cntlid);
  const isActivated = subsystem.firmware.reset();
  recordReset(inside, isActivated);
}

/** What a controller that has failed for good leaves behind for whoever wants to know why. */
export function noteFatal(inside: Internals): void {
  recordFatal(inside);
  inside.telemetry.captureFailure(inside);
}
