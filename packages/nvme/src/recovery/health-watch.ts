import { CSTS, REG_CSTS } from '@phasebit/nvme-spec';
import type { ControllerCore } from '../controller-core.js';
import { DriverError } from '../errors.js';
import { judgeStatus } from './health-probe.js';
import type { QueuePair } from '../queue-pair.js';

/** Ticks that an I/O command has at least before it counts as timed out, however long they are apart. */
const TICKS_TO_TIMEOUT = 4;

/** Unit of Identify Controller MTFA, milliseconds. */
const ACTIVATION_UNIT_MS = 100;

/** Who is told what the watch has found. */
export interface HealthListener {
  /** the controller is lost */
  onLost(error: DriverError): void;
  /** a queue pair is, while its controller lives */
  onPairLost(pair: QueuePair): void;
}

/**
 * Looks after a controller that is ready: at CSTS, at the age of the oldest commands, at queue pairs that have gone by themselves. It looks
 * when it is ticked, and never waits.
 */
export class HealthWatch {
  private nextLookNs = 0;
  private isLooking = false;
  private lastTickNs: number;
  private attendedMs = 0;
  private pausedSinceNs = -1;

  constructor(
    private readonly core: ControllerCore,
    private readonly listener: HealthListener,
  ) {
    this.lastTickNs = core.clock.nowNs();
  }

  /** The controller is ready again. What passed meanwhile counts for nobody. */
  restart(): void {
    this.lastTickNs = this.core.clock.nowNs();
    this.pausedSinceNs = -1;
  }

  /** Stamps the time, and begins a look if it is time for one. */
  tick(nowNs: number): void {
    const { settings, pairs } = this.core;
    this.stampTime(nowNs);
    pairs.setTick(Math.floor(this.attendedMs));
    if (nowNs < this.nextLookNs || this.isLooking) return;
    this.nextLookNs = nowNs + settings.healthCheckMs * 1e6;
    void this.look(nowNs);
  }

  /** Time in which the host did not look, because it was stopped or busy, is not the device's: little of it counts. Nor does a pause of the device. */
  private stampTime(nowNs: number): void {
    const { ioTimeoutMs } = this.core.settings;
    const passedMs = (nowNs - this.lastTickNs) / 1e6;
    this.lastTickNs = nowNs;
    if (this.pausedSinceNs >= 0) return;
    this.attendedMs += ioTimeoutMs === 0 ? passedMs : Math.min(passedMs, ioTimeoutMs / TICKS_TO_TIMEOUT);
  }

  private async look(nowNs: number): Promise<void> {
    this.isLooking = true;
    try {
      const csts = await this.core.fn.registers.read32(REG_CSTS);
      if (this.core.state !== 'READY') return;
      const error = this.judge(csts, nowNs) ?? this.findOverdue();
      if (error === undefined) for (const pair of this.core.pairs.lost()) this.listener.onPairLost(pair);
      else this.listener.onLost(error);
    } finally {
      this.isLooking = false;
    }
  }

  private judge(csts: number, nowNs: number): DriverError | undefined {
    return judgeStatus(csts) ?? this.judgePause(CSTS.PP.get(csts) === 1, nowNs);
  }

  /** Processing paused, as for a firmware activation: commands take longer, but not for ever. [Base] 3.1.4.6, 3.11 */
  private judgePause(isPaused: boolean, nowNs: number): DriverError | undefined {
    if (!isPaused) {
      this.pausedSinceNs = -1;
      return undefined;
    }
    if (this.pausedSinceNs < 0) this.pausedSinceNs = nowNs;
    const { settings, found } = this.core;
    const longestMs = Math.max(found.identity.mtfa * ACTIVATION_UNIT_MS, settings.adminDeadlineMs);
    const pausedMs = (nowNs - this.pausedSinceNs) / 1e6;
    if (pausedMs <= longestMs) return undefined;
    return new DriverError('CONTROLLER_FATAL', { expected: `CSTS.PP=0 within ${longestMs} ms`, pausedMs });
  }

  /** A queue pair whose owner watches over its commands is left to its owner. */
  private findOverdue(): DriverError | undefined {
    const { ioTimeoutMs } = this.core.settings;
    for (const pair of this.core.pairs.pairs) {
      if (pair.isReleased) continue;
      if (pair.onTimeout !== undefined) {
        pair.checkTimeouts(Math.floor(this.attendedMs));
        continue;
      }
      if (ioTimeoutMs === 0) continue;
      const waitedMs = pair.oldestTicks();
      if (waitedMs > ioTimeoutMs) return new DriverError('COMMAND_TIMEOUT', { qid: pair.qid, waitedMs, ioTimeoutMs });
    }
    return undefined;
  }
}
