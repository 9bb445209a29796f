import { type BdevChannel } from '@phasebit/bdev';
import {
  NvmeBdev,
  type NvmeBdevOptions,
  type NvmeChannelOptions,
  PathController,
  type PathControllerOptions,
} from '@phasebit/bdev-nvme';
import {
  Controller as Device,
  type ControllerOptions as DeviceOptions,
  type Medium,
  type NamespaceOptions,
  RamMedium,
} from '@phasebit/controller';
import { type Clock, ManualClock, type WaitOptions } from '@phasebit/core';
import { Controller, type ControllerOptions, type QueuePair, type QueuePairOptions } from '@phasebit/nvme';
import {
  createDmaArena,
  createLinkMemory,
  DeviceDma,
  DmaSpace,
  LinkDevice,
  openLink,
  PAGE_BYTES,
  type PcieFunction,
} from '@phasebit/pcie';

/** The namespace that every device shows. */
export const NSID = 1;

/** How far one pause moves the clock: short enough that a ready timeout takes many pauses, long enough that it takes no time. */
const PAUSE_NS = 1e5;
const DATA_IOVA = 2 ** 40;

type DeviceChoices = Partial<Omit<DeviceOptions, 'link' | 'dma' | 'clock' | 'namespaces'>>;

/** What a test wants its stack to be. What it leaves out is small and plain. */
export interface InlineStackOptions {
  /** devices, each a way to the same medium; default 1 */
  readonly controllers?: number;
  /** what keeps the data; default 8 MiB of RAM */
  readonly medium?: Medium;
  /** bytes of a logical block; default 4096 */
  readonly blockBytes?: number;
  /** I/O queue pairs of each device; default 8 */
  readonly queuePairs?: number;
  /** bytes of data memory; default 4 MiB */
  readonly dataBytes?: number;
  /** bytes of memory for rings and lists, for each device; default 4 MiB */
  readonly ringBytes?: number;
  /** permutes the pages of the data memory */
  readonly scatterSeed?: number;
  /** more about the namespace, such as its format */
  readonly namespace?: Partial<NamespaceOptions>;
  /** more about all devices, or about each */
  readonly device?: DeviceChoices | ((index: number) => DeviceChoices);
  /** more about the drivers */
  readonly driver?: Partial<Omit<ControllerOptions, 'clock'>>;
  /** where time comes from; default one that only {@link InlineStack.pause} moves */
  readonly clock?: Clock;
}

/** A namespace as a block device, and a channel into it. */
export interface OpenedBdev {
  readonly bdev: NvmeBdev;
  readonly channel: BdevChannel;
}

/**
 * A whole stack on this thread: memory, links, modelled devices, and the drivers above them.
 *
 * Data memory is an arena of its own, from {@link InlineStack.data} on; the driver takes nothing from it.
 */
export class InlineStack {
  readonly functions: PcieFunction[] = [];
  /** the devices' side */
  readonly devices: Device[] = [];
  /** the hosts' side; empty until {@link InlineStack.attach} */
  readonly controllers: Controller[] = [];
  readonly dma: DmaSpace;
  readonly clock: Clock;
  readonly medium: Medium;
  readonly blockBytes: number;
  /** first host address of the data memory */
  readonly data: number;
  readonly dataBytes: number;
  /** the controllers as sources of paths; empty until {@link InlineStack.openBdev} */
  readonly sources: PathController[] = [];

  private constructor(private readonly options: InlineStackOptions) {
    const { controllers = 1, dataBytes = 4 << 20, scatterSeed, clock = new ManualClock() } = options;
    const { medium = new RamMedium({ bytes: 8 << 20 }), blockBytes = 4096 } = options;
    const ringBytes = controllers * (options.ringBytes ?? 4 << 20);
    this.clock = clock;
    this.medium = medium;
    this.blockBytes = blockBytes;
    this.dma = new DmaSpace(PAGE_BYTES + dataBytes + ringBytes);
    // The data memory is taken whole before there is any other, so that nobody else gets any of it.
    const scatter = scatterSeed === undefined ? {} : { scatterSeed };
    this.dma.attach(createDmaArena({ bytes: dataBytes, iovaBase: DATA_IOVA, ...scatter }));
    this.data = this.dma.allocate(dataBytes);
    this.dataBytes = dataBytes;
    this.dma.attach(createDmaArena({ bytes: ringBytes }));
    for (let index = 0; index < controllers; index++) this.plug(index);
  }

  /** A stack with its devices powered on and no driver yet. */
  static powerOn(options: InlineStackOptions = {}): InlineStack {
    return new InlineStack(options);
  }

  /** A stack with a driver on every device. */
  static async open(options: InlineStackOptions = {}): Promise<InlineStack> {
    const stack = new InlineStack(options);
    for (let i = 0; i < stack.devices.length; i++) await stack.attach(i);
    return stack;
  }

  /** Puts a device that was just powered on into a slot, in the place of the one that was there. */
  plug(index: number): void {
    const { clock, medium, blockBytes } = this;
    const { controllers = 1, device = {}, queuePairs = 8 } = this.options;
    const memory = createLinkMemory({ queues: queuePairs + 1 });
    this.functions[index] = openLink({ memory, dma: this.dma, clock, pause: this.pause });
    this.devices[index] = new Device({
      link: new LinkDevice(memory),
      dma: new DeviceDma(this.dma.arenas),
      clock,
      cntlid: index,
      serial: 'STACKTEST',
      namespaces: [{ nsid: NSID, medium, blockBytes, shared: controllers > 1, ...this.options.namespace }],
      ...(typeof device === 'function' ? device(index) : device),
    });
  }

  /** Brings up the driver of one device. */
  async attach(index = 0, driver: Partial<ControllerOptions> = {}, wait: WaitOptions = {}): Promise<Controller> {
    const options = { clock: this.clock, ioQueuePairs: 8, ...this.options.driver, ...driver };
    const controller = await Controller.attach(this.functions[index], options, wait);
    this.controllers[index] = controller;
    return controller;
  }

  /** Gives every device a turn. */
  step(): number {
    let done = 0;
    for (let i = 0; i < this.devices.length; i++) done += this.devices[i].step();
    return done;
  }

  /** What the control plane waits with: devices get a turn, and a little time passes. */
  readonly pause = (): Promise<void> => {
    this.step();
    if (this.clock instanceof ManualClock) this.clock.advanceNs(PAUSE_NS);
    return Promise.resolve();
  };

  /** A queue pair on one of the controllers. */
  openPair(options: QueuePairOptions = {}, index = 0): Promise<QueuePair> {
    return this.controllers[index].createQueuePair(options);
  }

  /** The namespace as a block device over all controllers. */
  async openBdev(
    channel: NvmeChannelOptions = {},
    bdev: Partial<NvmeBdevOptions> = {},
    source: (index: number) => PathControllerOptions = () => ({}),
  ): Promise<OpenedBdev> {
    for (let i = this.sources.length; i < this.controllers.length; i++) {
      this.sources.push(await PathController.open(this.controllers[i], source(i)));
    }
    const opened = new NvmeBdev({ name: 'test0', controllers: this.sources, nsid: NSID, ...bdev });
    return { bdev: opened, channel: await opened.openChannel(channel) };
  }

  /** Turns without any promise getting a chance, until it is done. @throws Error after `turnsMax` turns */
  spin(isDone: () => boolean, turn: () => void, turnsMax = 100_000): void {
    for (let turns = 0; !isDone(); turns++) {
      if (turns === turnsMax) throw new Error(`not done after ${turnsMax} turns`);
      turn();
      this.step();
    }
  }

  /** Turns with time passing and promises going on in between, until it is done. @throws Error after `turnsMax` turns */
  async until(isDone: () => boolean, turn: () => void, turnsMax = 20_000): Promise<void> {
    for (let turns = 0; !isDone(); turns++) {
      if (turns === turnsMax) throw new Error(`not done after ${turnsMax} turns`);
      turn();
      for (const controller of this.controllers) controller.tick();
      await this.pause();
    }
  }

  /** Shuts down every controller that is up. */
  async close(): Promise<void> {
    for (const controller of this.controllers) if (controller.state === 'READY') await controller.shutDown();
  }
}
