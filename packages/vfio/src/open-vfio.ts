import { type Clock, type Log, silentLog } from '@phasebit/core';
import { isLinux } from '@phasebit/linux';
import { CAP, DOORBELL_BASE, REG_CAP } from '@phasebit/nvme-spec';
import { createMmioCounters, EventVectors } from '@phasebit/pcie';
import { performance } from 'node:perf_hooks';
import { arch } from 'node:process';
import { IRQ_ERROR, IRQ_MSIX, IRQ_REQUEST, REGION_CONFIG } from './abi/vfio-requests.js';
import { Bar } from './device/bar.js';
import { ConfigSpace } from './device/config-space.js';
import { mapControllerMemory } from './device/controller-memory.js';
import { MappedDoorbells } from './device/mapped-doorbells.js';
import { MappedRegisters } from './device/mapped-registers.js';
import { VfioDevice } from './device/vfio-device.js';
import type { AttachRequest, IommuKind } from './iommu/iommu.js';
import { type Kernel, linuxKernel } from './kernel.js';
import { VECTORS_DEFAULT_MAX, WATCH_MS } from './limits.js';
import { type Places, PLACES } from './places.js';
import { VfioRefusal } from './refusal.js';
import { groupMembers, requireGroup, requireViable } from './sysfs/iommu-group.js';
import { type PciFunction, readNvmeFunction } from './sysfs/pci-function.js';
import { OpenFunction, type RemovalReason, type VfioFunction } from './vfio-function.js';
import { VfioMemory } from './vfio-memory.js';

/** How {@link openVfio} opens a function. */
export interface VfioOptions {
  /** memory that several functions share; by default each has its own, of `dmaBytes` */
  readonly memory?: VfioMemory | undefined;
  /** bytes of memory of its own; default 64 MiB */
  readonly dmaBytes?: number | undefined;
  /** whether huge pages are tried for it; default true */
  readonly hugePages?: boolean | undefined;
  /** the kernel's interface for it; default `auto`, which takes iommufd where it can be had */
  readonly iommu?: IommuKind | 'auto' | undefined;
  /** most MSI-X vectors to have, 1 or more; default what the device has, 64 at most */
  readonly vectors?: number | undefined;
  /** see {@link VfioFunction.onRemoval} */
  readonly onRemoval?: ((reason: RemovalReason) => void) | undefined;
  /** for the deadlines of waits; default the machine's */
  readonly clock?: Clock | undefined;
  /** where it says what happens; default nowhere */
  readonly log?: Log | undefined;
  /** where the system's files are */
  readonly places?: Partial<Places> | undefined;
  /** the system calls, for tests */
  readonly kernel?: Kernel | undefined;
}

const machineClock: Clock = { nowNs: () => performance.now() * 1e6 };

/** x86 keeps stores in order, also those to devices, and loads among themselves. */
const IS_WEAK = arch !== 'x64' && arch !== 'ia32';

/**
 * Opens an NVMe controller that is bound to `vfio-pci`: maps its registers, gives it memory and interrupts, and lets it make accesses. The
 * controller is reset by that and stays disabled until a driver brings it up.
 *
 * @param address - `0000:01:00.0` or `01:00.0`
 * @throws VfioRefusal saying what is missing and what to do
 */
export async function openVfio(address: string, options: VfioOptions = {}): Promise<VfioFunction> {
  const kernel = options.kernel ?? linuxKernel;
  if (kernel === linuxKernel && !isLinux())
    throw new VfioRefusal('unsupported', 'VFIO is part of Linux, which this is not');
  const { vectors = VECTORS_DEFAULT_MAX } = options;
  if (!(Number.isInteger(vectors) && vectors >= 1)) throw new RangeError(`vectors: expected 1 or more, got ${vectors}`);
  const places = { ...PLACES, ...options.places };
  const found = readNvmeFunction(places, address);
  const group = requireGroup(found);
  requireBound(found);
  requireViable(places, found);
  const opening = new Opening(kernel, options, found.bdf);
  try {
    const isGroupShared = groupMembers(places, found).length > 0;
    return opening.run({ bdf: found.bdf, group, isGroupShared, cdev: found.cdev });
  } catch (error) {
    await opening.undo();
    throw error;
  }
}

function requireBound(found: PciFunction): void {
  const { bdf, driver } = found;
  if (driver !== undefined && (driver.startsWith('vfio-') || driver.endsWith('-vfio-pci'))) return;
  throw new VfioRefusal(
    'not-bound',
    `${bdf} is ${driver === undefined ? 'without a driver' : `bound to ${driver}`}: 'phasebit-vfio bind ${bdf}' gives it to VFIO`,
  );
}

/** The steps of opening. What each made is taken back in the opposite order, if a later one fails as well as by closing. */
class Opening {
  private readonly log: Log;
  private readonly made: (() => void | Promise<void>)[] = [];
  private readonly counters = createMmioCounters();

  constructor(
    private readonly kernel: Kernel,
    private readonly options: VfioOptions,
    private readonly bdf: string,
  ) {
    this.log = options.log ?? silentLog;
  }

  /** Takes back what was made so far. Each step is tried, whatever becomes of the others. */
  async undo(): Promise<void> {
    for (;;) {
      const last = this.made.pop();
      if (last === undefined) return;
      try {
        await last();
      } catch (error) {
        this.log.warn(`${this.bdf}: ${String(error)}`);
      }
    }
  }

  run(request: AttachRequest): VfioFunction {
    const { kernel, log, counters } = this;
    const memory = this.openMemory();
    const attached = memory.attach(request);
    this.made.push(() => memory.detach(attached));
    const device = new VfioDevice(kernel, attached, this.bdf);
    const config = this.openConfig(device);
    const bars: Bar[] = [];
    this.made.push(() => bars.forEach((each) => each.detach()));
    const bar = (index: number): Bar => (bars[index] ??= new Bar(kernel, device.fd, device.region(index)));
    const registers = this.openRegisters(bar(0));
    const doorbells = this.openDoorbells(bar(0), registers);
    const controllerMemory = mapControllerMemory(registers, bar, log);
    const vectors = this.openVectors(device, config);
    const requestFd = this.openEvent(device, IRQ_REQUEST);
    const errorFd = this.openEvent(device, IRQ_ERROR);
    config.enable(true);
    const opened = new OpenFunction({
      ...{ kernel, log, device, config, bars, memory, registers, doorbells, vectors, controllerMemory, counters },
      ...{ memoryOrder: IS_WEAK ? 'weak' : 'store-order', requestFd, errorFd, undo: () => this.undo() },
    });
    opened.onRemoval = this.options.onRemoval;
    this.made.push(kernel.every(WATCH_MS, () => opened.look()));
    return opened;
  }

  private openMemory(): VfioMemory {
    const { memory, dmaBytes, hugePages, iommu, log, places, kernel } = this.options;
    if (memory !== undefined) return memory;
    const own = new VfioMemory({ bytes: dmaBytes, hugePages, iommu, log, places, kernel });
    this.made.push(() => own.close());
    return own;
  }

  private openConfig(device: VfioDevice): ConfigSpace {
    const { kernel } = this;
    const { position } = device.region(REGION_CONFIG);
    const config = new ConfigSpace({
      read: (offset, into) => void kernel.read(device.fd, into, position + offset),
      write: (offset, from) => kernel.write(device.fd, from, position + offset),
    });
    if (!config.isPresent())
      throw new VfioRefusal('no-device', `${this.bdf} does not answer: its configuration space reads as all ones`);
    const found = config.command;
    this.made.push(() => config.restore(found));
    // Registers can be read; the device itself makes no accesses before everything is in place.
    config.enable(false);
    return config;
  }

  private openRegisters(bar0: Bar): MappedRegisters {
    if (bar0.facts.bytes < DOORBELL_BASE + 8) {
      throw new VfioRefusal(
        'unsupported',
        `${this.bdf}: expected registers and doorbells in BAR 0, got ${bar0.facts.bytes} bytes`,
      );
    }
    const area = bar0.map(0, DOORBELL_BASE);
    if (area === undefined) this.log.warn(`${this.bdf}: registers cannot be mapped, each access is a system call`);
    const words = area === undefined ? new Uint32Array(0) : new Uint32Array(area.mapping.buffer, 0, DOORBELL_BASE / 4);
    return new MappedRegisters({ words, far: bar0, counters: this.counters, isWeak: IS_WEAK });
  }

  private openDoorbells(bar0: Bar, registers: MappedRegisters): MappedDoorbells {
    const dstrd = CAP.DSTRD.get(registers.load(REG_CAP), registers.load(REG_CAP + 4));
    const part = bar0.facts.areas.find(
      (each) => each.offset <= DOORBELL_BASE && each.offset + each.bytes > DOORBELL_BASE,
    );
    const bytes = part === undefined ? 0 : part.offset + part.bytes - DOORBELL_BASE;
    const area = bytes === 0 ? undefined : bar0.map(DOORBELL_BASE, bytes);
    if (area === undefined) this.log.warn(`${this.bdf}: doorbells cannot be mapped, each is a system call`);
    const words =
      area === undefined
        ? new Uint32Array(0)
        : new Uint32Array(area.mapping.buffer, DOORBELL_BASE - area.offset, Math.floor(bytes / 4));
    const far = { write32: (offset: number, value: number) => !registers.isGone && bar0.write32(offset, value) };
    return new MappedDoorbells({ words, dstrd, far, counters: this.counters, isWeak: IS_WEAK });
  }

  private openVectors(device: VfioDevice, config: ConfigSpace): EventVectors {
    const { kernel, options } = this;
    const inTable = config.findMsix()?.vectors ?? 0;
    const offered = Math.min(inTable, device.irqCount(IRQ_MSIX));
    const count = Math.min(offered, options.vectors ?? VECTORS_DEFAULT_MAX);
    if (count === 0) this.log.warn(`${this.bdf}: no MSI-X, so completions have to be polled for`);
    const fds: number[] = [];
    try {
      for (let i = 0; i < count; i++) fds.push(kernel.createEvent());
      this.enableVectors(device, fds);
    } catch (error) {
      for (const fd of fds) kernel.close(fd);
      throw error;
    }
    const vectors = new EventVectors(fds, kernel, options.clock ?? machineClock);
    this.made.push(() => vectors.close());
    return vectors;
  }

  /** Where the machine is short of interrupts the kernel answers how many it has, and switches none on: those are taken then. */
  private enableVectors(device: VfioDevice, fds: number[]): void {
    while (fds.length > 0) {
      const left = device.setIrqs(IRQ_MSIX, fds);
      if (left === 0) return;
      this.log.warn(`${this.bdf}: ${fds.length} interrupts were asked for, ${left} can be had`);
      for (const fd of fds.splice(Math.min(left, fds.length - 1))) this.kernel.close(fd);
    }
  }

  private openEvent(device: VfioDevice, index: number): number | undefined {
    const { kernel } = this;
    if (device.irqCount(index) === 0) return undefined;
    const fd = kernel.createEvent();
    this.made.push(() => kernel.close(fd));
    device.setIrqs(index, [fd]);
    return fd;
  }
}
