/**
 * Log page identifiers, and the Get Log Page command. [Base] 5.1.12
 */
import { bits } from './bits.js';
import { describeRow } from './describe.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11, SQE_CDW12, SQE_CDW13, SQE_CDW14 } from './submission-queue-entry.js';

/** 00h  Supported Log Pages.                                 */ export const LOG_SUPPORTED_PAGES = 0x00;
/** 01h  Error Information.                                   */ export const LOG_ERROR_INFORMATION = 0x01;
/** 02h  SMART / Health Information.                          */ export const LOG_SMART = 0x02;
/** 03h  Firmware Slot Information.                           */ export const LOG_FIRMWARE_SLOT = 0x03;
/** 04h  Changed Attached Namespace List.                     */ export const LOG_CHANGED_NAMESPACES = 0x04;
/** 05h  Commands Supported and Effects.                      */ export const LOG_COMMAND_EFFECTS = 0x05;
/** 06h  Device Self-test.                                    */ export const LOG_DEVICE_SELF_TEST = 0x06;
/** 07h  Telemetry Host-Initiated.                            */ export const LOG_TELEMETRY_HOST = 0x07;
/** 08h  Telemetry Controller-Initiated.                      */ export const LOG_TELEMETRY_CONTROLLER = 0x08;
/** 09h  Endurance Group Information.                         */ export const LOG_ENDURANCE_GROUP = 0x09;
/** 0ah  Predictable Latency Per NVM Set.                     */ export const LOG_PREDICTABLE_LATENCY = 0x0a;
/** 0bh  Predictable Latency Event Aggregate.                 */ export const LOG_PREDICTABLE_LATENCY_EVENTS = 0x0b;
/** 0ch  Asymmetric Namespace Access.                         */ export const LOG_ANA = 0x0c;
/** 0dh  Persistent Event Log.                                */ export const LOG_PERSISTENT_EVENT = 0x0d;
/** 0eh  LBA Status Information.                              */ export const LOG_LBA_STATUS = 0x0e;
/** 0fh  Endurance Group Event Aggregate.                     */ export const LOG_ENDURANCE_GROUP_EVENTS = 0x0f;
/** 10h  Media Unit Status.                                   */ export const LOG_MEDIA_UNIT_STATUS = 0x10;
/** 11h  Supported Capacity Configuration List.               */ export const LOG_CAPACITY_CONFIGURATIONS = 0x11;
/** 12h  Feature Identifiers Supported and Effects.           */ export const LOG_FEATURE_EFFECTS = 0x12;
/** 13h  NVMe-MI Commands Supported and Effects.              */ export const LOG_MI_COMMAND_EFFECTS = 0x13;
/** 14h  Command and Feature Lockdown.                        */ export const LOG_LOCKDOWN = 0x14;
/** 15h  Boot Partition.                                      */ export const LOG_BOOT_PARTITION = 0x15;
/** 16h  Rotational Media Information.                        */ export const LOG_ROTATIONAL_MEDIA = 0x16;
/** 17h  Dispersed Namespace Participating NVM Subsystems.    */ export const LOG_DISPERSED_NAMESPACE_SUBSYSTEMS = 0x17;
/** 18h  Management Address List.                             */ export const LOG_MANAGEMENT_ADDRESS_LIST = 0x18;
/** 19h  Physical Interface Receiver Eye Opening Measurement. */ export const LOG_RECEIVER_EYE_OPENING = 0x19;
/** 1ah  Reachability Groups.                                 */ export const LOG_REACHABILITY_GROUPS = 0x1a;
/** 1bh  Reachability Associations.                           */ export const LOG_REACHABILITY_ASSOCIATIONS = 0x1b;
/** 1ch  Changed Allocated Namespace List.                    */ export const LOG_CHANGED_ALLOCATED_NAMESPACES = 0x1c;
/** 20h  FDP Configurations.                                  */ export const LOG_FDP_CONFIGURATIONS = 0x20;
/** 21h  Reclaim Unit Handle Usage.                           */ export const LOG_RECLAIM_UNIT_HANDLE_USAGE = 0x21;
/** 22h  FDP Statistics.                                      */ export const LOG_FDP_STATISTICS = 0x22;
/** 23h  FDP Events.                                          */ export const LOG_FDP_EVENTS = 0x23;
/** 70h  Discovery.                                           */ export const LOG_DISCOVERY = 0x70;
/** 71h  Host Discovery.                                      */ export const LOG_HOST_DISCOVERY = 0x71;
/** 72h  AVE Discovery.                                       */ export const LOG_AVE_DISCOVERY = 0x72;
/** 73h  Pull Model DDC Request.                              */ export const LOG_PULL_MODEL_DDC_REQUEST = 0x73;
/** 80h  Reservation Notification.                            */ export const LOG_RESERVATION_NOTIFICATION = 0x80;
/** 81h  Sanitize Status.                                     */ export const LOG_SANITIZE_STATUS = 0x81;

/** Every log page identifier of the specification: value, name of the constant without `LOG_`, text. */
export const LOG_PAGES: readonly (readonly [logPage: number, name: string, text: string])[] = [
  [LOG_SUPPORTED_PAGES, 'SUPPORTED_PAGES', 'Supported Log Pages'],
  [LOG_ERROR_INFORMATION, 'ERROR_INFORMATION', 'Error Information'],
  [LOG_SMART, 'SMART', 'SMART / Health Information'],
  [LOG_FIRMWARE_SLOT, 'FIRMWARE_SLOT', 'Firmware Slot Information'],
  [LOG_CHANGED_NAMESPACES, 'CHANGED_NAMESPACES', 'Changed Attached Namespace List'],
  [LOG_COMMAND_EFFECTS, 'COMMAND_EFFECTS', 'Commands Supported and Effects'],
  [LOG_DEVICE_SELF_TEST, 'DEVICE_SELF_TEST', 'Device Self-test'],
  [LOG_TELEMETRY_HOST, 'TELEMETRY_HOST', 'Telemetry Host-Initiated'],
  [LOG_TELEMETRY_CONTROLLER, 'TELEMETRY_CONTROLLER', 'Telemetry Controller-Initiated'],
  [LOG_ENDURANCE_GROUP, 'ENDURANCE_GROUP', 'Endurance Group Information'],
  [LOG_PREDICTABLE_LATENCY, 'PREDICTABLE_LATENCY', 'Predictable Latency Per NVM Set'],
  [LOG_PREDICTABLE_LATENCY_EVENTS, 'PREDICTABLE_LATENCY_EVENTS', 'Predictable Latency Event Aggregate'],
  [LOG_ANA, 'ANA', 'Asymmetric Namespace Access'],
  [LOG_PERSISTENT_EVENT, 'PERSISTENT_EVENT', 'Persistent Event Log'],
  [LOG_LBA_STATUS, 'LBA_STATUS', 'LBA Status Information'],
  [LOG_ENDURANCE_GROUP_EVENTS, 'ENDURANCE_GROUP_EVENTS', 'Endurance Group Event Aggregate'],
  [LOG_MEDIA_UNIT_STATUS, 'MEDIA_UNIT_STATUS', 'Media Unit Status'],
  [LOG_CAPACITY_CONFIGURATIONS, 'CAPACITY_CONFIGURATIONS', 'Supported Capacity Configuration List'],
  [LOG_FEATURE_EFFECTS, 'FEATURE_EFFECTS', 'Feature Identifiers Supported and Effects'],
  [LOG_MI_COMMAND_EFFECTS, 'MI_COMMAND_EFFECTS', 'NVMe-MI Commands Supported and Effects'],
  [LOG_LOCKDOWN, 'LOCKDOWN', 'Command and Feature Lockdown'],
  [LOG_BOOT_PARTITION, 'BOOT_PARTITION', 'Boot Partition'],
  [LOG_ROTATIONAL_MEDIA, 'ROTATIONAL_MEDIA', 'Rotational Media Information'],
  [
    LOG_DISPERSED_NAMESPACE_SUBSYSTEMS,
    'DISPERSED_NAMESPACE_SUBSYSTEMS',
    'Dispersed Namespace Participating NVM Subsystems',
  ],
  [LOG_MANAGEMENT_ADDRESS_LIST, 'MANAGEMENT_ADDRESS_LIST', 'Management Address List'],
  [LOG_RECEIVER_EYE_OPENING, 'RECEIVER_EYE_OPENING', 'Physical Interface Receiver Eye Opening Measurement'],
  [LOG_REACHABILITY_GROUPS, 'REACHABILITY_GROUPS', 'Reachability Groups'],
  [LOG_REACHABILITY_ASSOCIATIONS, 'REACHABILITY_ASSOCIATIONS', 'Reachability Associations'],
  [LOG_CHANGED_ALLOCATED_NAMESPACES, 'CHANGED_ALLOCATED_NAMESPACES', 'Changed Allocated Namespace List'],
  [LOG_FDP_CONFIGURATIONS, 'FDP_CONFIGURATIONS', 'FDP Configurations'],
  [LOG_RECLAIM_UNIT_HANDLE_USAGE, 'RECLAIM_UNIT_HANDLE_USAGE', 'Reclaim Unit Handle Usage'],
  [LOG_FDP_STATISTICS, 'FDP_STATISTICS', 'FDP Statistics'],
  [LOG_FDP_EVENTS, 'FDP_EVENTS', 'FDP Events'],
  [LOG_DISCOVERY, 'DISCOVERY', 'Discovery'],
  [LOG_HOST_DISCOVERY, 'HOST_DISCOVERY', 'Host Discovery'],
  [LOG_AVE_DISCOVERY, 'AVE_DISCOVERY', 'AVE Discovery'],
  [LOG_PULL_MODEL_DDC_REQUEST, 'PULL_MODEL_DDC_REQUEST', 'Pull Model DDC Request'],
  [LOG_RESERVATION_NOTIFICATION, 'RESERVATION_NOTIFICATION', 'Reservation Notification'],
  [LOG_SANITIZE_STATUS, 'SANITIZE_STATUS', 'Sanitize Status'],
];

/** Text of a log page identifier, such as `Error Information (01h)`; unknown ones read as reserved or vendor. */
export function describeLogPage(logPage: number): string {
  return describeRow(LOG_PAGES, logPage);
}

/** Get Log Page, command dword 10. */
export const GET_LOG_PAGE_CDW10: Dword<'LID' | 'LSP' | 'RAE' | 'NUMDL0'> = dword('GET_LOG_PAGE_CDW10', SQE_CDW10, {
  NUMDL0: bits(31, 16), // dwords to return, 0's based, low half
  RAE: bits(15, 15), // retain the asynchronous event that led here
  LSP: bits(14, 8), // log specific parameter
  LID: bits(7, 0), // log page identifier, LOG_*
});

/** Get Log Page, command dword 11. */
export const GET_LOG_PAGE_CDW11: Dword<'NUMDU0' | 'LSI'> = dword('GET_LOG_PAGE_CDW11', SQE_CDW11, {
  LSI: bits(31, 16), // log specific identifier
  NUMDU0: bits(15, 0), // dwords to return, 0's based, high half
});

/** Get Log Page, command dword 12: low half of the offset. */
export const GET_LOG_PAGE_CDW12: Dword<'LPOL'> = dword('GET_LOG_PAGE_CDW12', SQE_CDW12, {
  LPOL: bits(31, 0), // byte offset into the log page, a multiple of 4; or an index when OT is set
});

/** Get Log Page, command dword 13: high half of the offset. */
export const GET_LOG_PAGE_CDW13: Dword<'LPOU'> = dword('GET_LOG_PAGE_CDW13', SQE_CDW13, { LPOU: bits(31, 0) });

/** Get Log Page, command dword 14. */
export const GET_LOG_PAGE_CDW14: Dword<'UIDX' | 'OT' | 'CSI'> = dword(
  'GET_LOG_PAGE_CDW14',
  SQE_CDW14,
  {
    CSI: bits(31, 24), // command set identifier, CSI_*
    OT: bits(23, 23), // offset type: 0 for bytes, 1 for an index into the entries
    UIDX: bits(6, 0), // index into the UUID list, 0 for none
  },
  [bits(22, 7)],
);

/** LSP of the Asynchronous Namespace Access log: return groups only, without their NSIDs. */
export const LOG_ANA_LSP_GROUPS_ONLY = 1;
