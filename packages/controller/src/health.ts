import type { Clock } from '@phasebit/core';
import {
  ASYNC_EVENT_SMART_TEMPERATURE,
  ASYNC_EVENT_TYPE_SMART,
  FEATURE_ASYNC_EVENT_VALUE,
  LOG_SMART,
  SMART_AVAILABLE_SPARE,
  SMART_AVAILABLE_SPARE_THRESHOLD,
  SMART_BYTES,
  SMART_COMPOSITE_TEMPERATURE,
  SMART_CRITICAL_WARNING,
  SMART_DATA_UNIT_BYTES,
  SMART_DATA_UNITS_READ,
  SMART_DATA_UNITS_WRITTEN,
  SMART_ERROR_LOG_ENTRIES,
  SMART_HOST_READ_COMMANDS,
  SMART_HOST_WRITE_COMMANDS,
  SMART_MEDIA_ERRORS,
  SMART_POWER_CYCLES,
  SMART_POWER_ON_HOURS,
  SMART_UNSAFE_SHUTDOWNS,
  SMART_WARNING_TEMPERATURE,
} from '@phasebit/nvme-spec';
import type { AsyncEvents } from './async-events.js';
import type { ErrorLog } from './error-log.js';
import type { FeatureStore } from './feature-store.js';

/** Index of {@link Health.io}: bytes read by Read and Compare commands. */
export const HEALTH_BYTES_READ = 0;
/** Index of {@link Health.io}: bytes written by Write commands. */
export const HEALTH_BYTES_WRITTEN = 1;
/** Index of {@link Health.io}: Read and Compare commands completed. */
export const HEALTH_READS = 2;
/** Index of {@link Health.io}: Write commands completed. */
export const HEALTH_WRITES = 3;

/** Composite temperature of a model that nobody has heated, kelvins. */
const COMFORTABLE_KELVIN = 300;
const NS_PER_HOUR = 3600e9;

/** What the SMART / Health Information log says: counted as commands complete, and temperatures that an outside hand sets. */
export class Health {
  /** Counters of the I/O path, indexed by `HEALTH_*`. */
  readonly io: Float64Array = new Float64Array(4);
  /** media and data integrity errors */
  mediaErrors = 0;
  /** power cycles */
  powerCycles = 1;
  /** losses of power without a shutdown */
  unsafeShutdowns = 0;
  /** composite temperature, kelvins */
  temperatureKelvin: number = COMFORTABLE_KELVIN;
  private warnings = 0;
  private reported = 0;
  private readonly poweredOnNs: number;

  constructor(
    private readonly clock: Clock,
    private readonly features: FeatureStore,
    private readonly events: AsyncEvents,
    private readonly errors: ErrorLog,
  ) {
    this.poweredOnNs = clock.nowNs();
  }

  /**
   * Looks whether the temperature is past a threshold. A warning that the host asked to hear of raises an event, once until it is gone;
   * asking while it is there already counts too.
   */
  judgeTemperature(): void {
    const { overTemperature, underTemperature, asyncEventConfig } = this.features;
    const kelvin = this.temperatureKelvin;
    const isPast = kelvin >= overTemperature || kelvin <= underTemperature;
    this.warnings = isPast ? SMART_WARNING_TEMPERATURE : 0;
    this.reported &= this.warnings;
    const unheard = this.warnings & ~this.reported & FEATURE_ASYNC_EVENT_VALUE.SHCW.get(asyncEventConfig);
    if (unheard === 0) return;
    this.reported |= unheard;
    this.events.raise(ASYNC_EVENT_TYPE_SMART, ASYNC_EVENT_SMART_TEMPERATURE, LOG_SMART);
  }

  /** The log page, 512 bytes. [Base] 5.1.12.1.3 */
  page(): Uint8Array {
    const view = new DataView(new ArrayBuffer(SMART_BYTES));
    view.setUint8(SMART_CRITICAL_WARNING, this.warnings);
    view.setUint16(SMART_COMPOSITE_TEMPERATURE, this.temperatureKelvin, true);
    view.setUint8(SMART_AVAILABLE_SPARE, 100);
    view.setUint8(SMART_AVAILABLE_SPARE_THRESHOLD, 10);
    const hours = Math.floor((this.clock.nowNs() - this.poweredOnNs) / NS_PER_HOUR);
    put(view, SMART_DATA_UNITS_READ, Math.ceil(this.io[HEALTH_BYTES_READ] / SMART_DATA_UNIT_BYTES));
    put(view, SMART_DATA_UNITS_WRITTEN, Math.ceil(this.io[HEALTH_BYTES_WRITTEN] / SMART_DATA_UNIT_BYTES));
    put(view, SMART_HOST_READ_COMMANDS, this.io[HEALTH_READS]);
    put(view, SMART_HOST_WRITE_COMMANDS, this.io[HEALTH_WRITES]);
    put(view, SMART_POWER_CYCLES, this.powerCycles);
    put(view, SMART_POWER_ON_HOURS, hours);
    put(view, SMART_UNSAFE_SHUTDOWNS, this.unsafeShutdowns);
    put(view, SMART_MEDIA_ERRORS, this.mediaErrors);
    put(view, SMART_ERROR_LOG_ENTRIES, this.errors.count);
    return new Uint8Array(view.buffer);
  }
}

/** Writes a counter of 128 bits, of which the lower 53 are used. */
function put(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
