import { NvmeBdev, PathController } from '@phasebit/bdev-nvme';
import {
  addStatistics,
  Controller,
  type ControllerOptions,
  PollGroup,
  type QueuePair,
  type QueuePairOptions,
  type QueuePairStatistics,
  type QueuePriority,
} from '@phasebit/nvme';
import {
  createLinkMemory,
  DmaSpace,
  type LinkMemory,
  type MemoryOrder,
  type MmioCounters,
  openLink,
  PAGE_BYTES,
  type PcieFunction,
} from '@phasebit/pcie';
import { arch } from 'node:process';
import type { StackOptions } from '../cli/bench-options.js';
import { BdevTarget } from './bdev-target.js';
import { type DevicePlace, placeInline, placeOnThread } from './device-place.js';
import type { DeviceReport, DeviceSpec } from './device-spec.js';
import type { IoTarget } from './io-target.js';
import { planMemory } from './memory-plan.js';
import { nodeClock } from './node-clock.js';
import { NvmeTarget } from './nvme-target.js';
import { NvmeTransferTarget } from './nvme-transfer-target.js';
import { SpreadTarget } from './spread-target.js';

/** The namespace that every modelled controller shows. */
const NSID = 1;

/** x86 keeps stores and loads in order: one atomic load begins a poll. Elsewhere each entry takes one. */
const MEMORY_ORDER: MemoryOrder = arch === 'x64' || arch === 'ia32' ? 'store-order' : 'weak';

/** What the jobs of a run need beside the stack itself. */
export interface StackDemand {
  /** jobs that run side by side at most: each has queue pairs of its own */
  readonly jobs: number;
  /** bytes of DMA memory for their buffers */
  readonly dataBytes: number;
  /** bytes of the largest command that any of them issues */
  readonly commandBytesMax: number;
}

/** What is known of a run's stack when it has ended. */
export interface StackReport {
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
  private vectorsGiven = 0;

  private constructor(
    private readonly options: StackOptions,
    private readonly demand: StackDemand,
    private readonly place: DevicePlace,
    private readonly functions: readonly PcieFunction[],
    private readonly controllers: readonly Controller[],
    private readonly sources: readonly PathController[],
  ) {
    this.dma = functions[0].dma;
    for (const each of controllers) {
      each.onReset = (error) => count(this.resets, error?.code ?? 'asked for');
      each.onFailed = (error) => count(this.lost, error.code);
    }
  }

  /** Builds devices and links, and brings the controllers up. @throws Error saying what cannot be had */
  static async open(options: StackOptions, demand: StackDemand): Promise<Stack> {
    const pairs = demand.jobs * options.queuePairs;
    const metadataBytes = pairs * metadataRoom(options, demand);
    const planned = planMemory(options, pairs * options.controllers, demand.dataBytes + metadataBytes);
    const dma = new DmaSpace();
    dma.attach(planned.rings);
    dma.attach(planned.data);
    const shared = options.device === 'thread';
    const links: LinkMemory[] = [];
    for (let i = 0; i < options.controllers; i++)
      links.push(createLinkMemory({ queues: pairs + 1, vectors: pairs + 1, shared }));
    const spec = deviceSpec(options, pairs);
    const place = shared ? await placeOnThread(spec, links, dma.arenas) : placeInline(spec, links, dma.arenas);
    try {
      const surroundings = { dma, clock: nodeClock, pause: () => place.pause(), memoryOrder: MEMORY_ORDER };
      const functions = links.map((memory) => openLink({ memory, ...surroundings }));
      const controllers: Controller[] = [];
      for (const each of functions) controllers.push(await Controller.attach(each, controllerOptions(options, pairs)));
      const sources: PathController[] = [];
      for (const each of controllers) sources.push(await PathController.open(each));
      return new Stack(options, demand, place, functions, controllers, sources);
    } catch (error) {
      await place.close();
      throw error;
    }
  }

  /** bytes of a logical block, and logical blocks in all */
  get lbaBytes(): number {
    return this.controllers[0].namespace(NSID).blockBytes;
  }

  /** See {@link Stack.lbaBytes}. */
  get blocks(): number {
    return this.controllers[0].namespace(NSID).blocks;
  }

  /** Accesses to registers and doorbells of all controllers since the start. */
  get mmio(): MmioCounters {
    const sum: MmioCounters = {
      registerReads: 0,
      registerWrites: 0,
      sqDoorbellWrites: 0,
      cqDoorbellWrites: 0,
      sqShadowWrites: 0,
      cqShadowWrites: 0,
    };
    for (const { counters } of this.functions) {
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
    for (const { vectors } of this.functions) {
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
    for (let i = 0; i < this.options.queuePairs; i++) targets.push(await this.openOne(priority, pairs));
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
    return { device: await this.place.close(), resets: this.resets, lost: this.lost, shutdownErrors };
  }

  private async openOne(priority: QueuePriority | undefined, pairs: QueuePair[]): Promise<IoTarget> {
    const { layer } = this.options;
    const queuePair = { ...queuePairOptions(this.options), ...(priority === undefined ? {} : { priority }) };
    if (layer === 'nvme') return this.openDriver(queuePair, pairs);
    const controllers = layer === 'bdev' ? this.sources.slice(0, 1) : this.sources;
    const bdev = new NvmeBdev({ name: 'nvme0n1', controllers, nsid: NSID });
    return new BdevTarget(await bdev.openChannel({ ioCount: ioCountOf(this.options), queuePair }));
  }

  private async openDriver(options: QueuePairOptions, pairs: QueuePair[]): Promise<IoTarget> {
    const { completion, iovecs, metadataBytes, pi = false } = this.options;
    const controller = this.controllers[0];
    const interruptVector = ++this.vectorsGiven;
    const pair = await controller.createQueuePair(completion === undefined ? options : { ...options, interruptVector });
    pairs.push(pair);
    const namespace = controller.namespace(NSID);
    if (iovecs === undefined && metadataBytes === undefined) return new NvmeTarget(pair, namespace);
    const [readMetadata, writeMetadata] = [this.openMetadata(), this.openMetadata()];
    return new NvmeTransferTarget(pair, namespace, { iovecs: iovecs ?? 1, pi, readMetadata, writeMetadata });
  }

  /** Memory for metadata, all zeroes, as long as the stack lives; 0 without metadata. */
  private openMetadata(): number {
    const bytes = metadataBytesOf(this.options, this.demand);
    if (bytes === 0) return 0;
    const address = this.dma.allocate(bytes);
    this.dma.bytes(address, bytes).fill(0);
    return address;
  }
}

/** The driver's own failures are counted by what they are called. */
function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Bytes of metadata of one queue pair: those of a read and those of a write, whole pages each. */
function metadataRoom(options: StackOptions, demand: StackDemand): number {
  return 2 * metadataBytesOf(options, demand);
}

function metadataBytesOf({ metadataBytes = 0, lbaBytes }: StackOptions, { commandBytesMax }: StackDemand): number {
  return Math.ceil(((commandBytesMax / lbaBytes) * metadataBytes) / PAGE_BYTES) * PAGE_BYTES;
}

function controllerOptions(options: StackOptions, ioQueuePairs: number): ControllerOptions {
  const { arbitration, ioTimeoutMs, onLost } = options;
  return {
    clock: nodeClock,
    ioQueuePairs,
    ...(arbitration === undefined ? {} : { arbitration }),
    ...(ioTimeoutMs === undefined ? {} : { ioTimeoutMs }),
    ...(onLost === undefined ? {} : { onLost }),
  };
}

function deviceSpec(options: StackOptions, queuePairs: number): DeviceSpec {
  return {
    media: options.media,
    mediaBytes: options.mediaBytes,
    lbaBytes: options.lbaBytes,
    controllers: options.controllers,
    queuePairs,
    failControllerAfter: options.failControllerAfter,
    metadataBytes: options.metadataBytes ?? 0,
    piType: options.piType ?? 0,
    shadowDoorbells: options.shadowDoorbells ?? 'off',
    faults: options.faults ?? [],
    faultSeed: options.faultSeed ?? options.seed,
  };
}

function queuePairOptions(options: StackOptions): QueuePairOptions {
  const {
    ringEntries: entries,
    sqDoorbell,
    cqDoorbell,
    callbackIn,
    lookAhead,
    completionsPerPollMax,
    requests,
    payload,
    iovecs,
    retriesMax,
  } = options;
  return {
    entries,
    sqDoorbell,
    cqDoorbell,
    callbackIn,
    lookAhead,
    ...(completionsPerPollMax === undefined ? {} : { completionsPerPollMax }),
    ...(requests === undefined ? {} : { requests }),
    ...(payload === undefined ? {} : { payload }),
    // Elements that follow each other would be one descriptor otherwise.
    ...(iovecs === undefined ? {} : { sglMerge: false }),
    ...(retriesMax === undefined ? {} : { retriesMax }),
  };
}

/** As many block I/Os as the driver has requests: a deeper queue waits in the driver, not in front of it. */
function ioCountOf(options: StackOptions): number {
  return Math.min(65_536, options.requests ?? options.ringEntries * 2);
}
