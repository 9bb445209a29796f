import type { AbortSignalLike, Log, WaitOptions } from '@phasebit/core';
import {
  CONTROLLER_CONNECTING,
  CONTROLLER_FAILED,
  CONTROLLER_LIVE,
  CONTROLLER_RESETTING,
  type ControllerState,
  type ReconnectOptions,
  ReconnectTimer,
  TIMER_CTRLR_LOST,
  TIMER_FAST_IO_FAIL,
  TIMER_RECONNECT,
} from '@phasebit/multipath';
import type { Controller } from '@phasebit/nvme';

/**
 * Brings a controller up anew after the driver gave it up, as `Controller.attach` does over the same function, or over the one that is in
 * its place. What is returned is ticked by whoever ticked the old one.
 *
 * @param wait - its signal says when the controller was given up for good
 */
export type AttachController = (wait: WaitOptions) => Promise<Controller>;

/** What a reconnection works with. */
export interface ReconnectionParts {
  readonly reconnect: ReconnectOptions;
  readonly attach: AttachController | undefined;
  readonly log: Log;
  /** goes on with a controller that was attached; throws when it is another one than expected */
  readonly replace: (controller: Controller) => void;
}

/**
 * What is done about a controller that is lost. The driver resets one that is RESETTING; one that has FAILED is attached anew. All of it
 * happens in ticks and in promises that nobody waits for, by the clocks of a {@link ReconnectTimer}; without times there is none, and the
 * driver alone decides.
 */
export class Reconnection {
  private readonly timer: ReconnectTimer | undefined;
  private isLost = false;
  private isGivenUp = false;
  private isAttemptDue = false;
  private nowNs = 0.5;
  private ending: AbortSignalLike & { aborted: boolean; reason: unknown } = { aborted: false, reason: undefined };

  /** @throws RangeError as `checkReconnectOptions` */
  constructor(private readonly parts: ReconnectionParts) {
    const timer = new ReconnectTimer(parts.reconnect);
    this.timer = parts.reconnect.ctrlrLossTimeoutMs === 0 ? undefined : timer;
  }

  /** Nanoseconds that I/O waits for a path which is lost; infinity for as long as it may come back. */
  get fastIoFailNs(): number {
    const { fastIoFailTimeoutMs } = this.parts.reconnect;
    return fastIoFailTimeoutMs === 0 ? Infinity : fastIoFailTimeoutMs * 1e6;
  }

  /** When I/O stops waiting for the controller, infinity for never. */
  get fastFailAtNs(): number {
    return this.timer?.fastFailAtNs ?? Infinity;
  }

  /** The controller as a path group sees it: one that is about to fail counts as resetting, since what waits for it will be told soon. */
  stateOf(controller: Controller): ControllerState {
    switch (controller.state) {
      case 'READY':
        return CONTROLLER_LIVE;
      case 'RESETTING':
        return this.isGivenUp ? CONTROLLER_FAILED : CONTROLLER_RESETTING;
      case 'FAILING':
        return CONTROLLER_RESETTING;
      case 'FAILED':
        return this.mayAttach ? CONTROLLER_CONNECTING : CONTROLLER_FAILED;
      case 'DETACHED':
        return CONTROLLER_FAILED;
    }
  }

  /** Does what is due. Never waits. */
  tick(controller: Controller, nowNs: number): void {
    const { timer } = this;
    this.nowNs = nowNs;
    if (timer === undefined || controller.state === 'DETACHED') return;
    if (controller.state === 'READY') {
      if (this.isLost) this.recovered();
      return;
    }
    if (!this.isLost) timer.lost(nowNs);
    this.isLost = true;
    const due = timer.tick(nowNs);
    const { cntlid } = controller.identity;
    if ((due & TIMER_FAST_IO_FAIL) !== 0) this.parts.log.warn(`I/O does not wait for controller ${cntlid} any more`);
    if ((due & TIMER_CTRLR_LOST) !== 0) this.giveUp(controller);
    if ((due & TIMER_RECONNECT) !== 0) this.isAttemptDue = true;
    // While the driver resets the controller, or lets go of it, that is the attempt.
    if (this.isAttemptDue && this.mayAttach && controller.state === 'FAILED') void this.attachAnew(cntlid);
  }

  /** The controller is up again, in whatever way: all clocks stop, and what is going on is called off. */
  recovered(): void {
    this.timer?.recovered();
    this.isLost = false;
    this.isGivenUp = false;
    this.isAttemptDue = false;
    this.callOff();
  }

  private get mayAttach(): boolean {
    return this.timer !== undefined && this.parts.attach !== undefined && !this.isGivenUp;
  }

  private giveUp(controller: Controller): void {
    const { log, reconnect } = this.parts;
    const { cntlid } = controller.identity;
    log.warn(`controller ${cntlid} given up: not back after ${reconnect.ctrlrLossTimeoutMs} ms`);
    this.isGivenUp = true;
    this.callOff();
    if (controller.state !== 'RESETTING') return;
    controller.giveUp().catch((error: unknown) => {
      log.warn(`controller ${cntlid} could not be given up: ${String(error)}`);
    });
  }

  private callOff(): void {
    this.ending.aborted = true;
    this.ending.reason = 'the wait for this controller is over';
    this.ending = { aborted: false, reason: undefined };
  }

  private async attachAnew(cntlid: number): Promise<void> {
    const { attach, log, replace } = this.parts;
    const { ending: signal } = this;
    this.isAttemptDue = false;
    let controller: Controller | undefined;
    try {
      controller = await attach?.({ signal });
      if (controller === undefined) return;
      if (signal.aborted) throw new Error('it came too late');
      replace(controller);
    } catch (error) {
      log.warn(`controller ${cntlid} not attached: ${String(error)}`);
      if (!signal.aborted) this.timer?.attemptFailed(this.nowNs);
      if (controller?.state === 'READY') await controller.shutDown().catch(() => undefined);
    }
  }
}
