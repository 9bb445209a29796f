/**
 * SMART / Health Information log (02h), 512 bytes. [Base] 5.1.12.1.3
 *
 * The figure names no short field names, so these are the words of the figure. Ranges read `last:first`.
 */
import { readUint16, readUint32, readUnsigned } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of the SMART / Health Information log. */
export const SMART_BYTES = 512;
/** Temperature sensors in it. */
export const SMART_TEMPERATURE_SENSOR_COUNT = 8;
/** Bytes that one data unit of the log stands for. */
export const SMART_DATA_UNIT_BYTES = 512000;

/** 0        Critical warnings, SMART_WARNING_*.                */ export const SMART_CRITICAL_WARNING = 0;
/** 2:1      Composite temperature, kelvins.                    */ export const SMART_COMPOSITE_TEMPERATURE = 1;
/** 3        Available spare, percent.                          */ export const SMART_AVAILABLE_SPARE = 3;
/** 4        Available spare threshold, percent.                */ export const SMART_AVAILABLE_SPARE_THRESHOLD = 4;
/** 5        Percentage used, 0..255.                           */ export const SMART_PERCENTAGE_USED = 5;
/** 6        Endurance group critical warning summary.          */ export const SMART_ENDURANCE_GROUP_WARNING = 6;
/** 47:32    Data units read, 512,000 bytes each.               */ export const SMART_DATA_UNITS_READ = 32;
/** 63:48    Data units written, 512,000 bytes each.            */ export const SMART_DATA_UNITS_WRITTEN = 48;
/** 79:64    Read commands completed.                           */ export const SMART_HOST_READ_COMMANDS = 64;
/** 95:80    Write commands completed.                          */ export const SMART_HOST_WRITE_COMMANDS = 80;
/** 111:96   Minutes busy with I/O.                             */ export const SMART_CONTROLLER_BUSY_TIME = 96;
/** 127:112  Power cycles.                                      */ export const SMART_POWER_CYCLES = 112;
/** 143:128  Power on hours.                                    */ export const SMART_POWER_ON_HOURS = 128;
/** 159:144  Unsafe shutdowns.                                  */ export const SMART_UNSAFE_SHUTDOWNS = 144;
/** 175:160  Media and data integrity errors.                   */ export const SMART_MEDIA_ERRORS = 160;
/** 191:176  Error log entries over the life of the controller. */ export const SMART_ERROR_LOG_ENTRIES = 176;
/** 195:192  Minutes at or above the warning temperature.       */ export const SMART_WARNING_TEMPERATURE_TIME = 192;
/** 199:196  Minutes at or above the critical temperature.      */ export const SMART_CRITICAL_TEMPERATURE_TIME = 196;
/** 215:200  Eight temperature sensors, kelvins, 0 for none.    */ export const SMART_TEMPERATURE_SENSORS = 200;
/** 219:216  Transitions to thermal management 1.               */ export const SMART_THERMAL_1_TRANSITIONS = 216;
/** 223:220  Transitions to thermal management 2.               */ export const SMART_THERMAL_2_TRANSITIONS = 220;
/** 227:224  Seconds in thermal management 1.                   */ export const SMART_THERMAL_1_TIME = 224;
/** 231:228  Seconds in thermal management 2.                   */ export const SMART_THERMAL_2_TIME = 228;

/** Critical warning bit 0: available spare is below its threshold. */
export const SMART_WARNING_SPARE = 0x01;
/** Critical warning bit 1: a temperature is past its threshold. */
export const SMART_WARNING_TEMPERATURE = 0x02;
/** Critical warning bit 2: NVM subsystem reliability is degraded. */
export const SMART_WARNING_RELIABILITY = 0x04;
/** Critical warning bit 3: all media is read only. */
export const SMART_WARNING_READ_ONLY = 0x08;
/** Critical warning bit 4: the volatile memory backup device failed. */
export const SMART_WARNING_VOLATILE_BACKUP = 0x10;
/** Critical warning bit 5: the persistent memory region is read only or unreliable. */
export const SMART_WARNING_PMR = 0x20;

/** Layout of the SMART / Health Information log. */
export const SmartLogLayout: Layout = layout('SMART', SMART_BYTES, [
  [SMART_CRITICAL_WARNING, 1, 'critical_warning'],
  [SMART_COMPOSITE_TEMPERATURE, 2, 'composite_temperature', 'packed'],
  [SMART_AVAILABLE_SPARE, 1, 'available_spare'],
  [SMART_AVAILABLE_SPARE_THRESHOLD, 1, 'available_spare_threshold'],
  [SMART_PERCENTAGE_USED, 1, 'percentage_used'],
  [SMART_ENDURANCE_GROUP_WARNING, 1, 'endurance_group_warning'],
  [7, 25, 'reserved7', 'reserved'],
  [SMART_DATA_UNITS_READ, 16, 'data_units_read', 'uint'],
  [SMART_DATA_UNITS_WRITTEN, 16, 'data_units_written', 'uint'],
  [SMART_HOST_READ_COMMANDS, 16, 'host_read_commands', 'uint'],
  [SMART_HOST_WRITE_COMMANDS, 16, 'host_write_commands', 'uint'],
  [SMART_CONTROLLER_BUSY_TIME, 16, 'controller_busy_time', 'uint'],
  [SMART_POWER_CYCLES, 16, 'power_cycles', 'uint'],
  [SMART_POWER_ON_HOURS, 16, 'power_on_hours', 'uint'],
  [SMART_UNSAFE_SHUTDOWNS, 16, 'unsafe_shutdowns', 'uint'],
  [SMART_MEDIA_ERRORS, 16, 'media_errors', 'uint'],
  [SMART_ERROR_LOG_ENTRIES, 16, 'error_log_entries', 'uint'],
  [SMART_WARNING_TEMPERATURE_TIME, 4, 'warning_temperature_time'],
  [SMART_CRITICAL_TEMPERATURE_TIME, 4, 'critical_temperature_time'],
  [SMART_TEMPERATURE_SENSORS, 16, 'temperature_sensors'],
  [SMART_THERMAL_1_TRANSITIONS, 4, 'thermal_1_transitions'],
  [SMART_THERMAL_2_TRANSITIONS, 4, 'thermal_2_transitions'],
  [SMART_THERMAL_1_TIME, 4, 'thermal_1_time'],
  [SMART_THERMAL_2_TIME, 4, 'thermal_2_time'],
  [232, 280, 'reserved232', 'reserved'],
]);

/** A decoded SMART / Health Information log; counters are bigints only above 2^53 - 1. */
export interface SmartLog {
  /** Critical warnings, SMART_WARNING_*. */ readonly criticalWarning: number;
  /** Composite temperature, kelvins. */ readonly compositeTemperature: number;
  /** Available spare, percent. */ readonly availableSpare: number;
  /** Available spare threshold, percent. */ readonly availableSpareThreshold: number;
  /** Percentage used, 0..255. */ readonly percentageUsed: number;
  /** Endurance group critical warning summary. */ readonly enduranceGroupWarning: number;
  /** Data units read, 512,000 bytes each. */ readonly dataUnitsRead: number | bigint;
  /** Data units written, 512,000 bytes each. */ readonly dataUnitsWritten: number | bigint;
  /** Read commands completed. */ readonly hostReadCommands: number | bigint;
  /** Write commands completed. */ readonly hostWriteCommands: number | bigint;
  /** Minutes busy with I/O. */ readonly controllerBusyTime: number | bigint;
  /** Power cycles. */ readonly powerCycles: number | bigint;
  /** Power on hours. */ readonly powerOnHours: number | bigint;
  /** Unsafe shutdowns. */ readonly unsafeShutdowns: number | bigint;
  /** Media and data integrity errors. */ readonly mediaErrors: number | bigint;
  /** Error log entries over the life of the controller. */ readonly errorLogEntries: number | bigint;
  /** Minutes at or above the warning temperature. */ readonly warningTemperatureTime: number;
  /** Minutes at or above the critical temperature. */ readonly criticalTemperatureTime: number;
  /** Transitions to thermal management 1. */ readonly thermal1Transitions: number;
  /** Transitions to thermal management 2. */ readonly thermal2Transitions: number;
  /** Seconds in thermal management 1. */ readonly thermal1Time: number;
  /** Seconds in thermal management 2. */ readonly thermal2Time: number;
  /** Eight temperature sensors, kelvins, 0 for a sensor that is not there. */
  readonly temperatureSensors: readonly number[];
}

/** Decodes a SMART / Health Information log. @throws RangeError when `data` is shorter than 512 bytes. */
export function decodeSmartLog(data: Uint8Array): SmartLog {
  if (data.length < SMART_BYTES) throw new RangeError(`SMART: ${SMART_BYTES} bytes expected, got ${data.length}`);
  return {
    criticalWarning: data[SMART_CRITICAL_WARNING],
    compositeTemperature: readUnsigned(data, SMART_COMPOSITE_TEMPERATURE, 2) as number,
    availableSpare: data[SMART_AVAILABLE_SPARE],
    availableSpareThreshold: data[SMART_AVAILABLE_SPARE_THRESHOLD],
    percentageUsed: data[SMART_PERCENTAGE_USED],
    enduranceGroupWarning: data[SMART_ENDURANCE_GROUP_WARNING],
    dataUnitsRead: readUnsigned(data, SMART_DATA_UNITS_READ, 16),
    dataUnitsWritten: readUnsigned(data, SMART_DATA_UNITS_WRITTEN, 16),
    hostReadCommands: readUnsigned(data, SMART_HOST_READ_COMMANDS, 16),
    hostWriteCommands: readUnsigned(data, SMART_HOST_WRITE_COMMANDS, 16),
    controllerBusyTime: readUnsigned(data, SMART_CONTROLLER_BUSY_TIME, 16),
    powerCycles: readUnsigned(data, SMART_POWER_CYCLES, 16),
    powerOnHours: readUnsigned(data, SMART_POWER_ON_HOURS, 16),
    unsafeShutdowns: readUnsigned(data, SMART_UNSAFE_SHUTDOWNS, 16),
    mediaErrors: readUnsigned(data, SMART_MEDIA_ERRORS, 16),
    errorLogEntries: readUnsigned(data, SMART_ERROR_LOG_ENTRIES, 16),
    warningTemperatureTime: readUint32(data, SMART_WARNING_TEMPERATURE_TIME),
    criticalTemperatureTime: readUint32(data, SMART_CRITICAL_TEMPERATURE_TIME),
    thermal1Transitions: readUint32(data, SMART_THERMAL_1_TRANSITIONS),
    thermal2Transitions: readUint32(data, SMART_THERMAL_2_TRANSITIONS),
    thermal1Time: readUint32(data, SMART_THERMAL_1_TIME),
    thermal2Time: readUint32(data, SMART_THERMAL_2_TIME),
    temperatureSensors: Array.from({ length: SMART_TEMPERATURE_SENSOR_COUNT }, (_, i) =>
      readUint16(data, SMART_TEMPERATURE_SENSORS + 2 * i),
    ),
  };
}
