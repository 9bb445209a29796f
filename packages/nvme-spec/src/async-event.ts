/**
 * Asynchronous Event Request: what its completion reports. [Base] 5.1.2
 *
 * The command has no parameters; the controller holds it until an event happens. Reading the log page that dword 0
 * names clears the event.
 */
import { bits } from './bits.js';
import { CQE_DW0 } from './completion-queue-entry.js';
import { dword, type Dword } from './register.js';

/** Asynchronous Event Request, completion dword 0. Dword 1 holds an event specific parameter, or zero. */
export const ASYNC_EVENT_RESULT: Dword<'AET' | 'AEI' | 'LID'> = dword(
  'ASYNC_EVENT_RESULT',
  CQE_DW0,
  {
    LID: bits(23, 16), // log page that tells more, LOG_*
    AEI: bits(15, 8), // event information, depends on AET
    AET: bits(2, 0), // event type, ASYNC_EVENT_TYPE_*
  },
  [bits(31, 24), bits(7, 3)],
);

/** AET: error status. */
export const ASYNC_EVENT_TYPE_ERROR = 0;
/** AET: SMART / health status. */
export const ASYNC_EVENT_TYPE_SMART = 1;
/** AET: notice. */
export const ASYNC_EVENT_TYPE_NOTICE = 2;
/** AET: immediate. */
export const ASYNC_EVENT_TYPE_IMMEDIATE = 3;
/** AET: one-shot. */
export const ASYNC_EVENT_TYPE_ONE_SHOT = 4;
/** AET: I/O command specific status. */
export const ASYNC_EVENT_TYPE_COMMAND_SET = 6;
/** AET: vendor specific. */
export const ASYNC_EVENT_TYPE_VENDOR = 7;

/** Error AEI: write to a doorbell of a queue that does not exist. */
export const ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER = 0x00;
/** Error AEI: a doorbell was written with a value out of range, or equal to the one before. */
export const ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE = 0x01;
/** Error AEI: diagnostic failure. */
export const ASYNC_EVENT_ERROR_DIAGNOSTIC_FAILURE = 0x02;
/** Error AEI: persistent internal error. */
export const ASYNC_EVENT_ERROR_PERSISTENT_INTERNAL = 0x03;
/** Error AEI: transient internal error. */
export const ASYNC_EVENT_ERROR_TRANSIENT_INTERNAL = 0x04;
/** Error AEI: firmware image load error. */
export const ASYNC_EVENT_ERROR_FIRMWARE_LOAD = 0x05;

/** SMART AEI: NVM subsystem reliability is degraded. */
export const ASYNC_EVENT_SMART_RELIABILITY = 0x00;
/** SMART AEI: a temperature crossed its threshold. */
export const ASYNC_EVENT_SMART_TEMPERATURE = 0x01;
/** SMART AEI: available spare is below its threshold. */
export const ASYNC_EVENT_SMART_SPARE = 0x02;

/** Notice AEI: an attached namespace was added, removed or changed; read LOG_CHANGED_NAMESPACES. */
export const ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED = 0x00;
/** Notice AEI: firmware activation is starting, commands are paused. */
export const ASYNC_EVENT_NOTICE_FIRMWARE_ACTIVATION = 0x01;
/** Notice AEI: controller-initiated telemetry data is available. */
export const ASYNC_EVENT_NOTICE_TELEMETRY = 0x02;
/** Notice AEI: asymmetric namespace access changed; read LOG_ANA. */
export const ASYNC_EVENT_NOTICE_ANA_CHANGED = 0x03;
/** Notice AEI: the predictable latency event aggregate log changed. */
export const ASYNC_EVENT_NOTICE_PREDICTABLE_LATENCY = 0x04;
/** Notice AEI: LBA status information alert. */
export const ASYNC_EVENT_NOTICE_LBA_STATUS = 0x05;
/** Notice AEI: the endurance group event aggregate log changed. */
export const ASYNC_EVENT_NOTICE_ENDURANCE_GROUP = 0x06;
/** Notice AEI: the reachability groups changed. */
export const ASYNC_EVENT_NOTICE_REACHABILITY_GROUP = 0x07;
/** Notice AEI: the reachability associations changed. */
export const ASYNC_EVENT_NOTICE_REACHABILITY_ASSOCIATION = 0x08;
/** Notice AEI: an allocated namespace changed; read LOG_CHANGED_ALLOCATED_NAMESPACES. */
export const ASYNC_EVENT_NOTICE_ALLOCATED_NAMESPACE_CHANGED = 0x09;
/** Notice AEI: a zone descriptor changed. */
export const ASYNC_EVENT_NOTICE_ZONE_DESCRIPTOR_CHANGED = 0xef;
/** Notice AEI: the discovery log page changed. */
export const ASYNC_EVENT_NOTICE_DISCOVERY_CHANGED = 0xf0;

/** Immediate AEI: normal NVM subsystem shutdown. */
export const ASYNC_EVENT_IMMEDIATE_SUBSYSTEM_SHUTDOWN = 0x00;
/** Immediate AEI: temperature threshold hysteresis recovery. */
export const ASYNC_EVENT_IMMEDIATE_TEMPERATURE_RECOVERY = 0x01;

/** Command set AEI: the reservation notification log page is available. */
export const ASYNC_EVENT_COMMAND_SET_RESERVATION = 0x00;
/** Command set AEI: a sanitize operation completed. */
export const ASYNC_EVENT_COMMAND_SET_SANITIZE_COMPLETED = 0x01;
/** Command set AEI: a sanitize operation completed with unexpected deallocation. */
export const ASYNC_EVENT_COMMAND_SET_SANITIZE_DEALLOCATED = 0x02;
/** Command set AEI: a sanitize operation was successful and entered the media verification state. */
export const ASYNC_EVENT_COMMAND_SET_SANITIZE_VERIFICATION = 0x03;

/** One-shot AEI: an entry was posted to a controller data queue. */
export const ASYNC_EVENT_ONE_SHOT_QUEUE_TAIL = 0x00;
/** One-shot AEI: a controller data queue is full. */
export const ASYNC_EVENT_ONE_SHOT_QUEUE_FULL = 0x01;
