import { createLinkMemory, doorbellsBytes, LinkDevice, LinkPort } from '@phasebit/pcie';
import {
  REGION_BAR0,
  REGION_BAR2,
  REGION_BAR4,
  REGION_CONFIG,
  REGION_FLAG_READ,
  REGION_FLAG_WRITE,
} from '../protocol/commands.js';
import { layOutBar0 } from './bar0-layout.js';
import { Bar0Region } from './bar0-region.js';
import { CONFIG_BYTES, ConfigSpace } from './config-space.js';
import { DoorbellMemory } from './doorbell-memory.js';
import { MemoryRegion } from './memory-region.js';
import type { PciIdentity } from './pci-identity.js';
import type { Region } from './region.js';

/** What the function is like. */
export interface FunctionOptions {
  readonly queues: number;
  readonly vectors: number;
  readonly dstrd: number;
  readonly cmbBytes: number;
  readonly pmrBytes: number;
  readonly identity: PciIdentity;
  readonly mapDoorbells: boolean;
  /** has the device carry out the register writes so far */
  readonly settle: () => void;
  /** the host asks for a function level reset, in configuration space */
  readonly onReset: () => void;
}

/** The PCI function that clients see: a link to the controller, and the regions through which it is reached. */
export class ServedFunction {
  /** the device's end */
  readonly link: LinkDevice;
  /** the host's end */
  readonly port: LinkPort;
  /** what is rung */
  readonly doorbells: DoorbellMemory;
  /** by index; undefined for those that are not there */
  readonly regions: readonly (Region | undefined)[];
  /** PCI configuration space */
  readonly config: ConfigSpace;
  private readonly bar0: Bar0Region;
  private readonly memories: readonly MemoryRegion[];

  /** @throws RangeError naming the option that is out of range */
  constructor(options: FunctionOptions) {
    const { queues, dstrd, vectors, cmbBytes, pmrBytes } = options;
    const memory = createLinkMemory({ queues, vectors, dstrd, cmbBytes, pmrBytes });
    const layout = layOutBar0(queues, dstrd, vectors);
    const doorbells = new DoorbellMemory(doorbellsBytes(queues, dstrd) / 4, layout.doorbellBytes);
    const cmb = cmbBytes === 0 ? undefined : new MemoryRegion(cmbBytes, false);
    const pmr = pmrBytes === 0 ? undefined : new MemoryRegion(pmrBytes, true);
    const mapped = {
      ...memory,
      doorbells: doorbells.words,
      isConcurrent: true,
      ...(cmb === undefined ? {} : { cmb: cmb.buffer }),
      ...(pmr === undefined ? {} : { pmr: pmr.buffer }),
    };
    this.doorbells = doorbells;
    this.link = new LinkDevice(mapped);
    this.port = new LinkPort(mapped);
    const { port } = this;
    this.bar0 = new Bar0Region({ ...options, port, doorbells, layout });
    const bars = [
      { index: 0, bytes: layout.bytes, isPrefetchable: false },
      ...(cmb === undefined ? [] : [{ index: 2, bytes: cmb.info.size, isPrefetchable: true }]),
      ...(pmr === undefined ? [] : [{ index: 4, bytes: pmr.info.size, isPrefetchable: true }]),
    ];
    this.config = new ConfigSpace({ ...options, ...layout, bars }, options.onReset);
    this.memories = [cmb, pmr].filter((each) => each !== undefined);
    const regions: (Region | undefined)[] = [];
    regions[REGION_BAR0] = this.bar0;
    regions[REGION_BAR2] = cmb;
    regions[REGION_BAR4] = pmr;
    regions[REGION_CONFIG] = this.configRegion();
    this.regions = regions;
  }

  /** Makes what a client maps. */
  lend(): void {
    this.doorbells.lend();
    for (const memory of this.memories) memory.lend();
  }

  /** Lets go of what a client has mapped. */
  takeBack(): void {
    this.doorbells.takeBack();
    for (const memory of this.memories) memory.takeBack();
  }

  /** A reset of all that is not the controller's. @param withConfig - configuration space too */
  resetRegions(withConfig: boolean): void {
    this.bar0.reset();
    if (withConfig) this.config.reset();
  }

  /** Lets go of everything for good. What the controller still touches is empty memory. */
  close(): void {
    this.takeBack();
    for (const memory of this.memories) memory.close();
  }

  /** Configuration space as a region; a function that is gone reads as all ones. */
  private configRegion(): Region {
    const flags = REGION_FLAG_READ | REGION_FLAG_WRITE;
    return {
      info: { flags, size: CONFIG_BYTES, offset: 0, areas: [] },
      fd: undefined,
      read: (offset, into) => {
        if (this.port.isGone) into.fill(0xff);
        else this.config.read(offset, into);
      },
      write: (offset, from) => {
        if (!this.port.isGone) this.config.write(offset, from);
      },
    };
  }
}
