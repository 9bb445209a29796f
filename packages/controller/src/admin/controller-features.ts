import {
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_ASYNC_EVENT_VALUE,
  FEATURE_HOST_THERMAL_MANAGEMENT,
  FEATURE_HOST_THERMAL_MANAGEMENT_VALUE,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_COALESCING_VALUE,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_INTERRUPT_VECTOR_VALUE,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_POWER_MANAGEMENT_VALUE,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TEMPERATURE_THRESHOLD_VALUE,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_VOLATILE_WRITE_CACHE_VALUE,
  FEATURE_WRITE_ATOMICITY,
  FEATURE_WRITE_ATOMICITY_VALUE,
} from '@phasebit/nvme-spec';
import { defaultArbitration } from '../feature-store.js';
import type { Internals } from '../internals.js';
import { THERMAL_KELVIN_MAX, THERMAL_KELVIN_MIN, WARNING_TEMPERATURE_KELVIN } from '../temperatures.js';
import type { Feature } from './feature.js';
import { ALL_RIGHT, controllerWord } from './word-feature.js';

// Features of the controller that are one dword. [Base] 5.1.25.1, 5.1.25.2, [NVM] 4.1.3

const zero = (): number => 0;
const ALL = 0xffff_ffff;
const OVER = 0;
const UNDER = 1;
/** TMPSEL: the composite temperature, the only one the model has. */
const COMPOSITE = 0;
/** TMPSEL: all temperatures, for Set Features only. */
const ALL_SENSORS = 0xf;

/** Arbitration: burst and weights. */
export const arbitration: Feature = controllerWord(FEATURE_ARBITRATION, {
  mask: 0xffff_ff07,
  read: ({ features }) => features.arbitration,
  initial: defaultArbitration,
  write: ({ features }, value) => features.setArbitration(value),
});

/** Power Management: there is one power state. */
export const powerManagement: Feature = controllerWord(FEATURE_POWER_MANAGEMENT, {
  mask: FEATURE_POWER_MANAGEMENT_VALUE.WH.mask,
  wrongByte: (_, value, isSet) => (isSet && FEATURE_POWER_MANAGEMENT_VALUE.PS.get(value) !== 0 ? 0 : ALL_RIGHT),
  read: ({ features }) => features.powerManagement,
  initial: zero,
  write: ({ features }, value) => (features.powerManagement = value),
});

/** Temperature Threshold, over and under; the temperature is judged at once. */
export const temperatureThreshold: Feature = controllerWord(FEATURE_TEMPERATURE_THRESHOLD, {
  mask: FEATURE_TEMPERATURE_THRESHOLD_VALUE.TMPTH.mask | FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.mask,
  shown: FEATURE_TEMPERATURE_THRESHOLD_VALUE.TMPTH.mask,
  selector: (value) => FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.get(value),
  wrongByte: (_, value, isSet) => {
    const sensor = FEATURE_TEMPERATURE_THRESHOLD_VALUE.TMPSEL.get(value);
    const isSensorGood = sensor === COMPOSITE || (isSet && sensor === ALL_SENSORS);
    return FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.get(value) > UNDER || !isSensorGood ? 2 : ALL_RIGHT;
  },
  read: ({ features }, value) =>
    FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.get(value) === OVER
      ? features.overTemperature
      : features.underTemperature,
  initial: (_, value) =>
    FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.get(value) === OVER ? WARNING_TEMPERATURE_KELVIN : 0,
  write: ({ features, health }, value) => {
    const kelvin = FEATURE_TEMPERATURE_THRESHOLD_VALUE.TMPTH.get(value);
    if (FEATURE_TEMPERATURE_THRESHOLD_VALUE.THSEL.get(value) === OVER) features.overTemperature = kelvin;
    else features.underTemperature = kelvin;
    health.judge();
  },
});

/** Volatile Write Cache, where there is one. */
export const volatileWriteCache: Feature = controllerWord(FEATURE_VOLATILE_WRITE_CACHE, {
  mask: FEATURE_VOLATILE_WRITE_CACHE_VALUE.WCE.mask,
  isPresent: ({ settings }) => settings.vwc,
  read: ({ features }) => features.volatileWriteCache,
  initial: ({ features }) => features.defaultVolatileWriteCache,
  write: ({ features }, value) => features.setVolatileWriteCache(value),
});

/** Interrupt Coalescing. */
export const interruptCoalescing: Feature = controllerWord(FEATURE_INTERRUPT_COALESCING, {
  mask: FEATURE_INTERRUPT_COALESCING_VALUE.THR0.mask | FEATURE_INTERRUPT_COALESCING_VALUE.TIME.mask,
  read: ({ features }) => features.interruptCoalescing,
  initial: zero,
  write: ({ features }, value) => (features.interruptCoalescing = value),
});

/** Interrupt Vector Configuration of the vector in dword 11. */
export const interruptVectorConfig: Feature = controllerWord(FEATURE_INTERRUPT_VECTOR_CONFIG, {
  mask: FEATURE_INTERRUPT_VECTOR_VALUE.IV.mask | FEATURE_INTERRUPT_VECTOR_VALUE.CD.mask,
  selector: (value) => FEATURE_INTERRUPT_VECTOR_VALUE.IV.get(value),
  wrongByte: ({ settings }, value) =>
    FEATURE_INTERRUPT_VECTOR_VALUE.IV.get(value) >= settings.link.vectors ? 0 : ALL_RIGHT,
  read: ({ features }, value) => {
    const vector = FEATURE_INTERRUPT_VECTOR_VALUE.IV.get(value);
    return FEATURE_INTERRUPT_VECTOR_VALUE.CD.set(vector, features.coalescingDisabled[vector]);
  },
  initial: (_, value) => FEATURE_INTERRUPT_VECTOR_VALUE.IV.get(value),
  write: ({ features }, value) => {
    const vector = FEATURE_INTERRUPT_VECTOR_VALUE.IV.get(value);
    features.coalescingDisabled[vector] = FEATURE_INTERRUPT_VECTOR_VALUE.CD.get(value);
  },
});

/** Write Atomicity Normal. */
export const writeAtomicity: Feature = controllerWord(FEATURE_WRITE_ATOMICITY, {
  mask: FEATURE_WRITE_ATOMICITY_VALUE.DN.mask,
  read: ({ features }) => features.writeAtomicity,
  initial: zero,
  write: ({ features }, value) => (features.writeAtomicity = value),
});

/** Asynchronous Event Configuration. There are no Endurance Groups to hear of. */
export const asyncEventConfig: Feature = controllerWord(FEATURE_ASYNC_EVENT_CONFIG, {
  mask: ALL,
  wrongByte: (_, value, isSet) => (isSet && FEATURE_ASYNC_EVENT_VALUE.EGEALCN.get(value) !== 0 ? 1 : ALL_RIGHT),
  read: ({ features }) => features.asyncEventConfig,
  initial: zero,
  write: (inside, value) => {
    inside.features.asyncEventConfig = value;
    inside.health.judge();
    inside.telemetry.judge(inside);
  },
});

/** Keep Alive Timer. */
export const keepAliveTimer: Feature = controllerWord(FEATURE_KEEP_ALIVE_TIMER, {
  mask: ALL,
  isSaveable: false,
  read: ({ features }) => features.keepAliveTimer,
  initial: zero,
  write: ({ features }, value) => features.setKeepAliveTimer(value),
});

/** Host Controlled Thermal Management: two temperatures, 0 for off, the first below the second. */
export const hostThermalManagement: Feature = controllerWord(FEATURE_HOST_THERMAL_MANAGEMENT, {
  mask: ALL,
  wrongByte: (_, value, isSet) => (isSet ? wrongThermalByte(value) : ALL_RIGHT),
  read: ({ features }) => features.thermalManagement,
  initial: zero,
  write: ({ features, health }: Internals, value) => {
    features.thermalManagement = value;
    health.judge();
  },
});

function wrongThermalByte(value: number): number {
  const light = FEATURE_HOST_THERMAL_MANAGEMENT_VALUE.TMT1.get(value);
  const heavy = FEATURE_HOST_THERMAL_MANAGEMENT_VALUE.TMT2.get(value);
  const isInside = (kelvin: number): boolean =>
    kelvin === 0 || (kelvin >= THERMAL_KELVIN_MIN && kelvin <= THERMAL_KELVIN_MAX);
  if (!isInside(light) || (light !== 0 && heavy !== 0 && light >= heavy)) return 2;
  return isInside(heavy) ? ALL_RIGHT : 0;
}
