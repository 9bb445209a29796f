import {
  FEATURE_INTERRUPT_VECTOR_VALUE,
  FEATURE_NUMBER_OF_QUEUES_VALUE,
  FEATURE_TEMPERATURE_THRESHOLD_VALUE,
  SQE_CDW11,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { queuesGranted, WARNING_TEMPERATURE_KELVIN } from '../feature-store.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';

// Features that need more of the command than a value: a selector in dword 11, or the state of the queues.

/** NSQR and NCQR: FFFFh would be 65,536 queues, one more than there are identifiers. */
const QUEUES_INVALID = 0xffff;
const OVER = 0;
const UNDER = 1;
/** TMPSEL: the composite temperature, the only one the model has. */
const COMPOSITE = 0;
/** TMPSEL: all temperatures, for Set Features only. */
const ALL_SENSORS = 0xf;

/** Number of Queues, current or default. [Base] 5.1.25.2.1 */
export function getNumberOfQueues(inside: Internals, command: Command, select: 'current' | 'default'): number {
  const { features } = inside;
  command.result = select === 'current' ? features.numberOfQueues : features.defaultNumberOfQueues;
  return 0;
}

/** Number of Queues: grants what is asked for up to what there is; only before the first I/O queue exists. */
export function setNumberOfQueues(inside: Internals, command: Command): number {
  const value = command.cdw(11);
  const submission0 = FEATURE_NUMBER_OF_QUEUES_VALUE.NSQR0.get(value);
  const completion0 = FEATURE_NUMBER_OF_QUEUES_VALUE.NCQR0.get(value);
  if (inside.queues.wasUsed) return refuse(command, STATUS_COMMAND_SEQUENCE_ERROR, SQE_CDW11);
  if (submission0 === QUEUES_INVALID) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  if (completion0 === QUEUES_INVALID) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + 2);
  const most0 = inside.settings.queuePairs - 1;
  command.result = queuesGranted(Math.min(submission0, most0), Math.min(completion0, most0));
  inside.features.numberOfQueues = command.result;
  return 0;
}

/** Temperature Threshold that dword 11 selects. [Base] 5.1.25.1.3 */
export function getTemperatureThreshold(inside: Internals, command: Command, select: 'current' | 'default'): number {
  const { features } = inside;
  const value = command.cdw(11);
  const kind = FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.get(value);
  const sensor = FEATURE_TEMPERATURE_THRESHOLD_VALUE.TMPSEL.get(value);
  if (kind > UNDER || sensor !== COMPOSITE) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + 2);
  if (kind === OVER) command.result = select === 'current' ? features.overTemperature : WARNING_TEMPERATURE_KELVIN;
  if (kind === UNDER) command.result = select === 'current' ? features.underTemperature : 0;
  return 0;
}

/** Temperature Threshold; the temperature is judged at once. */
export function setTemperatureThreshold(inside: Internals, command: Command): number {
  const value = command.cdw(11);
  const kind = FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.get(value);
  const sensor = FEATURE_TEMPERATURE_THRESHOLD_VALUE.TMPSEL.get(value);
  if (kind > UNDER || (sensor !== COMPOSITE && sensor !== ALL_SENSORS)) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + 2);
  }
  const kelvin = FEATURE_TEMPERATURE_THRESHOLD_VALUE.TMPTH.get(value);
  if (kind === OVER) inside.features.overTemperature = kelvin;
  if (kind === UNDER) inside.features.underTemperature = kelvin;
  inside.health.judgeTemperature();
  return 0;
}

/** Interrupt Vector Configuration of the vector in dword 11. [Base] 5.1.25.2.3 */
export function getVectorConfig(inside: Internals, command: Command, select: 'current' | 'default'): number {
  const vector = FEATURE_INTERRUPT_VECTOR_VALUE.IV.get(command.cdw(11));
  if (vector >= inside.settings.link.vectors) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  const isDisabled = select === 'current' ? inside.features.coalescingDisabled[vector] : 0;
  command.result = FEATURE_INTERRUPT_VECTOR_VALUE.CD.set(vector, isDisabled);
  return 0;
}

/** Interrupt Vector Configuration of the vector in dword 11. */
export function setVectorConfig(inside: Internals, command: Command): number {
  const value = command.cdw(11);
  const vector = FEATURE_INTERRUPT_VECTOR_VALUE.IV.get(value);
  if (vector >= inside.settings.link.vectors) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  inside.features.coalescingDisabled[vector] = FEATURE_INTERRUPT_VECTOR_VALUE.CD.get(value);
  return 0;
}
