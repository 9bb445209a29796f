import {
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_COMMAND_SET_PROFILE,
  FEATURE_ERROR_RECOVERY,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_HOST_IDENTIFIER,
  FEATURE_HOST_THERMAL_MANAGEMENT,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_LBA_RANGE_TYPE,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_RESERVATION_NOTIFICATION_MASK,
  FEATURE_RESERVATION_PERSISTENCE,
  FEATURE_SANITIZE_CONFIG,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_WRITE_ATOMICITY,
} from '@phasebit/nvme-spec';
import {
  arbitration,
  asyncEventConfig,
  hostThermalManagement,
  interruptCoalescing,
  interruptVectorConfig,
  keepAliveTimer,
  powerManagement,
  temperatureThreshold,
  volatileWriteCache,
  writeAtomicity,
} from './controller-features.js';
import type { Feature } from './feature.js';
import { hostBehavior, hostIdentifier, timestamp } from './host-features.js';
import { lbaRangeType } from './lba-range-feature.js';
import {
  errorRecovery,
  reservationNotificationMask,
  reservationPersistence,
  writeProtection,
} from './namespace-features.js';
import { numberOfQueues } from './queue-count-feature.js';
import { commandSetProfile, sanitizeConfig } from './subsystem-features.js';

/** Every feature there is. What is not here, or not present, is an invalid field. [Base] 5.1.25.1 */
export const FEATURE_TABLE: ReadonlyMap<number, Feature> = new Map<number, Feature>([
  [FEATURE_ARBITRATION, arbitration],
  [FEATURE_POWER_MANAGEMENT, powerManagement],
  [FEATURE_LBA_RANGE_TYPE, lbaRangeType],
  [FEATURE_TEMPERATURE_THRESHOLD, temperatureThreshold],
  [FEATURE_ERROR_RECOVERY, errorRecovery],
  [FEATURE_VOLATILE_WRITE_CACHE, volatileWriteCache],
  [FEATURE_NUMBER_OF_QUEUES, numberOfQueues],
  [FEATURE_INTERRUPT_COALESCING, interruptCoalescing],
  [FEATURE_INTERRUPT_VECTOR_CONFIG, interruptVectorConfig],
  [FEATURE_WRITE_ATOMICITY, writeAtomicity],
  [FEATURE_ASYNC_EVENT_CONFIG, asyncEventConfig],
  [FEATURE_TIMESTAMP, timestamp],
  [FEATURE_KEEP_ALIVE_TIMER, keepAliveTimer],
  [FEATURE_HOST_THERMAL_MANAGEMENT, hostThermalManagement],
  [FEATURE_HOST_BEHAVIOR, hostBehavior],
  [FEATURE_SANITIZE_CONFIG, sanitizeConfig],
  [FEATURE_COMMAND_SET_PROFILE, commandSetProfile],
  [FEATURE_HOST_IDENTIFIER, hostIdentifier],
  [FEATURE_RESERVATION_NOTIFICATION_MASK, reservationNotificationMask],
  [FEATURE_RESERVATION_PERSISTENCE, reservationPersistence],
  [FEATURE_NAMESPACE_WRITE_PROTECTION, writeProtection],
]);
