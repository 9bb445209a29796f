import {
  ASYNC_EVENT_NOTICE_ANA_CHANGED,
  ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED,
  ASYNC_EVENT_TYPE_NOTICE,
  FEATURE_ASYNC_EVENT_VALUE,
  LOG_ANA,
  LOG_CHANGED_NAMESPACES,
  STATUS_KEEP_ALIVE_EXPIRED,
} from '@phasebit/nvme-spec';
import { type LinkDevice, PAGE_BYTES, type RegisterTarget } from '@phasebit/pcie';
import { ADMIN_COMMANDS } from './admin/admin-commands.js';
import { AdminEngine } from './admin/admin-engine.js';
import { AnaGroups } from './ana-groups.js';
import { AsyncEvents } from './async-events.js';
import { ChangedNamespaces } from './changed-namespaces.js';
import { DoorbellFaults } from './doorbell-faults.js';
import { ErrorLog, ErrorReport } from './error-log.js';
import { FeatureStore } from './feature-store.js';
import { Health } from './health.js';
import type { Internals } from './internals.js';
import { IoContext } from './io/io-context.js';
import { IoEngine } from './io/io-engine.js';
import { ADMIN_LOOK_MASK, DOORBELL_SCAN_TURNS, KEEP_ALIVE_LOOK_MASK } from './limits.js';
import { Namespace, type NamespaceOptions } from './namespace.js';
import { NamespaceTable } from './namespace-table.js';
import { QueueSet } from './queue-set.js';
import { RegisterFile } from './register-file.js';
import { type ControllerOptions, type FailMode, type Settings, settle } from './settings.js';
import { type ControllerState, StateMachine } from './state-machine.js';
import { Transfer } from './transfer.js';

/** How many doorbell writes were refused. */
export interface DoorbellFaultCounts {
  /** writes to doorbells of queues that do not exist */
  readonly strayWrites: number;
  /** values outside of their queue */
  readonly invalidValues: number;
}

/** Takes register writes of a controller that has stopped listening. */
const DEAF: RegisterTarget = { writeRegister: () => undefined };

/**
 * An NVMe controller: the device's half of a link, with its namespaces. It acts only inside {@link Controller.step}, and nothing
 * that a host writes, be it a register, a doorbell, a command or a data pointer, makes it throw.
 */
export class Controller {
  private readonly settings: Settings;
  private readonly link: LinkDevice;
  private readonly machine: StateMachine;
  private readonly inside: Internals;
  private readonly queues: QueueSet;
  private readonly features: FeatureStore;
  private readonly io: IoEngine;
  private readonly admin: AdminEngine;
  private commandsLeft: number;
  private readonly looksRarely: boolean;
  private turns = 0;
  private idleTurns = 0;
  private isDeaf = false;

  /** @throws RangeError naming the option that is out of range */
  constructor(options: ControllerOptions) {
    const settings = settle(options);
    this.settings = settings;
    this.link = settings.link;
    this.machine = new StateMachine(() => this.inside);
    this.inside = assemble(settings, this.machine);
    this.queues = this.inside.queues;
    this.features = this.inside.features;
    for (const each of settings.namespaces) this.place(each);
    const { namespaces, transfer, features, health, errors, transferBytesMax } = this.inside;
    const context = new IoContext(namespaces, transfer, features, health, new ErrorReport(), transferBytesMax);
    this.io = new IoEngine(context, errors);
    this.admin = new AdminEngine(this.inside);
    this.commandsLeft = settings.failAfterCommands;
    this.looksRarely = settings.concurrent;
  }

  /** Where the controller is in its life. */
  get state(): ControllerState {
    return this.machine.state;
  }

  /** Doorbell values that were refused since power-on. */
  get doorbellFaults(): DoorbellFaultCounts {
    return this.inside.doorbells;
  }

  /**
   * One turn: carries out the register writes that have arrived, serves the admin queue and then each I/O queue once, and publishes
   * their completions. Call it in a loop; it never waits.
   *
   * @returns register writes, commands and events dealt with; 0 when there was nothing to do
   */
  step(): number {
    if (this.isDeaf) return this.link.drain(DEAF);
    let done = this.link.drain(this.inside.registers);
    if (this.machine.state !== 'ready') return done;
    const turn = (this.turns = (this.turns + 1) | 0);
    // On shared memory a look at a doorbell costs 11 ns (Node 20), so a busy controller looks at the admin queue's rarely.
    if (!this.looksRarely || this.idleTurns > 0 || (turn & ADMIN_LOOK_MASK) === 0) {
      done += this.admin.run(this.queues.submission[0]!);
    }
    // The admin queue may have changed the list or ended the readiness, so both are looked at afresh.
    const { io } = this.queues;
    for (let i = 0; i < io.length && this.machine.state === 'ready'; i++) {
      done += this.commandsLeft < 0 ? this.io.run(io[i], this.features.burst) : this.runDown(i);
      if (this.isDeaf) return done;
    }
    // A bad doorbell may have raised an event after the admin queue had its turn.
    if (this.inside.events.isDue && this.machine.state === 'ready') done += this.admin.run(this.queues.submission[0]!);
    if (this.features.keepAliveTimer !== 0 && (done === 0 || (turn & KEEP_ALIVE_LOOK_MASK) === 0))
      this.checkKeepAlive();
    if (done === 0) this.idle();
    else this.idleTurns = 0;
    return done;
  }

  /**
   * Breaks the controller, as hardware breaks.
   *
   * - `fatal`: CSTS.CFS is set and nothing is fetched or completed until a controller reset.
   * - `hang`: registers can be read, everything else is swallowed in silence, for good.
   * - `remove`: the function is gone from the bus; every register reads as all ones.
   */
  fail(mode: FailMode): void {
    if (mode === 'fatal') this.machine.fail('asked to fail');
    else this.isDeaf = true;
    if (mode === 'remove') this.link.vanish();
  }

  /** Attaches a namespace; the host hears of it if it asked to. @throws RangeError when an option is out of range or the NSID is taken */
  attach(options: NamespaceOptions): void {
    this.place(options);
    this.noticeNamespace(options.nsid);
  }

  /** Detaches a namespace; commands to it fail from now on. @throws RangeError when there is none of that identifier */
  detach(nsid: number): void {
    const { namespaces } = this.inside;
    if (namespaces.get(nsid) === undefined) throw new RangeError(`nsid: expected an attached namespace, got ${nsid}`);
    namespaces.remove(nsid);
    this.noticeNamespace(nsid);
  }

  /**
   * Changes the ANA state of a group, `ANA_STATE_*`: I/O to its namespaces gets the status of the state, and the host hears of the
   * change if it asked to.
   *
   * @throws RangeError for an unknown group or state
   */
  setAnaState(groupId: number, state: number): void {
    const { ana, events, features } = this.inside;
    if (!ana.setState(groupId, state)) return;
    if (FEATURE_ASYNC_EVENT_VALUE.ANACN.get(features.asyncEventConfig) === 0) return;
    events.raise(ASYNC_EVENT_TYPE_NOTICE, ASYNC_EVENT_NOTICE_ANA_CHANGED, LOG_ANA);
  }

  /** Sets the composite temperature, kelvins; crossing a threshold raises an event if the host asked for it. */
  setTemperature(kelvin: number): void {
    this.inside.health.temperatureKelvin = kelvin;
    this.inside.health.judgeTemperature();
  }

  /** A turn of a queue while a failure is planned: no more commands than are left until then. */
  private runDown(index: number): number {
    const done = this.io.run(this.queues.io[index], Math.min(this.features.burst, this.commandsLeft));
    this.commandsLeft -= done;
    if (this.commandsLeft === 0) {
      this.commandsLeft = -1;
      this.fail(this.settings.failMode);
    }
    return done;
  }

  private idle(): void {
    if (++this.idleTurns < DOORBELL_SCAN_TURNS) return;
    this.idleTurns = 1;
    const queueId = this.queues.takeStrayDoorbell();
    if (queueId >= 0) this.inside.doorbells.strayDoorbell(queueId);
  }

  /** [Base] 3.9.5 */
  private checkKeepAlive(): void {
    const { errors } = this.inside;
    if (this.machine.state !== 'ready' || !this.features.isKeepAliveExpired) return;
    const report = new ErrorReport();
    report.status = STATUS_KEEP_ALIVE_EXPIRED;
    errors.add(report);
    this.machine.fail('keep alive timeout');
  }

  private place(options: NamespaceOptions): void {
    const { namespaces, ana, settings } = this.inside;
    const namespace = new Namespace(options, settings.subnqn, settings.anaGroups);
    if (namespace.nsid > namespaces.largestNsid || namespaces.get(namespace.nsid) !== undefined) {
      throw new RangeError(`nsid: expected a free one up to ${namespaces.largestNsid}, got ${namespace.nsid}`);
    }
    namespace.pathStatus = ana.pathStatus(namespace.anaGroupId);
    namespaces.add(namespace);
  }

  private noticeNamespace(nsid: number): void {
    const { changedNamespaces, events, features } = this.inside;
    changedNamespaces.add(nsid);
    if (FEATURE_ASYNC_EVENT_VALUE.NAN.get(features.asyncEventConfig) === 0) return;
    events.raise(ASYNC_EVENT_TYPE_NOTICE, ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED, LOG_CHANGED_NAMESPACES);
  }
}

function assemble(settings: Settings, machine: StateMachine): Internals {
  const events = new AsyncEvents();
  const errors = new ErrorLog();
  const features = new FeatureStore(settings);
  const namespaces = new NamespaceTable(settings.largestNsid);
  const transferBytesMax = PAGE_BYTES * 2 ** settings.mdts;
  return {
    settings,
    registers: new RegisterFile(settings, machine),
    queues: new QueueSet(settings.link, settings.queuePairs + 1),
    namespaces,
    features,
    events,
    errors,
    health: new Health(settings.clock, features, events, errors),
    ana: new AnaGroups(settings.anaGroups, namespaces),
    changedNamespaces: new ChangedNamespaces(),
    doorbells: new DoorbellFaults(events, errors),
    transfer: new Transfer(settings.dma, transferBytesMax),
    transferBytesMax,
    adminEffects: ADMIN_COMMANDS.map(({ opcode, effects }) => [opcode, effects] as const),
  };
}
