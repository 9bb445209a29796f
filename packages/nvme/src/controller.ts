import { type Clock, type Log, silentLog, type WaitOptions } from '@phasebit/core';
import {
  ADMIN_SET_FEATURES,
  CSTS,
  describeStatus,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_NUMBER_OF_QUEUES_RESULT,
  FEATURE_NUMBER_OF_QUEUES_VALUE,
  type IdentifyController,
  PAGE_BYTES,
  REG_CSTS,
} from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { AdminQueue } from './admin-queue.js';
import { type AsyncEvent, AsyncEvents } from './async-events.js';
import { type Capabilities, disable, enable, readCapabilities, shutDown, silence } from './bring-up.js';
import { type ControllerOptions, type ControllerSettings, settleControllerOptions } from './controller-options.js';
import { DriverError, type DriverErrorCode, type DriverErrorFacts } from './errors.js';
import { activeNamespaces, identifyController, identifyDescriptors, identifyNamespace } from './identify.js';
import { allocateRings, createRings, deleteRings } from './io-queues.js';
import { ADMIN_RING_ENTRIES, ASYNC_EVENT_REQUESTS_MAX, TRANSFER_BYTES_MAX } from './limits.js';
import { Namespace } from './namespace.js';
import { QueuePair } from './queue-pair.js';
import {
  type QueuePairOptions,
  type QueuePairPlace,
  type QueuePairSettings,
  settleQueuePairOptions,
} from './queue-pair-options.js';

const ALL_ONES = 0xffff_ffff;

/** Ticks that an I/O command has at least before it counts as timed out, however long they are apart. */
const TICKS_TO_TIMEOUT = 4;

/**
 * Where a controller stands.
 *
 * ```text
 *   attach() -> READY --shutDown()--> DETACHED
 *                 |
 *                 +--fatal, gone or timed out--> FAILING --queues disabled or given up--> FAILED
 * ```
 *
 * READY    commands can be submitted.
 * FAILING  submissions are still taken, but everything will complete with a path error.
 * FAILED   all that was accepted has been called back; submissions are refused.
 */
export type ControllerState = 'READY' | 'FAILING' | 'FAILED' | 'DETACHED';

/**
 * A controller that was brought up: its namespaces, its admin queue, its I/O queue pairs. It is passive: whoever owns the loop calls
 * {@link Controller.tick} now and then, and polls the queue pairs.
 */
export class Controller {
  /** what Identify Controller said */
  readonly identify: IdentifyController;
  /** what the registers said */
  readonly capabilities: Capabilities;
  /** admin commands, as promises */
  readonly admin: AdminQueue;
  /** active namespaces by identifier */
  readonly namespaces: ReadonlyMap<number, Namespace>;
  /** I/O queue pairs that the controller granted */
  readonly ioQueuePairsMax: number;
  /** most bytes of one command: the least of MDTS and a PRP list's page */
  readonly transferBytesMax: number;
  /** called once when the controller is lost, after every accepted command was called back */
  onFailed: (error: DriverError) => void = () => undefined;

  private readonly pairs: (QueuePair | undefined)[] = [];
  private currentState: ControllerState = 'READY';
  private failure: DriverError | undefined;
  private nextLookNs = 0;
  private isLooking = false;
  private lastTickNs: number;
  private attendedMs = 0;
  /** of a controller that has failed: it is known not to write to memory any more */
  private isQuiet = false;

  private constructor(
    private readonly fn: PcieFunction,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly settings: ControllerSettings,
    found: Found,
    private readonly events: AsyncEvents,
  ) {
    this.capabilities = found.capabilities;
    this.admin = found.admin;
    this.identify = found.identify;
    this.namespaces = found.namespaces;
    this.ioQueuePairsMax = found.ioQueuePairsMax;
    this.transferBytesMax = found.transferBytesMax;
    this.lastTickNs = clock.nowNs();
  }

  /**
   * Brings a controller up: from CAP to the last Identify. Every wait has a deadline.
   *
   * @throws DriverError saying which step failed and how; RangeError for an option out of range
   */
  static async attach(fn: PcieFunction, options: ControllerOptions): Promise<Controller> {
    const settings = settleControllerOptions(options);
    const { clock, log = silentLog } = options;
    const capabilities = await readCapabilities(fn);
    await disable(fn, clock, capabilities.readyTimeoutMs);
    // CAP.MQES is about I/O queues; the admin queue has a limit of its own. [Base] 3.1.4.1, 3.1.4.8
    const entries = ADMIN_RING_ENTRIES;
    const rings = allocateRings(fn.dma, entries);
    const place = { qid: 0, function: fn, ...rings, transferBytesMax: PAGE_BYTES };
    const queuePair = makeQueuePair(
      place,
      settleQueuePairOptions({ entries, sqDoorbell: 'command', cqDoorbell: 'poll' }, entries),
    );
    try {
      await enable(fn, clock, capabilities, { entries, ...rings });
      const admin = new AdminQueue(queuePair, fn, clock, settings.adminDeadlineMs);
      const found = await explore(admin, capabilities, settings, log);
      const events = new AsyncEvents(queuePair);
      await subscribe(admin, found.identify, events, log);
      log.info(
        `controller ${found.identify.cntlid} ready: ${found.namespaces.size} namespaces, ${found.ioQueuePairsMax} queue pairs`,
      );
      return new Controller(fn, clock, log, settings, found, events);
    } catch (error) {
      const isQuiet = await silence(fn, clock, capabilities.readyTimeoutMs);
      queuePair.disconnect();
      if (isQuiet) queuePair.free();
      throw error;
    }
  }

  /** Where the controller stands. */
  get state(): ControllerState {
    return this.currentState;
  }

  /** Why it is FAILING or FAILED. */
  get error(): DriverError | undefined {
    return this.failure;
  }

  /** I/O queue pairs that exist. */
  get queuePairs(): readonly QueuePair[] {
    return this.pairs.filter((pair) => pair !== undefined);
  }

  /** An active namespace. @throws DriverError NO_NAMESPACE, naming the ones there are */
  namespace(nsid: number): Namespace {
    const namespace = this.namespaces.get(nsid);
    if (namespace === undefined) {
      throw new DriverError('NO_NAMESPACE', { expected: `one of ${[...this.namespaces.keys()].join(' ')}`, got: nsid });
    }
    return namespace;
  }

  /**
   * Creates an I/O queue pair. The caller's thread owns it from then on.
   *
   * @throws RangeError for an option out of range; DriverError QUEUE_REFUSED or NOT_READY
   */
  async createQueuePair(options: QueuePairOptions = {}): Promise<QueuePair> {
    this.demandReady();
    const settings = settleQueuePairOptions(options, this.capabilities.queueEntriesMax);
    const qid = this.freeQid();
    const rings = allocateRings(this.fn.dma, settings.entries);
    const place = { qid, function: this.fn, ...rings, transferBytesMax: this.transferBytesMax };
    const pair = makeQueuePair(place, settings);
    this.pairs[qid] = pair;
    try {
      await createRings(this.admin, qid, settings.entries, rings);
    } catch (error) {
      this.drop(pair);
      throw error;
    }
    return pair;
  }

  /**
   * Deletes an I/O queue pair and gives its memory back. What is in flight or waits on it completes as aborted. Of a controller that has
   * FAILED too, unless it may still write to that memory.
   */
  async deleteQueuePair(pair: QueuePair): Promise<void> {
    if (this.currentState === 'FAILED') {
      this.pairs[pair.qid] = undefined;
      if (this.isQuiet) pair.free();
      return;
    }
    this.demandReady();
    // Nobody may ring its doorbells while it goes: they are the next pair's of this identifier.
    pair.retire();
    await deleteRings(this.admin, pair.qid);
    pair.collect();
    this.drop(pair);
  }

  /** The oldest event the controller reported and nobody took yet. */
  takeEvent(): AsyncEvent | undefined {
    return this.events.take();
  }

  /**
   * Does what is due: stamps the time, takes admin completions, looks after the controller's health. To be called about every
   * millisecond or more often; never blocks.
   */
  tick(): void {
    if (this.currentState !== 'READY') return;
    const nowNs = this.clock.nowNs();
    // Time in which the host did not look, because it was stopped or busy, is not the device's: little of it counts.
    this.attendedMs += Math.min((nowNs - this.lastTickNs) / 1e6, this.settings.ioTimeoutMs / TICKS_TO_TIMEOUT);
    this.lastTickNs = nowNs;
    for (const pair of this.pairs) pair?.setTick(Math.floor(this.attendedMs));
    this.admin.queuePair.poll();
    if (nowNs < this.nextLookNs || this.isLooking) return;
    this.nextLookNs = nowNs + this.settings.healthCheckMs * 1e6;
    void this.look();
  }

  /**
   * Shuts the controller down: everything durable, queues gone, memory given back.
   *
   * @throws DriverError when it does not answer in time; the queue pairs are disconnected all the same
   */
  async shutDown(options: WaitOptions = {}): Promise<void> {
    this.demandReady();
    this.currentState = 'DETACHED';
    try {
      await shutDown(this.fn, this.clock, options.deadlineMs ?? this.settings.adminDeadlineMs);
      await disable(this.fn, this.clock, this.capabilities.readyTimeoutMs);
    } finally {
      this.disconnectAll();
    }
    for (const pair of this.queuePairs) pair.free();
    this.admin.queuePair.free();
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    try {
      const csts = await this.fn.registers.read32(REG_CSTS);
      if (this.currentState !== 'READY') return;
      if (csts === ALL_ONES) await this.fail('CONTROLLER_GONE', { register: 'CSTS' });
      else if (CSTS.CFS.get(csts) === 1) await this.fail('CONTROLLER_FATAL', { csts });
      else if (CSTS.RDY.get(csts) === 0) await this.fail('CONTROLLER_FATAL', { csts, expected: 'CSTS.RDY=1' });
      else await this.checkAges();
    } finally {
      this.isLooking = false;
    }
  }

  private async checkAges(): Promise<void> {
    const { ioTimeoutMs } = this.settings;
    if (ioTimeoutMs === 0) return;
    for (const pair of this.queuePairs) {
      const waitedMs = pair.oldestTicks();
      if (waitedMs > ioTimeoutMs) return this.fail('COMMAND_TIMEOUT', { qid: pair.qid, waitedMs, ioTimeoutMs });
    }
  }

  /** Stops the device from writing to memory, as far as it still listens, and only then gives the payloads back to their owners. */
  private async fail(code: DriverErrorCode, facts: DriverErrorFacts): Promise<void> {
    const error = new DriverError(code, facts);
    this.currentState = 'FAILING';
    this.failure = error;
    this.log.warn(`controller ${this.identify.cntlid} lost: ${error.message}`);
    try {
      if (code !== 'CONTROLLER_GONE') await disable(this.fn, this.clock, this.capabilities.readyTimeoutMs);
      this.isQuiet = true;
    } catch (cause) {
      this.isQuiet = cause instanceof DriverError && cause.code === 'CONTROLLER_GONE';
      this.log.warn(`controller ${this.identify.cntlid} could not be disabled: ${String(cause)}`);
    }
    this.currentState = 'FAILED';
    this.disconnectAll();
    if (this.isQuiet) this.admin.queuePair.free();
    this.onFailed(error);
  }

  private disconnectAll(): void {
    for (const pair of this.queuePairs) pair.disconnect();
    this.admin.queuePair.disconnect();
  }

  private demandReady(): void {
    if (this.currentState !== 'READY') throw new DriverError('NOT_READY', { state: this.currentState });
  }

  private freeQid(): number {
    for (let qid = 1; qid <= this.ioQueuePairsMax; qid++) if (this.pairs[qid] === undefined) return qid;
    throw new DriverError('QUEUE_REFUSED', { expected: `at most ${this.ioQueuePairsMax} queue pairs, as granted` });
  }

  private drop(pair: QueuePair): void {
    this.pairs[pair.qid] = undefined;
    pair.disconnect();
    pair.free();
  }
}

/** Makes a queue pair over rings that are there. What cannot be made gives the rings back. */
function makeQueuePair(place: QueuePairPlace, settings: QueuePairSettings): QueuePair {
  try {
    return new QueuePair(place, settings);
  } catch (error) {
    place.function.dma.free(place.sqAddress);
    place.function.dma.free(place.cqAddress);
    throw error;
  }
}

interface Found {
  readonly admin: AdminQueue;
  readonly capabilities: Capabilities;
  readonly identify: IdentifyController;
  readonly namespaces: ReadonlyMap<number, Namespace>;
  readonly ioQueuePairsMax: number;
  readonly transferBytesMax: number;
}

async function explore(
  admin: AdminQueue,
  capabilities: Capabilities,
  settings: ControllerSettings,
  log: Log,
): Promise<Found> {
  const identify = await identifyController(admin);
  // MDTS is in units of the smallest page, 0 for no limit. [Base] Identify Controller byte 77
  const mdtsBytes = identify.mdts === 0 ? TRANSFER_BYTES_MAX : PAGE_BYTES * 2 ** identify.mdts;
  const transferBytesMax = Math.min(TRANSFER_BYTES_MAX, mdtsBytes);
  const ioQueuePairsMax = await requestQueues(admin, settings.ioQueuePairs);
  const namespaces = new Map<number, Namespace>();
  for (const nsid of await activeNamespaces(admin)) {
    const namespace = await exploreNamespace(admin, nsid, transferBytesMax);
    if (typeof namespace === 'string') log.warn(`namespace ${nsid} left out: ${namespace}`);
    else namespaces.set(nsid, namespace);
  }
  return { admin, capabilities, identify, namespaces, ioQueuePairsMax, transferBytesMax };
}

/** A namespace, or why this driver cannot use it. */
async function exploreNamespace(
  admin: AdminQueue,
  nsid: number,
  transferBytesMax: number,
): Promise<Namespace | string> {
  try {
    const { uuid = '' } = await identifyDescriptors(admin, nsid);
    const namespace = new Namespace(nsid, await identifyNamespace(admin, nsid), uuid, transferBytesMax);
    return namespace.unusable === '' ? namespace : namespace.unusable;
  } catch (error) {
    // What the decoders refuse: a size of 2^53 blocks or more, a descriptor of an impossible length.
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Asks for I/O queues; the controller may grant fewer, or more, which is of no use. [Base] 5.1.25.1.5 */
async function requestQueues(admin: AdminQueue, wanted: number): Promise<number> {
  const value = FEATURE_NUMBER_OF_QUEUES_VALUE;
  const cdw11 = value.NCQR0.set(value.NSQR0.set(0, wanted - 1), wanted - 1);
  const { dw0 } = await admin.demand({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11 });
  const granted = FEATURE_NUMBER_OF_QUEUES_RESULT;
  return Math.min(wanted, granted.NSQA0.get(dw0) + 1, granted.NCQA0.get(dw0) + 1);
}

/** Has the controller report what it can report: SMART warnings and the notices of OAES. Without it the driver still works. */
async function subscribe(
  admin: AdminQueue,
  identify: IdentifyController,
  events: AsyncEvents,
  log: Log,
): Promise<void> {
  const smartWarnings = 0xff;
  const cdw11 = (identify.oaes | smartWarnings) >>> 0;
  const { status } = await admin.execute({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11 });
  if (status !== 0) log.warn(`asynchronous events are not configured: ${describeStatus(status)}`);
  events.park(Math.min(ASYNC_EVENT_REQUESTS_MAX, identify.aerl + 1));
}
