import type { AbortSignalLike, Clock, Log, WaitOptions } from '@phasebit/core';
import {
  CC_CSS_ALL,
  CNTRLTYPE_ADMINISTRATIVE,
  CNTRLTYPE_DISCOVERY,
  type IdentifyController,
  type IdentifyNvmController,
  LPA_EXTENDED_DATA,
  OACS_DOORBELL_BUFFER,
  PAGE_BYTES,
} from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { AdminQueue } from '../admin-queue.js';
import { identifyController, identifyNvmController } from '../admin/identify.js';
import type { ControllerSettings } from '../controller-options.js';
import { checkSignal } from '../deadline.js';
import { DriverError } from '../errors.js';
import type { AsyncEvents } from '../events/async-events.js';
import { ADMIN_TRANSFER_BYTES_MAX, ASYNC_EVENT_REQUESTS_MAX, TRANSFER_BYTES_MAX } from '../limits.js';
import type { NamespaceChanges, NamespaceTable } from '../namespaces/namespace-table.js';
import { makeAdminPair } from '../pair-making.js';
import { trackersOf } from '../queue-pair-options.js';
import { HealthProbe } from '../recovery/health-probe.js';
import type { BringUpState } from './bring-up-state.js';
import { type Capabilities, readCapabilities } from './capabilities.js';
import { DoorbellBuffer } from './doorbell-buffer.js';
import {
  configureEvents,
  hostBehavior,
  requestQueues,
  selectNvmCommandSet,
  setArbitration,
  setHostBehavior,
  setHostId,
  setKeepAlive,
} from './host-setup.js';
import {
  DELAY_BEFORE_INIT_MS,
  DELAY_BEFORE_READY_CHECK_MS,
  LARGE_ADMIN_QUEUE_ENTRIES,
  type Quirk,
  quirksOfFunction,
  quirksOfModel,
  withoutBroken,
} from './quirks.js';
import { disable, enable, silence, waitReady } from './ready.js';

/** Version 2.0, from which on CNS 06h can be counted on. */
const VERSION_2_0 = 0x2_0000;

/** What a bring-up works with, the first time and after each reset. */
export interface BringUpParts {
  readonly fn: PcieFunction;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ControllerSettings;
  /** where requests for events are parked */
  readonly events: AsyncEvents;
  /** where namespaces are put */
  readonly table: NamespaceTable;
  /** after a reset: what there was before */
  readonly before?: BroughtUp;
  /** ends it from outside */
  readonly signal: AbortSignalLike;
}

/** What is known of a controller that was brought up. */
export interface BroughtUp {
  readonly admin: AdminQueue;
  readonly capabilities: Capabilities;
  /** Identify Controller, without what is known not to work */
  readonly identity: IdentifyController;
  /** Identify Controller of the NVM command set */
  readonly limits: IdentifyNvmController | undefined;
  readonly quirks: ReadonlySet<Quirk>;
  /** weighted round robin is selected */
  readonly isWeighted: boolean;
  /** I/O queue pairs granted */
  readonly ioQueuePairsMax: number;
  /** most bytes of one command */
  readonly transferBytesMax: number;
  /** Keep Alive Timeout as granted, milliseconds; 0 for none */
  readonly keepAliveMs: number;
  /** pages of Doorbell Buffer Config; undefined without them */
  readonly doorbellBuffer: DoorbellBuffer | undefined;
  /** what has become of the namespaces that were there before */
  readonly changes: NamespaceChanges;
}

/**
 * Brings a controller up, state by state: see {@link BringUpState}. Every wait has a deadline.
 *
 * @param enter - told of each state before `options.onState` is
 * @throws DriverError saying in its facts which `state` failed, and how; the controller is disabled then and nothing of it kept
 */
export async function bringUp(parts: BringUpParts): Promise<BroughtUp> {
  return new BringUp(parts).run();
}

class BringUp {
  private state: BringUpState = 'READ_CAP';
  private readonly quirks: Set<Quirk>;
  private readonly fn: PcieFunction;
  private readonly log: Log;
  private readonly settings: ControllerSettings;
  private readonly wait: WaitOptions;
  private doorbellBuffer: DoorbellBuffer | undefined;

  constructor(private readonly parts: BringUpParts) {
    const { fn, log, settings, signal } = parts;
    this.fn = fn;
    this.log = log;
    this.settings = settings;
    this.wait = { signal };
    this.doorbellBuffer = parts.before?.doorbellBuffer;
    this.quirks = quirksOfFunction(settings.pci);
    for (const quirk of settings.quirks) this.quirks.add(quirk);
  }

  async run(): Promise<BroughtUp> {
    try {
      this.enter('READ_CAP');
      const capabilities = await readCapabilities(this.fn);
      await this.drain(capabilities);
      return await this.runEnabled(capabilities);
    } catch (error) {
      throw error instanceof DriverError ? error.with({ state: this.state }) : error;
    }
  }

  private enter(state: BringUpState): void {
    checkSignal(this.parts.signal);
    this.state = state;
    this.settings.onState(state);
  }

  /** Whatever a previous owner has left is gone after this. */
  private async drain(capabilities: Capabilities): Promise<void> {
    const { clock, signal } = this.parts;
    if (this.quirks.has('DELAY_BEFORE_INIT')) {
      this.enter('INIT_DELAY');
      await this.delay(DELAY_BEFORE_INIT_MS);
    }
    const enter = async (state: BringUpState): Promise<void> => {
      this.enter(state);
      if (state === 'DISABLE_WAIT_NOT_READY' && this.quirks.has('DELAY_BEFORE_READY_CHECK'))
        await this.delay(DELAY_BEFORE_READY_CHECK_MS);
    };
    await disable(this.fn, clock, capabilities.readyTimeoutMs, signal, enter);
  }

  /** From the admin queue on. What fails takes the queue with it. */
  private async runEnabled(capabilities: Capabilities): Promise<BroughtUp> {
    const { clock, before } = this.parts;
    this.enter('ENABLE');
    const entries = this.quirks.has('LARGE_ADMIN_QUEUE')
      ? Math.max(this.settings.adminEntries, LARGE_ADMIN_QUEUE_ENTRIES)
      : this.settings.adminEntries;
    const { pair, rings } = makeAdminPair(this.fn, entries, ADMIN_TRANSFER_BYTES_MAX);
    const admin = before?.admin ?? new AdminQueue(pair, this.fn, clock, this.settings.adminDeadlineMs);
    admin.replacePair(pair);
    admin.health = undefined;
    admin.transferBytesMax = PAGE_BYTES;
    try {
      const isWeighted = this.settings.arbitration !== undefined && capabilities.hasWeightedArbitration;
      enable(this.fn, capabilities.commandSet, isWeighted, { entries, ...rings });
      this.enter('ENABLE_WAIT_READY');
      if (this.quirks.has('DELAY_BEFORE_READY_CHECK')) await this.delay(DELAY_BEFORE_READY_CHECK_MS);
      await waitReady(this.fn, clock, 1, capabilities.enableTimeoutMs, false, this.parts.signal);
      admin.health = new HealthProbe(this.fn, clock, this.settings.healthCheckMs);
      return await this.explore(admin, capabilities, isWeighted);
    } catch (error) {
      const isQuiet = await silence(this.fn, clock, capabilities.readyTimeoutMs);
      pair.disconnect();
      this.doorbellBuffer?.forget();
      // After a reset what is left is for the next attempt, or for whoever gives the controller up.
      if (before === undefined && isQuiet) pair.free();
      if (before?.doorbellBuffer !== this.doorbellBuffer && isQuiet) this.doorbellBuffer?.free();
      throw error;
    }
  }

  /** Requests for events to park: they must not take every place in the ring, since they stay there. */
  private eventRequestsOf(admin: AdminQueue, identity: IdentifyController): number {
    const room = trackersOf(admin.queuePair.settings) - 1;
    if (room === 0) this.log.warn('no events: an admin queue of two entries has room for one command (adminEntries)');
    return Math.min(ASYNC_EVENT_REQUESTS_MAX, identity.aerl + 1, room);
  }

  private async explore(admin: AdminQueue, capabilities: Capabilities, isWeighted: boolean): Promise<BroughtUp> {
    const { events, table } = this.parts;
    this.enter('IDENTIFY');
    const said = await identifyController(admin, this.wait);
    for (const quirk of quirksOfModel(said)) this.quirks.add(quirk);
    const identity = withoutBroken(said, this.quirks);
    // MDTS is in units of the smallest page, 0 for no limit. [Base] Identify Controller byte 77
    const mdtsBytes = identity.mdts === 0 ? TRANSFER_BYTES_MAX : PAGE_BYTES * 2 ** identity.mdts;
    const transferBytesMax = Math.min(TRANSFER_BYTES_MAX, mdtsBytes);
    admin.transferBytesMax = Math.min(ADMIN_TRANSFER_BYTES_MAX, mdtsBytes);
    admin.hasLogOffsets = (identity.lpa & LPA_EXTENDED_DATA) !== 0;
    const limits = await this.readLimits(admin, capabilities);
    await this.selectCommandSets(admin, capabilities);
    await this.introduce(admin, identity);
    const keepAliveMs = await this.startKeepAlive(admin, identity);
    const ioQueuePairsMax = await this.requestQueues(admin, identity, isWeighted);
    await this.shareDoorbells(admin, identity, capabilities, ioQueuePairsMax);
    this.enter('AER');
    await configureEvents(admin, identity, this.log, this.wait);
    events.park(admin.queuePair, this.eventRequestsOf(admin, identity));
    const { log, quirks } = this;
    const scanned = { admin, log, capabilities, identity, limits, quirks, transferBytesMax };
    this.enter('NAMESPACES');
    const changes = await table.refresh(scanned, this.wait, () => this.enter('DESCRIPTORS'));
    return {
      ...{ admin, capabilities, identity, limits, quirks, isWeighted, ioQueuePairsMax, transferBytesMax },
      ...{ keepAliveMs, changes, doorbellBuffer: this.doorbellBuffer },
    };
  }

  /** What the NVM command set adds to the limits. Controllers from before 2.0 may not know the question. [NVM] 4.1.5.4 */
  private async readLimits(admin: AdminQueue, capabilities: Capabilities): Promise<IdentifyNvmController | undefined> {
    if (capabilities.version < VERSION_2_0 || this.quirks.has('IDENTIFY_CNS_0_AND_1_ONLY')) return undefined;
    try {
      return await identifyNvmController(admin, this.wait);
    } catch (error) {
      if (!(error instanceof DriverError && error.code === 'COMMAND_FAILED')) throw error;
      this.log.warn(`limits of the NVM command set not known: ${error.message}`);
      return undefined;
    }
  }

  private async selectCommandSets(admin: AdminQueue, capabilities: Capabilities): Promise<void> {
    if (capabilities.commandSet !== CC_CSS_ALL || this.quirks.has('IDENTIFY_CNS_0_AND_1_ONLY')) return;
    this.enter('COMMAND_SETS');
    await selectNvmCommandSet(admin, this.log, this.wait);
  }

  /** What the host can do, and who it is. */
  private async introduce(admin: AdminQueue, identity: IdentifyController): Promise<void> {
    const behavior = hostBehavior(identity);
    if (behavior !== undefined) {
      this.enter('HOST_BEHAVIOR');
      await setHostBehavior(admin, behavior, this.log, this.wait);
    }
    const { hostId } = this.settings;
    if (hostId !== undefined) {
      this.enter('HOST_ID');
      await setHostId(admin, identity, hostId, this.wait);
    }
  }

  private async startKeepAlive(admin: AdminQueue, identity: IdentifyController): Promise<number> {
    const { keepAliveMs } = this.settings;
    if (keepAliveMs === 0) return 0;
    this.enter('KEEP_ALIVE');
    return setKeepAlive(admin, identity, keepAliveMs, this.log, this.wait);
  }

  private async requestQueues(admin: AdminQueue, identity: IdentifyController, isWeighted: boolean): Promise<number> {
    // Neither kind has I/O queues; every other value, reserved ones included, is an I/O controller's. [Base] 3.1.3
    if (identity.cntrltype === CNTRLTYPE_ADMINISTRATIVE || identity.cntrltype === CNTRLTYPE_DISCOVERY) return 0;
    this.enter('NUM_QUEUES');
    const granted = await requestQueues(admin, this.settings.ioQueuePairs, this.wait);
    const { arbitration } = this.settings;
    if (arbitration === undefined) return granted;
    if (isWeighted) {
      this.enter('ARBITRATION');
      await setArbitration(admin, arbitration, this.log, this.wait);
    } else {
      this.log.warn('no weights: the controller has round robin only (CAP.AMS)');
    }
    return granted;
  }

  private async shareDoorbells(
    admin: AdminQueue,
    identity: IdentifyController,
    capabilities: Capabilities,
    ioQueuePairsMax: number,
  ): Promise<void> {
    if ((identity.oacs & OACS_DOORBELL_BUFFER) === 0 || !this.settings.shadowDoorbells) {
      this.doorbellBuffer?.forget();
      return;
    }
    this.enter('DOORBELL_BUFFER');
    this.doorbellBuffer ??= new DoorbellBuffer(this.fn);
    await this.doorbellBuffer.configure(admin, ioQueuePairsMax + 1, capabilities.doorbellStride, this.log, this.wait);
  }

  private async delay(delayMs: number): Promise<void> {
    const { clock, signal } = this.parts;
    for (const untilNs = clock.nowNs() + delayMs * 1e6; clock.nowNs() < untilNs;) {
      checkSignal(signal);
      await this.fn.pause();
    }
  }
}
