import type { ErrorLogEntry, FirmwareSlotLog, SmartLog } from '@phasebit/nvme-spec';
import { canonical, COUNTS_ON, type FieldTable, type Movement, renamed, row } from './field-table.js';

/** Kelvins between two looks at a thermometer. */
const TEMPERATURE_DRIFT = 5;
const TEMPERATURE: Movement = {
  why: `a thermometer, which may move by ${TEMPERATURE_DRIFT} K`,
  allows: (theirs, ours) => Math.abs(Number(theirs) - Number(ours)) <= TEMPERATURE_DRIFT,
};
const counter = { moves: COUNTS_ON };
const sensors = Array.from({ length: 8 }, (_, index) => index);

/** `nvme smart-log`. [Base] 5.1.12.1.3 */
export const SMART_TABLE: FieldTable<SmartLog> = {
  name: 'smart-log',
  rows: [
    renamed<SmartLog>('critical_warning', 'criticalWarning'),
    renamed<SmartLog>('temperature', 'compositeTemperature', { moves: TEMPERATURE }),
    renamed<SmartLog>('avail_spare', 'availableSpare'),
    renamed<SmartLog>('spare_thresh', 'availableSpareThreshold'),
    renamed<SmartLog>('percent_used', 'percentageUsed'),
    renamed<SmartLog>('endurance_grp_critical_warning_summary', 'enduranceGroupWarning'),
    renamed<SmartLog>('data_units_read', 'dataUnitsRead', counter),
    renamed<SmartLog>('data_units_written', 'dataUnitsWritten', counter),
    renamed<SmartLog>('host_read_commands', 'hostReadCommands', counter),
    renamed<SmartLog>('host_write_commands', 'hostWriteCommands', counter),
    renamed<SmartLog>('controller_busy_time', 'controllerBusyTime', counter),
    renamed<SmartLog>('power_cycles', 'powerCycles'),
    renamed<SmartLog>('power_on_hours', 'powerOnHours', counter),
    renamed<SmartLog>('unsafe_shutdowns', 'unsafeShutdowns'),
    renamed<SmartLog>('media_errors', 'mediaErrors'),
    renamed<SmartLog>('num_err_log_entries', 'errorLogEntries', counter),
    renamed<SmartLog>('warning_temp_time', 'warningTemperatureTime', counter),
    renamed<SmartLog>('critical_comp_time', 'criticalTemperatureTime', counter),
    ...sensors.map((index) =>
      row<SmartLog>(
        `temperature_sensor_${index + 1}`,
        ['temperatureSensors'],
        (ours) => ours.temperatureSensors[index],
        {
          moves: TEMPERATURE,
          when: ({ temperatureSensors }) => temperatureSensors[index] !== 0,
        },
      ),
    ),
    renamed<SmartLog>('thm_temp1_trans_count', 'thermal1Transitions', counter),
    renamed<SmartLog>('thm_temp2_trans_count', 'thermal2Transitions', counter),
    renamed<SmartLog>('thm_temp1_total_time', 'thermal1Time', counter),
    renamed<SmartLog>('thm_temp2_total_time', 'thermal2Time', counter),
  ],
  untold: {},
};

/** An entry of the error log with the phase tag that its status field has. */
export interface ToldErrorEntry extends ErrorLogEntry {
  readonly phase: number;
}

/** Bytes in memory order, as hexadecimal digits, as the integer that they are. */
function littleEndian(hex: string): bigint {
  return BigInt(`0x${(hex.match(/../g) ?? []).reverse().join('') || '0'}`);
}

/** An entry of `nvme error-log`. [Base] 5.1.12.1.2 */
export const ERROR_TABLE: FieldTable<ToldErrorEntry> = {
  name: 'error-log',
  rows: [
    renamed<ToldErrorEntry>('error_count', 'errorCount'),
    renamed<ToldErrorEntry>('sqid', 'sqid'),
    renamed<ToldErrorEntry>('cmdid', 'cid'),
    renamed<ToldErrorEntry>('status_field', 'status'),
    renamed<ToldErrorEntry>('phase_tag', 'phase'),
    renamed<ToldErrorEntry>('parm_error_location', 'parameterLocation'),
    renamed<ToldErrorEntry>('lba', 'lba'),
    renamed<ToldErrorEntry>('nsid', 'nsid'),
    renamed<ToldErrorEntry>('vs', 'vendorLogPage'),
    renamed<ToldErrorEntry>('trtype', 'transportType'),
    row<ToldErrorEntry>('cs', ['commandSpecific'], ({ commandSpecific }) => littleEndian(commandSpecific)),
    renamed<ToldErrorEntry>('trtype_spec_info', 'transportSpecific'),
  ],
  untold: {
    csi: 'nvme-cli 2 does not print the command set',
    opcode: 'nvme-cli 2 does not print the opcode',
    version: 'nvme-cli 2 does not print the version of the entry',
  },
};

const REVISION = /^(\d+) \(.*\)$/;
const REVISION_BYTES = 8;

/** The eight characters of a revision, from `2314885530819505713 (1.0.....)`. */
function revisionOf(told: unknown): string {
  const number = REVISION.exec(String(told))?.[1];
  if (number === undefined) return `not a revision: ${String(told)}`;
  const bytes = Array.from({ length: REVISION_BYTES }, (_, index) =>
    Number((BigInt(number) >> BigInt(8 * index)) & 0xffn),
  );
  return canonical(String.fromCharCode(...bytes).replace(/\0.*$/s, ''));
}

/** Compares the inner object of `nvme fw-log`. [Base] 5.1.12.1.4 @returns a line for each difference */
export function compareFirmwareSlots(theirs: Readonly<Record<string, unknown>>, ours: FirmwareSlotLog): string[] {
  const told: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(theirs))
    told[key] = key.startsWith('Firmware Rev') ? revisionOf(value) : value;
  const expected: Record<string, unknown> = { 'Active Firmware Slot (afi)': ours.activeSlot | (ours.nextSlot << 4) };
  ours.revisions.forEach((revision, index) => {
    if (revision !== '') expected[`Firmware Rev Slot ${index + 1}`] = revision;
  });
  return [...new Set([...Object.keys(told), ...Object.keys(expected)])]
    .filter((key) => canonical(told[key] ?? null) !== canonical(expected[key] ?? null))
    .map((key) => `fw-log.${key}: nvme-cli says ${String(told[key])}, ours ${String(expected[key])}`);
}
