import { type Log, silentLog } from '@phasebit/core';
import {
  CONTROLLER_CONNECTING,
  type ControllerState,
  RECONNECT_NEVER,
  type ReconnectOptions,
} from '@phasebit/multipath';
import type { Controller, ControllerEvent, QueuePair } from '@phasebit/nvme';
import { AnaStates } from './ana-states.js';
import { NvmeBdevError } from './errors.js';
import { Leftovers } from './leftovers.js';
import { type AttachController, Reconnection } from './reconnection.js';

/** How a controller serves as a source of paths. */
export interface PathControllerOptions {
  /** where notable things are said; default nowhere */
  readonly log?: Log;
  /**
   * how long a lost controller is tried for, and how long I/O waits for it. Default `RECONNECT_NEVER`: the driver alone decides by its
   * `onLost`, I/O waits for as long as it tries, and a controller that it gave up does not come back
   */
  readonly reconnect?: ReconnectOptions;
  /** brings the controller up anew after the driver gave it up; default none, so that only what the driver resets comes back */
  readonly attach?: AttachController;
}

/**
 * A controller as a source of paths: what is known of its namespaces' ANA states, and what is done when it is lost. Several block devices
 * may share one. It acts when it is ticked, as every channel over it does, and never waits.
 */
export class PathController {
  /** where notable things are said */
  readonly log: Log;
  /** goes up whenever its namespaces have been looked at because somebody asked for it */
  scans = 0;
  private current: Controller;
  private readonly ana: AnaStates;
  private readonly reconnection: Reconnection;
  private readonly leftovers: Leftovers;
  private unsubscribe: () => void = () => undefined;
  /** the admin queue pair that the controller had last: each reset makes another */
  private adminPair: QueuePair;
  private isScanning = false;

  private constructor(controller: Controller, options: PathControllerOptions) {
    const { log = silentLog, reconnect = RECONNECT_NEVER, attach } = options;
    this.log = log;
    this.current = controller;
    this.adminPair = controller.admin.queuePair;
    this.ana = new AnaStates(() => this.current, log);
    this.leftovers = new Leftovers(log);
    this.reconnection = new Reconnection({ reconnect, attach, log, replace: (next) => this.replace(next) });
    this.unsubscribe = this.follow(controller);
  }

  /**
   * Takes a controller that is ready, and reads its ANA log if it has one.
   *
   * @throws RangeError for times that do not go together; DriverError when the log cannot be read
   */
  static async open(controller: Controller, options: PathControllerOptions = {}): Promise<PathController> {
    const opened = new PathController(controller, options);
    await opened.ana.open();
    return opened;
  }

  /** The controller itself; another object after it was attached anew. */
  get controller(): Controller {
    return this.current;
  }

  /** The controller as a path group sees it. One that is back counts as connecting until its ANA log was asked for. */
  get state(): ControllerState {
    const isSettled = this.ana.isSettled && this.current.admin.queuePair === this.adminPair;
    const isBack = this.current.state === 'READY' && !isSettled;
    return isBack ? CONTROLLER_CONNECTING : this.reconnection.stateOf(this.current);
  }

  /** Goes up whenever the ANA states may have changed. */
  get version(): number {
    return this.ana.version;
  }

  /** Nanoseconds that I/O waits for a path of this controller which is lost; infinity for as long as it may come back. */
  get fastIoFailNs(): number {
    return this.reconnection.fastIoFailNs;
  }

  /** When I/O stops waiting for this controller, which is lost; infinity for never. */
  get fastFailAtNs(): number {
    return this.reconnection.fastFailAtNs;
  }

  /** ANA state of a namespace, `ANA_STATE_*`; Optimized where the controller does not report any, 0 where it is not known. */
  anaState(nsid: number): number {
    return this.ana.stateOf(nsid);
  }

  /** Does what is due: attempts to get the controller back, logs to be read again, queue pairs to be deleted. Never waits. */
  tick(nowNs: number): void {
    this.reconnection.tick(this.current, nowNs);
    const { queuePair } = this.current.admin;
    if (queuePair !== this.adminPair && this.current.state === 'READY') {
      this.adminPair = queuePair;
      this.ana.restart();
    }
    this.ana.tick(nowNs);
    this.leftovers.tick();
  }

  /** Begins to read the ANA log. */
  refresh(): void {
    this.ana.refresh();
  }

  /** Begins to look for namespaces again, unless that is going on. {@link PathController.scans} tells when it is done, well or not. */
  rescan(): void {
    if (!this.isScanning) void this.scan();
  }

  /**
   * Goes on with another object for the same controller, which its owner has attached after the driver gave the old one up.
   *
   * @throws NvmeBdevError PATHS_DIFFER when it is of another subsystem or has another identifier there; NOT_LOST while the old one is in use
   */
  replace(controller: Controller): void {
    const { current } = this;
    if (current.state !== 'FAILED' && current.state !== 'DETACHED') {
      throw new NvmeBdevError('NOT_LOST', { cntlid: current.identity.cntlid, state: current.state });
    }
    for (const field of ['subnqn', 'cntlid'] as const) {
      const [expected, got] = [current.identity[field], controller.identity[field]];
      if (expected !== got) throw new NvmeBdevError('PATHS_DIFFER', { field, expected, got });
    }
    this.unsubscribe();
    this.current = controller;
    this.adminPair = controller.admin.queuePair;
    this.unsubscribe = this.follow(controller);
    this.reconnection.recovered();
    this.ana.restart();
  }

  /** Takes over a queue pair that nobody uses any more, and deletes it as soon as that is possible. */
  letGo(controller: Controller, pair: QueuePair): void {
    this.leftovers.add(controller, pair);
  }

  private follow(controller: Controller): () => void {
    return controller.subscribe('all', (event) => this.onEvent(event));
  }

  private onEvent({ kind, changes }: ControllerEvent): void {
    if (kind !== 'ana' && kind !== 'namespaces') return;
    // A namespace that has come is in the log of ANA states by now.
    this.ana.refresh();
    const { cntlid } = this.current.identity;
    for (const { nsid } of changes?.removed ?? []) this.log.warn(`namespace ${nsid} of controller ${cntlid} is gone`);
    for (const { before, now } of changes?.changed ?? []) {
      if (before.blocks === now.blocks) continue;
      this.log.info(
        `namespace ${now.nsid} of controller ${cntlid} has ${now.blocks} blocks, and had ${before.blocks}: block devices over it keep ` +
          'the size that they were opened with',
      );
    }
  }

  private async scan(): Promise<void> {
    const { current } = this;
    this.isScanning = true;
    try {
      await current.rescan();
    } catch (error) {
      this.log.warn(`namespaces of controller ${current.identity.cntlid} not looked for: ${String(error)}`);
    } finally {
      this.isScanning = false;
      this.scans++;
    }
  }
}
