import type { Clock } from '@phasebit/core';
import {
  ASYNC_EVENT_SMART_RELIABILITY,
  ASYNC_EVENT_SMART_SPARE,
  ASYNC_EVENT_SMART_TEMPERATURE,
  ASYNC_EVENT_TYPE_SMART,
  FEATURE_ASYNC_EVENT_VALUE,
  FEATURE_HOST_THERMAL_MANAGEMENT_VALUE,
  LOG_SMART,
  SMART_AVAILABLE_SPARE,
  SMART_AVAILABLE_SPARE_THRESHOLD,
  SMART_BYTES,
  SMART_COMPOSITE_TEMPERATURE,
  SMART_CRITICAL_TEMPERATURE_TIME,
  SMART_CRITICAL_WARNING,
  SMART_DATA_UNIT_BYTES,
  SMART_DATA_UNITS_READ,
  SMART_DATA_UNITS_WRITTEN,
  SMART_ERROR_LOG_ENTRIES,
  SMART_HOST_READ_COMMANDS,
  SMART_HOST_WRITE_COMMANDS,
  SMART_MEDIA_ERRORS,
  SMART_PERCENTAGE_USED,
  SMART_POWER_CYCLES,
  SMART_POWER_ON_HOURS,
  SMART_THERMAL_1_TIME,
  SMART_THERMAL_1_TRANSITIONS,
  SMART_THERMAL_2_TIME,
  SMART_THERMAL_2_TRANSITIONS,
  SMART_UNSAFE_SHUTDOWNS,
  SMART_WARNING_READ_ONLY,
  SMART_WARNING_RELIABILITY,
  SMART_WARNING_SPARE,
  SMART_WARNING_TEMPERATURE,
  SMART_WARNING_TEMPERATURE_TIME,
} from '@phasebit/nvme-spec';
import type { AsyncEvents } from './async-events.js';
import { checkRange } from './checks.js';
import type { ErrorLog } from './error-log.js';
import type { FeatureStore } from './feature-store.js';
import type { Medium } from './media/medium.js';
import { COMFORTABLE_KELVIN, CRITICAL_TEMPERATURE_KELVIN, WARNING_TEMPERATURE_KELVIN } from './temperatures.js';
import { ThermalWatch } from './thermal-watch.js';

/** Index of {@link Health.io}: bytes read by Read and Compare commands. */
export const HEALTH_BYTES_READ = 0;
/** Index of {@link Health.io}: bytes written by Write commands. */
export const HEALTH_BYTES_WRITTEN = 1;
/** Index of {@link Health.io}: Read and Compare commands completed. */
export const HEALTH_READS = 2;
/** Index of {@link Health.io}: Write commands completed. */
export const HEALTH_WRITES = 3;

/** Percentage of spare below which there is a warning. */
const SPARE_THRESHOLD_PERCENT = 10;
/** Percentage used that stands for everything above it. */
const PERCENTAGE_USED_MAX = 255;
const NS_PER_HOUR = 3600e9;
const NS_PER_MINUTE = 60e9;
const NS_PER_SECOND = 1e9;
/** The warnings that have an event of their own; the others share the one for reliability. */
const EVENT_OF_WARNING: readonly (readonly [warning: number, information: number])[] = [
  [SMART_WARNING_SPARE, ASYNC_EVENT_SMART_SPARE],
  [SMART_WARNING_TEMPERATURE, ASYNC_EVENT_SMART_TEMPERATURE],
];

/** How the device is, as an outside hand may set it. */
export interface Conditions {
  /** composite temperature, kelvins */
  readonly temperatureKelvin?: number;
  /** spare that is left, percent, 0 to 100; below 10 is a warning */
  readonly availableSparePercent?: number;
  /** life that is used up, percent, 0 to 255 */
  readonly percentageUsed?: number;
  /** whether reliability is degraded: a warning */
  readonly isDegraded?: boolean;
  /** whether all media is read only: a warning. Writes are not refused by that; see the faults. A medium that has failed is, besides */
  readonly isReadOnly?: boolean;
}

/** What the SMART / Health Information log says: counted as commands complete, and conditions that an outside hand sets. */
export class Health {
  /** Counters of the I/O path, indexed by `HEALTH_*`. */
  readonly io: Float64Array = new Float64Array(4);
  /** media and data integrity errors */
  mediaErrors = 0;
  /** power cycles */
  powerCycles = 1;
  /** losses of power without a shutdown */
  unsafeShutdowns = 0;
  private conditions: Required<Conditions> = {
    temperatureKelvin: COMFORTABLE_KELVIN,
    availableSparePercent: 100,
    percentageUsed: 0,
    isDegraded: false,
    isReadOnly: false,
  };
  private warnings = 0;
  private reported = 0;
  private readonly watch = new ThermalWatch(WARNING_TEMPERATURE_KELVIN, CRITICAL_TEMPERATURE_KELVIN);
  private readonly beganNs: number;
  private poweredOnNs: number;

  /**
   * @param tellExcursion - gets how far a temperature was passed, kelvins, and its code in the Thermal Excursion event
   * @param media - gives what keeps the data of the subsystem
   */
  constructor(
    private readonly clock: Clock,
    private readonly features: FeatureStore,
    private readonly events: AsyncEvents,
    private readonly errors: ErrorLog,
    private readonly tellExcursion: (kelvins: number, code: number) => void,
    private readonly media: () => readonly Medium[],
  ) {
    this.beganNs = this.poweredOnNs = clock.nowNs();
  }

  /** Milliseconds since power-on. */
  get poweredOnMs(): number {
    return Math.floor((this.clock.nowNs() - this.poweredOnNs) / 1e6);
  }

  /** Hours that there was power, which a loss of it does not begin again. */
  get poweredOnHours(): number {
    return Math.floor((this.clock.nowNs() - this.beganNs) / NS_PER_HOUR);
  }

  /** Power was lost and is back. @param isShutDown - whether the controller had been shut down before */
  cyclePower(isShutDown: boolean): void {
    this.powerCycles++;
    if (!isShutDown) this.unsafeShutdowns++;
    this.poweredOnNs = this.clock.nowNs();
  }

  /** The critical warnings as they are, SMART_WARNING_*. */
  get criticalWarnings(): number {
    return this.warnings;
  }

  /** Changes how the device is. @throws RangeError naming the condition that is out of range */
  set(conditions: Conditions): void {
    const next = { ...this.conditions, ...conditions };
    checkRange('temperatureKelvin', next.temperatureKelvin, 0, 0xffff);
    checkRange('availableSparePercent', next.availableSparePercent, 0, 100);
    checkRange('percentageUsed', next.percentageUsed, 0, PERCENTAGE_USED_MAX);
    this.conditions = next;
    this.judge();
  }

  /** A controller level reset: thresholds are other ones, and whoever asks to hear of warnings has heard of none. */
  reset(): void {
    this.reported = 0;
    this.judge();
  }

  /**
   * Looks which warnings there are. One that the host asked to hear of raises an event, once until it is gone; asking while it is there
   * already counts too.
   */
  judge(): void {
    const { asyncEventConfig, thermalManagement } = this.features;
    const { temperatureKelvin } = this.conditions;
    this.watch.light.kelvin = FEATURE_HOST_THERMAL_MANAGEMENT_VALUE.TMT1.get(thermalManagement);
    this.watch.heavy.kelvin = FEATURE_HOST_THERMAL_MANAGEMENT_VALUE.TMT2.get(thermalManagement);
    this.watch.look(temperatureKelvin, this.clock.nowNs(), this.tellExcursion);
    this.warnings = this.look();
    this.reported &= this.warnings;
    const unheard = this.warnings & ~this.reported & FEATURE_ASYNC_EVENT_VALUE.SHCW.get(asyncEventConfig);
    this.reported |= unheard;
    this.raise(unheard);
  }

  /** The log page, 512 bytes. The model does its work in no time, so the busy time stays 0. [Base] 5.1.12.1.3 */
  page(): Uint8Array {
    const view = new DataView(new ArrayBuffer(SMART_BYTES));
    view.setUint8(SMART_CRITICAL_WARNING, this.look());
    view.setUint16(SMART_COMPOSITE_TEMPERATURE, this.conditions.temperatureKelvin, true);
    view.setUint8(SMART_AVAILABLE_SPARE, this.conditions.availableSparePercent);
    view.setUint8(SMART_AVAILABLE_SPARE_THRESHOLD, SPARE_THRESHOLD_PERCENT);
    view.setUint8(SMART_PERCENTAGE_USED, this.conditions.percentageUsed);
    put(view, SMART_DATA_UNITS_READ, Math.ceil(this.io[HEALTH_BYTES_READ] / SMART_DATA_UNIT_BYTES));
    put(view, SMART_DATA_UNITS_WRITTEN, Math.ceil(this.io[HEALTH_BYTES_WRITTEN] / SMART_DATA_UNIT_BYTES));
    put(view, SMART_HOST_READ_COMMANDS, this.io[HEALTH_READS]);
    put(view, SMART_HOST_WRITE_COMMANDS, this.io[HEALTH_WRITES]);
    put(view, SMART_POWER_CYCLES, this.powerCycles);
    put(view, SMART_POWER_ON_HOURS, this.poweredOnHours);
    put(view, SMART_UNSAFE_SHUTDOWNS, this.unsafeShutdowns);
    put(view, SMART_MEDIA_ERRORS, this.mediaErrors);
    put(view, SMART_ERROR_LOG_ENTRIES, this.errors.count);
    this.putTemperatures(view);
    return new Uint8Array(view.buffer);
  }

  /** The warnings that there are: one medium that has failed degrades reliability, and all of them are all media. [Base] 5.1.12.1.3 */
  private look(): number {
    const { overTemperature, underTemperature } = this.features;
    const { temperatureKelvin, availableSparePercent, isDegraded, isReadOnly } = this.conditions;
    const isPast = temperatureKelvin >= overTemperature || temperatureKelvin <= underTemperature;
    const media = this.media();
    const failed = media.filter((each) => each.isReadOnly === true).length;
    return (
      (availableSparePercent < SPARE_THRESHOLD_PERCENT ? SMART_WARNING_SPARE : 0) |
      (isPast ? SMART_WARNING_TEMPERATURE : 0) |
      (isDegraded || failed > 0 ? SMART_WARNING_RELIABILITY : 0) |
      (isReadOnly || (failed > 0 && failed === media.length) ? SMART_WARNING_READ_ONLY : 0)
    );
  }

  private putTemperatures(view: DataView): void {
    const { warning, critical, light, heavy } = this.watch;
    const nowNs = this.clock.nowNs();
    const since = (level: { durationNs: (nowNs: number) => number }, unitNs: number): number =>
      Math.floor(level.durationNs(nowNs) / unitNs);
    view.setUint32(SMART_WARNING_TEMPERATURE_TIME, since(warning, NS_PER_MINUTE), true);
    view.setUint32(SMART_CRITICAL_TEMPERATURE_TIME, since(critical, NS_PER_MINUTE), true);
    view.setUint32(SMART_THERMAL_1_TRANSITIONS, light.transitions, true);
    view.setUint32(SMART_THERMAL_2_TRANSITIONS, heavy.transitions, true);
    view.setUint32(SMART_THERMAL_1_TIME, since(light, NS_PER_SECOND), true);
    view.setUint32(SMART_THERMAL_2_TIME, since(heavy, NS_PER_SECOND), true);
  }

  /** Raises the events of warnings. */
  private raise(warnings: number): void {
    let others = warnings;
    for (const [warning, information] of EVENT_OF_WARNING) {
      if ((warnings & warning) !== 0) this.events.raise(ASYNC_EVENT_TYPE_SMART, information, LOG_SMART);
      others &= ~warning;
    }
    if (others !== 0) this.events.raise(ASYNC_EVENT_TYPE_SMART, ASYNC_EVENT_SMART_RELIABILITY, LOG_SMART);
  }
}

/** Writes a counter of 128 bits, of which the lower 53 are used. */
function put(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
