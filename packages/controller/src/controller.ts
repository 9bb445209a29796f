import { STATUS_KEEP_ALIVE_EXPIRED } from '@phasebit/nvme-spec';
import { type LinkDevice, PAGE_BYTES, type RegisterTarget } from '@phasebit/pcie';
import { ADMIN_COMMANDS, isOffered } from './admin/admin-commands.js';
import { AdminEngine } from './admin/admin-engine.js';
import { AnaGroups } from './ana-groups.js';
import { Arbiter } from './arbiter.js';
import { AsyncEvents } from './async-events.js';
import { attachNamespace } from './attachment.js';
import type { BackgroundTasks } from './background-tasks.js';
import { ChangedNamespaces } from './changed-namespaces.js';
import { DoorbellFaults } from './doorbell-faults.js';
import { ErrorLog, ErrorReport } from './error-log.js';
import type { FailMode } from './faults/fail-mode.js';
import { FaultPlan } from './faults/fault-plan.js';
import { recordReset, recordThermalExcursion } from './event-records.js';
import { FeatureStore } from './feature-store.js';
import { type Conditions, Health } from './health.js';
import { InFlight } from './in-flight.js';
import type { Internals } from './internals.js';
import { Interrupts } from './interrupts.js';
import { IoContext } from './io/io-context.js';
import { IoEngine } from './io/io-engine.js';
import { IoService } from './io/io-service.js';
import { DOORBELL_SCAN_TURNS, KEEP_ALIVE_LOOK_MASK } from './limits.js';
import type { NamespaceOptions } from './namespace-options.js';
import { NamespaceTable } from './namespace-table.js';
import { noticeAnaChanged, noticeNamespaceChanged } from './notices.js';
import { QueueSet } from './queue-set.js';
import { ReservationLog } from './reservations/reservation-log.js';
import { RegisterFile } from './register-file.js';
import { SavedFeatures } from './saved-features.js';
import { SelfTest } from './self-test/self-test.js';
import { type ControllerOptions, type Settings, settle } from './settings.js';
import { type ControllerState, StateMachine } from './state-machine.js';
import { Telemetry } from './telemetry/telemetry.js';
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
  private readonly interrupts: Interrupts;
  private readonly arbiter: Arbiter;
  private readonly inFlight: InFlight;
  private readonly tasks: BackgroundTasks;
  private turns = 0;
  private idleTurns = 0;
  private isDeaf = false;
  private isGone = false;
  /** What goes wrong with this controller, and when: rules may be added and taken away between two turns. */
  readonly faults: FaultPlan;

  /** @throws RangeError naming the option that is out of range */
  constructor(options: ControllerOptions) {
    const settings = settle(options);
    this.settings = settings;
    this.link = settings.link;
    this.machine = new StateMachine(() => this.inside);
    this.inside = assemble(
      settings,
      this.machine,
      () => this.inside,
      () => this.revive(),
    );
    this.queues = this.inside.queues;
    this.features = this.inside.features;
    this.join(options.subsystem === undefined);
    const { namespaces, transfer, features, health, errors, transferBytesMax, inFlight, faults } = this.inside;
    const report = new ErrorReport();
    const context = new IoContext(
      namespaces,
      transfer,
      features,
      health,
      report,
      transferBytesMax,
      inFlight,
      settings.ioLimits,
    );
    this.io = new IoEngine(context, errors, faults, (mode) => this.fail(mode));
    this.admin = new AdminEngine(this.inside, (mode) => this.fail(mode));
    this.inFlight = inFlight;
    this.tasks = settings.subsystem.tasks;
    this.faults = faults;
    this.interrupts = this.inside.interrupts;
    const service = new IoService(
      this.io,
      () => this.machine.state === 'ready' && !this.isDeaf,
      settings.failAfterCommands,
      () => this.fail(settings.failMode),
    );
    this.arbiter = new Arbiter(this.queues, this.features, service);
  }

  /** Where the controller is in its life. */
  get state(): ControllerState {
    return this.machine.state;
  }

  /**
   * When the next command that was executed and has not completed yet is due, or an interrupt that is held back, or something in the
   * background, nanoseconds by the clock; Infinity when there is none. A virtual clock may be moved there when `step` has nothing to do.
   */
  get nextDueNs(): number {
    return Math.min(this.inFlight.nextDueNs, this.interrupts.nextDueNs, this.tasks.nextDueNs);
  }

  /** Doorbell values that were refused since power-on. */
  get doorbellFaults(): DoorbellFaultCounts {
    return this.inside.doorbells;
  }

  /**
   * One turn: carries out the register writes that have arrived, completes the commands that are due, serves the admin queue and then
   * each I/O queue once, and publishes their completions. Call it in a loop; it never waits.
   *
   * @returns register writes, commands and events dealt with; 0 when there was nothing to do
   */
  step(): number {
    let done = this.takeWrites();
    if (this.isDeaf) return done;
    if (this.machine.state !== 'ready') return done;
    if (this.tasks.count !== 0) done += this.tasks.run();
    if (this.inFlight.count !== 0) done += this.inFlight.deliver();
    if (this.faults.isActive && this.faults.areDoorbellsLost()) {
      this.checkKeepAlive();
      return done;
    }
    const turn = (this.turns = (this.turns + 1) | 0);
    const { queues, interrupts } = this;
    if (queues.buffers.isConfigured) queues.buffers.mirrorAdmin(queues.submission[0]!);
    done += this.admin.run(queues.submission[0]!);
    done += this.arbiter.turn();
    if (this.isDeaf) return done;
    if (interrupts.held !== 0) done += interrupts.expire();
    // A bad doorbell may have raised an event after the admin queue had its turn.
    if (this.inside.events.isDue && this.machine.state === 'ready') done += this.admin.run(this.queues.submission[0]!);
    if (this.features.keepAliveTimer !== 0 && (done === 0 || (turn & KEEP_ALIVE_LOOK_MASK) === 0))
      this.checkKeepAlive();
    if (done === 0) this.idle();
    else this.idleTurns = 0;
    return done;
  }

  /**
   * Carries out the register writes that have arrived, and nothing else; {@link Controller.step} does it too. For who has to know what became
   * of a write before there is time for a turn.
   *
   * @returns how many there were
   */
  takeWrites(): number {
    return this.link.drain(this.isDeaf ? DEAF : this.inside.registers);
  }

  /**
   * Breaks the controller, as hardware breaks.
   *
   * - `fatal`: CSTS.CFS is set and nothing is fetched or completed until a controller reset.
   * - `hang`: registers can be read, everything else is swallowed in silence until {@link Controller.revive}.
   * - `remove`: the function is gone from the bus; every register reads as all ones.
   */
  fail(mode: FailMode): void {
    if (mode === 'fatal') this.machine.fail('asked to fail');
    else this.isDeaf = true;
    if (mode !== 'remove') return;
    this.isGone = true;
    this.link.vanish();
  }

  /**
   * Ends a hang: the controller goes on as if it had stood still. Register writes of that time are lost, doorbells are seen as they are,
   * and commands that took time may all be due. A fatal status needs a controller reset instead, and who has left the bus stays away.
   */
  revive(): void {
    this.isDeaf = this.isGone;
  }

  /**
   * Resets the function, as PCI Express does: a controller level reset after which all registers are as after power-on, and the end of a
   * hang. Who has left the bus stays away. [Base] 3.7.2
   */
  resetFunction(): void {
    if (this.isGone) return;
    this.isDeaf = false;
    this.machine.resetFunction();
  }

  /**
   * Takes the power from the whole subsystem and gives it back; see {@link Subsystem.losePower}.
   *
   * @param seed - an integer; decides which of the writes that may be lost are
   */
  losePower(seed: number): void {
    this.inside.subsystem.losePower(seed);
  }

  /**
   * Allocates a namespace in the subsystem and attaches it; the host hears of it if it asked to.
   *
   * @throws RangeError when an option is out of range or the NSID is taken
   */
  attach(options: NamespaceOptions): void {
    attachNamespace(this.inside, this.inside.subsystem.allocate(options));
    noticeNamespaceChanged(this.inside, options.nsid);
  }

  /**
   * Detaches a namespace; commands to it fail from now on. Nothing is left of one that no other controller shows. To keep it, use
   * `Subsystem.detach`.
   *
   * @throws RangeError when there is none of that identifier
   */
  detach(nsid: number): void {
    const { namespaces, subsystem } = this.inside;
    const allocated = namespaces.get(nsid)?.allocated;
    if (allocated === undefined) throw new RangeError(`nsid: expected an attached namespace, got ${nsid}`);
    subsystem.detach(nsid, this.settings.cntlid);
    if (allocated.views.length === 0) subsystem.remove(allocated);
  }

  /**
   * Changes the ANA state of a group, `ANA_STATE_*`: I/O to its namespaces gets the status of the state, and the host hears of the
   * change if it asked to.
   *
   * @throws RangeError for an unknown group or state
   */
  setAnaState(groupId: number, state: number): void {
    if (this.inside.ana.setState(groupId, state)) noticeAnaChanged(this.inside);
  }

  /** Sets the composite temperature, kelvins; crossing a threshold raises an event if the host asked for it. */
  setTemperature(kelvin: number): void {
    this.setConditions({ temperatureKelvin: kelvin });
  }

  /**
   * Changes how the device is, as far as it is said; a warning raises an event if the host asked for it.
   *
   * @throws RangeError naming the condition that is out of range
   */
  setConditions(conditions: Conditions): void {
    this.inside.health.set(conditions);
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

  /** A subsystem of its own shows all its namespaces, one that is joined the shared ones and what was asked for besides. */
  private join(isOwn: boolean): void {
    const { subsystem, settings } = this.inside;
    subsystem.join(this.inside);
    if (!isOwn) this.bring(settings.namespaces);
    for (const each of subsystem.namespaces) {
      if (isOwn || (each.shared && this.inside.namespaces.get(each.nsid) === undefined))
        attachNamespace(this.inside, each);
    }
    recordReset(this.inside, false);
    subsystem.persistentEvents.snapshot(subsystem.members);
  }

  /** Allocates namespaces and attaches them: all, or none, and then the controller is not one of the subsystem's. */
  private bring(namespaces: readonly NamespaceOptions[]): void {
    const { subsystem } = this.inside;
    try {
      for (const each of namespaces) attachNamespace(this.inside, subsystem.allocate(each));
    } catch (error) {
      subsystem.leave(this.inside);
      throw error;
    }
  }
}

function assemble(settings: Settings, machine: StateMachine, inside: () => Internals, revive: () => void): Internals {
  const events = new AsyncEvents();
  const errors = new ErrorLog();
  const features = new FeatureStore(settings);
  const namespaces = new NamespaceTable(settings.subsystem.settings.largestNsid);
  const transferBytesMax = PAGE_BYTES * 2 ** settings.mdts;
  const { clock, subsystem } = settings;
  const health = new Health(
    clock,
    features,
    events,
    errors,
    (kelvins, code) => recordThermalExcursion(inside(), kelvins, code),
    () => subsystem.namespaces.map((each) => each.medium),
  );
  return {
    settings,
    subsystem,
    registers: new RegisterFile(settings, machine),
    machine,
    queues: new QueueSet(settings.link, settings.queuePairs + 1, settings.shadowDoorbells),
    interrupts: new Interrupts(settings.link, features, clock),
    namespaces,
    features,
    events,
    errors,
    health,
    ana: new AnaGroups(subsystem.settings.anaGroups, namespaces),
    changedNamespaces: new ChangedNamespaces(),
    changedAllocated: new ChangedNamespaces(),
    reservationLog: new ReservationLog(),
    savedFeatures: new SavedFeatures(),
    selfTest: new SelfTest(subsystem.tasks, subsystem.settings.durations, health),
    telemetry: new Telemetry(),
    doorbells: new DoorbellFaults(events, errors),
    revive,
    inFlight: new InFlight(clock, settings.commandsInFlight),
    faults: new FaultPlan(clock, settings.faults),
    transfer: new Transfer(settings.dma, transferBytesMax),
    transferBytesMax,
    adminEffects: ADMIN_COMMANDS.filter((each) => isOffered(each, settings)).map(
      ({ opcode, effects }) => [opcode, effects] as const,
    ),
  };
}
