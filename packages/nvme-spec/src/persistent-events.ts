/**
 * Events of the Persistent Event log: types, revisions, and the layout of each one's data. [Base] 5.1.12.1.14.2
 *
 * Events are written and read through their layouts, so the offsets are in the rows alone.
 */
import { describeRow } from './describe.js';
import { layout, type Layout } from './layout.js';

/** 01h  SMART / Health Log Snapshot: the SMART log, 512 bytes.   */ export const PEL_EVENT_SMART_SNAPSHOT = 0x01;
/** 02h  Firmware Commit.                                         */ export const PEL_EVENT_FIRMWARE_COMMIT = 0x02;
/** 03h  Timestamp Change.                                        */ export const PEL_EVENT_TIMESTAMP_CHANGE = 0x03;
/** 04h  Power-on or Reset.                                       */ export const PEL_EVENT_POWER_ON_OR_RESET = 0x04;
/** 05h  NVM Subsystem Hardware Error.                            */ export const PEL_EVENT_HARDWARE_ERROR = 0x05;
/** 06h  Change Namespace.                                        */ export const PEL_EVENT_CHANGE_NAMESPACE = 0x06;
/** 07h  Format NVM Start.                                        */ export const PEL_EVENT_FORMAT_START = 0x07;
/** 08h  Format NVM Completion.                                   */ export const PEL_EVENT_FORMAT_COMPLETION = 0x08;
/** 09h  Sanitize Start.                                          */ export const PEL_EVENT_SANITIZE_START = 0x09;
/** 0ah  Sanitize Completion.                                     */ export const PEL_EVENT_SANITIZE_COMPLETION = 0x0a;
/** 0bh  Set Feature.                                             */ export const PEL_EVENT_SET_FEATURE = 0x0b;
/** 0ch  Telemetry Log Created: a telemetry header, 512 bytes.    */ export const PEL_EVENT_TELEMETRY_CREATED = 0x0c;
/** 0dh  Thermal Excursion.                                       */ export const PEL_EVENT_THERMAL_EXCURSION = 0x0d;
/** 0eh  Sanitize Media Verification: no data.                    */ export const PEL_EVENT_SANITIZE_VERIFICATION = 0x0e;
/** deh  Vendor Specific.                                         */ export const PEL_EVENT_VENDOR = 0xde;
/** dfh  TCG Defined.                                             */ export const PEL_EVENT_TCG = 0xdf;

/** Every event type: value, name of the constant without `PEL_EVENT_`, text, revision of its data. */
export const PEL_EVENTS: readonly (readonly [type: number, name: string, text: string, revision: number])[] = [
  [PEL_EVENT_SMART_SNAPSHOT, 'SMART_SNAPSHOT', 'SMART / Health Log Snapshot', 1],
  [PEL_EVENT_FIRMWARE_COMMIT, 'FIRMWARE_COMMIT', 'Firmware Commit', 1],
  [PEL_EVENT_TIMESTAMP_CHANGE, 'TIMESTAMP_CHANGE', 'Timestamp Change', 1],
  [PEL_EVENT_POWER_ON_OR_RESET, 'POWER_ON_OR_RESET', 'Power-on or Reset', 1],
  [PEL_EVENT_HARDWARE_ERROR, 'HARDWARE_ERROR', 'NVM Subsystem Hardware Error', 2],
  [PEL_EVENT_CHANGE_NAMESPACE, 'CHANGE_NAMESPACE', 'Change Namespace', 1],
  [PEL_EVENT_FORMAT_START, 'FORMAT_START', 'Format NVM Start', 1],
  [PEL_EVENT_FORMAT_COMPLETION, 'FORMAT_COMPLETION', 'Format NVM Completion', 2],
  [PEL_EVENT_SANITIZE_START, 'SANITIZE_START', 'Sanitize Start', 1],
  [PEL_EVENT_SANITIZE_COMPLETION, 'SANITIZE_COMPLETION', 'Sanitize Completion', 1],
  [PEL_EVENT_SET_FEATURE, 'SET_FEATURE', 'Set Feature', 1],
  [PEL_EVENT_TELEMETRY_CREATED, 'TELEMETRY_CREATED', 'Telemetry Log Created', 1],
  [PEL_EVENT_THERMAL_EXCURSION, 'THERMAL_EXCURSION', 'Thermal Excursion', 1],
  [PEL_EVENT_SANITIZE_VERIFICATION, 'SANITIZE_VERIFICATION', 'Sanitize Media Verification', 1],
  [PEL_EVENT_VENDOR, 'VENDOR', 'Vendor Specific Event', 1],
  [PEL_EVENT_TCG, 'TCG', 'TCG Defined', 1],
];

const EVENT_TYPE_ROWS = PEL_EVENTS.map(([type, name, text]) => [type, name, text] as const);

/** Text of an event type, such as `Firmware Commit (02h)`; unknown ones read as reserved. */
export function describePersistentEvent(type: number): string {
  return describeRow(EVENT_TYPE_ROWS, type, 0x100);
}

/** Data of a Firmware Commit event. */
export const FirmwareCommitEventLayout: Layout = layout('PEL_FIRMWARE_COMMIT', 22, [
  [0, 8, 'ofr', 'ascii'], // revision before
  [8, 8, 'nfr', 'ascii'], // revision that was to become active
  [16, 1, 'fca'], // commit action, FIRMWARE_COMMIT_*
  [17, 1, 'fslt'], // firmware slot
  [18, 1, 'stctfcc'], // status code type of the command
  [19, 1, 'srfcc'], // status code of the command
  [20, 2, 'vafcrc'], // vendor specific result, 0 for none
]);

/** Data of a Timestamp Change event. */
export const TimestampChangeEventLayout: Layout = layout('PEL_TIMESTAMP_CHANGE', 16, [
  [0, 8, 'ptstp', 'bytes'], // the timestamp before, the data of feature 0Eh
  [8, 8, 'msr'], // milliseconds since the last controller level reset
]);

/** Data of a Power-on or Reset event before its descriptors: the firmware revision. */
export const PEL_RESET_DESCRIPTORS = 8;

/** One descriptor of a Power-on or Reset event; there is one for each controller of the NVM subsystem. */
export const ResetDescriptorLayout: Layout = layout('PEL_RESET_DESCRIPTOR', 36, [
  [0, 2, 'cntlid'], // controller identifier
  [2, 1, 'fa'], // firmware activation: 0 none, 1 new firmware runs, 2 it failed
  [3, 1, 'oip'], // bit 0: a Format NVM was in progress
  [4, 12, 'reserved4', 'reserved'],
  [16, 4, 'cpwrc'], // power cycles of the controller
  [20, 8, 'pom', 'packed'], // milliseconds of power on since it was made
  [28, 8, 'ctstp', 'bytes'], // timestamp, the data of feature 0Eh
]);

/** Data of an NVM Subsystem Hardware Error event before the additional information of its code. */
export const HardwareErrorEventLayout: Layout = layout('PEL_HARDWARE_ERROR', 4, [
  [0, 2, 'nsheec'], // event code
  [2, 2, 'reserved2', 'reserved'],
]);

/** Data of a Change Namespace event, NVM Command Set. */
export const ChangeNamespaceEventLayout: Layout = layout('PEL_CHANGE_NAMESPACE', 48, [
  [0, 4, 'nmcdw10'], // command dword 10 of Namespace Management
  [4, 4, 'reserved4', 'reserved'],
  [8, 8, 'nsze'], // namespace size, blocks
  [16, 8, 'reserved16', 'reserved'],
  [24, 8, 'ncap'], // namespace capacity, blocks
  [32, 1, 'flbas'], // formatted LBA size
  [33, 1, 'dps'], // protection information settings
  [34, 1, 'nmic'], // multi-path I/O and sharing
  [35, 1, 'reserved35', 'reserved'],
  [36, 4, 'anagrpid'], // ANA group identifier
  [40, 2, 'nvmsetid'], // NVM Set identifier
  [42, 2, 'endgid'], // Endurance Group identifier
  [44, 4, 'nsid'], // namespace identifier
]);

/** Data of a Format NVM Start event. */
export const FormatStartEventLayout: Layout = layout('PEL_FORMAT_START', 12, [
  [0, 4, 'nsid'], // NSID of the command
  [4, 1, 'fna'], // FNA of Identify Controller
  [5, 3, 'reserved5', 'reserved'],
  [8, 4, 'fmcdw10'], // command dword 10
]);

/** Data of a Format NVM Completion event. */
export const FormatCompletionEventLayout: Layout = layout('PEL_FORMAT_COMPLETION', 12, [
  [0, 4, 'nsid'], // NSID of the command
  [4, 1, 'sfpi'], // smallest percentage that was left to format
  [5, 1, 'fnvms'], // bit 0: error; bit 1: user data was modified nevertheless
  [6, 2, 'cinfo'], // vendor specific
  [8, 2, 'info'], // status of the completion in bits 15:1
  [10, 2, 'reserved10', 'reserved'],
]);

/** Data of a Sanitize Start event. */
export const SanitizeStartEventLayout: Layout = layout('PEL_SANITIZE_START', 12, [
  [0, 4, 'sanicap'], // SANICAP of Identify Controller
  [4, 4, 'scdw10'], // command dword 10
  [8, 4, 'scdw11'], // command dword 11
]);

/** Data of a Sanitize Completion event. */
export const SanitizeCompletionEventLayout: Layout = layout('PEL_SANITIZE_COMPLETION', 8, [
  [0, 2, 'sprog'], // progress, as in the Sanitize Status log
  [2, 2, 'sstat'], // status, as in the Sanitize Status log
  [4, 2, 'cinfo'], // vendor specific
  [6, 2, 'reserved6', 'reserved'],
]);

/**
 * Start of the data of a Set Feature event: dwords 2:0, completion dword 0 bit 3, bytes of the buffer 31:16. The command
 * dwords from dword 10 on, the buffer and the completion dword follow.
 */
export const SetFeatureEventLayout: Layout = layout('PEL_SET_FEATURE', 4, [[0, 4, 'sfel']]);

/** Data of a Thermal Excursion event. */
export const ThermalExcursionEventLayout: Layout = layout('PEL_THERMAL_EXCURSION', 2, [
  [0, 1, 'otmp'], // kelvins past the threshold
  [1, 1, 'thresh'], // threshold: 1 WCTEMP, 2 CCTEMP, 3 TMT1, 4 TMT2, 88h and 89h back to normal, B0h too cold
]);
