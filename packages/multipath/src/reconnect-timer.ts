import { assert } from '@phasebit/core';
import { checkReconnectOptions, type ReconnectOptions } from './reconnect-options.js';

/** Bit of {@link ReconnectTimer.tick}: begin an attempt now. */
export const TIMER_RECONNECT = 1;
/** Bit of {@link ReconnectTimer.tick}: I/O does not wait for this controller any more. */
export const TIMER_FAST_IO_FAIL = 2;
/** Bit of {@link ReconnectTimer.tick}: the controller is given up; there will be no further attempt. */
export const TIMER_CTRLR_LOST = 4;

const MS = 1e6;

/**
 * The clocks of one lost controller. It acts when it is ticked and knows nothing of connections: whoever owns the controller does what
 * it says and reports how that went.
 *
 * ```text
 *   UP ──lost()──> TRYING ──tick: RECONNECT──> ATTEMPT ──attemptFailed()──> TRYING, next attempt after the delay
 *   ▲                │                            │
 *   └───recovered()──┴────────────────────────────┤
 *                    └─tick: CTRLR_LOST───────────┴──> GIVEN UP
 * ```
 *
 * Both time limits count from the loss and strike on the first tick at or after their moment, whether an attempt is running or not:
 * an attempt that hangs delays neither.
 */
export class ReconnectTimer {
  private readonly lossNs: number;
  private readonly delayNs: number;
  private readonly fastNs: number;
  private isLost = false;
  private isAttempting = false;
  private fastFailSaid = false;
  private attemptAtNs = Infinity;
  private fastFailTimeNs = Infinity;
  private giveUpTimeNs = Infinity;

  /** @throws RangeError as {@link checkReconnectOptions} */
  constructor(options: ReconnectOptions) {
    checkReconnectOptions(options);
    const { ctrlrLossTimeoutMs, reconnectDelayMs, fastIoFailTimeoutMs } = options;
    this.lossNs = ctrlrLossTimeoutMs < 0 ? Infinity : ctrlrLossTimeoutMs * MS;
    this.delayNs = reconnectDelayMs * MS;
    this.fastNs = fastIoFailTimeoutMs === 0 ? Infinity : fastIoFailTimeoutMs * MS;
  }

  /** When I/O stops waiting for this controller, infinity for never: what `PathGroup.setFastFailAt` takes. */
  get fastFailAtNs(): number {
    return Math.min(this.fastFailTimeNs, this.giveUpTimeNs);
  }

  /** Whether attempts are being made, or will be. */
  get isTrying(): boolean {
    return this.attemptAtNs !== Infinity || this.isAttempting;
  }

  /**
   * The controller was lost. The first attempt is due at once. Losing it again while it is lost changes nothing.
   * Gives whether there will be any attempt; without one the controller has failed for good.
   */
  lost(nowNs: number): boolean {
    if (this.isLost) return this.isTrying;
    this.isLost = true;
    this.fastFailSaid = false;
    this.fastFailTimeNs = nowNs + this.fastNs;
    this.giveUpTimeNs = nowNs + this.lossNs;
    this.attemptAtNs = this.lossNs === 0 ? Infinity : nowNs;
    return this.lossNs !== 0;
  }

  /** The attempt that a tick asked for has failed. After the controller was given up it is of no interest. */
  attemptFailed(nowNs: number): void {
    assert(this.isLost, 'an attempt is made for a controller that is lost');
    if (!this.isAttempting) return;
    this.isAttempting = false;
    this.attemptAtNs = nowNs + this.delayNs;
  }

  /** The controller is up: all clocks stop. */
  recovered(): void {
    this.isLost = false;
    this.stopTrying();
    this.fastFailTimeNs = Infinity;
    this.giveUpTimeNs = Infinity;
  }

  /** What is due: an OR of `TIMER_*` bits, each said once; 0 for nothing. */
  tick(nowNs: number): number {
    let due = 0;
    if (nowNs >= this.fastFailTimeNs && !this.fastFailSaid) {
      this.fastFailSaid = true;
      due |= TIMER_FAST_IO_FAIL;
    }
    if (nowNs >= this.giveUpTimeNs && this.isTrying) {
      this.stopTrying();
      due |= TIMER_CTRLR_LOST;
    } else if (nowNs >= this.attemptAtNs) {
      this.isAttempting = true;
      this.attemptAtNs = Infinity;
      due |= TIMER_RECONNECT;
    }
    return due;
  }

  private stopTrying(): void {
    this.isAttempting = false;
    this.attemptAtNs = Infinity;
  }
}
