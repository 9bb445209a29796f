import { NvmeBdev, PathController } from '@phasebit/bdev-nvme';
import { Controller } from '@phasebit/nvme';
import {
  createLinkMemory,
  DmaSpace,
  type LinkMemory,
  type MemoryOrder,
  type MmioCounters,
  openLink,
  type PcieFunction,
} from '@phasebit/pcie';
import { arch } from 'node:process';
import type { StackOptions } from '../cli/bench-options.js';
import { BdevTarget } from './bdev-target.js';
import { type DevicePlace, placeInline, placeOnThread } from './device-place.js';
import type { DeviceSpec } from './device-spec.js';
import type { IoTarget } from './io-target.js';
import { planMemory } from './memory-plan.js';
import { nodeClock } from './node-clock.js';
import { NvmeTarget } from './nvme-target.js';
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
}

/** A stack that is up: devices, controllers, and targets for jobs. */
export class Stack {
  readonly dma: DmaSpace;
  private constructor(
    private readonly options: StackOptions,
    private readonly place: DevicePlace,
    private readonly functions: readonly PcieFunction[],
    private readonly controllers: readonly Controller[],
    private readonly sources: readonly PathController[],
  ) {
    this.dma = functions[0].dma;
  }

  /** Builds devices and links, and brings the controllers up. @throws Error saying what cannot be had */
  static async open(options: StackOptions, demand: StackDemand): Promise<Stack> {
    const pairs = demand.jobs * options.queuePairs;
    const planned = planMemory(options, pairs * options.controllers, demand.dataBytes);
    const dma = new DmaSpace();
    dma.attach(planned.rings);
    dma.attach(planned.data);
    const shared = options.device === 'thread';
    const links: LinkMemory[] = [];
    for (let i = 0; i < options.controllers; i++)
      links.push(createLinkMemory({ queues: pairs + 1, vectors: 1, shared }));
    const spec = deviceSpec(options, pairs);
    const place = shared ? await placeOnThread(spec, links, dma.arenas) : placeInline(spec, links, dma.arenas);
    try {
      const surroundings = { dma, clock: nodeClock, pause: () => place.pause(), memoryOrder: MEMORY_ORDER };
      const functions = links.map((memory) => openLink({ memory, ...surroundings }));
      const controllers: Controller[] = [];
      for (const each of functions)
        controllers.push(await Controller.attach(each, { clock: nodeClock, ioQueuePairs: pairs }));
      const sources: PathController[] = [];
      for (const each of controllers) sources.push(await PathController.open(each));
      return new Stack(options, place, functions, controllers, sources);
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
    const sum: MmioCounters = { registerReads: 0, registerWrites: 0, sqDoorbellWrites: 0, cqDoorbellWrites: 0 };
    for (const { counters } of this.functions) {
      sum.registerReads += counters.registerReads;
      sum.registerWrites += counters.registerWrites;
      sum.sqDoorbellWrites += counters.sqDoorbellWrites;
      sum.cqDoorbellWrites += counters.cqDoorbellWrites;
    }
    return sum;
  }

  /** What all queue pairs have counted since the start. */
  get polling(): { polls: number; idlePolls: number; completions: number } {
    const sum = { polls: 0, idlePolls: 0, completions: 0 };
    for (const controller of this.controllers) {
      for (const { statistics } of controller.queuePairs) {
        sum.polls += statistics.polls;
        sum.idlePolls += statistics.idlePolls;
        sum.completions += statistics.completions;
      }
    }
    return sum;
  }

  /** Opens the layer that was asked for, for one job. */
  async openTarget(): Promise<IoTarget> {
    const targets: IoTarget[] = [];
    for (let i = 0; i < this.options.queuePairs; i++) targets.push(await this.openOne());
    return targets.length === 1 ? targets[0] : new SpreadTarget(targets);
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

  /** Shuts the controllers down and ends the devices: what was written is durable then. */
  async close(): Promise<void> {
    for (const controller of this.controllers) {
      // One that was made to die has nothing left to shut down.
      if (controller.state === 'READY') await controller.shutDown();
    }
    await this.place.close();
  }

  private async openOne(): Promise<IoTarget> {
    const { layer } = this.options;
    const queuePair = queuePairOptions(this.options);
    if (layer === 'nvme') {
      const controller = this.controllers[0];
      return new NvmeTarget(await controller.createQueuePair(queuePair), controller.namespace(NSID));
    }
    const controllers = layer === 'bdev' ? this.sources.slice(0, 1) : this.sources;
    const bdev = new NvmeBdev({ name: 'nvme0n1', controllers, nsid: NSID });
    return new BdevTarget(await bdev.openChannel({ ioCount: ioCountOf(this.options), queuePair }));
  }
}

function deviceSpec(options: StackOptions, queuePairs: number): DeviceSpec {
  return {
    media: options.media,
    mediaBytes: options.mediaBytes,
    lbaBytes: options.lbaBytes,
    controllers: options.controllers,
    queuePairs,
    failControllerAfter: options.failControllerAfter,
  };
}

function queuePairOptions(options: StackOptions) {
  const {
    ringEntries: entries,
    sqDoorbell,
    cqDoorbell,
    callbackIn,
    lookAhead,
    completionsPerPollMax,
    requests,
  } = options;
  return {
    entries,
    sqDoorbell,
    cqDoorbell,
    callbackIn,
    lookAhead,
    ...(completionsPerPollMax === undefined ? {} : { completionsPerPollMax }),
    ...(requests === undefined ? {} : { requests }),
  };
}

/** As many block I/Os as the driver has requests: a deeper queue waits in the driver, not in front of it. */
function ioCountOf(options: StackOptions): number {
  return Math.min(65_536, options.requests ?? options.ringEntries * 2);
}
