import { NvmeBdev, PathController } from '@phasebit/bdev-nvme';
import {
  addStatistics,
  Controller,
  type Namespace,
  PollGroup,
  type QueuePair,
  type QueuePairOptions,
  type QueuePairStatistics,
  type QueuePriority,
} from '@phasebit/nvme';
import { createMmioCounters, type DmaSpace, type MmioCounters } from '@phasebit/pcie';
import type { StackOptions } from '../cli/bench-options.js';
import { BdevTarget } from './bdev-target.js';
import { type DeviceFacts, factsOf } from './device-facts.js';
import type { DevicePlace, Transport } from './device-place.js';
import type { DeviceReport } from './device-spec.js';
import { controllerOptions, ioCountOf, queuePairOptions, ringEntriesOf } from './driver-options.js';
import type { IoTarget } from './io-target.js';
import { placeDemand, type StackDemand } from './memory-need.js';
import { MetadataSlots } from './metadata-slots.js';
import { chooseNamespace, expectUsable } from './namespace-choice.js';
import { nodeClock } from './node-clock.js';
import { NvmeTarget } from './nvme-target.js';
import { isStripped, NvmeTransferTarget } from './nvme-transfer-target.js';
import { openPlace } from './open-place.js';
import { SpreadTarget } from './spread-target.js';

/** What the jobs of a run were done on. */
export interface UsedDevices {
  readonly transport: Transport;
  /** whose figures they are, a sentence */
  readonly figures: string;
  /** one for each path */
  readonly devices: readonly DeviceFacts[];
  /** the namespace that the jobs used */
  readonly nsid: number;
  /** entries of each ring */
  readonly ringEntries: number;
}

/** What is known of a run's stack when it has ended. */
export interface StackReport {
  readonly used: UsedDevices;
  readonly device: DeviceReport;
  /** how often a controller was reset, by the reason */
  readonly resets: Readonly<Record<string, number>>;
  /** how often one was given up for good, by the reason */
  readonly lost: Readonly<Record<string, number>>;
  /** controllers that could not be shut down, a sentence each */
  readonly shutdownErrors: readonly string[];
}

/** How long a controller may take to shut down at the end of a run, milliseconds. */
const SHUTDOWN_MS = 10_000;

/** A stack that is up: devices, controllers, and targets for jobs. */
export class Stack {
  readonly dma: DmaSpace;
  private readonly resets: Record<string, number> = {};
  private readonly lost: Record<string, number> = {};
  private readonly pairsOf = new Map<IoTarget, QueuePair[]>();
  private readonly namespace: Namespace;
  private vectorsGiven = 0;

  private constructor(
    private readonly options: StackOptions,
    private readonly demand: StackDemand,
    private readonly place: DevicePlace,
    private readonly controllers: readonly Controller[],
    private readonly sources: readonly PathController[],
    /** the devices */
    readonly used: UsedDevices,
  ) {
    this.dma = place.dma;
    this.namespace = controllers[0].namespace(used.nsid);
    for (const each of controllers) {
      each.onReset = (error) => count(this.resets, error?.code ?? 'asked for');
      each.onFailed = (error) => count(this.lost, error.code);
    }
  }

  /** Opens or makes the devices, and brings their controllers up. @throws Error saying what cannot be had */
  static async open(options: StackOptions, demand: StackDemand): Promise<Stack> {
    const needed = placeDemand(options, demand);
    const place = await openPlace(options, needed);
    const controllers: Controller[] = [];
    try {
      for (const { function: each, pci } of place.functions) {
        controllers.push(await Controller.attach(each, controllerOptions(options, needed.queuePairs, pci)));
      }
      const devices = place.functions.map((each, at) => factsOf(each, controllers[at]));
      for (const each of devices) expectQueuePairs(each, needed.queuePairs, options);
      const nsid = chooseNamespace(options, devices[0]);
      expectUsable(options, controllers[0].namespace(nsid), devices[0]);
      const ringEntries = ringEntriesOf(options, Math.min(...devices.map((each) => each.queueEntriesMax)));
      const sources: PathController[] = [];
      for (const each of controllers) sources.push(await PathController.open(each));
      const { transport, figures } = place;
      return new Stack(options, demand, place, controllers, sources, {
        transport,
        figures,
        devices,
        nsid,
        ringEntries,
      });
    } catch (error) {
      for (const each of controllers) await each.shutDown({ deadlineMs: SHUTDOWN_MS }).catch(() => undefined);
      await place.close();
      throw error;
    }
  }

  /** bytes of a logical block, and logical blocks in all */
  get lbaBytes(): number {
    return this.namespace.blockBytes;
  }

  /** See {@link Stack.lbaBytes}. */
  get blocks(): number {
    return this.namespace.blocks;
  }

  /** Most bytes of one command: a longer one is cut. */
  get transferBytesMax(): number {
    return Math.min(...this.used.devices.map((each) => each.transferBytesMax));
  }

  /** Whether somebody may have data on the devices: jobs write only with permission. */
  get isGuarded(): boolean {
    return this.place.isGuarded;
  }

  /** Whether the run is to end soon, since somebody wants a device back or it is gone. */
  get isWantedBack(): boolean {
    return this.place.isWantedBack();
  }

  /** Accesses to registers and doorbells of all controllers since the start. */
  get mmio(): MmioCounters {
    const sum = createMmioCounters();
    for (const {
      function: { counters },
    } of this.place.functions) {
      sum.registerReads += counters.registerReads;
      sum.registerWrites += counters.registerWrites;
      sum.sqDoorbellWrites += counters.sqDoorbellWrites;
      sum.cqDoorbellWrites += counters.cqDoorbellWrites;
      sum.sqShadowWrites += counters.sqShadowWrites;
      sum.cqShadowWrites += counters.cqShadowWrites;
    }
    return sum;
  }

  /** What all queue pairs have counted since the start. */
  get statistics(): QueuePairStatistics {
    return addStatistics(this.controllers.flatMap((each) => each.queuePairs.map(({ statistics }) => statistics)));
  }

  /** MSI-X messages of I/O queue pairs since the start. */
  get messages(): number {
    let sum = 0;
    for (const {
      function: { vectors },
    } of this.place.functions) {
      for (let vector = 1; vector < vectors.count; vector++) sum += vectors.received(vector);
    }
    return sum;
  }

  /** Whether a controller is on its way back or out, which takes turns of the event loop. */
  get isRecovering(): boolean {
    return this.controllers.some(({ state }) => state === 'RESETTING' || state === 'FAILING');
  }

  /** Opens the layer that was asked for, for one job. */
  async openTarget(priority?: QueuePriority): Promise<IoTarget> {
    const targets: IoTarget[] = [];
    const pairs: QueuePair[] = [];
    const metadata = this.openMetadata();
    for (let i = 0; i < this.options.queuePairs; i++) targets.push(await this.openOne(priority, pairs, metadata));
    const target = targets.length === 1 ? targets[0] : new SpreadTarget(targets);
    this.pairsOf.set(target, pairs);
    return target;
  }

  /** What waits for completions of some targets, or undefined where they are polled for. To be emptied by its owner afterwards. */
  waitGroup(targets: readonly IoTarget[]): PollGroup | undefined {
    const { completion } = this.options;
    if (completion === undefined) return undefined;
    const group = new PollGroup({ clock: nodeClock, mode: completion });
    for (const target of targets) for (const pair of this.pairsOf.get(target)!) group.add(pair);
    return group;
  }

  /** Gives an inline device its turn. */
  readonly step = (): void => {
    this.place.step();
  };

  /** Gives the processor up for a moment. */
  readonly nap = (): void => {
    this.place.nap();
  };

  /** Tells the controllers the time. */
  tick(): void {
    for (let i = 0; i < this.controllers.length; i++) this.controllers[i].tick();
  }

  /** Shuts the controllers down and ends the devices: what was written is durable then, unless the report says otherwise. */
  async close(): Promise<StackReport> {
    const shutdownErrors: string[] = [];
    for (const [at, controller] of this.controllers.entries()) {
      if (controller.state === 'RESETTING') await controller.giveUp();
      // One that was made to die has nothing left to shut down.
      if (controller.state !== 'READY') continue;
      try {
        await controller.shutDown({ deadlineMs: SHUTDOWN_MS });
      } catch (error) {
        shutdownErrors.push(`controller ${at} could not be shut down: ${(error as Error).message}`);
      }
    }
    const { used, resets, lost } = this;
    return { used, device: await this.place.close(), resets, lost, shutdownErrors };
  }

  private async openOne(
    priority: QueuePriority | undefined,
    pairs: QueuePair[],
    metadata: MetadataSlots | undefined,
  ): Promise<IoTarget> {
    const { layer } = this.options;
    const { ringEntries, nsid } = this.used;
    const queuePair = {
      ...queuePairOptions(this.options, ringEntries),
      ...(priority === undefined ? {} : { priority }),
    };
    if (layer === 'nvme') return this.openDriver(queuePair, pairs, metadata);
    const controllers = layer === 'bdev' ? this.sources.slice(0, 1) : this.sources;
    const bdev = new NvmeBdev({ name: 'nvme0n1', controllers, nsid });
    return new BdevTarget(await bdev.openChannel({ ioCount: ioCountOf(this.options, ringEntries), queuePair }));
  }

  private async openDriver(
    options: QueuePairOptions,
    pairs: QueuePair[],
    metadata: MetadataSlots | undefined,
  ): Promise<IoTarget> {
    const { completion, iovecs, pi = false } = this.options;
    const { namespace } = this;
    const vector = completion === undefined ? {} : { interruptVector: this.nextVector() };
    const pair = await this.controllers[0].createQueuePair({ ...options, ...vector });
    pairs.push(pair);
    if (iovecs === undefined && namespace.metadataBytes === 0) return new NvmeTarget(pair, namespace);
    return new NvmeTransferTarget(pair, namespace, { iovecs: iovecs ?? 1, pi, metadata });
  }

  /** The admin queue has the first. */
  private nextVector(): number {
    const { vectors } = this.used.devices[0];
    if (++this.vectorsGiven < vectors) return this.vectorsGiven;
    throw new Error(
      `--completion: expected at most ${Math.max(0, vectors - 1)} queue pairs, as many as the device has MSI-X vectors beside the admin queue's, got more`,
    );
  }

  /** Memory for the metadata of one job's commands, as long as the stack lives; undefined where none is moved. */
  private openMetadata(): MetadataSlots | undefined {
    const { namespace, dma } = this;
    const { layer, pi = false } = this.options;
    if (layer !== 'nvme' || namespace.metadataBytes === 0 || isStripped(namespace, pi)) return undefined;
    return new MetadataSlots(dma, namespace, this.demand.commandBytesMax, this.demand.ioDepthMax, pi);
  }
}

/** A controller grants what it has: fewer pairs than the jobs need would be another run than was asked for. */
function expectQueuePairs({ name, queuePairs }: DeviceFacts, needed: number, options: StackOptions): void {
  if (queuePairs >= needed) return;
  const jobs = needed / options.queuePairs;
  throw new Error(
    `--queue-pairs: expected at most ${queuePairs} I/O queue pairs in all, which is what ${name} grants, got ${needed}: ${options.queuePairs} for each job, jobs at a time ${jobs}`,
  );
}

/** The driver's own failures are counted by what they are called. */
function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
