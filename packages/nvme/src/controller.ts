import { silentLog, type WaitOptions } from '@phasebit/core';
import type { IdentifyController } from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { AbortQueue, type ContextAborts } from './admin/abort-queue.js';
import { identifyController } from './admin/identify.js';
import { IoHold } from './admin/io-hold.js';
import { ControllerManagement } from './admin/management.js';
import type { AdminQueue } from './admin-queue.js';
import { bringUp } from './bring-up/bring-up.js';
import type { Capabilities } from './bring-up/capabilities.js';
import { type Quirk, withoutBroken } from './bring-up/quirks.js';
import { disable, shutDown } from './bring-up/ready.js';
import { ControllerCore, type ControllerState } from './controller-core.js';
import { type ControllerOptions, settleControllerOptions } from './controller-options.js';
import { ExpiringSignal } from './deadline.js';
import { disposeBy } from './dispose.js';
import { DriverError } from './errors.js';
import { type AsyncEvent, AsyncEvents } from './events/async-events.js';
import type { ControllerEventKind } from './events/controller-event.js';
import { EventHub, type EventSubscriber } from './events/event-hub.js';
import type { EventStream } from './events/event-stream.js';
import type { Namespace } from './namespace.js';
import { NamespaceFollower } from './namespaces/namespace-follower.js';
import { hasChanges, type NamespaceChanges, NamespaceTable } from './namespaces/namespace-table.js';
import { type NamespaceHandle, openNamespaceHandle } from './promises/namespace-handle.js';
import { PromisePair } from './promises/promise-pair.js';
import type { QueuePair } from './queue-pair.js';
import type { QueuePairOptions } from './queue-pair-options.js';
import { HealthWatch } from './recovery/health-watch.js';
import { KeepAlive } from './recovery/keep-alive.js';
import { Recovery } from './recovery/recovery.js';

/**
 * A controller that was brought up: its namespaces, its admin queue, its I/O queue pairs. It is passive: whoever owns the loop calls
 * {@link Controller.tick} now and then, and polls the queue pairs. How it is lost and comes back is told at {@link ControllerState}.
 */
export class Controller {
  /** admin commands, as promises */
  readonly admin: AdminQueue;
  /** active namespaces by identifier; the map stays the same and is kept up to date, the namespaces in it never change */
  readonly namespaces: ReadonlyMap<number, Namespace>;
  /** commands that change the controller or its namespaces for good */
  readonly management: ControllerManagement;
  /** called once when the controller is lost for good, after every accepted command was called back */
  onFailed: (error: DriverError) => void = () => undefined;
  /** called when a reset begins: with the reason, or with undefined when its owner asked for it */
  onReset: (error: DriverError | undefined) => void = () => undefined;
  /** called when the controller is ready again after a reset, with the queue pairs that it does not grant any more */
  onReady: (gone: readonly QueuePair[]) => void = () => undefined;
  /** called for a queue pair that is gone although the controller lives; its queues have been deleted */
  onPairLost: (pair: QueuePair, error: DriverError) => void = () => undefined;
  /** shuts down what is up, for `await using` */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;

  private readonly aborts: AbortQueue;
  private readonly hub: EventHub;
  private readonly follower: NamespaceFollower;
  private readonly keepAlive: KeepAlive;
  private readonly watch: HealthWatch;
  private readonly recovery: Recovery;
  private readonly promisePair: PromisePair;
  private scanning: Promise<unknown> = Promise.resolve();

  static {
    disposeBy(Controller.prototype, (controller) => controller.dispose());
  }

  private constructor(private readonly core: ControllerCore) {
    const { clock, log, settings, fn, table } = core;
    this.admin = core.found.admin;
    this.namespaces = table.byNsid;
    this.aborts = new AbortQueue(this.admin, () => core.found.identity.acl + 1, settings.adminDeadlineMs);
    const hold = new IoHold({ pairs: core.pairs, clock, log, pause: () => fn.pause() });
    this.management = new ControllerManagement({
      admin: this.admin,
      identity: () => this.identity,
      identify: (options) => this.identify(options),
      runAlone: (bearsIo, wait, command) =>
        hold.run(bearsIo, { deadlineMs: settings.adminDeadlineMs, ...wait }, command),
      rescan: (options) => this.rescan(options),
    });
    const around = {
      clock,
      pause: () => fn.pause(),
      tick: () => this.tick(),
      isOver: () => core.state === 'FAILED' || core.state === 'DETACHED',
    };
    this.follower = new NamespaceFollower({
      ...{ admin: this.admin, clock, log },
      isReady: () => core.state === 'READY',
      rescan: () => this.scan({}),
      publish: (event, changes) => this.hub.publishNamespaces(event, changes),
    });
    const follow = (event: AsyncEvent): void => this.follower.notice(event);
    this.hub = new EventHub(core.requests, around, settings.followNamespaces ? follow : undefined);
    this.keepAlive = new KeepAlive(log);
    this.watch = new HealthWatch(core, {
      onLost: (error) => this.recovery.lost(error),
      onPairLost: (pair) => void this.reclaim(pair),
    });
    this.recovery = new Recovery(core, {
      onReset: (error) => this.onReset(error),
      onNamespaces: (changes) => this.publishChanges(changes),
      onReady: (gone) => this.goOn(gone),
      onFailed: (error) => this.onFailed(error),
      stopTraffic: () => this.keepAlive.stop(),
    });
    this.promisePair = new PromisePair({
      ...{ ...around, dma: fn.dma, deadlineMs: settings.adminDeadlineMs },
      createPair: () => this.createQueuePair(),
      deletePair: (pair) => this.deleteQueuePair(pair),
    });
    this.keepAlive.start(this.admin.queuePair, core.found.keepAliveMs, clock.nowNs());
  }

  /**
   * Brings a controller up: from CAP to the last Identify. Every wait has a deadline.
   *
   * @param wait - for the whole of it
   * @throws DriverError saying which state failed and how; RangeError for an option out of range
   */
  static async attach(fn: PcieFunction, options: ControllerOptions, wait: WaitOptions = {}): Promise<Controller> {
    const settings = settleControllerOptions(options);
    const { clock, log = silentLog } = options;
    const events = new AsyncEvents(log);
    const table = new NamespaceTable();
    const signal = new ExpiringSignal(clock, 'attach', wait);
    const found = await bringUp({ fn, clock, log, settings, events, table, signal });
    found.admin.health = undefined;
    const controller = new Controller(new ControllerCore(fn, clock, log, settings, events, table, found));
    settings.onState('READY');
    const { byNsid } = table;
    log.info(
      `controller ${found.identity.cntlid} ready: ${byNsid.size} namespaces, ${found.ioQueuePairsMax} queue pairs`,
    );
    return controller;
  }

  /** Where the controller stands. */
  get state(): ControllerState {
    return this.core.state;
  }

  /** Why it is RESETTING, FAILING or FAILED; undefined when its owner asked for the reset. */
  get error(): DriverError | undefined {
    return this.core.failure;
  }

  /** What Identify Controller said last, without what is known not to work on this one. */
  get identity(): IdentifyController {
    return this.core.found.identity;
  }

  /** What the registers said. */
  get capabilities(): Capabilities {
    return this.core.found.capabilities;
  }

  /** What is peculiar about it. */
  get quirks(): ReadonlySet<Quirk> {
    return this.core.found.quirks;
  }

  /** I/O queue pairs that the controller granted. */
  get ioQueuePairsMax(): number {
    return this.core.found.ioQueuePairsMax;
  }

  /** Most bytes of one command: the least of MDTS and what a list in a page can describe. */
  get transferBytesMax(): number {
    return this.core.found.transferBytesMax;
  }

  /** I/O queue pairs that exist. */
  get queuePairs(): readonly QueuePair[] {
    return this.core.pairs.pairs;
  }

  /** An active namespace. @throws DriverError NO_NAMESPACE, naming the ones there are */
  namespace(nsid: number): Namespace {
    const namespace = this.namespaces.get(nsid);
    if (namespace === undefined) {
      const active = [...this.namespaces.keys()].join(' ');
      throw new DriverError('NO_NAMESPACE', { expected: active === '' ? 'none' : `one of ${active}`, got: nsid });
    }
    return namespace;
  }

  /** Asks Identify Controller again; {@link Controller.identity} says the same from then on. @throws DriverError as `AdminQueue.demand` */
  async identify(options: WaitOptions = {}): Promise<IdentifyController> {
    const identity = withoutBroken(await identifyController(this.admin, options), this.quirks);
    this.core.found = { ...this.core.found, identity };
    return identity;
  }

  /** Looks for namespaces again, and tells those who follow events what has changed. @throws DriverError as `AdminQueue.demand` */
  async rescan(options: WaitOptions = {}): Promise<NamespaceChanges> {
    const changes = await this.scan(options);
    this.publishChanges(changes);
    return changes;
  }

  /**
   * Creates an I/O queue pair. The caller's thread owns it from then on.
   *
   * @throws RangeError for an option out of range; DriverError QUEUE_REFUSED or NOT_READY
   */
  async createQueuePair(options: QueuePairOptions = {}, wait: WaitOptions = {}): Promise<QueuePair> {
    this.core.demandReady();
    return this.core.pairs.create(this.core.found, options, wait);
  }

  /**
   * Deletes an I/O queue pair and gives its memory back. What is in flight or waits on it completes as aborted. Of a controller that has
   * FAILED too, unless it may still write to that memory.
   */
  async deleteQueuePair(pair: QueuePair, wait: WaitOptions = {}): Promise<void> {
    const { core } = this;
    if (core.state === 'FAILED') {
      core.pairs.forget(pair, core.isQuiet);
      return;
    }
    core.demandReady();
    await core.pairs.delete(pair, wait);
  }

  /**
   * Asks the controller to abort a command in flight. No more than it takes at a time are sent; the others wait for their turn.
   *
   * @returns whether it was aborted at once; the command completes through its callback in any case
   * @throws DriverError as `AdminQueue.demand`
   */
  abort(pair: QueuePair, cid: number, options: WaitOptions = {}): Promise<boolean> {
    return this.aborts.abort(pair.qid, cid, options);
  }

  /** Aborts everything on a queue pair that was submitted with `context`, sent or not. @throws DriverError as `AdminQueue.demand` */
  abortContext(pair: QueuePair, context: unknown, options: WaitOptions = {}): Promise<ContextAborts> {
    return this.aborts.abortContext(pair, context, options);
  }

  /** Opens a namespace for reading and writing with promises; it is closed by its `close`. @throws DriverError NO_NAMESPACE, or as a queue pair cannot be had */
  openNamespace(nsid: number): Promise<NamespaceHandle> {
    return openNamespaceHandle(this.promisePair, () => this.namespace(nsid));
  }

  /** The oldest event the controller reported and nobody took yet. */
  takeEvent(): AsyncEvent | undefined {
    return this.hub.take();
  }

  /** Calls `subscriber` for each event of a kind, from inside {@link Controller.tick}. @returns ends the subscription */
  subscribe(kind: ControllerEventKind | 'all', subscriber: EventSubscriber): () => void {
    return this.hub.subscribe(kind, subscriber);
  }

  /** All events from now on, one after the other: `for await (const event of controller.events())`. */
  events(wait: WaitOptions = {}): EventStream {
    return this.hub.open(wait);
  }

  /**
   * Does what is due: stamps the time, takes admin completions, delivers events, looks after the controller's health, goes on with a reset.
   * To be called about every millisecond or more often; never blocks.
   */
  tick(): void {
    const { core } = this;
    const nowNs = core.clock.nowNs();
    if (core.state === 'RESETTING') this.recovery.tick(nowNs);
    if (core.state !== 'READY') return;
    this.admin.queuePair.poll();
    this.watch.tick(nowNs);
    const owedMs = this.keepAlive.tick(nowNs);
    if (owedMs > 0) {
      this.recovery.lost(new DriverError('KEEP_ALIVE_LOST', { owedMs, grantedMs: this.keepAlive.grantedMs }));
      return;
    }
    this.follower.tick(nowNs);
    this.hub.tick(nowNs);
  }

  /**
   * Resets the controller and waits until it is back. Queue pairs stay, on the same memory and with the same identifiers. It can be polled
   * too: {@link Controller.tick} goes on with it, {@link Controller.state} says where it stands.
   *
   * @throws DriverError NOT_READY; why it did not come back; OPERATION_TIMEOUT or ABORTED for the wait alone, while the reset goes on
   */
  reset(wait: WaitOptions = {}): Promise<void> {
    return this.recovery.reset(false, wait, () => this.tick());
  }

  /** As {@link Controller.reset}, of the whole NVM subsystem: its other controllers are lost to their drivers. @throws DriverError also NOT_SUPPORTED */
  resetSubsystem(wait: WaitOptions = {}): Promise<void> {
    return this.recovery.reset(true, wait, () => this.tick());
  }

  /** First half of a reset, for whoever has something to do in between: queue pairs stand still, the controller is disabled. @throws DriverError when it does not let go */
  disconnect(wait: WaitOptions = {}): Promise<void> {
    return this.recovery.disconnect(new ExpiringSignal(this.core.clock, 'disconnect', wait));
  }

  /** Second half of a reset. @throws DriverError when it does not come up; the step can be taken again */
  reconnect(wait: WaitOptions = {}): Promise<void> {
    return this.recovery.reconnect(new ExpiringSignal(this.core.clock, 'reconnect', wait));
  }

  /** Gives the controller up, also in the middle of a reset: everything accepted is called back, and it is FAILED. */
  giveUp(): Promise<void> {
    return this.recovery.giveUp();
  }

  /**
   * Shuts the controller down: everything durable, queues gone, memory given back.
   *
   * @throws DriverError when it does not answer in time; the queue pairs are disconnected all the same
   */
  async shutDown(options: WaitOptions = {}): Promise<void> {
    const { core } = this;
    const { fn, clock, found, pairs, settings } = core;
    core.demandReady();
    core.state = 'DETACHED';
    this.keepAlive.stop();
    // RTD3E is how long a shutdown takes at most, microseconds, 0 when that is not said. [Base] 5.1.13.2.1
    const deadlineMs = options.deadlineMs ?? Math.max(settings.adminDeadlineMs, found.identity.rtd3e / 1000);
    try {
      await shutDown(fn, clock, deadlineMs, options.signal).catch((error: unknown) => this.forgiveShutdown(error));
      await disable(fn, clock, found.capabilities.readyTimeoutMs, options.signal);
    } finally {
      pairs.disconnect();
      found.admin.queuePair.disconnect();
    }
    pairs.free();
    found.admin.queuePair.free();
    found.doorbellBuffer?.free();
  }

  private async dispose(): Promise<void> {
    if (this.core.state === 'RESETTING') await this.giveUp();
    if (this.core.state === 'READY') await this.shutDown();
  }

  private forgiveShutdown(error: unknown): void {
    const isLate = error instanceof DriverError && error.code === 'SHUTDOWN_TIMEOUT';
    if (!isLate || !this.quirks.has('NO_SHUTDOWN_STATUS')) throw error;
    this.core.log.info(`controller ${this.identity.cntlid} does not say that it is shut down, as is known of it`);
  }

  /** One after the other: of two scans at the same time, the one that began first might end last. */
  private scan(wait: WaitOptions): Promise<NamespaceChanges> {
    const { core } = this;
    const scan = (): Promise<NamespaceChanges> => core.table.refresh({ ...core.found, log: core.log }, wait);
    const scanned = this.scanning.then(scan, scan);
    this.scanning = scanned;
    return scanned;
  }

  private publishChanges(changes: NamespaceChanges): void {
    if (hasChanges(changes)) this.hub.publishNamespaces(undefined, changes);
  }

  private goOn(gone: readonly QueuePair[]): void {
    const { clock, found } = this.core;
    this.keepAlive.start(found.admin.queuePair, found.keepAliveMs, clock.nowNs());
    this.watch.restart();
    this.onReady(gone);
  }

  /** A queue pair was disconnected, and not by us: its queues are still at the controller, and nobody would ever delete them. */
  private async reclaim(pair: QueuePair): Promise<void> {
    const { core } = this;
    const error = new DriverError('PAIR_LOST', { qid: pair.qid });
    core.log.warn(error.message);
    try {
      await core.pairs.delete(pair, {});
    } catch (cause) {
      core.log.warn(`queues of pair ${pair.qid} could not be deleted: ${String(cause)}`);
    }
    this.onPairLost(pair, error);
  }
}
