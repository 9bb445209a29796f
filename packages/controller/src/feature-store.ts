import type { Clock } from '@phasebit/core';
import {
  FEATURE_ARBITRATION_VALUE,
  FEATURE_NUMBER_OF_QUEUES_RESULT,
  FEATURE_VOLATILE_WRITE_CACHE_VALUE,
  HOST_BEHAVIOR_ACRE,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_LBAFEE,
  TIMESTAMP_ATTRIBUTES,
  TIMESTAMP_BYTES,
  TIMESTAMP_ORIGIN_SHIFT,
} from '@phasebit/nvme-spec';
import { type HostIdentity, NO_HOST } from './host-identity.js';
import { QUEUE_BUDGET } from './limits.js';
import type { Settings } from './settings.js';
import { WARNING_TEMPERATURE_KELVIN } from './temperatures.js';

/** Granularity of the keep alive timer, milliseconds: Identify Controller KAS is 1. */
const KEEP_ALIVE_MS = 100;
/** The largest multiple of the granularity that the feature holds. */
const KEEP_ALIVE_MS_MAX = 4_294_967_200;
/** Arbitration burst of 7: no limit. */
const BURST_UNLIMITED = 7;

/**
 * The current values of the features that belong to the controller, as dword 11 of Set Features carries them. A controller reset
 * brings the defaults back, and after that the saved values; see `SavedFeatures`. [Base] 5.1.25
 */
export class FeatureStore {
  arbitration = 0;
  powerManagement = 0;
  overTemperature = 0;
  underTemperature = 0;
  volatileWriteCache = 0;
  /** dword 0 of the completion: queues granted */
  numberOfQueues = 0;
  interruptCoalescing = 0;
  writeAtomicity = 0;
  asyncEventConfig = 0;
  /** TMT1 and TMT2 of Host Controlled Thermal Management */
  thermalManagement = 0;
  /** milliseconds, 0 for none */
  keepAliveTimer = 0;
  /** coalescing disabled, per interrupt vector */
  readonly coalescingDisabled: Uint8Array;
  /** data structure of Host Behavior Support */
  readonly hostBehavior: Uint8Array = new Uint8Array(HOST_BEHAVIOR_BYTES);
  /** who the host is; it is changed by `associateHost` */
  host: HostIdentity = NO_HOST;
  /** commands of one I/O queue in one turn, from the arbitration burst */
  burst: number = QUEUE_BUDGET;
  /** whether every write goes to stable media before it completes */
  isWriteThrough = false;
  private keepAliveDeadlineNs = 0;
  private readonly clock: Clock;
  private timestampMs = 0;
  private timestampSetNs = 0;
  private timestampOrigin = 0;
  private resetNs = 0;

  constructor(private readonly settings: Settings) {
    this.clock = settings.clock;
    this.coalescingDisabled = new Uint8Array(settings.link.vectors);
    this.reset();
  }

  /** Every feature takes its default. */
  reset(): void {
    this.setArbitration(defaultArbitration());
    this.powerManagement = 0;
    this.overTemperature = WARNING_TEMPERATURE_KELVIN;
    this.underTemperature = 0;
    this.setVolatileWriteCache(this.defaultVolatileWriteCache);
    this.numberOfQueues = this.defaultNumberOfQueues;
    this.interruptCoalescing = 0;
    this.writeAtomicity = 0;
    this.asyncEventConfig = 0;
    this.thermalManagement = 0;
    this.keepAliveTimer = 0;
    this.coalescingDisabled.fill(0);
    this.hostBehavior.fill(0);
    this.timestampMs = 0;
    this.resetNs = this.timestampSetNs = this.clock.nowNs();
    this.timestampOrigin = 0;
  }

  /** Default of Volatile Write Cache: enabled when there is one. */
  get defaultVolatileWriteCache(): number {
    return FEATURE_VOLATILE_WRITE_CACHE_VALUE.WCE.set(0, this.settings.vwc ? 1 : 0);
  }

  /** Default of Number of Queues: all there are. */
  get defaultNumberOfQueues(): number {
    return queuesGranted(this.settings.queuePairs - 1, this.settings.queuePairs - 1);
  }

  /** Changes Arbitration and what follows from it. */
  setArbitration(value: number): void {
    this.arbitration = value;
    const burst = FEATURE_ARBITRATION_VALUE.AB.get(value);
    this.burst = burst === BURST_UNLIMITED ? QUEUE_BUDGET : 1 << burst;
  }

  /** Changes Volatile Write Cache and what follows from it. */
  setVolatileWriteCache(value: number): void {
    this.volatileWriteCache = value;
    this.isWriteThrough = this.settings.vwc && FEATURE_VOLATILE_WRITE_CACHE_VALUE.WCE.get(value) === 0;
  }

  /** Changes Keep Alive Timer, rounded up to what Identify Controller KAS says, and starts it. [Base] 3.9.1 */
  setKeepAliveTimer(ms: number): void {
    this.keepAliveTimer = Math.min(Math.ceil(ms / KEEP_ALIVE_MS) * KEEP_ALIVE_MS, KEEP_ALIVE_MS_MAX);
    this.restartKeepAlive();
  }

  /** A Keep Alive command arrived. */
  restartKeepAlive(): void {
    this.keepAliveDeadlineNs = this.clock.nowNs() + this.keepAliveTimer * 1e6;
  }

  /** Whether there is a timer and it has run out. */
  get isKeepAliveExpired(): boolean {
    return this.keepAliveTimer !== 0 && this.clock.nowNs() > this.keepAliveDeadlineNs;
  }

  /** Sets the time to `ms` milliseconds since 1970, as the host gave it. */
  setTimestamp(ms: number): void {
    this.timestampMs = ms;
    this.timestampSetNs = this.clock.nowNs();
    this.timestampOrigin = 1;
  }

  /** Milliseconds since 1970, or since the last reset when the host has set no time; a 48-bit value. */
  get timestamp(): number {
    const elapsedMs = Math.floor((this.clock.nowNs() - this.timestampSetNs) / 1e6);
    return (this.timestampMs + elapsedMs) % 2 ** 48;
  }

  /** The Timestamp data structure of now, 8 bytes. */
  get timestampBytes(): Uint8Array {
    const view = new DataView(new ArrayBuffer(TIMESTAMP_BYTES));
    const ms = this.timestamp;
    view.setUint32(0, ms % 2 ** 32, true);
    view.setUint16(4, Math.floor(ms / 2 ** 32), true);
    view.setUint8(TIMESTAMP_ATTRIBUTES, this.timestampOrigin << TIMESTAMP_ORIGIN_SHIFT);
    return new Uint8Array(view.buffer);
  }

  /** Milliseconds since the last reset. */
  get msSinceReset(): number {
    return Math.floor((this.clock.nowNs() - this.resetNs) / 1e6);
  }

  /** Whether the host understands command retry delays (ACRE). */
  get takesRetryDelays(): boolean {
    return this.hostBehavior[HOST_BEHAVIOR_ACRE] === 1;
  }

  /** Whether the host understands more than 16 LBA formats, and guards of 64 bits (LBAFEE). */
  get takesExtendedFormats(): boolean {
    return this.hostBehavior[HOST_BEHAVIOR_LBAFEE] === 1;
  }
}

/** Default of Arbitration: no limit on the burst. */
export function defaultArbitration(): number {
  return FEATURE_ARBITRATION_VALUE.AB.set(0, BURST_UNLIMITED);
}

/** Dword 0 for so many submission and completion queues, both 0's based. */
export function queuesGranted(submission0: number, completion0: number): number {
  return FEATURE_NUMBER_OF_QUEUES_RESULT.NCQA0.set(
    FEATURE_NUMBER_OF_QUEUES_RESULT.NSQA0.set(0, submission0),
    completion0,
  );
}
