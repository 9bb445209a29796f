import type { AbortSignalLike, WaitOptions } from '@phasebit/core';
import { bringUp } from '../bring-up/bring-up.js';
import { halt, resetSubsystem } from '../bring-up/ready.js';
import type { ControllerCore } from '../controller-core.js';
import { Deadline } from '../deadline.js';
import { DriverError } from '../errors.js';
import type { NamespaceChanges } from '../namespaces/namespace-table.js';
import type { QueuePair } from '../queue-pair.js';

/** Who is told what becomes of the controller. */
export interface RecoveryListener {
  /** it is being reset; `error` says why, undefined when its owner wished it */
  onReset(error: DriverError | undefined): void;
  /** its namespaces were looked at again */
  onNamespaces(changes: NamespaceChanges): void;
  /** it is ready again; `gone` are queue pairs that it does not grant any more */
  onReady(gone: readonly QueuePair[]): void;
  /** it is lost for good, and all that was accepted has been called back */
  onFailed(error: DriverError): void;
  /** no command of the driver's own is sent any more until it is ready again */
  stopTraffic(): void;
}

/**
 * Takes a controller through a reset and back, or gives it up. No step blocks: each is a promise that waits by pausing, and the delay between
 * two attempts is nothing but a time after which a tick begins the next.
 *
 * ```text
 *   disconnect   pairs stand still ► CC.EN=0, CSTS.RDY=0 ► what was in flight is no longer: admin commands are aborted, I/O by the rule
 *   reconnect    the states of a bring-up ► queues created again ► pairs go on
 * ```
 */
export class Recovery {
  private attempts = 0;
  private nextAttemptNs = 0;
  private isBusy = false;
  /** whether ticks begin attempts; not while the owner takes the steps */
  private isAutomatic = false;
  private isOfSubsystem = false;
  private freedAdminPair: QueuePair | undefined;
  private readonly ending: { aborted: boolean; reason: unknown } = { aborted: false, reason: undefined };

  constructor(
    private readonly core: ControllerCore,
    private readonly listener: RecoveryListener,
  ) {}

  /** The controller is lost: reset it, or give it up, as its options say. One that has left the bus does not come back by itself. */
  lost(error: DriverError): void {
    this.core.log.warn(`controller ${this.core.found.identity.cntlid} lost: ${error.message}`);
    if (this.core.settings.onLost === 'fail' || error.code === 'CONTROLLER_GONE') {
      void this.fail(error);
      return;
    }
    this.begin(error, true);
  }

  /**
   * Resets the controller, or with it the whole subsystem, and waits until it is back. Giving the wait up does not stop the reset.
   *
   * @throws DriverError why it did not come back; OPERATION_TIMEOUT or ABORTED for the wait alone
   */
  async reset(ofSubsystem: boolean, wait: WaitOptions, tick: () => void): Promise<void> {
    const { core } = this;
    core.demandReady();
    if (ofSubsystem && !core.found.capabilities.hasSubsystemReset) {
      throw new DriverError('NOT_SUPPORTED', { field: 'CAP.NSSRS', expected: 1, got: 0 });
    }
    const deadline = new Deadline(core.clock, wait.deadlineMs ?? Number.POSITIVE_INFINITY, wait.signal);
    this.isOfSubsystem = ofSubsystem;
    this.begin(undefined, true);
    while (core.state === 'RESETTING' || core.state === 'FAILING') {
      deadline.check(
        () => new DriverError('OPERATION_TIMEOUT', { operation: 'reset', deadlineMs: deadline.deadlineMs }),
      );
      await core.fn.pause();
      tick();
    }
    if (core.failure !== undefined) throw core.failure;
  }

  /** The first step alone. The owner takes the second, or gives the controller up. @throws DriverError; the step can be taken again */
  async disconnect(signal: AbortSignalLike): Promise<void> {
    if (this.core.state !== 'RESETTING') {
      this.core.demandReady();
      this.begin(undefined, false);
    }
    await this.alone(() => this.stop(signal));
  }

  /** The second step alone. @throws DriverError as `bringUp`; the step can be taken again, unless the controller has left the bus */
  async reconnect(signal: AbortSignalLike): Promise<void> {
    const { state } = this.core;
    if (state !== 'RESETTING') throw new DriverError('NOT_READY', { expected: 'RESETTING, by disconnect()', state });
    await this.alone(async () => {
      try {
        await this.goOn(signal);
      } catch (error) {
        if (isGone(error)) await this.fail(error);
        throw error;
      }
    });
  }

  /** Begins the next attempt when its time has come. */
  tick(nowNs: number): void {
    if (this.isAutomatic && !this.isBusy && nowNs >= this.nextAttemptNs) void this.attempt();
  }

  /** Ends whatever is going on, and the controller with it. */
  async giveUp(): Promise<void> {
    const { core } = this;
    const error = new DriverError('GIVEN_UP');
    if (this.isBusy) {
      this.ending.aborted = true;
      this.ending.reason = error;
      while (this.isBusy) await core.fn.pause();
    }
    if (core.state === 'READY' || core.state === 'RESETTING') await this.fail(error);
  }

  /** Stops the device from writing to memory, as far as it still listens, and only then gives the payloads back to their owners. */
  async fail(error: DriverError): Promise<void> {
    const { core } = this;
    core.state = 'FAILING';
    core.failure = error;
    this.isAutomatic = false;
    this.listener.stopTraffic();
    try {
      if (error.code !== 'CONTROLLER_GONE') await halt(core.fn, core.clock, core.found.capabilities.readyTimeoutMs);
      core.isQuiet = true;
    } catch (cause) {
      core.isQuiet = isGone(cause);
      core.log.warn(`controller ${core.found.identity.cntlid} could not be disabled: ${String(cause)}`);
    }
    core.state = 'FAILED';
    core.pairs.disconnect();
    core.found.admin.queuePair.disconnect();
    if (core.isQuiet) {
      core.pairs.forgetQueues();
      this.freeAdminPair();
      core.found.doorbellBuffer?.free();
    }
    this.listener.onFailed(error);
  }

  private begin(error: DriverError | undefined, isAutomatic: boolean): void {
    const { core } = this;
    core.state = 'RESETTING';
    core.failure = error;
    core.isQuiet = false;
    this.attempts = 0;
    this.nextAttemptNs = core.clock.nowNs();
    this.isAutomatic = isAutomatic;
    this.listener.stopTraffic();
    core.pairs.suspend();
    this.listener.onReset(error);
    if (isAutomatic) void this.attempt();
  }

  private async attempt(): Promise<void> {
    const { core } = this;
    this.attempts++;
    this.isBusy = true;
    try {
      await this.stop(this.ending);
      await this.goOn(this.ending);
    } catch (cause) {
      await this.afterFailure(cause instanceof DriverError ? cause : new DriverError('RESET_FAILED', {}, { cause }));
    } finally {
      this.isBusy = false;
    }
    if (core.state === 'READY') this.isAutomatic = false;
  }

  private async afterFailure(cause: DriverError): Promise<void> {
    const { core, attempts } = this;
    const { settings, log, found } = core;
    if (this.ending.aborted) return;
    log.warn(`controller ${found.identity.cntlid}: attempt ${attempts} to reset it failed: ${cause.message}`);
    const attemptsMax = settings.onLost === 'reset' ? settings.resetAttemptsMax : 1;
    if (cause.code === 'CONTROLLER_GONE') {
      await this.fail(cause);
    } else if (attempts >= attemptsMax) {
      const reason = core.failure === undefined ? 'asked for' : core.failure.code;
      await this.fail(new DriverError('RESET_FAILED', { attempts, reason, last: cause.code }, { cause }));
    } else {
      this.nextAttemptNs = core.clock.nowNs() + settings.resetDelayMs * 1e6;
    }
  }

  /** Disables the controller. What was in flight is nobody's any more. */
  private async stop(signal: AbortSignalLike): Promise<void> {
    const { core } = this;
    const { readyTimeoutMs } = core.found.capabilities;
    if (this.isOfSubsystem) {
      // Once: what follows a subsystem reset that failed is a reset of the controller.
      this.isOfSubsystem = false;
      await resetSubsystem(core.fn, core.clock, readyTimeoutMs, signal);
    }
    await halt(core.fn, core.clock, readyTimeoutMs, signal);
    core.isQuiet = true;
    this.settle();
  }

  /** The controller does not touch memory any more. */
  private settle(): void {
    const { core } = this;
    core.found.doorbellBuffer?.forget();
    this.freeAdminPair();
    core.pairs.abandon();
  }

  /** Brings the controller up again, on what there was before. */
  private async goOn(signal: AbortSignalLike): Promise<void> {
    const { core } = this;
    const { fn, clock, log, settings, requests, table, found, pairs } = core;
    core.isQuiet = false;
    core.found = await bringUp({ fn, clock, log, settings, events: requests, table, before: found, signal });
    this.listener.onNamespaces(core.found.changes);
    settings.onState('QUEUES');
    const gone = await pairs.recreate(core.found, { signal });
    core.found.admin.health = undefined;
    core.state = 'READY';
    core.failure = undefined;
    settings.onState('READY');
    log.info(`controller ${core.found.identity.cntlid} ready again: ${pairs.pairs.length} queue pairs`);
    this.listener.onReady(gone);
  }

  /** Once for each of them. Everything that waits for an admin command hears that it was aborted. */
  private freeAdminPair(): void {
    const { queuePair } = this.core.found.admin;
    if (queuePair === this.freedAdminPair) return;
    queuePair.disconnect();
    queuePair.free();
    this.freedAdminPair = queuePair;
  }

  /** Takes one step at a time. */
  private async alone(step: () => Promise<void>): Promise<void> {
    if (this.isBusy || this.isAutomatic) throw new DriverError('NOT_READY', { state: 'RESETTING' });
    this.isBusy = true;
    try {
      await step();
    } finally {
      this.isBusy = false;
    }
  }
}

function isGone(error: unknown): error is DriverError {
  return error instanceof DriverError && error.code === 'CONTROLLER_GONE';
}
