/**
 * Feature identifiers, and the Get Features and Set Features commands. [Base] 5.1.11, 5.1.25, [NVM] 4.1.3
 *
 * The value of a feature is in command dword 11 of Set Features and in dword 0 of a Get Features completion; its fields
 * are in feature-values.ts.
 */
import { bits } from './bits.js';
import { describeRow } from './describe.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW14 } from './submission-queue-entry.js';
import { CQE_DW0 } from './completion-queue-entry.js';

/** 01h  Arbitration.                            */ export const FEATURE_ARBITRATION = 0x01;
/** 02h  Power Management.                       */ export const FEATURE_POWER_MANAGEMENT = 0x02;
/** 03h  LBA Range Type.                         */ export const FEATURE_LBA_RANGE_TYPE = 0x03;
/** 04h  Temperature Threshold.                  */ export const FEATURE_TEMPERATURE_THRESHOLD = 0x04;
/** 05h  Error Recovery.                         */ export const FEATURE_ERROR_RECOVERY = 0x05;
/** 06h  Volatile Write Cache.                   */ export const FEATURE_VOLATILE_WRITE_CACHE = 0x06;
/** 07h  Number of Queues.                       */ export const FEATURE_NUMBER_OF_QUEUES = 0x07;
/** 08h  Interrupt Coalescing.                   */ export const FEATURE_INTERRUPT_COALESCING = 0x08;
/** 09h  Interrupt Vector Configuration.         */ export const FEATURE_INTERRUPT_VECTOR_CONFIG = 0x09;
/** 0ah  Write Atomicity Normal.                 */ export const FEATURE_WRITE_ATOMICITY = 0x0a;
/** 0bh  Asynchronous Event Configuration.       */ export const FEATURE_ASYNC_EVENT_CONFIG = 0x0b;
/** 0ch  Autonomous Power State Transition.      */ export const FEATURE_AUTONOMOUS_POWER_STATE = 0x0c;
/** 0dh  Host Memory Buffer.                     */ export const FEATURE_HOST_MEMORY_BUFFER = 0x0d;
/** 0eh  Timestamp.                              */ export const FEATURE_TIMESTAMP = 0x0e;
/** 0fh  Keep Alive Timer.                       */ export const FEATURE_KEEP_ALIVE_TIMER = 0x0f;
/** 10h  Host Controlled Thermal Management.     */ export const FEATURE_HOST_THERMAL_MANAGEMENT = 0x10;
/** 11h  Non-Operational Power State Config.     */ export const FEATURE_NON_OPERATIONAL_POWER_STATE = 0x11;
/** 12h  Read Recovery Level Config.             */ export const FEATURE_READ_RECOVERY_LEVEL = 0x12;
/** 13h  Predictable Latency Mode Config.        */ export const FEATURE_PREDICTABLE_LATENCY_CONFIG = 0x13;
/** 14h  Predictable Latency Mode Window.        */ export const FEATURE_PREDICTABLE_LATENCY_WINDOW = 0x14;
/** 15h  LBA Status Information Report Interval. */ export const FEATURE_LBA_STATUS_INTERVAL = 0x15;
/** 16h  Host Behavior Support.                  */ export const FEATURE_HOST_BEHAVIOR = 0x16;
/** 17h  Sanitize Config.                        */ export const FEATURE_SANITIZE_CONFIG = 0x17;
/** 18h  Endurance Group Event Configuration.    */ export const FEATURE_ENDURANCE_EVENT_CONFIG = 0x18;
/** 19h  I/O Command Set Profile.                */ export const FEATURE_COMMAND_SET_PROFILE = 0x19;
/** 1ah  Spinup Control.                         */ export const FEATURE_SPINUP_CONTROL = 0x1a;
/** 1bh  Power Loss Signaling Config.            */ export const FEATURE_POWER_LOSS_SIGNALING = 0x1b;
/** 1ch  Performance Characteristics.            */ export const FEATURE_PERFORMANCE_CHARACTERISTICS = 0x1c;
/** 1dh  Flexible Data Placement.                */ export const FEATURE_FLEXIBLE_DATA_PLACEMENT = 0x1d;
/** 1eh  Flexible Data Placement Events.         */ export const FEATURE_FDP_EVENTS = 0x1e;
/** 1fh  Namespace Admin Label.                  */ export const FEATURE_NAMESPACE_ADMIN_LABEL = 0x1f;
/** 20h  Key Value Configuration.                */ export const FEATURE_KEY_VALUE_CONFIG = 0x20;
/** 21h  Controller Data Queue.                  */ export const FEATURE_CONTROLLER_DATA_QUEUE = 0x21;
/** 78h  Embedded Management Controller Address. */ export const FEATURE_EMBEDDED_MANAGEMENT_ADDRESS = 0x78;
/** 79h  Host Management Agent Address.          */ export const FEATURE_HOST_MANAGEMENT_ADDRESS = 0x79;
/** 7dh  Enhanced Controller Metadata.           */ export const FEATURE_ENHANCED_CONTROLLER_METADATA = 0x7d;
/** 7eh  Controller Metadata.                    */ export const FEATURE_CONTROLLER_METADATA = 0x7e;
/** 7fh  Namespace Metadata.                     */ export const FEATURE_NAMESPACE_METADATA = 0x7f;
/** 80h  Software Progress Marker.               */ export const FEATURE_SOFTWARE_PROGRESS = 0x80;
/** 81h  Host Identifier.                        */ export const FEATURE_HOST_IDENTIFIER = 0x81;
/** 82h  Reservation Notification Mask.          */ export const FEATURE_RESERVATION_NOTIFICATION_MASK = 0x82;
/** 83h  Reservation Persistence.                */ export const FEATURE_RESERVATION_PERSISTENCE = 0x83;
/** 84h  Namespace Write Protection Config.      */ export const FEATURE_NAMESPACE_WRITE_PROTECTION = 0x84;
/** 85h  Boot Partition Write Protection Config. */ export const FEATURE_BOOT_PARTITION_WRITE_PROTECTION = 0x85;

/** Every feature identifier of the specification: value, name of the constant without `FEATURE_`, text. */
export const FEATURES: readonly (readonly [feature: number, name: string, text: string])[] = [
  [FEATURE_ARBITRATION, 'ARBITRATION', 'Arbitration'],
  [FEATURE_POWER_MANAGEMENT, 'POWER_MANAGEMENT', 'Power Management'],
  [FEATURE_LBA_RANGE_TYPE, 'LBA_RANGE_TYPE', 'LBA Range Type'],
  [FEATURE_TEMPERATURE_THRESHOLD, 'TEMPERATURE_THRESHOLD', 'Temperature Threshold'],
  [FEATURE_ERROR_RECOVERY, 'ERROR_RECOVERY', 'Error Recovery'],
  [FEATURE_VOLATILE_WRITE_CACHE, 'VOLATILE_WRITE_CACHE', 'Volatile Write Cache'],
  [FEATURE_NUMBER_OF_QUEUES, 'NUMBER_OF_QUEUES', 'Number of Queues'],
  [FEATURE_INTERRUPT_COALESCING, 'INTERRUPT_COALESCING', 'Interrupt Coalescing'],
  [FEATURE_INTERRUPT_VECTOR_CONFIG, 'INTERRUPT_VECTOR_CONFIG', 'Interrupt Vector Configuration'],
  [FEATURE_WRITE_ATOMICITY, 'WRITE_ATOMICITY', 'Write Atomicity Normal'],
  [FEATURE_ASYNC_EVENT_CONFIG, 'ASYNC_EVENT_CONFIG', 'Asynchronous Event Configuration'],
  [FEATURE_AUTONOMOUS_POWER_STATE, 'AUTONOMOUS_POWER_STATE', 'Autonomous Power State Transition'],
  [FEATURE_HOST_MEMORY_BUFFER, 'HOST_MEMORY_BUFFER', 'Host Memory Buffer'],
  [FEATURE_TIMESTAMP, 'TIMESTAMP', 'Timestamp'],
  [FEATURE_KEEP_ALIVE_TIMER, 'KEEP_ALIVE_TIMER', 'Keep Alive Timer'],
  [FEATURE_HOST_THERMAL_MANAGEMENT, 'HOST_THERMAL_MANAGEMENT', 'Host Controlled Thermal Management'],
  [FEATURE_NON_OPERATIONAL_POWER_STATE, 'NON_OPERATIONAL_POWER_STATE', 'Non-Operational Power State Config'],
  [FEATURE_READ_RECOVERY_LEVEL, 'READ_RECOVERY_LEVEL', 'Read Recovery Level Config'],
  [FEATURE_PREDICTABLE_LATENCY_CONFIG, 'PREDICTABLE_LATENCY_CONFIG', 'Predictable Latency Mode Config'],
  [FEATURE_PREDICTABLE_LATENCY_WINDOW, 'PREDICTABLE_LATENCY_WINDOW', 'Predictable Latency Mode Window'],
  [FEATURE_LBA_STATUS_INTERVAL, 'LBA_STATUS_INTERVAL', 'LBA Status Information Report Interval'],
  [FEATURE_HOST_BEHAVIOR, 'HOST_BEHAVIOR', 'Host Behavior Support'],
  [FEATURE_SANITIZE_CONFIG, 'SANITIZE_CONFIG', 'Sanitize Config'],
  [FEATURE_ENDURANCE_EVENT_CONFIG, 'ENDURANCE_EVENT_CONFIG', 'Endurance Group Event Configuration'],
  [FEATURE_COMMAND_SET_PROFILE, 'COMMAND_SET_PROFILE', 'I/O Command Set Profile'],
  [FEATURE_SPINUP_CONTROL, 'SPINUP_CONTROL', 'Spinup Control'],
  [FEATURE_POWER_LOSS_SIGNALING, 'POWER_LOSS_SIGNALING', 'Power Loss Signaling Config'],
  [FEATURE_PERFORMANCE_CHARACTERISTICS, 'PERFORMANCE_CHARACTERISTICS', 'Performance Characteristics'],
  [FEATURE_FLEXIBLE_DATA_PLACEMENT, 'FLEXIBLE_DATA_PLACEMENT', 'Flexible Data Placement'],
  [FEATURE_FDP_EVENTS, 'FDP_EVENTS', 'Flexible Data Placement Events'],
  [FEATURE_NAMESPACE_ADMIN_LABEL, 'NAMESPACE_ADMIN_LABEL', 'Namespace Admin Label'],
  [FEATURE_KEY_VALUE_CONFIG, 'KEY_VALUE_CONFIG', 'Key Value Configuration'],
  [FEATURE_CONTROLLER_DATA_QUEUE, 'CONTROLLER_DATA_QUEUE', 'Controller Data Queue'],
  [FEATURE_EMBEDDED_MANAGEMENT_ADDRESS, 'EMBEDDED_MANAGEMENT_ADDRESS', 'Embedded Management Controller Address'],
  [FEATURE_HOST_MANAGEMENT_ADDRESS, 'HOST_MANAGEMENT_ADDRESS', 'Host Management Agent Address'],
  [FEATURE_ENHANCED_CONTROLLER_METADATA, 'ENHANCED_CONTROLLER_METADATA', 'Enhanced Controller Metadata'],
  [FEATURE_CONTROLLER_METADATA, 'CONTROLLER_METADATA', 'Controller Metadata'],
  [FEATURE_NAMESPACE_METADATA, 'NAMESPACE_METADATA', 'Namespace Metadata'],
  [FEATURE_SOFTWARE_PROGRESS, 'SOFTWARE_PROGRESS', 'Software Progress Marker'],
  [FEATURE_HOST_IDENTIFIER, 'HOST_IDENTIFIER', 'Host Identifier'],
  [FEATURE_RESERVATION_NOTIFICATION_MASK, 'RESERVATION_NOTIFICATION_MASK', 'Reservation Notification Mask'],
  [FEATURE_RESERVATION_PERSISTENCE, 'RESERVATION_PERSISTENCE', 'Reservation Persistence'],
  [FEATURE_NAMESPACE_WRITE_PROTECTION, 'NAMESPACE_WRITE_PROTECTION', 'Namespace Write Protection Config'],
  [
    FEATURE_BOOT_PARTITION_WRITE_PROTECTION,
    'BOOT_PARTITION_WRITE_PROTECTION',
    'Boot Partition Write Protection Config',
  ],
];

/** Text of a feature identifier, such as `Number of Queues (07h)`; unknown ones read as reserved or vendor specific. */
export function describeFeature(feature: number): string {
  return describeRow(FEATURES, feature);
}

/** Get Features, command dword 10. */
export const GET_FEATURES_CDW10: Dword<'FID' | 'SEL'> = dword(
  'GET_FEATURES_CDW10',
  SQE_CDW10,
  {
    SEL: bits(10, 8), // which value is asked for, FEATURE_SEL_*
    FID: bits(7, 0), // feature identifier, FEATURE_*
  },
  [bits(31, 11)],
);

/** Set Features, command dword 10. */
export const SET_FEATURES_CDW10: Dword<'FID' | 'SV'> = dword(
  'SET_FEATURES_CDW10',
  SQE_CDW10,
  {
    SV: bits(31, 31), // save the value across resets and power cycles
    FID: bits(7, 0), // feature identifier, FEATURE_*
  },
  [bits(30, 8)],
);

/** Get Features and Set Features, command dword 14. */
export const FEATURES_CDW14: Dword<'UIDX'> = dword(
  'FEATURES_CDW14',
  SQE_CDW14,
  { UIDX: bits(6, 0) }, // index into the UUID list, 0 for none
  [bits(31, 7)],
);

/** Get Features SEL: the current value. */
export const FEATURE_SEL_CURRENT = 0;
/** Get Features SEL: the default value. */
export const FEATURE_SEL_DEFAULT = 1;
/** Get Features SEL: the saved value. */
export const FEATURE_SEL_SAVED = 2;
/** Get Features SEL: what may be done with the feature, see {@link FEATURE_CAPABILITIES}. */
export const FEATURE_SEL_CAPABILITIES = 3;

/** Completion dword 0 of Get Features with SEL = 3. */
export const FEATURE_CAPABILITIES: Dword<'SAVEABLE' | 'NAMESPACE_SPECIFIC' | 'CHANGEABLE'> = dword(
  'FEATURE_CAPABILITIES',
  CQE_DW0,
  {
    CHANGEABLE: bits(2, 2),
    NAMESPACE_SPECIFIC: bits(1, 1),
    SAVEABLE: bits(0, 0),
  },
  [bits(31, 3)],
);
