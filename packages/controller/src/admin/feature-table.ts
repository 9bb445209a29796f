import {
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_ERROR_RECOVERY,
  FEATURE_ERROR_RECOVERY_VALUE,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_COALESCING_VALUE,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_POWER_MANAGEMENT_VALUE,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_VOLATILE_WRITE_CACHE_VALUE,
  FEATURE_WRITE_ATOMICITY,
  FEATURE_WRITE_ATOMICITY_VALUE,
  NSID_BROADCAST,
  SQE_CDW11,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { defaultArbitration } from '../feature-store.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';
import { getHostBehavior, getTimestamp, setHostBehavior, setTimestamp } from './feature-structures.js';
import {
  getNumberOfQueues,
  getTemperatureThreshold,
  getVectorConfig,
  setNumberOfQueues,
  setTemperatureThreshold,
  setVectorConfig,
} from './feature-parameters.js';

/** Which value Get Features asks for. */
export type FeatureSelect = 'current' | 'default';

/** One feature: how Get Features and Set Features reach it. */
export interface Feature {
  /** whether it belongs to a namespace, not to the controller */
  readonly isOfNamespace: boolean;
  /** whether this controller has it */
  readonly isPresent: (inside: Internals) => boolean;
  /** puts the value into the result, or sends its data structure */
  readonly get: (inside: Internals, command: Command, select: FeatureSelect) => number;
  /** takes the value from dword 11, or fetches its data structure */
  readonly set: (inside: Internals, command: Command) => number;
}

const always = (): boolean => true;

/** A feature of the controller that is one dword. */
function word(
  mask: number,
  read: (inside: Internals) => number,
  initial: (inside: Internals) => number,
  write: (inside: Internals, value: number) => void,
  isPresent: (inside: Internals) => boolean = always,
): Feature {
  return {
    isOfNamespace: false,
    isPresent,
    get: (inside, command, select) => {
      command.result = select === 'current' ? read(inside) : initial(inside);
      return 0;
    },
    set: (inside, command) => {
      write(inside, (command.cdw(11) & mask) >>> 0);
      return 0;
    },
  };
}

const zero = (): number => 0;
const ALL = 0xffff_ffff;
const COALESCING = FEATURE_INTERRUPT_COALESCING_VALUE.THR0.mask | FEATURE_INTERRUPT_COALESCING_VALUE.TIME.mask;

const powerManagement: Feature = {
  ...word(
    ALL,
    (inside) => inside.features.powerManagement,
    zero,
    () => undefined,
  ),
  set: (inside, command) => {
    const value = command.cdw(11);
    if (FEATURE_POWER_MANAGEMENT_VALUE.PS.get(value) !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
    inside.features.powerManagement = value & FEATURE_POWER_MANAGEMENT_VALUE.WH.mask;
    return 0;
  },
};

const errorRecovery: Feature = {
  isOfNamespace: true,
  isPresent: always,
  get: (inside, command, select) => {
    command.result = select === 'current' ? inside.namespaces.get(command.nsid)!.errorRecovery : 0;
    return 0;
  },
  set: (inside, command) => {
    const value = command.cdw(11);
    // Identify Namespace does not offer errors for deallocated blocks (NSFEAT.DAE).
    if (FEATURE_ERROR_RECOVERY_VALUE.DULBE.get(value) !== 0)
      return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + 2);
    for (const namespace of inside.namespaces.active) {
      if (command.nsid !== NSID_BROADCAST && command.nsid !== namespace.nsid) continue;
      namespace.errorRecovery = FEATURE_ERROR_RECOVERY_VALUE.TLER.get(value);
    }
    return 0;
  },
};

/** Every feature there is. What is not here, or not present, is an invalid field. [Base] 5.1.25.1 */
export const FEATURE_TABLE: ReadonlyMap<number, Feature> = new Map<number, Feature>([
  [
    FEATURE_ARBITRATION,
    word(
      0xffff_ff07,
      (inside) => inside.features.arbitration,
      defaultArbitration,
      (inside, value) => inside.features.setArbitration(value),
    ),
  ],
  [FEATURE_POWER_MANAGEMENT, powerManagement],
  [
    FEATURE_TEMPERATURE_THRESHOLD,
    { isOfNamespace: false, isPresent: always, get: getTemperatureThreshold, set: setTemperatureThreshold },
  ],
  [FEATURE_ERROR_RECOVERY, errorRecovery],
  [
    FEATURE_VOLATILE_WRITE_CACHE,
    word(
      FEATURE_VOLATILE_WRITE_CACHE_VALUE.WCE.mask,
      (inside) => inside.features.volatileWriteCache,
      (inside) => inside.features.defaultVolatileWriteCache,
      (inside, value) => inside.features.setVolatileWriteCache(value),
      (inside) => inside.settings.vwc,
    ),
  ],
  [
    FEATURE_NUMBER_OF_QUEUES,
    { isOfNamespace: false, isPresent: always, get: getNumberOfQueues, set: setNumberOfQueues },
  ],
  [
    FEATURE_INTERRUPT_COALESCING,
    word(
      COALESCING,
      (inside) => inside.features.interruptCoalescing,
      zero,
      (inside, value) => (inside.features.interruptCoalescing = value),
    ),
  ],
  [
    FEATURE_INTERRUPT_VECTOR_CONFIG,
    { isOfNamespace: false, isPresent: always, get: getVectorConfig, set: setVectorConfig },
  ],
  [
    FEATURE_WRITE_ATOMICITY,
    word(
      FEATURE_WRITE_ATOMICITY_VALUE.DN.mask,
      (inside) => inside.features.writeAtomicity,
      zero,
      (inside, value) => (inside.features.writeAtomicity = value),
    ),
  ],
  [
    FEATURE_ASYNC_EVENT_CONFIG,
    word(
      ALL,
      (inside) => inside.features.asyncEventConfig,
      zero,
      (inside, value) => {
        inside.features.asyncEventConfig = value;
        inside.health.judgeTemperature();
      },
    ),
  ],
  [FEATURE_TIMESTAMP, { isOfNamespace: false, isPresent: always, get: getTimestamp, set: setTimestamp }],
  [
    FEATURE_KEEP_ALIVE_TIMER,
    word(
      ALL,
      (inside) => inside.features.keepAliveTimer,
      zero,
      (inside, value) => inside.features.setKeepAliveTimer(value),
    ),
  ],
  [FEATURE_HOST_BEHAVIOR, { isOfNamespace: false, isPresent: always, get: getHostBehavior, set: setHostBehavior }],
]);
